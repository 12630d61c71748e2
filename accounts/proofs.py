"""Training and identity of a person: the days, and the documents that show them (ICH E6(R3) 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.clock import local_date
from kernel.errors import Refusal


class Course(TypedDict, total=False):
    """What is said of a training beside its day and document: for which protocol version, for how many months."""

    trained_for: str | None
    training_months: int | None


class DayAhead(Refusal):
    code = "accounts.day_ahead"
    message = _("{what}: {day} has not come yet. Record it when it has happened.")
    status = 422


class NoTrainingDocument(Refusal):
    code = "accounts.no_training_document"
    fields = ("training_document",)
    message = _("Name the course or certificate that shows the training.")
    status = 422


class NoIdentityDocument(Refusal):
    code = "accounts.no_identity_document"
    fields = ("identity_document",)
    message = _("Name the document by which the identity was checked, without its number.")
    status = 422


def proofs_of(by: User | None, **given: Any) -> dict[str, Any]:
    """Return training and identity as the account keeps them: a day has its document, and waits for a second person.

    What the system itself enters, for the first people and in a restore, waits for nobody.
    """
    if by is None:
        return given
    for day, document in (("trained_on", "training_document"), ("identity_checked_on", "identity_document")):
        if given[day] is not None and not given[document]:
            raise NoTrainingDocument if day == "trained_on" else NoIdentityDocument
    if given["trained_on"] is None and given["identity_checked_on"] is None:
        return given
    return {**given, "proofs_recorded_by": by, "verified_by": None, "verified_at": None}


def refuse_days_ahead(fields: Mapping[str, Any], at: datetime) -> None:
    """No day of a proof is yet to come. Refuses: one that is."""
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    dated = {
        "trained_on": _("training"),
        "identity_checked_on": _("identity check"),
        "accountability_accepted_on": _("accountability policy"),
    }
    for name, what in dated.items():
        day = fields.get(name)
        if day is not None and day > today:
            raise DayAhead(what=what, day=day.isoformat())
