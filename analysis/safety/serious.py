"""Every serious event of some sites at a cut: the event, the site's reports, the sponsor's judgements, its clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

from crf import catalogue
from crf.catalogue.adverse_event.rules import died_of, is_serious
from crf.engine import messages
from crf.models import Record, RecordState, SafetyClock, SponsorAssessment
from exports.cuts import Cut
from protocol.safety import more_cautious
from protocol.safety_deadlines import ClockKind
from trials.models import Participant, Site

Row = Mapping[str, Any]
EVENT, REPORT = "AE", "SAE"
EVENT_ANSWERS: Final = (
    *(
        "ae_term",
        "ctcae_term",
        "ctcae_code",
        "ae_llt_cd",
        "ae_dict_ver",
        "ae_st",
        "ae_en",
        "grade",
        "outcome",
    ),
    *("serious", "ser_crit", "ser_aware", "rel_camre", "rel_chemo", "rel_rt", "rel_surg", "rel_proc"),
    *("rel_worst", "irae", "action_camre", "action_chemo", "action_rt"),
)
REPORT_ANSWERS: Final = (
    *("ae_no", "sae_type", "sae_fu_no", "sae_aware", "sae_report", "sae_narr", "sae_adm", "sae_dis"),
    *("sae_rel_inv", "sae_ec"),
)
JUDGED: Final = ("expectedness", "reference", "causality", "susar", "known_at", "authority_on", "assessed_at")
CLOCKED: Final = ("kind", "starts_at", "due_at", "first_due_at", "provisional", "met_at", "ended_at")


@dataclass(frozen=True)
class SeriousEventLine:
    """One serious event with everything that is on record of it; the arm is not."""

    site: str
    zone: str
    number: str
    event_no: int
    event: Row
    reports: Sequence[Row]
    judged: Sequence[Row]
    clocks: Sequence[Row]

    @property
    def last(self) -> Row:
        """Return the sponsor's last judgement, or nothing."""
        return self.judged[-1] if self.judged else {}

    @property
    def fatal(self) -> bool:
        return died_of(self.event)

    @property
    def aware(self) -> datetime | None:
        """Return the first moment at which anybody of the site knew, by event or report."""
        told = [self.event["ser_aware"], *(row["sae_aware"] for row in self.reports)]
        return min(filter(None, told), default=None)

    @property
    def reported(self) -> datetime | None:
        """Return when the sponsor was first told."""
        return min((row["sae_report"] for row in self.reports if row["sae_report"]), default=None)

    @property
    def last_reported(self) -> datetime | None:
        return max((row["sae_report"] for row in self.reports if row["sae_report"]), default=None)

    @property
    def investigator(self) -> str | None:
        """Return the strongest relation that the site named."""
        return more_cautious(self.event["rel_worst"], *(row["sae_rel_inv"] for row in self.reports))

    def clock(self, kind: str) -> Row | None:
        """Return the last clock of a kind."""
        return next((row for row in reversed(self.clocks) if row["kind"] == kind), None)

    def in_words(self, name: str) -> str:
        """Return one answer of the event in the language in force."""
        question = catalogue.form(EVENT).questions[name]
        return messages.display(question, self.event[name], zone=self.zone)


def serious_events_at(cut: Cut, sites: Iterable[int], *, number: str | None = None) -> list[SeriousEventLine]:
    """Return the serious events of the sites, or of one participant, in the order of their numbers."""
    asked = {"sites": list(sites), "number": number}
    reports = _by_event(_log(cut, REPORT, REPORT_ANSWERS, asked), "ae_no")
    judged = _by_event(_rows_of(cut, SponsorAssessment, JUDGED, "x.assessed_at, x.id", asked), "event_no")
    clocks = _by_event(_rows_of(cut, SafetyClock, CLOCKED, "x.id", asked), "event_no")
    return [
        SeriousEventLine(
            row["site"],
            row["zone"],
            row["number"],
            row["sequence"],
            row,
            *(those[(row["number"], row["sequence"])] for those in (reports, judged, clocks)),
        )
        for row in _log(cut, EVENT, EVENT_ANSWERS, asked)
        if is_serious(row)
    ]


def _by_event(rows: Iterable[Row], key: str) -> dict[tuple[str, int], list[Row]]:
    of: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("kind") != ClockKind.PREGNANCY.value:
            of[(row["number"], row[key])].append(row)
    return of


def _columns(model: type[models.Model], names: Iterable[str], alias: str) -> str:
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    return ", ".join(f'{alias}."{columns[name]}" AS "{name}"' for name in names)


def _log(cut: Cut, code: str, names: Sequence[str], asked: Mapping[str, Any]) -> list[Row]:
    model = catalogue.form(code).model
    records = cut.rows(Record, f"e.form_code = '{code}'")
    return _fetched(
        f"SELECT p.number, s.code AS site, s.time_zone AS zone, r.sequence, {_columns(model, names, 'f')} "  # noqa: S608
        f"FROM {cut.rows(model)} f JOIN {records} r ON r.id = f.id {_participants(cut, 'r')} "
        f"WHERE r.form_code = '{code}' AND r.state <> '{RecordState.EMPTY.value}' AND {_ASKED} "
        "ORDER BY p.number, r.sequence",
        asked,
    )


def _rows_of(
    cut: Cut, model: type[models.Model], names: Sequence[str], order: str, asked: Mapping[str, Any]
) -> list[Row]:
    return _fetched(
        f"SELECT p.number, x.event_no, {_columns(model, names, 'x')} FROM {cut.rows(model)} x "  # noqa: S608
        f"{_participants(cut, 'x')} WHERE {_ASKED} ORDER BY {order}",
        asked,
    )


_ASKED: Final = "p.site_id = ANY(%(sites)s) AND (%(number)s::text IS NULL OR p.number = %(number)s)"


def _participants(cut: Cut, alias: str) -> str:
    site = Site._meta.db_table
    return (
        f"JOIN {cut.rows(Participant)} p ON p.id = {alias}.participant_id JOIN {site} s ON s.id = p.site_id"
    )


def _fetched(sql: str, asked: Mapping[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, dict(asked))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def standing_of(clock: Row | None, *, at: datetime) -> str:
    """Return how a clock stands, as the code of ``CLOCK_STATES``; empty without one."""
    if clock is None:
        return ""
    if clock["ended_at"]:
        return "ended"
    if clock["met_at"]:
        return "late" if clock["met_at"] > clock["due_at"] else "in_time"
    return "overdue" if clock["due_at"] < at else "running"
