"""Findings of central monitoring on the work lists of those who own them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from accounts.permissions import Permission
from monitoring.models import MonitoringFinding
from reports.worklist.sections import WaitingWork, WorkItem, WorkListSection, first_and_total


def findings_of(user: User) -> Any:
    """Return the findings without an outcome that the person has taken, or that their role owns and nobody took."""
    rows = MonitoringFinding.objects.open_to(user, Permission.MONITORING_FOLLOW).filter(followed_at=None)
    return rows.filter(Q(owner=user) | Q(owner=None, owner_role__in=user.roles))


def findings(user: User, today: date) -> WorkListSection:
    """Return the findings that wait for the person, what is due first at the top."""
    rows, total = first_and_total(findings_of(user).select_related("site").order_by("due_on", "pk"))
    items = [
        WorkItem(
            each.site.code if each.site else _("All sites"),
            f"{each.about.title} \u00b7 {each.get_kind_display()}",
            each.get_absolute_url(),
            when=each.due_on,
        )
        for each in rows
    ]
    return WorkListSection(
        _lazy("Findings of central monitoring"),
        "graph-up",
        _lazy("No finding waits for you."),
        items,
        total,
        reverse("monitoring:board"),
    )


FINDINGS: Final = WaitingWork("monitoring:findings", findings_of, findings)
