"""What the lock of the database asks of the analysis: sets that are signed as they stand (decision E6)."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLE_LABELS, Role
from analysis.models import SIGNING_ROLES, AnalysisSetSignature
from analysis.reading import derived_at
from analysis.signed_sets import digest_of_sets, members_of, signatures_under
from crf.locks.conditions import FailedPlace, LockCondition
from exports.cuts import Cut
from trials.models import Participant, Site

CODE, LABEL = "sets", _("Signatures under the analysis sets")


def sets_are_signed() -> LockCondition:
    """Count the roles whose signature under the analysis sets of today is missing; none while nobody is randomized."""
    missing = _missing_roles()
    page = reverse("analysis:sets")
    return LockCondition(
        CODE,
        LABEL,
        _("statistician and trial manager"),
        len(missing),
        tuple(FailedPlace(str(ROLE_LABELS[role]), page) for role in missing),
    )


def _missing_roles() -> list[Role]:
    if not Participant.objects.exclude(arm=None).exists():
        return []
    signed: set[str] = set()
    if AnalysisSetSignature.objects.exists():
        sites = dict(Site.objects.values_list("pk", "code"))
        digest = digest_of_sets(members_of(derived_at(Cut.of_this_snapshot(), sites)))
        signed = {each.role for each in signatures_under(digest)}
    return [role for role in SIGNING_ROLES if role not in signed]
