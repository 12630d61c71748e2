"""Answers as ODM: a snapshot of what stands, or every version with who, when, where and why.

In a snapshot each answer stands once. In the transactional file each version of an answer follows the one before it,
under an AuditRecord: what was there before is the version before. A removed row, a step of the record from one
state to the next and a signature are transactions as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from crf import catalogue
from crf.engine.declaration import Repeats
from crf.engine.former_codes import FORMER_AT_RESTAGING, RENAMED, RESTAGED
from crf.engine.questions import Question
from exports.odm import streams
from exports.odm.admin import Directory
from exports.odm.elements import Elements
from exports.odm.notes import Notes
from exports.odm.streams import ExportScope, Row, RowStream
from exports.odm.study import (
    COMMON,
    ItemGroup,
    event_key,
    form_oid,
    item_groups,
    site_oid,
)

RESTAGED_SINCE: Final = {former: code for code, former in FORMER_AT_RESTAGING.items()}
Reasons = dict[int, dict[str, str]]


@dataclass
class SubjectRows:
    """One participant with everything that the file holds of them."""

    row: Row
    visits: list[Row]
    records: dict[int | None, list[Row]]
    states: dict[int, list[Row]]
    reasons: Reasons
    notes: Notes
    answers: dict[str, dict[int, list[Row]]] = field(default_factory=dict)


class ClinicalData:
    """Yields each participant as one element, built record by record."""

    def __init__(
        self,
        elements: Elements,
        directory: Directory,
        scope: ExportScope,
        codes: list[str],
        *,
        every_version: bool,
    ) -> None:
        self.elements, self.directory, self.scope = elements, directory, scope
        self.codes, self.every_version = codes, every_version
        self.count = 0
        self.visits = streams.visits(scope)
        self.records = streams.records(scope, codes)
        self.states = streams.states(scope, codes) if every_version else None
        self.reasons = streams.reasons(scope) if every_version else None
        self.notes = (
            streams.signatures(scope, codes),
            streams.queries(scope, codes),
            streams.messages(scope),
            streams.comments(scope),
        )
        self.tables: dict[str, dict[str, RowStream]] = {code: dict(self._tables(code)) for code in codes}

    def _tables(self, code: str) -> Iterator[tuple[str, RowStream]]:
        versions = self.every_version
        yield "", (streams.versions_of_answers if versions else streams.answers)(self.scope, code)
        for name in catalogue.form(code).groups:
            yield name, (streams.versions_of_rows if versions else streams.rows_of)(self.scope, code, name)

    def subjects(self) -> Iterator[Any]:
        """Yield the element SubjectData of each participant."""
        for row in streams.people(self.scope):
            yield self._subject(row)

    def _subject(self, row: Row) -> Any:
        number = row["number"]
        by_visit: dict[int | None, list[Row]] = defaultdict(list)
        for record in self.records.of(number):
            by_visit[record["visit"]].append(record)
        reasons: Reasons = defaultdict(dict)
        for each in self.reasons.of(number) if self.reasons else ():
            reasons[each["act"]][each["target"]] = each["text"]
        person = SubjectRows(
            row,
            self.visits.of(number),
            by_visit,
            _by_record(self.states.of(number)) if self.states else {},
            reasons,
            Notes(self.elements, self.directory, *(stream.of(number) for stream in self.notes)),
        )
        for code, tables in self.tables.items():
            person.answers |= {
                f"{code}.{name}": _by_record(stream.of(number)) for name, stream in tables.items()
            }
        return self._subject_of(person)

    def _subject_of(self, person: SubjectRows) -> Any:
        make, notes = self.elements.make, person.notes
        flags = {"TRACK": person.row["state"], "ARM": person.row["arm"] or ""}
        about = self.elements.annotation(1, flags)
        site = make("SiteRef", {"LocationOID": site_oid(person.row["site"])})
        events = list(self._events(person))
        asked, annotations = notes.about_nothing(None, first=2)
        first, last = ([], [about, *asked]) if self.elements.is_20 else ([about, *annotations], [])
        parts = [site, *first, *events, *last]
        said = {
            "SubjectKey": person.row["number"],
            "TransactionType": "Insert" if self.every_version else None,
        }
        return make("SubjectData", said, parts)

    def _events(self, person: SubjectRows) -> Iterator[Any]:
        """Yield the visits in the order of their days, then what belongs to no visit."""
        for visit in person.visits:
            own = person.records.get(visit["id"], [])
            if own or visit["state"] != "cancelled":
                oid, key = event_key(visit["code"], visit["occurrence"])
                yield self._event(person, oid, key, own, visit)
        if person.records.get(None):
            yield self._event(person, COMMON, None, person.records[None], None)

    def _event(
        self, person: SubjectRows, oid: str, key: str | None, own: list[Row], visit: Row | None
    ) -> Any:
        order = {code: place for place, code in enumerate(self.codes)}
        about = self.elements.annotation(1, {"VISITSTATE": visit["state"]}) if visit else None
        asked, annotations = person.notes.about_nothing(visit["id"], first=2) if visit else ([], [])
        forms = [
            element
            for record in sorted(own, key=lambda row: (order[row["form"]], row["sequence"], row["id"]))
            for element in self._record(person, record)
        ]
        parts = [*forms, about, *asked] if self.elements.is_20 else [about, *annotations, *forms]
        said = {"StudyEventOID": oid, "StudyEventRepeatKey": key}
        return self.elements.make("StudyEventData", {**said, **self._transaction("Upsert")}, parts)

    def _transaction(self, kind: str) -> dict[str, str]:
        return {"TransactionType": kind} if self.every_version else {}

    def _record(self, person: SubjectRows, record: Row) -> Iterator[Any]:
        """Yield the record, and in a file of every version each step of its state and each signature besides."""
        self.count += 1
        record_elements = RecordElements(self.elements, person, record, every_version=self.every_version)
        yield record_elements.element()
        if self.every_version:
            yield from record_elements.steps()
            yield from record_elements.signatures()


class RecordElements:
    """One record being written."""

    def __init__(self, elements: Elements, person: SubjectRows, record: Row, *, every_version: bool) -> None:
        self.elements, self.person, self.record = elements, person, record
        self.every_version = every_version
        self.form = catalogue.form(record["form"])
        self.zone = ZoneInfo(person.row["zone"])
        self.notes = person.notes
        self.pending = self.notes.of_record(record["id"])

    def element(self) -> Any:
        """Return the record with its item groups."""
        groups = [element for group in item_groups(self.form.code) for element in self._group(group)]
        flags = {"RECORDSTATE": self.record["state"], "PROTOCOL": self.record["protocol"]}
        about = self.elements.annotation(1, flags)
        asked, annotations = self.pending.rest(first=2)
        signed = None if self.every_version else self.notes.standing_signature(self.record["id"])
        if self.elements.is_20:
            parts = [*groups, signed, about, *annotations, *asked]
        else:
            parts = [signed, about, *annotations, *groups]
        return self._form_data("Insert", parts)

    def _form_data(self, transaction: str, parts: Iterable[Any]) -> Any:
        key = str(self.record["sequence"]) if self.form.repeats == Repeats.LOG else None
        name, kind = ("ItemGroupData", "ItemGroup") if self.elements.is_20 else ("FormData", "Form")
        said = {f"{kind}OID": form_oid(self.form.code), f"{kind}RepeatKey": key}
        return self.elements.make(name, {**said, **self._transaction(transaction)}, parts)

    def _transaction(self, kind: str) -> dict[str, str]:
        return {"TransactionType": kind} if self.every_version else {}

    def _group(self, group: ItemGroup) -> Iterator[Any]:
        name = group.name if group.repeats else ""
        rows = self.person.answers[f"{self.form.code}.{name}"].get(self.record["id"], [])
        if not self.every_version:
            for row in rows:
                if (element := self._standing(group, row)) is not None:
                    yield element
        elif group.repeats:
            yield from self._versions_of_rows(group, rows)
        else:
            yield from self._versions(group, rows, where="")

    def _standing(self, group: ItemGroup, row: Row) -> Any | None:
        items = list(self._items(group, None, row, None))
        if not items and not group.repeats:
            return None
        return self._group_data(group, row, items, {})

    def _group_data(
        self, group: ItemGroup, row: Row, parts: list[Any], transaction: Mapping[str, str]
    ) -> Any:
        key = str(row["position"]) if group.repeats else None
        said = {"ItemGroupOID": group.oid, "ItemGroupRepeatKey": key, **transaction}
        return self.elements.make("ItemGroupData", said, parts)

    def _versions_of_rows(self, group: ItemGroup, rows: list[Row]) -> Iterator[Any]:
        """Yield the versions of each row of a table, row after row."""
        by_row: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            by_row[row["row"]].append(row)
        for versions in sorted(by_row.values(), key=lambda each: (each[0]["position"], each[0]["row"])):
            where = f"{group.name}.{versions[0]['position']}."
            yield from self._versions(group, versions, where=where)

    def _versions(self, group: ItemGroup, versions: list[Row], *, where: str) -> Iterator[Any]:
        before: Row | None = None
        for row in versions:
            if row.get("removed"):
                if before is not None:
                    removal = [self._audit(row, f"{where}removed")]
                    yield self._group_data(group, row, removal, self._transaction("Remove"))
                before = None
                continue
            items = list(self._items(group, before, row, where))
            if items or (before is None and group.repeats):
                kind = "Insert" if before is None else "Update"
                yield self._group_data(group, row, items, self._transaction(kind))
            before = row

    def _items(self, group: ItemGroup, before: Row | None, row: Row, where: str | None) -> Iterator[Any]:
        """Yield the items whose answers differ from those of the version before; all of them without one."""
        for name, (question, items) in group.questions.items():
            old = said_of(question, before, self.zone) if before else {}
            new = said_of(question, row, self.zone)
            for item in items:
                now, then = new.get(item.choice), old.get(item.choice)
                target = f"{group.name}.{row['position']}.{name}" if group.repeats else name
                notes = self.pending.at(target) if item is items[0] and not self.every_version else None
                if now is None and notes:
                    now = Said(None, "")
                if now == then or (now is None and then is None):
                    continue
                yield self._item(item.oid, now, then, row, where, name, notes)

    def _item(
        self,
        oid: str,
        now: Said | None,
        then: Said | None,
        row: Row,
        where: str | None,
        name: str,
        notes: Any,
    ) -> Any:
        kind = "Remove" if now is None else "Insert" if then is None else "Update"
        said: dict[str, Any] = {"ItemOID": oid, **self._transaction(kind)}
        value = now.value if now else None
        if value is None and now is not None:
            said["IsNull"] = "Yes"
        audit = None if where is None or not self.every_version else self._audit(row, f"{where}{name}")
        why = self.elements.annotation(1, {"MISSING": now.why}) if now and now.why else None
        asked, annotations = notes.elements(first=2) if notes else ([], [])
        if self.elements.is_20:
            values = [] if value is None else [self.elements.make("Value", text=value)]
            return self.elements.make("ItemData", said, [*values, audit, why, *annotations, *asked])
        return self.elements.make("ItemData", {**said, **_valued(value)}, [audit, why, *annotations])

    def _audit(self, row: Row, target: str) -> Any:
        own = self.person.reasons.get(row["act"], {})
        removed = f"{target.rpartition('.')[0]}.removed"
        why = own.get(target) or (own.get(removed) if "." in target else None) or row["reason"]
        return self.notes.audit_record(row, why, number=row["act"])

    def steps(self) -> Iterator[Any]:
        """Yield each step of the record from one state to the next."""
        before = None
        for row in self.person.states.get(self.record["id"], ()):
            if row["state"] != before:
                audit = self.notes.audit_record(row, row["reason"], number=row["act"])
                about = self.elements.annotation(1, {"RECORDSTATE": row["state"]})
                yield self._form_data("Update", [audit, about])
            before = row["state"]

    def signatures(self) -> Iterator[Any]:
        """Yield each signature under the record, with whether it stands."""
        for row in self.notes.signatures.get(self.record["id"], ()):
            about = self.elements.annotation(1, {"SIGNATURE": "fell" if row["fell_at"] else "stands"})
            yield self._form_data("Context", [self.notes.signature(row), about])


@dataclass(frozen=True)
class Said:
    """One item as it stands: its value as ODM spells it, or why there is none."""

    value: str | None
    why: str


def said_of(question: Question, row: Row, zone: ZoneInfo) -> dict[str, Said]:
    """Return what a row says of a question, by choice: nothing where it says nothing."""
    why = (row["missing"] or {}).get(question.name, "")
    value, reason = row[question.name], RENAMED.get(why, why)
    if question.kind == "multiple" and question.codes:
        chosen = [_today(question, code, row) for code in value or ()]
        if not chosen and not reason:
            return {}
        return {
            code: Said(None, reason) if reason else Said(str(int(code in chosen)), "")
            for code in question.codes.values
        }
    if value is None and not reason:
        return {}
    return {"": Said(None, reason) if reason else Said(_spelled(question, value, row, zone), "")}


def _spelled(question: Question, value: Any, row: Row, zone: ZoneInfo) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
    return _today(question, str(value), row) if question.codes else str(value)


def _today(question: Question, code: str, row: Row) -> str:
    """Return the code under its name of today, where an old version holds a former one."""
    codes = question.codes.labels if question.codes else {}
    column, restaging = RESTAGED
    if (
        code in RESTAGED_SINCE
        and row.get(column.removeprefix("calc_")) == restaging
        and RESTAGED_SINCE[code] in codes
    ):
        return RESTAGED_SINCE[code]
    return RENAMED[code] if code in RENAMED and code not in codes and RENAMED[code] in codes else code


def _valued(value: str | None) -> dict[str, str]:
    return {} if value is None else {"Value": value}


def _by_record(rows: list[Row]) -> dict[int, list[Row]]:
    ordered: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        ordered[row["record"]].append(row)
    return ordered
