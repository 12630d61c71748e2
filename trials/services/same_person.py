"""The same person registered twice is noticed without anybody seeing an identity (ADR 56)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from trials.identity import TypedIdentity, identity_digests
from trials.models import IdentityDigest, Participant, SamePersonOutcome, SamePersonQuestion, Site

A_DAY: Final = 20  # more than a site registers in a day, and too few to try out names by

# Every run holds the digests that it compares, so that two at once ask no question twice.
LOCK_DIGESTS: Final = "SELECT id FROM trials_identitydigest ORDER BY id FOR UPDATE"
PAIRS: Final = """
    SELECT DISTINCT a.participant_id, b.participant_id
    FROM trials_identitydigest a JOIN trials_identitydigest b
      ON a.digests && b.digests AND a.participant_id < b.participant_id
    WHERE NOT EXISTS (
        SELECT 1 FROM trials_samepersonquestion x JOIN trials_samepersonquestion y ON y.pair = x.pair
        WHERE x.participant_id = a.participant_id AND y.participant_id = b.participant_id
    )
    ORDER BY 1, 2
"""


class NoIdentityTyped(Refusal):
    code = "trials.no_identity_typed"
    fields = ("surname",)
    message = _("Type the day of birth, and the surname or the end of the identity card.")
    status = 422


class TooManyIdentities(Refusal):
    code = "trials.too_many_identities"
    message = _(
        "Identities were typed {number} times at site {site} within a day, which is the most. Register without one, "
        "and type it tomorrow on the page of the participant."
    )
    status = 429


class NotYoursToSettle(Forbidden):
    code = "trials.same_person_not_yours"
    message = _("Whether two participants are one person is settled by the trial manager.")


class SettledBefore(Refusal):
    code = "trials.same_person_settled"
    message = _("This question is settled already: {outcome}.")


class SettlingReasonNeeded(Refusal):
    code = "trials.same_person_reason_needed"
    fields = ("reason",)
    message = _("Say on what this rests, without the number of a participant: both sites may read it.")
    status = 422


def note_identity(
    *, participant: Participant, identity: TypedIdentity, by: User | None, at: datetime
) -> IdentityDigest:
    """Keyed digests of who the participant is are kept in place of those before; what was typed is not.

    Whether they are anybody else's is compared at night, by the system: who types learns nothing by typing.

    Refuses: nothing typed; more than a site registers in a day. Locks: the participant, then the site.
    """
    with open_act("trials:identity:note", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        site = Site.objects.select_for_update().get(pk=locked.site_id)
        digests = identity_digests(identity)
        if not digests:
            raise NoIdentityTyped
        if _typed_lately(site, at) >= A_DAY:
            raise TooManyIdentities(number=A_DAY, site=site.code)
        row, _is_new = IdentityDigest.objects.update_or_create(
            participant=locked, defaults={"site_id": locked.site_id, "digests": digests, "act": act}
        )
    return row


def _typed_lately(site: Site, at: datetime) -> int:
    """Return how often somebody typed an identity at the site within a day, corrections included."""
    versions: Any = IdentityDigest._meta.get_field("events").related_model
    of_site = versions.objects.filter(site=site, act__verb="trials:identity:note")
    typed: int = of_site.filter(act__at__gt=at - timedelta(days=1)).count()
    return typed


def compare_identities(*, at: datetime) -> int:
    """Each two participants with a digest in common stand in question, once; both sites and the centre see it.

    Refuses: nothing. Locks: the digests.
    """
    with transaction.atomic():
        pairs = _pairs()
        if pairs:
            _ask(pairs, at=at)
    return len(pairs)


def _pairs() -> list[tuple[int, int]]:
    """Return the participants with a digest in common who stand in no question together."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_DIGESTS)
        cursor.execute(PAIRS)
        return [(first, second) for first, second in cursor.fetchall()]


def _ask(pairs: list[tuple[int, int]], *, at: datetime) -> None:
    people = Participant.objects.in_bulk(sorted({number for two in pairs for number in two}))
    with open_act("trials:identity:compare", by=None, at=at) as act:
        for two in pairs:
            pair = secrets.token_hex(16)
            for number in two:
                SamePersonQuestion.objects.create(
                    participant=people[number],
                    site_id=people[number].site_id,
                    pair=pair,
                    asked_on=local_date(at, settings.TRIAL_TIME_ZONE),
                    act=act,
                )


def settle_same_person(*, pair: str, outcome: str, reason: str, by: User, at: datetime) -> None:
    """The trial manager has found out whether the two participants are one person, and says on what that rests.

    Refuses: who does not manage every site; no reason; what is settled. Locks: both sides of the question.
    """
    if by.sites_with(Permission.SITE_MANAGE) is not None:
        raise NotYoursToSettle
    if not reason.strip():
        raise SettlingReasonNeeded
    with open_act("trials:identity:settle", by=by, at=at, reason=reason) as act:
        sides = list(SamePersonQuestion.objects.select_for_update().filter(pair=pair).order_by("pk"))
        if any(side.settled_at for side in sides):
            raise SettledBefore(outcome=sides[0].get_outcome_display())
        for side in sides:
            side.outcome, side.reason = SamePersonOutcome(outcome), reason.strip()
            side.settled_by, side.settled_at, side.act = by, at, act
            side.save(update_fields=["outcome", "reason", "settled_by", "settled_at", "act"])
