"""Steps with a record: verify, sign, lock, unlock, let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.engine.parsing import PARSERS, UnreadableError
from crf.page.actions import actions_for
from crf.page.editor import RecordEditor, address, open_record
from crf.page.forms import OverrideForm, StepForm
from crf.page.targets import numeric_targets
from crf.records.overrides import grant_override
from crf.records.signing import lock_record, sign_record, unlock_record, verify_record
from crf.store.records import RecordKey
from kernel.errors import Refusal

F = TypeVar("F", bound=forms.Form)


def refused_on(form: F, refusal: Refusal) -> F:
    """Return the form with the refusal above it; what was typed stays."""
    form.is_valid()
    form.add_error(None, str(refusal))
    return form


def _step(
    request: PersonRequest, record_key: RecordKey, service: Callable[..., Any], *asks: str
) -> HttpResponse:
    """Take one step, or show the record again with what stands in the way."""
    form = StepForm(request.POST)
    said = {name: request.POST.get(name, "") for name in asks}
    now = timezone.now()
    try:
        with transaction.atomic():
            version = form.cleaned_data["version"] if form.is_valid() else -1
            service(record_key=record_key, version=version, **said, by=request.user, at=now)
    except Refusal as refusal:
        if refusal.status == 403:
            raise
        editor = RecordEditor(record_key, request.user, now)
        shown = {
            "page": editor.page(),
            "editor": editor,
            "actions": actions_for(editor),
            "refused": str(refusal),
        }
        return render(request, "crf/record.html", shown, status=refusal.status)
    messages.success(request, _("Recorded."))
    return redirect(address("form", record_key))


@require_POST
@requires(Permission.CRF_VERIFY)
def verify(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    record_key = open_record(request, number, code, sequence, Permission.CRF_VERIFY)
    return _step(request, record_key, verify_record)


@require_POST
@requires(Permission.CRF_SIGN)
def sign(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    record_key = open_record(request, number, code, sequence, Permission.CRF_SIGN)
    return _step(request, record_key, sign_record, "password")


@require_POST
@requires(Permission.CRF_LOCK)
def lock(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    record_key = open_record(request, number, code, sequence, Permission.CRF_LOCK)
    return _step(request, record_key, lock_record)


@require_POST
@requires(Permission.CRF_LOCK)
def unlock(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    record_key = open_record(request, number, code, sequence, Permission.CRF_LOCK)
    return _step(request, record_key, unlock_record, "reason")


@requires(Permission.CRF_LOCK)
def override(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Let one value outside the possible range pass."""
    editor = RecordEditor(
        open_record(request, number, code, sequence, Permission.CRF_LOCK), request.user, timezone.now()
    )
    form = OverrideForm(request.POST or None, targets=numeric_targets(editor))
    if form.is_valid() and _granted(editor, form, request):
        messages.success(request, _("The site can save this value now."))
        return redirect(address("form", editor.record_key))
    shown = {"form": form, "editor": editor, "back": address("form", editor.record_key)}
    return render(request, "crf/override.html", shown, status=422 if form.is_bound else 200)


def _granted(editor: RecordEditor, form: OverrideForm, request: PersonRequest) -> bool:
    typed = form.cleaned_data
    question = editor.record_key.form.questions[typed["target"]]
    try:
        value = PARSERS[question.kind](question, [typed["value"]], editor.zone)
    except UnreadableError as error:
        form.add_error("value", str(error))
        return False
    grant_override(
        record_key=editor.record_key,
        target=question.name,
        value=value,
        reason=typed["reason"],
        by=request.user,
        at=editor.at,
    )
    return True
