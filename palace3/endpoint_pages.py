"""The page of endpoints in docs/reference/, in each language, from the definitions of the code (protocol 6)."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from analysis.definitions import DEFINITIONS, WARNINGS, EndpointDefinition
from analysis.sets import NAMES, RULES, AnalysisSet
from kernel.punctuation import listed


def endpoint_lines(language: str) -> list[str]:
    """Return the lines of the page in a language."""
    with override(language):
        return [*_definitions(), *_sets(), *_warnings()]


def endpoint_title(language: str) -> str:
    """Return the heading of the page in a language."""
    with override(language):
        return str(_("Endpoints"))


def _definitions() -> Iterator[str]:
    yield str(
        _(
            "In whom, over whom, by which rule and with which estimand each endpoint is derived from the forms. What "
            "the protocol does not publish is a default that the study team has to confirm."
        )
    )
    yield ""
    for each in DEFINITIONS:
        yield f"## {each.title} ({each.code}, {_('protocol %(section)s') % {'section': each.section}})"
        yield ""
        for name, text in _parts(each):
            yield f"- **{name}**: {text}"
        if each.tells_arm:
            yield f"- {_('Its values nearly tell the arm: a masked report leaves them out.')}"
        yield ""


def _parts(each: EndpointDefinition) -> list[tuple[str, str]]:
    return [
        (str(_("Population")), str(each.population)),
        (str(_("Denominators")), str(each.denominators)),
        (str(pgettext("endpoint", "Rule")), str(each.rule)),
        (str(_("Partial dates")), str(each.partial_dates)),
        (str(_("Censoring")), str(each.censoring)),
        (str(_("Intercurrent events")), str(each.intercurrent)),
        (str(_("Summary measure")), str(each.summary)),
        (str(_("Columns")), listed(f"`{column}`" for column in each.columns)),
    ]


def _sets() -> Iterator[str]:
    yield f"## {_('Analysis sets')}"
    yield ""
    for each in AnalysisSet:
        yield f"- **{NAMES[each]}** (`{each.value}`): {RULES[each]}"
    yield ""


def _warnings() -> Iterator[str]:
    yield f"## {_('Printed beside comparisons')}"
    yield ""
    for warning in WARNINGS:
        yield f"- {warning.text} ({listed(warning.codes)})"
