"""Verification against source: a record, or all records of a visit, beside paper; and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.engine.base import RecordState
from crf.models import Record
from crf.page.editor import address, open_record
from crf.page.forms import PlanForm
from crf.page.source import source_records, tick_name
from crf.records.signing import NothingThere, NotInYourRole
from crf.records.source_verification import (
    change_plan,
    critical_fields,
    plan_in_force,
    plan_versions,
    verify_fields,
)
from crf.store.outstanding import unverified_required
from crf.store.records import RecordKey, find_record, form_named, key_of_record
from crf.views.rights import READING
from followup.models import Visit
from kernel.once import once_for_each_page
from kernel.punctuation import listed
from kernel.row_keys import key_of


@require_http_methods(["GET", "POST"])
@requires(*READING)
@once_for_each_page
def verify(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Show one record beside paper, and verify what is ticked."""
    record_key = open_record(request, number, code, sequence, form_named(code).seen_by)
    record = find_record(record_key)
    if record is None or record.state == RecordState.EMPTY:
        raise NothingThere(record=record_key.label)
    shown = {"participant": record_key.participant, "visit": record_key.visit, "title": record_key.form.title}
    return _source_page(request, [(record_key, record)], shown)


@require_http_methods(["GET", "POST"])
@requires(Permission.CRF_VIEW)
@once_for_each_page
def verify_visit(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """Show all records of a visit beside paper, and verify what is ticked."""
    visits = Visit.objects.open_to(request.user, Permission.CRF_VIEW).select_related("participant__site")
    visit = get_object_or_404(visits, participant__number=number, pk=pk)
    records = Record.objects.open_to(request.user, Permission.CRF_VIEW).filter(visit=visit)
    records = records.exclude(state=RecordState.EMPTY).order_by("pk")
    placed = []
    for record in records.select_related("participant__site", "visit"):
        form = catalogue.forms().get(record.form_code)
        if form is not None and request.user.may(form.seen_by, record.site_id):
            placed.append((key_of_record(form, record), record))
    order = list(catalogue.forms())
    placed.sort(key=lambda each: order.index(each[1].form_code))
    return _source_page(
        request, placed, {"participant": visit.participant, "visit": visit, "title": str(visit)}
    )


def _source_page(
    request: PersonRequest, placed: list[tuple[RecordKey, Any]], shown: Mapping[str, Any]
) -> HttpResponse:
    if request.method == "POST":
        if not all(request.user.may(Permission.CRF_VERIFY, record.site_id) for _key, record in placed):
            raise NotInYourRole
        return _verify_ticked(request, placed)
    records = source_records(placed, request.user)
    may_verify = any(each.may_verify for each in records)
    return render(request, "crf/source.html", {**shown, "records": records, "may_verify": may_verify})


def _verify_ticked(request: PersonRequest, placed: list[tuple[RecordKey, Any]]) -> HttpResponse:
    """Verify what is ticked in one step, take back what was ticked and is not, and go on where the button says."""
    done, left_out, now = 0, [], timezone.now()
    for record_key, record in placed:
        prefix = tick_name(record.pk, "")
        seen = {
            name.removeprefix(prefix): str(token)
            for name, token in request.POST.items()
            if name.startswith(prefix)
        }
        was = [
            target
            for target in request.POST.get(f"was:{key_of('record', record.pk)}", "").split()
            if target not in seen
        ]
        if not seen and not was:
            continue
        result = verify_fields(record_key=record_key, seen=seen, taken_back=was, by=request.user, at=now)
        done += result.verified + result.taken_back
        left_out += [f"{record_key.form.code} {target}" for target in result.changed]
    if done or "ask" not in request.POST:
        said = ngettext("{number} verification is recorded.", "{number} verifications are recorded.", done)
        messages.success(request, said.format(number=done))
    if left_out:
        sentence = _("Changed since they were shown, and not verified: {fields}. Compare them again.")
        messages.warning(request, str(sentence).format(fields=listed(left_out)))
    return redirect(_onward(request, placed))


def _onward(request: PersonRequest, placed: list[tuple[RecordKey, Any]]) -> str:
    """Return where the pressed button leads: a query about one field, the next record with fields left, or here."""
    asked = request.POST.get("ask", "").partition(":")
    for record_key, record in placed:
        if asked[0] == key_of("record", record.pk):
            page = address("ask", record_key)
            return f"{page}{'&' if '?' in page else '?'}target={asked[2]}&then=verify"
    if "next" in request.POST and placed:
        return _next_page(request, placed)
    return request.get_full_path()


def _next_page(request: PersonRequest, placed: list[tuple[RecordKey, Any]]) -> str:
    """Return the page of the participant's next record with fields left to verify, else the list of what is left."""
    ids = [record.pk for _key, record in placed]
    rows = unverified_required(participant=placed[0][0].participant).exclude(pk__in=ids)
    for row in rows.select_related("record__participant__site", "record__visit").order_by("pk"):
        form = catalogue.forms().get(row.form_code)
        if form is not None and request.user.may(form.seen_by, row.site_id):
            return address("verify", key_of_record(form, row.record))
    return reverse("reports:verification")


@require_http_methods(["GET", "POST"])
@requires(Permission.CRF_VIEW)
def plan(request: PersonRequest) -> HttpResponse:
    """Show the plan of source verification with its versions, and make the next one."""
    now = timezone.now()
    may_change = request.user.may(Permission.VERIFICATION_PLAN, None)
    before = plan_in_force()
    form = PlanForm(request.POST or None, before=before)
    if request.method == "POST" and form.submits(change_plan, by=request.user, at=now):
        messages.success(request, _("The plan is in force, and what is left is worked out anew."))
        return redirect("crf:verification-plan")
    shown = {
        "form": form,
        "may_change": may_change,
        "plan": before,
        "versions": plan_versions(),
        "critical": _critical_words(before.critical if before else critical_fields()),
        "is_outdated": before is not None and before.critical != critical_fields(),
    }
    return render(request, "crf/verification_plan.html", shown, status=form.status)


def _critical_words(critical: Mapping[str, list[str]]) -> list[tuple[str, str, list[str]]]:
    """Return code, title and questions of each form with critical fields."""
    by_form = []
    for code, form in catalogue.forms().items():
        asked = {question.name: question.text for question in form.all_questions()}
        names = [str(asked.get(item.rpartition(".")[2], item)) for item in critical.get(code, ())]
        if names:
            by_form.append((code, str(form.title), names))
    return by_form
