"""Paper: the certificate, the visit card and the commitment, as PDF in English or Chinese."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from followup.models import Visit
from kernel.errors import Refusal
from kernel.paper import set_pages
from protocol.text import load
from randomization.allocation_list.unseal import OpenPlace
from randomization.models import Allocation, ListPart
from randomization.wording import arm_words, in_language, is_overdue, visit_words

TRIAL_FACTS: Final = {"registry": "registry_id", "sponsor": "sponsor", "title": "title_public"}
IMMUNE: Final = frozenset({"CAMRELIZUMAB"})
"""The treatments after which a stranger's emergency room must think of the immune system."""


class NotRevealedYet(Refusal):
    code = "randomization.not_revealed_yet"
    message = _(
        "The allocation of participant {participant} is not complete yet. Open the page again in a minute."
    )


def _printed(
    template: str, language: str, *, attached: Mapping[str, str] | None = None, **context: Any
) -> bytes:
    with translation.override(language):
        page = render_to_string(template, {"language": language, **context})
        return set_pages(page, attached)


def _printed_for(template: str, language: str, allocation: Allocation, **context: Any) -> bytes:
    if allocation.arm is None:
        raise NotRevealedYet(participant=allocation.participant.number)
    with translation.override(language):
        return _printed(template, language, allocation=allocation, arm=arm_words(allocation), **context)


def _facts(version: str) -> dict[str, str]:
    """Return what a paper says of the trial, in the language in force."""
    text = load(version)
    named = {name: text.fact(code) for name, code in TRIAL_FACTS.items()}
    return {
        name: in_language(fact.text) if fact.text else str(fact.value or "") for name, fact in named.items()
    }


def certificate_pdf(allocation: Allocation, *, at: datetime, language: str) -> bytes:
    """The receipt of one allocation, to be signed and stamped; its proof is on a page of its own, its file attached."""
    version, number = allocation.participant.protocol_version, allocation.number
    with translation.override(language):
        return _printed_for(
            "randomization/pdf/certificate.html",
            language,
            allocation,
            facts=_facts(version),
            stratum=(allocation.certificate or {}).get("slot", {}).get("stratum", ""),
            printed_at=at,
            attached={f"{number}.json": json.dumps(allocation.certificate or {}, indent=1)},
        )


def visit_card_pdf(
    allocation: Allocation,
    visits: Sequence[Visit],
    *,
    on: date,
    agreed: frozenset[tuple[int, date]],
    at: datetime,
    language: str,
    last_immune: date | None = None,
) -> bytes:
    """What the participant carries: each visit from the day ``on``, what to bring, whom to call, and the alert."""
    version = allocation.participant.protocol_version
    with translation.override(language):
        planned = visit_words(visits, version=version, on=on, agreed=agreed)
        return _printed_for(
            "randomization/pdf/visit_card.html",
            language,
            allocation,
            visits=planned,
            overdue=[visit.code for visit in visits if is_overdue(visit, on)],
            immune=any(
                plan.code in IMMUNE and allocation.arm in plan.arms for plan in load(version).treatments
            ),
            last_immune=last_immune,
            facts=_facts(version),
            printed_at=at,
        )


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
    with translation.override(language):
        facts = _facts(settings.PROTOCOL_VERSION)
        return _printed("randomization/pdf/commitment.html", language, part=part, facts=facts)
