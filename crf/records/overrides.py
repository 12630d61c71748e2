"""What a data manager lets pass although a hard range says no (protocol 3.0)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.engine.checks import Finding
from crf.engine.conditions import canonical
from crf.models import HardOverride
from crf.queries.system import values_of
from crf.store.records import RecordKey
from kernel.errors import Forbidden, Refusal


class NotADataManager(Forbidden):
    code = "crf.not_a_data_manager"
    message = _("Only a data manager lets an answer outside the possible range pass. Ask for it in a query.")


class OverrideNeedsReason(Refusal):
    code = "crf.override_needs_reason"
    fields = ("reason",)
    message = _("Say why this answer is right although it is outside what is possible.")
    status = 422


def grant_override(
    *, record_key: RecordKey, target: str, value: Any, reason: str, by: User, at: datetime
) -> HardOverride:
    """The answer ``value`` to ``target`` may be saved although it is outside the hard range.

    Refuses: who is no data manager; a grant without a reason. Locks: nothing.
    """
    if not by.may(Permission.CRF_LOCK, record_key.participant.site):
        raise NotADataManager
    if not reason.strip():
        raise OverrideNeedsReason
    with open_act(
        "crf:override:grant", by=by, at=at, participant=record_key.participant, reason=reason
    ) as act:
        return HardOverride.objects.create(
            participant=record_key.participant,
            site_id=record_key.participant.site_id,
            form_code=record_key.form.code,
            visit=record_key.visit,
            sequence=record_key.sequence,
            key=f"{target}:hard",
            seen={"value": canonical(value)},
            granted_by=by,
            granted_at=at,
            act=act,
        )


def overridden(record_key: RecordKey, stops: Sequence[Finding]) -> frozenset[str]:
    """Return the keys of those hard findings that were let pass for the values they rest on now."""
    ranged = [finding for finding in stops if finding.kind == "range"]
    if not ranged:
        return frozenset()
    granted = HardOverride.objects.filter(
        participant=record_key.participant,
        form_code=record_key.form.code,
        visit=record_key.visit,
        sequence=record_key.sequence,
        key__in=[finding.key for finding in ranged],
    )
    seen = {(override.key, str(override.seen)) for override in granted}
    return frozenset(finding.key for finding in ranged if (finding.key, str(values_of(finding))) in seen)
