"""The sponsor's assessment of a serious event: the one small act of sponsor-side people beside the forms."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from audit.acts import open_act
from crf.catalogue.adverse_event.rules import is_serious
from crf.catalogue.serious_event.rules import event_of
from crf.engine.answers import AnswerRow
from crf.models import SponsorAssessment
from crf.recheck import recheck
from crf.safety.clock_rows import EVENT_FORM, REPORT_FORM, is_urgent, settle_clocks
from crf.store.context import FormContext
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from protocol.safety import more_cautious, susar
from trials.models import Participant


class NotTheSponsors(Forbidden):
    code = "crf.not_the_sponsors"
    message = _("Serious events are assessed for the sponsor. Your role does not include it.")


class NotSerious(Refusal):
    code = "crf.not_serious"
    message = _(
        "Adverse event {event} of participant {participant} is not on record as serious. Ask the site to check it."
    )


class NotReportedYet(Refusal):
    code = "crf.not_reported_yet"
    message = _(
        "The site has not reported adverse event {event} of participant {participant} yet. Assess it when the "
        "report is there."
    )


class NoSusar(Refusal):
    code = "crf.no_susar"
    message = _(
        "By expectedness and relation this event is no SUSAR: the authority is not told. Check both, or leave the "
        "days empty."
    )


class WhySusarDiffers(Refusal):
    code = "crf.why_susar_differs"
    fields = ("note",)
    message = _("Your judgement differs from the rule. Say why in the note.")
    status = 422


class AssessmentReasonNeeded(Refusal):
    code = "crf.assessment_reason_needed"
    fields = ("reason",)
    message = _("This event was assessed before. Say why it is assessed again.")
    status = 422


class KnownSinceNeeded(Refusal):
    code = "crf.known_since_needed"
    fields = ("known_at",)
    message = _("The days of a SUSAR count from the moment the sponsor knew that it is one. Say since when.")
    status = 422


class DayOutOfOrder(Refusal):
    code = "crf.day_out_of_order"
    fields = ("authority_on",)
    message = _(
        "The authority is told after the sponsor knew of the case, and neither lies in the future. Check both."
    )
    status = 422


@dataclass(frozen=True)
class SponsorJudgement:
    """What the sponsor's physician judged, and on which days the authority was told.

    ``known_at`` is when the sponsor first knew that the case, as it stands now, qualifies as a SUSAR (day 0).
    """

    expectedness: str
    reference: str
    causality: str
    susar: bool
    known_at: datetime | None = None
    authority_on: date | None = None
    follow_up_on: date | None = None
    note: str = ""


@dataclass(frozen=True)
class SeriousCase:
    """One serious event as the sponsor sees it: the record, its reports, what was judged."""

    event: AnswerRow
    reports: list[dict[str, Any]]
    judged: list[dict[str, Any]]

    @property
    def investigator(self) -> str | None:
        """Return the strongest relation that the site named."""
        named = (row["sae_rel_inv"] for row in self.reports)
        return more_cautious(self.event["rel_worst"], *named)

    @property
    def urgent(self) -> bool:
        """Say whether the case is fatal or life-threatening as the record has it now."""
        return is_urgent(self.event)

    @property
    def last_reported(self) -> datetime | None:
        """Return when the latest version of the report reached the sponsor."""
        return max((row["sae_report"] for row in self.reports if row["sae_report"]), default=None)

    @property
    def reported(self) -> datetime | None:
        return min((row["sae_report"] for row in self.reports if row["sae_report"]), default=None)


def case_of(form_context: FormContext, event_no: int) -> SeriousCase | None:
    """Return the serious event with this number, or None."""
    form_context.fetch((f"{EVENT_FORM}*", f"{REPORT_FORM}*"))
    event = event_of(event_no, form_context.records(EVENT_FORM))
    if event is None or not is_serious(event):
        return None
    reports = [row for row in form_context.records(REPORT_FORM) if row["ae_no"] == event_no]
    judged = [row for row in form_context.assessments() if row["event_no"] == event_no]
    return SeriousCase(event, reports, judged)


def assess_event(
    *,
    participant: Participant,
    event_no: int,
    judged: SponsorJudgement,
    password: str,
    reason: str = "",
    by: User,
    at: datetime,
) -> SponsorAssessment:
    """The sponsor's judgement of a reported serious event is signed and on record, and clocks, reports and
    queries agree with it (protocol 2.6, 3.6). An earlier judgement stays on record.

    Refuses: who does not judge for the sponsor; an event that is not reported or not sound; a password that does not
    match. Locks: the participant.
    """
    with open_act("crf:safety:assess", by=by, at=at, participant=participant, reason=reason) as act:
        if not by.may(Permission.SAFETY_ASSESS, participant.site_id):
            raise NotTheSponsors
        locked = Participant.objects.lock(participant.pk)
        form_context = FormContext(locked, at=at)
        case = case_of(form_context, event_no)
        _refuse_unless_sound(locked, event_no, case, judged, reason=reason, at=at)
        signature = sign(
            record=f"{locked.number} AE #{event_no}",
            digest=_digest(locked, event_no, judged),
            meaning=_("Assessed for the sponsor"),
            by=by,
            password=password,
            at=at,
            site=locked.site,
        )
        sponsor_assessment = SponsorAssessment.objects.create(
            participant=locked,
            site_id=locked.site_id,
            event_no=event_no,
            assessed_at=at,
            signature=signature,
            urgent=case is not None and case.urgent,
            act=act,
            **asdict(judged),
        )
        form_context = FormContext(locked, at=at)
        settle_clocks(participant=locked, form_context=form_context, by=by, at=at)
        changed = {"sponsor.assessments", "safety.clocks"}
        recheck(record_key=None, changed=changed, form_context=form_context, by=by, at=at)
    return sponsor_assessment


def by_the_rule(case: SeriousCase, expectedness: str, causality: str) -> bool:
    """Say whether the rule makes the event a SUSAR: serious, unexpected, related by the more cautious."""
    judged = susar(serious="Y", expectedness=expectedness, investigator=case.investigator, sponsor=causality)
    return bool(judged)


def _refuse_unless_sound(
    participant: Participant,
    event_no: int,
    case: SeriousCase | None,
    judged: SponsorJudgement,
    *,
    reason: str,
    at: datetime,
) -> None:
    about = {"event": event_no, "participant": participant.number}
    if case is None:
        raise NotSerious(**about)
    if case.reported is None and judged.known_at is None:
        raise NotReportedYet(**about)
    if case.judged and not reason.strip():
        raise AssessmentReasonNeeded
    if judged.susar != by_the_rule(case, judged.expectedness, judged.causality) and not judged.note.strip():
        raise WhySusarDiffers
    _refuse_days(judged, zone=participant.site.time_zone, at=at)


def _refuse_days(judged: SponsorJudgement, *, zone: str, at: datetime) -> None:
    told = [day for day in (judged.authority_on, judged.follow_up_on) if day]
    if not judged.susar:
        if told:
            raise NoSusar
        return
    if judged.known_at is None:
        raise KnownSinceNeeded
    day_0, today = local_date(judged.known_at, zone), local_date(at, zone)
    if judged.known_at > at or any(not day_0 <= day <= today for day in told):
        raise DayOutOfOrder


def _digest(participant: Participant, event_no: int, judged: SponsorJudgement) -> str:
    content = {"participant": participant.number, "event": event_no, **asdict(judged)}
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
