"""A file is held against what is stored, shown, and taken: answers that are new go through the one door to a save."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.engine.answers import AnswerRow
from crf.engine.declaration import FormDeclaration, Repeats
from crf.engine.submission import NO_ROWS, AnswerUnreadableError, parse, read_answer
from crf.records.refusals import AnswersImpossible, AnswersUnreadable, ReasonNeeded
from crf.records.save import save_answers
from crf.store.records import (
    NEW,
    RecordKey,
    StoredRecord,
    begun_records,
    find_stored_record,
    form_begun,
    form_named,
    next_sequence,
    record_key_of,
)
from exports.imports.compare import ImportedCell, RecordLines, compare, records_known_by
from exports.imports.files import FileLine, FileTable, read_table
from exports.imports.mapping import ImportMapping, MappingUnusable, mapping_of, propose_mapping, read_mapping
from exports.imports.models import CellOutcome, DataImport, ImportState
from exports.typed import errors_of, patched
from followup.models import Visit
from kernel.errors import Forbidden, Refusal
from kernel.punctuation import listed
from kernel.reading import UNSTORABLE, UnreadableError, day, number_of_participant
from kernel.row_keys import row_key
from trials.models import Participant, Site

LONGEST_NAME = 80
AHEAD = 10_000
"""Numbers that no log reaches: a new record of a log has one of these until it is saved."""


class ImportClosed(Refusal):
    code = "exports.import_closed"
    message = gettext_lazy("This import is {state} already. Choose the file again to import it once more.")


class ImportNotYours(Refusal):
    code = "exports.import_not_yours"
    message = gettext_lazy("This import was begun by somebody else. Choose the file yourself to import it.")
    status = 403


class FileOfSeveralSites(Refusal):
    code = "exports.import_of_several_sites"
    message = gettext_lazy("{file} holds participants of the sites {sites}. Import a file for each site.")
    status = 422
    fields = ("file",)


class FileOfNobody(Refusal):
    code = "exports.import_of_nobody"
    message = gettext_lazy(
        "{file} holds no participant whose forms you fill in. Check the column “{column}” and its numbers."
    )
    status = 422
    fields = ("file",)


class _RolledBack(Exception):  # noqa: N818 (the end of a preview)
    pass


def preview_import(
    *, form: str, file: bytes, file_name: str, mapping: str, mapping_name: str = "", by: User, at: datetime
) -> DataImport:
    """The file stands in the register with what would become of each cell; no answer is saved.

    The preview saves all and takes it back, so that every check has spoken. Without a ``mapping`` the one of that name
    is used that was used last for the form at the site, else one that is proposed by the names of the columns.

    Refuses: a form that does not exist; a person who may not fill it in; a file or a mapping that cannot be used.
    Locks: each participant of the file in turn.
    """
    if not by.may(Permission.CRF_EDIT):
        raise Forbidden
    if UNSTORABLE.search(mapping_name):
        raise MappingUnusable(why=_("it holds a character that cannot be kept."))
    if len(mapping_name) > LONGEST_NAME:
        raise MappingUnusable(why=_("its name is longer than {most} characters.").format(most=LONGEST_NAME))
    declared = form_named(form)
    table = read_table(file, name=file_name)
    read = read_mapping(mapping or _usual_mapping(declared, table, mapping_name, by=by), declared)
    _refuse_missing_columns(table, read)
    with transaction.atomic():
        site = _site_of(table, read, by=by)
    with open_act("exports:import:preview", by=by, at=at, site=site) as act:
        cells = _rehearsed(declared, read, table, by=by, at=at)
        made: DataImport = DataImport.objects.create(
            requested_by=by,
            requested_at=at,
            form_code=declared.code,
            file_name=table.name,
            digest=table.digest,
            mapping_name=mapping_name,
            mapping=asdict(read),
            table={"columns": table.columns, "lines": [[line.number, line.cells] for line in table.lines]},
            result=[asdict(cell) for cell in cells],
            counts=_counts(cells),
            site=site,
            act=act,
        )
    return made


def carry_out_import(*, data_import: DataImport, by: User, at: datetime) -> DataImport:
    """The answers of the file that are new are saved, and the register says what became of each cell.

    Each record is saved for itself: what cannot be taken leaves the others alone. Done again it finds everything
    stored and changes nothing.

    Refuses: an import that somebody else began, or that is done or discarded. Locks: the import, then each participant
    of the file in turn.
    """
    declared = form_named(data_import.form_code)
    mapping, table = _mapping_of(data_import), _table_of(data_import)
    with transaction.atomic():
        _hold(data_import, by=by)
    said = _("Import {number}: {file}").format(number=row_key(data_import), file=data_import.file_name)
    cells = [
        cell
        for about in _records(declared, mapping, table, by=by)
        for cell in _saved(about, declared, mapping, said=said, by=by, at=at)
    ]
    with open_act("exports:import", by=by, at=at, site=data_import.site) as act:
        done = _hold(data_import, by=by)
        done.result, done.counts = [asdict(cell) for cell in cells], _counts(cells)
        done.state, done.finished_at, done.act = ImportState.DONE, at, act
        done.save(update_fields=["result", "counts", "state", "finished_at", "act"])
    return done


def discard_import(*, data_import: DataImport, by: User, at: datetime) -> DataImport:
    """The preview is put aside; nothing of it is saved.

    Refuses: an import that somebody else began, or that is done or discarded. Locks: the import.
    """
    with open_act("exports:import:discard", by=by, at=at, site=data_import.site) as act:
        gone = _hold(data_import, by=by)
        gone.state, gone.finished_at, gone.act = ImportState.DISCARDED, at, act
        gone.save(update_fields=["state", "finished_at", "act"])
    return gone


def _usual_mapping(form: FormDeclaration, table: FileTable, name: str, *, by: User) -> str:
    """Return the mapping that was used last under this name, else the one that the columns suggest."""
    with transaction.atomic():
        used = mappings_of(by).filter(form_code=form.code, mapping_name=name).first() if name else None
    parts = used.mapping if used else propose_mapping(form, table.columns)
    if not parts.get("participant"):
        why = _(
            "no column of {file} is called “participant” or “SUBJID”. Say in the mapping which column is."
        )
        raise MappingUnusable(why=why.format(file=table.name))
    return json.dumps(parts)


def mappings_of(user: User) -> QuerySet[DataImport]:
    """Return the imports with a mapping that has a name, at the sites where the person fills in forms; newest first."""
    rows: QuerySet[DataImport] = DataImport.objects.open_to(user, Permission.CRF_EDIT)
    return rows.exclude(mapping_name="").order_by("-pk")


def _hold(data_import: DataImport, *, by: User) -> DataImport:
    locked: DataImport = DataImport.objects.select_for_update().get(pk=data_import.pk)
    if locked.requested_by_id != by.pk:
        raise ImportNotYours
    if locked.state != ImportState.PREVIEWED:
        raise ImportClosed(state=locked.get_state_display())
    return locked


def _refuse_missing_columns(table: FileTable, mapping: ImportMapping) -> None:
    if absent := [column for column in mapping.columns if column not in table.columns]:
        why = _("{file} has no column {names}.").format(file=table.name, names=listed(sorted(set(absent))))
        raise MappingUnusable(why=why)


def _site_of(table: FileTable, mapping: ImportMapping, *, by: User) -> Site:
    """Return the site whose participants the file is about; there is one."""
    numbers = {number_of_participant(line.cells.get(mapping.participant, "")) for line in table.lines}
    known = Participant.objects.open_to(by, Permission.CRF_EDIT).filter(number__in=numbers)
    sites = list(Site.objects.filter(pk__in=known.values("site")).order_by("code"))
    if not sites:
        raise FileOfNobody(file=table.name, column=mapping.participant)
    if len(sites) > 1:
        raise FileOfSeveralSites(file=table.name, sites=listed(site.code for site in sites))
    return sites[0]


def _mapping_of(data_import: DataImport) -> ImportMapping:
    return mapping_of(data_import.mapping)


def _table_of(data_import: DataImport) -> FileTable:
    lines = tuple(FileLine(number, cells) for number, cells in data_import.table["lines"])
    return FileTable(data_import.file_name, data_import.digest, tuple(data_import.table["columns"]), lines)


def _counts(cells: list[ImportedCell]) -> dict[str, int]:
    told = Counter(cell.outcome for cell in cells)
    return {outcome.value: told[outcome] for outcome in CellOutcome}


def _rehearsed(
    form: FormDeclaration, mapping: ImportMapping, table: FileTable, *, by: User, at: datetime
) -> list[ImportedCell]:
    cells: list[ImportedCell] = []
    for about in _records(form, mapping, table, by=by):
        try:
            with transaction.atomic():
                cells += _saved(about, form, mapping, said=_("Preview of an import"), by=by, at=at)
                raise _RolledBack
        except _RolledBack:
            continue
    return cells


def _records(
    form: FormDeclaration, mapping: ImportMapping, table: FileTable, *, by: User
) -> Iterator[RecordLines]:
    """Yield the lines of the file by record, in the order of the file; a line that is about none refuses its cells."""
    lines_of: dict[tuple[Any, ...], RecordLines] = {}
    known: dict[str, Participant | None] = {}
    coming: dict[tuple[Any, ...], int] = {}
    for line in table.lines:
        try:
            with transaction.atomic():
                key = _place(form, mapping, line, known, coming, by=by)
        except Refusal as refusal:
            yield _refused(form, mapping, line, str(refusal))
            continue
        identity = (key.participant.pk, key.visit.pk if key.visit else None, key.sequence)
        if identity in lines_of:
            lines_of[identity].lines.append(line)
        else:
            lines_of[identity] = RecordLines(key, [line])
    yield from lines_of.values()


class LineOfNobody(Refusal):
    code = "exports.import_line_of_nobody"
    message = gettext_lazy("There is no participant {number} among those whose forms you fill in.")


class LineOfNoVisit(Refusal):
    code = "exports.import_line_of_no_visit"
    message = gettext_lazy(
        "{participant} has no visit “{visit}”. Give its code or the day on which it took place."
    )


class LineOfNoRecord(Refusal):
    code = "exports.import_line_of_no_record"
    message = gettext_lazy("“{text}” is no number of a record. Give a whole number from 1 on.")


class LineUnknowable(Refusal):
    code = "exports.import_line_unknowable"
    message = gettext_lazy("“{text}” in the column “{column}”, by which a record is known, cannot be read.")


class LineOfSeveral(Refusal):
    code = "exports.import_line_of_several"
    message = gettext_lazy(
        "Several records of {participant} give these answers: {numbers}. Name the number in a column."
    )


def _place(
    form: FormDeclaration,
    mapping: ImportMapping,
    line: FileLine,
    known: dict[str, Participant | None],
    coming: dict[tuple[Any, ...], int],
    *,
    by: User,
) -> RecordKey:
    number = number_of_participant(line.cells.get(mapping.participant, ""))
    if number not in known:
        rows = Participant.objects.open_to(by, Permission.CRF_EDIT).select_related("site")
        known[number] = rows.filter(number=number).first()
    participant = known[number]
    if participant is None:
        raise LineOfNobody(number=number or "–")
    visit = _visit(participant, mapping, line) if form.repeats == Repeats.PER_VISIT else None
    sequence = _sequence(form, participant, mapping, line, coming) if form.repeats == Repeats.LOG else 1
    return record_key_of(participant=participant, form=form, visit=visit, sequence=sequence)


def _visit(participant: Participant, mapping: ImportMapping, line: FileLine) -> Visit:
    said = line.cells.get(mapping.visit, "")
    code = mapping.visits.get(said, said)
    visits = Visit.objects.filter(participant=participant)
    chosen = visits.filter(code=code)
    if not chosen.exists() and (on := _day(code)):
        chosen = visits.filter(took_place_on=on)
    if chosen.count() != 1:
        raise LineOfNoVisit(participant=participant.number, visit=said or "–")
    return chosen.get()


def _day(text: str) -> date | None:
    try:
        return day(text)
    except UnreadableError:
        return None


def _sequence(
    form: FormDeclaration,
    participant: Participant,
    mapping: ImportMapping,
    line: FileLine,
    coming: dict[tuple[Any, ...], int],
) -> int:
    """Return the number of the record in its log: as the file says, of the one with these answers, or a new one.

    Lines with the same answers are about one new record, which ``coming`` keeps.
    """
    if mapping.sequence and (said := line.cells.get(mapping.sequence, "")):
        if not (said.isascii() and said.isdecimal() and 1 <= int(said[:6]) < AHEAD):
            raise LineOfNoRecord(text=said)
        return int(said)
    texts = {
        name: mapping.text_of(form.questions[name], line.cells.get(mapping.answers[name], ""))
        for name in mapping.match
    }
    values: AnswerRow = {}
    for name, text in texts.items():
        try:
            values[name] = read_answer(form.questions[name], [text], zone=participant.site.time_zone)
        except AnswerUnreadableError as unread:
            raise LineUnknowable(column=mapping.answers[name], text=text or "–") from unread
    alike = records_known_by(values, list(begun_records(form, participant)))
    if len(alike) > 1:
        numbers = listed(str(row.sequence) for row in alike)
        raise LineOfSeveral(participant=participant.number, numbers=numbers)
    if alike:
        return int(alike[0].sequence)
    return coming.setdefault((participant.pk, *texts.values()), AHEAD + len(coming))


def _refused(form: FormDeclaration, mapping: ImportMapping, line: FileLine, said: str) -> RecordLines:
    """Return the cells of a line that is about no record."""
    nobody = Participant(number=line.cells.get(mapping.participant, "")[:8] or "–")
    about = RecordLines(RecordKey(form, nobody), [])
    names = {**mapping.answers, **{f"{mapping.group}.{name}": column for name, column in mapping.row.items()}}
    about.cells = [
        ImportedCell(line.number, nobody.number, "", target, text, outcome=CellOutcome.REFUSED, said=said)
        for target, column in names.items()
        if (text := line.cells.get(column, ""))
    ]
    return about


def _saved(
    about: RecordLines, form: FormDeclaration, mapping: ImportMapping, *, said: str, by: User, at: datetime
) -> list[ImportedCell]:
    """The record holds what is new of its lines, or its cells say why it does not."""
    if not about.lines:
        return about.cells
    about.cells, about.body = [], {"answers": {}, "missing": {}, "groups": {}}
    with transaction.atomic():
        key = _numbered(about.record_key)
        stored = find_stored_record(key)
        zone = key.participant.site.time_zone
        begun = form_begun(key, (stored.record if stored else key.participant).protocol_version)
        compare(about, begun, mapping, stored, zone=zone)
    if about.new:
        numbers = lines_as_text({cell.line for cell in about.new})
        reason = _("{said}, lines {lines}").format(said=said, lines=numbers)
        _save(about, key, stored, begun, zone, reason=reason, by=by, at=at)
    return about.cells


def lines_as_text(lines: Iterable[int]) -> str:
    """Return every line, three or more in a row as a run ("2, 3, 5–9"): a reason for a change leaves none out."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return listed(f"{run[0]}–{run[-1]}" if len(run) > 2 else listed(run) for run in runs)


def _numbered(key: RecordKey) -> RecordKey:
    """Return the place with the next free number, where the record is a new one of a log."""
    if key.sequence < AHEAD:
        return key
    return RecordKey(key.form, key.participant, key.visit, next_sequence(key))


def _save(
    about: RecordLines,
    key: RecordKey,
    stored: StoredRecord | None,
    form: FormDeclaration,
    zone: str,
    *,
    reason: str,
    by: User,
    at: datetime,
) -> None:
    seen = stored.outcome(form) if stored else None
    raw = patched(form, seen, {**about.body, "reason": reason}, zone=zone)
    typed = parse(form, raw, zone=zone, saved=stored.saved_rows if stored else NO_ROWS)
    try:
        save_answers(
            record_key=key,
            answers=typed.answers(),
            version=stored.record.version if stored else NEW,
            by=by,
            at=at,
        )
    except (AnswersUnreadable, AnswersImpossible, ReasonNeeded) as refusal:
        _refuse_new(about, str(refusal), errors_of(refusal, form, typed, zone=zone))
    except Refusal as refusal:
        _refuse_new(about, str(refusal), {})


def _refuse_new(about: RecordLines, said: str, errors: Mapping[str, str]) -> None:
    """What was new of the record is refused: the cells that are at fault with their own sentence."""
    for cell in about.new:
        name = cell.target.rpartition(".")[2]
        own = errors.get(cell.target) or errors.get(name)
        cell.outcome, cell.said = CellOutcome.REFUSED, own or said
