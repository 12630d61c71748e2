"""An ODM file as it is read: whose record, which form, what was answered; nothing of it is believed unchecked.

The file may come from anywhere: a document type is refused, so that no entity of its own can be in it, and nothing is
fetched from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from lxml import etree  # type: ignore[import-untyped]

from crf import catalogue
from crf.engine.questions import ANY_REASON
from exports.odm.elements import OdmVersion
from exports.odm.study import COMMON, STUDY_OID, Item, form_oid, item_groups, metadata_oid, study_events
from kernel.errors import Refusal

AT_ONCE: Final = 64 * 1024


class NoOdmFile(Refusal):
    code = "exports.no_odm_file"
    message = _("The file is not ODM-XML that can be read: {fault}. Export it again from where it came.")


class DocumentTypeRefused(Refusal):
    code = "exports.odm_document_type"
    message = _("The file declares a document type, which may hold harmful entities. Export it without one.")


class OdmVersionUnknown(Refusal):
    code = "exports.odm_version"
    message = _("The file is ODM “{version}”. Files of ODM 1.3.2 and 2.0 can be imported.")


class SnapshotNeeded(Refusal):
    code = "exports.odm_snapshot"
    message = _(
        "The file holds every version of its answers. Import a snapshot: a file exported without --audit."
    )


class OtherStudy(Refusal):
    code = "exports.odm_other_study"
    message = _("The file is of {study}, definitions {version}; this is {own}, definitions {own_version}.")


class UnknownOid(Refusal):
    code = "exports.odm_unknown_oid"
    message = _("Participant {participant}: this study has no “{oid}”. Import a file of the same forms.")


@dataclass(frozen=True)
class OdmRecord:
    """One record of a file: where it stands, and its answers as a page would send them."""

    participant: str
    event: str
    event_key: str | None
    form: str
    sequence: int
    raw: dict[str, list[str]] = field(default_factory=dict, compare=False)

    @property
    def label(self) -> str:
        place = self.event if self.event_key is None else f"{self.event}[{self.event_key}]"
        return f"{self.participant} {place} {self.form} #{self.sequence}"


@dataclass
class OdmSubject:
    """One participant of a file."""

    number: str
    records: list[OdmRecord]


def subjects_in(path: Path) -> Iterator[OdmSubject]:
    """Yield the participants of the file, one at a time.

    Refuses: a file that is no ODM-XML, has a document type, is of another version or study, holds every version, or
    names what this study does not have.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    reader = _OdmReader()
    try:
        with path.open("rb") as file:
            while content := file.read(AT_ONCE):
                parser.feed(content)
                yield from reader.read(parser)
        parser.close()
        yield from reader.read(parser)
    except etree.XMLSyntaxError as fault:
        if "entit" in str(fault).lower():
            raise DocumentTypeRefused from fault
        raise NoOdmFile(fault=str(fault)) from fault
    if not reader.is_odm:
        raise NoOdmFile(fault=_("it holds no clinical data"))


class _OdmReader:
    def __init__(self) -> None:
        self.version: OdmVersion | None = None
        self.is_odm = False

    def read(self, parser: Any) -> Iterator[OdmSubject]:
        for event, element in parser.read_events():
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if event == "start":
                self._begin(name, element)
            elif name == "SubjectData":
                yield OdmSubject(element.get("SubjectKey") or "", list(_records(element)))
                _forget(element)
            elif name in ("Study", "AdminData"):
                _forget(element)

    def _begin(self, name: str, element: Any) -> None:
        if self.version is None:
            self._open(element)
        elif name == "ClinicalData":
            study, version = element.get("StudyOID"), element.get("MetaDataVersionOID")
            if (study, version) != (STUDY_OID, metadata_oid()):
                raise OtherStudy(study=study, version=version, own=STUDY_OID, own_version=metadata_oid())
            self.is_odm = True

    def _open(self, root: Any) -> None:
        """Refuse a file by its first element."""
        if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
            raise DocumentTypeRefused
        tag = etree.QName(root)
        known = {version.namespace: version for version in OdmVersion}
        said = root.get("ODMVersion") or ""
        version = known.get(tag.namespace)
        if tag.localname != "ODM":
            raise NoOdmFile(fault=_("it begins with “{name}”").format(name=tag.localname))
        if version is None or not said.startswith(version.value):
            raise OdmVersionUnknown(version=said or tag.namespace)
        if root.get("FileType") != "Snapshot":
            raise SnapshotNeeded
        self.version = version


def _forget(element: Any) -> None:
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _records(subject: Any) -> Iterator[OdmRecord]:
    number = subject.get("SubjectKey") or ""
    for event in _children(subject, "StudyEventData"):
        oid = event.get("StudyEventOID")
        if oid not in _events():
            raise UnknownOid(participant=number, oid=oid)
        for form in _children(event, "FormData", "ItemGroupData"):
            form_name = form.get("FormOID") or form.get("ItemGroupOID")
            if form_name not in _forms():
                raise UnknownOid(participant=number, oid=form_name)
            key = form.get("FormRepeatKey") or form.get("ItemGroupRepeatKey") or "1"
            if not key.isdecimal():
                raise UnknownOid(participant=number, oid=f"{form_name}[{key}]")
            yield OdmRecord(
                number,
                oid,
                event.get("StudyEventRepeatKey"),
                _forms()[form_name],
                int(key),
                _raw(number, _forms()[form_name], form),
            )


def _raw(number: str, code: str, form: Any) -> dict[str, list[str]]:
    """Return the answers of a record under the names of the page; what the program computes is left out."""
    raw: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    for group in _children(form, "ItemGroupData"):
        oid, items = group.get("ItemGroupOID"), _items(code)
        if oid not in items:
            raise UnknownOid(participant=number, oid=oid)
        prefix, repeats = "", next(each for each in item_groups(code) if each.oid == oid).repeats
        if repeats:
            name = oid.rpartition(".")[2]
            prefix = f"{name}-{rows.setdefault(name, 0)}-"
            rows[name] += 1
            raw[f"{prefix}position"] = [group.get("ItemGroupRepeatKey") or ""]
        for item in _children(group, "ItemData"):
            known = items[oid].get(item.get("ItemOID"))
            if known is None:
                raise UnknownOid(participant=number, oid=item.get("ItemOID"))
            if not known.question.derived:
                _take(raw, prefix, known, _value(item), _reason(number, item))
    return raw


def _take(raw: dict[str, list[str]], prefix: str, item: Item, value: str | None, why: str) -> None:
    name = f"{prefix}{item.question.name}"
    if why:
        raw[f"{name}__why"] = [why]
    elif value is not None and (not item.choice or value == "1"):
        raw.setdefault(name, []).append(item.choice or value)


def _value(item: Any) -> str | None:
    if item.get("Value") is not None:
        return str(item.get("Value"))
    values = list(_children(item, "Value"))
    return (values[0].text or "") if values else None


def _reason(number: str, item: Any) -> str:
    for annotation in _children(item, "Annotation"):
        for flag in _children(annotation, "Flag"):
            value, kind = list(_children(flag, "FlagValue")), list(_children(flag, "FlagType"))
            if value and kind and kind[0].text == "MISSING":
                if value[0].text not in ANY_REASON:
                    raise UnknownOid(participant=number, oid=value[0].text)
                return str(value[0].text)
    return ""


def _children(element: Any, *names: str) -> Iterator[Any]:
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname in names:
            yield child


@cache
def _forms() -> dict[str, str]:
    return {form_oid(code): code for code in catalogue.forms()}


@cache
def _events() -> frozenset[str]:
    return frozenset({event.oid for event in study_events(list(catalogue.forms()))} | {COMMON})


@cache
def _items(code: str) -> dict[str, dict[str, Item]]:
    return {group.oid: {item.oid: item for item in group.items} for group in item_groups(code)}
