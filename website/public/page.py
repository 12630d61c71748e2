"""What the public page holds at this moment, in one language: approved texts, the protocol's facts, the centres."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from kernel.clock import local_date
from protocol.loader.schema import PUBLISHED, BilingualText, Criterion
from protocol.text import ProtocolText, load
from trials.models import PageConfirmation, PublicText
from trials.models.texts import PAGE_LANGUAGES
from website.public.blocks import BLOCKS, BY_CODE, PagePart
from website.public.placeholders import Unfilled, facts_of, fill
from website.public.sites import PublicSite, public_sites
from website.public.wording import Passage, passages_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShownText:
    """An approved text, filled. ``language`` is its own, which may be the other one of the two."""

    code: str
    language: str
    title: str
    passages: tuple[Passage, ...]
    is_other_language: bool = False


@dataclass(frozen=True)
class Rule:
    """One criterion: in plain words, and exactly as the protocol has it."""

    plain: str
    exact: str


@dataclass(frozen=True)
class PublicPage:
    """Everything the template needs; nothing here says who reads it."""

    language: str
    protocol: ProtocolText
    facts: Mapping[str, str]
    texts: Mapping[str, ShownText]
    sites: tuple[PublicSite, ...]
    criteria: tuple[Criterion, ...]
    released_in: frozenset[str]
    confirmed_on: date | None

    @property
    def is_prepared(self) -> bool:
        """Say whether any text is released at all; without one the page shows the protocol's facts alone."""
        return bool(self.released_in)

    @property
    def speaks_its_language(self) -> bool:
        """Say whether the page's own language has released texts."""
        return self.language in self.released_in

    @property
    def questions(self) -> list[ShownText]:
        asked = (block.code for block in BLOCKS if block.part == PagePart.QUESTIONS)
        return [self.texts[code] for code in asked if code in self.texts]

    @property
    def open_sites(self) -> list[PublicSite]:
        return [site for site in self.sites if site.is_open]

    @property
    def shows_plain_words(self) -> bool:
        """Say whether the criteria stand in plain words too: once the text above them is approved."""
        who = self.texts.get("who")
        return who is not None and not who.is_other_language

    @property
    def inclusion(self) -> list[Rule]:
        return self._rules("inclusion")

    @property
    def exclusion(self) -> list[Rule]:
        return self._rules("exclusion")

    def _rules(self, kind: str) -> list[Rule]:
        return [
            Rule(each.plain.in_language(self.language), each.wording.in_language(self.language))
            for each in self.criteria
            if each.kind == kind
        ]

    @property
    def public_title(self) -> str:
        title = self.protocol.fact("title_public").text
        return title.in_language(self.language) if title else ""

    @property
    def registry_checked_on(self) -> str:
        """The month in which the registry record was verified, as the registry has it."""
        return str(self.protocol.fact("record_verified").value or "–")


def public_page(language: str, *, at: datetime, instead: Collection[PublicText] = ()) -> PublicPage:
    """Return the page as it is now, with three questions to the database however much it holds.

    Texts given as ``instead`` stand where they would if they were released: for a preview, nowhere else.
    """
    protocol = load(settings.PROTOCOL_VERSION)
    facts = facts_of(protocol)
    replaced = {(text.block, text.language) for text in instead}
    rows = [row for row in PublicText.objects.shown() if (row.block, row.language) not in replaced]
    rows += instead
    own = {row.block: row for row in rows if row.language == language}
    other = {row.block: row for row in rows if row.language != language}
    texts = {}
    for code, row in {**other, **own}.items():
        if (shown := shown_text(row, facts, language)) is not None:
            texts[code] = shown
    return PublicPage(
        language=language,
        protocol=protocol,
        facts={name: words.in_language(language) for name, words in facts.items()},
        texts=texts,
        sites=tuple(public_sites(at=at)),
        criteria=tuple(each for each in protocol.criteria if each.enforced and each.source == PUBLISHED),
        released_in=frozenset(row.language for row in rows),
        confirmed_on=_confirmed_on(language, own.values()),
    )


def shown_text(row: Any, facts: Mapping[str, BilingualText], language: str) -> ShownText | None:
    """Return the text filled in its own language; None, and a line in the log, rather than a raw token."""
    if row.block not in BY_CODE:
        return None
    try:
        title, body = (fill(part, facts, row.language) for part in (row.title, row.body))
    except Unfilled as unfilled:
        log.error("public_text.unfilled", extra={"text": str(row), "tokens": unfilled.tokens})
        return None
    return ShownText(row.block, row.language, title, tuple(passages_of(body)), row.language != language)


def _confirmed_on(language: str, released: Collection[PublicText]) -> date | None:
    """The day since which nothing that shows has gone unconfirmed: each by its release or with the whole page."""
    if not released:
        return None
    page = PageConfirmation.objects.filter(language=language).first()
    moments = [
        max(row.released_at, page.confirmed_at) if page else row.released_at
        for row in released
        if row.released_at
    ]
    return local_date(min(moments), settings.TRIAL_TIME_ZONE) if moments else None


def released_languages() -> frozenset[str]:
    """Return the languages in which any text shows."""
    return frozenset(PublicText.objects.shown().values_list("language", flat=True))


def other_language(language: str) -> str:
    """Return the other one of the page's two languages."""
    return next(code for code, _name in PAGE_LANGUAGES if code != language)
