"""The API as a person reads it: every call of the schema, drawn in the design of the pages.

The schema's usual reader brings scripts and styles of its own, which the content policy refuses and a screen
reader stumbles over; what a programmer asks of it fits on one page of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATUSES: Final[tuple[tuple[int, str | Promise], ...]] = (
    (400, _("The body or a parameter could not be read.")),
    (401, _("No token, or one that has expired or was revoked.")),
    (403, _("Your role, or the token, does not include this.")),
    (404, _("There is no such thing, or it belongs to a site that you do not work for.")),
    (409, _("It cannot be done now: a step is missing, or somebody saved in between.")),
    (413, _("More was sent than is taken at once.")),
    (422, _("An answer is impossible or unreadable, or a reason is missing; “errors” names each answer.")),
    (429, _("Too many calls in a minute; “Retry-After” says how many seconds to wait.")),
)


@dataclass(frozen=True)
class Parameter:
    """What stands in the address of a call."""

    name: str
    kind: str
    in_path: bool
    text: str


@dataclass(frozen=True)
class Call:
    """One method of one address."""

    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]

    @property
    def anchor(self) -> str:
        return (
            f"{self.method}{self.path}".replace("/", "-").replace("{", "").replace("}", "").strip("-").lower()
        )

    @property
    def opens(self) -> bool:
        """Say whether the address can be opened as it stands."""
        return self.method == "GET" and "{" not in self.path


def calls_of(schema: dict[str, Any]) -> Iterator[Call]:
    """Yield every call of an OpenAPI schema, in the order of its addresses."""
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            parameters = sorted(said.get("parameters", ()), key=lambda each: each["in"] != "path")
            yield Call(
                method=method.upper(),
                path=path,
                summary=said.get("summary", ""),
                text=said.get("description", "").replace("``", ""),
                parameters=tuple(_parameter(each) for each in parameters),
            )


def _parameter(said: dict[str, Any]) -> Parameter:
    return Parameter(
        said["name"], said["schema"].get("type", ""), said["in"] == "path", said.get("description", "")
    )
