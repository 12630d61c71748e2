"""Analysis sets are signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import sign
from analysis.models import SIGNING_ROLES, AnalysisSetSignature
from analysis.reading import DerivedParticipant, derived_at
from analysis.sets import AnalysisSet, sets_of
from analysis.signed_sets import digest_of_sets, members_of
from audit.acts import open_act
from exports.cuts import Cut
from exports.models import DatabaseLock
from kernel.errors import Forbidden, Refusal
from trials.models import Site


class NotYoursToSignSets(Forbidden):
    code = "analysis.not_yours_to_sign_sets"
    message = _(
        "Analysis sets are signed by the statistician, and by the trial manager for the chief investigator."
    )


class NobodyInSets(Refusal):
    code = "analysis.nobody_in_sets"
    message = _("Nobody is randomized yet: there are no analysis sets to sign.")


class SetsMoved(Refusal):
    code = "analysis.sets_moved"
    message = _("The analysis sets have changed since you read them. Read the page again, then sign.")


class SetsUndecided(Refusal):
    code = "analysis.sets_undecided"
    message = _(
        "{number} participants are outside the per-protocol set by a rule that nobody has decided. Decide these "
        "deviations, then sign."
    )


class SetsSigned(Refusal):
    code = "analysis.sets_signed"
    message = _("Your role has signed these sets already, or you have signed them for another role.")


class SetsAfterLock(Refusal):
    code = "analysis.sets_after_lock"
    message = _("The database is locked: analysis sets are signed before it.")


def sign_analysis_sets(*, seen: str, password: str, by: User, at: datetime) -> AnalysisSetSignature:
    """The analysis sets are signed by one role, as they stand and as they were ``seen``.

    Refuses: who may not; nobody randomized; sets that have changed since; deviations that nobody decided; a locked
    database; a role or a person that has signed them. Locks: nothing.
    """
    if not by.may(Permission.ANALYSIS_SET_SIGN):
        raise NotYoursToSignSets
    with open_act("analysis:sets:sign", by=by, at=at) as act:
        if DatabaseLock.objects.current().filter(locked_at__isnull=False).exists():
            raise SetsAfterLock
        cut = Cut.of_this_snapshot()
        sites = dict(Site.objects.open_to(by, Permission.ANALYSIS_SET_SIGN).values_list("pk", "code"))
        rows = list(derived_at(cut, sites))
        members = members_of(rows)
        _refuse_unready(rows)
        digest = digest_of_sets(members)
        if digest != seen:
            raise SetsMoved
        role = next((each for each in SIGNING_ROLES if each in by.roles), None)
        signed = AnalysisSetSignature.objects.filter(digest=digest).select_related("signature")
        if role is None or any(each.role == role or each.signature.by_id == by.pk for each in signed):
            raise SetsSigned
        signature = sign(
            record="analysis sets",
            digest=digest,
            meaning=_("The analysis sets are decided as they stand"),
            by=by,
            password=password,
            at=at,
        )
        told: dict[str, Any] = {"role": role, "digest": digest, "members": members, "as_of": at}
        try:
            with transaction.atomic():
                return AnalysisSetSignature.objects.create(**told, signature=signature, act=act)
        except IntegrityError as error:  # the role signed in this very moment
            raise SetsSigned from error


def _refuse_unready(rows: Sequence[DerivedParticipant]) -> None:
    if not rows:
        raise NobodyInSets
    open_ones = sum(sets_of(each)[AnalysisSet.PER_PROTOCOL].provisional for each in rows)
    if open_ones:
        raise SetsUndecided(number=open_ones)
