"""What a demonstration shows of safety today: clocks that run, one that is late, one that the sponsor keeps."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from crf.catalogue import form
from crf.safety.assessment import SponsorJudgement, assess_event
from demo.simulation.answers import Case
from demo.simulation.form_filler import fill
from demo.simulation.profiles import tell
from demo.simulation.safety_answers import SERIOUS, report_of, serious
from demo.simulation.sites import PASSWORD, Stage
from kernel.scope import EVERYTHING, scope
from trials.models import Milestone, Participant

HOURS_SINCE = (5, 31, 50, 5 * 24)
COURSE = "受试者于门诊随访时诉发热、咳嗽，遂收住院；经检查与治疗后症状缓解，病程与结果见后续报告。"
REPORTED, ASSESSED = (50, 5 * 24), (5 * 24,)


def alarm(stage: Stage, until: datetime) -> None:
    """Serious events of the last days stand open: one runs, one is late, one waits for the sponsor, one is a SUSAR."""
    dice = random.Random(len(stage.places))  # noqa: S311 (a story, not a secret)
    with scope(user_id=None, sites=EVERYTHING):
        with transaction.atomic():  # what a person may see is set for one transaction
            living = list(_treated())
        for hours, participant in zip(HOURS_SINCE, living, strict=False):
            _happen(stage, participant, until, hours, dice)


def _treated() -> Any:
    """Return participants who were treated and are still in the trial, spread over the sites."""
    started = Milestone.objects.filter(code="NEO_D1", on__isnull=False).values("participant_id")
    open_ = Participant.objects.filter(pk__in=started, arm__isnull=False).exclude(
        state__in=("DEAD", "LOST", "WITHDRAWN_ALL", "COMPLETED")
    )
    return open_.select_related("site").order_by("-registered_on", "number")[: len(HOURS_SINCE)]


def _happen(stage: Stage, participant: Participant, until: datetime, hours: int, dice: random.Random) -> None:
    place = next(place for place in stage.places if place.site.pk == participant.site_id)
    zone = ZoneInfo(participant.site.time_zone)
    aware = (until - timedelta(hours=hours)).astimezone(zone)
    case = Case(tell(dice, consent_on=aware.date()), dice, arm=participant.arm, neo_d1=aware.date())
    term, grade, more = SERIOUS[hours % len(SERIOUS)]
    sent = serious(case, aware.date(), term, grade, **more, ser_aware=f"{aware:%Y-%m-%d %H:%M}")
    by: dict[str, Any] = {"by": place.coordinator, "at": aware + timedelta(hours=1)}
    fill(participant, "AE", sent, is_new=True, **by)
    number = _last_number(participant)
    if hours not in REPORTED:
        return
    report = report_of(sent, number, aware + timedelta(hours=3))
    if hours in ASSESSED:
        report["answers"]["sae_narr"] = longest_narrative()
    fill(participant, "SAE", report, is_new=True, **by | {"at": aware + timedelta(hours=3)})
    if hours in ASSESSED:
        assess_event(
            participant=participant,
            event_no=number,
            judged=SponsorJudgement(
                "unexpected",
                "Investigator's brochure, edition 9",
                "possible",
                susar=True,
                known_at=aware + timedelta(hours=3),
                authority_on=(aware + timedelta(hours=20)).date(),
            ),
            password=PASSWORD,
            by=stage.central["trial"],
            at=aware + timedelta(hours=20),
        )


def longest_narrative() -> str:
    """Return a narrative as long as the form takes."""
    longest = form("SAE").questions["sae_narr"].max_length
    return (COURSE * (longest // len(COURSE) + 1))[:longest]


def _last_number(participant: Participant) -> int:
    with transaction.atomic():
        stored: Any = form("AE").model.objects.filter(participant=participant).order_by("-sequence").first()
    number: int = stored.sequence
    return number
