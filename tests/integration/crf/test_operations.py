"""One record for each operation: none overwrites another, and what follows looks at all of them (decision D1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from crf import catalogue
from crf.links import form_url
from crf.models import Query
from crf.records.refusals import AnswersImpossible
from crf.records.save import Answers, Saved, save_answers
from crf.store.records import NEW, record_key_of
from followup.models import Visit
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import person, randomized, treated
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import surgery, survival
from tests.unit.crf.test_pathology import RESIDUE
from tests.world import NOW, World
from trials.models import Milestone, Participant
from trials.models.participants import Track

CHAPTERS = ("3.8", "3.9", "3.13")
Enter = Callable[..., Saved]
REFUSED = {"surg_done": "none", "no_surg_reason": "patient_refused", "no_surg_dt": date(2026, 7, 20)}
EXPLORED = surgery.explored()["values"] | {"surg_dt": date(2026, 7, 20), "disch_dt": date(2026, 7, 30)}
RESECTED = surgery.VALUES
AGAIN = RESECTED | {"surg_done": "reresection", "intent": "recurrence", "surg_dt": date(2026, 10, 5)}
AGAIN |= {"disch_dt": date(2026, 10, 16)}

__all__ = ["person"]


@pytest.fixture
def enter(world: World) -> Enter:
    """Save a new record of a log, or the one with ``sequence``."""

    def run(
        participant: Participant, form: str, values: dict[str, Any], sequence: int = NEW, version: int = NEW
    ) -> Saved:
        key = record_key_of(participant=participant, form=form, sequence=sequence)
        groups: dict[str, Any] = {name: [] for name in key.form.groups}
        answers = Answers(values=values, groups=groups, reason="As the source says" if version else "")
        saved = save_answers(record_key=key, answers=answers, version=version, by=world.coordinator, at=NOW)
        participant.refresh_from_db()
        return saved

    return run


@pytest.fixture
def operable(person: Participant, save: Save) -> Participant:
    """A participant of Arm 2 whose treatment has ended."""
    randomized(person, arm="2")
    treated(person, save)
    return person


def operations(participant: Participant) -> list[tuple[int, int | None, str, date | None]]:
    rows = catalogue.form("SURG").model.objects.filter(participant=participant).order_by("sequence")
    return [(row.sequence, row.op_no, row.surg_done, row.surg_dt) for row in rows]


def operated_on(participant: Participant) -> tuple[date | None, int | None]:
    found = Milestone.objects.filter(participant=participant, code="SURG").first()
    return (found.on, found.source_record) if found else (None, None)


def test_point_16_a_refusal_and_a_later_resection_stand_beside_each_other(
    operable: Participant, enter: Enter
) -> None:
    enter(operable, "SURG", REFUSED)
    assert operated_on(operable) == (None, None)
    second = enter(operable, "SURG", RESECTED)
    assert operations(operable) == [(1, 1, "none", None), (2, 2, "resection", date(2026, 7, 27))]
    assert operated_on(operable) == (date(2026, 7, 27), second.record_id)
    assert operable.state == Track.FOLLOW_UP
    assert Visit.objects.filter(participant=operable, code="PO30").exists()


def test_point_16_an_exploration_typed_later_does_not_take_the_resection_away(
    operable: Participant, enter: Enter
) -> None:
    first = enter(operable, "SURG", RESECTED)
    enter(operable, "SURG", EXPLORED)
    enter(operable, "SURG", REFUSED)
    assert operated_on(operable) == (date(2026, 7, 27), first.record_id)
    assert operable.state == Track.FOLLOW_UP
    assert [done for _number, _op, done, _on in operations(operable)] == ["resection", "explored", "none"]


def test_point_16_an_exploration_then_a_resection(operable: Participant, enter: Enter) -> None:
    enter(operable, "SURG", EXPLORED)
    assert operable.state == Track.NOT_RESECTED
    second = enter(operable, "SURG", RESECTED)
    assert operated_on(operable) == (date(2026, 7, 27), second.record_id)
    assert operable.state == Track.FOLLOW_UP
    planned = dict(Visit.objects.filter(participant=operable).values_list("code", "target"))
    assert (planned["PO30"], planned["PO90"]) == (date(2026, 8, 26), date(2026, 10, 25))


def test_point_16_the_oesophagus_is_resected_once(operable: Participant, enter: Enter) -> None:
    first = enter(operable, "SURG", RESECTED)
    with pytest.raises(AnswersImpossible) as refused:
        enter(operable, "SURG", RESECTED | {"surg_dt": date(2026, 10, 5), "disch_dt": date(2026, 10, 16)})
    assert {finding.code for finding in refused.value.findings} == {"X040b"}
    enter(operable, "SURG", AGAIN)
    assert operated_on(operable) == (date(2026, 7, 27), first.record_id)
    assert operable.state == Track.FOLLOW_UP


def test_point_16_a_re_resection_follows_a_resection(operable: Participant, enter: Enter) -> None:
    enter(operable, "SURG", EXPLORED)
    with pytest.raises(AnswersImpossible) as refused:
        enter(operable, "SURG", AGAIN)
    assert {finding.code for finding in refused.value.findings} == {"X040c"}


def test_point_16_an_operation_that_was_none_gives_its_milestone_back(
    operable: Participant, enter: Enter
) -> None:
    first = enter(operable, "SURG", RESECTED)
    enter(operable, "SURG", REFUSED | {"no_surg_dt": date(2026, 7, 10)})
    enter(operable, "SURG", EXPLORED, sequence=1, version=first.version)
    assert operated_on(operable)[0] is None


def test_point_16_each_specimen_names_its_operation(operable: Participant, enter: Enter) -> None:
    enter(operable, "SURG", REFUSED)
    enter(operable, "SURG", RESECTED)
    enter(operable, "SURG", AGAIN)
    report = RESIDUE | {"path_dt": date(2026, 8, 6)}
    with pytest.raises(AnswersImpossible) as refused:
        enter(operable, "PATH", report | {"op_no": 1})
    assert {finding.code for finding in refused.value.findings} == {"X043"}
    enter(operable, "PATH", report | {"op_no": 2})
    with pytest.raises(AnswersImpossible) as refused:
        enter(operable, "PATH", report | {"op_no": 2})
    assert "PATH-06" in {finding.code for finding in refused.value.findings}
    enter(operable, "PATH", report | {"op_no": 3, "path_dt": date(2026, 10, 15)})
    rows = catalogue.form("PATH").model.objects.filter(participant=operable).order_by("sequence")
    assert [(row.op_no, row.op_dt) for row in rows] == [(2, date(2026, 7, 27)), (3, date(2026, 10, 5))]


def test_point_16_a_specimen_without_a_report_is_asked_for(operable: Participant, enter: Enter) -> None:
    def asked() -> set[int]:
        found = Query.objects.filter(participant=operable, check_code="X043a").living()
        return set(found.values_list("record_id", flat=True))

    first = enter(operable, "SURG", RESECTED)
    second = enter(operable, "SURG", AGAIN)
    assert asked() == {first.record_id, second.record_id}
    enter(operable, "PATH", RESIDUE | {"op_no": 2, "path_dt": date(2026, 10, 15)})
    assert asked() == {first.record_id}


def test_point_16_mortality_looks_at_the_operation_before_the_death(
    operable: Participant, enter: Enter, save: Save
) -> None:
    enter(operable, "SURG", RESECTED)
    enter(operable, "SURG", AGAIN | {"disch_dt": date(2026, 10, 20), "disch_to": "died", "readm": None})
    visit = Visit.objects.filter(participant=operable, forms__contains=["SURV"]).first()
    died = survival.DEATH | {
        "v_source": "hospital",
        "status_dt": date(2026, 10, 21),
        "death_dt": "2026-10-20",
    }
    save(operable, "SURV", visit=visit, values=died | {"cod": "surgery", "d_place": "hospital"})
    page = catalogue.form("SURV").model.objects.get(participant=operable)
    assert (page.d30s, page.d90s, page.d_inh) == (True, True, True)


def test_point_16_every_operation_has_its_page_and_its_line(
    operable: Participant, enter: Enter, world: World
) -> None:
    enter(operable, "SURG", REFUSED)
    enter(operable, "SURG", RESECTED)
    client = client_of(world.coordinator)
    listed = client.get(reverse("crf:log", args=[operable.number, "SURG"])).content.decode()
    for number in (1, 2):
        url = form_url(operable.number, "SURG", sequence=number)
        assert url in listed
        assert client.get(url).status_code == 200
    assert "2026-07-27" in listed


def test_point_01_an_adverse_event_is_begun_from_a_complication_and_linked_both_ways(
    operable: Participant, enter: Enter, world: World
) -> None:
    """Before, day and seriousness of a leak were typed twice, and nothing compared them."""
    enter(operable, "SURG", RESECTED)
    leak = {"eccg_code": "GI01", "leak_type": "III", "comp_dt": date(2026, 8, 2), "cd_grade": "IIIb"}

    def complication(version: int = NEW, sequence: int = NEW, **named: Any) -> None:
        key = record_key_of(participant=operable, form="COMP", sequence=sequence)
        told = Answers(
            values={"op_no": 1, "comp_any": "Y"},
            groups={"comps": [{"position": 1, **leak, **named}]},
            reason="Recorded" if version else "",
        )
        save_answers(record_key=key, answers=told, version=version, by=world.coordinator, at=NOW)

    complication()
    client, page = client_of(world.coordinator), form_url(operable.number, "COMP", sequence=1)
    [lead] = client.get(page).context["actions"].leads
    begun = client.post(lead.lines[0].begin, follow=True).text
    assert 'value="leak of anastomosis, staple line or conduit"' in begun
    assert re.search(r'name="ae_st"[^>]* value="2026-08-02"', begun)
    assert re.search(r'name="serious" value="Y"[^>]* checked', begun)
    event = {"ae_term": "Leak", "ae_st": "2026-08-03", "serious": "N", "grade": "3", "outcome": "recovered"}
    enter(operable, "AE", event)
    complication(version=1, sequence=1, comp_ae=1)
    asked = Query.objects.living().filter(form_code="COMP", target__startswith="comps.1.")
    assert {"COMP-13", "COMP-14"} <= set(asked.values_list("check_code", flat=True))
    assert client.get(page).context["actions"].leads == ()
    around = client.get(form_url(operable.number, "AE", sequence=1)).context["actions"]
    assert [line.text for line in around.linked] == ["Complications of an operation 1"]
    assert around.led_from == ()
