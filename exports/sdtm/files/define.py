"""Define-XML 2.1: what each data set, variable and value is, where it comes from, and which terms it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from exports.sdtm.files.define_content import CT_STANDARD, GUIDE_STANDARD, DefineContent
from exports.sdtm.files.oids import dataset_oid, item_oid, leaf_id, list_oid, study_oid
from exports.sdtm.files.origins import VariableOrigin
from exports.sdtm.package import STUDY, Dataset
from exports.sdtm.standard.tables import StandardVariable, Terms, variables

ODM: Final = "http://www.cdisc.org/ns/odm/v1.3"
DEFINE: Final = "http://www.cdisc.org/ns/def/v2.1"
XLINK: Final = "http://www.w3.org/1999/xlink"
XML: Final = "http://www.w3.org/XML/1998/namespace"
CDISC: Final = "nci:ExtCodeID"
DEFINE_VERSION: Final = "2.1.9"
REVIEWERS_GUIDE: Final = "guide"
DAY_FORMAT: Final = "E8601DA."


def write_define(content: DefineContent, folder: Path, ending: str) -> Path:
    """Define-XML stands in the folder beside the data sets, whose files end with ``ending``."""
    target = folder / "define.xml"
    tree = ET.ElementTree(define_of(content, ending))
    ET.indent(tree)
    tree.write(target, encoding="UTF-8", xml_declaration=True)
    return target


def define_of(content: DefineContent, ending: str) -> ET.Element:
    """Return the whole document."""
    for prefix, address in (("", ODM), ("def", DEFINE), ("xlink", XLINK)):
        ET.register_namespace(prefix, address)
    root = ET.Element(
        _odm("ODM"),
        {
            "FileType": "Snapshot",
            "FileOID": f"{study_oid()}.define",
            "ODMVersion": "1.3.2",
            "CreationDateTime": content.made_at,
            "AsOfDateTime": content.made_at,
            _def("Context"): "Submission",
        },
    )
    study = _add(root, "Study", OID=study_oid())
    facts = _add(study, "GlobalVariables")
    _add(facts, "StudyName").text = STUDY
    _add(facts, "StudyDescription").text = content.title
    _add(facts, "ProtocolName").text = STUDY
    version = _add(
        study,
        "MetaDataVersion",
        OID=content.version_oid,
        Name=content.name,
        Description=content.description,
    )
    version.set(_def("DefineVersion"), DEFINE_VERSION)
    _Document(content, version, ending).write()
    return root


def _odm(name: str) -> str:
    return f"{{{ODM}}}{name}"


def _def(name: str) -> str:
    return f"{{{DEFINE}}}{name}"


def _add(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, _odm(name), attributes)


def _described(parent: ET.Element, text: str) -> None:
    translated = _add(_add(parent, "Description"), "TranslatedText")
    translated.set(f"{{{XML}}}lang", "en")
    translated.text = text


class _Document:
    """Writes the parts of one version of the metadata in the order of the schema."""

    def __init__(self, content: DefineContent, version: ET.Element, ending: str) -> None:
        self.content, self.version, self.ending = content, version, ending
        self.methods: dict[str, VariableOrigin] = {}
        self.lists: dict[str, tuple[Terms | None, list[tuple[str, str]]]] = {}

    def write(self) -> None:
        self._standards()
        self._documents()
        items: list[ET.Element] = []
        for dataset in self.content.datasets.values():
            items += self._items(dataset)
        self._value_lists()
        for dataset in self.content.datasets.values():
            self._group(dataset)
        self.version.extend(items)
        self._value_items()
        self._code_lists()
        for oid, (kind, words) in self.content.methods.items():
            method = _add(self.version, "MethodDef", OID=oid, Name=oid, Type=kind)
            _described(method, words)
        for oid, words in self.content.comments.items():
            comment = ET.SubElement(self.version, _def("CommentDef"), {"OID": oid})
            _described(comment, words)
        leaf = self._leaf(self.version, *self.content.guide)
        leaf.set("ID", leaf_id(REVIEWERS_GUIDE))

    def _standards(self) -> None:
        standards = ET.SubElement(self.version, _def("Standards"))
        for standard in self.content.standards:
            ET.SubElement(standards, _def("Standard"), {**standard, "Status": "Final"})

    def _documents(self) -> None:
        documents = ET.SubElement(self.version, _def("SupplementalDoc"))
        ET.SubElement(documents, _def("DocumentRef"), {"leafID": leaf_id(REVIEWERS_GUIDE)})

    def _value_lists(self) -> None:
        for condition in self.content.values:
            holder = ET.SubElement(self.version, _def("ValueListDef"), {"OID": condition.oid})
            for number, value in enumerate(condition.values, start=1):
                item = _add(holder, "ItemRef", ItemOID=value.oid, OrderNumber=str(number), Mandatory="No")
                if value.origin.method:
                    item.set("MethodOID", value.origin.method)
                ET.SubElement(item, _def("WhereClauseRef"), {"WhereClauseOID": value.where})
        for condition in self.content.values:
            for value in condition.values:
                clause = ET.SubElement(self.version, _def("WhereClauseDef"), {"OID": value.where})
                check = _add(clause, "RangeCheck", SoftHard="Soft", Comparator="EQ")
                check.set(_def("ItemOID"), value.asked_of)
                _add(check, "CheckValue").text = value.code

    def _group(self, dataset: Dataset) -> None:
        about = self.content.about(dataset)
        group = _add(
            self.version,
            "ItemGroupDef",
            OID=dataset_oid(dataset),
            Name=dataset.name,
            Repeating="Yes" if about.repeats else "No",
            IsReferenceData="Yes" if about.is_reference else "No",
            SASDatasetName=dataset.name,
            Purpose=about.purpose,
        )
        if about.domain:
            group.set("Domain", about.domain)
        group.set(_def("Structure"), about.structure)
        group.set(_def("StandardOID"), GUIDE_STANDARD)
        group.set(_def("ArchiveLocationID"), leaf_id(dataset.name))
        if about.comment:
            group.set(_def("CommentOID"), about.comment)
        _described(group, dataset.label)
        keys = {name: number for number, name in enumerate(("STUDYID", *dataset.keys), start=1)}
        for number, variable in enumerate(dataset.variables, start=1):
            item = _add(
                group,
                "ItemRef",
                ItemOID=item_oid(dataset, variable.name),
                OrderNumber=str(number),
                Mandatory="Yes" if variable.core == "Req" else "No",
            )
            if variable.name in keys:
                item.set("KeySequence", str(keys[variable.name]))
            origin = self.content.origin(dataset, variable.name)
            if origin.method:
                item.set("MethodOID", origin.method)
            if self.content.has_roles:
                item.set("Role", variable.role or "Qualifier")
        kind = ET.SubElement(group, _def("Class"), {"Name": about.kind})
        if about.sub_kind:
            ET.SubElement(kind, _def("SubClass"), {"Name": about.sub_kind})
        leaf = self._leaf(
            group, f"{dataset.name.lower()}.{self.ending}", f"{dataset.name.lower()}.{self.ending}"
        )
        leaf.set("ID", leaf_id(dataset.name))

    def _leaf(self, parent: ET.Element, address: str, title: str) -> ET.Element:
        leaf = ET.SubElement(parent, _def("leaf"), {f"{{{XLINK}}}href": address})
        ET.SubElement(leaf, _def("title")).text = title
        return leaf

    def _items(self, dataset: Dataset) -> list[ET.Element]:
        made = []
        for variable in dataset.variables:
            item = ET.Element(
                _odm("ItemDef"),
                {
                    "OID": item_oid(dataset, variable.name),
                    "Name": variable.name,
                    "SASFieldName": variable.name,
                },
            )
            kind = _type(dataset, variable)
            item.set("DataType", kind)
            if kind in ("text", "integer", "float"):
                item.set("Length", str(dataset.length(variable.name)))
            if kind == "float":
                item.set("SignificantDigits", str(_digits(dataset, variable.name)))
            if kind == "date":
                item.set(_def("DisplayFormat"), DAY_FORMAT)
            if comment := self.content.comment(dataset, variable.name):
                item.set(_def("CommentOID"), comment)
            _described(item, variable.label)
            if coded := self._coded(dataset, variable.name):
                _add(item, "CodeListRef", CodeListOID=coded)
            self._origin(item, self.content.origin(dataset, variable.name))
            if listed := self._list_of(dataset, variable.name):
                ET.SubElement(item, _def("ValueListRef"), {"ValueListOID": listed})
            made.append(item)
        return made

    def _coded(self, dataset: Dataset, name: str) -> str:
        """Return the list of the terms that a variable uses, which is then written as well."""
        terms = self.content.terms(dataset, name)
        used = sorted({row[name] for row in dataset.rows if row.get(name)})
        if terms is None or not used:
            return ""
        oid = f"CL.{dataset.name}.{name}"
        self.lists[oid] = (terms, [(value, "") for value in used])
        return oid

    def _list_of(self, dataset: Dataset, name: str) -> str:
        """Return the name of the list of a variable's values; empty where it has none."""
        oid = list_oid(dataset, name)
        return oid if any(each.oid == oid for each in self.content.values) else ""

    def _origin(self, item: ET.Element, origin: VariableOrigin) -> None:
        attributes = {"Type": origin.type}
        if origin.source:
            attributes["Source"] = origin.source
        told = ET.SubElement(item, _def("Origin"), attributes)
        if origin.predecessor:
            _described(told, origin.predecessor)

    def _value_items(self) -> None:
        for condition in self.content.values:
            for value in condition.values:
                item = _add(self.version, "ItemDef", OID=value.oid, Name=value.name, SASFieldName=value.name)
                item.set("DataType", value.type)
                item.set("Length", str(value.length))
                if value.type == "float":
                    item.set("SignificantDigits", str(value.digits))
                _described(item, value.label)
                if value.codes:
                    self.lists[value.list_oid] = (None, list(value.codes.items()))
                    _add(item, "CodeListRef", CodeListOID=value.list_oid)
                self._origin(item, value.origin)

    def _code_lists(self) -> None:
        for oid, (terms, values) in self.lists.items():
            coded = _add(self.version, "CodeList", OID=oid, Name=oid.removeprefix("CL."), DataType="text")
            if terms is not None:
                coded.set(_def("StandardOID"), CT_STANDARD)
            else:
                coded.set(_def("IsNonStandard"), "Yes")
            for value, words in values:
                item = _add(coded, "CodeListItem" if words else "EnumeratedItem", CodedValue=value)
                if words:
                    decode = _add(_add(item, "Decode"), "TranslatedText")
                    decode.set(f"{{{XML}}}lang", "en")
                    decode.text = words
                elif terms is not None and value not in terms.published:
                    item.set(_def("ExtendedValue"), "Yes")
            if terms is not None:
                _add(coded, "Alias", Context=CDISC, Name=terms.code)


def _type(dataset: Dataset, variable: StandardVariable) -> str:
    name = variable.name
    if variable.is_date:
        return "date"
    if variable.is_number:
        return "float" if _digits(dataset, name) else "integer"
    if name.endswith("DTC") and name in variables().get(dataset.domain, {}):
        return "datetime" if any("T" in row.get(name, "") for row in dataset.rows) else "partialDate"
    return "text"


def _digits(dataset: Dataset, name: str) -> int:
    values = (row.get(name, "").partition(".")[2] for row in dataset.rows)
    return max((len(value) for value in values), default=0)
