"""What the night does with derived answers: the calendar judges them, and all are compared with a fresh evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.mail_words import closing, go_there
from accounts.models import User
from accounts.permissions import Role
from accounts.services import write_mail
from audit.acts import open_act
from crf.models import DerivedDifference
from crf.recheck import recheck_by_calendar
from crf.records.differences import keep_differences
from crf.records.judging import JudgedChecks, run_checks
from crf.records.verification import everybody, verify_derived
from kernel.clock import local_date
from trials.models import Delegation, Participant, Site

DIFFERENT = "crf:derived"
CHECKED = "crf:checks"
MOST = 50


def judge_new_day(*, site: Site, at: datetime) -> None:
    """Whatever looks at the calendar day alone agrees with the site's day; running again changes nothing.

    Locks: each participant, one after the other.
    """
    with transaction.atomic():
        people = list(Participant.objects.filter(site=site).order_by("pk").values_list("pk", flat=True))
    for participant_id in people:
        with transaction.atomic():
            recheck_by_calendar(participant=Participant.objects.lock(participant_id), at=at)


def report_differences(*, zone: str, at: datetime) -> int:
    """Data managers are told, once a day, which stored derived answers differ; say how many records do.

    Each difference stands on their work list until it is settled. No answer is changed: what differs is a fault of
    the program, and is looked into before it is put right. What is locked stays as it was, and nobody is told.
    Locks: each participant with a difference, one after the other.
    """
    with transaction.atomic():
        differing = list(verify_derived(everybody(), at=at))
        standing = DerivedDifference.objects.standing().values_list("participant_id", flat=True)
        people_ids = {each.participant_id for each in differing} | set(standing)
    for participant_id in sorted(people_ids):
        with transaction.atomic():
            keep_differences(participant_id=participant_id, at=at)
    unlocked = [each for each in differing if not each.is_locked]
    if unlocked:
        told = _Told(
            DIFFERENT,
            lambda: _differing_in_words(len(unlocked)),
            [str(each) for each in unlocked],
            lambda: _(
                "No answer was changed. The page says what is stored, what is worked out now, and what to do."
            ),
            "crf:differences",
        )
        _tell_data_managers("crf:derived:report", told, zone=zone, at=at)
    return len(unlocked)


def report_checks(*, zone: str, at: datetime) -> JudgedChecks:
    """Queries and listed findings are as the checks of today judge them; data managers are told of queries.

    A save judges what it moves, so that a query opens here when a check is new, or after a fault of the program.
    Locks: each participant, one after the other.
    """
    with transaction.atomic():
        people = list(Participant.objects.order_by("pk").values_list("pk", flat=True))
    changes = run_checks(people=people, at=at)
    if changes.asks:
        lines = [*(f"+ {each}" for each in changes.opened), *(f"- {each}" for each in changes.closed)]
        told = _Told(
            CHECKED,
            lambda: _judged_in_words(changes),
            lines,
            lambda: _("A line with + is a query that was opened, one with - a query that was closed."),
            "crf:queries",
        )
        _tell_data_managers("crf:check:report", told, zone=zone, at=at)
    return changes


@dataclass(frozen=True)
class _Told:
    """A message to data managers; its words are made in the language of each reader."""

    kind: str
    subject: Callable[[], str]
    lines: list[str]
    what: Callable[[], str]
    page: str


def _differing_in_words(number: int) -> str:
    words = ngettext(
        "%(number)s record differs from a fresh evaluation",
        "%(number)s records differ from a fresh evaluation",
        number,
    )
    return words % {"number": number}


def _judged_in_words(changes: JudgedChecks) -> str:
    words = _("Checks judged again: queries opened %(opened)s, closed %(closed)s")
    return words % {"opened": len(changes.opened), "closed": len(changes.closed)}


def _tell_data_managers(verb: str, told: _Told, *, zone: str, at: datetime) -> None:
    day = local_date(at, zone)
    managers = Delegation.objects.in_force(on=day).filter(role=Role.DATA_MANAGER, user__is_active=True)
    with transaction.atomic():
        people = {delegation.user_id: delegation.user for delegation in managers.select_related("user")}
    if not people:
        return
    with open_act(verb, by=None, at=at):
        for user in people.values():
            _tell(user, told, day.isoformat(), at)


def _tell(user: User, told: _Told, day: str, at: datetime) -> None:
    with override(user.language):
        subject, more = told.subject(), len(told.lines) - MOST
        lines = [f"  {each}" for each in told.lines[:MOST]]
        lines += [_("  and %(number)s more") % {"number": more}] if more > 0 else []
        write_mail(
            to=user,
            address=user.email,
            kind=told.kind,
            key=f"{told.kind}:{user.pk}:{day}",
            subject=subject,
            body="\n".join(
                [subject, "", *lines, "", told.what(), go_there(reverse(told.page)), "", closing()]
            ),
            language=user.language,
            site=None,
            at=at,
        )
