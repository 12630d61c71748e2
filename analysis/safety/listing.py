"""The listing of serious events, and one of them on paper with its versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from analysis.safety.background import EventBackground, background_of
from analysis.safety.reconciliation import COLUMNS, CRITERIA, KEYS, SafetyRecord
from analysis.safety.serious import SeriousEventLine
from analysis.safety.tables import STANDINGS
from crf import catalogue
from crf.models import RecordSignature, SponsorAssessment
from crf.models.safety import CausalityCode, Expectedness
from crf.page.safety import AnswerInWords, ClockLine, facts_of, lines_of, reports_of
from crf.safety.assessment import case_of
from crf.safety.clock_rows import EVENT_FORM, REPORT_FORM
from crf.safety.clocks import clocks_of_record
from crf.store.context import FormContext
from crf.store.history import Entry, history_of
from crf.store.records import find_stored_record, record_key_of
from crf.store.signatures import standing_signature
from kernel.days import written, written_moment
from reports.quality import Report, Table
from trials.models import Participant

TELLS_ARM = "sae_arm"
YES_NO = {"Y": _lazy("yes"), "N": _lazy("no")}
MOMENTS = ("AWARE", "DUE", "SUSARDUE")
DAYS = ("AESTDTC", "AEENDTC", "REPORTED")


def listing_of(records: Sequence[SafetyRecord]) -> Report:
    """Return the listing of serious events as a report: a page, a table and a file read it."""
    rows = tuple(tuple(record.values()) for record in records)
    headings = tuple(str(title) for title in COLUMNS.values())
    table = Table(_("Serious events"), headings, rows, slug="serious-events")
    return Report(
        slug="serious-events",
        title=_("Serious events"),
        counts=_("One line for each serious event, with what was reported, judged and is due."),
        nothing=_("No serious event is on record"),
        tables=(table,) if rows else (),
    )


@dataclass(frozen=True)
class ListedCell:
    """What one column says of an event, for people; a day or a moment stays on its line."""

    text: str
    is_time: bool = False


def cells_of(line: SeriousEventLine, record: SafetyRecord) -> list[ListedCell]:
    """Return one serious event in the reader's words: what the file has as codes, under the columns but the keys."""
    judged, relations = line.last, catalogue.form(EVENT_FORM).questions["rel_worst"].codes
    words = {
        "AEDECOD": line.in_words("ctcae_term"),
        "AEOUT": line.in_words("outcome"),
        "AEREL": relations.label(line.investigator) if relations and line.investigator else "",
        "RELSPON": str(CausalityCode(judged["causality"]).label) if judged.get("causality") else "",
        "EXPECTED": str(Expectedness(judged["expectedness"]).label) if judged.get("expectedness") else "",
        "CLOCK": str(STANDINGS[str(record["CLOCK"])]) if record["CLOCK"] else "",
        **{name: YES_NO.get(str(record[name]), "") for name in (*CRITERIA, "SUSAR")},
        **{name: _written_moment(str(record[name])) for name in MOMENTS},
        **{name: _written_day(str(record[name])) for name in DAYS},
    }
    times = (*MOMENTS, *DAYS)
    return [
        ListedCell(str(words.get(name, value)), name in times)
        for name, value in record.items()
        if name not in KEYS
    ]


def _written_moment(text: str) -> str:
    return written_moment(datetime.fromisoformat(text)) if text else ""


def _written_day(text: str) -> str:
    """Write a whole day as people do; of a day that is known in part, what is known."""
    return written(date.fromisoformat(text)) if len(text) == len("2026-01-31") else text


@dataclass(frozen=True)
class PrintedVersion:
    """One version of a record of the event: its number, who saved it when and why, and what changed."""

    record: str
    number: int
    entries: tuple[Entry, ...]

    @property
    def first(self) -> Entry:
        return self.entries[0]


@dataclass(frozen=True)
class SeriousEventPaper:
    """A serious event as it is printed."""

    facts: list[AnswerInWords]
    background: EventBackground
    reports: list[tuple[int, list[AnswerInWords]]]
    judged: list[SponsorAssessment]
    clocks: list[ClockLine]
    signatures: list[tuple[str, RecordSignature]]
    versions: list[PrintedVersion]


def paper_of(participant: Participant, event: int, *, reader: User, at: datetime) -> SeriousEventPaper | None:
    """Return one serious event with its reports and every version of them; None where there is none."""
    form_context = FormContext(participant, at=at)
    case = case_of(form_context, event)
    if case is None:
        return None
    zone = participant.site.time_zone
    places = [(EVENT_FORM, event), *((REPORT_FORM, row["sequence"]) for row in case.reports)]
    signatures: list[tuple[str, RecordSignature]] = []
    versions: list[PrintedVersion] = []
    for code, sequence in places:
        record_key = record_key_of(participant=participant, form=code, sequence=sequence)
        stored = find_stored_record(record_key)
        if stored is None:
            continue
        name = f"{code} {sequence}"
        signed = standing_signature(record_key, stored.record)
        signatures += [(name, signed)] if signed else []
        versions += _versions(name, history_of(record_key, stored))
    return SeriousEventPaper(
        facts=facts_of(case, zone),
        background=background_of(participant, form_context, case.event["ae_st"], reader=reader),
        reports=reports_of(case, zone),
        judged=list(
            SponsorAssessment.objects.filter(participant=participant, event_no=event).select_related(
                "signature"
            )
        ),
        clocks=lines_of(clocks_of_record(reader, participant, EVENT_FORM, event), user=reader, at=at),
        signatures=signatures,
        versions=versions,
    )


def _versions(name: str, entries: Sequence[Entry]) -> Iterator[PrintedVersion]:
    """Yield the versions of a record, the first one first; an arm that is shown on the form stands on no paper."""
    of: dict[int, list[Entry]] = {}
    for entry in reversed(entries):
        if entry.target != TELLS_ARM:
            of.setdefault(entry.act.pk, []).append(entry)
    for number, those in enumerate(of.values(), 1):
        yield PrintedVersion(name, number, tuple(those))
