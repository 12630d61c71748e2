"""Who a participant is, in one line that stays in sight: arm, stage, sex and age, and the day of the state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine import messages
from kernel.punctuation import listed_facts
from trials.models import Participant

ASKED = {"seen_as": ("ELIG", ("sex", "age")), "staged_as": ("STAGE", ("ct", "cn", "cm", "cstage"))}


@dataclass(frozen=True)
class PersonLine:
    """Stage, sex and age as far as they are answered and may be read, and how long the state lasts."""

    stage: str = ""
    person: str = ""
    day: int = 0


def with_person() -> dict[str, Subquery]:
    """Return, for a query of participants, the answers that say who somebody is as a patient."""
    return {
        name: Subquery(
            catalogue.form(code)
            .model.objects.filter(participant=OuterRef("pk"))
            .order_by("sequence")
            .values(json=JSONObject(**{field: field for field in fields}))[:1]
        )
        for name, (code, fields) in ASKED.items()
    }


def person_line(participant: Any, user: User, *, today: date) -> PersonLine:
    """Return the line; the participant carries what ``with_person`` adds to a query."""
    since: date | None = None if participant.is_terminal else participant.state_since
    day = (today - since).days + 1 if since else 0
    if not user.may(Permission.CRF_VIEW, participant.site_id):
        return PersonLine(day=day)
    seen, staged = participant.seen_as or {}, participant.staged_as or {}
    tnm = "".join(str(staged.get(part) or "") for part in ("ct", "cn", "cm"))
    stage = " · ".join(part for part in (tnm and f"c{tnm}", staged.get("cstage")) if part)
    return PersonLine(stage, _person(participant, seen), day)


def _person(participant: Participant, seen: dict[str, Any]) -> str:
    parts = []
    if seen.get("sex"):
        question = catalogue.form("ELIG").questions["sex"]
        parts.append(messages.display(question, seen["sex"], zone=participant.site.time_zone))
    if seen.get("age") is not None:
        parts.append(_("%(age)s years") % {"age": seen["age"]})
    return listed_facts(*parts)
