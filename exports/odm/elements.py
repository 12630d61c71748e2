"""Elements of ODM-XML as each version of the standard spells them; what both say alike is built once.

The standard: CDISC ODM 1.3.2 (December 2013) and 2.0. ``xml:lang`` takes the tags of RFC 5646.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, Final

from django.utils import translation
from lxml import etree  # type: ignore[import-untyped]

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
LANGUAGES: Final = {"en": "en", "zh-hans": "zh-Hans"}  # Django's name of each language, and RFC 5646's
NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT: Final = "\ufffd"
FLAG_TYPES: Final = "CL.FLAG.TYPE"
Text = Callable[[], str]


def flag_list(kind: str) -> str:
    """Return the name of the code list of a kind of flags."""
    return f"CL.FLAG.{kind}"


class OdmVersion(StrEnum):
    """A version of the standard."""

    V132 = "1.3.2"
    V20 = "2.0"

    @property
    def namespace(self) -> str:
        return (
            "http://www.cdisc.org/ns/odm/v1.3"
            if self is OdmVersion.V132
            else "http://www.cdisc.org/ns/odm/v2.0"
        )


def legal(text: str) -> str:
    """Return the text with a sign of its own (U+FFFD) for each that no XML can hold."""
    return NO_XML.sub(REPLACEMENT, text)


def in_languages(text: Text) -> dict[str, str]:
    """Return what ``text`` says in each language of the trial, by its tag; a language that says nothing is left out."""
    said = {}
    for name, tag in LANGUAGES.items():
        with translation.override(name):
            if words := text():
                said[tag] = words
    return said


class Elements:
    """Builds the elements of one version."""

    def __init__(self, version: OdmVersion) -> None:
        self.version = version
        self.is_20 = version is OdmVersion.V20

    def tag(self, name: str) -> str:
        return f"{{{self.version.namespace}}}{name}"

    def make(
        self,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        children: Iterable[Any] = (),
        text: str | None = None,
    ) -> Any:
        """Return an element; an attribute without a value is left out, and so is a child."""
        element = etree.Element(self.tag(name), nsmap={None: self.version.namespace})
        for key, value in (attributes or {}).items():
            if value is not None and value != "":
                element.set(key, legal(str(value)))
        for child in children:
            if child is not None:
                element.append(child)
        if text is not None:
            element.text = legal(text)
        return element

    def translated(self, name: str, text: Text) -> Any | None:
        """Return an element with its text in each language, or None where there is none."""
        said = in_languages(text)
        kind = {"Type": "text/plain"} if self.is_20 else {}
        texts = [
            self.make("TranslatedText", {XML_LANG: tag, **kind}, text=words) for tag, words in said.items()
        ]
        return self.make(name, children=texts) if texts else None

    def description(self, text: Text) -> Any | None:
        return self.translated("Description", text)

    def aliases(self, names: Mapping[str, str]) -> list[Any]:
        """Return what other standards call the same thing."""
        return [self.make("Alias", {"Context": by, "Name": name}) for by, name in names.items() if name]

    def expression(self, code: str) -> Any:
        """Return a rule as the program keeps it, a list in JSON."""
        if self.is_20:
            return self.make("FormalExpression", {"Context": "PALACE-3"}, [self.make("Code", text=code)])
        return self.make("FormalExpression", {"Context": "PALACE-3"}, text=code)

    def signature_of_method(self) -> list[Any]:
        """Return what 2.0 wants to know of a method or condition besides its rule: here nothing."""
        return [self.make("MethodSignature")] if self.is_20 else []

    def comment(self, text: str, *, by: str) -> Any:
        if not self.is_20:
            return self.make("Comment", {"SponsorOrSite": by}, text=text)
        said = self.make("TranslatedText", {"Type": "text/plain"}, text=text)
        return self.make("Comment", {"SponsorOrSite": by}, [said])

    def annotation(self, number: int, flags: Mapping[str, str], comment: Any | None = None) -> Any:
        """Return an annotation: coded flags, each of the list of its type, and a comment."""
        coded = [self.flag(kind, value) for kind, value in flags.items() if value]
        return self.make("Annotation", {"SeqNum": number}, [comment, *coded])

    def flag(self, kind: str, value: str) -> Any:
        return self.make(
            "Flag",
            children=[
                self.make("FlagValue", {"CodeListOID": flag_list(kind)}, text=value),
                self.make("FlagType", {"CodeListOID": FLAG_TYPES}, text=kind),
            ],
        )


def lazily(text: Any) -> Text:
    """Return a function that says a lazy text in the language in force when it is called."""
    return partial(str, text)
