"""Dataset-JSON 1.1, one file for each data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exports.sdtm.files.oids import dataset_oid, item_oid, study_oid, version_oid
from exports.sdtm.package import Dataset, SdtmPackage
from exports.sdtm.records import is_number


def write_dataset_json(package: SdtmPackage, dataset: Dataset, folder: Path) -> Path:
    """The data set stands in the folder, its columns declared before the rows."""
    made_at = str(package.files.manifest["data_as_of"])
    keys = {name: number for number, name in enumerate(("STUDYID", *dataset.keys), start=1)}
    columns = [
        {
            "itemOID": item_oid(dataset, variable.name),
            "name": variable.name,
            "label": variable.label,
            "dataType": data_type(dataset, variable.name) if variable.is_number else "string",
            **({} if variable.is_number else {"length": dataset.length(variable.name)}),
            **({"keySequence": keys[variable.name]} if variable.name in keys else {}),
        }
        for variable in dataset.variables
    ]
    whole: dict[str, Any] = {
        "datasetJSONCreationDateTime": made_at,
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{study_oid()}.{dataset.name}",
        "dbLastModifiedDateTime": made_at,
        "originator": "PALACE-3",
        "sourceSystem": {"name": "PALACE-3 trial system", "version": str(package.text.version)},
        "studyOID": study_oid(),
        "metaDataVersionOID": version_oid(),
        "metaDataRef": "define.xml",
        "itemGroupOID": dataset_oid(dataset),
        "records": len(dataset.rows),
        "name": dataset.name,
        "label": dataset.label,
        "columns": columns,
        "rows": [
            [_cell(dataset, row, column["name"], column["dataType"]) for column in columns]
            for row in dataset.rows
        ],
    }
    target = folder / f"{dataset.name.lower()}.json"
    target.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return target


def data_type(dataset: Dataset, name: str) -> str:
    """Return whether the numbers of a variable are whole."""
    values = [row[name] for row in dataset.rows if row.get(name)]
    return "integer" if all("." not in value for value in values) else "float"


def _cell(dataset: Dataset, row: dict[str, str], name: Any, kind: Any) -> str | int | float | None:
    value = row.get(name, "")
    if kind == "string":
        return value
    if not is_number(value):
        return None
    return int(value) if kind == "integer" else float(value)
