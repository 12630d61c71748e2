"""Answers of an ODM file come into an empty study, through the one door to a save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf import catalogue
from crf.engine.declaration import Repeats
from crf.engine.submission import parse
from crf.models import Record
from crf.records.save import save_answers
from crf.store.records import NEW, RecordKey, form_begun, record_key_of
from exports.odm.reading import OdmRecord, OdmSubject, subjects_in
from exports.odm.study import COMMON, visit_of_event
from followup.models import Visit
from kernel.errors import Forbidden, Refusal
from kernel.files import digest_of_file
from trials.models import Participant


class MayNotImport(Forbidden):
    code = "exports.may_not_import"
    message = _(
        "Your role does not include the set-up of the trial. Ask the trial manager to import the file."
    )


class StudyHasAnswers(Refusal):
    code = "exports.study_has_answers"
    message = _("This study has {number} records already. A file is imported into a study without answers.")


class UnknownParticipant(Refusal):
    code = "exports.odm_unknown_participant"
    message = _(
        "There is no participant {participant}. Register the participants, with consent and allocation, before their "
        "answers are imported."
    )


class RecordNotTaken(Refusal):
    code = "exports.odm_record_not_taken"
    message = _("{number} records could not be saved. Nothing was imported. The first is {record}: {why}")


class NumbersDiffer(Refusal):
    code = "exports.odm_numbers_differ"
    message = _("The record {record} would have the number {number}: one before it is missing in the file.")


class VisitMissing(Refusal):
    code = "exports.odm_visit_missing"
    message = _("The participant has no such visit. Record it, or the day that it is counted from, first.")


@dataclass(frozen=True)
class OdmImport:
    """What an import brought."""

    participants: int
    records: int
    digest: str


def import_odm(*, source: Path, by: User, at: datetime) -> OdmImport:
    """The answers of the file are on record, saved as people's are, under one act that names the file by its digest.

    What is computed is computed anew; queries, signatures and earlier versions stay in the file. A record that rests on
    another is saved after it, whatever the order of the file.
    Refuses: who may not set up the trial; a study with answers; a file that cannot be read or is of another study;
    participants that are not registered; records that no save takes. Locks: the participants, then their records.
    """
    digest = digest_of_file(source)
    with open_act("exports:odm:import", by=by, at=at, reason=f"SHA-256 {digest}"):
        if not by.may(Permission.SITE_MANAGE):
            raise MayNotImport
        if number := Record.objects.count():
            raise StudyHasAnswers(number=number)
        people = records = 0
        for subject in subjects_in(source):
            _import_subject(subject, at)
            people, records = people + 1, records + len(subject.records)
    return OdmImport(people, records, digest)


def _import_subject(subject: OdmSubject, at: datetime) -> None:
    """The records of the participant are saved, in the order in which saves take them."""
    participant = Participant.objects.select_related("site").filter(number=subject.number).first()
    if participant is None:
        raise UnknownParticipant(participant=subject.number)
    order = {code: place for place, code in enumerate(catalogue.forms())}
    waiting = sorted(subject.records, key=lambda record: (order[record.form], record.sequence))
    while waiting:
        refused: list[tuple[OdmRecord, Refusal]] = []
        stopped: set[str] = set()
        for record in waiting:
            if record.form in stopped:
                refused.append((record, refused[-1][1]))
                continue
            try:
                with transaction.atomic():
                    participant.refresh_from_db()
                    _save(record, participant, at)
            except Refusal as refusal:
                refused.append((record, refusal))
                if catalogue.form(record.form).repeats == Repeats.LOG:
                    stopped.add(record.form)  # the next record of a log would take its number
        if len(refused) == len(waiting):
            record, why = refused[0]
            raise RecordNotTaken(number=len(refused), record=record.label, why=str(why)) from why
        waiting = [record for record, _why in refused]


def _save(record: OdmRecord, participant: Participant, at: datetime) -> None:
    key = _key_of(record, participant)
    form = form_begun(key, participant.protocol_version)
    typed = parse(form, record.raw, zone=participant.site.time_zone)
    saved = save_answers(record_key=key, answers=typed.answers(), version=NEW, by=None, at=at)
    if saved.record_key.sequence != record.sequence:
        raise NumbersDiffer(record=record.label, number=saved.record_key.sequence)


def _key_of(record: OdmRecord, participant: Participant) -> RecordKey:
    visit = None
    if record.event != COMMON:
        code, occurrence = visit_of_event(record.event, record.event_key)
        planned = Visit.objects.current().filter(participant=participant, code=code, occurrence=occurrence)
        visit = planned.first()
        if visit is None:
            raise VisitMissing
    log = catalogue.form(record.form).repeats == Repeats.LOG
    number = NEW if log else record.sequence
    return record_key_of(participant=participant, form=record.form, visit=visit, sequence=number)
