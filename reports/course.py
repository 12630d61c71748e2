"""What ended or narrowed the following of a participant: withdrawals, losses and death, with what can be put right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.links import form_url
from crf.models import Record
from crf.store.records import NEW
from followup.models import Visit, VisitState
from followup.track_limits import with_limit
from kernel.clock import local_date
from kernel.days import written
from kernel.punctuation import listed
from reports.overdue_states import overdue_state
from trials.models import (
    Consent,
    ConsentRefusal,
    LossToFollowUp,
    Milestone,
    Participant,
    Transfer,
    Withdrawal,
)
from trials.models.participants import ESTIMATE, AfterRefusal, Track, scope_in_words
from trials.models.sites import TAKES_NOBODY_IN

ENDED = (Track.DEAD, Track.LOST, Track.WITHDRAWN_ALL)


@dataclass(frozen=True)
class CourseLine:
    """One sentence about the course, and the pages that belong to it."""

    text: str
    links: tuple[tuple[str, str], ...] = ()


def with_course() -> dict[str, Any]:
    """Return, for a query of participants, the limit of their state, withdrawals that stand and losses."""
    of = {"participant": OuterRef("pk")}
    scopes = {name: name for name in Withdrawal.SCOPES}
    standing = Withdrawal.objects.filter(**of, cancelled_at=None).order_by("on", "pk")
    losses = LossToFollowUp.objects.filter(**of, cancelled_at=None).order_by("lost_on", "pk")
    refused = ConsentRefusal.objects.filter(**of).order_by("asked_on", "pk")
    transfers = Transfer.objects.filter(**of, ended_at=None).order_by("pk")
    codes = {"releasing": "site_code", "receiving": "receiving_code"}
    return {
        **with_limit(),
        "transfers_standing": ArraySubquery(
            transfers.values(
                json=JSONObject(pk="pk", accepted_at="accepted_at", confirmed_at="confirmed_at", **codes)
            )
        ),
        "texts_refused": ArraySubquery(
            refused.values(json=JSONObject(label="version__label", asked_on="asked_on", follows="follows"))
        ),
        "register_visit": _asked_in_a_register(),
        "withdrawals_standing": ArraySubquery(standing.values(json=JSONObject(pk="pk", on="on", **scopes))),
        "times_lost": ArraySubquery(
            losses.values(json=JSONObject(pk="pk", lost_on="lost_on", reached_on="reached_on"))
        ),
    }


def _asked_in_a_register() -> Subquery:
    """Return the first visit dropped by a withdrawal at which a register may answer, where the consent allows that."""
    consents = Consent.objects.filter(participant=OuterRef("participant")).order_by("signed_on", "pk")
    dropped = Visit.objects.filter(participant=OuterRef("pk"), state=VisitState.CANCELLED)
    form = _answered_from_a_register()
    answered = Exists(Record.objects.filter(visit=OuterRef("pk"), form_code=form))
    free = dropped.filter(~answered, forms__contains=[form]).order_by("opens", "pk")
    allowed = free.annotate(may_look=Subquery(consents.values("register_lookup")[:1])).filter(may_look=True)
    return Subquery(allowed.values("pk")[:1])


@cache
def _answered_from_a_register() -> str:
    """Return the form that may be recorded after a withdrawal from all contact."""
    (code,) = (code for code, form in catalogue.forms().items() if form.from_register)
    return str(code)


def course_of(
    participant: Any, milestones: Iterable[Milestone], user: User, *, today: date
) -> list[CourseLine]:
    """Return what stands, in words; the participant carries what ``with_course`` adds to a query."""
    return [
        *(_transfer(participant, each) for each in participant.transfers_standing),
        *_overdue(participant, user, today),
        *_closed(participant),
        *(_refused(participant, each, user) for each in participant.texts_refused),
        *(_withdrawal(participant, each, user) for each in participant.withdrawals_standing),
        *(_loss(participant, each, user) for each in participant.times_lost),
        *_death(participant, milestones, user),
        *_end(participant, milestones, user),
    ]


def _transfer(participant: Participant, stands: dict[str, Any]) -> CourseLine:
    """Where the participant was before and since when they are here, or for whom a transfer waits."""
    sites: dict[str, Any] = {"from": stands["releasing"], "to": stands["receiving"]}
    if stands["confirmed_at"]:
        day = local_date(datetime.fromisoformat(stands["confirmed_at"]), participant.site.time_zone)
        sites["day"] = written(day)
        text = _("Transferred from site %(from)s to site %(to)s on %(day)s.") % sites
    elif stands["accepted_at"]:
        text = _("The transfer to site %(to)s is accepted there and waits for the trial manager.") % sites
    else:
        text = _("The transfer to site %(to)s is proposed and waits for the investigator there.") % sites
    return CourseLine(text, ((reverse("trials:transfer", args=[stands["pk"]]), _("Transfer")),))


def _overdue(participant: Any, user: User, today: date) -> Iterator[CourseLine]:
    late = overdue_state(participant, today=today)
    if late is not None:
        may_act = user.may(Permission.CRF_EDIT, participant.site_id)
        knows_arm = user.may(Permission.CRF_VIEW, participant.site_id)
        words = late.whole_sentence if knows_arm else late.sentence
        yield CourseLine(words, ((late.href, _("Go there")),) if may_act else ())


def _closed(participant: Participant) -> Iterator[CourseLine]:
    """Say to whom it matters that the site takes nobody in any more: screening leads nowhere there."""
    if participant.state == Track.SCREENED and participant.site.state in TAKES_NOBODY_IN:
        yield CourseLine(_("The site is closed: record how screening ended."))


def _refused(participant: Participant, answer: dict[str, Any], user: User) -> CourseLine:
    text = _("Did not sign consent %(label)s, asked on %(day)s: %(follows)s.") % {
        "label": answer["label"],
        "day": _day(answer["asked_on"]),
        "follows": AfterRefusal(answer["follows"]).label,
    }
    if not user.may(Permission.CONSENT_RECORD, participant.site_id):
        return CourseLine(text)
    return CourseLine(text, ((reverse("trials:consent", args=[participant.number]), _("Consent")),))


def _withdrawal(participant: Participant, stands: dict[str, Any], user: User) -> CourseLine:
    words = [scope_in_words(name) for name in Withdrawal.SCOPES if stands[name]]
    text = _("Withdrew on %(day)s from: %(scopes)s.") % {
        "day": _day(stands["on"]),
        "scopes": listed(words),
    }
    if not user.may(Permission.CONSENT_RECORD, participant.site_id):
        return CourseLine(text)
    place = [participant.number, stands["pk"]]
    return CourseLine(
        text,
        (
            *_register(participant, user),
            (reverse("followup:correct-withdrawal", args=place), _("Correct it")),
            (reverse("followup:cancel-withdrawal", args=place), _("Cancel it")),
        ),
    )


def _register(participant: Any, user: User) -> Iterator[tuple[str, str]]:
    """Yield where vital status from a register is recorded of somebody whom nobody may contact any more."""
    may_answer = user.may(Permission.CRF_EDIT, participant.site_id)
    if participant.state == Track.WITHDRAWN_ALL and participant.register_visit and may_answer:
        url = form_url(participant.number, _answered_from_a_register(), visit_id=participant.register_visit)
        yield url, _("Record vital status from a register")


def _loss(participant: Participant, time: dict[str, Any], user: User) -> CourseLine:
    text = _("Lost to follow-up since %(day)s.") % {"day": _day(time["lost_on"])}
    if time["reached_on"] is not None:
        days = {"from": _day(time["lost_on"]), "until": _day(time["reached_on"])}
        text = _("Lost to follow-up on %(from)s, reached again on %(until)s.") % days
    if not user.may(Permission.VISIT_RECORD, participant.site_id):
        return CourseLine(text)
    contacts = reverse("followup:contacts", args=[participant.number]), _("Record a contact")
    cancel = reverse("followup:cancel-loss", args=[participant.number, time["pk"]]), _("Cancel it")
    return CourseLine(text, (contacts, cancel) if participant.state == Track.LOST else (cancel,))


def _death(participant: Participant, milestones: Iterable[Milestone], user: User) -> Iterator[CourseLine]:
    for milestone in milestones:
        if milestone.code != "DEATH" or not milestone.stands:
            continue
        record = Record.objects.filter(pk=milestone.source_record or 0).first()
        links: tuple[tuple[str, str], ...] = ()
        if record is not None and user.may(Permission.CRF_VIEW, participant.site_id):
            code, visit, sequence = record.form_code, record.visit_id, record.sequence
            url = form_url(participant.number, code, visit_id=visit, sequence=sequence)
            links = ((url, _("Open the form %(form)s that says so") % {"form": code}),)
        yield CourseLine(_died(milestone), links)


def _died(milestone: Milestone) -> str:
    if milestone.on is None and milestone.earliest and milestone.latest:
        days = {"first": written(milestone.earliest), "last": written(milestone.latest)}
        return _("Died between %(first)s and %(last)s. The day is not known, and no day is used.") % days
    died = _("Died on %(day)s.")
    if milestone.source == ESTIMATE:
        died = _("Died on a day that is not known exactly. %(day)s is used.")
    return died % {"day": written(milestone.on) if milestone.on else ""}


def _end(participant: Participant, milestones: Iterable[Milestone], user: User) -> Iterator[CourseLine]:
    """Ask for the end of the study of who died, withdrew from everything or was lost, while nobody has recorded it."""
    recorded = any(milestone.code == "EOS" and milestone.on for milestone in milestones)
    if recorded or participant.arm is None or participant.state not in ENDED:
        return
    text = _("The end of the study is not recorded yet.")
    if not user.may(Permission.CRF_EDIT, participant.site_id):
        yield CourseLine(text)
        return
    (form,) = catalogue.setters_of("EOS")
    yield CourseLine(text, ((form_url(participant.number, form.code, sequence=NEW), _("Record it")),))


def _day(iso: str) -> str:
    return written(date.fromisoformat(iso))
