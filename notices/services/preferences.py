"""What a person wants to be told by mail, chosen by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from audit.acts import open_act
from followup.models import NotificationChoice
from kernel.scope import tell_identity
from notices.preferences import OPTIONAL


def choose_notifications(
    *, user: User, from_hour: int, without: Iterable[str], at: datetime
) -> NotificationChoice:
    """The person is told from ``from_hour`` on, without the kinds they left out; what is not optional stays."""
    left_out = sorted(set(without) & set(OPTIONAL))
    with open_act("followup:notifications:choose", by=user, at=at) as act:
        tell_identity(person=user.pk)
        choice, _is_new = NotificationChoice.objects.update_or_create(
            user=user, defaults={"from_hour": from_hour, "without": left_out, "act": act}
        )
    return choice
