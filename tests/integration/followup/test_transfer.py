"""A participant goes on at another site, with everything recorded of them (issue point 13 of the rare days)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Signature, User
from audit.acts import open_act
from audit.seals import seal_batch
from audit.verify import verify
from crf.attachments.content import open_content
from crf.attachments.services import SentFile, attach_file
from crf.engine.base import RecordState
from crf.engine.submission import Answers
from crf.locks.records import lock_record
from crf.models import Attachment, AttachmentContent, AttachmentKind, ChangeReason, Draft, Record, WorkingNote
from crf.records.save import save_answers
from crf.records.signing import sign_record, signature_holds, verify_record
from crf.store.history import history_of
from crf.store.records import NEW, RecordKey, find_stored_record, record_key_of
from crf.store.signatures import standing_signature
from demo.simulation.typed_pdf import typed_pdf
from followup import services as followup
from followup.models import ContactAttempt, Visit
from kernel.scope import EVERYTHING, scope
from randomization.services import randomize
from tests.integration.crf.test_saving import stage
from tests.races import overlapping
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from tests.world_database import committed_world
from trials import services as trials
from trials.models import Consent, Participant, Transfer
from trials.models.participants import ParticipantElsewhere
from trials.models.people import with_grants
from trials.services import transfers

DAYS = {"RAND": date(2026, 1, 12), "NEO_D1": date(2026, 1, 19), "NEO_END": date(2026, 2, 18)}
SITED = """
    SELECT c.table_name FROM information_schema.columns c JOIN information_schema.columns p USING (table_name)
    WHERE c.column_name = 'site_id' AND p.column_name = %s AND c.table_schema = 'public'
      AND c.table_name NOT LIKE '%%event' AND c.table_name NOT IN ('audit_act', 'trials_transfer')"""


def receiver() -> User:
    return with_grants(User.objects.get(username="other_investigator"), on=TODAY)


def receiver_now() -> User:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return receiver()


def followed(world: World) -> Participant:
    """Somebody of arm 2 with a locked record, a corrected record, a note, a draft and an attempt to reach them."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = screen(world, signed_on=date(2026, 1, 5))
        by: Any = {"by": None, "at": NOW}
        trials.reveal_arm(participant=person, arm="2", **by)
        for code, day in DAYS.items():
            trials.set_milestone(participant=person, code=code, on=day, source="test", **by)
        followup.plan_visits_for(participant=person, **by)
        by_coordinator: Any = {"by": world.coordinator, "at": NOW}
        answer(world, person, NEW)
        answer(world, person, 1, eus_mm=12, reason="Misread")
        place = place_of(person)
        sign_record(record_key=place, version=2, password=PASSWORD, by=world.investigator, at=NOW)
        verify_record(record_key=place, version=2, by=world.monitor, at=NOW)
        lock_record(record_key=place, version=2, by=world.data_manager, at=NOW)
        followup.record_contact_attempt(
            participant=person, on=TODAY, route="phone", result="no_answer", note="", **by_coordinator
        )
        person.refresh_from_db()
    with as_person(world.coordinator), open_act("crf:note:keep", participant=person, **by_coordinator) as act:
        note = {"participant": person, "site": person.site, "owner": world.coordinator}
        WorkingNote.objects.create(**note, text="ring again", written_at=NOW, act=act)
        Draft.objects.create(**note, form_code="ELIG", page="p1", saved_at=NOW)
    return person


def place_of(person: Participant) -> RecordKey:
    return record_key_of(participant=person, form="STAGE")


def answer(world: World, person: Participant, version: int, *, reason: str = "", **said: Any) -> Any:
    answers = Answers(**stage(**said), reason=reason)
    return save_answers(
        record_key=place_of(person), answers=answers, version=version, by=world.coordinator, at=NOW
    )


def propose(world: World, person: Participant, *, by: Any = None, on: date = TODAY) -> Transfer:
    investigator = by or world.investigator
    with as_person(investigator):
        return trials.propose_transfer(
            participant=person,
            receiving=world.other_site,
            on=on,
            reason="she moves to Chengdu",
            by=investigator,
            at=NOW,
        )


def accepted(world: World, person: Participant, **said: Any) -> Transfer:
    transfer = propose(world, person, **said)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        investigator = receiver()
    with as_person(investigator):
        return trials.accept_transfer(transfer=transfer, by=investigator, at=NOW)


def confirm(world: World, transfer: Transfer, *, by: Any = None) -> Participant:
    person = by or world.trial_manager
    with as_person(person):
        return followup.confirm_transfer(transfer=transfer, by=person, at=NOW)


def sites_left(column: str, site: int, which: str, *given: Any) -> set[str]:
    """Return the tables that still hold rows at the site."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SITED, [column])
        left = set()
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT 1 FROM {table} WHERE site_id = %s AND {which} LIMIT 1", [site, *given])  # noqa: S608
            if cursor.fetchone():
                left.add(table)
        return left


@pytest.mark.django_db
def test_rare_13_a_transferred_participant_takes_everything_along(world: World) -> None:
    person = followed(world)
    first = record_key_of(participant=person, form="ELIG")
    with as_person(world.coordinator), transaction.atomic():
        kind = {"kind": AttachmentKind.PATHOLOGY}
        by: Any = {"record_key": first, "by": world.coordinator, "at": NOW}
        save_answers(
            record_key=first, answers=Answers(values={"sex": "F"}), version=NEW, by=world.coordinator, at=NOW
        )
        attach_file(sent=SentFile(typed_pdf(["R0"]), "note.pdf", **kind), key="a", **by)
        attach_file(sent=SentFile(typed_pdf(["Name: made up"]), "named.pdf", **kind), key="b", **by)
    confirm(world, accepted(world, person))
    with as_person(world.coordinator), transaction.atomic():
        assert not AttachmentContent.objects.exists()
    with as_person(receiver_now()), transaction.atomic():
        file = Attachment.objects.get()
        with open_content(file) as content:
            assert content.read() == typed_pdf(["R0"])
        assert (file.attached_by, file.attached_at) == (world.coordinator, NOW)
    assert sites_left("participant_id", world.site.pk, "participant_id = %s", person.pk) == set()
    below = "record_id IN (SELECT id FROM crf_record WHERE participant_id = %s)"
    assert sites_left("record_id", world.site.pk, below, person.pk) == set()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        place = place_of(Participant.objects.get(pk=person.pk))
        stored = find_stored_record(place)
        assert stored is not None
        assert stored.record.answers_site_id == world.other_site.pk
        assert stored.record.state == RecordState.LOCKED
        signed = standing_signature(place, stored.record)
        assert signed is not None
        assert signature_holds(place, stored, signed)


@pytest.mark.django_db
def test_rare_13_the_receiving_site_sees_all_and_the_releasing_site_one_line(world: World) -> None:
    person = followed(world)
    confirm(world, accepted(world, person))
    with as_person(world.stranger), transaction.atomic():
        moved = Participant.objects.get(number=person.number)
        place = place_of(moved)
        stored = find_stored_record(place)
        assert stored is not None
        history = history_of(place, stored)
        assert {entry.act.by for entry in history if entry.label} >= {world.coordinator}
        assert "Misread" in {entry.why for entry in history}
        assert Signature.objects.filter(pk__in=stored.record.signatures.values("signature")).count() == 1
        assert [consent.version.label for consent in Consent.objects.filter(participant=moved)] == ["1.0"]
        assert Visit.objects.filter(participant=moved).exists()
    with as_person(world.coordinator), transaction.atomic():
        assert not Participant.objects.filter(number=person.number).exists()
        assert not Record.objects.filter(participant=person.pk).exists()
        assert not Draft.objects.filter(participant=person.pk).exists()
        line = Transfer.objects.released(world.site.pk).get()
        assert (line.number, line.receiving_code, line.on) == (person.number, "02", TODAY)
        for versions in (Record.record_events.rel.related_model, Participant.events.rel.related_model):
            assert not versions.objects.exists()


@pytest.mark.django_db
def test_rare_13_what_the_releasing_site_did_stays_its_doing(world: World) -> None:
    from audit.authors import acts_behind

    person = followed(world)
    confirm(world, accepted(world, person))
    with as_person(world.stranger), transaction.atomic():
        [attempt] = ContactAttempt.objects.filter(participant=person.pk)
        act = acts_behind([attempt])[attempt.pk]
        assert (act.by, act.site_id) == (world.coordinator, world.site.pk)
        versions: Any = ChangeReason._meta.get_field("events").related_model
        written = versions.objects.filter(participant=person.pk, pgh_label="insert")
        assert {version.site_id for version in written} <= {world.site.pk}
        assert Participant.objects.get(pk=person.pk).number.startswith("01-")


@pytest.mark.django_db
def test_rare_13_a_transfer_leaves_every_seal_whole(world: World) -> None:
    person = followed(world)
    with scope(user_id=None, sites=EVERYTHING):
        seal_batch(at=NOW)
        before = {str(finding) for finding in verify_in_transaction()}
    confirm(world, accepted(world, person))
    with scope(user_id=None, sites=EVERYTHING):
        seal_batch(at=NOW)
        assert {str(finding) for finding in verify_in_transaction()} == before == set()


def verify_in_transaction() -> list[Any]:
    with transaction.atomic():
        return list(verify())


@pytest.mark.django_db
def test_rare_13_a_transfer_takes_three_people(world: World) -> None:
    person = followed(world)
    with pytest.raises(transfers.TransferNeedsThreePeople):
        propose(world, person, by=world.coordinator)
    transfer = propose(world, person)
    with pytest.raises(transfers.TransferAskedFor):
        propose(world, person)
    with pytest.raises(transfers.TransferNotAccepted):
        confirm(world, transfer)
    for nobody in (world.stranger, world.investigator, world.trial_manager):
        with as_person(nobody), pytest.raises(transfers.TransferNeedsThreePeople):
            trials.accept_transfer(transfer=transfer, by=nobody, at=NOW)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        investigator = receiver()
    with as_person(investigator):
        trials.accept_transfer(transfer=transfer, by=investigator, at=NOW)
    with as_person(world.data_manager), pytest.raises(transfers.TransferNeedsThreePeople):
        followup.confirm_transfer(transfer=transfer, by=world.data_manager, at=NOW)
    assert confirm(world, transfer).site_id == world.other_site.pk
    with pytest.raises(transfers.TransferSettled):
        confirm(world, transfer)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "end"),
    [("investigator", "withdrawn"), ("receiver", "refused_site"), ("trial_manager", "refused")],
)
def test_rare_13_each_of_the_three_can_end_it_before_it_is_confirmed(
    world: World, who: str, end: str
) -> None:
    person = followed(world)
    transfer = accepted(world, person)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        by = receiver() if who == "receiver" else getattr(world, who)
    with as_person(by):
        ended = trials.end_transfer(transfer=transfer, reason="stays after all", by=by, at=NOW)
    assert (ended.end, ended.end_reason) == (end, "stays after all")
    with pytest.raises(transfers.TransferSettled):
        confirm(world, transfer)
    with as_person(world.coordinator), transaction.atomic():
        assert Participant.objects.get(pk=person.pk).site_id == world.site.pk
    assert propose(world, person).pk != transfer.pk


@pytest.mark.django_db
def test_rare_13_a_transfer_waits_for_its_day_and_for_randomization(world: World) -> None:
    person = followed(world)
    transfer = accepted(world, person, on=TODAY + timedelta(days=1))
    with pytest.raises(transfers.TransferDayNotCome):
        confirm(world, transfer)
    screening = screen(world)
    with pytest.raises(transfers.TransferNeedsRandomization):
        propose(world, screening)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("saves_first", [True, False])
def test_rare_13_a_save_and_a_transfer_at_once_leave_one_site(saves_first: bool) -> None:
    world = committed_world()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = screen(world, signed_on=date(2026, 1, 5))
        trials.reveal_arm(participant=person, arm="2", by=None, at=NOW)
        trials.set_milestone(participant=person, code="RAND", on=DAYS["RAND"], source="test", by=None, at=NOW)
        person.refresh_from_db()
    transfer = accepted(world, person)

    def move() -> Any:
        return followup.confirm_transfer(transfer=transfer, by=world.trial_manager, at=NOW)

    def save() -> Any:
        with transaction.atomic():
            place = place_of(person)
        answers = Answers(**stage())
        return save_answers(record_key=place, answers=answers, version=NEW, by=world.coordinator, at=NOW)

    done = overlapping(*((save, move) if saves_first else (move, save)))
    assert not any(isinstance(each, Exception) for each in done), done
    assert sites_left("participant_id", world.site.pk, "participant_id = %s", person.pk) == set()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert [record.site_id for record in Record.objects.filter(participant=person)] == [
            world.other_site.pk
        ]


@pytest.mark.django_db(transaction=True)
def test_rare_13_a_transfer_waits_for_the_randomization_of_this_moment() -> None:
    """Both hold the participant: the proposal reads what the randomization left, and is not refused by what was."""
    world = committed_world()
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person = screen(world, signed_on=date(2026, 1, 5))

    def reveal() -> Any:
        return trials.reveal_arm(participant=person, arm="2", by=None, at=NOW)

    def transfer() -> Any:
        by = world.investigator
        return trials.propose_transfer(
            participant=person, receiving=world.other_site, on=TODAY, reason="r", by=by, at=NOW
        )

    _randomized, proposed = overlapping(reveal, transfer)
    assert isinstance(proposed, Transfer), proposed


@pytest.mark.django_db(transaction=True)
def test_rare_13_who_randomizes_once_more_during_the_transfer_is_told(world: World) -> None:
    """A second press at the releasing site waits for the transfer, and finds nobody to randomize."""
    person = followed(world)
    transfer = accepted(world, person)

    def move() -> Any:
        return followup.confirm_transfer(transfer=transfer, by=world.trial_manager, at=NOW)

    def press() -> Any:
        by = world.investigator
        with as_person(by):
            return randomize(participant=person, confirmed_stratum="III", password=PASSWORD, by=by, at=NOW)

    _moved, told = overlapping(move, press)
    assert isinstance(told, ParticipantElsewhere), told


@pytest.mark.django_db(transaction=True)
def test_rare_13_who_saves_at_the_releasing_site_during_the_transfer_is_told(world: World) -> None:
    person = followed(world)
    transfer = accepted(world, person)

    def move() -> Any:
        return followup.confirm_transfer(transfer=transfer, by=world.trial_manager, at=NOW)

    def save() -> Any:
        with as_person(world.coordinator), transaction.atomic():
            return Participant.objects.lock(person.pk)

    _moved, told = overlapping(move, save)
    assert isinstance(told, ParticipantElsewhere)
