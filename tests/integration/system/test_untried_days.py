"""Cases that nobody had reported yet: a table from page and program at once, a cut on the very day, hours amended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.permissions import Permission
from crf.models import Query, SafetyClock
from followup.models import Visit
from followup.services import announce_data_cut, migrate_participants, plan_data_cuts, plan_visits_for
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, save
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_rows import FIRST, SECOND, cancers, go_on, opened
from tests.integration.crf.test_safety import AWARE, GOES_ON, write
from tests.integration.exports.test_api import caller
from tests.integration.followup.conftest import noon
from tests.unit.crf.examples import serious_event
from tests.versions import FIRST as TEXT
from tests.versions import LETTER, shelf
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import DeviationProposal, Participant

CHAPTERS = ("2.2", "2.6")
pytestmark = pytest.mark.django_db
__all__ = ["save"]

THIRD = "6f1c1c1e-0000-4000-8000-000000000003"
SYSTEM: Any = {"by": None, "at": NOW}
RANDOMIZED_ON, CUT = date(2026, 12, 1), date(2027, 1, 15)
HOURS = timedelta(hours=1)


@pytest.fixture
def everything(db: None) -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.fixture
def screened(world: World, everything: None) -> Participant:
    return screen(world, signed_on=date(2026, 1, 5))


# ---- Rows of one table changed by a page and by a program at once --------------------------------------------


def test_point_04_a_table_changed_by_a_program_while_a_page_is_open_loses_no_row(
    screened: Participant, world: World, save: Save
) -> None:
    """The program changes one row and adds one; the page, opened before, changes the other row and adds one."""
    rows = [{"row_id": FIRST, "ca_site": "Breast"}, {"row_id": SECOND, "ca_site": "Colon"}]
    save(screened, "DM", values={"mh_prior_ca": "Y"}, groups={"prior_ca": rows})
    client = client_of(world.coordinator)
    page = opened(client, screened)
    api = caller(world.investigator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    sent = {
        "version": 1,
        "reason": "Letter",
        "groups": {"prior_ca": [{"row_id": FIRST, "ca_year": 2011}, {"ca_site": "Skin"}]},
    }
    where = f"/api/v1/participants/{screened.number}/answers/DM/"
    assert api.patch(where, sent, content_type="application/json").status_code == 200
    mine = {
        "prior_ca-1-ca_year": "2014",
        "_reason": "Report",
        "_reason_reason": "other",
        "prior_ca-2-row_id": THIRD,
        "prior_ca-2-ca_site": "Thyroid",
    }
    stale = client.post(form_url(screened, "DM"), {**page, **mine})
    assert stale.status_code == 409
    assert go_on(client, screened, stale).status_code == 302
    assert {site for _position, site in cancers(screened)} == {"Breast", "Colon", "Skin", "Thyroid"}
    again = api.get(where).json()["groups"]["prior_ca"]
    assert {row["ca_site"]: row["ca_year"] for row in again} == {
        "Breast": 2011,
        "Colon": 2014,
        "Skin": None,
        "Thyroid": None,
    }


def test_point_04_a_program_that_is_behind_a_page_is_refused_and_loses_nothing(
    screened: Participant, world: World, save: Save
) -> None:
    save(
        screened,
        "DM",
        values={"mh_prior_ca": "Y"},
        groups={"prior_ca": [{"row_id": FIRST, "ca_site": "Breast"}]},
    )
    client = client_of(world.coordinator)
    added = {"prior_ca-1-row_id": SECOND, "prior_ca-1-ca_site": "Colon"}
    assert client.post(form_url(screened, "DM"), {**opened(client, screened), **added}).status_code == 302
    api = caller(world.investigator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    where = f"/api/v1/participants/{screened.number}/answers/DM/"
    gone = {"version": 1, "reason": "Slip", "groups": {"prior_ca": [{"row_id": FIRST, "remove": True}]}}
    assert api.patch(where, gone, content_type="application/json").status_code == 409
    assert cancers(screened) == [(1, "Breast"), (2, "Colon")]
    assert api.patch(where, gone | {"version": 2}, content_type="application/json").status_code == 200
    assert cancers(screened) == [(2, "Colon")]


# ---- A data cut on the day of randomization ------------------------------------------------------------------


@pytest.fixture
def randomized_on(world: World, everything: None) -> Callable[[date], Participant]:
    def make(day: date) -> Participant:
        participant = screen(world)
        with transaction.atomic():
            told: dict[str, Any] = {"participant": participant, "by": world.coordinator, "at": noon(day)}
            trials.reveal_arm(arm="1", **told)
            trials.set_milestone(code="RAND", on=day, source="test", **told)
            participant.refresh_from_db()
            plan_visits_for(**told)
        return participant

    return make


@pytest.mark.parametrize("after", [-200, -1, 0, 1, 13, 14, 15, 60])
def test_rare_12_a_data_cut_near_the_day_of_randomization_asks_whom_nobody_met(
    world: World, randomized_on: Callable[[date], Participant], after: int
) -> None:
    """Randomization is a visit: whoever had it near the cut, or after it, is known to live then."""
    announce_data_cut(on=CUT, purpose="Interim report", by=world.data_manager, at=noon(RANDOMIZED_ON))
    person = randomized_on(CUT + timedelta(days=after))
    plan_data_cuts(site=world.site, at=noon(max(CUT, CUT + timedelta(days=after))))
    sweeps = Visit.objects.filter(participant=person, code="SWEEP-C1").exclude(state="cancelled")
    assert sweeps.exists() == (after == -200)


# ---- 24-hour clocks over an amendment of the hours -----------------------------------------------------------


def hours_amended(hours: int) -> str:
    """Version 2.0: another number of hours for the report of a serious event."""
    text = TEXT.replace('version = "1.0"', 'version = "2.0"', 1)
    text = text.replace("released_on = 2026-11-01", "released_on = 2026-11-05", 1)
    setting, trigger = 'key = "sae_report_hours"\ntype = "int"\nvalue = 24', 'forms = ["SAE"]\nhours = 24'
    assert setting in text
    assert trigger in text
    text = text.replace(setting, setting.replace("24", str(hours)), 1)
    return text.replace(trigger, trigger.replace("24", str(hours)), 1)


def amend(world: World) -> None:
    told: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=NOW.date(), **LETTER, **told)
    site_version = trials.open_site_version(reason="Amendment 1", **told)
    migrate_participants(site_version=site_version, at=NOW)


def clock_of(person: Participant, event: int) -> SafetyClock:
    return SafetyClock.objects.get(participant=person, event_no=event, kind="sae_report")


@pytest.mark.parametrize("hours", [12, 48])
def test_point_12_an_amendment_of_the_hours_moves_no_clock_that_runs(
    world: World, screened: Participant, tmp_path: Path, hours: int
) -> None:
    """The event that was begun before keeps its 24 hours; the one begun after has the new ones."""
    with shelf(tmp_path, v2_0=hours_amended(hours)):
        write(world, screened, "AE", GOES_ON)
        due = clock_of(screened, 1).due_at
        assert due == AWARE + 24 * HOURS
        amend(world)
        screened.refresh_from_db()
        assert screened.protocol_version == "2.0"
        write(
            world,
            screened,
            "AE",
            GOES_ON | {"ae_term": "Pneumonitis, both lungs"},
            sequence=1,
            reason="Letter",
        )
        assert clock_of(screened, 1).due_at == due
        write(world, screened, "AE", GOES_ON)
        assert clock_of(screened, 2).due_at == AWARE + hours * HOURS
        in_time = serious_event.VALUES | {"sae_aware": AWARE, "sae_report": AWARE + 23 * HOURS}
        write(world, screened, "SAE", in_time | {"ae_no": 1})
        write(world, screened, "SAE", in_time | {"ae_no": 2})
    assert (clock_of(screened, 1).was_late, clock_of(screened, 2).was_late) == (False, hours == 12)
    assert DeviationProposal.objects.filter(participant=screened, rule="late_sae").count() == (hours == 12)
    asked = (
        Query.objects.living()
        .filter(participant=screened, check_code="SAE-03")
        .values_list("sequence", flat=True)
    )
    assert list(asked) == ([2] if hours == 12 else [])
