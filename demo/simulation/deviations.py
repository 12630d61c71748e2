"""What sites make of proposed deviations: most are confirmed and recorded, some dismissed, some decided centrally."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from crf.catalogue import form
from crf.deviations.deciding import DeviationJudgement, decide_deviation
from crf.deviations.settling import LOG, confirm_deviation, dismiss_deviation, values_of_proposal
from demo.simulation.form_filler import fill
from demo.simulation.sites import SiteWithPeople, Stage
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from trials.models import DeviationProposal, Milestone

SETTLED_AT_A_SITE: Final = 8
DISMISSED_EVERY, CLOSED_EVERY, DECIDED_EVERY = 5, 2, 3
SETTLED_BEFORE: Final = timedelta(hours=3)
DECIDED_AFTER: Final = timedelta(hours=2)
SAID: Final = "Departed from the protocol; see the record of the visit."


def settle_some(stage: Stage, until: datetime) -> None:
    """The oldest proposals of each site are settled; every third one on the log is decided centrally."""
    with scope(user_id=None, sites=EVERYTHING):
        for place in stage.places:
            at = until - SETTLED_BEFORE
            today = local_date(at, place.site.time_zone)  # not that of ``until``: midnight may lie between
            with transaction.atomic():
                waiting = list(_waiting(place, today))
            for count, proposal in enumerate(waiting, start=1):
                _settle(stage, place, proposal, count, at, today)


def _waiting(place: SiteWithPeople, on: date) -> Any:
    proposals = DeviationProposal.objects.filter(site=place.site, state="proposed", found_on__lte=on)
    rows = proposals.select_related("participant__site").order_by("found_on", "pk")
    return rows[:SETTLED_AT_A_SITE]


def _settle(
    stage: Stage, place: SiteWithPeople, proposal: DeviationProposal, count: int, at: datetime, today: date
) -> None:
    by: dict[str, Any] = {"by": place.coordinator, "at": at}
    if count % DISMISSED_EVERY == 0:
        dismiss_deviation(proposal=proposal, reason="Allowed by the protocol: see the visit's note.", **by)
        return
    participant = proposal.participant
    is_closed = count % CLOSED_EVERY == 0
    with transaction.atomic():
        sent = _answers(proposal, today if is_closed else None)
    fill(participant, LOG, {"answers": sent}, is_new=True, **by)
    with transaction.atomic():
        log: Any = form(LOG).model.objects.filter(participant=participant)
        number: int = log.latest("sequence").sequence
    confirm_deviation(proposal=proposal, deviation=number, reason="Read in the chart.", **by)
    if count % DECIDED_EVERY == 0:
        _decide(stage, participant, number, at + DECIDED_AFTER)


def _answers(proposal: DeviationProposal, closed_on: date | None) -> dict[str, Any]:
    consented = Milestone.objects.filter(participant=proposal.participant, code="ICF").first()
    day = proposal.found_on - timedelta(days=3)
    known = {name: value for name, value in values_of_proposal(proposal).items() if value is not None}
    answers = {
        "dv_term": SAID,
        **known,
        "dv_dt": min(max(day, consented.on), proposal.found_on) if consented and consented.on else day,
    }
    if known["dv_cat"] == "crossover":
        to = "surgery" if proposal.participant.arm == "1" else "surveillance"
        answers |= {"dv_cross_to": to, "dv_cross_by": "participant"}
    if closed_on:
        answers |= {"dv_act": "Talked through in the team.", "dv_ec": closed_on, "dv_close": closed_on}
    return answers


def _decide(stage: Stage, participant: Any, number: int, at: datetime) -> None:
    with transaction.atomic():
        record: Any = form(LOG).model.objects.get(participant=participant, sequence=number)
    judged = DeviationJudgement(record.dv_imp_calc, record.dv_pp_calc)
    about: dict[str, Any] = {"participant": participant, "number": number, "judged": judged}
    decide_deviation(**about, by=stage.central["stats"], at=at)
