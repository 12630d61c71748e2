"""A simulation asked for on the page, and its findings in words and charts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from protocol.text import load
from randomization.scheme import plots
from randomization.scheme.blocks import Design
from randomization.scheme.simulation import Plan, SimulationFindings, simulate


def simulated(asked: dict[str, Any]) -> dict[str, Any]:
    """The findings of ``asked`` (the cleaned form) for the template."""
    design = Design(
        scheme=asked["name"],
        ratio=load(settings.PROTOCOL_VERSION).randomization.ratio,
        blocks=asked["blocks"],
    )
    plan = Plan(
        participants=asked["participants"],
        sites={f"{number:02d}": 1 for number in range(1, asked["sites"] + 1)},
        stages={"II": 10, "III": 10, "IVA": asked["thin"]},
        places_per_stratum=asked["places_per_stratum"],
    )
    findings = simulate(design, plan, trials=asked["trials"], seed=asked["seed"], method=asked["method"])
    return {"facts": _facts(findings), "charts": _charts(findings), "thin": _thin(findings)}


def _facts(findings: SimulationFindings) -> list[tuple[str, str]]:
    return [
        (_("Simulated trials"), str(findings.trials)),
        (
            _("Difference between the arms, overall: within this in 95 of 100 trials"),
            _within(findings, "overall"),
        ),
        (_("Difference in the worst site: within this in 95 of 100 trials"), _within(findings, "worst_site")),
        (
            _("Difference in the worst stratum: within this in 95 of 100 trials"),
            _within(findings, "worst_stratum"),
        ),
        (_("Largest difference seen in a stratum"), str(max(findings.worst_stratum))),
        (
            _("How often a site that knows its own past guesses the next arm (50 % teaches nothing)"),
            f"{findings.guess_probability:.1%}",
        ),
        (
            _("Allocations that the past and the largest block settle for sure"),
            f"{findings.certain_share:.1%}",
        ),
        (_("Trials in which a stratum ran out of places"), str(findings.ran_out)),
    ]


def _within(findings: SimulationFindings, name: str) -> str:
    return str(findings.quantile(getattr(findings, name), 0.95))


def _charts(findings: SimulationFindings) -> list[Any]:
    across = _("difference between the arms")
    return [
        plots.bars(findings.overall, title=_("Difference between the arms, overall"), label=across),
        plots.bars(findings.worst_site, title=_("Difference in the worst site"), label=across),
        plots.bars(findings.worst_stratum, title=_("Difference in the worst stratum"), label=across),
    ]


def _thin(findings: SimulationFindings) -> list[tuple[int, int, str]]:
    """For strata that ended with few participants: how many there were, and their mean difference."""
    small = sorted(size for size in findings.by_stratum_size if size <= 12)
    rows = []
    for size in small:
        counts = findings.by_stratum_size[size]
        seen = sum(counts.values())
        mean = sum(difference * count for difference, count in counts.items()) / seen
        rows.append((size, seen, f"{mean:.2f}"))
    return rows
