"""Which rows of the database a row of an exported file is made of: by them it is known again, and whose doing it is.

Every file that an export holds stands here or is a form's (tests/integration/exports/test_compare_cuts.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import models

from crf import catalogue
from crf.models import (
    AnswerComment,
    Coding,
    ListedFinding,
    NothingNew,
    Query,
    Record,
    ReviewerAnswer,
)
from exports.tables import File
from followup.models import ContactAttempt, Visit
from randomization.models import Allocation, AllocationError
from trials.models import (
    Consent,
    ConsentRefusal,
    DeviationProposal,
    LossToFollowUp,
    Milestone,
    Participant,
    Transfer,
    Withdrawal,
)


@dataclass(frozen=True)
class Part:
    """A row behind a row of a file: its name in the file's query, its model, and the SQL of its number."""

    alias: str
    model: type[models.Model]
    number: str = ""

    @property
    def sql(self) -> str:
        return self.number or f"{self.alias}.id"


@dataclass(frozen=True)
class Origin:
    """What makes a row of a file the same row in two cuts, and the rows behind it, the first one its own."""

    identity: str
    parts: tuple[Part, ...]


_PARTICIPANT: Final = Part("p", Participant)
_VISIT: Final = Part("v", Visit)
_RECORD: Final = Part("r", Record)


def _own(alias: str, model: type[models.Model], *others: Part) -> Origin:
    return Origin(f"{alias}.id", (Part(alias, model), *others))


ORIGINS: Final[Mapping[str, Origin]] = {
    "PARTICIPANTS": _own(
        "p",
        Participant,
        Part("al", Allocation, "al.id"),
        Part("em", AllocationError),
    ),
    "MILESTONES": _own("m", Milestone, _RECORD),
    "VISITS": _own("v", Visit, _PARTICIPANT),
    "PROTOCOL_VERSIONS": Origin("h.pgh_id", (Part("h", Participant, "h.id"),)),
    "CONSENTS": Origin(
        "c.answer || c.id",
        (
            Part("c", Consent, "CASE c.answer WHEN 'signed' THEN c.id END"),
            Part("c", ConsentRefusal, "CASE c.answer WHEN 'refused' THEN c.id END"),
        ),
    ),
    "TRANSFERS": _own("x", Transfer),
    "WITHDRAWALS": _own("w", Withdrawal),
    "LOSSES": _own("x", LossToFollowUp),
    "CONTACTS": _own("c", ContactAttempt),
    "NOTHING_NEW": _own("x", NothingNew),
    "DEVIATION_PROPOSALS": _own("d", DeviationProposal),
    "QUERIES": _own("q", Query),
    "LISTED_FINDINGS": _own("f", ListedFinding),
    "COMMENTS": _own("c", AnswerComment),
    "CODING": Origin("w.id || w.variable", (Part("c", Coding), _RECORD)),
    "ADJUDICATION": Origin("w.id || w.variable", (Part("w", ReviewerAnswer),)),
}


def origin_of(file: File) -> Origin:
    """Return what the rows of the file are made of."""
    if not file.form:
        return ORIGINS[file.name]
    form = catalogue.form(file.form)
    if file.group:
        return Origin("g.id", (Part("g", form.groups[file.group].model), _RECORD, _VISIT))
    return Origin("r.id", (Part("f", form.model), _RECORD, _VISIT))
