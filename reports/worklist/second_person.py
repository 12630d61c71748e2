"""What waits for a second person, and envelopes that were opened in an outage."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from kernel.clock import local_date
from notices.second_person import TITLE as SECOND_PERSON_TITLE
from notices.second_person import waiting_for
from randomization.models import Envelope
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection, first_and_total

OPENED_ENVELOPES: Final = "opened envelopes"


def second_person(user: User, kinds: Collection[str]) -> WorkListSection:
    """What somebody else asked for and this person, as the second one, may confirm."""
    waiting = waiting_for(user, kinds=kinds)
    items = [WorkItem(each.number, each.what, each.href) for each in waiting[:SHOWN]]
    return WorkListSection(SECOND_PERSON_TITLE, "people", _("Nothing is waiting."), items, len(waiting))


def opened_envelopes(user: User) -> WorkListSection:
    """Envelopes that were opened in an outage and belong to nobody in the system yet."""
    rows = Envelope.objects.open_to(user, Permission.ALLOCATION_REQUEST).not_entered()
    shown, total = first_and_total(rows.select_related("site").order_by("opened_at", "pk"))
    where = reverse("randomization:outage")
    what = str(_("Register, screen and randomize the patient with this envelope"))
    items = [
        WorkItem(
            each.number, what, where, when=local_date(each.opened_at, each.site.time_zone), is_since=True
        )
        for each in shown
    ]
    return WorkListSection(
        _("Opened envelopes to enter"), "envelope", _("Nothing is waiting."), items, total, where
    )
