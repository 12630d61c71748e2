"""What waits for a second person: on their work list, and by mail once for each matter (architecture 4).

Whatever two people do together is listed here; ``tests/integration/followup/test_second_person.py`` derives the kinds
from the database's own rules and fails when one is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import override

from accounts.mail_words import go_there
from accounts.models import Mail, User
from accounts.permissions import Permission
from accounts.services import write_mail
from audit.acts import open_act
from kernel.clock import local_date
from kernel.pagination import which_have_rows
from kernel.scope import EVERYTHING, current_scope, scope
from notices.preferences import DigestTimes
from randomization.models import ListPart, PartKind, SchemeClosing
from trials.models import CloseOut, Delegation, NewsLetter, PublicText, Transfer
from trials.models.people import own_scope, with_grants
from trials.models.registers import RegisterEntry
from trials.models.texts import PAGE_LANGUAGES

SECOND_PERSON: Final = "notices:second_person"


@dataclass(frozen=True)
class SecondPersonMatter:
    """One thing that waits: about what, what is asked, where it is done. ``key`` names it among all for good."""

    key: str
    number: str
    what: str
    href: str


@dataclass(frozen=True)
class SecondPersonKind:
    """One kind of thing that two people do: its table, the rows that wait for a person, and what each asks for."""

    model: type[models.Model]
    rows: Callable[[User], Any]
    matters: Callable[[Any], Iterator[SecondPersonMatter]]


def _role_rows(user: User) -> Any:
    rows = Delegation.objects.open_to(user, Permission.PERSON_CONFIRM)
    seen = current_scope()
    return rows.none() if seen is None or seen.day is None else rows.to_confirm_by(user, on=seen.day)


def _roles(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.select_related("user", "site").order_by("pk"):
        where = each.site or _("The whole trial")
        what = _("Confirm the role %(role)s, %(where)s") % {"role": each.get_role_display(), "where": where}
        href = reverse("trials:confirm-delegation", args=[each.pk])
        yield SecondPersonMatter(f"role:{each.pk}", each.user.username, what, href)


def _lists(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.select_related("scheme").order_by("pk"):
        if each.kind == PartKind.EXTENSION:  # its places are stored on the machine of the list's owner
            what, href = _("Activate or reject more places of the list"), each.scheme.get_absolute_url()
        else:
            what = _("Activate or reject the randomization list")
            href = reverse("randomization:activate", args=[each.pk])
        yield SecondPersonMatter(f"list:{each.pk}", f"{each.scheme.name} {each.label}", what, href)


def _closings_of_schemes(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.select_related("scheme").order_by("pk"):
        what = _("Confirm the closing of the randomization scheme, or keep it")
        yield SecondPersonMatter(f"scheme:{each.pk}", each.scheme.name, what, each.scheme.get_absolute_url())


def _close_outs(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.select_related("site").order_by("pk"):
        href = reverse("trials:close-out", args=[each.site.code])
        what = _("Confirm the close-out of the site, or take it back")
        yield SecondPersonMatter(f"close_out:{each.pk}", each.site.code, what, href)


def _transfers(rows: Any) -> Iterator[SecondPersonMatter]:
    """One matter for each step: the receiving site has a mail, then the trial manager; anew after a step back."""
    for each in rows.order_by("pk"):
        sites = {"releasing": each.site_code, "receiving": each.receiving_code}
        if each.accepted_at is None:
            what = (
                _("Accept the transfer from site %(releasing)s to site %(receiving)s, or refuse it") % sites
            )
        else:
            what = (
                _("Confirm the transfer from site %(releasing)s to site %(receiving)s, or refuse it") % sites
            )
        yield SecondPersonMatter(
            f"transfer:{each.pk}:{each.standing}:{each.act_id}", each.number, what, each.get_absolute_url()
        )


def _text_rows(user: User) -> Any:
    return PublicText.objects.open_to(user, Permission.TEXT_APPROVE).waiting().exclude(author=user)


def _texts(rows: Any) -> Iterator[SecondPersonMatter]:
    """The drafts of one language are released together: one matter, told anew when a draft is added."""
    newest = rows.order_by("language").values("language").annotate(last=models.Max("pk"))
    for language, last in newest.values_list("language", "last"):
        what = _("Release the drafted texts of the public page")
        href = reverse("trials:release-texts", args=[language])
        yield SecondPersonMatter(f"texts:{last}", dict(PAGE_LANGUAGES)[language], what, href)


def _letter_rows(user: User) -> Any:
    rows = NewsLetter.objects.filter(released_at=None).exclude(written_by=user)
    return rows if user.may(Permission.TEXT_APPROVE) else rows.none()


def _letters(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.order_by("pk"):
        what = _("Release the news letter, or leave it")
        yield SecondPersonMatter(f"letter:{each.pk}", str(each), what, each.get_absolute_url())


def _entry_rows(user: User) -> Any:
    rows = RegisterEntry.objects.open_to(user, Permission.AUDIT_REVIEW).waiting()
    return rows.exclude(recorded_by=user)


def _entries(rows: Any) -> Iterator[SecondPersonMatter]:
    for each in rows.order_by("pk"):
        what = _("Approve the entry of the register: %(register)s") % {"register": each.get_kind_display()}
        href = reverse("trials:approve-register-entry", args=[each.pk])
        yield SecondPersonMatter(f"register:{each.pk}", each.reference, what, href)


KINDS: Final = [
    SecondPersonKind(Delegation, _role_rows, _roles),
    SecondPersonKind(ListPart, ListPart.objects.to_activate_by, _lists),
    SecondPersonKind(SchemeClosing, SchemeClosing.objects.to_confirm_by, _closings_of_schemes),
    SecondPersonKind(CloseOut, CloseOut.objects.to_confirm_by, _close_outs),
    SecondPersonKind(Transfer, Transfer.objects.to_act_by, _transfers),
    SecondPersonKind(PublicText, _text_rows, _texts),
    SecondPersonKind(NewsLetter, _letter_rows, _letters),
    SecondPersonKind(RegisterEntry, _entry_rows, _entries),
]
ASKED: Final = [
    Permission.AUDIT_REVIEW,
    Permission.PERSON_CONFIRM,
    Permission.SCHEME_ACTIVATE,
    Permission.SITE_CONFIRM,
    Permission.TEXT_APPROVE,
    Permission.TRANSFER_END,
]


def two_people_do(kind: SecondPersonKind, asked: Permission) -> None:
    """What waits of an upper package is told like everything else: it says so once, when the program starts."""
    if kind not in KINDS:
        KINDS.append(kind)
        ASKED.append(asked)


def rows_waiting_for(user: User) -> dict[str, Any]:
    """Return the rows of each kind that wait for the person as the second one, by the name of their table."""
    return {kind.model._meta.label: kind.rows(user) for kind in KINDS}


def waiting_for(user: User, *, kinds: Collection[str]) -> list[SecondPersonMatter]:
    """Return what waits for the person of the ``kinds`` that have anything, in the language in force."""
    waiting = [kind for kind in KINDS if kind.model._meta.label in kinds]
    return [matter for kind in waiting for matter in kind.matters(kind.rows(user))]


def may_be_asked(user: User) -> bool:
    """Say whether anything can ever wait for the person."""
    return any(user.may(permission) for permission in ASKED)


def tell_second_persons(*, at: datetime) -> int:
    """Whoever is waited for has a mail about each matter in the outbox, once; say how many were new."""
    return sum(_tell(person, at=at) for person in _people(at))


def _people(at: datetime) -> list[User]:
    on = local_date(at, settings.TRIAL_TIME_ZONE)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        delegations = Delegation.objects.in_force(on=on).values("user")
        people = list(
            User.objects.filter(pk__in=delegations, is_active=True).exclude(email="").order_by("pk")
        )
    return [person for person in (with_grants(each, on=on) for each in people) if may_be_asked(person)]


def _seen_by(person: User) -> list[SecondPersonMatter]:
    with (
        own_scope(person),
        transaction.atomic(),
        override(person.language),
    ):
        return waiting_for(person, kinds=which_have_rows(rows_waiting_for(person)))


def _tell(person: User, *, at: datetime) -> int:
    keys = {_key(matter, person): matter for matter in _seen_by(person)}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        told = set(Mail.objects.filter(key__in=keys).values_list("key", flat=True))
        new = {key: matter for key, matter in keys.items() if key not in told}
        if not new:
            return 0
        leaves = DigestTimes([person], settings.TRIAL_TIME_ZONE, at=at).of(person)
        with open_act("notices:second_person:write", by=None, at=at), override(person.language):
            for key, matter in new.items():
                subject, body = _words(matter)
                write_mail(
                    to=person,
                    address=person.email,
                    kind=SECOND_PERSON,
                    key=key,
                    subject=subject,
                    body=body,
                    language=person.language,
                    site=None,
                    at=at,
                    digest_at=leaves,
                )
    return len(new)


def _key(matter: SecondPersonMatter, person: User) -> str:
    return f"{SECOND_PERSON}:{matter.key}:{person.pk}"


TITLE: Final[Promise] = _lazy("Waiting for your decision")


def _words(matter: SecondPersonMatter) -> tuple[str, str]:
    subject = _("PALACE-3 waits for your decision: %(about)s") % {"about": matter.number}
    lines = [
        f"{matter.number}: {matter.what}.",
        _(
            "Somebody else asked for it, and nothing happens before you have answered. Your work list leads there."
        ),
        go_there(matter.href),
    ]
    return subject, "\n\n".join(lines)


def text_now(mail: Mail, *, at: datetime) -> tuple[str, str] | None:
    """Return the message while the matter still waits for its reader; None when it was settled meanwhile."""
    if mail.to is None or not mail.to.is_active:
        return None
    person: Any = with_grants(mail.to, on=local_date(at, settings.TRIAL_TIME_ZONE))
    with override(mail.language):
        for matter in _seen_by(person):
            if _key(matter, person) == mail.key:
                return _words(matter)
    return None
