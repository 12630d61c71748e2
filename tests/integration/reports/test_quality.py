"""Reports of quality: what was due and done, expected and received, known and not (protocol 5.4, 6.1, 6.7)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from followup.models import Visit
from followup.services import plan_visits_for, record_contact_attempt, record_visit
from followup.visit_conduct import ContactResult, ContactRoute
from kernel.scope import EVERYTHING, scope
from reports.elements import content_of_evaluations
from reports.plots import shares
from reports.quality import Report, Table, as_csv, share
from reports.questionnaires import compliance
from reports.tidy import ENDINGS, tidy_rows
from reports.vital_status import vital_status
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import person, randomized, treated, visit
from tests.integration.followup.conftest import noon
from tests.unit.crf.examples import response
from tests.world import NOW, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import Participant, Site
from trials.models.participants import ESTIMATE

CHAPTERS = ("1.5", "5.4", "6.1", "6.7")

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]  # fixtures of the forms' tests


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def table(report: Report, slug: str) -> Table:
    return next(each for each in report.tables if each.slug == slug)


def evaluated(person: Participant, save: Save, **second: Any) -> Participant:
    """CRE-1 and CRE-2 of one participant of site 01 are entered."""
    randomized(person)
    treated(person, save)
    first = {**response.VALUES, "ogd_dt": date(2026, 7, 14), "pet_done": "N", "eus_done": "N", "bob_n": 3}
    first |= dict.fromkeys(("pet_dt", "pet_prim", "pet_suv", "pet_dm", "eus_dt", "eus_mm", "eus_any"))
    first |= {"cre_outcome": "CCR_SO_FAR", "mdt_dt": date(2026, 7, 16), "mdt_dec": "cre2"}
    save(person, "CRE", visit=visit(person, "CRE-1"), values=first)
    save(person, "CRE", visit=visit(person, "CRE-2"), **{"values": response.VALUES, **second})
    return person


# ---- Elements of response evaluations -------------------------------------------------------------------------


def counts(report: Report) -> dict[str, tuple[int, int]]:
    return {str(row[0]): (int(row[1]), int(row[2])) for row in table(report, "by-element").rows}


def test_elements_due_and_done(person: Participant, save: Save) -> None:
    evaluated(person, save)
    report = content_of_evaluations(Site.objects.all())
    assert counts(report) == {
        "Endoscopy": (2, 2),
        "Bite-on-bite biopsies, enough of them": (2, 1),
        "PET-CT": (1, 1),
        "PET-CT before the endoscopy": (1, 1),
        "EUS": (1, 1),
        "Aspiration of every suspect node": (0, 0),
    }
    assert table(report, "biopsies").rows == (("01", 2, 1, "50.0 %"),)
    assert "50 %" in report.chart


def test_a_late_pet_and_a_node_left_alone_count_against(person: Participant, save: Save) -> None:
    node = {"station": "7", "short_mm": 8, "fna_done": "N", "fna_why": "Vessel in the way"}
    team = {"override_why": "A vessel in the way; seen again in six weeks", "mdt_dt": date(2026, 8, 28)}
    values = {**response.VALUES, "pet_dt": date(2026, 8, 27), "eus_any": "Y", **team}
    evaluated(person, save, values=values, groups={"eus_nodes": [{"position": 1, **node}]})
    found = counts(content_of_evaluations(Site.objects.all()))
    assert found["PET-CT before the endoscopy"] == (1, 0)
    assert found["Aspiration of every suspect node"] == (1, 0)


def test_a_visit_that_took_place_without_its_form_is_counted(
    world: World, person: Participant, save: Save
) -> None:
    evaluated(person, save)
    record_visit(visit=visit(person, "AS-06"), took_place_on=date(2026, 11, 19), by=world.coordinator, at=NOW)
    left = table(content_of_evaluations(Site.objects.all()), "without-form")
    assert left.rows == (("01", 3, 1),)


# ---- Questionnaires -------------------------------------------------------------------------------------------


def test_compliance_counts_windows_that_closed_while_the_participant_lived(
    person: Participant, save: Save
) -> None:
    """CRE stands in for the questionnaire: the report asks for a form by its code."""
    evaluated(person, save)
    later = date(2027, 6, 1)
    report = compliance(Site.objects.all(), today=later, code="CRE")
    rows = {str(row[0]): row[1:4] for row in table(report, "by-visit").rows}
    assert rows["CRE-1"] == (1, 1, 1)
    assert rows["CRE-2"] == (1, 1, 1)
    assert rows["AS-06"] == (1, 0, 0)
    assert table(report, "by-site").rows[0][4] == share(2, table(report, "by-site").rows[0][1])


@pytest.mark.parametrize("why", ["death", "withdrawn from questionnaires", "end of study"])
def test_nobody_expects_a_questionnaire_after_the_end(person: Participant, save: Save, why: str) -> None:
    evaluated(person, save)
    at: dict[str, Any] = {"by": None, "at": NOW}
    day = date(2026, 11, 19)
    if why == "withdrawn from questionnaires":
        trials.record_withdrawal(participant=person, on=day, quality_of_life=True, **at)
    else:
        code = "DEATH" if why == "death" else "EOS"
        trials.set_milestone(participant=person, code=code, on=day, source="test", **at)
    report = compliance(Site.objects.all(), today=date(2027, 6, 1), code="CRE")
    assert [row[0] for row in table(report, "by-visit").rows] == ["CRE-1", "CRE-2"]


@pytest.mark.parametrize(
    ("first", "expected"),
    [(date(2026, 11, 1), ["CRE-1", "CRE-2"]), (date(2027, 1, 1), ["CRE-1", "CRE-2", "AS-06"])],
)
def test_rare_10_who_may_have_died_by_then_is_not_expected_to_answer(
    person: Participant, save: Save, first: date, expected: list[str]
) -> None:
    """A death without a day counts by its possible days (decision D4)."""
    evaluated(person, save)
    days = (first, date(2027, 3, 1))
    at: dict[str, Any] = {"source": ESTIMATE, "by": None, "at": NOW}
    trials.set_milestone(participant=person, code="DEATH", on=None, between=days, **at)
    report = compliance(Site.objects.all(), today=date(2026, 12, 31), code="CRE")
    assert {row[0] for row in table(report, "by-visit").rows} == set(expected)


def test_a_form_that_is_not_there_yet_is_said_so(person: Participant, save: Save) -> None:
    evaluated(person, save)
    report = compliance(Site.objects.all(), today=date(2029, 6, 1), code="XYZ")
    assert report.notes
    assert report.is_empty
    with_qol = compliance(Site.objects.all(), today=date(2029, 6, 1))
    assert {str(row[0]) for row in table(with_qol, "by-visit").rows} >= {"CRE-2", "AS-06"}


# ---- Vital status ---------------------------------------------------------------------------------------------


@pytest.fixture
def followed(world: World, everything: None) -> Callable[..., Participant]:
    def make(randomized_on: date, *, died: date | None = None, site: Site | None = None) -> Participant:
        by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
        participant = screen(world, site=site)
        trials.reveal_arm(participant=participant, arm="1", **by)
        for code, day in (("RAND", randomized_on), ("DEATH", died)):
            if day:
                trials.set_milestone(participant=participant, code=code, on=day, source="test", **by)
        participant.refresh_from_db()
        plan_visits_for(participant=participant, **by)
        return participant

    return make


def test_the_age_of_the_last_news(world: World, followed: Any) -> None:
    today = date(2026, 11, 20)
    reached, silent, dead = (
        followed(date(2025, 6, 1)),
        followed(date(2025, 6, 1)),
        followed(date(2025, 6, 1), died=date(2026, 1, 5)),
    )
    asked = {"route": ContactRoute.PHONE, "by": world.coordinator, "at": NOW}
    record_contact_attempt(participant=reached, on=date(2026, 11, 3), result=ContactResult.REACHED, **asked)
    record_contact_attempt(participant=silent, on=date(2026, 11, 3), result=ContactResult.NO_ANSWER, **asked)
    assert dead.pk
    ages = table(vital_status(Site.objects.all(), today=today), "age")
    assert ages.rows == (("01", 3, 1, 1, 0, 0, 1),)


@pytest.mark.parametrize(
    ("news", "known"),
    [(date(2029, 2, 28), 1), (date(2029, 2, 27), 0)],
    ids=["on the day of month 36", "the day before"],
)
def test_month_36_is_known_from_its_day_on(world: World, followed: Any, news: date, known: int) -> None:
    """29 February 2026 does not exist: the month is counted from 28 February."""
    participant = followed(date(2026, 2, 28))
    at = noon(date(2029, 6, 1))
    record_contact_attempt(
        participant=participant,
        on=news,
        route=ContactRoute.PHONE,
        result=ContactResult.REACHED,
        by=world.coordinator,
        at=at,
    )
    report = vital_status(Site.objects.all(), today=date(2029, 6, 1))
    assert table(report, "month-36").rows == (("01", 1, known, share(known, 1)),)


def test_a_visit_at_which_nobody_knew_is_no_news(world: World, followed: Any, save: Save) -> None:
    """X064: that the question was asked at month 36 is one thing, that somebody knew the answer another."""
    person, on = followed(date(2025, 1, 6)), date(2028, 1, 10)
    at: dict[str, Any] = {"by": world.coordinator, "at": noon(date(2028, 6, 1))}
    known = {}
    for vital in ("unknown", "alive"):
        values = {"status_dt": on, "vital": vital, "v_source": "phone", "dz_now": "none"}
        save(person, "SURV", visit=visit(person, "OS36"), values=values, reason="Called again", **at)
        assert visit(person, "OS36").took_place_on == on
        known[vital] = table(vital_status(Site.objects.all(), today=date(2028, 6, 1)), "month-36").rows[0][2]
    assert known == {"unknown": 0, "alive": 1}


def test_a_death_at_any_time_is_known(followed: Any) -> None:
    followed(date(2025, 1, 6), died=date(2025, 12, 1))
    report = vital_status(Site.objects.all(), today=date(2028, 6, 1))
    assert table(report, "month-36").rows == (("01", 1, 1, "100.0 %"),)
    assert "95" in table(report, "month-36").title


@pytest.mark.parametrize(
    ("first", "last", "known"),
    [
        (date(2025, 1, 6), date(2028, 1, 6), 1),
        (date(2028, 1, 7), date(2028, 5, 1), 1),
        (date(2028, 1, 6), date(2028, 1, 7), 0),
    ],
    ids=["dead by then", "alive then", "either"],
)
def test_rare_10_a_death_without_a_day_tells_month_36_where_every_possible_day_agrees(
    followed: Any, first: date, last: date, known: int
) -> None:
    person = followed(date(2025, 1, 6))
    at: dict[str, Any] = {"source": ESTIMATE, "by": None, "at": NOW}
    trials.set_milestone(participant=person, code="DEATH", on=None, between=(first, last), **at)
    report = vital_status(Site.objects.all(), today=date(2028, 6, 1))
    assert table(report, "month-36").rows == (("01", 1, known, share(known, 1)),)
    assert table(report, "age").rows[0][:3] == ("01", 1, 1)


# ---- Pages and files ------------------------------------------------------------------------------------------

SLUGS = ("visits", "elements", "questionnaires", "vital-status")


@pytest.mark.parametrize("slug", SLUGS)
def test_an_empty_trial_says_so_in_both_languages(world: World, slug: str) -> None:
    client = client_of(world.coordinator)
    english = client.get(f"/reports/{slug}/")
    assert english.status_code == 200
    assert "<table" not in english.text
    chinese = client.get(f"/reports/{slug}/", headers={"Accept-Language": "zh-hans"})
    assert "报告" in chinese.text
    assert client.get(f"/reports/{slug}/csv/").status_code == 200


@pytest.mark.parametrize("slug", SLUGS)
def test_a_report_counts_only_the_sites_of_the_reader(world: World, followed: Any, slug: str) -> None:
    followed(date(2023, 1, 9), site=world.other_site)
    followed(date(2023, 1, 9))
    mine, all_of_it = client_of(world.coordinator), client_of(world.data_manager)
    for address in (f"/reports/{slug}/", f"/reports/{slug}/?site=02", f"/reports/{slug}/csv/?site=02"):
        text = mine.get(address).text
        assert ">02<" not in text
        assert ",02," not in text
    if slug != "elements":
        assert ">02<" in all_of_it.get(f"/reports/{slug}/").text
        assert ">02<" not in all_of_it.get(f"/reports/{slug}/?site=01").text


def test_the_file_holds_the_numbers_of_the_page(world: World, followed: Any) -> None:
    followed(date(2023, 1, 9))
    answer = client_of(world.data_manager).get("/reports/vital-status/csv/")
    assert answer["Content-Type"].startswith("text/csv")
    assert f"PALACE-3_vital-status_all_{TODAY}.csv" in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["Vital status", "Site", "Randomized"]
    assert rows[1][:3] == ["Age of the last news", "01", "1"]


@pytest.mark.parametrize(("kind", "begins"), [("long", b"\xef\xbb\xbfreport,table,row"), ("xlsx", b"PK")])
def test_point_17_a_report_is_taken_with_one_number_a_row(world: World, kind: str, begins: bytes) -> None:
    answer = client_of(world.data_manager).get(f"/reports/vital-status/csv/?as={kind}")
    assert answer.content.startswith(begins)
    assert f"_{TODAY}.{ENDINGS[kind]}" in answer["Content-Disposition"]


def test_point_17_numbers_of_a_tidy_report_are_numbers_as_of_a_day() -> None:
    table = Table(
        "By site",
        ("Site", "Known", "Share", "Interval"),
        (("01", 5, "6.7 %", "0.3 – 2.0"),),
        ("All", 5, "02", "–"),
    )
    head, *told = tidy_rows(Report("x", "T", "", "", (table,)), as_of=TODAY)
    assert head == ("report", "table", "row", "column", "value", "unit", "as_of")
    assert told == [
        ("x", "By site", "01", "Known", 5, "", TODAY),
        ("x", "By site", "01", "Share", 6.7, "%", TODAY),
        ("x", "By site", "01", "Interval", "0.3 – 2.0", "", TODAY),
        ("x", "By site", "All", "Known", 5, "", TODAY),
        ("x", "By site", "All", "Share", "02", "", TODAY),
        ("x", "By site", "All", "Interval", "–", "", TODAY),
    ]


def test_a_cell_that_looks_like_a_formula_leaves_as_text() -> None:
    file = as_csv(Report("x", "T", "", "", (Table("t", ("a", "b"), (("=1+1", 2),)),)))
    assert "'=1+1" in file


def test_a_chart_shows_the_share_and_the_target_in_words_too() -> None:
    drawn = shares([("01", 19, 20), ("02 <b>", 1, 3), ("03", 0, 0)], title="Known", target=95)
    assert "19 / 20 · 95 %" in drawn
    assert "<b>" not in drawn
    assert "03" not in drawn
    assert drawn.count("<line") == 1
    assert shares([], title="Nothing") == ""


@pytest.mark.parametrize("slug", SLUGS)
def test_a_report_costs_the_same_for_many(
    world: World, followed: Any, slug: str, django_assert_max_num_queries: Any
) -> None:
    for _number in range(4):
        followed(date(2023, 1, 9))
    client = client_of(world.data_manager)
    client.get(f"/reports/{slug}/")
    with django_assert_max_num_queries(14):
        client.get(f"/reports/{slug}/")


def test_an_unknown_report_does_not_exist(world: World) -> None:
    assert client_of(world.coordinator).get("/reports/nonsense/").status_code == 404


def test_raw_counts_obey_the_policy_of_the_reader(world: World, followed: Any) -> None:
    """The report of vital status is plain SQL: the database itself hides another site."""
    followed(date(2023, 1, 9), site=world.other_site)
    with as_person(world.coordinator):
        assert vital_status(Site.objects.all(), today=TODAY).is_empty
    with scope(user_id=None, sites=EVERYTHING):
        assert not vital_status(Site.objects.all(), today=TODAY).is_empty
        assert Visit.objects.exists()
