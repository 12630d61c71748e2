"""Where each table and key of a TOML file stands: tomllib forgets line numbers, a reviewer needs them."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_.-]|"[^"]*")+)\s*=""")
PART = re.compile(r'"([^"]*)"|([A-Za-z0-9_-]+)')


class LineIndex:
    """Line numbers by path, such as ``("visits", 3, "anchor")``; an unseen path answers with its parent's."""

    def __init__(self, source: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        state = _ScannerState()
        for number, line in enumerate(source.splitlines(), start=1):
            if state.at_start_of_a_statement():
                table = self._read_statement(line, number, table)
            state.read(line)

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest table that holds it; 1 for the file itself."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _read_statement(self, line: str, number: int, table: Path) -> Path:
        if header := HEADER.match(line):
            table = self._resolve(_parts(header[2]), appends=header[1] == "[[")
            self._note(table, number)
        elif key := KEY.match(line):
            self._note(table + _parts(key[1]), number)
        return table

    def _note(self, path: Path, number: int) -> None:
        """Remember ``path`` and, where they are new, the tables that hold it."""
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)

    def _resolve(self, parts: tuple[str, ...], *, appends: bool) -> Path:
        path: Path = ()
        for part in parts[:-1]:
            path = self._last_of((*path, part))
        path = (*path, parts[-1])
        if not appends:
            return self._last_of(path)
        self._counts[path] = self._counts.get(path, -1) + 1
        return (*path, self._counts[path])

    def _last_of(self, path: Path) -> Path:
        return (*path, self._counts[path]) if path in self._counts else path


class _ScannerState:
    """How deep in brackets, and in which multi-line string, the scanner is."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""

    def at_start_of_a_statement(self) -> bool:
        return self.depth == 0 and not self.quote

    def read(self, line: str) -> None:
        position = 0
        while position < len(line):
            position = self._in_string(line, position) if self.quote else self._in_value(line, position)
        if len(self.quote) == 1:  # a one-line string never closed: tomllib has refused the file already
            self.quote = ""

    def _in_string(self, line: str, position: int) -> int:
        if line[position] == "\\" and self.quote[0] == '"':
            return position + 2
        if line.startswith(self.quote, position):
            position += len(self.quote)
            self.quote = ""
            return position
        return position + 1

    def _in_value(self, line: str, position: int) -> int:
        character = line[position]
        if character == "#":
            return len(line)
        if character in "\"'":
            triple = character * 3
            self.quote = triple if line.startswith(triple, position) else character
            return position + len(self.quote)
        self.depth += (character in "[{") - (character in "]}")
        return position + 1


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(quoted or bare for quoted, bare in PART.findall(dotted))
