"""What stands beside answers: audit records, signatures, queries with their threads, comments."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from exports.odm.admin import Directory
from exports.odm.elements import Elements
from exports.odm.streams import Row
from exports.odm.study import CENTRAL

QUERY_STATES: Final = {"open": "Open", "answered": "Answered", "closed": "Closed"}


class Notes:
    """What was said and signed about one participant, by record and by question."""

    def __init__(
        self,
        elements: Elements,
        directory: Directory,
        signatures: list[Row],
        queries: list[Row],
        messages: list[Row],
        comments: list[Row],
    ) -> None:
        self.elements, self.directory = elements, directory
        self.signatures: dict[int, list[Row]] = defaultdict(list)
        for row in signatures:
            self.signatures[row["record"]].append(row)
        self.threads: dict[int, list[Row]] = defaultdict(list)
        for row in messages:
            self.threads[row["query"]].append(row)
        self.queries: dict[int | None, list[Row]] = defaultdict(list)
        for row in queries:
            self.queries[row["record"]].append(row)
        self.comments: dict[int, list[Row]] = defaultdict(list)
        for row in comments:
            self.comments[row["record"]].append(row)

    def of_record(self, record: int) -> RecordNotes:
        return RecordNotes(self, list(self.queries.get(record, ())), list(self.comments.get(record, ())))

    def about_nothing(self, visit: int | None, *, first: int) -> tuple[list[Any], list[Any]]:
        """Return the queries about a form that is not there, at a visit or at none."""
        own = [row for row in self.queries.get(None, ()) if row["visit"] == visit]
        return self.queries_as(own, first=first)

    def queries_as(self, rows: list[Row], *, first: int) -> tuple[list[Any], list[Any]]:
        """Return the queries as elements of 2.0, and as annotations of 1.3.2."""
        if self.elements.is_20:
            return [self._query(row) for row in rows], []
        return [], [self._annotated(row, number) for number, row in enumerate(rows, start=first)]

    def _query(self, row: Row) -> Any:
        thread = self.threads.get(row["id"], [])
        said = {
            "OID": f"Q.{row['id']}",
            "Source": "System" if row["key"] else "Data Management",
            "Target": row["target"],
            "Type": "System" if row["key"] else "Manual",
            "State": QUERY_STATES[row["state"]],
            "LastUpdateDatetime": _moment(max([row["opened_at"], *(each["at"] for each in thread)])),
            "Name": row["check_code"],
        }
        words = thread[0]["text"] if thread else ""
        audits = [self.audit_record(each, f"{each['kind']}: {each['text']}") for each in thread]
        return self.elements.make(
            "Query", said, [self.elements.make("Value", text=words or row["check_code"]), *audits]
        )

    def _annotated(self, row: Row, number: int) -> Any:
        thread = self.threads.get(row["id"], [])
        lines = [
            f"{_moment(each['at'])} {self.directory.person(each['by'])} {each['kind']}: {each['text']}".rstrip()
            for each in thread
        ]
        head = " ".join(part for part in (row["check_code"], row["target"]) if part)
        flags = {"QUERYSTATE": row["state"], "QUERYBY": "check" if row["key"] else "person"}
        comment = self.elements.comment("\n".join(part for part in (head, *lines) if part), by="Sponsor")
        return self.elements.annotation(number, flags, comment)

    def comment(self, row: Row, number: int) -> Any:
        return self.elements.annotation(number, {}, self.elements.comment(row["text"], by="Site"))

    def audit_record(self, row: Row, why: str | None, *, number: int | None = None) -> Any:
        """Return who did it, where, when and why; ``number`` is that of the act in the audit trail."""
        make = self.elements.make
        return make(
            "AuditRecord",
            {},
            [
                make("UserRef", {"UserOID": self.directory.person(row["by"])}),
                make("LocationRef", {"LocationOID": self._place(row)}),
                make("DateTimeStamp", text=_moment(row["at"])),
                make("ReasonForChange", text=why) if why else None,
                make("SourceID", text=f"ACT.{number}") if number is not None else None,
            ],
        )

    def _place(self, row: Row) -> str:
        return self.directory.places.get(row["act_site"] or 0, CENTRAL)

    def standing_signature(self, record: int) -> Any | None:
        standing = [row for row in self.signatures.get(record, ()) if row["fell_at"] is None]
        return self.signature(standing[-1]) if standing else None

    def signature(self, row: Row) -> Any:
        make = self.elements.make
        parts = [
            make("UserRef", {"UserOID": self.directory.person(row["by"])}),
            make("LocationRef", {"LocationOID": self._place(row)}),
            make("SignatureRef", {"SignatureOID": self.directory.meanings[row["meaning"]]}),
            make("DateTimeStamp", text=_moment(row["at"])),
        ]
        return make("Signature", {"ID": self.directory.signature(row["id"])}, parts)


@dataclass
class RecordNotes:
    """Queries and comments of one record that no item has taken yet."""

    notes: Notes
    queries: list[Row]
    comments: list[Row]

    def at(self, target: str) -> ItemNotes | None:
        """Return what stands beside the answer; it stands nowhere else then."""
        queries = [row for row in self.queries if row["target"] == target]
        comments = [row for row in self.comments if row["target"] == target]
        self.queries = [row for row in self.queries if row not in queries]
        self.comments = [row for row in self.comments if row not in comments]
        return ItemNotes(self.notes, queries, comments) if queries or comments else None

    def rest(self, *, first: int) -> tuple[list[Any], list[Any]]:
        """Return what is about the record as a whole, or about an answer that the file does not hold."""
        return ItemNotes(self.notes, self.queries, self.comments).elements(first=first)


@dataclass(frozen=True)
class ItemNotes:
    """Queries and comments beside one answer."""

    notes: Notes
    queries: list[Row]
    comments: list[Row]

    def elements(self, *, first: int) -> tuple[list[Any], list[Any]]:
        """Return the queries as elements of their own, and what is an annotation."""
        asked, annotated = self.notes.queries_as(self.queries, first=first)
        after = first + len(annotated)
        said = [self.notes.comment(row, number) for number, row in enumerate(self.comments, start=after)]
        return asked, [*annotated, *said]


def _moment(at: Any) -> str:
    return str(at.isoformat(timespec="seconds"))
