"""What the night does with derived answers: the calendar judges them, and all are compared with a fresh evaluation."""

from __future__ import annotations

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
from crf.records.verification import Difference, everybody, verify_derived
from kernel.clock import local_date
from trials.models import Delegation, Participant, Site

DIFFERENT = "crf:derived"
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
    found = [each for each in differing if not each.is_locked]
    day = local_date(at, zone)
    managers = Delegation.objects.in_force(on=day).filter(role=Role.DATA_MANAGER, user__is_active=True)
    with transaction.atomic():
        people = {held.user_id: held.user for held in managers.select_related("user")} if found else {}
    if people:
        with open_act("crf:derived:report", by=None, at=at):
            for user in people.values():
                _tell(user, found, day.isoformat(), at)
    return len(found)


def _tell(user: User, differences: list[Difference], day: str, at: datetime) -> None:
    with override(user.language):
        words = ngettext(
            "%(number)s record differs from a fresh evaluation",
            "%(number)s records differ from a fresh evaluation",
            len(differences),
        )
        subject = words % {"number": len(differences)}
        lines = [f"  {each}" for each in differences[:MOST]]
        lines += (
            [_("  and %(number)s more") % {"number": len(differences) - MOST}]
            if len(differences) > MOST
            else []
        )
        what = _(
            "No answer was changed. The page says what is stored, what is worked out now, and what to do."
        )
        write_mail(
            to=user,
            address=user.email,
            kind=DIFFERENT,
            key=f"{DIFFERENT}:{user.pk}:{day}",
            subject=subject,
            body="\n".join(
                [subject, "", *lines, "", what, go_there(reverse("crf:differences")), "", closing()]
            ),
            language=user.language,
            site=None,
            at=at,
        )
