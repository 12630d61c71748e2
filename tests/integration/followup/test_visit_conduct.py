"""Each visit says how and where it was made, and whose record is the source (CDISC SV; requirements 13-16)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from audit.models import Act
from exports.api import shapes
from followup.models import Visit
from followup.services import add_unscheduled_visit, describe_visit, mark_not_done, record_visit
from followup.services.visits import ReasonForChangeNeeded, VisitStillToCome
from followup.visit_conduct import ContactMode, SourceKeeper
from kernel.errors import Refusal
from kernel.row_keys import row_key
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, visit
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import vital_signs
from tests.world import World
from trials.models import Participant

CHAPTERS = ("2.2", "3.0")
__all__ = ["everything", "person", "save"]  # fixtures

pytestmark = pytest.mark.django_db
N1 = date(2026, 5, 15)
BY_TELEPHONE = {"contact_mode": "telephone", "source_keeper": "local_hospital"}


@pytest.fixture
def seen(person: Participant) -> Visit:
    """The first visit of the treatment took place; nobody has said how."""
    randomized(person)
    record_visit(visit=visit(person, "N1"), took_place_on=N1, **SYSTEM)
    return Visit.objects.select_related("participant__site").get(participant=person, code="N1")


def address(of: Visit) -> str:
    return reverse("followup:describe", args=[of.participant.number, of.pk])


def test_point_02_a_visit_that_took_place_is_asked_how_it_was_made(seen: Visit, world: World) -> None:
    client = client_of(world.coordinator)
    page = client.get(seen.get_absolute_url())
    assert address(seen) in page.text
    assert "Not said yet" in page.text
    assert client.post(address(seen), {"contact_mode": "telephone"}).status_code == 422
    said = client.post(address(seen), BY_TELEPHONE, follow=True)
    assert "By telephone" in said.text
    assert "Record of a local hospital" in said.text
    kept = Visit.objects.get(pk=seen.pk)
    assert (kept.contact_mode, kept.source_keeper, kept.took_place_on) == ("telephone", "local_hospital", N1)
    act = Act.objects.filter(verb="followup:visit:describe").get()
    assert (act.by, kept.act) == (world.coordinator, act)
    assert client_of(world.stranger).get(address(seen)).status_code == 404
    assert client_of(world.data_manager).post(address(seen), BY_TELEPHONE).status_code == 403


def test_point_02_it_is_asked_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert [str(each.label) for each in (ContactMode.TELEPHONE, ContactMode.HOME)] == [
            "电话",
            "当面，在家中",
        ]
        assert str(SourceKeeper.LOCAL_HOSPITAL.label) == "当地医院的记录"


def test_point_02_each_form_of_the_visit_asks_until_somebody_has_said_it(
    seen: Visit, world: World, save: Save
) -> None:
    save(seen.participant, "VS", visit=seen, values={**vital_signs.VALUES, "vs_dt": N1})
    form = f"{reverse('crf:form', args=[seen.participant.number, 'VS'])}?visit={row_key(seen)}"
    assert address(seen) in client_of(world.coordinator).get(form).text
    assert address(seen) not in client_of(world.monitor).get(form).text
    describe_visit(visit=seen, **BY_TELEPHONE, **SYSTEM)
    assert address(seen) not in client_of(world.coordinator).get(form).text


def test_point_02_what_was_said_changes_with_a_reason(seen: Visit) -> None:
    describe_visit(visit=seen, **BY_TELEPHONE, **SYSTEM)
    describe_visit(visit=seen, **BY_TELEPHONE, **SYSTEM)
    with pytest.raises(ReasonForChangeNeeded):
        describe_visit(visit=seen, contact_mode="home", source_keeper="centre", **SYSTEM)
    changed = describe_visit(
        visit=seen, contact_mode="home", source_keeper="centre", reason="Misread", **SYSTEM
    )
    assert (changed.contact_mode, changed.source_keeper) == ("home", "centre")
    sent = shapes.visit(changed)
    assert (sent["contact_mode"], sent["source_keeper"]) == ("home", "centre")
    versions: Any = Visit.objects.get(pk=seen.pk).events  # type: ignore[attr-defined]
    assert "telephone" in versions.values_list("contact_mode", flat=True)


def test_point_02_nothing_is_said_of_a_visit_that_has_not_been(seen: Visit, person: Participant) -> None:
    with pytest.raises(VisitStillToCome):
        describe_visit(visit=visit(person, "OS36"), **BY_TELEPHONE, **SYSTEM)
    describe_visit(visit=seen, **BY_TELEPHONE, **SYSTEM)
    undone = mark_not_done(visit=seen, why="No bed", reason="Wrong visit", **SYSTEM)
    assert (undone.contact_mode, undone.source_keeper) == (None, None)
    assert issubclass(VisitStillToCome, Refusal)


def test_point_02_an_unscheduled_contact_is_described_like_any_other(person: Participant) -> None:
    randomized(person)
    called = add_unscheduled_visit(
        participant=person, took_place_on=N1, forms=["SURV"], why="Asked by telephone", **SYSTEM
    )
    assert describe_visit(visit=called, **BY_TELEPHONE, **SYSTEM).contact_mode == "telephone"


def test_point_02_a_visit_that_nobody_described_stands_on_the_lists_of_its_site(
    seen: Visit, world: World
) -> None:
    client, agenda = client_of(world.coordinator), reverse("followup:agenda")
    listed = client.get(f"{agenda}?show=undescribed").text
    home = client.get("/work-list/").text
    assert address(seen) in home
    assert "say how it was made" in home
    day = visit(seen.participant, "RND")
    record_visit(visit=day, took_place_on=day.target, **SYSTEM)
    assert address(day) not in client.get("/work-list/").text, "a day without forms has no source to name"
    assert seen.get_absolute_url() in listed
    for other in (world.stranger, world.monitor):
        assert address(seen) not in client_of(other).get("/work-list/").text
    describe_visit(visit=seen, **BY_TELEPHONE, **SYSTEM)
    assert address(seen) not in client.get("/work-list/").text
    assert seen.get_absolute_url() not in client.get(f"{agenda}?show=undescribed").text
