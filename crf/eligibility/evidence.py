"""What eligibility and the strata rest on, read from the saved answers (protocol 1.3, 1.9, 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crf import catalogue
from crf.engine.base import COMPLETED
from crf.store.context import FormContext
from kernel.punctuation import listed
from protocol import eligibility, staging, text
from protocol.eligibility import Assessment, CriterionAssessment
from trials.models import Participant
from trials.services.decisions import FrozenEvidence

SOURCES = {"": "ELIG", "stage": "STAGE", "dm": "DM"}
SOURCE_FORMS = frozenset(SOURCES.values())
SOURCE_READS = tuple(f"{code}*" for code in sorted(SOURCE_FORMS))
STRATIFYING_FORM, STRATIFYING_ANSWER = (
    SOURCES["stage"],
    "cstage",
)  # the stratum is read from it (protocol 1.9)
ANOTHER_ANSWER = "strat_stage_corr"  # what it says now, where another group was used (X072)


@dataclass(frozen=True)
class EvidenceItem:
    """One answer that a criterion rests on, with the form that it comes from."""

    name: str
    field: str
    form_code: str
    label: str
    shown: str
    absent: str
    url: str


@dataclass(frozen=True)
class Evidence:
    """The criteria assessed now; ``digest`` changes when, and only when, an answer behind them does."""

    participant: Participant
    assessment: Assessment
    records: Mapping[str, Mapping[str, Any]]
    unasked: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        return eligibility.evidence_digest(self.assessment)

    @property
    def verdict(self) -> bool | None:
        return self.assessment.verdict

    @property
    def answers_digest(self) -> str:
        """Return a digest of the answers alone, whichever forms are complete."""
        return eligibility.answers_digest(self.assessment)

    def answered(self, answers: Mapping[str, str]) -> Evidence:
        """Return the evidence with what the investigator answers where the history could not tell."""
        return replace(self, assessment=self.assessment.answered(answers))

    @property
    def unmet(self) -> list[str]:
        """Return the codes of criteria that do not hold, or are still open (X002-X004, X007)."""
        return [criterion.code for criterion in self.assessment.criteria if criterion.met is not True]

    def as_json(self) -> FrozenEvidence:
        """Return the evidence as a decision freezes it: criteria, values and their sources."""
        return {
            "verdict": self.verdict,
            "criteria": [
                {
                    "code": criterion.code,
                    "met": criterion.met,
                    "reason": criterion.reason.value,
                    "evidence": [list(pair) for pair in criterion.evidence],
                    "answer": criterion.answer,
                }
                for criterion in self.assessment.criteria
            ],
            "records": {code: dict(record) for code, record in self.records.items()},
        }


@dataclass(frozen=True)
class StageSource:
    """The stage that the stratum is read from, and the form it stands on (protocol 1.9)."""

    group: str
    ct: str
    cn: str
    cm: str
    record_url: str


def current_evidence(participant: Participant, *, form_context: FormContext | None = None) -> Evidence:
    """Return the evidence as the saved answers have it now."""
    seen = form_context or FormContext(participant, at=None)
    seen.fetch(SOURCE_READS)
    answers = {name: _answer(seen, name) for name in eligibility.READS}
    protocol = text.load(participant.protocol_version)
    optional = optional_exclusions(protocol)
    answers.update({name: _answer(seen, name) for name in optional})
    limits = limits_of(protocol)
    complete = {prefix for prefix, code in SOURCES.items() if seen.is_complete(code)}
    assessment = eligibility.assess(answers, limits=limits, complete=complete, optional_exclusions=optional)
    records = {code: _source(seen, code) for code in sorted(SOURCE_FORMS)}
    saved = {code: record for code, record in records.items() if record}
    unasked = frozenset(name for name, value in answers.items() if value is None and _is_unasked(seen, name))
    return Evidence(participant, assessment, saved, unasked)


def limits_of(protocol: text.ProtocolText) -> eligibility.Limits:
    """Return the limits of the criteria as this version of the protocol has them."""
    youngest, oldest = protocol.fact("age_min").value, protocol.fact("age_max").value
    performance, steroid = protocol.fact("eligible_ecog").value, protocol.setting("eligibility_steroid_mg")
    if not isinstance(youngest, int) or not isinstance(oldest, int) or not isinstance(performance, tuple):
        raise TypeError(f"version {protocol.version} gives no limits of age and performance status")
    if not isinstance(steroid, int | float):
        raise TypeError(f"version {protocol.version} gives no limit of steroids")
    return eligibility.Limits(
        age_from=youngest,
        age_to=oldest,
        ecog_to=max(int(each) for each in performance),
        steroid_mg_to=steroid,
    )


def optional_exclusions(protocol: text.ProtocolText) -> tuple[str, ...]:
    """Return the site criteria that the protocol text has switched on, as columns of the form."""
    return tuple(
        criterion.code.lower().replace("-", "_")
        for criterion in protocol.criteria
        if criterion.kind == "optional" and criterion.enforced
    )


def stage_for_stratum(participant: Participant, *, at: datetime | None) -> StageSource | None:
    """Return the clinical stage group that stratifies, or None while staging is not complete."""
    records = FormContext(participant, at=at).records("STAGE")
    staged = records[-1] if records else None
    if staged is None or staged["state"] not in COMPLETED:
        return None
    group = staging.clinical_stage(staged["ct"], staged["cn"], staged["cm"])
    if group is None:
        return None
    url = reverse("crf:form", args=[participant.number, "STAGE"])
    return StageSource(group, staged["ct"], staged["cn"], staged["cm"], url)


def items_of(evidence: Evidence, criterion: CriterionAssessment) -> list[EvidenceItem]:
    """Return the answers behind one criterion as the page shows them."""
    return [_item(evidence, name, value) for name, value in criterion.evidence]


def _item(evidence: Evidence, read: str, value: str | None) -> EvidenceItem:
    prefix, _dot, name = read.rpartition(".")
    code = SOURCES[prefix]
    question = catalogue.forms()[code].questions.get(name) if code in catalogue.forms() else None
    return EvidenceItem(
        name=read,
        field=name,
        form_code=code,
        label=_label(name, question),
        shown=_shown(question, value),
        absent=_absent(evidence, read, code),
        url=reverse("crf:form", args=[evidence.participant.number, code]),
    )


def _label(name: str, question: Any) -> str:
    """Return the question; the tick of the criterion itself need not repeat its wording."""
    if name.startswith(("inc_", "exc_")):
        return _("Ticked")
    return str(question.text) if question else name


def _absent(evidence: Evidence, read: str, code: str) -> str:
    """Return why there is nothing to show: nobody filled the form, it did not ask, or nobody answered."""
    if code not in evidence.records:
        return _("form not filled yet")
    return _("not asked") if read in evidence.unasked else _("no answer")


def _is_unasked(form_context: FormContext, read: str) -> bool:
    """Say whether the saved form does not ask this, by the other answers on it."""
    prefix, _dot, name = read.rpartition(".")
    form, records = catalogue.forms().get(SOURCES[prefix]), form_context.records(SOURCES[prefix])
    if form is None or not records or name not in form.questions:
        return False
    conditions = (form.questions[name].shown_when, form.placed[name].shown_when)
    return any(each is not None and not each.holds(records[-1].get) for each in conditions)


def _shown(question: Any, value: str | None) -> str:
    if value is None or question is None or question.codes is None:
        return value or ""
    return listed(question.codes.label(code) for code in value.split(","))


def _answer(form_context: FormContext, read: str) -> Any:
    prefix, _dot, name = read.rpartition(".")
    code = SOURCES[prefix]
    form = catalogue.forms().get(code)
    records = form_context.records(code)
    if form is None or not records:
        return None
    if name in form.questions:
        return records[-1][name]
    return _in_rows(form_context, form, records[-1]["id"], name)


def _in_rows(form_context: FormContext, form: Any, record_id: int, name: str) -> Any:
    """Return an answer that stands in a repeating group: ticks joined, the highest of numbers."""
    for group in form.groups.values():
        if name in group.questions:
            given = [
                row[name]
                for row in form_context.rows(form.code, group.name, record_id)
                if row[name] is not None
            ]
            if given and isinstance(given[0], list):
                return sorted({code for codes in given for code in codes})
            return max(given, default=None)
    return None


def _source(form_context: FormContext, code: str) -> dict[str, Any] | None:
    records = form_context.records(code)
    if not records:
        return None
    return {"id": records[-1]["id"], "state": records[-1]["state"]}
