"""Steps with a record: sign, lock, unlock, let pass."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.locks.records import unlock_record
from crf.page.actions import actions_for
from crf.page.editor import RecordEditor, address, open_record
from crf.page.forms import OverrideForm, SignStepForm, StepForm, UnlockForm
from crf.page.targets import numeric_targets
from crf.records.overrides import grant_override
from crf.records.signing import sign_record
from crf.store.records import RecordKey


def _recorded(request: PersonRequest, record_key: RecordKey) -> HttpResponse:
    messages.success(request, _("Recorded."))
    return redirect(address("form", record_key))


def _refused(request: PersonRequest, record_key: RecordKey, form: StepForm, at: datetime) -> HttpResponse:
    """Show the record again with what stands in the way; what the role does not include is no page of a record."""
    if form.refusal is not None and form.refusal.status == 403:
        raise form.refusal
    editor = RecordEditor(record_key, request.user, at)
    shown = {
        "page": editor.page(),
        "editor": editor,
        "actions": actions_for(editor),
        "sent": form,
        "refused": " ".join(str(said) for errors in form.errors.values() for said in errors),
    }
    return render(request, "crf/record.html", shown, status=form.status)


@require_POST
@requires(Permission.CRF_SIGN)
def sign(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    record_key = open_record(request, number, code, sequence, Permission.CRF_SIGN)
    form, now = SignStepForm(request.POST), timezone.now()
    if form.submits(sign_record, record_key=record_key, by=request.user, at=now):
        return _recorded(request, record_key)
    return _refused(request, record_key, form, now)


@require_POST
@requires(Permission.CRF_LOCK)
def unlock(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    record_key = open_record(request, number, code, sequence, Permission.CRF_LOCK)
    form, now = UnlockForm(request.POST), timezone.now()
    if form.submits(unlock_record, record_key=record_key, by=request.user, at=now):
        return _recorded(request, record_key)
    return _refused(request, record_key, form, now)


@requires(Permission.CRF_LOCK)
def override(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Let one value outside the possible range pass."""
    record_key, now = open_record(request, number, code, sequence, Permission.CRF_LOCK), timezone.now()
    editor = RecordEditor(record_key, request.user, now)
    form = OverrideForm(
        request.POST or None,
        targets=numeric_targets(editor),
        questions=record_key.form.questions,
        zone=editor.zone,
    )
    if form.submits(grant_override, record_key=record_key, by=request.user, at=now):
        messages.success(request, _("The site can save this value now."))
        return redirect(address("form", record_key))
    shown = {"form": form, "editor": editor, "back": address("form", record_key)}
    return render(request, "crf/override.html", shown, status=form.status)
