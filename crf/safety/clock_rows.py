"""Safety clocks: rows that follow from answers and the sponsor's assessments, in the same act (protocol 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from audit.acts import act
from crf.models import SafetyClock
from crf.store.context import Surroundings
from protocol import text
from protocol.safety_deadlines import Clock, SeriousEvent, clocks_of
from trials.models import Participant

CLOCK_FORMS = frozenset({"AE", "SAE"})
URGENT = frozenset({"death", "life"})
Record = dict[str, Any]
Wanted = dict[tuple[int, str], tuple[Clock, str]]


def settle_clocks(*, participant: Participant, around: Surroundings, by: User | None, at: datetime) -> None:
    """Each serious event has the clocks that its answers ask for; one that they no longer ask for has ended."""
    wanted = _wanted(participant, around)
    held = {
        (clock.event_no, clock.kind): clock for clock in SafetyClock.objects.filter(participant=participant)
    }
    changed = [_drawn(held.get(place), place, clock) for place, clock in wanted.items()]
    rows = [row for row in changed if row is not None]
    for place, clock in held.items():
        if place not in wanted and clock.ended_at is None:
            clock.ended_at = at
            rows.append(clock)
    if not rows:
        return
    with act("crf:clock:settle", by=by, at=at, participant=participant) as written:
        for row in rows:
            row.participant, row.site_id, row.act = participant, participant.site_id, written
            row.save()


def _drawn(row: SafetyClock | None, place: tuple[int, str], wanted: tuple[Clock, str]) -> SafetyClock | None:
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
    row = row or SafetyClock(event_no=place[0], kind=place[1])
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _wanted(participant: Participant, around: Surroundings) -> Wanted:
    around.fetch(("AE*", "SAE*"))
    reports, assessments = around.records("SAE"), around.context_value("sponsor.assessments")
    hours = text.load(participant.protocol_version).trigger("SAE").hours or 24
    found: Wanted = {}
    for event in around.records("AE"):
        if event["serious"] != "Y":
            continue
        known, how = _known(event, reports, assessments)
        for clock in clocks_of(known, zone=participant.site.time_zone, hours=hours):
            found[(event["sequence"], clock.kind.value)] = (clock, how[clock.kind.value.split("_")[0]])
    return found


def _known(
    event: Record, reports: Iterable[Record], assessments: list[Record]
) -> tuple[SeriousEvent, dict[str, str]]:
    """Return what is known of one serious event, and by what its clocks are met."""
    number = event["sequence"]
    own = [row for row in reports if row["ae_no"] == number]
    aware = [row["sae_aware"] for row in own if row["sae_aware"] and row["sae_type"] == "initial"]
    sent = min((row for row in own if row["sae_report"]), key=lambda row: row["sae_report"], default=None)
    judged = [row for row in assessments if row["event_no"] == number]
    last = judged[-1] if judged else None
    known = SeriousEvent(
        aware=min(aware, default=event["ser_aware"]),
        reported=sent["sae_report"] if sent else None,
        susar=last["susar"] if last else None,
        fatal_or_life_threatening=bool(URGENT & set(event["ser_crit"] or ())),
        authority_on=last["authority_on"] if last else None,
        follow_up_on=last["follow_up_on"] if last else None,
    )
    return known, {"sae": f"SAE #{sent['sequence']}" if sent else "", "susar": f"AE #{number}"}
