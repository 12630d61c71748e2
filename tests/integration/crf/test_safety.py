"""Safety clocks and the sponsor's assessment: rows that follow from answers in the same act (protocol 2.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.services import WrongPassword
from audit.models import Act
from crf.engine.submission import Answers
from crf.links import form_url
from crf.locks.scope import LockScope
from crf.locks.services import freeze_data
from crf.models import SafetyClock, SponsorAssessment
from crf.records.save import save_answers
from crf.safety.assessment import (
    AssessmentReasonNeeded,
    DayOutOfOrder,
    KnownSinceNeeded,
    NoSusar,
    NotReportedYet,
    NotSerious,
    NotTheSponsors,
    SponsorJudgement,
    WhySusarDiffers,
    assess_event,
)
from crf.safety.clocks import open_clocks
from crf.store.records import NEW, find_stored_record, record_key_of
from tests.integration.crf.test_pages import client_of
from tests.unit.crf.examples import adverse_event, serious_event
from tests.world import PASSWORD, World, screen
from trials.models import DeviationProposal, Participant

CHAPTERS = ("2.6", "3.6", "3.15")

pytestmark = pytest.mark.django_db

AWARE = datetime(2026, 6, 21, 2, 0, tzinfo=UTC)
REPORTED = serious_event.VALUES["sae_report"]
LATER = datetime(2026, 7, 2, 2, 0, tzinfo=UTC)
GOES_ON = {**adverse_event.VALUES, "ae_ongo": "Y", "ae_en": None, "outcome": "recovering", "ir_en": None}
UNEXPECTED = SponsorJudgement("unexpected", "IB 9", "possible", susar=True, known_at=REPORTED)


@pytest.fixture
def person(world: World, everything: None) -> Participant:
    return screen(world, signed_on=date(2026, 4, 28))


def write(world: World, person: Participant, form: str, values: dict[str, Any], **said: Any) -> Any:
    """Save a record of a log as the coordinator would; the first one again when a number is given."""
    place = record_key_of(participant=person, form=form, sequence=said.pop("sequence", NEW))
    at, groups = said.pop("at", LATER), said.pop("groups", {})
    sheet = find_stored_record(place) if place.sequence != NEW else None
    version = sheet.record.version if sheet else NEW
    answers = Answers(values=values, groups=groups, **said)
    return save_answers(record_key=place, answers=answers, version=version, by=world.coordinator, at=at)


def event(world: World, person: Participant, **changes: Any) -> Any:
    return write(world, person, "AE", GOES_ON | changes)


def report(world: World, person: Participant, **changes: Any) -> Any:
    return write(world, person, "SAE", serious_event.VALUES | changes)


def clocks(person: Participant) -> dict[str, SafetyClock]:
    return {clock.kind: clock for clock in SafetyClock.objects.filter(participant=person)}


def assess(world: World, person: Participant, judged: SponsorJudgement = UNEXPECTED, **said: Any) -> Any:
    said = {"event_no": 1, "password": PASSWORD, "by": world.trial_manager, "at": LATER} | said
    return assess_event(participant=person, judged=judged, **said)


def test_what_the_sponsor_judges_under_a_freeze_counts_at_once(world: World, person: Participant) -> None:
    event(world, person)
    report(world, person)
    freeze_data(scope=LockScope.of_participant(person), by=world.data_manager, at=LATER)
    assess(world, person)
    told = find_stored_record(record_key_of(participant=person, form="SAE", sequence=1))
    assert told is not None
    assert (told.record.sae_susar, told.record.sae_exp, told.record.version) == (True, "unexpected", 1)


def test_a_serious_event_starts_the_24_hours_in_the_act_that_saved_it(
    world: World, person: Participant
) -> None:
    event(world, person, serious="N", ser_crit=None, ser_aware=None)
    assert clocks(person) == {}
    event(world, person)
    clock = clocks(person)["sae_report"]
    assert (clock.event_no, clock.starts_at, clock.due_at) == (2, AWARE, AWARE + timedelta(hours=24))
    assert clock.runs
    assert clock.act.verb == "crf:clock:settle"
    assert clock.act.parent.verb == "crf:answers:save"


def test_a_report_meets_it_and_a_late_one_is_proposed_as_a_deviation(
    world: World, person: Participant
) -> None:
    event(world, person)
    event(world, person)
    report(world, person)
    late = AWARE + timedelta(hours=25)
    report(world, person, ae_no=2, sae_report=late)
    first, second = SafetyClock.objects.filter(participant=person).order_by("event_no")
    assert (first.met_at, first.how, first.was_late) == (REPORTED, "SAE #1", False)
    assert (second.met_at, second.how, second.was_late) == (late, "SAE #2", True)
    proposal = DeviationProposal.objects.get(participant=person)
    assert proposal.rule == "late_sae"


def test_point_12_whoever_knew_first_counts_on_whichever_form_it_is_said(
    world: World, person: Participant
) -> None:
    event(world, person)
    earlier = AWARE - timedelta(hours=3)
    report(world, person, sae_aware=earlier)
    assert clocks(person)["sae_report"].starts_at == earlier
    news = {"sae_type": "follow_up", "sae_fu_no": 1, "sae_aware": AWARE - timedelta(hours=9)}
    report(world, person, **news, sae_report=LATER)
    clock = clocks(person)["sae_report"]
    assert (clock.starts_at, clock.met_at) == (AWARE - timedelta(hours=9), REPORTED)


def test_an_event_that_is_not_serious_after_all_ends_its_clock(world: World, person: Participant) -> None:
    event(world, person)
    plain = GOES_ON | {"serious": "N", "ser_crit": None, "ser_aware": None}
    write(world, person, "AE", plain, sequence=1, reason="Misread")
    clock = clocks(person)["sae_report"]
    assert (clock.ended_at, clock.runs) == (LATER, False)
    write(world, person, "AE", GOES_ON, sequence=1, reason="Serious after all")
    assert clocks(person)["sae_report"].runs


def test_an_event_that_is_not_serious_after_all_is_assessed_no_more(
    world: World, person: Participant
) -> None:
    event(world, person)
    report(world, person)
    plain = GOES_ON | {"serious": "N", "ser_crit": None, "ser_aware": None}
    write(world, person, "AE", plain, sequence=1, reason="Misread")
    assert clocks(person)["sae_report"].ended_at == LATER, "though its report says when the site learnt of it"
    with pytest.raises(NotSerious):
        assess(world, person)


def test_a_save_that_changes_nothing_about_clocks_writes_none(world: World, person: Participant) -> None:
    event(world, person)
    write(world, person, "AE", GOES_ON | {"ae_st": "2026-06-19"}, sequence=1, reason="Typo")
    assert Act.objects.filter(verb="crf:clock:settle").count() == 1


def test_what_runs_at_a_site_is_told_with_its_due_time(world: World, person: Participant) -> None:
    event(world, person)
    due = AWARE + timedelta(hours=24)
    (clock,) = open_clocks(world.site, at=due)
    assert (clock.number, clock.subject, clock.due_at, clock.overdue) == (person.number, "AE #1", due, False)
    assert (clock.of_site, clock.kind) == (True, "sae_report")
    assert open_clocks(world.site, at=due + timedelta(seconds=1))[0].overdue
    assert open_clocks(world.other_site, at=due) == []
    report(world, person)
    assert open_clocks(world.site, at=due) == []


def test_the_sponsors_judgement_starts_the_clock_of_a_susar(world: World, person: Participant) -> None:
    event(world, person)
    report(world, person)
    found = assess(world, person)
    assert (found.signature.by, found.signature.meaning) == (world.trial_manager, "Assessed for the sponsor")
    clock = clocks(person)["susar_other"]
    assert clock.starts_at == REPORTED
    assert clock.due_at == datetime(2026, 7, 7, 16, 0, tzinfo=UTC)
    assert [one.kind for one in open_clocks(world.site, at=LATER)] == ["susar_other"]
    record = find_stored_record(record_key_of(participant=person, form="SAE")).record  # type: ignore[union-attr]
    assert (record.sae_exp, record.sae_susar_calc, record.sae_susar) == ("unexpected", True, True)


def test_telling_the_authority_meets_it_with_a_reason(world: World, person: Participant) -> None:
    event(world, person)
    report(world, person)
    assess(world, person)
    told = replace(UNEXPECTED, authority_on=date(2026, 7, 1))
    with pytest.raises(AssessmentReasonNeeded):
        assess(world, person, told)
    assess(world, person, told, reason="The authority was told")
    clock = clocks(person)["susar_other"]
    assert (clock.runs, clock.was_late, clock.how) == (False, False, "AE #1")
    assert SponsorAssessment.objects.filter(participant=person).count() == 2


def test_a_life_threatening_susar_has_two_clocks(world: World, person: Participant) -> None:
    event(world, person, ser_crit=["hospital", "life"])
    report(world, person)
    assess(world, person)
    due = {kind: clock.due_at for kind, clock in clocks(person).items() if kind != "sae_report"}
    assert due == {
        "susar_urgent": datetime(2026, 6, 29, 16, 0, tzinfo=UTC),
        "susar_follow_up": datetime(2026, 7, 7, 16, 0, tzinfo=UTC),
    }


EXPECTED = SponsorJudgement("expected", "IB 9", "possible", susar=False)


@pytest.mark.parametrize(
    ("judged", "refusal"),
    [
        (SponsorJudgement("expected", "IB 9", "possible", susar=True), WhySusarDiffers),
        (SponsorJudgement("unexpected", "IB 9", "not", susar=False), WhySusarDiffers),
        (
            SponsorJudgement("expected", "IB 9", "not", susar=False, authority_on=date(2026, 7, 1)),
            NoSusar,
        ),
        (
            replace(UNEXPECTED, authority_on=date(2026, 6, 21)),
            DayOutOfOrder,
        ),
        (
            replace(UNEXPECTED, authority_on=date(2026, 7, 3)),
            DayOutOfOrder,
        ),
        (replace(UNEXPECTED, known_at=None), KnownSinceNeeded),
        (replace(UNEXPECTED, known_at=LATER + timedelta(minutes=1)), DayOutOfOrder),
    ],
)
def test_a_judgement_that_cannot_be(
    world: World, person: Participant, judged: SponsorJudgement, refusal: type[Exception]
) -> None:
    event(world, person)
    report(world, person)
    with pytest.raises(refusal):
        assess(world, person, judged)
    assert not SponsorAssessment.objects.exists()


def test_another_judgement_than_the_rules_needs_its_note(world: World, person: Participant) -> None:
    event(world, person)
    report(world, person)
    assess(world, person, replace(UNEXPECTED, expectedness="expected", note="New pattern"))
    assert "susar_other" in clocks(person)


def test_it_waits_for_the_event_and_its_report(world: World, person: Participant) -> None:
    with pytest.raises(NotSerious):
        assess(world, person)
    event(world, person)
    with pytest.raises(NotReportedYet):
        assess(world, person, replace(UNEXPECTED, known_at=None))
    report(world, person)
    with pytest.raises(WrongPassword):
        assess(world, person, password="wrong")


@pytest.mark.parametrize("who", ["coordinator", "investigator", "monitor", "data_manager"])
def test_nobody_else_judges_for_the_sponsor(world: World, person: Participant, who: str) -> None:
    event(world, person)
    report(world, person)
    with pytest.raises(NotTheSponsors):
        assess(world, person, by=getattr(world, who))


def test_the_pages_show_clocks_and_take_the_assessment(world: World, person: Participant) -> None:
    event(world, person)
    report(world, person)
    url = reverse("crf:assess", args=[person.number, 1])
    said = {"expectedness": "unexpected", "reference": "IB 9", "causality": "possible", "susar": "yes"}
    said["known_at"] = "2026-06-22 04:00"
    assert client_of(world.coordinator).post(url, said).context["form"] is None
    manager = client_of(world.trial_manager)
    assert "ground glass" in manager.get(url).content.decode()
    assert manager.get(url).context["form"]["known_at"].value() == "2026-06-22 04:00"
    assert manager.post(url, {**said, "known_at": "yesterday", "password": PASSWORD}).status_code == 422
    assert manager.post(url, said).status_code == 422
    assert manager.post(url, {**said, "password": "wrong"}).status_code == 422
    assert manager.post(url, {**said, "susar": "no", "password": PASSWORD}).status_code == 422
    assert manager.post(url, {**said, "password": PASSWORD}).status_code == 302
    listed = manager.get(reverse("crf:clocks")).context["lines"]
    assert [(line.open.kind, line.state) for line in listed] == [("susar_other", "overdue")]
    everything = client_of(world.monitor).get(reverse("crf:clocks"), {"show": "all"}).context["lines"]
    assert {line.state for line in everything} == {"met", "overdue"}
    assert client_of(world.stranger).get(reverse("crf:clocks"), {"show": "all"}).context["lines"] == []
    assert client_of(world.stranger).get(url).status_code == 404
    assert manager.get(reverse("crf:assess", args=[person.number, 9])).status_code == 404


def test_each_clock_that_is_listed_leads_to_a_page_although_it_ended(
    world: World, person: Participant
) -> None:
    event(world, person)
    event(world, person)
    report(world, person)
    plain = GOES_ON | {"serious": "N", "ser_crit": None, "ser_aware": None}
    write(world, person, "AE", plain, sequence=2, reason="Misread")
    for reader in (world.coordinator, world.investigator, world.monitor, world.trial_manager):
        browser = client_of(reader)
        lines = browser.get(reverse("crf:clocks"), {"show": "all"}).context["lines"]
        assert {line.state for line in lines} == {"met", "ended"}
        for line in lines:
            assert line.open.href != form_url(person.number, "SAE", sequence=NEW), "nothing is to be reported"
            assert browser.get(line.open.href).status_code == 200, (reader.username, line.open.href)


def test_the_work_lists_say_what_waits_for_whom(world: World, person: Participant) -> None:
    def waiting(user: Any, title: str) -> list[str]:
        sections = client_of(user).get(reverse("home")).context["sections"]
        return [item.number for section in sections if str(section.title) == title for item in section.items]

    event(world, person)
    assert waiting(world.coordinator, "Safety clocks") == [person.number]
    assert waiting(world.stranger, "Safety clocks") == []
    assert waiting(world.trial_manager, "Serious events to assess") == []
    report(world, person)
    assert waiting(world.coordinator, "Safety clocks") == []
    assert waiting(world.trial_manager, "Serious events to assess") == [person.number]
    assess(world, person)
    assert waiting(world.trial_manager, "Serious events to assess") == []
    assert waiting(world.trial_manager, "Safety clocks") == [person.number]
    assert waiting(world.coordinator, "Safety clocks") == []
