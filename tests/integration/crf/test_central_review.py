"""Issue point 5: questions that reviewers answer centrally, without the arm (protocol 3.13; decision D5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.catalogue.survival.review import CAUSE_OF_DEATH
from crf.central_review.cases import (
    ReviewedRecord,
    ReviewState,
    records_of,
    reviews_open_to,
    reviews_waiting_for,
    unsettled,
)
from crf.central_review.services import (
    AnsweredBefore,
    FactsChanged,
    NothingToReview,
    NotTheReviewer,
    ReviewAnswerNeeded,
    ReviewDataLocked,
    ReviewerKnowsTheArm,
    ReviewSettled,
    WhyDecidedBetween,
    answer_review,
    case_of,
)
from crf.engine.submission import Answers
from crf.locks.records import lock_record
from crf.models import ReviewerAnswer
from crf.page.central_review import facts_for_review
from crf.queries.sparing import names_looking_at_the_arm
from crf.records.save import save_answers
from crf.records.signing import sign_record, verify_record
from crf.store.records import record_key_of
from exports.cuts import Cut
from exports.listed.central_review import central_review_file
from tests.integration.crf.conftest import Save
from tests.integration.crf.test_consequences import randomized, screened_on_paper, treated, visit
from tests.integration.crf.test_pages import client_of
from tests.integration.exports.test_api import caller
from tests.unit.crf.examples import survival
from tests.world import NOW, PASSWORD, World, screen
from trials.models import Participant

CHAPTERS = ("3.13",)
pytestmark = pytest.mark.django_db

DIED: dict[str, Any] = {
    **survival.VALUES,
    **survival.DEATH,
    "status_dt": date(2026, 11, 10),
    "death_dt": "2026-11-02",
    "cod": "other",
    "cod_text": "Bleeding from the stomach",
}
COD = {"cod": "cardiovascular"}
OTHER = {"cod": "respiratory"}


@pytest.fixture
def died(world: World, everything: None, save: Save) -> Participant:
    """A participant of arm 1 who died: the site said so in a sweep of survival."""
    person = screen(world, signed_on=date(2026, 4, 28))
    screened_on_paper(person, save)
    treated(randomized(person, "1"), save)
    save(person, "SURV", visit=visit(person, "SWEEP-06"), values=DIED)
    return person


def case(person: Participant) -> ReviewedRecord:
    """Return where the review stands; the database leaves it out of what waits exactly when it is settled."""
    found = case_of(person, record_of(person).pk, "COD")
    assert found is not None
    waiting = unsettled(CAUSE_OF_DEATH, records_of(CAUSE_OF_DEATH)).filter(pk=found.record.pk)
    assert bool(waiting) == (found.state != ReviewState.SETTLED)
    return found


def assert_waits_for_whom_it_should(world: World) -> None:
    """The work lists, which ask the database, name what the reviews themselves say."""
    for who in (world.data_manager, world.reviewer, world.second_reviewer, world.third_reviewer):
        open_to = reviews_open_to(who)
        if who == world.data_manager:
            cases = [one for one in open_to if one.state != ReviewState.SETTLED]
        else:
            cases = [one for one in open_to if one.waits_for(who)]
        waiting, total = reviews_waiting_for(who, 8)
        listed = [(one.record, one.number, one.state, one.since) for one in waiting]
        assert listed == [
            (one.record.pk, one.record.participant.number, one.state, one.since) for one in cases
        ]
        assert total == len(cases)


def record_of(person: Participant) -> Any:
    return catalogue.form("SURV").model.objects.get(participant=person)


def answer(person: Participant, by: User, answers: dict[str, str] = COD, **said: Any) -> ReviewerAnswer:
    token = said.pop("seen", None) or case(person).token
    told: dict[str, Any] = {"comment": "", "at": NOW} | said
    return answer_review(
        participant=person,
        record_id=record_of(person).pk,
        review="COD",
        seen=token,
        answers=answers,
        by=by,
        **told,
    )


def correct(person: Participant, save: Save, **values: Any) -> None:
    save(
        person,
        "SURV",
        visit=visit(person, "SWEEP-06"),
        values=DIED | values,
        reason="Read from the wrong line",
    )


def exported(person: Participant) -> list[tuple[Any, ...]]:
    file = central_review_file(Cut.of_this_snapshot())
    with connection.cursor() as cursor:
        cursor.execute(file.select, {"sites": [person.site.code]})
        rows = cursor.fetchall()
        cursor.execute(file.count, {"sites": [person.site.code]})
        assert cursor.fetchone() == (len(rows),)
    names = [column.header for column in file.columns]
    places = [names.index(name) for name in ("VARIABLE", "ANSWER", "EVALID", "STANDS", "ACCPTFL")]
    return [tuple(row[place] for place in places) for row in rows]


def inserted(row: ReviewerAnswer, **about: Any) -> None:
    with transaction.atomic(), open_act("crf:review:answer", **about) as act:
        row.act = act
        row.save(force_insert=True)


def test_point_05_two_reviewers_who_agree_settle_the_cause_and_the_site_keeps_its_own(
    world: World, died: Participant
) -> None:
    before = record_of(died)
    first = answer(died, world.reviewer)
    assert (first.position, first.decides, case(died).state) == (1, False, ReviewState.WAITING)
    assert_waits_for_whom_it_should(world)
    assert exported(died) == [], "what one reviewer said does not leave before the other has answered"
    answer(died, world.second_reviewer)
    settled = case(died)
    assert (settled.state, settled.accepted) == (ReviewState.SETTLED, first)
    assert_waits_for_whom_it_should(world)
    assert exported(died) == [
        ("COD", "cardiovascular", "ASSESSOR 1", "Y", "Y"),
        ("COD", "cardiovascular", "ASSESSOR 2", "Y", None),
    ]
    after = record_of(died)
    assert (after.cod, after.cod_central, after.version) == ("other", None, before.version)
    with pytest.raises(ReviewSettled):
        answer(died, world.third_reviewer)


def test_point_05_where_two_differ_a_third_decides_and_says_why(world: World, died: Participant) -> None:
    answer(died, world.reviewer)
    answer(died, world.second_reviewer, OTHER)
    assert case(died).state == ReviewState.DISAGREES
    assert_waits_for_whom_it_should(world)
    for by in (world.reviewer, world.second_reviewer):
        with pytest.raises(AnsweredBefore):
            answer(died, by)
    with pytest.raises(WhyDecidedBetween):
        answer(died, world.third_reviewer, OTHER)
    third = answer(died, world.third_reviewer, OTHER, comment="Pneumonia came first.")
    assert (third.position, third.decides, case(died).accepted) == (3, True, third)
    assert exported(died) == [
        ("COD", "cardiovascular", "ASSESSOR 1", "Y", None),
        ("COD", "respiratory", "ASSESSOR 2", "Y", None),
        ("COD", "respiratory", "ADJUDICATOR", "Y", "Y"),
    ]


def test_point_05_a_page_opened_before_two_others_differed_does_not_decide_between_them(
    world: World, died: Participant
) -> None:
    token = case(died).token
    answer(died, world.reviewer, seen=token)
    answer(died, world.second_reviewer, OTHER, seen=token)
    with pytest.raises(FactsChanged):
        answer(died, world.third_reviewer, seen=token, comment="Seen before.")
    assert ReviewerAnswer.objects.count() == 2


def test_point_05_a_review_is_asked_again_when_the_record_changes_and_stands_when_it_is_put_back(
    world: World, died: Participant, save: Save
) -> None:
    token = case(died).token
    for by in (world.reviewer, world.second_reviewer):
        answer(died, by)
    correct(died, save, autopsy="Y")
    fallen = case(died)
    assert (fallen.state, fallen.answers, fallen.fallen) == (ReviewState.WAITING, (), 2)
    assert_waits_for_whom_it_should(world)
    assert {row[3:] for row in exported(died)} == {("N", None)}
    with pytest.raises(FactsChanged):
        answer(died, world.reviewer, seen=token)
    correct(died, save, autopsy="Y", cod="unknown")
    answer(died, world.reviewer, OTHER)
    correct(died, save, autopsy="Y")
    assert len(case(died).answers) == 1, "the site's own cause is not shown: nobody's answer rests on it"
    correct(died, save)
    assert case(died).state == ReviewState.SETTLED, "the record says again what both were shown"
    assert_waits_for_whom_it_should(world)


def test_point_05_a_fatal_event_is_shown_and_a_new_one_asks_again(
    world: World, died: Participant, save: Save
) -> None:
    answer(died, world.reviewer)
    assert case(died).seen["AE"] == []
    event: dict[str, Any] = {"ae_term": "Bleeding", "ctcae_term": "Gastric hemorrhage", "ae_st": "2026-11-01"}
    save(died, "AE", values=event | {"outcome": "recovering"})
    assert len(case(died).answers) == 1, "an event that is not fatal is not shown"
    save_answers(
        record_key=record_key_of(participant=died, form="AE", sequence=1),
        answers=Answers({**event, "outcome": "fatal"}, reason="The letter came."),
        version=catalogue.form("AE").model.objects.get(participant=died).version,
        by=world.coordinator,
        at=NOW,
    )
    asked = case(died)
    assert (asked.answers, asked.seen["AE"]) == ((), [list(event.values())])
    assert "Gastric hemorrhage" in str(facts_for_review(asked))


def test_point_05_a_death_corrected_away_is_no_longer_reviewed(
    world: World, died: Participant, save: Save
) -> None:
    answer(died, world.reviewer)
    token, pk = case(died).token, record_of(died).pk
    alive = {
        **dict.fromkeys(survival.DEATH),
        **survival.VALUES,
        "status_dt": date(2026, 11, 10),
        "cod_text": None,
    }
    save(died, "SURV", visit=visit(died, "SWEEP-06"), values=alive, reason="Another participant's letter")
    assert case_of(died, pk, "COD") is None
    assert reviews_open_to(world.data_manager) == []
    with pytest.raises(NothingToReview):
        answer(died, world.second_reviewer, seen=token)
    assert [row[3:] for row in exported(died)] == [("N", None)], "what was answered stays on record"


def test_point_05_who_may_see_the_arm_or_is_no_reviewer_does_not_answer(
    world: World, died: Participant
) -> None:
    for name in ("coordinator", "investigator", "data_manager", "statistician", "monitor", "coder"):
        with pytest.raises(NotTheReviewer):
            answer(died, getattr(world, name))
    world.reviewer.grants = (*world.reviewer.grants, *world.monitor.grants)
    with pytest.raises(ReviewerKnowsTheArm):
        answer(died, world.reviewer)
    world.second_reviewer.grants = ()
    with pytest.raises(NotTheReviewer):
        answer(died, world.second_reviewer)
    for wrong in ({"cod": "nonsense"}, {}):
        with pytest.raises(ReviewAnswerNeeded):
            answer(died, world.third_reviewer, wrong)


def test_point_05_what_a_reviewer_is_shown_is_neither_asked_nor_derived_by_the_arm() -> None:
    for review in CENTRAL_REVIEWS.values():
        assert not set(review.questions) & set(review.shown[0].questions), "the site's own answer"
        for shown in review.shown:
            questions = catalogue.form(shown.form).questions
            assert set(shown.questions) <= questions.keys()
            assert names_looking_at_the_arm(shown.form).isdisjoint(shown.questions)
        assert all(catalogue.form(review.form).questions[name].codes for name in review.questions)


def test_point_05_a_locked_record_is_reviewed_and_a_locked_database_is_not(
    world: World, died: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = record_key_of(participant=died, form="SURV", visit=visit(died, "SWEEP-06"))
    told: dict[str, Any] = {"record_key": place, "version": record_of(died).version, "at": NOW}
    answer(died, world.reviewer)
    verify_record(**told, by=world.monitor)
    sign_record(**told, by=world.investigator, password=PASSWORD)
    lock_record(**told, by=world.data_manager)
    assert (record_of(died).state, len(case(died).answers)) == ("locked", 1)
    answer(died, world.second_reviewer)
    assert record_of(died).state == "locked"
    study = {"kind": "locked", "level": 5}
    monkeypatch.setattr("crf.central_review.services.lock_at", lambda site: study if site is None else None)
    with pytest.raises(ReviewDataLocked):
        answer(died, world.third_reviewer)


def test_point_05_the_database_keeps_one_answer_for_each_reviewer_and_place(
    world: World, died: Participant
) -> None:
    first = answer(died, world.reviewer)
    for changes in ({"reviewer": world.second_reviewer}, {"position": 2}):
        copy = ReviewerAnswer.objects.get(pk=first.pk)
        copy.pk = None
        for name, value in changes.items():
            setattr(copy, name, value)
        about: dict[str, Any] = {"by": world.reviewer, "at": NOW, "participant": died}
        with pytest.raises(IntegrityError):
            inserted(copy, **about)


def test_point_05_a_reviewer_works_through_the_pages_and_reads_neither_arm_nor_answers(
    world: World, died: Participant, save: Save
) -> None:
    correct(died, save, cod_text="Arm 1: bleeding during surveillance")
    client = client_of(world.reviewer)
    assert client.get(reverse("home")).text.count(died.number) == 1
    listed = client.get(reverse("crf:central-reviews"))
    address = reverse("crf:central-review", args=["COD", record_of(died).pk])
    assert address in listed.text
    page = client.get(address).text
    assert "The words would tell the arm" in page
    assert "bleeding during surveillance" not in page
    assert f"/participants/{died.number}" not in page
    told = {"cod": "cardiovascular", "comment": "Sudden.", "seen": case(died).token}
    assert client.post(address, told).status_code == 302
    assert address not in client.get(reverse("crf:central-reviews")).text
    second = client_of(world.second_reviewer)
    assert "Sudden." not in second.get(address).text
    assert second.post(address, {"cod": "respiratory", "seen": case(died).token}).status_code == 302
    third = client_of(world.third_reviewer)
    assert "Sudden." in third.get(address).text, "who decides reads what the two said"
    empty = third.post(address, {"cod": "respiratory", "seen": case(died).token})
    assert empty.status_code == 422
    told = {"cod": "respiratory", "comment": "Fever first.", "seen": case(died).token}
    assert third.post(address, told).status_code == 302
    assert client.get(f"/participants/{died.number}/").status_code == 403
    assert client.get(reverse("crf:central-review", args=["NONE", 1])).status_code == 404


def test_point_05_the_data_manager_sees_what_waits_and_the_participants_page_what_is_settled(
    world: World, died: Participant
) -> None:
    answer(died, world.reviewer)
    manager = client_of(world.data_manager)
    assert "Waits for reviewers" in manager.get(reverse("home")).text
    listed = manager.get(reverse("crf:central-reviews")).text
    assert "1 of 2" in listed
    assert "cardiovascular" not in listed, "what one reviewer said stays inside until the review is settled"
    page = f"/participants/{died.number}/"
    assert "cardiovascular" not in manager.get(page).text
    answer(died, world.second_reviewer)
    assert "cardiovascular" in manager.get(page).text
    assert "cardiovascular" not in client_of(world.coordinator).get(page).text
    assert [one.state for one in reviews_open_to(world.data_manager)] == [ReviewState.SETTLED]
    assert (
        reviews_waiting_for(world.data_manager, 8) == reviews_waiting_for(world.third_reviewer, 8) == ([], 0)
    )


def test_point_05_a_program_reads_where_the_reviews_stand(world: World, died: Participant) -> None:
    client = caller(world.data_manager, Permission.CENTRAL_REVIEW_VIEW, Permission.PARTICIPANT_VIEW)
    answer(died, world.reviewer)
    (told,) = client.get("/api/v1/central-reviews/").json()
    assert (told["participant"], told["state"], told["answers_given"], told["result"]) == (
        *(died.number, "waiting", 1),
        None,
    )
    answer(died, world.second_reviewer)
    (told,) = client.get("/api/v1/central-reviews/", {"participant": died.number}).json()
    assert (told["state"], told["result"]) == ("settled", COD)
    (told,) = caller(world.reviewer, Permission.CENTRAL_REVIEW_VIEW).get("/api/v1/central-reviews/").json()
    assert told["result"] is None
    assert caller(world.coordinator).get("/api/v1/central-reviews/").status_code == 403
