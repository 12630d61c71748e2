"""One page, one form, one service, as in trials; without a transaction around the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kernel.errors import Refusal


def step(
    request: HttpRequest,
    form: forms.BaseForm,
    template: str,
    service: Callable[[dict[str, Any]], Any],
    then: Callable[[Any], Any],
    **context: Any,
) -> HttpResponse:
    """Call ``service`` with what was typed and go to ``then(result)``, or show the form again.

    The service opens its own transactions: randomize() commits twice. Rendering has one of its own,
    because outside a transaction the scope shows no row.
    """
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            result = service(form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            return redirect(then(result))
    with transaction.atomic():
        return render(request, template, {"form": form, **context}, status=status)
