"""A part of a released pack is shared with a named recipient: a link by mail, a passcode told otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.mail_words import closing, page_link
from accounts.models import User
from accounts.services import write_mail
from audit.acts import open_act
from audit.secret_digests import secrets_digest, with_network
from committee.models import MOST_TRIES, CommitteePack, PackFile, PackShare, PackState, PackView
from committee.services.packs import PackNotReleased, intact_content, marked
from kernel.clock import end_of_day, local_date
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope, tell_identity

SHARED: Final = "committee.shared"
LONGEST: Final = timedelta(days=60)
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read for something else
PASSCODE_LETTERS: Final = 12
_SALT: Final = "committee.share"


class ShareTooLong(Refusal):
    code = "committee.share_too_long"
    fields = ("expires_on",)
    message = _("A link opens a pack for {days} days at most, from tomorrow on. Choose another day.")
    status = 422


class NoSuchPart(Refusal):
    code = "committee.no_such_part"
    fields = ("part",)
    message = _("This pack has no closed part. Share its open part.")
    status = 422


class ShareEnded(Refusal):
    code = "committee.share_ended"
    message = _(
        "This link opens nothing: its time is over, it was revoked, or the passcode was mistyped {most} times. Ask "
        "whoever sent it for another one."
    )
    status = 410


class PasscodeWrong(Refusal):
    code = "committee.passcode_wrong"
    fields = ("passcode",)
    message = _("The passcode does not match. Tries left: {left}.")
    status = 422


class ShareRevoked(Refusal):
    code = "committee.share_revoked"
    message = _("This link was revoked already.")


@contextmanager
def _as_nobody() -> Iterator[None]:
    """What happens inside is done for a recipient, who has no account: shares are seen under no site's scope."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def ticket_of(share: PackShare) -> str:
    """Return the part of the link that stands for a share; alone it opens nothing."""
    return Signer(salt=_SALT).sign(share.key)


def share_of(ticket: str) -> PackShare | None:
    """Return the share that a ticket stands for; None for a ticket that we did not sign."""
    try:
        key = Signer(salt=_SALT).unsign(ticket)
    except BadSignature:
        return None
    with _as_nobody():
        return PackShare.objects.select_related("pack__cut").filter(key=key).first()


def files_of_share(share: PackShare) -> list[PackFile]:
    """Return the files that a share opens, without their bytes."""
    with _as_nobody():
        return list(PackFile.objects.filter(pack=share.pack_id, part=share.part).defer("content"))


def share_pack(
    *,
    pack: CommitteePack,
    part: str,
    recipient: str,
    email: str,
    language: str,
    expires_on: date,
    by: User,
    at: datetime,
) -> tuple[PackShare, str]:
    """A link is on its way to the recipient; the passcode is returned, is kept by nobody, and goes another way.

    Refuses: a pack that was not released; a part that it does not have; a day that is past or far. Locks: nothing.
    """
    with open_act("committee:share:make", by=by, at=at, reason=f"{recipient} <{email}>") as act:
        if pack.state != PackState.RELEASED:
            raise PackNotReleased(state=pack.get_state_display())
        if not pack.files.filter(part=part).exists():
            raise NoSuchPart
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        if not today < expires_on <= today + LONGEST:
            raise ShareTooLong(days=LONGEST.days)
        passcode = "".join(secrets.choice(ALPHABET) for _letter in range(PASSCODE_LETTERS))
        key, hashed = secrets.token_hex(16), make_password(passcode)
        tell_identity(person=by.pk)
        share = PackShare.objects.create(
            pack=pack,
            part=part,
            recipient=recipient,
            email=email,
            language=language,
            key=key,
            passcode=hashed,
            secrets_digest=secrets_digest(PackShare, {"key": key, "passcode": hashed}),
            shared_by=by,
            shared_at=at,
            expires_at=end_of_day(expires_on, settings.TRIAL_TIME_ZONE),
            act=act,
        )
        _write_link(share, at=at)
    return share, passcode


def _write_link(share: PackShare, *, at: datetime) -> None:
    with override(share.language):
        lines = [
            _now("%(recipient)s, a pack of the PALACE-3 trial was shared with you.")
            % {"recipient": share.recipient},
            _now("It opens here, with the passcode that you are told in another way: %(address)s")
            % {"address": page_link(reverse("committee:shared", args=[ticket_of(share)]))},
            _now("The link is yours alone and ends by itself. Each page that you download bears your name."),
            closing(),
        ]
        write_mail(
            to=None,
            address=share.email,
            kind=SHARED,
            key=f"{SHARED}:{share.pk}",
            subject=_now("PALACE-3: a pack for the data monitoring committee"),
            body="\n\n".join(lines),
            language=share.language,
            site=None,
            at=at,
        )


def revoke_share(*, share: PackShare, by: User, at: datetime) -> PackShare:
    """The link opens nothing any more.

    Refuses: one that was revoked. Locks: the share.
    """
    with open_act("committee:share:revoke", by=by, at=at, reason=share.recipient) as act:
        locked = PackShare.objects.select_for_update().get(pk=share.pk)
        if locked.revoked_at is not None:
            raise ShareRevoked
        locked.revoked_at, locked.revoked_by, locked.act = at, by, act
        tell_identity(person=locked.shared_by_id)
        locked.save(update_fields=["revoked_at", "revoked_by", "act"])
    return locked


def open_share(*, share: PackShare, passcode: str, file: str, at: datetime) -> tuple[PackFile, bytes]:
    """The recipient has the file, with their name on each page of a PDF; that they have it is on record.

    A wrong passcode is counted, and the count is kept although this refuses.
    Refuses: a link that has ended; a wrong passcode. Locks: the share.
    """
    with _as_nobody():
        opened = _opened(share, passcode, file, at)
        tries = PackShare.objects.values_list("tries", flat=True).get(pk=share.pk)
    if opened is None:
        if not share.opens_at(at) or tries >= MOST_TRIES:
            raise ShareEnded(most=MOST_TRIES)
        raise PasscodeWrong(left=MOST_TRIES - tries)
    content = intact_content(opened)
    reader = f"{share.recipient} <{share.email}>"
    return opened, marked(opened, content, reader=reader, at=at)


def _opened(share: PackShare, passcode: str, file: str, at: datetime) -> PackFile | None:
    """Return the file where the passcode is right and the link opens; else None, the try counted."""
    locked = PackShare.objects.select_for_update().get(pk=share.pk)
    if not locked.opens_at(at):
        return None
    if not check_password(passcode.strip().lower(), locked.passcode):
        with open_act("committee:share:refuse", by=None, at=at, reason=with_network("")) as act:
            locked.tries, locked.act = locked.tries + 1, act
            tell_identity(person=locked.shared_by_id)
            locked.save(update_fields=["tries", "act"])
        return None
    chosen = PackFile.objects.filter(pack=locked.pack_id, part=locked.part, pk=int(file)).first()
    if chosen is not None:
        with open_act("committee:share:open", by=None, at=at, reason=chosen.name) as act:
            PackView.objects.create(file=chosen, share=locked, at=at, act=act)
    return chosen
