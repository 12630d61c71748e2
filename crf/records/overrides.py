"""What a data manager lets pass although a hard range says no (protocol 3.0)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import act
from crf.engine.checks import Finding
from crf.engine.conditions import canonical
from crf.models import HardOverride
from crf.queries.system import values_of
from crf.store.records import Place
from kernel.errors import Forbidden, Refusal


class NotADataManager(Forbidden):
    message = _("Only a data manager lets an answer outside the possible range pass. Ask for it in a query.")


class OverrideNeedsReason(Refusal):
    message = _("Say why this answer is right although it is outside what is possible.")
    status = 422


def grant_override(
    *, place: Place, target: str, value: Any, reason: str, by: User, at: datetime
) -> HardOverride:
    """The answer ``value`` to ``target`` may be saved although it is outside the hard range.

    Refuses: who is no data manager; a grant without a reason.
    """
    if not by.may(Permission.CRF_LOCK, place.participant.site):
        raise NotADataManager
    if not reason.strip():
        raise OverrideNeedsReason
    with act("crf:override:grant", by=by, at=at, participant=place.participant, reason=reason) as written:
        return HardOverride.objects.create(
            participant=place.participant,
            site_id=place.participant.site_id,
            form_code=place.form.code,
            visit=place.visit,
            sequence=place.sequence,
            key=f"{target}:hard",
            seen={"value": canonical(value)},
            granted_by=by,
            granted_at=at,
            act=written,
        )


def overridden(place: Place, stops: Sequence[Finding]) -> frozenset[str]:
    """Return the keys of those hard findings that were let pass for the values they rest on now."""
    ranged = [finding for finding in stops if finding.kind == "range"]
    if not ranged:
        return frozenset()
    granted = HardOverride.objects.filter(
        participant=place.participant,
        form_code=place.form.code,
        visit=place.visit,
        sequence=place.sequence,
        key__in=[finding.key for finding in ranged],
    )
    seen = {(override.key, str(override.seen)) for override in granted}
    return frozenset(finding.key for finding in ranged if (finding.key, str(values_of(finding))) in seen)
