"""What each address takes and answers, in the words of JSON Schema, as the description of the API says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse

from kernel.row_keys import LENGTH, LETTERS

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
KEY: Final[Schema] = {
    "type": "string",
    "pattern": f"^[{LETTERS}]{{{LENGTH}}}$",
    "description": "The key of a row: the same for good, and in no order",
}
TRUTH: Final[Schema] = {"type": "boolean"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
PARTICIPANT_NUMBER: Final[Schema] = {"type": "string", "examples": ["01-0004"]}
FILE: Final[Schema] = {"type": "string", "format": "binary"}
DIGEST: Final[Schema] = {"type": "string", "description": "SHA-256, in hexadecimal digits"}


def or_null(schema: Schema) -> Schema:
    """Return the schema of what may also be null."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def array_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def members(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """Return the schema of an object with these members and no other; all but the ``optional`` ones are there."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def one_of_codes(codes: Any) -> Schema:
    return {"type": "string", "enum": list(codes)}


def named(name: str) -> Schema:
    """Return the reference to a schema of ``exports.api.components``."""
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(schema: Schema, **beside: Schema) -> Schema:
    """Return the schema of one page of a list."""
    address = or_null({"type": "string", "format": "uri"})
    return members({**beside, "next": address, "previous": address, "results": array_of(schema)})


@dataclass(frozen=True)
class DescribedAnswer:
    """What one method of an address takes and answers; refusals are described for all alike."""

    returns: Schema
    status: int = 200
    body: Schema | None = None
    also: Mapping[int, Schema] = field(default_factory=dict)
    media_type: str = "application/json"


REFUSALS: Final[Mapping[int, str]] = {
    400: "The body or a parameter could not be read.",
    401: "No token, or one that has expired or was revoked.",
    403: "The role, or the token, does not include this.",
    404: "There is no such thing, or it belongs to a site that the caller does not work for.",
    409: "It cannot be done now: a step is missing, or somebody saved in between.",
    413: "More was sent than is taken at once.",
    415: "The body is no JSON.",
    422: "An answer is impossible or unreadable, or a reason is missing.",
    429: "Too many calls in a minute.",
}
WRITTEN: Final = frozenset({409, 413, 415, 422})
"""Statuses that only a call with a body is answered with."""


def responses_of(method: str, answer: DescribedAnswer) -> dict[Any, Any]:
    """Return each status that a call of ``method`` can be answered with, and what its body holds then."""
    said: dict[Any, Any] = {
        (status, answer.media_type): OpenApiResponse(dict(schema))
        for status, schema in ({answer.status: answer.returns} | dict(answer.also)).items()
    }
    for status, why in REFUSALS.items():
        if (status in WRITTEN and method == "GET") or status in answer.also:
            continue
        said[status, "application/json"] = OpenApiResponse(dict(named("Refusal")), description=why)
    return said
