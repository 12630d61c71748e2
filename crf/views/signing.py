"""Signatures of the investigator: what waits for one, a lot that is shown and signed together, and what was signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf import catalogue
from crf.models import Record, SignedAs
from crf.page.editor import open_record
from crf.page.forms import SignLotForm
from crf.page.signing import ShownRecord, shown_record, signatures_of
from crf.records.signing import NothingThere, sign_records
from crf.store.outstanding import signable_first, unsigned
from crf.store.records import RecordKey, find_stored_record, form_named, key_of_record
from crf.views.rights import READING
from kernel.choices import chosen
from kernel.pagination import BoundedPaginator
from kernel.reading import plain, row_number
from kernel.row_keys import key_of, row_of
from kernel.sorting import sorting
from trials.models import Site

PER_PAGE: Final = 50
IN_A_LOT: Final = 20
ROWS: Final = ("visit", "record")
COLUMNS: Final = {
    "participant": ("participant__number", "visit", "form_code", "pk"),
    "form": ("form_code", "participant__number", "pk"),
    "state": ("state", "participant__number", "pk"),
}


def _waiting(request: PersonRequest, asked: Mapping[str, str]) -> Any:
    """Return the records that wait for a signature of this person, narrowed by what the address asks for."""
    columns = {
        "site": "site__code",
        "participant": "participant__number",
        "visit": "visit__pk",
        "record": "pk",
    }
    here = {
        columns[name]: row_of(name, value) if name in ROWS else value
        for name, value in asked.items()
        if value and name in columns
    }
    mine = Record.objects.open_to(request.user, Permission.CRF_SIGN).values("pk")
    rows = unsigned(pk__in=mine, form_code__in=list(catalogue.forms()), **here)
    return rows.select_related("participant__site", "visit").order_by(
        "participant__number", "visit", "form_code", "pk"
    )


def _asked(request: PersonRequest) -> dict[str, str]:
    sites = Site.objects.open_to(request.user, Permission.CRF_SIGN)
    keys = {name: plain(request.GET.get(name, "")) for name in ROWS}
    return {
        "site": chosen(request, "site", [site.code for site in sites]),
        "participant": plain(request.GET.get("participant", "")),
        **{name: key if row_of(name, key) is not None else "" for name, key in keys.items()},
    }


def _key(record: Record) -> RecordKey:
    return key_of_record(catalogue.forms()[record.form_code], record)


@require_GET
@requires(Permission.CRF_SIGN)
def to_sign(request: PersonRequest) -> HttpResponse:
    """List the records that wait for a signature, with the lots that can be signed together."""
    asked = _asked(request)
    order = sorting(request, COLUMNS, otherwise=COLUMNS["participant"])
    page = BoundedPaginator(_waiting(request, asked).order_by(*order.order), PER_PAGE).get_page(
        request.GET.get("page")
    )
    shown = {
        "page": page,
        "sorting": order,
        "lines": [(record, _key(record)) for record in page.object_list],
        "chosen": asked,
        "sites": Site.objects.open_to(request.user, Permission.CRF_SIGN),
    }
    return render(request, "crf/to_sign.html", shown)


@require_http_methods(["GET", "POST"])
@requires(Permission.CRF_SIGN)
def lot(request: PersonRequest) -> HttpResponse:
    """Show the records of a form, a visit, a casebook or a site, and sign those that are ticked with one password."""
    asked, now = _asked(request), timezone.now()
    form = SignLotForm(request.POST or None)
    if request.method == "POST":
        told: Any = {"seen": _seen(request), "signed_as": _signed_as(asked), "by": request.user, "at": now}
        if form.submits(sign_records, **told):
            return _signed(request, form.result)
    waiting = signable_first(_waiting(request, asked))
    records = []
    for record in waiting[:IN_A_LOT]:
        key = _key(record)
        if stored := find_stored_record(key):
            records.append(shown_record(key, stored))
    more = max(waiting.count() - len(records), 0)
    ticked = set(request.POST) if request.method == "POST" else None
    shown = {
        "form": form,
        "records": records,
        "unticked": [
            each.record_id
            for each in records
            if ticked is not None and f"sign:{key_of('record', each.record_id)}" not in ticked
        ],
        "more": more,
        "chosen": asked,
        "signed_as": _signed_together(asked, records, more).label,
        "is_ready": any(each.is_ready for each in records),
    }
    return render(request, "crf/sign_lot.html", shown, status=form.status)


def _signed_together(asked: Mapping[str, str], records: Sequence[ShownRecord], more: int) -> SignedAs:
    """Return what the page is signed as: a visit of which something cannot be signed yet is several forms."""
    ready = sum(each.is_ready for each in records)
    if not more and ready == len(records):
        return _signed_as(asked)
    return SignedAs.FORM if ready == 1 else SignedAs.SEVERAL


def _seen(request: PersonRequest) -> dict[RecordKey, tuple[int, str]]:
    """Return version and digest of each ticked record, as the page showed them."""
    tokens = {
        number: str(token).partition(":")
        for name, token in request.POST.items()
        if name.startswith("sign:") and (number := row_of("record", name.removeprefix("sign:"))) is not None
    }
    rows = Record.objects.open_to(request.user, Permission.CRF_SIGN).filter(pk__in=list(tokens))
    return {
        _key(record): (version, tokens[record.pk][2])
        for record in rows.select_related("participant__site", "visit").order_by("pk")
        if (version := row_number(tokens[record.pk][0])) is not None
    }


def _signed_as(asked: Mapping[str, str]) -> SignedAs:
    kinds = {"record": SignedAs.FORM, "visit": SignedAs.VISIT, "participant": SignedAs.CASEBOOK}
    return next((kind for name, kind in kinds.items() if asked.get(name)), SignedAs.SEVERAL)


def _signed(request: PersonRequest, done: Any) -> HttpResponse:
    number = len(done.signed)
    said = ngettext("{number} form is signed.", "{number} forms are signed.", number)
    messages.success(request, said.format(number=number))
    if done.left_out:
        named = " ".join(why for _label, why in done.left_out)
        messages.warning(request, str(_("Left out of the lot: {why}")).format(why=named))
        return redirect(request.get_full_path())
    return redirect("crf:to-sign")


@require_GET
@requires(*READING)
def signatures(request: PersonRequest, number: str, code: str, sequence: int) -> HttpResponse:
    """Show every signature under a record, with what was signed beside what stands now."""
    key = open_record(request, number, code, sequence, form_named(code).seen_by)
    stored = find_stored_record(key)
    if stored is None:
        raise NothingThere(record=key.label)
    shown = {"key": key, "signatures": signatures_of(key, stored)}
    return render(request, "crf/signatures.html", shown)
