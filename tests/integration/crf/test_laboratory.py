"""Laboratory panels on record: the table of a visit, ranges that change, the page of the ranges (protocol 3.4 G)."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import Act
from crf.models import Query
from crf.records.verification import verify_derived
from crf.store.records import find_stored_record, record_key_of
from followup.models import Visit
from followup.services import add_unscheduled_visit, plan_visits_for
from kernel.row_keys import row_key
from protocol.reference_lines import read_range_lines
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_pages import client_of
from tests.world import NOW, World
from trials import services as trials
from trials.models import Participant, ReferenceRange
from trials.services.laboratory import RangeOnRecord, add_reference_ranges, withdraw_reference_range

pytestmark = pytest.mark.django_db
CHAPTERS = ("3.4",)
BY: dict[str, Any] = {"by": None, "at": NOW}
SINCE = date(2026, 1, 1)


def visit_of(participant: Participant, code: str) -> Visit:
    with transaction.atomic():
        plan_visits_for(participant=participant, **BY)
    visit = Visit.objects.get(participant=participant, code=code)
    visit.participant = participant
    return visit


def page_at(client: Client, participant: Participant, visit: Visit) -> Any:
    address = reverse("crf:form", args=[participant.number, "LB"])
    return client.get(f"{address}?visit={row_key(visit)}")


def sent(page: Any, **more: str) -> dict[str, str]:
    """What the browser would send of the page as it stands, with ``more`` typed into it."""
    fields = re.findall(
        r'<input[^>]*name="(tests-\d+-(?:lb_test|row_id|position))"[^>]*value="([^"]*)"', page.text
    )
    selects = re.findall(r'<select[^>]*name="(tests-\d+-lb_unit)".*?</select>', page.text, re.DOTALL)
    bodies = re.findall(r'<select[^>]*name="tests-\d+-lb_unit"(.*?)</select>', page.text, re.DOTALL)
    chosen = (re.search(r'<option value="([^"]*)" selected', body) for body in bodies)
    units = [(name, found[1]) for name, found in zip(selects, chosen, strict=True) if found]
    base = {"_version": str(page.context["page"].version), "_key": page.context["page"].key}
    return {**base, **dict(fields), **dict(units), "lb_done": "Y", "lb_dt": "2026-01-08", **more}


def rows_of(participant: Participant, visit: Visit) -> dict[str, Any]:
    stored = find_stored_record(record_key_of(participant=participant, form="LB", visit=visit))
    assert stored is not None
    return {row.lb_test: row for row in stored.standing("tests")}


def place_of(page: Any, test: str) -> str:
    """The name of the row of a test on the page."""
    found = re.search(rf'name="(tests-\d+)-lb_test" id="[^"]*" value="{test}"', page.text)
    assert found, test
    return found[1]


def put(site: Any, *lines: str, since: date = SINCE, laboratory: str = "") -> list[ReferenceRange]:
    with transaction.atomic():
        read = list(read_range_lines(lines))
        return add_reference_ranges(site=site, laboratory=laboratory, since=since, lines=read, **BY)


def test_point_01_tests_of_the_visit_stay_on_the_page_until_they_are_answered(
    screened: Participant, world: World
) -> None:
    client, visit = client_of(world.coordinator), visit_of(screened, "SCR")
    page = page_at(client, screened, visit)
    assert page.status_code == 200
    first, last = place_of(page, "HGB"), place_of(page, "HIVAB")
    typed = {f"{first}-lb_res": "12.9", f"{first}-lb_unit": "g/dL", f"{last}-lb_res__why": "ND"}
    answer = client.post(page.context["page"].links.save, sent(page, **typed))
    assert answer.status_code == 302, answer.text[:500]
    rows = rows_of(screened, visit)
    assert set(rows) == {"HGB", "HIVAB"}
    assert (rows["HGB"].lb_res, rows["HGB"].lb_unit, rows["HGB"].lb_stresc) == ("12.9", "g/dL", "129")
    assert Query.objects.filter(participant=screened, form_code="LB", key="LB-05").count() == 1
    again = page_at(client, screened, visit)
    later = place_of(again, "TSH")
    more = sent(again, **{f"{place_of(again, 'HGB')}-lb_res": "12.9", f"{later}-lb_res": "<0.01"})
    more |= {f"{place_of(again, 'HGB')}-lb_unit": "g/dL", f"{place_of(again, 'HIVAB')}-lb_res__why": "ND"}
    answer = client.post(again.context["page"].links.save, more)
    assert answer.status_code == 302, answer.text[:500]
    rows = rows_of(screened, visit)
    assert set(rows) == {"HGB", "HIVAB", "TSH"}
    assert len({row.position for row in rows.values()}) == len(rows)
    assert (rows["TSH"].lb_stresc, rows["TSH"].lb_stresn) == ("<0.01", None)


def test_point_02_screening_can_be_answered_before_anybody_is_randomized(
    screened: Participant, world: World
) -> None:
    """The visits of screening stand in the plan from consent on."""
    visits = {visit.code: visit for visit in Visit.objects.filter(participant=screened)}
    assert screened.arm is None
    assert {"SCR", "QOL-0"} <= visits.keys()
    client = client_of(world.coordinator)
    page = page_at(client, screened, visits["SCR"])
    typed = {f"{place_of(page, 'HGB')}-lb_res": "12.9", f"{place_of(page, 'HGB')}-lb_unit": "g/dL"}
    assert client.post(page.context["page"].links.save, sent(page, **typed)).status_code == 302
    assert set(rows_of(screened, visits["SCR"])) == {"HGB"}


def test_point_01_what_cannot_be_read_is_shown_again_as_it_was_typed(
    screened: Participant, world: World
) -> None:
    client, visit = client_of(world.coordinator), visit_of(screened, "SCR")
    page = page_at(client, screened, visit)
    typed = {f"{place_of(page, 'K')}-lb_res": "haemolysed", f"{place_of(page, 'HGB')}-lb_res": "129"}
    answer = client.post(page.context["page"].links.save, sent(page, **typed))
    assert answer.status_code == 422
    assert "haemolysed" in answer.text
    assert place_of(answer, "TSH"), "a test that is not answered yet stays on the page"
    assert 'value="129"' in answer.text


def test_point_01_lines_of_the_hospital_system_are_pasted_into_the_page(
    screened: Participant, world: World
) -> None:
    client, visit = client_of(world.coordinator), visit_of(screened, "SCR")
    page = page_at(client, screened, visit)
    lines = "白细胞计数(WBC)\t4.8\t10^9/L\nCREA\t1.1\tmg/dL\nFerritin\t100\tug/L\nK\t4.0\tmmol/L\nSCC\t0.9\tng/mL\n"
    typed = {f"{place_of(page, 'K')}-lb_res": "4.4", "_paste:tests": lines, "_action": "paste"}
    answer = client.post(page.context["page"].links.save, sent(page, **typed))
    assert answer.status_code == 200
    assert find_stored_record(record_key_of(participant=screened, form="LB", visit=visit)) is None
    shown = html.unescape(answer.text)
    assert "3 lines were taken over." in shown
    assert "Line 3, “Ferritin\t100\tug/L”: no test of the panel is called so." in shown
    assert "Line 4, “K\t4.0\tmmol/L”: there is an answer already, 4.4, and it stays." in shown
    assert re.search(r">Ferritin\t100\tug/L\nK\t4.0\tmmol/L</textarea>", shown)
    again = page_at(client, screened, visit)  # the draft holds all of it
    for test, result, unit in (
        ("WBC", "4.8", "10^9/L"),
        ("CREAT", "1.1", "mg/dL"),
        ("K", "4.4", "mmol/L"),
        ("SCCAG", "0.9", "ng/mL"),
    ):
        row = place_of(again, test)
        assert f'name="{row}-lb_res" id="id-{row}-lb_res" value="{result}"' in again.text
        assert dict(sent(again))[f"{row}-lb_unit"] == unit
    assert "Ferritin" in again.text
    column = sent(again, **{"_paste:tests": "141\n\n2.9", "_action": "paste", "lb_dt": "2026-01-09"})
    spread = client.post(again.context["page"].links.save, column)
    row = place_of(spread, "HGB")
    assert f'name="{row}-lb_res" id="id-{row}-lb_res" value="141"' in spread.text
    assert 'value="2026-01-09"' in spread.text
    saved = client.post(
        again.context["page"].links.save, sent(again, **{"_action": "paste", "_paste:tests": " "})
    )
    assert saved.status_code in (302, 422), "Enter presses the first button of the page"


def test_point_01_a_new_range_judges_the_panels_of_its_days_again(
    screened: Participant, world: World, save: Save
) -> None:
    put(world.site, "ALT\tU/L\t9-50", "HGB\tg/L\t130-175\tM")
    with transaction.atomic():
        visits = [
            add_unscheduled_visit(participant=screened, took_place_on=on, forms=["LB"], why="x", **BY)
            for on in (date(2026, 1, 6), date(2026, 1, 9))
        ]
    for visit in visits:
        visit.participant = screened
        rows = [{"lb_test": "ALT", "lb_res": "45", "lb_unit": "U/L"}]
        values = {"lb_done": "Y", "lb_dt": visit.took_place_on}
        with transaction.atomic():
            save(screened, "LB", values=values, groups={"tests": rows}, visit=visit)
    assert [rows_of(screened, visit)["ALT"].lb_flag for visit in visits] == ["N", "N"]
    put(world.site, "ALT\tU/L\t9-40", since=date(2026, 1, 8))
    found = [rows_of(screened, visit)["ALT"] for visit in visits]
    assert [(row.lb_hi, row.lb_flag, row.lb_grade) for row in found] == [(50, "N", 0), (40, "H", 1)]
    old, new = ReferenceRange.objects.filter(test="ALT").order_by("since")
    assert (old.until, new.until) == (date(2026, 1, 7), None)
    with transaction.atomic():
        withdraw_reference_range(reference_range=new, reason="Typed for the wrong test", **BY)
    assert [rows_of(screened, visit)["ALT"].lb_flag for visit in visits] == ["N", "N"]
    old.refresh_from_db()
    assert old.until is None
    assert list(verify_derived([screened], at=NOW)) == []
    assert Act.objects.filter(verb="trials:ranges:withdraw", reason="Typed for the wrong test").exists()


def test_point_01_an_adverse_event_is_begun_from_a_graded_value_and_both_know_of_each_other(
    screened: Participant, world: World, save: Save
) -> None:
    client = client_of(world.coordinator)
    with transaction.atomic():
        visit = add_unscheduled_visit(
            participant=screened, took_place_on=date(2026, 1, 9), forms=["LB"], why="x", **BY
        )
        visit.participant = screened
        trials.reveal_arm(participant=screened, arm="1", **BY)
        screened.refresh_from_db()
        rows = [
            {"lb_test": "PLAT", "lb_res": "40", "lb_unit": "10^9/L"},
            {"lb_test": "K", "lb_res": "4.1", "lb_unit": "mmol/L"},
            {"lb_test": "CA", "lb_res": "1.7", "lb_unit": "mmol/L"},
            {"lb_test": "ALB", "lb_res": "40", "lb_unit": "g/L"},
        ]
        values = {"lb_done": "Y", "lb_dt": date(2026, 1, 9)}
        save(screened, "LB", values=values, groups={"tests": rows}, visit=visit)
    severe = Query.objects.filter(participant=screened, key__startswith="X019a").living()
    assert severe.count() == 1
    [leads] = page_at(client, screened, visit).context["actions"].leads
    line, calcium = leads.lines
    assert line.text == "Platelets · 40 · 10^9/L · CTCAE grade: 3 · Platelet count decreased"
    assert calcium.text == "Calcium · 1.7 · mmol/L · CTCAE grade: 3 · Hypocalcemia", "below the table"
    begun = client.post(calcium.begin, follow=True)
    assert re.search(r'name="ctcae_term"[^>]* value="Hypocalcemia"', begun.text)
    assert re.search(r'name="grade" value="3"[^>]* checked', begun.text)
    opened = client.post(line.begin, follow=True)
    page = opened.context["page"]
    for name, value in (
        ("ae_term", "Platelet count decreased"),
        ("ae_st", "2026-01-09"),
        ("lab_dt", "2026-01-09"),
    ):
        assert re.search(rf'name="{name}"[^>]* value="{value}"', opened.text), name
    assert re.search(r'name="grade" value="3"[^>]* checked', opened.text)
    typed = {"_version": "0", "_key": page.key, "ae_term": "Low platelets", "ae_st": "2026-01-09"}
    typed |= {"grade": "3", "lab_test": "PLAT", "lab_dt": "2026-01-09"}
    assert client.post(page.links.save, typed).status_code == 302
    assert rows_of(screened, visit)["PLAT"].lb_ae == 1
    assert severe.count() == 0
    line, _calcium = page_at(client, screened, visit).context["actions"].leads[0].lines
    event = client.get(line.href)
    assert (line.number, event.status_code) == (1, 200)
    [back] = event.context["actions"].led_from
    assert "Platelets · 40" in back.text
    assert client.get(back.href).status_code == 200
    assert client.post(f"/participants/{screened.number}/forms/AE/1/begin/tests/1/").status_code == 404


def test_point_01_a_range_is_on_record_once(world: World, everything: None) -> None:
    put(world.site, "ALT\tU/L\t9-50")
    with pytest.raises(RangeOnRecord, match="Line 2"):
        put(world.site, "AST\tU/L\t9-50", "ALT\tU/L\t9-40")
    assert ReferenceRange.objects.count() == 1
    put(world.site, "ALT\tU/L\t9-40", laboratory="County Hospital")


def test_point_01_the_page_of_the_ranges(world: World, everything: None) -> None:
    client = client_of(world.coordinator)
    new = reverse("crf:new-ranges", args=[world.site.code])
    typed = {
        "since": "2026-01-01",
        "lines": "白细胞计数(WBC)；10^9/L；3.5-9.5\nnonsense; g/L; 1-2\nK; mmol/L; 5-3",
    }
    refused = client.post(new, typed)
    assert refused.status_code == 422
    assert "Line 2, “nonsense; g/L; 1-2”: no test of the panel is called so." in refused.text
    assert "Line 3" in refused.text
    assert "3.5-9.5" in refused.text
    assert ReferenceRange.objects.count() == 0
    typed["lines"] = "白细胞计数(WBC)；10^9/L；3.5-9.5\nHGB; g/L; ≥130; 男; 18-60"
    assert client.post(new, typed).status_code == 302
    shown = client.get(reverse("crf:ranges", args=[world.site.code])).text
    assert "3.5 to 9.5" in shown
    assert "male, age 18 to 60" in shown
    row = ReferenceRange.objects.get(test="WBC")
    withdraw = reverse("crf:withdraw-range", args=[row.pk])
    assert client.get(withdraw).status_code == 200
    assert client.post(withdraw, {"reason": "Wrong laboratory"}).status_code == 302
    assert client.post(withdraw, {"reason": "Wrong laboratory"}).status_code == 409
    assert client_of(world.monitor).get(new).status_code == 403
