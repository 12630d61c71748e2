"""Central review: the list of what waits and what is settled, and the page on which one reviewer answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.central_review.cases import records_of, reviewed
from crf.central_review.services import answer_review
from crf.page.central_review import (
    OPEN,
    SORTED,
    differing_answers,
    facts_for_review,
    page_of_reviews,
    review_choices,
)
from crf.page.central_review_form import AnswerReviewForm
from kernel.choices import chosen_of_all
from kernel.sorting import sorting

WAITING = (("open", _("Waiting for you")),)


@require_GET
@requires(Permission.CENTRAL_REVIEW_VIEW)
def central_reviews(request: PersonRequest) -> HttpResponse:
    """List the central reviews, what waits longest first."""
    known = {"show": [value for value, _label in OPEN], "review": list(CENTRAL_REVIEWS)}
    chosen = {"page": request.GET.get("page", "")} | chosen_of_all(request, known)
    order = sorting(request, SORTED, otherwise=())
    page, lines = page_of_reviews(request.user, chosen, at=timezone.now(), order=order.order)
    answers = request.user.may(Permission.CENTRAL_REVIEW_ANSWER)
    shown = {
        "page": page,
        "lines": lines,
        "sorting": order,
        "chosen": chosen | {"show": chosen["show"] or "open"},
        "choices": {"show": WAITING + OPEN[1:] if answers else OPEN, "review": review_choices()},
        "answers": answers,
    }
    return render(request, "crf/central_reviews.html", shown)


@require_http_methods(["GET", "POST"])
@requires(Permission.CENTRAL_REVIEW_ANSWER)
def central_review(request: PersonRequest, review: str, pk: int) -> HttpResponse:
    """Show what is declared of one record, without the arm, and take the reviewer's answer."""
    if review not in CENTRAL_REVIEWS:
        raise Http404
    declared = CENTRAL_REVIEWS[review]
    records = catalogue.form(declared.form).model.objects.open_to(
        request.user, Permission.CENTRAL_REVIEW_ANSWER
    )
    record = get_object_or_404(records_of(declared, records), pk=pk)
    case = reviewed(declared, [record])[0]
    form = AnswerReviewForm(request.POST or None, case=case)
    about: dict[str, Any] = {"participant": record.participant, "record_id": pk, "review": review}
    if form.submits(answer_review, **about, by=request.user, at=timezone.now()):
        messages.success(request, _("Your answer is on record."))
        return redirect("crf:central-reviews")
    shown = {
        "form": form,
        "case": case,
        "waits": case.waits_for(request.user),
        "number": record.participant.number,
        "facts": facts_for_review(case),
        "differing": differing_answers(case) if case.waits_for(request.user) else [],
    }
    return render(request, "crf/central_review.html", shown, status=form.status)
