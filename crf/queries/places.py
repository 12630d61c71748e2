"""The rows of lists as places that can be asked about: findings, expected forms, records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.declaration import Repeats
from crf.engine.messages import label_at
from crf.engine.versions import worded
from crf.models import ExpectedForm, ListedFinding, Query, Record
from crf.store.records import RecordKey, record_key_of
from followup.models import Visit
from kernel.row_keys import row_of
from trials.models import Participant


@dataclass(frozen=True)
class QueryPlace:
    """A record, or a form that is not there, and what of it is asked about."""

    key: str
    participant: Participant
    form_code: str
    visit: Visit | None
    sequence: int
    target: str
    begun_under: str = ""

    def record_key(self) -> RecordKey:
        return record_key_of(
            participant=self.participant, form=self.form_code, visit=self.visit, sequence=self.sequence
        )

    @property
    def label(self) -> str:
        form = worded(catalogue.form(self.form_code), self.begun_under or self.participant.protocol_version)
        parts = [self.participant.number, str(form.title)]
        parts += [str(self.visit)] if self.visit else []
        parts += [f"#{self.sequence}"] if form.repeats is Repeats.LOG else []
        parts += [label_at(form, self.target)] if self.target else []
        return " · ".join(parts)

    def living_query(self) -> Query | None:
        """Return a query of a person about the same that is not closed."""
        place = self.record_key()
        query: Query | None = (
            Query.objects.living()
            .filter(
                key="",
                participant=self.participant,
                form_code=self.form_code,
                visit=place.visit,
                sequence=place.sequence,
                target=self.target,
            )
            .first()
        )
        return query


def places_of(rows: Iterable[str], *, target: str = "", by: User) -> list[QueryPlace]:
    """Return the places of rows chosen in a list: "finding:KEY", "expected:KEY", "record:KEY",
    "record:KEY:nodes.3".

    Rows of sites where the person raises no queries, and of forms that they do not read, are none. A finding brings
    its own question with it; of a record, or of a row of one of its tables, ``target`` is the question asked about.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    rows_of: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        kind, number, within = [*row.split(":"), "", ""][:3]
        if (pk := row_of(kind, number)) is not None:
            wanted[kind].add(pk)
            rows_of[pk].append(within)
    return [
        place
        for place in _places(wanted, rows_of, target, by)
        if by.may(catalogue.form(place.form_code).seen_by, place.participant.site_id)
    ]


def _places(
    wanted: dict[str, set[int]], rows_of: dict[int, list[str]], target: str, by: User
) -> Iterator[QueryPlace]:
    joined = ("participant__site", "record__visit")
    findings = ListedFinding.objects.open_to(by, Permission.QUERY_RAISE).filter(pk__in=wanted["finding"])
    for each in findings.select_related(*joined).order_by("pk"):
        yield _at_record(f"finding:{each.pk:018}", each.participant, each.record, each.target)
    expected = ExpectedForm.objects.open_to(by, Permission.QUERY_RAISE).filter(pk__in=wanted["expected"])
    for form in expected.select_related("participant__site", "visit", "record__visit").order_by("pk"):
        if form.record is not None:
            yield _at_record(f"expected:{form.pk:018}", form.participant, form.record, "")
            continue
        visit, is_of_visit = form.visit, catalogue.form(form.form_code).repeats is Repeats.PER_VISIT
        visit.participant = form.participant
        yield QueryPlace(
            f"expected:{form.pk:018}",
            form.participant,
            form.form_code,
            visit if is_of_visit else None,
            1,
            "",
        )
    records = Record.objects.open_to(by, Permission.QUERY_RAISE).filter(pk__in=wanted["record"])
    for record in records.select_related("participant__site", "visit").order_by("pk"):
        for within in sorted(set(rows_of[record.pk])):
            place = ".".join(filter(None, (within, target)))
            yield _at_record(f"record:{record.pk:018}:{within}", record.participant, record, place)


def _at_record(key: str, participant: Participant, record: Record, target: str) -> QueryPlace:
    place = (record.form_code, record.visit, record.sequence, target, record.protocol_version)
    return QueryPlace(key, participant, *place)
