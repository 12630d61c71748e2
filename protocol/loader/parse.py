"""Tables of a protocol text become frozen dataclasses; what does not fit is refused with its line."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from protocol.loader.locate import LineIndex, Path
from protocol.loader.schema import SOURCES, BilingualText, Scalar, Source, Sourced

Shape = TypeVar("Shape")


class ProtocolTextError(Exception):
    """The protocol text cannot be used; ``file`` and ``line`` say where, ``message`` says why."""

    def __init__(self, line: int, message: str, file: str = "") -> None:
        super().__init__(f"{file}, line {line}: {message}" if file else f"line {line}: {message}")
        self.line = line
        self.message = message
        self.file = file


@dataclasses.dataclass(frozen=True)
class TextLocation:
    """Where a value stands in the file."""

    lines: LineIndex
    path: Path

    def at(self, *steps: str | int) -> TextLocation:
        """The place reached from here by ``steps``."""
        return TextLocation(self.lines, self.path + steps)

    def refuse(self, message: str) -> typing.NoReturn:
        """Raise the error that names this line."""
        raise ProtocolTextError(self.lines.line(self.path), message)

    @property
    def name(self) -> str:
        """The path in words, for messages."""
        return ".".join(str(step) for step in self.path)


_hints: Callable[[Any], dict[str, Any]] = functools.cache(typing.get_type_hints)


def build(shape: type[Shape], table: object, place: TextLocation) -> Shape:
    """A ``shape`` from ``table``; unknown keys, missing keys and wrong kinds of value are refused."""
    if not isinstance(table, dict):
        place.refuse(f"{place.name} must be a table.")
    fields = {field.name: field for field in dataclasses.fields(shape)}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            place.at(key).refuse(f"The key {key!r} is not known here.")
    values = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _read(_hints(shape)[name], table[name], place.at(name))
        elif field.default is dataclasses.MISSING:
            place.refuse(f"{name!r} is missing.")
    return shape(**values)


def build_all(shape: type[Shape], tables: object, place: TextLocation) -> tuple[Shape, ...]:
    """One ``shape`` per table of an array of tables."""
    if not isinstance(tables, list):
        place.refuse(f"{place.name} must be a list of tables.")
    return tuple(build(shape, table, place.at(index)) for index, table in enumerate(tables))


def _read(kind: Any, value: object, place: TextLocation) -> Any:
    if kind not in READERS and isinstance(kind, types.UnionType):
        kind = next(part for part in typing.get_args(kind) if part is not types.NoneType)
    if reader := READERS.get(kind):
        return reader(value, place)
    if typing.get_origin(kind) is tuple and dataclasses.is_dataclass(item := typing.get_args(kind)[0]):
        return build_all(typing.cast("type", item), value, place)
    return build(kind, value, place)


def _text(value: object, place: TextLocation) -> BilingualText:
    text = build(BilingualText, value, place)
    for language, words in (("English", text.en), ("Chinese", text.zh)):
        if not words.strip():
            place.refuse(f"The {language} wording of {place.name} is missing.")
    return text


def _source(value: object, place: TextLocation) -> Source:
    if not isinstance(value, str) or not set(value.split("/")) <= SOURCES:
        place.refuse(f"The source {value!r} is not one of {', '.join(sorted(SOURCES))}.")
    return Source(value)


def _sourced(value: object, place: TextLocation) -> tuple[Sourced, ...]:
    if not isinstance(value, dict):
        place.refuse("Codes are given by source, as in forms.default = ['CRE'].")
    return tuple(
        Sourced(code, _source(source, place.at(source)))
        for source, codes in value.items()
        for code in _strings(codes, place.at(source))
    )


def _strings(value: object, place: TextLocation) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        place.refuse(f"{place.name} must be a list of texts.")
    return tuple(value)


def _integers(value: object, place: TextLocation) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        place.refuse(f"{place.name} must be a list of whole numbers.")
    return tuple(value)


def _scalar(value: object, place: TextLocation) -> Scalar:
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return tuple(value)
    if not isinstance(value, bool | int | float | str):
        place.refuse(f"{place.name} must be a number, a text, true, false, or a list of those.")
    return value


def _exactly(kind: type, words: str) -> Callable[[object, TextLocation], Any]:
    def reader(value: object, place: TextLocation) -> Any:
        if type(value) is not kind:
            place.refuse(f"{place.name} must be {words}.")
        return value

    return reader


READERS: Mapping[Any, Callable[[object, TextLocation], Any]] = {
    str: _exactly(str, "a text"),
    int: _exactly(int, "a whole number"),
    bool: _exactly(bool, "true or false"),
    date: _exactly(date, "a date such as 2026-01-31"),
    float: lambda value, place: float(
        _exactly(int if type(value) is int else float, "a number")(value, place)
    ),
    BilingualText: _text,
    Source: _source,
    tuple[str, ...]: _strings,
    tuple[int, ...]: _integers,
    tuple[Sourced, ...]: _sourced,
    Scalar | None: _scalar,
}
