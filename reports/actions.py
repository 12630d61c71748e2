"""What a person can do next about a participant, as links."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from trials.identity import identity_is_asked
from trials.models import Participant
from trials.models.participants import Track


@dataclass(frozen=True)
class Action:
    """One thing to do, and where."""

    label: str | Promise
    icon: str
    href: str
    is_usual: bool = False
    is_exit: bool = False


def actions_of(participant: Participant, user: User) -> list[Action]:
    """Return the actions that the participant's state and the person's role allow, the usual one first.

    What ends or moves the following (screen failure, decline, withdrawal, transfer) is marked as an exit.
    """
    site, number = participant.site_id, participant.number
    rows = []
    if user.may(Permission.VISIT_RECORD, site) and participant.arm and not participant.is_terminal:
        rows.append(_to(_("Unscheduled visit"), "plus-lg", "followup:unscheduled", number, is_usual=True))
    if user.may(Permission.VISIT_VIEW, site) and participant.arm:
        rows.append(_to(_("Contacts"), "telephone", "followup:contacts", number))
        rows.append(_to(_("Preview of the plan"), "calendar-event", "followup:preview", number))
    if user.may(Permission.ALLOCATION_VIEW, site) and participant.arm:
        rows.append(_to(_("Allocation"), "shuffle", "randomization:allocation", number))
    if user.may(Permission.CASEBOOK_MAKE, site):
        rows.append(_to(_("Casebook"), "file-earmark-text", "exports:casebook", number))
    rows += _about_data(number, user, site)
    if user.may(Permission.PARTICIPANT_REGISTER, site) and identity_is_asked():
        rows.append(_to(_("Notice a second registration"), "people", "trials:identity", number))
    if user.may(Permission.CONSENT_RECORD, site):
        if participant.state == Track.SCREENED:
            rows.append(_to(_("Screen failure"), "x-circle", "crf:screen-failure", number, is_exit=True))
            rows.append(_to(_("Declined"), "slash-circle", "crf:decline", number, is_exit=True))
        if not participant.is_terminal:
            rows.append(_to(_("Withdrawal"), "slash-circle", "followup:withdraw", number, is_exit=True))
    if user.may(Permission.PARTICIPANT_TRANSFER, site) and participant.arm:
        rows.append(
            _to(_("Transfer to another site"), "arrow-right", "trials:propose-transfer", number, is_exit=True)
        )
    return rows


def _about_data(number: str, user: User, site: int) -> list[Action]:
    rows = []
    if user.may(Permission.CRF_VIEW, site):
        rows.append(_to(_("Freeze and lock"), "lock", "crf:lock-participant", number))
    if user.may(Permission.QUERY_RAISE, site):
        rows.append(_to(_("Raise a query"), "chat-left-text", "crf:ask-participant", number))
    return rows


def _to(
    label: str | Promise, icon: str, name: str, number: str, *, is_usual: bool = False, is_exit: bool = False
) -> Action:
    return Action(label, icon, reverse(name, args=[number]), is_usual, is_exit)
