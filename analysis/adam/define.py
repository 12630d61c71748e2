"""What Define-XML says of ADaM data sets: where each value is from, and every derivation in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from analysis.adam.declarations import (
    GUIDE,
    TIMES,
    AdamVariable,
    adam_datasets,
    adam_variables,
    deterioration,
    outcomes,
)
from analysis.adam.outcomes import endpoint_of
from analysis.adam.package import AdamPackage
from analysis.definitions import DEFINITIONS, EndpointDefinition
from analysis.facts import SCALES
from exports.sdtm.files.define_content import (
    GUIDE_STANDARD,
    DefineContent,
    DefinedDataset,
    terminology_standard,
)
from exports.sdtm.files.define_values import ValueLevel, ValueList
from exports.sdtm.files.oids import item_oid, list_oid
from exports.sdtm.files.origins import VariableOrigin
from exports.sdtm.package import STUDY, Dataset
from exports.sdtm.records import is_number

GUIDE_FILE: Final = "adrg.html"
VALUES: Final = {"ADTTE": "AVAL", "ADRS": "AVALC"}
COMMENTS: Final = {
    "COM.SUBJECTS": "Subjects of DM; endpoints and sets are those of the subjects who were randomized by the data cut.",
    "COM.ONE": "Endpoints are derived once, from the answers of the forms; these records and the pages of the trial "
    "system show the same values.",
}


def adam_content(package: AdamPackage) -> DefineContent:
    """Return what Define-XML says of the package; the language in force is English."""
    title = package.sdtm.text.fact("title_public").text
    return DefineContent(
        made_at=str(package.sdtm.files.manifest["data_as_of"]),
        title=title.en if title else STUDY,
        version_oid=f"MDV.{STUDY}.ADAMIG.{GUIDE}",
        name=f"{STUDY}, ADaM data sets",
        description=f"Analysis data sets of {STUDY} by the implementation guide {GUIDE}",
        protocol_version=str(package.sdtm.text.version),
        standards=(
            {"OID": GUIDE_STANDARD, "Name": "ADaMIG", "Type": "IG", "Version": GUIDE},
            terminology_standard(),
        ),
        guide=(GUIDE_FILE, "Analysis Data Reviewer's Guide"),
        datasets=package.datasets,
        about=_about,
        origin=_origin,
        terms=lambda dataset, name: None,
        comment=lambda dataset, name: "",
        methods=dict(methods()),
        comments=COMMENTS,
        values=[_values(dataset) for code, dataset in package.datasets.items() if code in VALUES],
        has_roles=False,
    )


def _about(dataset: Dataset) -> DefinedDataset:
    declared = adam_datasets()[dataset.name]
    return DefinedDataset(
        structure=declared.structure,
        kind=declared.kind,
        purpose="Analysis",
        sub_kind=declared.sub_kind,
        comment={"ADSL": "COM.SUBJECTS", "ADTTE": "COM.ONE", "ADRS": "COM.ONE"}.get(dataset.name, ""),
        repeats=dataset.name != "ADSL",
    )


def _origin(dataset: Dataset, name: str) -> VariableOrigin:
    declared = next(each for each in adam_variables(dataset.name) if each.variable.name == name)
    if declared.predecessor:
        return VariableOrigin("Predecessor", predecessor=declared.predecessor)
    return VariableOrigin("Derived", "Sponsor", method_oid(dataset.name, name))


def method_oid(dataset: str, name: str, value: str = "") -> str:
    """Return the name of the derivation of a variable, or of its values under one parameter."""
    return f"MT.{dataset}.{name}{f'.{value}' if value else ''}"


def methods() -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield every derivation with its words: of variables, and of each parameter the rule of its endpoint."""
    for code in adam_datasets():
        for each in adam_variables(code):
            if not each.predecessor:
                yield method_oid(code, each.variable.name), ("Computation", _words(each))
    for code, name in VALUES.items():
        for parameter, words in parameters_in_words(code).items():
            yield method_oid(code, name, parameter), ("Computation", words)


def _words(each: AdamVariable) -> str:
    of = {outcome.name: outcome.column for outcome in outcomes() if outcome.dataset == "ADSL"}
    if each.variable.domain == "ADSL" and (column := of.get(each.variable.name)):
        return f"{each.derivation} {_rule(_definition(endpoint_of(column)))}"
    return each.derivation


def parameters_in_words(code: str) -> Mapping[str, str]:
    """Map each parameter of ADTTE or ADRS to the words of its endpoint."""
    if code == "ADRS":
        told = [each for each in outcomes() if each.dataset == code]
        return {each.name: _rule(_definition(endpoint_of(each.column))) for each in told}
    times = {each.code: _timed(each.endpoint) for each in TIMES}
    return times | {deterioration(scale).code: _timed("QOL") for scale in SCALES}


def _definition(code: str) -> EndpointDefinition:
    return next(each for each in DEFINITIONS if each.code == code)


def _rule(definition: EndpointDefinition) -> str:
    return f"{definition.title} (protocol {definition.section}): {definition.rule} {definition.partial_dates}"


def _timed(code: str) -> str:
    definition = _definition(code)
    return f"{_rule(definition)} Censoring: {definition.censoring} Intercurrent events: {definition.intercurrent}"


def _values(dataset: Dataset) -> ValueList:
    name = VALUES[dataset.name]
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in dataset.rows:
        grouped.setdefault(row["PARAMCD"], []).append(row)
    levels = tuple(_level(dataset, name, code, rows) for code, rows in sorted(grouped.items()))
    return ValueList(list_oid(dataset, name), levels)


def _level(dataset: Dataset, name: str, code: str, rows: list[dict[str, str]]) -> ValueLevel:
    values = [row[name] for row in rows if row.get(name)]
    numbers = all(is_number(value) for value in values)
    digits = max((len(value.partition(".")[2]) for value in values), default=0) if numbers else 0
    return ValueLevel(
        oid=item_oid(dataset, name, code),
        where=f"WC.{dataset.name}.{name}.{code}",
        asked_of=item_oid(dataset, "PARAMCD"),
        code=code,
        name=name,
        label=rows[0]["PARAM"],
        type=("float" if digits else "integer") if numbers else "text",
        length=max((len(value.encode()) for value in values), default=1),
        digits=digits,
        origin=VariableOrigin("Derived", "Sponsor", method_oid(dataset.name, name, code)),
    )
