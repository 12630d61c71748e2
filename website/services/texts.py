"""Drafting, releasing and withdrawing the texts of the public page.

One person drafts, another releases with a signature and the day of the ethics approval. Nothing shows before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import sign
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.turns import wait_for_turn
from protocol.text import load
from trials.models import PageConfirmation, PublicText
from trials.models.texts import PAGE_LANGUAGES
from website.public.blocks import BLOCKS, BY_CODE
from website.public.first_texts import first_text
from website.public.placeholders import Unfilled, facts_of, fill, tokens_left

TITLE_MAX: Final = 120
BODY_MAX: Final = 4000


class NoSuchBlock(Refusal):
    code = "website.no_such_block"
    message = _("The page has no block “{block}” in this language. Choose one from the list of texts.")
    status = 422


class TextEmpty(Refusal):
    code = "website.text_empty"
    message = _("A text needs a title and something under it. Write both.")
    status = 422


class TextTooLong(Refusal):
    code = "website.text_too_long"
    message = _("The title may have {title} characters and the text {body}. Shorten it.")
    status = 422


class TokensLeft(Refusal):
    code = "website.tokens_left"
    message = _(
        "This would reach readers as it stands: {tokens}. Use only the placeholders of the list beside the "
        "text, and no other braces or marks."
    )
    status = 422


class NothingChanged(Refusal):
    code = "website.nothing_changed"
    message = _("This is word for word version {number}. Change something, or go back.")
    status = 422


class DraftedMeanwhile(Refusal):
    code = "website.drafted_meanwhile"
    message = _(
        "Version {number} was drafted while you were writing. What you typed is still here: compare it with "
        "the history, then draft it again."
    )


class ReleasedBefore(Refusal):
    code = "website.released_before"
    message = _("Version {number} of “{block}” is released already.")


class NewerDraft(Refusal):
    code = "website.newer_draft"
    message = _("There is a newer draft of “{block}” than version {number}. Release that one.")


class OwnText(Refusal):
    code = "website.own_text"
    message = _("You wrote version {number} of “{block}”. Another person has to release it.")


class EthicsAhead(Refusal):
    code = "website.ethics_ahead"
    fields = ("ethics_approved_on",)
    message = _("The ethics approval is dated {day}, which is still to come. Release the text after it.")
    status = 422


class EthicsMissing(Refusal):
    code = "website.ethics_missing"
    fields = ("ethics_reference",)
    message = _("Give the number of the ethics approval, as it stands on the committee's letter.")
    status = 422


class NothingToRelease(Refusal):
    code = "website.nothing_to_release"
    fields = ("texts",)
    message = _("Choose at least one draft to release.")
    status = 422


class NotShown(Refusal):
    code = "website.not_shown"
    message = _("Version {number} of “{block}” is not on the page, so it cannot be withdrawn.")


class ReasonMissing(Refusal):
    code = "website.reason_missing"
    fields = ("reason",)
    message = _("Say why the text is withdrawn. The reason is kept with it.")
    status = 422


class NoTextToConfirm(Refusal):
    code = "website.no_text_to_confirm"
    message = _("No text is released in this language yet. Release the texts first, then confirm the page.")


def draft_text(
    *, block: str, language: str, title: str, body: str, based_on: int, by: User, at: datetime
) -> PublicText:
    """A new version waits for a second person; ``based_on`` is the number of the version it was written from.

    Refuses: a block or language that the page does not have; a text that cannot be shown; a version that somebody
    else drafted meanwhile; a text without change. Locks: the block in its language.
    """
    with open_act("trials:text:draft", by=by, at=at) as act:
        if block not in BY_CODE or language not in dict(PAGE_LANGUAGES):
            raise NoSuchBlock(block=block)
        title, body = title.strip(), body.replace("\r\n", "\n").strip()
        _refuse_unreadable(title, body)
        wait_for_turn(f"text {block} {language}")
        last = PublicText.objects.newest().filter(block=block, language=language).first()
        number = last.number if last else 0
        if number != based_on:
            raise DraftedMeanwhile(number=number)
        if last and (last.title, last.body) == (title, body) and last.withdrawn_at is None:
            raise NothingChanged(number=number)
        return PublicText.objects.create(
            block=block,
            language=language,
            number=number + 1,
            title=title,
            body=body,
            author=by,
            drafted_at=at,
            act=act,
        )


def _refuse_unreadable(title: str, body: str) -> None:
    if not title or not body:
        raise TextEmpty
    if len(title) > TITLE_MAX or len(body) > BODY_MAX:
        raise TextTooLong(title=TITLE_MAX, body=BODY_MAX)
    if left := tokens_left(f"{title}\n{body}", facts_of(load(settings.PROTOCOL_VERSION))):
        raise TokensLeft(tokens=quoted(left))


def quoted(tokens: Sequence[str]) -> str:
    return listed(f"“{token}”" for token in tokens)


def draft_first_texts(*, by: User, at: datetime) -> list[PublicText]:
    """Each block and language that has no version yet waits with the text that comes with the program."""
    with open_act("trials:text:draft", by=by, at=at):
        begun = set(PublicText.objects.values_list("block", "language"))
        lacking = [
            text
            for block in BLOCKS
            for language, _name in PAGE_LANGUAGES
            if (block.code, language) not in begun and (text := first_text(block.code, language))
        ]
        return [
            draft_text(
                block=each.block,
                language=each.language,
                title=each.title,
                body=each.body,
                based_on=0,
                by=by,
                at=at,
            )
            for each in lacking
        ]


def release_texts(
    *,
    texts: Sequence[PublicText],
    ethics_approved_on: date,
    ethics_reference: str,
    password: str,
    by: User,
    at: datetime,
) -> list[PublicText]:
    """Each of ``texts`` is on the page, signed one by one by somebody who wrote none of them.

    The signature covers the text as the protocol in force fills it (21 CFR Part 11 11.70).

    Refuses: no text; no reference of the ethics committee, or a day still to come; the author of a text; a password
    that does not match. Locks: each text.
    """
    with open_act("trials:text:release", by=by, at=at) as act:
        if not texts:
            raise NothingToRelease
        if not ethics_reference.strip():
            raise EthicsMissing
        if ethics_approved_on > local_date(at, settings.TRIAL_TIME_ZONE):
            raise EthicsAhead(day=ethics_approved_on.isoformat())
        released = []
        for text in sorted(texts, key=lambda each: (each.block, each.language)):
            locked = _to_be_released(text, by)
            locked.signature = sign(
                record=f"public text {locked}",
                digest=digest_of(locked, ethics_approved_on),
                meaning=_("Approved as a text for patients"),
                by=by,
                password=password,
                at=at,
            )
            locked.released_by, locked.released_at, locked.act = by, at, act
            locked.ethics_approved_on, locked.ethics_reference = ethics_approved_on, ethics_reference.strip()
            locked.protocol_version = settings.PROTOCOL_VERSION
            locked.save()
            released.append(locked)
        return released


def _to_be_released(text: PublicText, by: User) -> PublicText:
    wait_for_turn(f"text {text.block} {text.language}")
    locked = PublicText.objects.select_for_update().get(pk=text.pk)
    named = {"number": locked.number, "block": BY_CODE[locked.block].about}
    if locked.released_at is not None:
        raise ReleasedBefore(**named)
    if locked.author_id == by.pk:
        raise OwnText(**named)
    if not PublicText.objects.newest().filter(pk=locked.pk).exists():
        raise NewerDraft(**named)
    return locked


def digest_of(text: PublicText, ethics_approved_on: date) -> str:
    """Return the digest of what readers get to see, and of the approval it rests on."""
    facts = facts_of(load(settings.PROTOCOL_VERSION))
    try:
        shown = [fill(part, facts, text.language) for part in (text.title, text.body)]
    except Unfilled as unfilled:
        raise TokensLeft(tokens=quoted(unfilled.tokens)) from unfilled
    content = [text.block, text.language, text.number, text.title, text.body, *shown]
    packed = json.dumps([*content, ethics_approved_on.isoformat()], ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()


def withdraw_text(*, text: PublicText, reason: str, by: User, at: datetime) -> PublicText:
    """The block shows no text in this language until a new version is released.

    Refuses: no reason; a text that is not shown. Locks: the block in its language, then the text.
    """
    with open_act("trials:text:withdraw", by=by, at=at, reason=reason) as act:
        if not reason.strip():
            raise ReasonMissing
        wait_for_turn(f"text {text.block} {text.language}")
        locked = PublicText.objects.select_for_update().get(pk=text.pk)
        if not PublicText.objects.shown().filter(pk=locked.pk).exists():
            raise NotShown(number=locked.number, block=BY_CODE[locked.block].about)
        locked.withdrawn_by, locked.withdrawn_at, locked.act = by, at, act
        locked.withdrawn_because = reason.strip()
        locked.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_because", "act"])
    return locked


def confirm_page(*, language: str, password: str, by: User, at: datetime) -> PageConfirmation:
    """``by`` has read the page in ``language`` as it is now and signed that it is true; it shows the day.

    Refuses: a page without texts; a password that does not match.
    """
    with open_act("trials:text:confirm", by=by, at=at) as act:
        shown = PublicText.objects.shown().filter(language=language).order_by("block")
        content = [[text.block, text.number] for text in shown]
        if not content:
            raise NoTextToConfirm
        packed = json.dumps([language, settings.PROTOCOL_VERSION, content])
        signature = sign(
            record=f"public page {language}",
            digest=hashlib.sha256(packed.encode()).hexdigest(),
            meaning=_("Read, and confirmed as still true"),
            by=by,
            password=password,
            at=at,
        )
        return PageConfirmation.objects.create(
            language=language, confirmed_at=at, signature=signature, act=act
        )
