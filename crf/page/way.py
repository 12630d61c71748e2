"""The way through the forms: where a reader came from, and which form of the participant is due next."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from crf import catalogue
from crf.engine.base import COMPLETED
from crf.engine.declaration import Repeats
from crf.links import form_url, log_url
from crf.models import ExpectedForm, Record
from crf.store.records import RecordKey
from trials.models import Participant

# Pages around one form lead back to it, not to each other.
OF_THE_FORM: Final = frozenset(
    f"crf:{name}"
    for name in (
        "form",
        "merge",
        "history",
        "verify",
        "override",
        "ask",
        "note",
        "comment",
        "lock",
        "signatures",
    )
)


def safe_back(address: str) -> str:
    """Return an address of this site, or none; what was typed into the address of a page leads nowhere else."""
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def with_query(address: str) -> str:
    """Return the address, ready for one more part of its query."""
    return f"{address}{'&' if '?' in address else '?'}"


def with_back(address: str, back: str) -> str:
    """Return the address of a form, with the page to which leaving it leads."""
    if not safe_back(back):
        return address
    return f"{with_query(address)}{urlencode({'back': back})}"


def came_from(request: HttpRequest) -> str:
    """Return the page of ours that led here; none from outside, from sign-in, or from a page around a form."""
    referrer = urlsplit(request.headers.get("Referer", ""))
    if referrer.netloc != request.get_host():
        return ""
    try:
        name = resolve(referrer.path).view_name
    except Resolver404:
        return ""
    if name in OF_THE_FORM or name.startswith("accounts:"):
        return ""
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path


def address_of_expected(expected: ExpectedForm) -> str:
    """Return the address at which an expected form is filled."""
    form, number = catalogue.form(expected.form_code), expected.participant.number
    if form.repeats is Repeats.LOG:
        return log_url(number, form.code)
    return form_url(
        number, form.code, visit_id=expected.visit_id if form.repeats is Repeats.PER_VISIT else None
    )


def next_due(saved: RecordKey) -> str:
    """Return the address of the form that is due next: of the same visit first, then the longest due; none if none is.

    Before randomization no visit expects anything; the forms of screening are due in their order.
    """
    participant = saved.participant
    due = ExpectedForm.objects.filter(participant=participant).unfilled().exclude(form_code=saved.form.code)
    here = saved.visit.pk if saved.visit else None
    rows = due.select_related("participant").order_by("due_on", "pk")
    if first := min(rows, key=lambda expected: expected.visit_id != here, default=None):
        return address_of_expected(first)
    return _next_of_screening(participant, saved.form.code) if participant.arm is None else ""


def _next_of_screening(participant: Participant, saved: str) -> str:
    complete = Record.objects.filter(participant=participant, state__in=COMPLETED)
    known = {saved, *complete.values_list("form_code", flat=True)}
    return next(
        (
            form_url(participant.number, form.code)
            for form in catalogue.forms().values()
            if form.before_randomization
            and form.repeats is Repeats.PER_PARTICIPANT
            and form.code not in known
        ),
        "",
    )
