"""Many rows of a list in one step: what would change and what would not is shown, then it is done."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.page.query_forms import LONGEST_WORDS, BulkForm
from crf.page.row_steps import ROW_KINDS
from crf.queries.bulk import MOST, carry_out, try_out
from crf.queries.bulk_steps import BulkRequest
from crf.queries.list import chosen_queries
from crf.queries.refusals import WordsTooMany, WordsUnreadable
from crf.views.queries import chosen_in
from kernel.errors import Forbidden
from kernel.reading import UnreadableError, plain, words
from kernel.row_keys import key_of


@require_POST
@requires(
    Permission.QUERY_RAISE,
    Permission.QUERY_CLOSE,
    Permission.CRF_VERIFY,
    Permission.CRF_LOCK,
    Permission.VISIT_RECORD,
)
def bulk(request: PersonRequest, kind: str) -> HttpResponse:
    """Show what a step with the chosen rows would do, or do what was shown."""
    step, now, back = ROW_KINDS[kind], timezone.now(), _back(request)
    if not request.user.may(step.permission):
        raise Forbidden
    said = _said(request, at=now)
    steps = step.steps(said, by=request.user, at=now)
    form = BulkForm(request.POST if "seen" in request.POST else None)
    if form.submits(carry_out, steps=steps, verb=step.verb, by=request.user, at=now):
        done = len(form.result.possible)
        messages.success(request, step.done(done).format(number=done))
        return redirect(back)
    outcome = try_out(steps)
    form.initial["seen"] = outcome.digest
    shown = {"kind": kind, "step": step, "said": said, "outcome": outcome, "form": form, "back": back}
    return render(request, "crf/bulk_queries.html", shown, status=form.status)


def _said(request: PersonRequest, *, at: datetime) -> BulkRequest:
    """Return what was chosen: the ticked rows, or every row of the list that is filtered as the address says."""
    rows = request.POST.getlist("row")
    if request.POST.get("all"):
        queries = chosen_queries(request.user, chosen_in(request), at=at)
        rows = [key_of("query", pk) for pk in queries.values_list("pk", flat=True)[: MOST + 1]]
    return BulkRequest(
        rows=tuple(dict.fromkeys(rows)),
        text=_words(request),
        assignee=request.POST.get("assignee", ""),
        target=request.POST.get("target", ""),
        day=plain(request.POST.get("day", "")),
    )


def _words(request: PersonRequest) -> str:
    try:
        said = words(request.POST.get("text", ""))
    except UnreadableError as error:
        raise WordsUnreadable from error
    if len(said) > LONGEST_WORDS:
        raise WordsTooMany(number=len(said), most=LONGEST_WORDS)
    return said


def _back(request: PersonRequest) -> str:
    """Return the list from which the rows come; nothing leads away from this program."""
    asked = request.POST.get("back", "")
    is_own = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_own else reverse("crf:queries")
