"""Code lists: the answers that a question offers, each with its stored code and its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise


@dataclass(frozen=True)
class CodeList:
    """Codes in the order they are offered; ``labels`` maps each to its text.

    ``exclusive`` codes (such as "none") stand alone where several may be ticked. ``since`` and ``until`` name codes
    of some versions of the protocol only, ``formerly`` the earlier texts of a code, as they do of questions (ADR 39).
    """

    name: str
    labels: Mapping[str, Text]
    exclusive: tuple[str, ...] = ()
    meanings: Mapping[str, Text] = field(default_factory=dict)
    since: Mapping[str, str] = field(default_factory=dict)
    until: Mapping[str, str] = field(default_factory=dict)
    formerly: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        named = (*self.exclusive, *self.meanings, *self.since, *self.until, *self.formerly)
        stray = [code for code in named if code not in self.labels]
        if stray:
            raise ValueError(f"code list {self.name} does not hold {', '.join(stray)}")

    def __contains__(self, code: object) -> bool:
        return code in self.labels

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """Return the stored codes, in the order they are offered."""
        return tuple(self.labels)

    def label(self, code: str) -> str:
        """Return the text of ``code`` in the reader's language; an unknown code stands for itself."""
        return str(self.labels.get(code, code))

    def only(self, name: str, *codes: str) -> CodeList:
        """Return a shorter list with some of these codes, in this order."""
        kept: dict[str, Any] = {
            said: {code: each for code, each in getattr(self, said).items() if code in codes}
            for said in ("since", "until", "formerly")
        }
        return CodeList(name, {code: self.labels[code] for code in codes}, **kept)
