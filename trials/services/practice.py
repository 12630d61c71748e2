"""The training that somebody passed in practice is on their record (ADR 57)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import ROLE_LABELS
from accounts.services import change_person
from audit.acts import open_act
from kernel.errors import Refusal
from protocol.text import versions
from trials.practice import read_pass


class PassedBySomebodyElse(Refusal):
    code = "trials.passed_by_somebody_else"
    message = _("This training was passed under another account. Sign in with the account that practised.")
    status = 403


class TrainedSince(Refusal):
    code = "trials.trained_since"
    message = _("A later training is on record already; it stays.")


class PassedForAnotherVersion(Refusal):
    code = "trials.passed_for_another_version"
    message = _("Practice follows version {version}, which this trial does not know. Tell the trial manager.")


def record_passed_practice(*, ticket: str, by: User, at: datetime) -> User:
    """The training that ``by`` passed in practice is on their record, with its day, role and version of the protocol.

    The system saw each step done, so no second person verifies it; the identity is verified as before.
    Refuses: a ticket that practice did not make, that is over, or of somebody else; a version that is unknown; an
    earlier training than the one on record. Locks: the person.
    """
    passed = read_pass(ticket, at=at)
    if passed.person != by.pk:
        raise PassedBySomebodyElse
    if passed.version not in versions():
        raise PassedForAnotherVersion(version=passed.version)
    with open_act("trials:practice:pass", by=by, at=at):
        locked = User.objects.select_for_update().get(pk=by.pk)
        if locked.trained_on is not None and locked.trained_on > passed.passed_on:
            raise TrainedSince
        tour = gettext("Practice site: tour for %(role)s") % {"role": ROLE_LABELS[passed.role]}
        said: dict[str, Any] = {"trained_on": passed.passed_on, "trained_for": passed.version}
        return change_person(user=locked, by=by, at=at, training_document=tour, training_months=None, **said)
