"""A trial that follows itself day by day: people come, come late or stay away; the tasks do the rest.

Only the clock is given: every day each site is rolled and reminded and the outbox is sent, as beat does it.
Shared with ``bench.followup``, which plays the whole trial.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core import mail as post
from django.db import transaction

from accounts.outbox import send_waiting
from followup.models import AWAITED, HAPPENED, Escalation, Reminder, Visit, VisitState
from followup.rolling import state_on
from followup.services import (
    announce_data_cut,
    mark_not_done,
    plan_data_cuts,
    plan_visits_for,
    record_visit,
    update_visit_states,
)
from followup.services.rolling import span_of
from kernel.errors import Refusal
from notices.mail_kinds import MAIL_KINDS
from notices.services.escalations import escalate_site
from notices.services.reminders import remind_site
from notices.services.site_notices import write_site_notices
from tests.world import World, screen
from trials import services as trials
from trials.models import DeviationProposal, Participant

MORNING = timedelta(hours=1)  # nine o'clock in Shanghai


@dataclass
class Life:
    """One participant: what will become of them, and on which days they come to which visit."""

    participant: Participant
    dice: random.Random
    ends_on: date | None
    ending: str
    coming: dict[date, list[int]] = field(default_factory=dict)
    arranged: set[int] = field(default_factory=set)
    over: date | None = None


class Years:
    """Time passes at the sites of a world, one day at a time."""

    def __init__(self, world: World, *, seed: int, first_day: date) -> None:
        self.world = world
        self.dice = random.Random(seed)
        self.day = first_day
        self.lives: list[Life] = []
        self.last_run = first_day
        self.refused: list[str] = []

    @property
    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + MORNING

    @property
    def by(self) -> dict[str, Any]:
        return {"by": self.world.coordinator, "at": self.now}

    @transaction.atomic
    def randomize(self, arm: str) -> None:
        """One more participant is in the trial from today."""
        site = self.dice.choice([self.world.site, self.world.other_site])
        participant = screen(self.world, signed_on=self.day, site=site)
        trials.reveal_arm(participant=participant, arm=arm, **self.by)
        trials.set_milestone(participant=participant, code="RAND", on=self.day, source="test", **self.by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **self.by)
        ending = self.dice.choices(("dies", "leaves", "stays"), (25, 8, 67))[0]
        after = timedelta(days=self.dice.randint(40, 1500))
        ends_on = None if ending == "stays" else self.day + after
        self.lives.append(Life(participant, random.Random(self.dice.getrandbits(32)), ends_on, ending))

    def pass_day(self, days: int = 1) -> None:
        """The tasks of the morning run, then people come; it is the next day, or the workers sleep longer."""
        for site in (self.world.site, self.world.other_site):
            plan_data_cuts(site=site, at=self.now)
            update_visit_states(site=site, on=self.day, at=self.now)
            remind_site(site=site, on=self.day, at=self.now)
            write_site_notices(site=site, on=self.day, at=self.now)
            escalate_site(site=site, on=self.day, at=self.now)
        send_waiting(MAIL_KINDS, at=self.now, limit=2000)
        self.last_run = self.day
        if self.day.weekday() == 0:
            self._arrange()
            self._settle_deviations()
        for life in self.lives:
            if life.over is None:
                self._live(life)
        self.day += timedelta(days=days)

    def _live(self, life: Life) -> None:
        if life.ends_on is not None and life.ends_on <= self.day:
            with transaction.atomic():
                self._end(life)
        for day in sorted(day for day in life.coming if day <= self.day):
            for visit_id in life.coming.pop(day):
                with transaction.atomic():
                    self._come(life, visit_id)

    @transaction.atomic
    def _arrange(self) -> None:
        """On Mondays the sites offer days for what opens soon; one visit in ten is forgotten."""
        lives = {life.participant.pk: life for life in self.lives if life.over is None}
        near = Visit.objects.filter(opens__lte=self.day + timedelta(days=14))
        for visit in near.awaited().order_by("participant", "opens", "pk"):
            life = lives.get(visit.participant_id)
            if life is None or visit.pk in life.arranged:
                continue
            life.arranged.add(visit.pk)
            if life.dice.random() < 0.9 and not visit.code.startswith("SWEEP"):
                on = (visit.proposed_on or self.day) + timedelta(days=life.dice.randint(-2, 6))
                life.coming.setdefault(max(on, self.day + timedelta(days=1)), []).append(visit.pk)

    @transaction.atomic
    def _settle_deviations(self) -> None:
        """On Mondays the sites settle what the calendar proposed as deviations; one in twenty waits longer."""
        for proposal in DeviationProposal.objects.filter(state="proposed").order_by("pk"):
            if self.dice.random() < 0.95:
                trials.settle_deviation(proposal=proposal, deviation_no=1, reason="Nobody came", **self.by)

    def announce(self, on: date) -> None:
        """A data cut is announced; the next run of the tasks takes it up."""
        announce_data_cut(on=on, purpose="Report", by=self.world.data_manager, at=self.now)

    def _come(self, life: Life, visit_id: int) -> None:
        visit = Visit.objects.select_related("participant__site").get(pk=visit_id)
        if visit.state in (*HAPPENED, VisitState.CANCELLED):
            return
        try:
            if life.dice.random() < 0.04:
                mark_not_done(visit=visit, why="ill", **self.by)
                return
            record_visit(visit=visit, took_place_on=self.day, **self.by)
            self._learn(life, visit)
        except Refusal as refusal:
            self.refused.append(f"{visit.code}: {refusal}")

    def _learn(self, life: Life, visit: Visit) -> None:
        """What the visit makes known, as its forms would: milestones and moves, then the plan."""
        known = {
            "N1": ["NEO_D1"],
            "NE": ["NEO_END", "LASTDOSE", "LASTCAMRE"],
            "CRE-1": ["CRE1"],
            "CRE-2": ["CRE2"],
        }
        codes = known.get(visit.code, ["SURG"] if visit.code.startswith("SURG") else [])
        clear = "clear" if life.dice.random() < 0.7 else "positive"
        for code in codes:
            result = clear if code in ("CRE1", "CRE2") else ""
            trials.set_milestone(
                participant=life.participant, code=code, on=self.day, source="test", result=result, **self.by
            )
        if visit.code == "CRE-2" and clear == "clear":
            trials.set_milestone(
                participant=life.participant, code="CCR", on=self.day, source="test", **self.by
            )
        if codes:
            plan_visits_for(participant=life.participant, **self.by)

    def _end(self, life: Life) -> None:
        life.over = self.day
        if life.ending == "leaves":
            trials.record_withdrawal(participant=life.participant, on=self.day, all_contact=True, **self.by)
        else:
            trials.set_milestone(
                participant=life.participant, code="DEATH", on=self.day, source="test", **self.by
            )
            trials.move_track(participant=life.participant, to="DEAD", on=self.day, **self.by)
        plan_visits_for(participant=life.participant, **self.by)


@transaction.atomic
def faults(years: Years) -> list[str]:
    """Return every way in which what follow-up promises does not hold; none, if it does."""
    today = years.last_run
    found: list[str] = []
    visits = Visit.objects.select_related("participant")
    found += [f"{v.participant} {v}: no reason" for v in visits.filter(reason="")]
    waiting = visits.filter(state__in=(*AWAITED, VisitState.MISSED))
    found += [
        f"{v.participant} {v}: {v.state} on {today}"
        for v in waiting
        if state_on(today, span_of(v)) != v.state
    ]
    rows = list(Reminder.objects.values_list("visit", "kind", "to"))
    found += ["a reminder stands twice"] if len(rows) != len(set(rows)) else []
    told = list(Escalation.objects.values_list("site", "kind", "key", "stage", "to"))
    found += ["an escalation stands twice"] if len(told) != len(set(told)) else []
    sent = [message.extra_headers["Message-ID"] for message in getattr(post, "outbox", [])]
    found += ["a message was sent twice"] if len(sent) != len(set(sent)) else []
    for life in years.lives:
        found += _faults_of(life, today)
    return found


def _faults_of(life: Life, today: date) -> list[str]:
    person, number = life.participant, life.participant.number
    if life.over is not None:
        late = Reminder.objects.filter(participant=person, for_day__gt=life.over).count()
        told = Escalation.objects.filter(participant=person, for_day__gt=life.over).exclude(kind="deviation")
        ahead = Visit.objects.filter(participant=person, opens__gt=life.over).awaited().count()
        words = {"reminders": late, "escalations": told.count(), "visits to come": ahead}
        return [f"{number}: {count} {what} after the end" for what, count in words.items() if count]
    cut = life.participant.visits.filter(code__startswith="SWEEP-C", closes__lt=today)
    if cut.filter(state__in=("planned", "open", "due")).exists():
        return [f"{number}: the sweep of a data cut stands still"]
    asked = Visit.objects.filter(participant=person, code__regex="^(SWEEP-|OS36)")
    forgotten = asked.filter(closes__lt=today, state__in=("planned", "open", "due")).count()
    if forgotten:
        return [f"{number}: {forgotten} vital-status sweeps stand still"]
    if not Visit.objects.filter(participant=person, closes__gte=today).awaited().exists():
        return [f"{number}: no next contact"]
    return []
