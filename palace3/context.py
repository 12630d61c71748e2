"""What every page shows around its content: the navigation, the languages, the banner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import ROLE_LABELS, Permission
from kernel.maintenance import maintenance


@dataclass(frozen=True)
class NavigationItem:
    """A page of the navigation, shown to whom holds ``permission`` anywhere."""

    label: Promise
    icon: str
    url_name: str
    permission: Permission | None = None


NAVIGATION: Final[tuple[tuple[Promise | None, tuple[NavigationItem, ...]], ...]] = (
    (
        None,
        (
            NavigationItem(_("Work list"), "house", "home"),
            NavigationItem(_("Participants"), "people", "reports:participants", Permission.PARTICIPANT_VIEW),
            NavigationItem(_("Visits"), "calendar-event", "followup:agenda", Permission.VISIT_VIEW),
            NavigationItem(_("Forms to fill in"), "pencil", "reports:unfinished-forms", Permission.CRF_VIEW),
            NavigationItem(_("To sign"), "pen", "crf:to-sign", Permission.CRF_SIGN),
            NavigationItem(_("Queries"), "chat-left-text", "crf:queries", Permission.QUERY_VIEW),
            NavigationItem(_("Safety clocks"), "clock-history", "crf:clocks", Permission.SAFETY_VIEW),
            NavigationItem(_("Contact requests"), "telephone", "trials:requests", Permission.CONTACT_HANDLE),
            NavigationItem(
                _("Emergency envelopes"), "envelope", "randomization:envelopes", Permission.ALLOCATION_VIEW
            ),
        ),
    ),
    (
        _("Data"),
        (
            NavigationItem(_("Completeness"), "clipboard-check", "reports:completeness", Permission.CRF_VIEW),
            NavigationItem(_("Listings"), "list", "crf:listings", Permission.CRF_VIEW),
            NavigationItem(
                _("Source verification"), "shield-check", "reports:verification", Permission.CRF_VIEW
            ),
            NavigationItem(
                _("Findings to review"), "clipboard-check", "crf:findings", Permission.FINDING_VIEW
            ),
            NavigationItem(_("Checks"), "check2", "crf:checks", Permission.FINDING_VIEW),
            NavigationItem(
                _("Deviations"), "exclamation-triangle", "crf:deviations", Permission.DEVIATION_VIEW
            ),
            NavigationItem(_("Coding"), "journal-check", "crf:coding", Permission.CODING_VIEW),
            NavigationItem(
                _("Central review"), "people", "crf:central-reviews", Permission.CENTRAL_REVIEW_VIEW
            ),
            NavigationItem(_("Freeze and lock"), "lock", "crf:locks", Permission.CRF_LOCK),
            NavigationItem(
                _("Database lock"), "lock-fill", "exports:database-lock", Permission.DATABASE_LOCK_VIEW
            ),
            NavigationItem(_("Imports"), "download", "exports:imports", Permission.CRF_EDIT),
            NavigationItem(_("Exports"), "file-earmark-arrow-down", "exports:list", Permission.EXPORT_VIEW),
        ),
    ),
    (
        _("Progress and results"),
        (
            NavigationItem(_("Dashboard"), "circle-half", "reports:dashboard", Permission.VISIT_VIEW),
            NavigationItem(_("Reports"), "graph-up", "reports:reports", Permission.VISIT_VIEW),
            NavigationItem(_("Flow of participants"), "people", "analysis:flow", Permission.VISIT_VIEW),
            NavigationItem(
                _("Survival maturity"), "hourglass-split", "analysis:maturity", Permission.VISIT_VIEW
            ),
            NavigationItem(
                _("Quality of life"), "clipboard-check", "analysis:quality-of-life", Permission.EXPORT_VIEW
            ),
            NavigationItem(_("Safety"), "clipboard2-pulse", "analysis:safety", Permission.SAFETY_VIEW),
            NavigationItem(
                _("Central monitoring"), "shield-check", "monitoring:board", Permission.MONITORING_VIEW
            ),
            NavigationItem(
                _("Committee packs"), "file-earmark-text", "committee:packs", Permission.PACK_VIEW
            ),
        ),
    ),
    (
        _("The trial"),
        (
            NavigationItem(_("Sites"), "hospital", "trials:sites", Permission.SITE_VIEW),
            NavigationItem(_("People"), "person", "trials:people", Permission.PERSON_VIEW),
            NavigationItem(
                _("Randomization"), "shuffle", "randomization:schemes", Permission.SCHEME_ACTIVATE
            ),
            NavigationItem(_("Public page"), "file-earmark-text", "trials:texts", Permission.TEXT_VIEW),
            NavigationItem(
                _("Contact request counts"), "telephone", "trials:request-counts", Permission.SITE_MANAGE
            ),
            NavigationItem(
                _("Registered twice"), "people", "trials:registered-twice", Permission.SITE_MANAGE
            ),
            NavigationItem(_("Newsletters"), "pencil", "trials:letters", Permission.TEXT_DRAFT),
            NavigationItem(_("Audit trail"), "clock-history", "reports:trail", Permission.AUDIT_VIEW),
            NavigationItem(_("Registers"), "journal-check", "trials:registers", Permission.AUDIT_VIEW),
            NavigationItem(_("Set-up"), "check2", "operations:set-up", Permission.TASK_WATCH),
            NavigationItem(_("Service"), "clipboard2-pulse", "operations:service", Permission.TASK_WATCH),
            NavigationItem(_("Background tasks"), "arrow-repeat", "followup:tasks", Permission.TASK_WATCH),
            NavigationItem(
                _("Protocol versions"), "journal-check", "followup:versions", Permission.PROTOCOL_VIEW
            ),
            NavigationItem(_("Endpoints"), "graph-up", "analysis:definitions", Permission.PROTOCOL_VIEW),
            NavigationItem(
                _("Protocol questions"), "question-circle", "reports:protocol", Permission.PROTOCOL_VIEW
            ),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sections of the navigation with the pages that the person may open."""
    user: User = request.user  # type: ignore[assignment]
    sections = []
    for title, places in NAVIGATION:
        open_here = [place for place in places if place.permission is None or user.may(place.permission)]
        if open_here:
            sections.append({"title": title, "places": [_shown(place, request) for place in open_here]})
    return sections


def _shown(place: NavigationItem, request: HttpRequest) -> dict[str, Any]:
    href = reverse(place.url_name)
    return {"label": place.label, "icon": place.icon, "href": href, "current": _is_current(request, href)}


def _is_current(request: HttpRequest, href: str) -> bool:
    return request.path.startswith(href)


# Pages on which what somebody types is about a participant: their free texts are looked at while they are typed.
ABOUT_PARTICIPANTS: Final = frozenset({"crf", "followup", "randomization"})


def _namespace(request: HttpRequest) -> str:
    return request.resolver_match.namespace if request.resolver_match else ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give every template ``shell``: navigation, roles, languages, idle time, demonstration or not."""
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    return {
        "shell": {
            "sections": navigation(request) if signed_in else [],
            "roles": [ROLE_LABELS[role] for role in sorted(request.user.roles)] if signed_in else [],  # type: ignore[union-attr]
            "languages": settings.LANGUAGES,
            "demo": settings.PALACE3_DEMO,
            "practice": settings.PALACE3_PRACTICE,
            "may_practise": bool(settings.PRACTICE_ADDRESS),
            "release": settings.RELEASE,
            "zone": settings.TRIAL_TIME_ZONE,
            "ethics_approval": settings.ETHICS_APPROVAL,
            "filing": settings.PUBLIC_FILING,
            "maintenance": maintenance(),
            "idle_minutes": settings.IDLE_MINUTES,
            "is_about_participants": signed_in and _namespace(request) in ABOUT_PARTICIPANTS,
        }
    }
