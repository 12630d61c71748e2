"""The page that says what every endpoint is, made from the same data as docs/reference/endpoints.md."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from analysis.definitions import DEFINITIONS, WARNINGS
from analysis.sets import NAMES, RULES, AnalysisSet


@requires(Permission.PROTOCOL_VIEW)
def endpoint_definitions(request: PersonRequest) -> HttpResponse:
    """Show population, denominators, rule, partial dates, censoring and estimand of every endpoint."""
    context = {
        "definitions": DEFINITIONS,
        "warnings": WARNINGS,
        "sets": [(NAMES[each], RULES[each]) for each in AnalysisSet],
        "may_count": request.user.may(Permission.EXPORT_VIEW),
        "may_decide": request.user.may(Permission.ANALYSIS_SET_SIGN),
    }
    return render(request, "analysis/definitions.html", context)
