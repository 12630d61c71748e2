"""Where each text of the public page stands: what shows, what waits, what was before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from kernel.clock import local_date
from trials.models import PublicText
from trials.models.texts import PAGE_LANGUAGES
from website.public.blocks import BLOCKS, Block

ON_PAGE: Final = "on_page"
WAITING: Final = "waiting"
REPLACED: Final = "replaced"
OVERTAKEN: Final = "overtaken"
WITHDRAWN: Final = "withdrawn"
NONE: Final = "none"


@dataclass(frozen=True)
class BlockVersions:
    """One block in one language, with its versions, the newest first."""

    block: Block
    language: str
    language_name: str
    versions: tuple[PublicText, ...]

    @property
    def newest(self) -> PublicText | None:
        return self.versions[0] if self.versions else None

    @property
    def last_released(self) -> PublicText | None:
        return next((each for each in self.versions if each.released_at), None)

    @property
    def shown(self) -> PublicText | None:
        last = self.last_released
        return last if last and last.withdrawn_at is None else None

    @property
    def waiting(self) -> PublicText | None:
        return self.newest if self.newest and self.newest.released_at is None else None

    @property
    def state(self) -> str:
        """What the page holds here now: a text, none, or one that was taken away."""
        if self.shown:
            return ON_PAGE
        return WITHDRAWN if self.last_released else NONE

    def states(self) -> list[tuple[PublicText, str]]:
        """Return each version with its state."""
        return [(each, self._state_of(each)) for each in self.versions]

    def _state_of(self, version: PublicText) -> str:
        if version.withdrawn_at:
            return WITHDRAWN
        if version.released_at:
            return ON_PAGE if version == self.shown else REPLACED
        return WAITING if version == self.newest else OVERTAKEN

    def is_behind(self, other: BlockVersions) -> bool:
        """Say whether the other language shows a text that was released on a later day than this one."""
        mine, theirs = self.shown, other.shown
        if not (mine and theirs and mine.released_at and theirs.released_at):
            return False
        zone = settings.TRIAL_TIME_ZONE
        return local_date(mine.released_at, zone) < local_date(theirs.released_at, zone)


def standings(versions: Iterable[PublicText]) -> list[tuple[Block, list[BlockVersions]]]:
    """Return every block of the page with its standing in each language."""
    by_place: dict[tuple[str, str], list[PublicText]] = {}
    for version in sorted(versions, key=lambda each: -each.number):
        by_place.setdefault((version.block, version.language), []).append(version)
    return [
        (
            block,
            [
                BlockVersions(block, code, name, tuple(by_place.get((block.code, code), ())))
                for code, name in PAGE_LANGUAGES
            ],
        )
        for block in BLOCKS
    ]
