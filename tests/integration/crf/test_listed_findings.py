"""What checks of level listing find is seen by data management, and all stored data are judged again by night."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Mail
from accounts.permissions import Permission
from audit.acts import open_act
from crf.models import ListedFinding, Query
from crf.records.judging import run_checks
from crf.records.overnight import report_checks
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import (
    _changes,
    person,
    randomized,
    screened_on_paper,
    treated,
    visit,
)
from tests.integration.crf.test_pages import client_of
from tests.integration.crf.test_queries import DOUBTFUL, KEY
from tests.integration.crf.test_saving import stage
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.unit.crf.examples import survival
from tests.world import NOW, World
from trials.models import Participant

CHAPTERS = ("3.17",)
pytestmark = pytest.mark.django_db
__all__ = ["kept_in", "person"]

PAGE = "/findings/"
DIED = {**survival.VALUES, **_changes(survival.dead()), "status_dt": date(2026, 11, 10)}


@pytest.fixture
def died(person: Participant, save: Save) -> Participant:
    """Died 69 days after the last study treatment: SURV-06 lists it, and asks nobody."""
    screened_on_paper(person, save)
    randomized(person)
    treated(person, save)
    save(person, "SURV", visit=visit(person, "OS36"), values={**DIED, "death_dt": "2026-08-20"})
    return person


def night(person: Participant, at: datetime = NOW, *, keeps: bool = True) -> Any:
    return run_checks(people=[person.pk], at=at, keeps=keeps)


def test_point_2_a_finding_of_level_listing_is_seen_until_the_answers_no_longer_show_it(
    died: Participant, save: Save
) -> None:
    label = f"{died.number} SURV OS36: SURV-06"
    assert (night(died, keeps=False).listed.count(label), ListedFinding.objects.count()) == (1, 0)
    first = night(died)
    assert label in first.listed
    assert (first.opened, first.closed) == ([], []), "a save has asked everything"
    row = ListedFinding.objects.get(check_code="SURV-06")
    assert (row.record.form_code, row.target, row.found_at, row.gone_at) == ("SURV", "cod", NOW, None)
    again = night(died, NOW + timedelta(hours=1))
    assert (again.listed, again.gone) == ([], [])
    answers = {**DIED, "death_dt": "2026-11-02"}
    save(died, "SURV", visit=visit(died, "OS36"), values=answers, reason="Heard since")
    later = NOW + timedelta(days=1)
    assert [each.rpartition(": ")[2] for each in night(died, later).gone] == ["SURV-06"]
    row.refresh_from_db()
    assert (row.gone_at, row.state) == (later, "gone")


def test_point_2_data_management_sees_findings_with_filters_and_nobody_else_does(
    died: Participant, world: World
) -> None:
    night(died)
    for reader in (world.data_manager, world.monitor):
        page = client_of(reader).get(PAGE).text
        assert "Death within 90 days of study treatment: review whether it is related." in page
        assert died.get_absolute_url() in page
        assert "Raise a query" in page
    client = client_of(world.data_manager)
    assert "SURV-06</td>" in client.get(PAGE, {"site": "01", "form": "SURV", "check": "SURV-06"}).text
    for other in (
        {"site": "02"},
        {"form": "CRE"},
        {"check": "CRE-16"},
        {"state": "gone"},
        {"participant": "01-9999"},
    ):
        assert "SURV-06</td>" not in client.get(PAGE, other).text, other
    for nobody in (world.coordinator, world.investigator, world.trial_manager, world.statistician):
        assert client_of(nobody).get(PAGE).status_code == 403
    ask = f"/participants/{died.number}/forms/SURV/1/ask/?visit={row_key(visit(died, 'OS36'))}"
    assert ask in client.get(PAGE).text
    assert client.get(ask).status_code == 200


def test_point_2_findings_leave_by_the_api_and_in_every_export(died: Participant, world: World) -> None:
    night(died)
    api = caller(world.data_manager, Permission.FINDING_VIEW, Permission.PARTICIPANT_VIEW)
    (row,) = api.get("/api/v1/findings/", {"check": "SURV-06", "participant": died.number}).json()["results"]
    assert (row["form"], row["visit"], row["question"], row["gone_at"]) == ("SURV", "OS36", "cod", None)
    assert row["text"].startswith("Death within 90 days")
    assert api.get("/api/v1/findings/", {"check": "X001"}).status_code == 400
    assert caller(world.coordinator).get("/api/v1/findings/").status_code == 403
    found = files(taken(world, forms=["SURV"]))["LISTED_FINDINGS.csv"]
    (left,) = (each for each in found if each["CHECK_CODE"] == "SURV-06")
    assert (left["SUBJID"], left["FORM"], left["GONE_AT"]) == (died.number, "SURV", "")


def forget_query(screened: Participant) -> None:
    """A query is closed without the service, as a fault of the program would leave it."""
    query = Query.objects.get(key=KEY)
    with open_act("test:query:lost", participant=screened, by=None, at=NOW) as act:
        query.state, query.closed_at, query.resolution, query.act = "closed", NOW, "corrected", act
        query.save(update_fields=["state", "closed_at", "resolution", "act"])


def test_point_13_all_stored_data_are_judged_again_and_what_opened_is_said(
    screened: Participant, save: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    call_command("run_checks", "--dry-run")
    assert "1 participants judged. Queries: 0 opened, 0 closed." in capsys.readouterr().out
    forget_query(screened)
    with pytest.raises(SystemExit):
        call_command("run_checks", "--dry-run")
    assert not Query.objects.living().filter(key=KEY).exists()
    call_command("run_checks")
    assert f"query opened: {screened.number} STAGE: {KEY}" in capsys.readouterr().out
    assert Query.objects.living().filter(key=KEY).count() == 1
    call_command("run_checks", "--site", "02")
    assert "0 participants judged." in capsys.readouterr().out


def test_point_13_data_managers_are_told_by_night_which_queries_opened(
    screened: Participant, save: Save, world: World
) -> None:
    save(screened, "STAGE", **stage(**DOUBTFUL))
    zone = "Asia/Shanghai"
    assert not report_checks(zone=zone, at=NOW).asks
    assert not Mail.objects.filter(kind="crf:checks").exists()
    forget_query(screened)
    assert report_checks(zone=zone, at=NOW).opened == [f"{screened.number} STAGE: {KEY}"]
    told = Mail.objects.get(kind="crf:checks")
    assert told.to == world.data_manager
    assert "queries opened 1, closed 0" in told.subject
    assert f"+ {screened.number} STAGE: {KEY}" in told.body
