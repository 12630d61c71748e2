"""What the report of a serious event derives, and what it has to agree with (protocol 2.6, 3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from crf.catalogue.adverse_event.rules import is_report_clock
from crf.engine.answers import AnswerRow
from crf.engine.checks import earliest_day
from protocol.identifiers import identifying
from protocol.safety import more_cautious, reported_late, susar

EVENT = ("ae_no", "AE*")
SPONSOR = ("ae_no", "sponsor.assessments")
JUDGED = ("ae_no", "AE*", "sae_rel_inv", "sponsor.assessments")
CLOCKS = ("safety.clocks", "setting.sae_report_hours")
MAX = datetime.max.replace(tzinfo=UTC)
SUSAR_DAYS = ("setting.susar_fatal_days", "setting.susar_other_days")
URGENT = frozenset({"death", "life"})


def event_of(ae_no: int | None, ae_all: list[AnswerRow] | None) -> AnswerRow | None:
    """Return the adverse event that the report is about."""
    return next((row for row in ae_all or () if row["sequence"] == ae_no), None)


def latest_assessment(ae_no: int | None, sponsor_assessments: list[AnswerRow] | None) -> AnswerRow | None:
    """Return what the sponsor judged last of the event."""
    rows = [row for row in sponsor_assessments or () if row["event_no"] == ae_no]
    return rows[-1] if rows else None


def unreported(
    ae_no: int | None, ae_all: list[AnswerRow] | None, sae_all: list[AnswerRow] | None
) -> int | None:
    """Return the first serious event without a report, while this one does not say which it is about."""
    if ae_no is not None:
        return None
    reported = {row.get("ae_no") for row in sae_all or ()}
    waiting = (row["sequence"] for row in ae_all or () if row.get("serious") == "Y")
    return min((number for number in waiting if number not in reported), default=None)


def named(ae_no: int, ae_all: list[AnswerRow]) -> str | None:
    event = event_of(ae_no, ae_all)
    return event.get("ae_term") if event else None


def aware_in_words(ae_no: int, ae_all: list[AnswerRow]) -> str | None:
    """Return when the record of the event says that the site knew, in the site's time."""
    event = event_of(ae_no, ae_all)
    aware = event.get("ser_aware") if event else None
    return f"{aware:%Y-%m-%d %H:%M}" if aware else None


def judged_by_investigator(ae_no: int, ae_all: list[AnswerRow]) -> str | None:
    """Return the strongest relation on the record of the event: it is proposed for the report."""
    event = event_of(ae_no, ae_all)
    return event.get("rel_worst") if event else None


def expectedness(ae_no: int, sponsor_assessments: list[AnswerRow]) -> str | None:
    assessment = latest_assessment(ae_no, sponsor_assessments)
    return assessment["expectedness"] if assessment else None


def judged_by_sponsor(ae_no: int, sponsor_assessments: list[AnswerRow]) -> str | None:
    assessment = latest_assessment(ae_no, sponsor_assessments)
    return assessment["causality"] if assessment else None


def confirmed(ae_no: int, sponsor_assessments: list[AnswerRow]) -> bool | None:
    assessment = latest_assessment(ae_no, sponsor_assessments)
    return assessment["susar"] if assessment else None


def told_authority(ae_no: int, sponsor_assessments: list[AnswerRow]) -> date | None:
    told = [row["authority_on"] for row in sponsor_assessments if row["event_no"] == ae_no]
    return next((day for day in reversed(told) if day), None)


def is_susar(**known: Any) -> bool | None:
    """Say what the rule says: serious, unexpected and related, by the more cautious of the two (protocol 3.6)."""
    event = event_of(known["ae_no"], known["ae_all"])
    assessment = latest_assessment(known["ae_no"], known["sponsor_assessments"])
    if event is None or assessment is None:
        return None
    return susar(
        serious=event.get("serious"),
        expectedness=assessment["expectedness"],
        investigator=more_cautious(known["sae_rel_inv"], event.get("rel_worst")),
        sponsor=assessment["causality"],
    )


def event_reported_in_time(sae_aware: datetime, sae_report: datetime, **known: Any) -> bool:
    """Say whether the report came within the hours that count from the first who knew of the event.

    A moment that was once due stays due: what is typed later gives no more time (protocol 2.6, 3.6). The hours are
    those of the event's clock, which a later version of the protocol does not move.
    """
    number = known["ae_no"]
    event = event_of(number, known["ae_all"]) or {}
    others = [row.get("sae_aware") for row in known["sae_all"] if row.get("ae_no") == number]
    aware = [moment for moment in (sae_aware, event.get("ser_aware"), *others) if moment]
    clocks = [row for row in known["safety_clocks"] if is_report_clock(row, number)]
    spans = [row["due_at"] - row["starts_at"] for row in clocks]
    span = min(spans, default=timedelta(hours=known["setting_sae_report_hours"]))
    return sae_report <= min(*(row["due_at"] for row in clocks), *(moment + span for moment in aware), MAX)


def one_awareness(sae_aware: datetime, ae_no: int, ae_all: list[AnswerRow]) -> bool:
    """Say whether the initial report and the record of the event name the same moment of awareness."""
    event = event_of(ae_no, ae_all)
    aware = event.get("ser_aware") if event else None
    return aware is None or aware == sae_aware


def reported_in_time(sae_aware: datetime, sae_report: datetime, setting_sae_report_hours: int) -> bool:
    return not reported_late(sae_aware, sae_report, hours=setting_sae_report_hours)


def is_serious(ae_no: int, ae_all: list[AnswerRow]) -> bool:
    event = event_of(ae_no, ae_all)
    return event is None or event.get("serious") == "Y"


def final_has_outcome(ae_no: int, ae_all: list[AnswerRow]) -> bool:
    """Say whether the event of a final report has an outcome that can be final."""
    event = event_of(ae_no, ae_all)
    return event is None or event.get("outcome") not in (None, "recovering", "unknown")


def fits_admission(ae_no: int | None, ae_all: list[AnswerRow] | None, sae_adm: date | None) -> bool:
    """Say whether an event that is serious by hospital admission has its day, and no other has one."""
    event = event_of(ae_no, ae_all)
    return event is None or ("hospital" in (event.get("ser_crit") or ())) == (sae_adm is not None)


def report_order(sae_type: str, ae_no: int, record_sequence: int, sae_all: list[AnswerRow]) -> bool:
    """Say whether an event has one initial report, and it comes before the others."""
    same = [row for row in sae_all if row.get("ae_no") == ae_no and row["sequence"] != record_sequence]
    initial = [row["sequence"] for row in same if row.get("sae_type") == "initial"]
    if sae_type == "initial":
        return not initial
    return any(sequence < record_sequence for sequence in initial) or record_sequence == 0


def ethics_in_time(sae_ec: date, sae_susar: bool, sae_report: datetime, **known: Any) -> bool:
    """Say whether the ethics committee knew within the clock of the SUSAR (protocol 3.6, sae_ec)."""
    event = event_of(known["ae_no"], known["ae_all"])
    day_0 = earliest_day(sae_report)
    if not sae_susar or event is None or day_0 is None:
        return True
    urgent = bool(URGENT & set(event.get("ser_crit") or ()))
    days = known["setting_susar_fatal_days"] if urgent else known["setting_susar_other_days"]
    return sae_ec <= day_0 + timedelta(days=days)


def looks_clean(sae_narr: str) -> bool:
    return not identifying(sae_narr)
