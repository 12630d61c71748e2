"""A text as its author types it, read into paragraphs and lists (pure). No markup but these two."""

from __future__ import annotations

from dataclasses import dataclass

BULLET = "- "


@dataclass(frozen=True)
class Passage:
    """One paragraph, or the lines of one list."""

    lines: tuple[str, ...]
    is_list: bool = False

    @property
    def text(self) -> str:
        """The passage in one line."""
        return " ".join(self.lines)


def passages_of(body: str) -> list[Passage]:
    """Return the passages of ``body``: an empty line ends a paragraph, lines that begin with ``- `` are a list."""
    passages: list[Passage] = []
    for chunk in body.replace("\r\n", "\n").split("\n\n"):
        for is_list, lines in _runs([line.strip() for line in chunk.split("\n") if line.strip()]):
            passages.append(Passage(tuple(lines), is_list))
    return passages


def _runs(lines: list[str]) -> list[tuple[bool, list[str]]]:
    runs: list[tuple[bool, list[str]]] = []
    for line in lines:
        is_list = line.startswith(BULLET)
        said = line.removeprefix(BULLET) if is_list else line
        if runs and runs[-1][0] == is_list:
            runs[-1][1].append(said)
        else:
            runs.append((is_list, [said]))
    return runs
