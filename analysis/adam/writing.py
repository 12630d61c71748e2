"""The files of an ADaM package: data sets as SAS transport, Dataset-JSON and CSV, Define-XML, guide and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string

from analysis.adam.declarations import GUIDE, adam_datasets, adam_variables
from analysis.adam.define import GUIDE_FILE, adam_content, methods, parameters_in_words
from analysis.adam.package import AdamPackage
from analysis.reading import derived_at
from exports.packages import PackageOrder
from exports.sdtm.files.dataset_json import write_dataset_json
from exports.sdtm.files.define import DEFINE_VERSION, write_define
from exports.sdtm.files.transport import write_transport
from exports.sdtm.package import SdtmPackage
from exports.sdtm.sources import ExportFiles
from kernel.clock import local_date
from protocol.text import load, versions
from trials.models import Site

SCRIPTS: Final = Path(__file__).parent / "scripts"
READERS: Final = ("read_adam.R", "read_adam.py")


def write_adam(order: PackageOrder, folder: Path) -> Mapping[str, int]:
    """The package stands in the folder: everything in it is of one cut. Its files are returned with their records."""
    package = adam_package(order)
    content = adam_content(package)
    records: dict[str, int] = {}
    for dataset in package.datasets.values():
        records[write_transport(dataset, folder).name] = len(dataset.rows)
        records[write_dataset_json(content, dataset, folder).name] = len(dataset.rows)
    records[write_define(content, folder, "xpt").name] = 0
    (folder / GUIDE_FILE).write_text(_guide(package), encoding="utf-8")
    records[GUIDE_FILE] = 0
    for name in READERS:
        text = (SCRIPTS / f"{name}.txt").read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
        records[name] = 0
    return records


def adam_package(order: PackageOrder) -> AdamPackage:
    """Return the data sets of a cut: endpoints and SDTM records are read in the same snapshot."""
    sites = dict(Site.objects.filter(code__in=order.sites).values_list("pk", "code"))
    return AdamPackage(
        SdtmPackage(ExportFiles(order.export_zip()), load(max(versions()))),
        tuple(derived_at(order.cut, sites)),
        local_date(order.cut.at, settings.TRIAL_TIME_ZONE),
    )


def _guide(package: AdamPackage) -> str:
    words = dict(methods())
    return render_to_string(
        "analysis/adam/adrg.html",
        {
            "guide": GUIDE,
            "define": DEFINE_VERSION,
            "export": package.sdtm.files.manifest,
            "protocol": package.sdtm.text.version,
            "subjects": len(package.subjects),
            "randomized": len(package.derived),
            "datasets": [(adam_datasets()[code], len(each.rows)) for code, each in package.datasets.items()],
            "variables": [
                (code, each, words.get(f"MT.{code}.{each.variable.name}", ("", ""))[1])
                for code in adam_datasets()
                for each in adam_variables(code)
            ],
            "parameters": [
                (code, name, said)
                for code in ("ADTTE", "ADRS")
                for name, said in parameters_in_words(code).items()
            ],
        },
    )
