"""One save: answers, versions, reasons, drafts, and what the database itself refuses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from audit.acts import open_act
from audit.locked import DataLocked
from audit.models import Act
from crf.engine.base import RecordState
from crf.locks.records import lock_record, unlock_record
from crf.models import ChangeReason, Draft, EntryPrompt, SaveKey
from crf.records.refusals import AnswersImpossible, KeyTooLong, ReasonNeeded, RecordLocked, StaleVersion
from crf.records.signing import sign_record, verify_record
from crf.store.preconditions import ConsentBeforeAnswers, NotYours, TrainingFirst
from crf.store.reasons import keep_reasons, reasons_under
from crf.store.records import NEW, RandomizationFirst, find_stored_record
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.unit.crf.examples import staging
from tests.world import NOW, PASSWORD, World
from trials import services as trials
from trials.models import Participant

CHAPTERS = ("3.0",)

pytestmark = pytest.mark.django_db


def dated(values: dict[str, Any]) -> dict[str, Any]:
    """The example's days, moved to where the participant of these tests was screened."""
    return {k: v.replace(month=1, day=7) if isinstance(v, date) else v for k, v in values.items()}


GROUPS = {
    name: [{"position": n, **row} for n, row in enumerate(rows, 1)] for name, rows in staging.GROUPS.items()
}


def stage(**changes: Any) -> dict[str, Any]:
    return {"values": {**dated(staging.VALUES), **changes}, "groups": GROUPS}


def test_first_save_keeps_answers_derived_values_and_state(screened: Participant, save: Save) -> None:
    saved = save(screened, "STAGE", **stage())
    record = record_at(screened, "STAGE")
    assert (saved.version, record.ct, record.state) == (1, "T3", RecordState.COMPLETE)
    assert record.act.verb == "crf:answers:save"
    assert [row.station for row in record.node.all()] == ["7"]
    assert record.events.count() == 1


def test_an_incomplete_form_is_in_progress_and_an_empty_one_empty(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", values={"ct": "T3"})
    assert record_at(screened, "STAGE").state == RecordState.IN_PROGRESS
    save(screened, "STAGE", values={}, reason="Wrong participant")
    assert record_at(screened, "STAGE").state == RecordState.EMPTY


def test_saving_the_same_again_writes_nothing(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    again = save(screened, "STAGE", **stage())
    assert (again.version, again.changed) == (1, ())
    assert record_at(screened, "STAGE").events.count() == 1


def test_a_changed_answer_needs_a_reason(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    with pytest.raises(ReasonNeeded):
        save(screened, "STAGE", **stage(eus_mm=12))
    saved = save(screened, "STAGE", **stage(eus_mm=12), reason="Misread the report")
    assert [(change.name, change.old, change.new) for change in saved.changed] == [("eus_mm", 11, 12)]
    assert record_at(screened, "STAGE").act.reason == "Misread the report"


def test_a_first_answer_to_a_question_needs_none(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", values={"ct": "T3"})
    assert save(screened, "STAGE", values={"ct": "T3", "cn": "N1"}).version == 2


def change_past_the_services(row: Any, column: str, value: Any, reason: str = "") -> None:
    with open_act("test:change", by=None, at=NOW, reason=reason) as act:
        setattr(row, column, value)
        row.act = act
        names = ["act"]
        if hasattr(row, "answers_act"):
            row.answers_act = act
            names.append("answers_act")
        row.save(update_fields=[column, *names])


def test_the_database_refuses_a_change_without_a_reason(
    screened: Participant, save: Save, world: World
) -> None:
    save(screened, "STAGE", **stage())
    record = record_at(screened, "STAGE")
    with pytest.raises(DatabaseError, match="changes only with a reason"):
        change_past_the_services(record, "ct", "T2")


def test_each_question_can_have_its_own_reason(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "STAGE", **stage(eus_mm=12, bx_n=7), reason="Checked", reasons={"bx_n": "Second report"})
    under = record_at(screened, "STAGE").act
    assert under.reason == "Checked", "the act holds the common reason alone"
    assert reasons_under([under]) == {under.pk: {"bx_n": "Second report"}}


def test_a_reason_for_one_question_does_not_cover_another(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    with pytest.raises(ReasonNeeded):
        save(screened, "STAGE", **stage(eus_mm=12, bx_n=7), reasons={"bx_n": "Second report"})
    assert not ChangeReason.objects.exists()
    own = {"bx_n": "Second report", "eus_mm": "[bx_n] was meant"}
    save(screened, "STAGE", **stage(eus_mm=12, bx_n=7), reasons=own)
    under = record_at(screened, "STAGE").act
    assert (under.reason, reasons_under([under])) == ("", {under.pk: own})


def test_a_blank_reason_is_none(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    with pytest.raises(ReasonNeeded):
        save(screened, "STAGE", **stage(eus_mm=12), reason=" ", reasons={"eus_mm": " "})


def test_a_reason_of_any_length_is_kept_whole(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    long = "read again, line by line; " * 40
    save(screened, "STAGE", **stage(eus_mm=12), reasons={"eus_mm": long})
    assert ChangeReason.objects.get().text == long.strip()


def test_the_database_takes_a_reason_of_one_answer_under_the_same_act_alone(
    screened: Participant, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    with open_act("test:reason", by=None, at=NOW, participant=screened) as under:
        keep_reasons(screened, {"ct": "Read again"}, act=under)
        row = record_at(screened, "STAGE")
        row.ct, row.answers_act = "T2", under
        row.save(update_fields=["ct", "answers_act"])
    with pytest.raises(DatabaseError, match="changes only with a reason"):
        change_past_the_services(record_at(screened, "STAGE"), "ct", "T3")


def test_the_reason_of_an_answer_stays_as_it_was_given(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "STAGE", **stage(eus_mm=12), reasons={"eus_mm": "Misread"})
    with pytest.raises(DatabaseError):
        change_past_the_services(ChangeReason.objects.get(), "text", "Something else")


def test_a_key_that_is_too_long_is_refused_not_cut(screened: Participant, save: Save) -> None:
    with pytest.raises(KeyTooLong, match="65"):
        save(screened, "STAGE", **stage(), version=NEW, key="k" * 65)


def node(position: int, station: str) -> dict[str, Any]:
    return {"position": position, "station": station, "side": "M", "short_mm": 10, "positive": "Y"}


def test_a_removed_row_stays_and_its_place_is_not_given_again(screened: Participant, save: Save) -> None:
    def nodes(*rows: dict[str, Any], **said: Any) -> None:
        groups = {**GROUPS, "node": list(rows)}
        save(screened, "STAGE", values=dated(staging.VALUES), groups=groups, **said)

    nodes(node(1, "7"), node(2, "8"))
    nodes(node(1, "7"), reason="Not a node")
    nodes(node(1, "7"), node(2, "9"))
    rows = record_at(screened, "STAGE").node.order_by("position")
    assert [(row.station, row.removed) for row in rows] == [("7", False), ("8", True), ("9", False)]
    assert [row.position for row in rows] == [1, 2, 3]


def test_a_second_writer_is_told_and_nothing_is_written(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    with pytest.raises(StaleVersion) as refused:
        save(screened, "STAGE", **stage(eus_mm=13), reason="Misread", version=1)
    assert (refused.value.mine.values["eus_mm"], refused.value.theirs.values["eus_mm"]) == (13, 12)
    assert (refused.value.version, refused.value.status) == (2, 409)
    assert record_at(screened, "STAGE").eus_mm == 12


def test_who_saw_no_record_is_told_when_there_is_one(screened: Participant, save: Save) -> None:
    save(screened, "STAGE", **stage())
    with pytest.raises(StaleVersion):
        save(screened, "STAGE", **stage(), version=NEW)


def test_a_double_click_is_one_save_with_one_answer(screened: Participant, save: Save) -> None:
    first = save(screened, "STAGE", **stage(), version=NEW, key="page-1")
    second = save(screened, "STAGE", **stage(), version=NEW, key="page-1")
    assert (second.record_id, second.version, second.again) == (first.record_id, first.version, True)
    assert record_at(screened, "STAGE").events.count() == 1
    assert Act.objects.filter(verb="crf:answers:save").count() == 2


def test_a_hard_finding_stops_the_save(screened: Participant, save: Save) -> None:
    with pytest.raises(AnswersImpossible) as refused:
        save(screened, "STAGE", **stage(upper_cm=900))
    assert refused.value.status == 422
    assert "upper_cm:hard" in {finding.key for finding in refused.value.findings}
    assert record_at(screened, "STAGE") is None


def test_prompts_are_kept_with_the_first_answer_and_the_correction(screened: Participant, save: Save) -> None:
    shown = [
        {"key": "upper_cm:hard", "name": "upper_cm", "value": "900", "message": "outside what is possible"}
    ]
    save(screened, "STAGE", **stage(), prompts=shown)
    prompt = EntryPrompt.objects.get()
    assert (prompt.entered, prompt.level, prompt.saved) == ("900", "hard", "27")


def test_answers_wait_for_the_consent(world: World, everything: None, save: Save) -> None:
    participant = trials.register_participant(site=world.site, by=world.coordinator, at=NOW)
    with pytest.raises(ConsentBeforeAnswers):
        save(participant, "STAGE", values={"ct": "T3"})


def test_treatment_forms_wait_for_randomization(screened: Participant, save: Save) -> None:
    with pytest.raises(RandomizationFirst):
        save(screened, "PATH", values={})


@pytest.mark.parametrize(
    "who", ["stranger", "monitor", "data_manager", "statistician", "trial_manager", "inspector"]
)
def test_only_the_site_answers(screened: Participant, world: World, save: Save, who: str) -> None:
    with pytest.raises(NotYours):
        save(screened, "STAGE", values={"ct": "T3"}, by=getattr(world, who))


def test_the_untrained_do_not_answer(screened: Participant, world: World, save: Save) -> None:
    world.coordinator.trained_on = None
    with pytest.raises(TrainingFirst):
        save(screened, "STAGE", values={"ct": "T3"})


def test_verify_sign_lock_and_what_a_change_undoes(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    verify_record(record_key=place, version=1, by=world.monitor, at=NOW)
    signed = sign_record(record_key=place, version=1, password=PASSWORD, by=world.investigator, at=NOW)
    assert record_at(screened, "STAGE").state == RecordState.SIGNED
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    signed.refresh_from_db()
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE
    assert signed.fell_at == NOW
    acts = Act.objects.filter(verb__startswith="crf:", participant_id=screened.pk).order_by("pk")
    assert list(acts.values_list("verb", "by__username")) == [
        ("crf:answers:save", "coordinator"),
        ("crf:record:verify", "monitor"),
        ("crf:record:sign", "investigator"),
        ("crf:answers:save", "coordinator"),
    ]


def test_a_locked_record_opens_only_by_unlocking(
    screened: Participant, world: World, save: Save, settings: Any
) -> None:
    settings.LOCK_NEEDS = ()
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
    with pytest.raises(RecordLocked):
        save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    unlock_record(record_key=place, version=1, reason="Late report", by=world.data_manager, at=NOW)
    assert record_at(screened, "STAGE").state == RecordState.COMPLETE
    assert save(screened, "STAGE", **stage(eus_mm=12), reason="Misread").version == 2


def test_the_database_keeps_locked_rows_locked(
    screened: Participant, world: World, save: Save, settings: Any
) -> None:
    settings.LOCK_NEEDS = ()
    save(screened, "STAGE", **stage())
    place = place_at(screened, "STAGE")
    lock_record(record_key=place, version=1, by=world.data_manager, at=NOW)
    sheet = find_stored_record(place)
    assert sheet is not None
    for row in (sheet.record, sheet.standing("node")[0]):
        with pytest.raises((DatabaseError, DataLocked), match="is locked"):
            change_past_the_services(row, "missing", {"x": "ND"}, reason="why")


def test_a_save_takes_the_draft_away_and_notes_its_key(
    screened: Participant, world: World, save: Save
) -> None:
    from crf.records.drafts import keep_draft
    from tests.world import as_person

    with as_person(world.coordinator), transaction.atomic():
        keep_draft(
            record_key=place_at(screened, "STAGE"),
            page="page-1",
            raw={"ct": ["T3"]},
            version=NEW,
            by=world.coordinator,
            at=NOW,
        )
        assert Draft.objects.count() == 1
        save(screened, "STAGE", **stage(), key="page-1")
        assert (Draft.objects.count(), SaveKey.objects.count()) == (0, 1)


def test_a_data_manager_lets_one_impossible_value_pass(
    screened: Participant, world: World, save: Save
) -> None:
    from crf.records.overrides import NotADataManager, OverrideNeedsReason, grant_override

    place = place_at(screened, "STAGE")
    grant: dict[str, Any] = {"record_key": place, "target": "suvmax", "value": 150, "at": NOW}
    with pytest.raises(AnswersImpossible):
        save(screened, "STAGE", **stage(suvmax=150))
    with pytest.raises(NotADataManager):
        grant_override(**grant, reason="Seen", by=world.investigator)
    with pytest.raises(OverrideNeedsReason):
        grant_override(**grant, reason=" ", by=world.data_manager)
    grant_override(**grant, reason="Seen in the report", by=world.data_manager)
    with pytest.raises(AnswersImpossible):
        save(screened, "STAGE", **stage(suvmax=160))
    assert save(screened, "STAGE", **stage(suvmax=150)).version == 1


def test_a_draft_is_its_owners_alone_in_the_database_too(screened: Participant, world: World) -> None:
    from crf.records.drafts import keep_draft
    from tests.world import as_person

    with as_person(world.coordinator):
        keep_draft(
            record_key=place_at(screened, "STAGE"),
            page="page-1",
            raw={"ct": ["T3"]},
            version=NEW,
            by=world.coordinator,
            at=NOW,
        )
        assert Draft.objects.count() == 1
    for other in (world.investigator, world.stranger, world.data_manager, world.inspector):
        with as_person(other):
            assert Draft.objects.count() == 0
