"""What a new installation needs before its first participant: each step says whether it is done, and where it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from accounts.mail_words import go_there
from accounts.models import User
from accounts.permissions import ROLE_LABELS, Role
from accounts.services import write_mail
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.production import unsafe_settings
from kernel.punctuation import listed
from operations.models import OperationKind, OperationRecord
from operations.services import QualificationFinding, record_operation
from protocol.text import load, versions
from randomization.models import Scheme
from reports.questions import lines_of
from trials.models import Delegation, PublicText, Site
from trials.models.sites import SiteState
from trials.services.first_managers import FIRST, trial_managers
from website.public.blocks import BLOCKS

TRIAL_ROLES: Final = (Role.DATA_MANAGER, Role.STATISTICIAN, Role.MONITOR)
SITE_ROLES: Final = (Role.COORDINATOR, Role.INVESTIGATOR)
SAFE_KEYS: Final = ("PALACE3_LIST_KEY", "PALACE3_IDENTITY_KEY", "PALACE3_TRAIL_KEY", "PALACE3_ANCHOR_KEY")
MAIL: Final = "mail"


@dataclass(frozen=True)
class SetUpStep:
    """One thing that must be there: what, whether it is, what is seen of it, and the page where it is done."""

    key: str
    title: str
    is_done: bool
    seen: str
    path: str = ""
    form: str = ""


class NumberDiffers(Refusal):
    code = "operations.number_differs"
    fields = ("number",)
    message = gettext_lazy(
        "This is not the number of the mail that was sent to you today. Type it as it stands there."
    )
    status = 422


class NoAddress(Refusal):
    code = "operations.no_address"
    message = gettext_lazy(
        "Your account has no mail address. Enter one on the page People, then ask for the mail."
    )
    status = 409


class KeyDiffers(Refusal):
    code = "operations.key_differs"
    fields = ("copy",)
    message = gettext_lazy(
        "The copy from the safe is not the key that this server uses. Find out which is right before anything is "
        "sealed: what is sealed under a key that nobody has is lost."
    )
    status = 422


def set_up_steps(*, at: datetime) -> list[SetUpStep]:
    """Return every step, in the order in which they are best done."""
    today = local_date(at, settings.TRIAL_TIME_ZONE)
    confirmed = _confirmed()
    return [
        _safe_settings(),
        _mail(confirmed),
        *(_key(name, confirmed) for name in SAFE_KEYS),
        _backup(OperationKind.BACKUP, gettext_lazy("A backup that went well"), "manage.py backup"),
        _backup(
            OperationKind.RESTORE_DRILL,
            gettext_lazy("A backup that came back in a drill"),
            "manage.py restore_drill",
        ),
        _backup(
            OperationKind.QUALIFICATION, gettext_lazy("The installation is qualified"), "manage.py qualify"
        ),
        _committee(),
        _managers(today),
        _trial_people(today),
        _sites(),
        _site_people(today),
        _protocol(),
        _texts(),
        _list(),
    ]


def number_for(user: User, *, on: date) -> str:
    """Return the six digits that a mail of that day carries to the person."""
    digest = salted_hmac("operations.setting_up", f"{user.pk}:{user.email}:{on}", algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def try_mail(*, by: User, at: datetime) -> None:
    """A mail with a number is on its way to ``by``, through outbox, worker and mail server as every other.

    Refuses: who has no address. Locks: nothing.
    """
    if not by.email:
        raise NoAddress
    on = local_date(at, settings.TRIAL_TIME_ZONE)
    with open_act("operations:mail:try", by=by, at=at), override(by.language):
        write_mail(
            to=by,
            address=by.email,
            kind="operations.try_mail",
            key=f"try-mail-{by.pk}-{at:%Y%m%d%H%M%S}",
            subject=_("PALACE-3: the mail server works"),
            body=_("The number to type on the page Set-up: {number}").format(number=number_for(by, on=on))
            + "\n\n"
            + go_there(reverse("operations:set-up")),
            language=by.language,
            site=None,
            at=at,
        )


def confirm_mail(*, number: str, by: User, at: datetime) -> OperationRecord:
    """It is on record that a mail of today came to ``by`` by the mail server in use.

    Refuses: another number than that of the mail. Locks: nothing.
    """
    if number != number_for(by, on=local_date(at, settings.TRIAL_TIME_ZONE)):
        raise NumberDiffers
    return _on_record(MAIL, _mail_server(), by=by, at=at)


def confirm_key(*, name: str, copy: str, by: User, at: datetime) -> OperationRecord:
    """It is on record that the copy of the key in the safe was read back and is the one in use; no key is kept.

    Refuses: another key. Locks: nothing.
    """
    if not copy or fingerprint_of(copy) != fingerprint_of(value_of(name)):
        raise KeyDiffers
    return _on_record(name, fingerprint_of(copy), by=by, at=at)


def value_of(name: str) -> str:
    """Return the key as this process has it, "" where it has none."""
    path = settings.PALACE3_LIST_KEY_FILE if name == "PALACE3_LIST_KEY" else ""
    value = str(getattr(settings, name))
    if not value and path and Path(path).exists():
        return Path(path).read_text(encoding="ascii").strip()
    return value


def fingerprint_of(key: str) -> str:
    """Return what may be shown and kept of a key."""
    return hashlib.sha256("".join(key.split()).encode()).hexdigest()[:16] if key.strip() else ""


def _on_record(name: str, seen: str, *, by: User, at: datetime) -> OperationRecord:
    finding = QualificationFinding(name, True, seen)
    return record_operation(OperationKind.SET_UP, took=timedelta(), findings=[finding], at=at, by=by)


def _confirmed() -> set[tuple[str, str]]:
    rows = OperationRecord.objects.filter(kind=OperationKind.SET_UP, passed=True)
    return {
        (one["name"], one["seen"]) for findings in rows.values_list("findings", flat=True) for one in findings
    }


def _mail_server() -> str:
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} {settings.DEFAULT_FROM_EMAIL}"


def _safe_settings() -> SetUpStep:
    said = [
        _("{variable}: {fault}").format(
            variable=each.variable, fault=_(each.sentence).format(least=each.least)
        )
        for each in unsafe_settings(settings)
    ]
    seen = " ".join(said) or (
        _("strong and present") if settings.PALACE3_PRODUCTION else _("PALACE3_PRODUCTION is not set")
    )
    return SetUpStep("settings", _("Settings and secrets"), not said and settings.PALACE3_PRODUCTION, seen)


def _mail(confirmed: set[tuple[str, str]]) -> SetUpStep:
    is_done = (MAIL, _mail_server()) in confirmed
    seen = (
        _("a mail came by {server}").format(server=_mail_server())
        if is_done
        else _("no mail has come by {server} yet").format(server=_mail_server())
    )
    return SetUpStep(MAIL, _("Mail works"), is_done, seen, form=MAIL)


def _key(name: str, confirmed: set[tuple[str, str]]) -> SetUpStep:
    fingerprint = fingerprint_of(value_of(name))
    is_done = bool(fingerprint) and (name, fingerprint) in confirmed
    seen = (
        _("fingerprint {fingerprint}").format(fingerprint=fingerprint)
        if fingerprint
        else _("the server has none")
    )
    title = _("{key} is in the safe and was read back").format(key=name)
    return SetUpStep(name, title, is_done, seen, form="key" if fingerprint else "")


def _backup(kind: OperationKind, title: Promise, command: str) -> SetUpStep:
    last = OperationRecord.objects.filter(kind=kind).order_by("-ended_at", "-pk").first()
    is_done = last is not None and last.passed
    seen = (
        f"{last.ended_at:%Y-%m-%d %H:%M} UTC"
        if last and is_done
        else _("to be done at the server: {command}").format(command=command)
    )
    return SetUpStep(kind.value, str(title), is_done, seen)


def _committee() -> SetUpStep:
    number = len(settings.COMMITTEE_ADDRESSES)
    seen = _counted(number) if number else _("to be set at the server: COMMITTEE_ADDRESSES")
    return SetUpStep("committee", _("Addresses of the data monitoring committee"), number > 0, seen)


def _counted(number: int) -> str:
    return ngettext("{count} there", "{count} there", number).format(count=number)


def _managers(today: date) -> SetUpStep:
    number = len(trial_managers(today))
    return SetUpStep(
        "managers",
        _("A second trial manager, who confirms what the first grants"),
        number >= FIRST,
        _counted(number),
    )


def _roles_in_force(today: date) -> Iterator[tuple[str, int | None]]:
    rows = Delegation.objects.in_force(on=today).filter(user__is_active=True)
    yield from rows.values_list("role", "site_id").distinct()


def _trial_people(today: date) -> SetUpStep:
    there = {role for role, _site in _roles_in_force(today)}
    return _people(
        "trial-people", _("People of the whole trial"), [role for role in TRIAL_ROLES if role not in there]
    )


def _people(key: str, title: str, missing: list[Role]) -> SetUpStep:
    seen = (
        _("nobody yet: {roles}").format(roles=listed(str(ROLE_LABELS[role]) for role in missing))
        if missing
        else _("everybody is there")
    )
    return SetUpStep(key, title, not missing, seen, reverse("trials:people"))


def _sites() -> SetUpStep:
    active = Site.objects.filter(state=SiteState.ACTIVE).count()
    seen = _("{active} of {all} active").format(active=active, all=Site.objects.count())
    return SetUpStep("sites", _("A site that is active"), active > 0, seen, reverse("trials:sites"))


def _site_people(today: date) -> SetUpStep:
    there = set(_roles_in_force(today))
    sites = list(Site.objects.values_list("pk", flat=True))
    missing = [role for role in SITE_ROLES if not sites or any((role, pk) not in there for pk in sites)]
    return _people("site-people", _("A coordinator and an investigator at every site"), missing)


def _protocol() -> SetUpStep:
    waiting = [
        line for line in lines_of(load(versions()[-1])) if line.may_be_confirmed and line.confirmation is None
    ]
    seen = ngettext("{count} to be confirmed", "{count} to be confirmed", len(waiting)).format(
        count=len(waiting)
    )
    return SetUpStep(
        "protocol",
        _("Protocol values confirmed by the study team"),
        not waiting,
        seen,
        reverse("reports:protocol"),
    )


def _texts() -> SetUpStep:
    shown = {(row.block, row.language) for row in PublicText.objects.shown()}
    languages = {language for _block, language in shown} or {"zh-hans"}
    missing = sum((block.code, language) not in shown for block in BLOCKS for language in languages)
    seen = ngettext("{count} text not released", "{count} texts not released", missing).format(count=missing)
    return SetUpStep(
        "texts", _("Texts of the public page released"), not missing, seen, reverse("trials:texts")
    )


def _list() -> SetUpStep:
    is_done = Scheme.objects.in_force() is not None
    seen = _("a list is active") if is_done else _("no list is active")
    return SetUpStep("list", _("Randomization list"), is_done, seen, reverse("randomization:schemes"))
