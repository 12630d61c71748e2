"""What a Define-XML document and Dataset-JSON files say of the data sets of one standard, and what SDTM says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from exports.sdtm.files.define_values import ValueList, ValueLists
from exports.sdtm.files.oids import version_oid
from exports.sdtm.files.origins import METHODS, VariableOrigin, origin_of
from exports.sdtm.package import DESIGN, STUDY, Dataset, SdtmPackage
from exports.sdtm.standard.tables import GUIDE, TERMINOLOGY, Terms, domains, lists_of

GUIDE_FILE: Final = "csdrg.html"
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


@dataclass(frozen=True)
class DefinedDataset:
    """What Define-XML says of one data set beside its variables."""

    structure: str
    kind: str
    purpose: str
    sub_kind: str = ""
    domain: str = ""
    comment: str = ""
    repeats: bool = True
    is_reference: bool = False


@dataclass(frozen=True)
class DefineContent:
    """Everything that the document is written from: data sets of one standard, with where each value comes from.

    ``datasets`` may be told before all that is asked of them; ``standards`` are the attributes of each standard,
    ``guide`` the file and the title of the reviewer's guide; ``has_roles`` says whether variables have roles.
    """

    made_at: str
    title: str
    version_oid: str
    name: str
    description: str
    protocol_version: str
    standards: tuple[Mapping[str, str], ...]
    guide: tuple[str, str]
    datasets: Mapping[str, Dataset]
    about: Callable[[Dataset], DefinedDataset]
    origin: Callable[[Dataset, str], VariableOrigin]
    terms: Callable[[Dataset, str], Terms | None]
    comment: Callable[[Dataset, str], str]
    methods: Mapping[str, tuple[str, str]]
    comments: Mapping[str, str]
    values: list[ValueList] = field(default_factory=list)
    has_roles: bool = True


def sdtm_content(package: SdtmPackage) -> DefineContent:
    """Return what Define-XML says of an SDTM package."""
    title = package.text.fact("title_public").text
    return DefineContent(
        made_at=str(package.files.manifest["data_as_of"]),
        title=title.en if title else STUDY,
        version_oid=version_oid(),
        name=f"{STUDY}, SDTM data sets",
        description=f"Data sets of {STUDY} by the implementation guide {GUIDE}",
        protocol_version=str(package.text.version),
        standards=(
            {"OID": GUIDE_STANDARD, "Name": "SDTMIG", "Type": "IG", "Version": GUIDE},
            terminology_standard(),
        ),
        guide=(GUIDE_FILE, "Study Data Reviewer's Guide"),
        datasets=package.datasets,
        about=_about,
        origin=origin_of,
        terms=_terms,
        comment=_comment,
        methods=METHODS,
        comments=COMMENTS,
        values=ValueLists(package).lists,
    )


def terminology_standard() -> Mapping[str, str]:
    """Return what Define-XML says of CDISC's terminology."""
    about = {"OID": CT_STANDARD, "Name": "CDISC/NCI", "Type": "CT", "PublishingSet": "SDTM"}
    return {**about, "Version": TERMINOLOGY}


def _about(dataset: Dataset) -> DefinedDataset:
    domain = domains()["SUPPQUAL" if dataset.is_supplement else dataset.domain]
    named = dataset.is_supplement or "DOMAIN" in {each.name for each in dataset.variables}
    return DefinedDataset(
        structure=domain.structure,
        kind=_class(domain.kind),
        purpose="Tabulation",
        domain=dataset.domain if named else "",
        comment={"DM": "COM.SUBJECTS", "TS": "COM.DESIGN"}.get(dataset.name, ""),
        repeats=dataset.name != "DM",
        is_reference=domain.kind == "Trial Design",
    )


def _class(kind: str) -> str:
    return {"General Observations": "SPECIAL PURPOSE", "Findings About": "FINDINGS ABOUT"}.get(
        kind, kind.upper().replace("-", " ")
    )


def _terms(dataset: Dataset, name: str) -> Terms | None:
    return next(iter(lists_of("SUPPQUAL" if dataset.is_supplement else dataset.domain, name)), None)


def _comment(dataset: Dataset, name: str) -> str:
    if dataset.name == "AE" and name in CTCAE_VARIABLES:
        return "COM.CTCAE"
    if name.endswith("STAT"):
        return "COM.MISSING"
    return "COM.TIME" if name.endswith("DTC") and dataset.name not in DESIGN else ""
