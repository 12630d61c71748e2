"""Sentences that mails share: where to go, by which clock days are counted, and that nobody reads answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from kernel.clock import local_date
from kernel.days import written, zone_in_words


def page_link(path: str) -> str:
    """Return the whole address of a page, by the public address of the installation; it carries no secret."""
    return f"{settings.PUBLIC_ADDRESS}{path}"


def go_there(path: str) -> str:
    """Return the line that leads a reader to the page where something is to be done; sign-in comes first."""
    return _("Sign in and do it here: %(address)s") % {"address": page_link(path)}


def days_are_of(zone: str, *, at: datetime) -> str:
    """Return the line that says whose calendar days a mail names."""
    return _("Days and hours are those of the site: %(zone)s.") % {"zone": zone_in_words(zone, at=at)}


def closing() -> str:
    return _("This message was written by PALACE-3. Nothing needs to be answered.")


class AccountNotice(StrEnum):
    """What the owner of an account is told, because it might not have been them."""

    LOCKED = "locked"
    CHANGED = "changed"
    RESET = "reset"
    FACTOR = "factor"
    RECOVERY_CODE = "recovery_code"
    NEW_BROWSER = "new_browser"
    ADDRESS = "address"
    HOSPITAL = "hospital"


def notice_text(notice: AccountNotice, *, at: datetime) -> tuple[str, str]:
    """Return subject and text of the notice, in the language in force."""
    subject, said = {
        AccountNotice.LOCKED: (
            _("Sign-ins to your account rest"),
            _(
                "Five sign-ins to your account failed, so it rests for 15 minutes. A browser in which you have signed "
                "in before is not kept out by it."
            ),
        ),
        AccountNotice.CHANGED: (
            _("Your password was changed"),
            _("The password of your account is new."),
        ),
        AccountNotice.RESET: (
            _("Your account was reset"),
            _(
                "Somebody who administers accounts has reset yours. Every session and token of yours has ended."
            ),
        ),
        AccountNotice.FACTOR: (
            _("Your second factor was changed"),
            _("An app, a passkey or recovery codes of your account were added or removed."),
        ),
        AccountNotice.RECOVERY_CODE: (
            _("A recovery code was used"),
            _("Somebody has signed in to your account with a recovery code. It is good for one time."),
        ),
        AccountNotice.NEW_BROWSER: (
            _("A sign-in from a new browser"),
            _("Your account was opened in a browser in which you have not signed in before."),
        ),
        AccountNotice.ADDRESS: (
            _("Mails of your account go elsewhere now"),
            _(
                "Somebody who administers accounts has entered another e-mail address for yours. This is the last "
                "mail to this one."
            ),
        ),
        AccountNotice.HOSPITAL: (
            _("Your account was connected with a hospital, or disconnected"),
            _("Which accounts at hospitals open yours has changed."),
        ),
    }[notice]
    zone = settings.TRIAL_TIME_ZONE
    when = f"{written(local_date(at, zone))} {at.astimezone(ZoneInfo(zone)):%H:%M}"
    doubt = _("If it was not you, tell the trial manager now, by telephone.")
    return subject, "\n\n".join([f"{when} ({zone_in_words(zone, at=at)})", said, doubt, closing()])
