"""Dataset-JSON 1.1, one file for each data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exports.sdtm.files.define_content import DefineContent
from exports.sdtm.files.oids import dataset_oid, item_oid, study_oid
from exports.sdtm.package import Dataset
from exports.sdtm.records import is_number
from exports.sdtm.standard.tables import StandardVariable


def write_dataset_json(content: DefineContent, dataset: Dataset, folder: Path) -> Path:
    """The data set stands in the folder, its columns declared before the rows."""
    keys = {name: number for number, name in enumerate(("STUDYID", *dataset.keys), start=1)}
    columns = [
        {
            "itemOID": item_oid(dataset, variable.name),
            "name": variable.name,
            "label": variable.label,
            **_type(dataset, variable),
            **({"keySequence": keys[variable.name]} if variable.name in keys else {}),
        }
        for variable in dataset.variables
    ]
    whole: dict[str, Any] = {
        "datasetJSONCreationDateTime": content.made_at,
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{study_oid()}.{dataset.name}",
        "dbLastModifiedDateTime": content.made_at,
        "originator": "PALACE-3",
        "sourceSystem": {"name": "PALACE-3 trial system", "version": content.protocol_version},
        "studyOID": study_oid(),
        "metaDataVersionOID": content.version_oid,
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


def _type(dataset: Dataset, variable: StandardVariable) -> dict[str, Any]:
    if variable.is_date:
        return {"dataType": "date", "targetDataType": "integer", "displayFormat": "E8601DA."}
    if variable.is_number:
        return {"dataType": data_type(dataset, variable.name)}
    return {"dataType": "string", "length": dataset.length(variable.name)}


def data_type(dataset: Dataset, name: str) -> str:
    """Return whether the numbers of a variable are whole."""
    values = [row[name] for row in dataset.rows if row.get(name)]
    return "integer" if all("." not in value for value in values) else "float"


def _cell(dataset: Dataset, row: dict[str, str], name: Any, kind: Any) -> str | int | float | None:
    value = row.get(name, "")
    if kind == "string":
        return value
    if kind == "date":
        return value or None
    if not is_number(value):
        return None
    return int(value) if kind == "integer" else float(value)
