"""Which of our own functions one piece of work enters: the hops that a reader follows.

A hop is a function of this repository, named by its file and qualified name, lambdas and generator expressions
included. A list, set or dict comprehension belongs to the function around it, as Python compiles it since 3.12:
the number is the same on every version. The tests' own files do not count. Import before you trace: the body of
a module that is imported meanwhile is no hop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NO_HOP = ("<module>", "<listcomp>", "<setcomp>", "<dictcomp>")
NOT_OURS = ("tests", "node_modules", ".venv", "bench")


@dataclass(frozen=True)
class Hop:
    """One function, where it stands."""

    file: str
    name: str
    line: int = field(compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.name}"


@dataclass
class Trace:
    """The functions that were entered, in the order in which each was entered first, with how often it was."""

    hops: dict[Hop, int] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """Return the files in the order in which they were first entered."""
        return list(dict.fromkeys(hop.file for hop in self.hops))

    @property
    def functions(self) -> list[Hop]:
        """Return the functions in the order in which they were first entered."""
        return list(self.hops)

    def in_file(self, file: str) -> list[Hop]:
        """Return the functions of one file, in the order in which they were first entered."""
        return [hop for hop in self.hops if hop.file == file]

    def table(self) -> str:
        """Return the files in order, each with its functions: the raw material of a tour."""
        return "\n".join(
            f"{number:2d} {file}: " + ", ".join(f"{hop.name}:{hop.line}" for hop in self.in_file(file))
            for number, file in enumerate(self.files, 1)
        )

    def enter(self, hop: Hop) -> None:
        """Count one call of ``hop``."""
        self.hops[hop] = self.hops.get(hop, 0) + 1


@contextmanager
def traced() -> Iterator[Trace]:
    """Record what this thread enters until the block ends."""
    trace, known = Trace(), {}  # type: Trace, dict[CodeType, Hop | None]

    def look(frame: FrameType, event: str, _arg: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code not in known:
            known[code] = _hop(code)
        if (hop := known[code]) is not None:
            trace.enter(hop)

    before: Callable[..., Any] | None = sys.getprofile()
    sys.setprofile(look)
    try:
        yield trace
    finally:
        sys.setprofile(before)


def _hop(code: CodeType) -> Hop | None:
    """Return the function of ours that ``code`` is the body of, or None."""
    path = Path(code.co_filename)
    if not path.is_relative_to(ROOT) or code.co_name in NO_HOP:
        return None
    file = path.relative_to(ROOT)
    return None if file.parts[0] in NOT_OURS else Hop(str(file), code.co_qualname, code.co_firstlineno)
