"""The page that describes the API."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

from accounts.requests import PersonRequest
from exports.api.endpoint import PerToken
from exports.api.handbook import STATUSES, calls_of


@login_required
def api_page(request: PersonRequest) -> HttpResponse:
    """Show every call with its parameters, how a program signs in, and what each refusal means."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    context = {"calls": list(calls_of(schema)), "statuses": STATUSES, "rate": PerToken.rate.partition("/")[0]}
    return render(request, "exports/api.html", context)
