"""Records as they are shown before a signature, and as they were signed beside what they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from crf.engine import messages
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import Question
from crf.models import Query, RecordSignature
from crf.page.editor import address
from crf.records.signing import digest_of, signature_holds
from crf.store.records import RecordKey, StoredRecord
from crf.store.signatures import stored_as_signed
from kernel.units import unit_in_print


@dataclass(frozen=True)
class ShownLine:
    """One answer in words."""

    target: str
    label: str
    value: str


@dataclass(frozen=True)
class ShownSection:
    title: str
    lines: tuple[ShownLine, ...]


@dataclass(frozen=True)
class ShownRecord:
    """A record with all that a signature under it covers; ``token`` stands for exactly this."""

    key: RecordKey
    record_id: int
    token: str
    sections: tuple[ShownSection, ...]
    open_queries: int
    href: str

    @property
    def title(self) -> str:
        return str(self.key.form.title)

    @property
    def is_ready(self) -> bool:
        """Say whether it can be signed: no query about it is open."""
        return not self.open_queries


def shown_record(key: RecordKey, stored: StoredRecord) -> ShownRecord:
    """Return the record as it is shown before it is signed."""
    return ShownRecord(
        key,
        stored.record.pk,
        f"{stored.record.version}:{digest_of(key.form, stored)}",
        tuple(sections_of(key.form, stored, key.participant.site.time_zone)),
        Query.objects.living().filter(record_id=stored.record.pk).count(),
        address("form", key),
    )


def sections_of(form: FormDeclaration, stored: StoredRecord, zone: str) -> Iterator[ShownSection]:
    """Yield the answers in the order of the form, then what is worked out and stands in no section."""
    placed: set[str] = set()
    for section in form.sections:
        placed |= set(section.fields)
        asked = [form.questions[name] for name in section.fields if name in form.questions]
        lines = [line for question in asked for line in _line(question, stored.record, "", "", zone)]
        for name in section.fields:
            if group := form.groups.get(name):
                for row in stored.standing(name):
                    within, head = f"{name}.{row.position}.", f"{group.title} {row.position}: "
                    for question in group.questions.values():
                        lines += _line(question, row, within, head, zone)
        if lines:
            yield ShownSection(str(section.title), tuple(lines))
    loose = [
        line
        for name, question in form.questions.items()
        if name not in placed
        for line in _line(question, stored.record, "", "", zone)
    ]
    if loose:
        yield ShownSection(_("Worked out"), tuple(loose))


def _line(question: Question, answers: Any, within: str, head: str, zone: str) -> Iterator[ShownLine]:
    value, why = getattr(answers, question.name), (answers.missing or {}).get(question.name)
    if value in (None, [], "") and not why:
        return
    words = messages.missing_text(why) if why else messages.in_print(question, value, zone=zone)
    unit = f" {unit_in_print(question.unit)}" if question.unit and not why else ""
    yield ShownLine(f"{within}{question.name}", f"{head}{question.text}", f"{words}{unit}")


@dataclass(frozen=True)
class ComparedLine:
    """One answer as it was signed and as it is now."""

    label: str
    signed: str
    now: str

    @property
    def differs(self) -> bool:
        return self.signed != self.now


@dataclass(frozen=True)
class ShownSignature:
    """A signature with both versions of what it is under."""

    row: RecordSignature
    holds: bool
    lines: tuple[ComparedLine, ...]

    @property
    def differences(self) -> int:
        return sum(line.differs for line in self.lines)


def signatures_of(key: RecordKey, stored: StoredRecord) -> list[ShownSignature]:
    """Return every signature under the record, the latest first, as signed and as now."""
    rows = RecordSignature.objects.filter(record_id=stored.record.pk).select_related("signature__act")
    now = _words(key, stored)
    signatures = []
    for row in rows.order_by("-pk"):
        signed = _words(key, stored_as_signed(key.form, stored.record, row))
        names = list(dict.fromkeys((*signed, *now)))
        lines = tuple(
            ComparedLine(
                (now.get(name) or signed[name]).label,
                signed[name].value if name in signed else "",
                now[name].value if name in now else "",
            )
            for name in names
        )
        signatures.append(
            ShownSignature(row, row.fell_at is None and signature_holds(key, stored, row), lines)
        )
    return signatures


def _words(key: RecordKey, stored: StoredRecord) -> Mapping[str, ShownLine]:
    parts = sections_of(key.form, stored, key.participant.site.time_zone)
    return {line.target: line for section in parts for line in section.lines}
