"""The way of one synthetic participant through the trial, as steps in time.

A journey is a generator: it yields when it wants to go on, and is told what time it is then. What
it does in between it does through the services, as the people of the site.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from accounts.models import User
from crf.eligibility.evidence import current_evidence
from crf.eligibility.screening import end_screening
from crf.recheck import recheck_participant
from crf.records.eligibility_lapse import DECISION_READS
from crf.records.expected import LogsUpToDate, say_nothing_new
from demo.simulation.answers import Case, Sent, demographics, eligibility, history, staging
from demo.simulation.form_filler import fill
from demo.simulation.laboratory_answers import panel
from demo.simulation.later_answers import progression, second_look, survival
from demo.simulation.safety_answers import NUTRITION_AT, events_at, nutrition, report_of
from demo.simulation.sites import PASSWORD, SiteWithPeople
from demo.simulation.visits import AFTER_DISCHARGE, forms_to_fill, how_made, learn
from followup.models import Visit
from followup.services import (
    add_unscheduled_visit,
    describe_visit,
    mark_not_done,
    record_visit,
    withdraw_participant,
)
from kernel.errors import Refusal
from kernel.scope import scope
from randomization.allocation.readiness import readiness
from randomization.services import randomize
from trials import services as trials
from trials.models import Participant
from trials.models.people import sites_of

ASIA = ZoneInfo(settings.TRIAL_TIME_ZONE)
LAST_OF_TREATMENT, SCREENING = "NE", "SCR"
ASKED_AGAIN_SOON = frozenset(
    {"N1", "N2", "N3", "N4"}
)  # the logs are gone through at the end of the treatment
GIVEN_UP_AFTER = (18, 24)  # days since the consent; screening may last 28 (protocol 2.5)
LOGS_AT_VISITS = frozenset({"AE", "ST"})
ALWAYS_ENTERED = frozenset({"N1", "N4", "NE", "CRE-1", "CRE-2", "RST", "SURG-1", "SURG-2", "PO30"})


def at_work(day: date, dice: random.Random) -> datetime:
    """Return an instant in the working hours of ``day``."""
    clock = time(8 + dice.randint(0, 8), dice.randint(0, 59), dice.randint(0, 59))
    return datetime.combine(day, clock, tzinfo=ASIA).astimezone(UTC)


SCREENING_FORMS = {"ELIG": eligibility, "STAGE": staging, "DM": demographics}


@dataclass
class Journey:
    """One participant on the way. ``now`` is set by whoever lets time pass."""

    place: SiteWithPeople
    case: Case
    until: date
    now: datetime = field(init=False)
    participant: Participant = field(init=False)
    refused: list[str] = field(default_factory=list)
    typed_later: list[tuple[Visit, str, Sent]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.astimezone(ASIA).date()

    @property
    def length(self) -> int:
        """About how much there is to walk: screening, then treatment in the first months, then a visit now and then."""
        story, months = self.case.story, (self.until - self.case.story.consent_on).days // 30
        if story.ending != "randomized":
            return 2
        ends = min(each for each in (months, story.dies_after, story.withdraws_after) if each is not None)
        return 4 + 4 * min(ends, 5) + ends

    def on(self, day: date) -> datetime:
        return at_work(day, self.case.dice)

    def _next_on(self, day: date) -> datetime:
        """Return an instant of the day that comes after what happened last."""
        return max(self.on(day), self.now + timedelta(minutes=20))

    def as_(self, user: User) -> dict[str, Any]:
        return {"by": user, "at": self.now}

    def steps(self) -> Iterator[datetime]:
        """Yield the instants at which something happens, and let it happen."""
        story = self.case.story
        yield self.on(story.consent_on)
        with self._seen_by(self.place.coordinator):
            self._consent()
        yield self.on(story.consent_on + timedelta(days=self.case.dice.randint(3, 6)))
        with self._seen_by(self.place.coordinator):
            told = {form: write(self.case, self.today) for form, write in SCREENING_FORMS.items()}
            for code, sent in told.items():
                fill(self.participant, code, sent, **self.as_(self.place.coordinator))
            for code, sent in history(self.case, told["DM"]["answers"], self.today):
                fill(self.participant, code, sent, is_new=True, **self.as_(self.place.coordinator))
            self._screening_panel()
        if story.ending == "waits":
            yield self.on(story.consent_on + timedelta(days=self.case.dice.randint(*GIVEN_UP_AFTER)))
            with self._seen_by(self.place.coordinator):
                self._give_up()
            return
        yield self.on(self.today + timedelta(days=self.case.dice.randint(1, 3)))
        if story.ending == "fails":
            with self._seen_by(self.place.coordinator):
                self._fail()
            return
        with self._seen_by(self.place.investigator):
            self._decide()
        yield self._next_on(self.today + timedelta(days=self.case.dice.randint(0, 2)))
        if story.ending == "declines":
            with self._seen_by(self.place.coordinator):
                self._decline()
            return
        self._randomize()
        with self._seen_by(self.place.coordinator):
            self._describe(self._screening())
        yield from self._visits()

    def _screening_panel(self) -> None:
        """Type what was found in the days after consent."""
        with transaction.atomic():
            visit = Visit.objects.get(participant=self.participant, code=SCREENING)
            visit.participant = self.participant
        taken_on = self.case.story.consent_on + timedelta(days=2)
        self._fill("LB", panel(self.case, taken_on, visit.code), visit)

    def _seen_by(self, user: User) -> Any:
        return scope(user_id=user.pk, sites=sites_of(user))

    def _consent(self) -> None:
        by = self.as_(self.place.coordinator)
        self.participant = trials.register_participant(site=self.place.site, **by)
        self.case.number = self.participant.number
        if self.place.consent is None:
            raise ValueError("a site without a consent version consents nobody")
        trials.record_consent(
            participant=self.participant,
            version=self.place.consent,
            signed_on=self.today,
            sensitive_data=True,
            biobank=self.case.dice.random() < 0.7,
            register_lookup=self.case.dice.random() < 0.8,
            **by,
        )

    def _screened(self) -> None:
        """The screening visit took place, with all that it asks for; then it is said how screening ended."""
        visit = self._screening()
        if self._recorded(visit):
            self._nothing_more(visit)

    def _fail(self) -> None:
        self._screened()
        end_screening(
            participant=self.participant,
            declined=False,
            reason="criterion",
            criteria=[self.case.story.failed_criterion],
            on=self.today,
            **self.as_(self.place.coordinator),
        )

    def _give_up(self) -> None:
        """Nobody decided while screening lasted: how it ended is on record, so that no list waits for a year."""
        self._screened()
        end_screening(
            participant=self.participant,
            declined=False,
            reason="administrative",
            criteria=[],
            detail="No decision was taken in time; treated outside the trial.",
            on=self.today,
            **self.as_(self.place.coordinator),
        )

    def _decline(self) -> None:
        reason = self.case.dice.choice(("wants_surgery", "wants_surveillance", "no_trial", "physician"))
        self._screened()
        end_screening(
            participant=self.participant,
            declined=True,
            reason=reason,
            criteria=[],
            on=self.today,
            **self.as_(self.place.coordinator),
        )

    def _decide(self) -> None:
        with transaction.atomic():
            evidence = current_evidence(self.participant)
            trials.decide_eligibility(
                participant=self.participant,
                eligible=True,
                evidence=evidence.as_json(),
                digest=evidence.digest,
                seen_digest=evidence.digest,
                password=PASSWORD,
                **self.as_(self.place.investigator),
            )
            recheck_participant(
                participant=self.participant,
                changed=set(DECISION_READS),
                **self.as_(self.place.investigator),
            )

    def _randomize(self) -> None:
        with self._seen_by(self.place.investigator):
            with transaction.atomic():
                ready = readiness(self.participant, at=self.now)
            randomize(
                participant=self.participant,
                confirmed_stratum=ready.stratum,
                password=PASSWORD,
                **self.as_(self.place.investigator),
            )
            with transaction.atomic():
                self.participant = Participant.objects.select_related("site").get(pk=self.participant.pk)
        self.case.arm, self.case.randomized_on = self.participant.arm, self.today
        with self._seen_by(self.place.coordinator):
            self._nothing_more(self._screening())

    def _visits(self) -> Iterator[datetime]:
        """Go to every visit that is planned by the time it is reached."""
        passed: set[int] = set()
        while True:
            with self._seen_by(self.place.coordinator), transaction.atomic():
                visit = self._next_visit(passed)
            if visit is None:
                return
            passed.add(visit.pk)
            day = self._day_of(visit)
            if (end := self._end()) and end[0] <= min(day, self.until):
                yield self._next_on(end[0] + timedelta(days=1))
                with self._seen_by(self.place.coordinator):
                    self._depart(*end)
                return
            if day > self.until:
                return
            yield self._next_on(day)
            with self._seen_by(self.place.coordinator):
                self._come(visit)

    def _end(self) -> tuple[date, str] | None:
        """Return when and how the story ends before all visits are done: death, or withdrawal."""
        story, start = self.case.story, self.case.randomized_on
        ends = [
            (months, how)
            for months, how in ((story.dies_after, "dies"), (story.withdraws_after, "leaves"))
            if months
        ]
        if start is None or not ends:
            return None
        months, how = min(ends)
        return start + timedelta(days=int(months * 30.4375)), how

    def _depart(self, day: date, how: str) -> None:
        by = self.as_(self.place.coordinator)
        self._catch_up()
        if how == "leaves":
            withdraw_participant(
                participant=self.participant,
                on=day,
                all_contact=True,
                reason="Does not want to be contacted",
                **by,
            )
            self._end_study(day, "withdrew", wd_data="Y", wd_samp="N", wd_reg="N")
            return
        visit = add_unscheduled_visit(
            participant=self.participant,
            took_place_on=self.today,
            forms=["SURV"],
            why="News of the death",
            **by,
        )
        with transaction.atomic():
            visit.participant = self.participant
        self._fill("SURV", survival(self.case, self.today, death=day), visit)
        self._end_study(day, "death")

    def _end_study(self, day: date, why: str, **more: str) -> None:
        ended = {"eos_phase": "study", "eos_dt": day, "eos_status": "stopped", "eos_why": why}
        with transaction.atomic():
            self.participant = Participant.objects.select_related("site").get(pk=self.participant.pk)
        self._add("EOS", {"answers": ended | more})

    def _next_visit(self, passed: set[int]) -> Visit | None:
        visits = Visit.objects.filter(participant=self.participant).awaited().exclude(pk__in=passed)
        return visits.order_by("target", "pk").first()

    def _day_of(self, visit: Visit) -> date:
        """Return the day on which the participant comes: mostly in the window, sometimes early or late."""
        dice, target = self.case.dice, visit.proposed_on or visit.target or self.today
        opens, closes = visit.opens or target, visit.closes or target
        if visit.code == "N1":
            target += timedelta(days=(7 - target.weekday()) % 7)
        swing = int((closes - opens).days * 0.3 * (dice.random() - 0.4))
        if dice.random() < 0.05:
            swing = (closes - target).days + dice.randint(1, 6)
        return max(target + timedelta(days=swing), opens, self.today, self._treated_until(visit))

    def _treated_until(self, visit: Visit) -> date:
        """The last visit of the treatment waits for the last fraction: its form says when that was."""
        return self.case.neo_end if visit.code == LAST_OF_TREATMENT and self.case.neo_end else date.min

    def _come(self, visit: Visit) -> None:
        by = self.as_(self.place.coordinator)
        dice, case = self.case.dice, self.case
        with transaction.atomic():
            visit.refresh_from_db()
            visit.participant = self.participant
        self._catch_up()
        if visit.code not in ALWAYS_ENTERED:
            if dice.random() > case.story.diligence + 0.08:
                return  # nobody entered anything: the visit goes overdue, and is missed
            if dice.random() < 0.03 and visit.code.startswith(("N", "SF", "FU", "AS")):
                mark_not_done(visit=visit, why="The participant could not travel", **by)
                return
        if not self._recorded(visit):
            return
        learn(case, visit, self.today)
        for code, sent in forms_to_fill(case, visit, self.today):
            if visit.code in ALWAYS_ENTERED or dice.random() < case.story.diligence:
                self._fill(code, sent, visit)
            else:
                self.typed_later.append((visit, code, sent))
        self._logs(visit)
        if "AE" in visit.forms:
            self._events(visit)
        if LOGS_AT_VISITS.intersection(visit.forms) and visit.code not in ASKED_AGAIN_SOON:
            self._nothing_more(visit)

    def _logs(self, visit: Visit) -> None:
        """Record what goes to logs at the visit, beside adverse events."""
        case = self.case
        if visit.code in NUTRITION_AT:
            self._add("NUT", nutrition(case, self.today))
        if visit.code == LAST_OF_TREATMENT and case.story.progresses_early:
            self._add("PROG", progression(self.today))
        if visit.code == AFTER_DISCHARGE and case.has_second_look and case.operated_on:
            self._add("SURG", second_look(case, case.operated_on))

    def _catch_up(self) -> None:
        """What nobody typed on the day of a visit is typed from the chart at the next one."""
        waiting, self.typed_later = self.typed_later, []
        for visit, code, sent in waiting:
            self._fill(code, sent, visit)

    def _events(self, visit: Visit) -> None:
        """Record what the participant reports at the visit; a serious event is reported as well."""
        for event in events_at(self.case, visit.code, self.today):
            number = self.case.events + 1
            if not self._add("AE", event):
                continue
            self.case.events = number
            if event["answers"]["serious"] == "Y":
                self._add("SAE", report_of(event, number, self.now.astimezone(ASIA)))

    def _screening(self) -> Visit:
        with transaction.atomic():
            rows = Visit.objects.select_related("participant__site")
            return rows.get(participant=self.participant, code="SCR")

    def _nothing_more(self, visit: Visit) -> None:
        """Say that the logs hold everything that is new: it is asked once for the visits since the last time."""
        with suppress(LogsUpToDate):
            say_nothing_new(visit=visit, **self.as_(self.place.coordinator))

    def _add(self, code: str, sent: dict[str, Any]) -> bool:
        try:
            fill(self.participant, code, sent, is_new=True, **self.as_(self.place.coordinator))
        except Refusal as refusal:
            self.refused.append(f"{self.participant.number} {code}: {refusal}")
            return False
        return True

    def _recorded(self, visit: Visit) -> bool:
        try:
            record_visit(visit=visit, took_place_on=self.today, **self.as_(self.place.coordinator))
        except Refusal:
            return False  # an earlier answer ended the plan in the meantime
        self._describe(visit)
        return True

    def _describe(self, visit: Visit) -> None:
        made, kept = how_made(visit.code)
        by = self.as_(self.place.coordinator)
        describe_visit(visit=visit, contact_mode=made, source_keeper=kept, **by)

    def _fill(self, code: str, sent: dict[str, Any], visit: Visit) -> None:
        with transaction.atomic():
            self.participant = Participant.objects.select_related("site").get(pk=self.participant.pk)
        try:
            by = self.as_(self.place.coordinator)
            fill(self.participant, code, {**sent, "reason": "Completed from the chart"}, visit=visit, **by)
        except Refusal as refusal:
            self.refused.append(f"{self.participant.number} {code} {visit}: {refusal}")
