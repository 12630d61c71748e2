"""What a committee pack says at its cut: read once, then put into the sections of each part in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _

from analysis.flow import Flow, flow_at
from analysis.reading import DerivedParticipant, derived_at
from analysis.safety.reading import SafetyFacts, safety_at
from analysis.taking import arms_at
from committee.arms import ArmView, groups_of
from committee.models import CommitteePack
from committee.reading import DataQuality, quality_at
from committee.safety_tables import safety
from committee.tables import (
    AssumedSurvival,
    PackTable,
    accrual,
    compliance,
    data_quality,
    events_against_expected,
    flow_table,
)
from exports.cuts import Cut
from exports.kept_cuts.services import cut_of
from kernel.clock import local_date
from protocol.text import ProtocolText, load
from trials.confirmed import confirmations_of
from trials.models import Site


@dataclass(frozen=True)
class PackFacts:
    """Everything that a pack is made from, as it stood at its cut."""

    rows: Sequence[DerivedParticipant]
    safety: Mapping[str, Sequence[SafetyFacts]]  # by language: terms are named in it
    arms: Mapping[str, str]
    flow: Flow
    quality: Mapping[str, DataQuality]
    planned: int
    assumed: AssumedSurvival


@dataclass(frozen=True)
class PackSection:
    """One chapter of a pack; its title is a bookmark of the PDF."""

    slug: str
    title: str
    tables: tuple[PackTable, ...]


def facts_of(pack: CommitteePack) -> PackFacts:
    """Read what the pack is made from; the arms are read only inside the act that says who asked for it."""
    cut, sites = cut_of(pack.cut), dict(Site.objects.values_list("pk", "code"))
    text = load(settings.PROTOCOL_VERSION)
    return PackFacts(
        rows=list(derived_at(cut, sites)),
        safety={code: _safety_in(code, cut, sites) for code, _name in settings.LANGUAGES},
        arms=arms_at(cut),
        flow=flow_at(cut, sites, by_arm=True),
        quality=quality_at(cut),
        planned=int(str(text.fact("sample_size").value)),
        assumed=AssumedSurvival(
            at_36_months=_signed_value(text, "assumed_survival_36_months"),
            drop_out=_signed_value(text, "drop_out"),
        ),
    )


def _safety_in(language: str, cut: Cut, sites: Mapping[int, str]) -> Sequence[SafetyFacts]:
    with override(language):
        return safety_at(cut, sites, today=local_date(cut.at, settings.TRIAL_TIME_ZONE))


def _signed_value(text: ProtocolText, key: str) -> float | None:
    """Return a value that is published or that the study team has signed; None for a default and for an unknown one."""
    value = text.setting(key)
    asked = [each for each in text.open_questions() if each.code == key]
    if value is None or (asked and not confirmations_of(asked)):
        return None
    return float(str(value))


def sections_of(facts: PackFacts, view: ArmView) -> tuple[PackSection, ...]:
    """Return the chapters of one part, in the language that is in force."""
    rows, quality = facts.rows, facts.quality
    arms = {each.facts.number: facts.arms.get(each.facts.number, "") for each in rows}
    groups = groups_of(arms, view)
    return (
        PackSection("accrual", _("Accrual"), tuple(accrual(rows, groups, planned=facts.planned))),
        PackSection("flow", _("Flow of participants"), (flow_table(facts.flow, view, groups),)),
        PackSection("quality", _("Quality of the data"), tuple(data_quality(quality, groups, view))),
        PackSection(
            "safety", pgettext("chapter", "Safety"), tuple(safety(_in_language(facts), groups, view))
        ),
        PackSection(
            "events", _("Events against expected"), (events_against_expected(rows, groups, facts.assumed),)
        ),
        PackSection("compliance", _("Compliance"), tuple(compliance(rows, quality, groups, view))),
    )


def _in_language(facts: PackFacts) -> Sequence[SafetyFacts]:
    """Return what is known of safety with the terms in the language that is in force."""
    language = get_language() or settings.LANGUAGE_CODE
    return facts.safety.get(language) or next(iter(facts.safety.values()))
