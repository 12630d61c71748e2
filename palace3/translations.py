"""The texts that want a translation, found in the source, and the catalogue that holds their translations.

Pure Python: neither the product nor its developers need the gettext tools.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from palace3.packages import PACKAGES

LANGUAGE = "zh_Hans"
APPS = PACKAGES
TEMPLATE_ENDINGS = {".html", ".txt", ".svg", ".xml"}

HEADER = {
    "Project-Id-Version": "PALACE-3",
    "Language": LANGUAGE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}

# Which arguments of each function are texts: (context, text, plural).
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "_": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}


@dataclass(frozen=True, order=True)
class SourceText:
    """One text of the source: what the catalogue files it under."""

    text: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return (self.context, self.text)


def texts_of_project(root: Path) -> dict[SourceText, set[str]]:
    """Every text of the source below ``root``, with the files that hold it."""
    sources: dict[SourceText, set[str]] = {}
    for path in source_files(root):
        content = path.read_text(encoding="utf-8")
        texts = texts_of_python(content) if path.suffix == ".py" else texts_of_template(content)
        for text in texts:
            sources.setdefault(text, set()).add(path.relative_to(root).as_posix())
    return sources


def source_files(root: Path) -> Iterator[Path]:
    folders = [root / app for app in APPS] + [root / "templates"]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if "migrations" in path.parts:
                continue
            if path.suffix == ".py" or ("templates" in path.parts and path.suffix in TEMPLATE_ENDINGS):
                yield path


def texts_of_python(content: str) -> Iterator[SourceText]:
    """The texts of a Python module; a text that is put together while running cannot be translated."""
    tree = ast.parse(content)
    names = {"_": "_"} | dict(imported_functions(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := name_of(node.func, names)):
            arguments = [constant_of(argument) for argument in node.args]
            if text := text_from(function, arguments):
                yield text


def imported_functions(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name in this module, name in Django) of every translating function it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            for alias in node.names:
                if alias.name in FUNCTIONS:
                    yield alias.asname or alias.name, alias.name


def name_of(function: ast.expr, names: dict[str, str]) -> str | None:
    if isinstance(function, ast.Name):
        return names.get(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.attr if function.value.id == "translation" and function.attr in FUNCTIONS else None
    return None


def constant_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def text_from(function: str, arguments: list[str | None]) -> SourceText | None:
    def at(place: int | None) -> str:
        return (arguments[place] or "") if place is not None and place < len(arguments) else ""

    context, text, plural = FUNCTIONS[function]
    return SourceText(text=at(text), plural=at(plural), context=at(context)) if at(text) else None


_CALL = re.compile(r"\b(npgettext|ngettext|pgettext|gettext|_)\(")
_LITERAL = re.compile(r"\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?", re.DOTALL)


def texts_of_template(content: str) -> Iterator[SourceText]:
    """The texts of a template, which Django itself turns into calls with everything else blotted out."""
    calls = templatize(content)
    for call in _CALL.finditer(calls):
        arguments: list[str | None] = []
        place = call.end()
        while literal := _LITERAL.match(calls, place):
            arguments.append(ast.literal_eval(literal.group(1)))
            place = literal.end()
        if text := text_from(call.group(1), arguments):
            yield text


class Catalogue:
    """The translations into Simplified Chinese, in one file that translators and reviewers read."""

    def __init__(self, root: Path) -> None:
        self.path = root / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
        self.file = (
            polib.pofile(str(self.path), wrapwidth=100) if self.path.exists() else polib.POFile(wrapwidth=100)
        )
        self.file.metadata = dict(HEADER)

    def by_key(self) -> dict[tuple[str, str], polib.POEntry]:
        return {(entry.msgctxt or "", entry.msgid): entry for entry in self.file}

    def update(self, texts: dict[SourceText, set[str]], *, prune: bool = False) -> None:
        """Each text of the source has its entry; what no source holds is obsolete, or gone with ``prune``."""
        known = self.by_key()
        wanted = {text.key: text for text in texts}
        for key, entry in known.items():
            entry.obsolete = key not in wanted
        for text, files in texts.items():
            entry = known.get(text.key) or polib.POEntry()
            describe(entry, text, files)
            known[text.key] = entry
        entries = [entry for entry in known.values() if not (prune and entry.obsolete)]
        self.file[:] = sorted(entries, key=lambda entry: (entry.obsolete, entry.msgid, entry.msgctxt or ""))

    def translate(self, translations: Iterable[dict[str, str]]) -> list[str]:
        """The translations stand in the catalogue; returned are the texts that it does not know."""
        known, strange = self.by_key(), []
        for row in translations:
            entry = known.get((row.get("context") or "", row["id"]))
            if entry is None:
                strange.append(row["id"])
            elif row["text"]:
                put_translation(entry, row["text"])
        return strange

    def write(self) -> None:
        """The catalogue is written, and compiled for Django beside itself."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file.save(str(self.path))
        self.file.save_as_mofile(str(self.path.with_suffix(".mo")))

    def untranslated(self) -> list[polib.POEntry]:
        return [entry for entry in self.file if not entry.obsolete and not translation_of(entry)]


def describe(entry: polib.POEntry, text: SourceText, files: set[str]) -> None:
    entry.msgid, entry.obsolete = text.text, False
    entry.msgctxt = text.context or None  # type: ignore[assignment]  # the stubs forget that most texts have none
    # Files without line numbers: else every edit of a file would change the catalogue.
    entry.occurrences = [(name, "") for name in sorted(files)]
    if text.plural and entry.msgid_plural != text.plural:
        entry.msgid_plural = text.plural
        entry.msgstr_plural = {0: translation_of(entry)}


def put_translation(entry: polib.POEntry, text: str) -> None:
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]


def translation_of(entry: polib.POEntry) -> str:
    return str(entry.msgstr_plural.get(0, "") if entry.msgstr_plural else entry.msgstr)


def faults(catalogue: Catalogue, texts: dict[SourceText, set[str]]) -> list[str]:
    """One line for each text that a Chinese reader would not get as meant."""
    known = catalogue.by_key()
    lines = []
    for text in sorted(texts):
        entry = known.get(text.key)
        where = sorted(texts[text])[0]
        if entry is None or entry.obsolete or not translation_of(entry):
            lines.append(f"not translated: {text.text!r} ({where})")
        elif entry.fuzzy:
            lines.append(f"only guessed (fuzzy): {text.text!r} ({where})")
        elif placeholders(text.text) | placeholders(text.plural) != placeholders(translation_of(entry)):
            lines.append(f"other placeholders: {text.text!r} against {translation_of(entry)!r} ({where})")
    wanted = {text.key for text in texts}
    lines += [f"obsolete, no source holds it: {key[1]!r}" for key in sorted(known) if key not in wanted]
    return lines


_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*(?:[.!:][^{}]*)?\}")


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))
