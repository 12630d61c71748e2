"""Paper: the certificate, the visit card and the commitment, as PDF in English or Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from followup.models import Visit
from kernel.errors import Refusal
from protocol.text import load
from randomization.allocation_list.unseal import OpenPlace
from randomization.models import Allocation, ListPart
from randomization.wording import arm_words, visit_words


class NoPrinting(Refusal):
    code = "randomization.no_printing"
    message = _(
        "This server lacks the libraries that make a PDF. Nothing is lost: the page itself can be printed. "
        "Telephone the operator of the system."
    )
    status = 503


class NotRevealedYet(Refusal):
    code = "randomization.not_revealed_yet"
    message = _(
        "The allocation of participant {participant} is not complete yet. Open the page again in a minute."
    )


def _printed(template: str, language: str, **context: Any) -> bytes:
    with translation.override(language):
        page = render_to_string(template, {"language": language, **context})
        try:
            from weasyprint import HTML  # loads the system's text engine: only when a PDF is asked for
        except OSError as missing:
            raise NoPrinting from missing
        return bytes(HTML(string=page).write_pdf())


def _printed_for(template: str, language: str, allocation: Allocation, **context: Any) -> bytes:
    if allocation.arm is None:
        raise NotRevealedYet(participant=allocation.participant.number)
    with translation.override(language):
        return _printed(template, language, allocation=allocation, arm=arm_words(allocation), **context)


def certificate_pdf(allocation: Allocation, *, language: str) -> bytes:
    """The receipt of one allocation, with its proof."""
    return _printed_for("randomization/pdf/certificate.html", language, allocation)


def visit_card_pdf(allocation: Allocation, visits: Sequence[Visit], *, on: date, language: str) -> bytes:
    """The visits still to come from the day ``on``, with their windows, for the participant to take home."""
    with translation.override(language):
        planned = visit_words(visits, version=allocation.participant.protocol_version, on=on)
    return _printed_for("randomization/pdf/visit_card.html", language, allocation, visits=planned)


def envelopes_pdf(places: Sequence[OpenPlace], *, site: str, printed_on: str) -> bytes:
    """Two sheets for each coming place, both languages: what is outside, and what is sealed inside.

    The outside says which of its stage group it is, in the order in which they are to be used.
    """
    arms = {arm.code: arm for arm in load(settings.PROTOCOL_VERSION).arms}
    pages, of_stratum = [], Counter(slot.stratum for slot in places)
    turns: Counter[str] = Counter()
    for slot in places:
        turns[slot.stratum] += 1
        turn = {"turn": turns[slot.stratum], "of": of_stratum[slot.stratum]}
        stage = slot.stratum.partition("/")[2]
        pages.append({"place": slot, "stage": stage, "arm": arms[slot.arm], **turn})
    return _printed("randomization/pdf/envelopes.html", "en", pages=pages, site=site, printed_on=printed_on)


def commitment_pdf(part: ListPart, *, language: str) -> bytes:
    """The published root of a list, to be filed."""
    return _printed("randomization/pdf/commitment.html", language, part=part)
