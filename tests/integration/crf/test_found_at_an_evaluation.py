"""Regrowth, metastasis and late cCR at an evaluation: milestone, visits, operation (protocol 2.1, 3.7, 3.12)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crf.models import Query
from followup.models import Todo, Visit, VisitState
from followup.services import add_unscheduled_visit
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, treated, visit
from tests.unit.crf.examples import follow_up, response
from trials.models import Milestone, Participant
from trials.models.participants import Track

CHAPTERS = ("2.1", "2.5", "3.7", "3.12")

pytestmark = pytest.mark.django_db
__all__ = ["person"]

FOUND_ON = date(2026, 11, 18)
CRE1_DAYS = {"ogd_dt": date(2026, 7, 14), "eus_dt": date(2026, 7, 14), "pet_done": "N"}
UNDECIDED = {"mdt_dt": None, "mdt_dec": None, "pt_dec": None}


@pytest.fixture
def surveilled(person: Participant, save: Save) -> Participant:
    """Arm 1, two clear evaluations, cCR declared at CRE-2, in surveillance."""
    randomized(person)
    treated(person, save)
    clear = response.VALUES | CRE1_DAYS | UNDECIDED | {"cre_outcome": "CCR_SO_FAR"}
    save(person, "CRE", visit=visit(person, "CRE-1"), values=_given(clear))
    save(person, "CRE", visit=visit(person, "CRE-2"), values=response.VALUES)
    person.refresh_from_db()
    assert person.state == Track.SURVEILLANCE
    return person


def _given(values: dict[str, Any]) -> dict[str, Any]:
    hidden = ("pet_dt", "pet_prim", "pet_suv", "pet_dm") if values["pet_done"] == "N" else ()
    return {name: value for name, value in values.items() if value is not None and name not in hidden}


def unscheduled(person: Participant) -> Visit:
    return add_unscheduled_visit(
        participant=person, took_place_on=FOUND_ON, forms=["CRE"], why="Dysphagia", **SYSTEM
    )


def found(save: Save, person: Participant, at: Visit, **changed: Any) -> None:
    days = {"ogd_dt": FOUND_ON, "eus_dt": FOUND_ON, "pet_dt": date(2026, 11, 11), "mdt_dt": FOUND_ON}
    values = response.VALUES | days | {"mdt_dec": "surgery", "pt_dec": "accepts"} | changed
    reason = "x" if Milestone.objects.filter(participant=person, code="REGROWTH").exists() else ""
    save(person, "CRE", visit=at, values=_given(values), reason=reason)


REGROWN = {"bx_result": "scc", "local_call": "1", "cre_outcome": "REGROWTH"}
DISTANT = {
    "dist_call": "1",
    "cre_outcome": "DISTANT",
    "mdt_dec": "systemic",
    "pet_dm": "proven",
    "pet_dm_site": ["lung"],
    "pet_dm_note": "biopsied",
}


def day_of(person: Participant, code: str) -> date | None:
    return Milestone.objects.filter(participant=person, code=code).values_list("on", flat=True).first()


def planned(person: Participant, beginning: str) -> set[str]:
    rows = Visit.objects.filter(participant=person, code__startswith=beginning)
    return set(rows.exclude(state__in=(VisitState.CANCELLED, VisitState.DONE)).values_list("code", flat=True))


def test_point_15_regrowth_at_an_evaluation_sets_its_milestone_and_ends_surveillance(
    surveilled: Participant, save: Save
) -> None:
    assert "AS-09" in planned(surveilled, "AS-")
    found(save, surveilled, unscheduled(surveilled), **REGROWN, proof_dt=date(2026, 11, 20))
    assert day_of(surveilled, "REGROWTH") == date(2026, 11, 20)
    assert planned(surveilled, "AS-") == set()
    operation = Visit.objects.get(participant=surveilled, code="SURG-1")
    assert (operation.reason, operation.anchor) == ("REGROWTH", "REGROWTH")
    assert {"FU-09", "FU-60"} <= planned(surveilled, "FU-")
    assert Todo.objects.filter(participant=surveilled, trigger="RECURRENCE", key="local").exists()


def test_point_15_a_metastasis_at_an_evaluation_leaves_survival_alone(
    surveilled: Participant, save: Save
) -> None:
    found(save, surveilled, unscheduled(surveilled), **DISTANT)
    surveilled.refresh_from_db()
    assert (day_of(surveilled, "DM"), surveilled.state) == (FOUND_ON, Track.DISTANT)
    assert planned(surveilled, "AS-") | planned(surveilled, "FU-") | planned(surveilled, "SURG") == set()
    assert "OS36" in planned(surveilled, "OS36")
    assert planned(surveilled, "SWEEP")


def test_point_15_follow_up_refines_the_day_and_never_disagrees_silently(
    surveilled: Participant, save: Save
) -> None:
    at = unscheduled(surveilled)
    found(save, surveilled, at, **REGROWN)
    contact = add_unscheduled_visit(
        participant=surveilled, took_place_on=date(2026, 11, 19), forms=["FU"], why="Regrowth", **SYSTEM
    )
    told = {
        **follow_up.VALUES,
        "fu_dt": date(2026, 11, 19),
        "img_any": "N",
        "dz_status": "proven",
        "rec_yn": "Y",
        "rec_type": ["local"],
        "rec_dt_first_suspect": date(2026, 11, 10),
        "rec_method": "histology",
        "rec_dt_proof": date(2026, 11, 12),
        "n_lesions": 1,
        "resectable": "Y",
    }
    told = {name: value for name, value in told.items() if not name.startswith("adj_")}
    save(surveilled, "FU", visit=contact, values=told)
    assert day_of(surveilled, "REGROWTH") == date(2026, 11, 12)
    asked = Query.objects.living().filter(participant=surveilled, check_code="FU-11")
    assert asked.exists()
    found(save, surveilled, at, **DISTANT, local_call="0")
    assert day_of(surveilled, "REGROWTH") == date(2026, 11, 12), "follow-up still says so"
    assert not asked.exists()
    save(surveilled, "FU", visit=contact, values=told | {"rec_yn": "N", "dz_status": "none"}, reason="x")
    assert day_of(surveilled, "REGROWTH") is None


def test_point_15_a_day_that_the_evaluation_no_longer_says_is_that_of_follow_up(
    surveilled: Participant, save: Save
) -> None:
    """Either form holds the milestone when the other takes its finding back."""
    at = unscheduled(surveilled)
    contact = add_unscheduled_visit(
        participant=surveilled, took_place_on=date(2026, 11, 19), forms=["FU"], why="Regrowth", **SYSTEM
    )
    told = {
        **follow_up.VALUES,
        "fu_dt": date(2026, 11, 19),
        "img_any": "N",
        "dz_status": "proven",
        "rec_yn": "Y",
        "rec_type": ["local"],
        "rec_dt_first_suspect": FOUND_ON,
        "rec_method": "histology",
        "rec_dt_proof": date(2026, 11, 19),
        "n_lesions": 1,
        "resectable": "Y",
    }
    told = {name: value for name, value in told.items() if not name.startswith("adj_")}
    save(surveilled, "FU", visit=contact, values=told)
    found(save, surveilled, at, **REGROWN)
    assert day_of(surveilled, "REGROWTH") == FOUND_ON
    found(save, surveilled, at, cre_outcome="PERSISTENT_CCR", mdt_dec="surveillance")
    assert day_of(surveilled, "REGROWTH") == date(2026, 11, 19)
