"""The receipt of an erasure: what was erased, when, under which act, and a proof that only this server makes."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal
from kernel.paper import set_pages
from trials.models import ContactRequest
from website.services.erasing import receipt_of


class NothingErased(Refusal):
    code = "website.nothing_erased"
    message = _("Who sent request {reference} is still on record, so there is no receipt of an erasure.")


def receipt_pdf(request: ContactRequest, *, language: str) -> bytes:
    """Return the receipt as PDF in ``language``."""
    if request.erased_at is None:
        raise NothingErased(reference=request.reference)
    with translation.override(language):
        context = {
            "language": language,
            "request": request,
            "proof": receipt_of(request),
        }
        page = render_to_string("trials/pdf/erasure.html", context)
        return set_pages(page)
