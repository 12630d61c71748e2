"""What CDISC's Dataset-JSON 1.1 asks of a file, as a JSON Schema in our own words."""

from __future__ import annotations

from typing import Any, Final

TEXT: Final = {"type": "string"}
TYPES: Final = (
    *("string", "integer", "decimal", "float", "double", "boolean"),
    *("datetime", "date", "time", "URI"),
)
COLUMN: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["itemOID", "name", "label", "dataType"],
    "additionalProperties": False,
    "properties": {
        "itemOID": TEXT,
        "name": TEXT,
        "label": TEXT,
        "dataType": {"enum": list(TYPES)},
        "targetDataType": {"enum": ["integer", "decimal"]},
        "length": {"type": "integer", "minimum": 1},
        "displayFormat": TEXT,
        "keySequence": {"type": "integer", "minimum": 1},
    },
}
DATASET: Final[dict[str, Any]] = {
    "type": "object",
    "required": [
        *("datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID"),
        *("records", "name", "label", "columns"),
    ],
    "additionalProperties": False,
    "properties": {
        "datasetJSONCreationDateTime": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"},
        "datasetJSONVersion": {"type": "string", "pattern": r"^1\.1(\.\d+)?$"},
        "dbLastModifiedDateTime": TEXT,
        "fileOID": TEXT,
        "originator": TEXT,
        "sourceSystem": {
            "type": "object",
            "required": ["name", "version"],
            "additionalProperties": False,
            "properties": {"name": TEXT, "version": TEXT},
        },
        "studyOID": TEXT,
        "metaDataVersionOID": TEXT,
        "metaDataRef": TEXT,
        "itemGroupOID": TEXT,
        "records": {"type": "integer", "minimum": 0},
        "name": TEXT,
        "label": TEXT,
        "columns": {"type": "array", "minItems": 1, "items": COLUMN},
        "rows": {
            "type": "array",
            "items": {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
        },
    },
}
