"""What a trial of few people may not show by chance: a regrowth that is operated, a loss, a screening without forms.

All of it happens in the last days, so that nothing that is due follows from it and stays undone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from django.db import transaction

from crf.catalogue import form
from crf.eligibility.screening import end_screening
from demo.simulation.answers import Case, Sent
from demo.simulation.form_filler import amend, fill
from demo.simulation.later_answers import evaluation, surgery, survival
from demo.simulation.profiles import tell
from demo.simulation.safety_answers import event
from demo.simulation.sites import SiteWithPeople, Stage
from demo.simulation.visits import LATER_KNOWN
from followup.models import Visit
from followup.services import (
    add_unscheduled_visit,
    describe_visit,
    record_contact_attempt,
    record_lost,
    withdraw_participant,
)
from followup.visit_conduct import ContactMode, SourceKeeper
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from protocol.response import Outcome
from trials import services as trials
from trials.models import Participant
from trials.models.participants import Track

TRIED: Final = ((100, "phone"), (70, "letter"), (40, "family"), (12, "phone"), (3, "letter"))
LEAP_DAY: Final = "2024-02-29"
PREDNISONE: Final = {"cm_steroid": "Y", "cm_pred": 5, "cm_immuno": "N"}


FOLLOWED: Final = (Track.SURVEILLANCE, Track.FOLLOW_UP)


@dataclass(frozen=True)
class Scene:
    """One participant in the last days, with the site's people and the answers of a story of their own."""

    place: SiteWithPeople
    participant: Participant
    at: datetime

    @property
    def today(self) -> date:
        return local_date(self.at, self.place.site.time_zone)

    @property
    def by(self) -> dict[str, Any]:
        return {"by": self.place.coordinator, "at": self.at}

    def case(self) -> Case:
        """Return a story that began when the participant came."""
        dice = Random(self.participant.number)  # noqa: S311 (a story, not a secret)
        on = self.participant.registered_on
        return Case(tell(dice, consent_on=on), dice, arm=self.participant.arm, randomized_on=on, neo_d1=on)

    def fill(self, code: str, sent: Sent, visit: Visit | None = None) -> None:
        with transaction.atomic():
            now = Participant.objects.select_related("site").get(pk=self.participant.pk)
        fill(now, code, sent, visit=visit, is_new=visit is None, **self.by)

    def visit(self, *forms: str) -> Visit:
        """Return a visit out of turn, made today, that asks for the forms."""
        with transaction.atomic():
            now = Participant.objects.select_related("site").get(pk=self.participant.pk)
        made = add_unscheduled_visit(
            participant=now, took_place_on=self.today, forms=[*forms], why="Came with a complaint", **self.by
        )
        describe_visit(
            visit=made, contact_mode=ContactMode.CENTRE, source_keeper=SourceKeeper.CENTRE, **self.by
        )
        made.participant = now
        return made


def run_rare_courses(stage: Stage, until: datetime) -> None:
    """Each rare course after which somebody is followed on has been taken; a trial too small for one goes without."""
    _play(stage, until, _regrow_and_be_operated, _have_taken_steroids, _be_staged_anew)
    with scope(user_id=None, sites=EVERYTHING):
        _show_a_value(stage, until)
        _leave_before_any_form(stage, until)


def end_some(stage: Stage, until: datetime) -> None:
    """One participant each is lost, leaves and dies, each somebody who is followed still."""
    _play(stage, until, _be_lost, _withdraw, _die)


def _play(stage: Stage, until: datetime, *courses: Callable[[Scene], None]) -> None:
    """Somebody takes each of the courses: whoever came last among those in surveillance, else in follow-up."""
    with scope(user_id=None, sites=EVERYTHING):
        for course in courses:
            for scene in _scenes(stage, until):
                with suppress(Refusal):  # what is on record does not allow it: the next one takes the course
                    with transaction.atomic():  # and nothing of it is left with this one
                        course(scene)
                    break


def _scenes(stage: Stage, at: datetime) -> list[Scene]:
    """Return who is followed, those in surveillance first, the latest first."""
    places = {place.site.pk: place for place in stage.places}
    with transaction.atomic():
        rows = Participant.objects.filter(state__in=FOLLOWED, site__in=places).select_related("site")
        people = rows.order_by("-state", "-registered_on", "number")
        return [Scene(places[person.site_id], person, at) for person in people]


def _regrow_and_be_operated(scene: Scene) -> None:
    """A regrowth is seen out of turn; the participant is operated on the same day, so that days are few."""
    case, on = scene.case(), scene.today
    case.cre_outcomes.append(Outcome.CCR.value)
    sent = evaluation(case, on, "CRE-2")
    seen = {
        "pet_done": "Y", "pet_dt": on, "pet_prim": "focal", "pet_suv": 6.4, "pet_dm": "none",
        "look": "nodule", "bx_result": "scc", "local_call": "1", "dist_call": "0",
        "ct_done": "Y", "ct_dt": on, "wall_mm": 11,
        "cre_outcome": Outcome.REGROWTH.value, "proof_dt": on,
        "mdt_dt": on, "mdt_dec": "surgery", "pt_dec": "accepts",
    }  # fmt: skip
    sent["answers"] = {name: value for name, value in sent["answers"].items() if name != "pet_dm_site"} | seen
    scene.fill("CRE", sent, scene.visit("CRE"))
    case.regrew = True
    operation = surgery(case, on)["answers"] | {"intent": "salvage"}
    known = {name: value for name, value in operation.items() if name not in LATER_KNOWN}
    scene.fill("SURG", {"answers": known})


def _be_lost(scene: Scene) -> None:
    """Every route was tried in vain for months; the participant counts as lost."""
    for days, route in TRIED:
        on = scene.today - timedelta(days=days)
        record_contact_attempt(
            participant=scene.participant, on=on, route=route, result="no_answer", **scene.by
        )
    record_lost(participant=scene.participant, on=scene.today, **scene.by)
    ended = {"eos_phase": "study", "eos_dt": scene.today, "eos_status": "stopped", "eos_why": "lost"}
    scene.fill("EOS", {"answers": ended})


def _have_taken_steroids(scene: Scene) -> None:
    """Prednisone was taken before the trial, below the limit of exclusion 2, and stopped later; a leap day is told."""
    began = scene.participant.registered_on - timedelta(days=200)
    drug = {"cm_trt": "泼尼松", "cm_start": f"{began:%Y-%m}", "cm_ongo": "Y", "cm_indc": "other"}
    scene.fill("CM", {"answers": drug | PREDNISONE | {"cm_indc_txt": "哮喘"}})
    scene.fill("MH", {"answers": {"mh_text": "哮喘（支气管）", "mh_start": LEAP_DAY, "mh_ongo": "Y"}})


def _be_staged_anew(scene: Scene) -> None:
    """A second look at the first CT finds another stage than the one of the stratum."""
    with transaction.atomic():
        stage: Any = form("STAGE").model.objects.get(participant=scene.participant)
    other = "T2" if stage.ct == "T3" else "T3"
    amend(scene.participant, "STAGE", {"ct": other}, reason="The images were read again", **scene.by)


def _withdraw(scene: Scene) -> None:
    """The participant does not want to be contacted any more."""
    withdraw_participant(
        participant=scene.participant, on=scene.today, all_contact=True, reason="Moves abroad", **scene.by
    )
    ended = {"eos_phase": "study", "eos_dt": scene.today, "eos_status": "stopped", "eos_why": "withdrew"}
    scene.fill("EOS", {"answers": ended | {"wd_data": "Y", "wd_samp": "N", "wd_reg": "N"}})


def _die(scene: Scene) -> None:
    """News of the death came today."""
    scene.fill("SURV", survival(scene.case(), scene.today, death=scene.today), scene.visit("SURV"))
    ended = {"eos_phase": "study", "eos_dt": scene.today, "eos_status": "stopped", "eos_why": "death"}
    scene.fill("EOS", {"answers": ended})


def _show_a_value(stage: Stage, at: datetime) -> None:
    """An adverse event names the graded value of a panel by which it was seen."""
    panels: Any = form("LB").groups["tests"].model
    with transaction.atomic():
        graded = panels.objects.filter(lb_grade__gte=1, removed=False)
        rows = graded.filter(record__participant__state__in=FOLLOWED)
        row = rows.select_related("record__participant__site").order_by("pk").first()
    if row is None:
        return
    place = next(place for place in stage.places if place.site.pk == row.site_id)
    seen, on = Scene(place, row.record.participant, at), row.record.lb_dt
    told = event(seen.case(), on, row.lb_term, str(row.lb_grade), ae_st=on, ae_en=None, ae_ongo="Y")
    told["answers"] |= {
        "ctcae_term": row.lb_term, "lab_test": row.lb_test, "lab_dt": on, "outcome": "recovering",
    }  # fmt: skip
    seen.fill("AE", told)


def _leave_before_any_form(stage: Stage, at: datetime) -> None:
    """Somebody consented, thought better of it, and no form was begun."""
    place, version = next((place, place.consent) for place in stage.places if place.consent)
    by: dict[str, Any] = {"by": place.coordinator, "at": at}
    person = trials.register_participant(site=place.site, **by)
    on = local_date(at, place.site.time_zone)
    trials.record_consent(
        participant=person, version=version, signed_on=on,
        sensitive_data=True, biobank=False, register_lookup=False, **by,
    )  # fmt: skip
    end_screening(participant=person, declined=True, reason="no_trial", criteria=[], on=on, **by)
