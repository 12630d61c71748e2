"""The section about derived answers that are not stored as they are worked out."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf.models import DerivedDifference
from crf.page.differences import line_of
from kernel.clock import local_date
from reports.worklist.sections import WorkItem, WorkListSection, first_and_total

DIFFERENCES: Final = "derived differences"


def differences_for(user: User) -> Any:
    """Return the differences that the person looks into."""
    return DerivedDifference.objects.open_to(user, Permission.DERIVED_JUDGE).to_settle()


def derived_differences(user: User, today: date) -> WorkListSection:
    """Return the derived answers that the night found stored otherwise than they are worked out."""
    rows = differences_for(user).select_related("participant", "site", "record__visit")
    shown, total = first_and_total(rows.order_by("seen_at", "pk"))
    where = reverse("crf:differences")
    items = [
        WorkItem(
            row.participant.number,
            f"{row.record.form_code} · {line_of(row).label}",
            where,
            "difference",
            row.state,
            local_date(row.seen_at, row.site.time_zone),
            is_since=True,
        )
        for row in shown
    ]
    return WorkListSection(
        _("Derived answers that differ"),
        "exclamation-triangle",
        _("Every derived answer is stored as it is worked out."),
        items,
        total,
        where,
    )
