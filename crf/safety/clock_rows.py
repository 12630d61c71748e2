"""Safety clocks: rows that follow from answers and the sponsor's assessments, in the same act (protocol 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from audit.acts import open_act
from crf.models import SafetyClock
from crf.store.context import FormContext
from followup.history import whole_number
from protocol import text
from protocol.safety import SusarDays
from protocol.safety_deadlines import Clock, SeriousEventFacts, clocks_of
from trials.models import Participant

EVENT_FORM, REPORT_FORM = "AE", "SAE"
CLOCK_FORMS = frozenset({EVENT_FORM, REPORT_FORM})
URGENT = frozenset({"death", "life"})
Record = dict[str, Any]
Wanted = dict[tuple[int, str], tuple[Clock, str]]


def settle_clocks(
    *, participant: Participant, form_context: FormContext, by: User | None, at: datetime
) -> None:
    """Each serious event has the clocks that its answers ask for; one that they no longer ask for has ended."""
    wanted = _wanted(participant, form_context)
    held = {
        (clock.event_no, clock.kind): clock for clock in SafetyClock.objects.filter(participant=participant)
    }
    changed = [_drawn(held.get(record_key), record_key, clock) for record_key, clock in wanted.items()]
    rows = [row for row in changed if row is not None]
    for record_key, clock in held.items():
        if record_key not in wanted and clock.ended_at is None:
            clock.ended_at = at
            rows.append(clock)
    if not rows:
        return
    with open_act("crf:clock:settle", by=by, at=at, participant=participant) as act:
        for row in rows:
            row.participant, row.site_id, row.act = participant, participant.site_id, act
            row.save()


def _drawn(
    row: SafetyClock | None, record_key: tuple[int, str], wanted: tuple[Clock, str]
) -> SafetyClock | None:
    """Return the row as it should be, or None when it is so already."""
    clock, how = wanted
    values = {
        "starts_at": clock.starts,
        "due_at": clock.due,
        "met_at": clock.met,
        "how": how if clock.met else "",
        "ended_at": None,
    }
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return None
    row = row or SafetyClock(event_no=record_key[0], kind=record_key[1])
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _wanted(participant: Participant, form_context: FormContext) -> Wanted:
    form_context.fetch((f"{EVENT_FORM}*", f"{REPORT_FORM}*"))
    reports, assessments = (
        form_context.records(REPORT_FORM),
        form_context.context_value("sponsor.assessments"),
    )
    protocol = text.load(participant.protocol_version)
    hours, susar_days = whole_number(protocol, "sae_report_hours"), susar_days_of(protocol)
    found: Wanted = {}
    for event in form_context.records(EVENT_FORM):
        if event["serious"] != "Y":
            continue
        known, how = _known(event, reports, assessments)
        zone = participant.site.time_zone
        for clock in clocks_of(known, zone=zone, hours=hours, susar_days=susar_days):
            found[(event["sequence"], clock.kind.value)] = (clock, how[clock.kind.value.split("_")[0]])
    return found


def susar_days_of(protocol: text.ProtocolText) -> SusarDays:
    """Return the days that a version of the protocol gives for the reports of a SUSAR."""
    return SusarDays(
        fatal=whole_number(protocol, "susar_fatal_days"),
        follow_up=whole_number(protocol, "susar_follow_up_days"),
        other=whole_number(protocol, "susar_other_days"),
    )


def _known(
    event: Record, reports: Iterable[Record], assessments: list[Record]
) -> tuple[SeriousEventFacts, dict[str, str]]:
    """Return what is known of one serious event, and by what its clocks are met."""
    number = event["sequence"]
    own = [row for row in reports if row["ae_no"] == number]
    aware = [row["sae_aware"] for row in own if row["sae_aware"] and row["sae_type"] == "initial"]
    sent = min((row for row in own if row["sae_report"]), key=lambda row: row["sae_report"], default=None)
    judged = [row for row in assessments if row["event_no"] == number]
    last = judged[-1] if judged else None
    known = SeriousEventFacts(
        aware=min(aware, default=event["ser_aware"]),
        reported=sent["sae_report"] if sent else None,
        susar=last["susar"] if last else None,
        fatal_or_life_threatening=bool(URGENT & set(event["ser_crit"] or ())),
        authority_on=last["authority_on"] if last else None,
        follow_up_on=last["follow_up_on"] if last else None,
    )
    return known, {
        "sae": f"{REPORT_FORM} #{sent['sequence']}" if sent else "",
        "susar": f"{EVENT_FORM} #{number}",
    }
