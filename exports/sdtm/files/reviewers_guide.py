"""The study data reviewer's guide, from the declarations that the data sets are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from exports.sdtm.files.define import DEFINE_VERSION
from exports.sdtm.files.define_content import COMMENTS, GUIDE_FILE
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.package import Dataset, SdtmPackage
from exports.sdtm.standard.tables import GUIDE, TERMINOLOGY, lists_of
from exports.sdtm.worked_out import WORKED_OUT
from kernel.paper import set_pages


@dataclass(frozen=True)
class FormRow:
    """What one file of the export becomes: its domains, and the answers that stand elsewhere with the reason."""

    file: str
    domains: tuple[str, ...]
    elsewhere: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ExtendedTerms:
    """Terms of ours in a list that may be extended."""

    variable: str
    terms: tuple[str, ...]


def write_guide(package: SdtmPackage, folder: Path) -> tuple[Path, Path]:
    """The guide stands in the folder as HTML and as PDF. Refuses: a server that cannot print."""
    with override("en"):
        page = render_to_string("exports/sdtm/csdrg.html", guide_of(package))
    html = folder / GUIDE_FILE
    html.write_text(page, encoding="utf-8")
    pdf = html.with_suffix(".pdf")
    pdf.write_bytes(set_pages(page))
    return html, pdf


def guide_of(package: SdtmPackage) -> dict[str, Any]:
    """Return what the guide says."""
    subjects = list(package.files.subjects)
    title = package.text.fact("title_public").text
    return {
        "title": title.en if title else "",
        "export": package.files.manifest,
        "guide": GUIDE,
        "terminology": TERMINOLOGY,
        "define": DEFINE_VERSION,
        "protocol": package.text.version,
        "subjects": len(subjects),
        "others": len(package.files.participants) - len(subjects),
        "datasets": [(dataset, len(dataset.rows)) for dataset in package.datasets.values()],
        "comments": list(COMMENTS.values()),
        "worked_out": [(name, said.words) for name, said in WORKED_OUT.items()],
        "forms": list(form_rows()),
        "extended": [each for dataset in package.datasets.values() for each in extended_terms(dataset)],
    }


def form_rows() -> Iterator[FormRow]:
    """Yield what each file becomes."""
    for mapping in mappings().values():
        codes = dict.fromkeys(target.domain for target in mapping.targets)
        yield FormRow(mapping.file, tuple(codes), tuple(mapping.elsewhere.items()))


def extended_terms(dataset: Dataset) -> Iterator[ExtendedTerms]:
    """Yield the terms in use that CDISC's lists do not have."""
    for variable in dataset.variables:
        lists = lists_of("SUPPQUAL" if dataset.is_supplement else dataset.domain, variable.name)
        used = {row[variable.name] for row in dataset.rows if row.get(variable.name)} if lists else set()
        ours = sorted(term for term in used if not any(term in each.published for each in lists))
        if ours:
            yield ExtendedTerms(f"{dataset.name}.{variable.name}", tuple(ours))
