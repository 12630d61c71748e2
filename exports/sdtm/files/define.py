"""Define-XML 2.1: what each data set, variable and value is, where it comes from, and which terms it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from exports.sdtm.files.define_values import ValueLists
from exports.sdtm.files.oids import dataset_oid, item_oid, leaf_id, study_oid, version_oid
from exports.sdtm.files.origins import METHODS, VariableOrigin, origin_of
from exports.sdtm.package import STUDY, Dataset, SdtmPackage
from exports.sdtm.standard.tables import GUIDE, TERMINOLOGY, Terms, domains, lists_of, terminology, variables

ODM: Final = "http://www.cdisc.org/ns/odm/v1.3"
DEFINE: Final = "http://www.cdisc.org/ns/def/v2.1"
XLINK: Final = "http://www.w3.org/1999/xlink"
XML: Final = "http://www.w3.org/XML/1998/namespace"
CDISC: Final = "nci:ExtCodeID"
DEFINE_VERSION: Final = "2.1.9"
GUIDE_FILE: Final = "csdrg.html"
CTCAE: Final = "CTCAE"
COMMENTS: Final = {
    "COM.CTCAE": "Without a licence of MedDRA in force the dictionary of this variable is CTCAE 5.0: AEDECOD is the "
    "term of CTCAE and AEBODSYS its class. Where events are coded in MedDRA, the terms of MedDRA take their place.",
    "COM.TIME": "Moments are those of the clock of the site; its offset from UTC is not submitted.",
    "COM.MISSING": "A result that was not obtained has --STAT NOT DONE and its reason; "
    "what did not apply has no record.",
    "COM.SUBJECTS": "Subjects are those who signed a consent; people who were only registered are not in the package.",
    "COM.DESIGN": "Made from the text of the protocol; parameters that the text does not know have a null flavour.",
}
CTCAE_VARIABLES: Final = frozenset(("AEDECOD", "AEBODSYS", "AESOC"))
CT_STANDARD, GUIDE_STANDARD = "STD.CT", "STD.IG"


def write_define(package: SdtmPackage, folder: Path, ending: str) -> Path:
    """Define-XML stands in the folder beside the data sets, whose files end with ``ending``."""
    target = folder / "define.xml"
    tree = ET.ElementTree(define_of(package, ending))
    ET.indent(tree)
    tree.write(target, encoding="UTF-8", xml_declaration=True)
    return target


def define_of(package: SdtmPackage, ending: str) -> ET.Element:
    """Return the whole document."""
    for prefix, address in (("", ODM), ("def", DEFINE), ("xlink", XLINK)):
        ET.register_namespace(prefix, address)
    made_at = str(package.files.manifest["data_as_of"])
    root = ET.Element(
        _odm("ODM"),
        {
            "FileType": "Snapshot",
            "FileOID": f"{study_oid()}.define",
            "ODMVersion": "1.3.2",
            "CreationDateTime": made_at,
            "AsOfDateTime": made_at,
            _def("Context"): "Submission",
        },
    )
    study = _add(root, "Study", OID=study_oid())
    facts = _add(study, "GlobalVariables")
    _add(facts, "StudyName").text = STUDY
    _add(facts, "StudyDescription").text = _title(package)
    _add(facts, "ProtocolName").text = STUDY
    version = _add(
        study,
        "MetaDataVersion",
        OID=version_oid(),
        Name=f"{STUDY}, SDTM data sets",
        Description=f"Data sets of {STUDY} by the implementation guide {GUIDE}",
    )
    version.set(_def("DefineVersion"), DEFINE_VERSION)
    _Document(package, version, ending).write()
    return root


def _title(package: SdtmPackage) -> str:
    title = package.text.fact("title_public").text
    return title.en if title else STUDY


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

    def __init__(self, package: SdtmPackage, version: ET.Element, ending: str) -> None:
        self.package, self.version, self.ending = package, version, ending
        self.values = ValueLists(package)
        self.methods: dict[str, VariableOrigin] = {}
        self.lists: dict[str, tuple[Terms | None, list[tuple[str, str]]]] = {}

    def write(self) -> None:
        self._standards()
        self._documents()
        items: list[ET.Element] = []
        for dataset in self.package.datasets.values():
            items += self._items(dataset)
        self._value_lists()
        for dataset in self.package.datasets.values():
            self._group(dataset)
        self.version.extend(items)
        self._value_items()
        self._code_lists()
        for oid, (kind, words) in METHODS.items():
            method = _add(self.version, "MethodDef", OID=oid, Name=oid, Type=kind)
            _described(method, words)
        for oid, words in COMMENTS.items():
            comment = ET.SubElement(self.version, _def("CommentDef"), {"OID": oid})
            _described(comment, words)
        leaf = self._leaf(self.version, GUIDE_FILE, "Study Data Reviewer's Guide")
        leaf.set("ID", leaf_id("csdrg"))

    def _standards(self) -> None:
        standards = ET.SubElement(self.version, _def("Standards"))
        ET.SubElement(
            standards,
            _def("Standard"),
            {"OID": GUIDE_STANDARD, "Name": "SDTMIG", "Type": "IG", "Version": GUIDE, "Status": "Final"},
        )
        ET.SubElement(
            standards,
            _def("Standard"),
            {
                "OID": CT_STANDARD,
                "Name": "CDISC/NCI",
                "Type": "CT",
                "PublishingSet": "SDTM",
                "Version": TERMINOLOGY,
                "Status": "Final",
            },
        )

    def _documents(self) -> None:
        documents = ET.SubElement(self.version, _def("SupplementalDoc"))
        ET.SubElement(documents, _def("DocumentRef"), {"leafID": leaf_id("csdrg")})

    def _value_lists(self) -> None:
        for condition in self.values.lists:
            holder = ET.SubElement(self.version, _def("ValueListDef"), {"OID": condition.oid})
            for number, value in enumerate(condition.values, start=1):
                item = _add(holder, "ItemRef", ItemOID=value.oid, OrderNumber=str(number), Mandatory="No")
                if value.origin.method:
                    item.set("MethodOID", value.origin.method)
                ET.SubElement(item, _def("WhereClauseRef"), {"WhereClauseOID": value.where})
        for condition in self.values.lists:
            for value in condition.values:
                clause = ET.SubElement(self.version, _def("WhereClauseDef"), {"OID": value.where})
                check = _add(clause, "RangeCheck", SoftHard="Soft", Comparator="EQ")
                check.set(_def("ItemOID"), value.asked_of)
                _add(check, "CheckValue").text = value.code

    def _group(self, dataset: Dataset) -> None:
        domain = domains()["SUPPQUAL" if dataset.is_supplement else dataset.domain]
        group = _add(
            self.version,
            "ItemGroupDef",
            OID=dataset_oid(dataset),
            Name=dataset.name,
            Repeating="No" if dataset.name == "DM" else "Yes",
            IsReferenceData="Yes" if domain.kind == "Trial Design" else "No",
            SASDatasetName=dataset.name,
            Purpose="Tabulation",
        )
        if "DOMAIN" in {each.name for each in dataset.variables} or dataset.is_supplement:
            group.set("Domain", dataset.domain)
        group.set(_def("Structure"), domain.structure)
        group.set(_def("StandardOID"), GUIDE_STANDARD)
        group.set(_def("ArchiveLocationID"), leaf_id(dataset.name))
        if comment := {"DM": "COM.SUBJECTS", "TS": "COM.DESIGN"}.get(dataset.name):
            group.set(_def("CommentOID"), comment)
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
            origin = origin_of(dataset, variable.name)
            if origin.method:
                item.set("MethodOID", origin.method)
            item.set("Role", variable.role or "Qualifier")
        ET.SubElement(group, _def("Class"), {"Name": _class(domain.kind)})
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
            kind = _type(dataset, variable.name, is_number=variable.is_number)
            item.set("DataType", kind)
            if kind in ("text", "integer", "float"):
                item.set("Length", str(dataset.length(variable.name)))
            if kind == "float":
                item.set("SignificantDigits", str(_digits(dataset, variable.name)))
            if comment := _comment(dataset, variable.name):
                item.set(_def("CommentOID"), comment)
            _described(item, variable.label)
            if coded := self._coded(dataset, variable.name):
                _add(item, "CodeListRef", CodeListOID=coded)
            self._origin(item, origin_of(dataset, variable.name))
            if listed := self.values.list_of(dataset, variable.name):
                ET.SubElement(item, _def("ValueListRef"), {"ValueListOID": listed})
            made.append(item)
        return made

    def _coded(self, dataset: Dataset, name: str) -> str:
        """Return the list of the terms that a variable uses, which is then written as well."""
        terms = lists_of("SUPPQUAL" if dataset.is_supplement else dataset.domain, name)
        used = sorted({row[name] for row in dataset.rows if row.get(name)})
        if not terms or not used:
            return ""
        oid = f"CL.{dataset.name}.{name}"
        self.lists[oid] = (terms[0], [(value, "") for value in used])
        return oid

    def _origin(self, item: ET.Element, origin: VariableOrigin) -> None:
        attributes = {"Type": origin.type}
        if origin.source:
            attributes["Source"] = origin.source
        ET.SubElement(item, _def("Origin"), attributes)

    def _value_items(self) -> None:
        for condition in self.values.lists:
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


def _class(kind: str) -> str:
    return {"General Observations": "SPECIAL PURPOSE", "Findings About": "FINDINGS ABOUT"}.get(
        kind, kind.upper().replace("-", " ")
    )


def _comment(dataset: Dataset, name: str) -> str:
    if dataset.name == "AE" and name in CTCAE_VARIABLES:
        return "COM.CTCAE"
    if name.endswith("STAT"):
        return "COM.MISSING"
    return "COM.TIME" if name.endswith("DTC") and not dataset.name.startswith("T") else ""


def _type(dataset: Dataset, name: str, *, is_number: bool) -> str:
    if is_number:
        return "float" if _digits(dataset, name) else "integer"
    if name.endswith("DTC") and name in variables().get(dataset.domain, {}):
        return "datetime" if any("T" in row.get(name, "") for row in dataset.rows) else "partialDate"
    return "text"


def _digits(dataset: Dataset, name: str) -> int:
    values = (row.get(name, "").partition(".")[2] for row in dataset.rows)
    return max((len(value) for value in values), default=0)


__all__ = ["DEFINE_VERSION", "GUIDE_FILE", "define_of", "terminology", "write_define"]
