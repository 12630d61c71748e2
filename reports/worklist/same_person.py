"""Who may be registered twice: to be settled by the study centre, and a notice to each site of its own participant."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from reports.worklist.sections import WorkItem, WorkListSection, first_and_total
from trials.models import SamePersonQuestion

SAME_PERSON: Final = "same person"


def questions_for(user: User) -> Any:
    """Return the open questions that the person settles, or that their site is to know of."""
    settles = user.may(Permission.SITE_MANAGE)
    permission = Permission.SITE_MANAGE if settles else Permission.PARTICIPANT_REGISTER
    return SamePersonQuestion.objects.open_to(user, permission).waiting()


def same_person(user: User, today: date) -> WorkListSection:
    """Return who may be registered twice, each site's own participants alone."""
    rows, total = first_and_total(
        questions_for(user).select_related("participant").order_by("asked_on", "pk")
    )
    settles = user.may(Permission.SITE_MANAGE)
    where = reverse("trials:registered-twice")
    said = (
        _("May be registered twice: ask both sites")
        if settles
        else _("May have been registered at another centre too: ask the study centre")
    )
    items = [
        WorkItem(
            row.participant.number,
            str(said),
            reverse("trials:settle-same-person", args=[row.pk]) if settles else where,
            when=row.asked_on,
            is_since=True,
        )
        for row in rows
    ]
    return WorkListSection(
        _("Registered twice"), "people", _("Nobody seems to be registered twice"), items, total, where
    )
