"""One page, one form, one service: the shape that the pages of this app share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kernel.errors import Refusal
from kernel.once import FIELD, SentBefore, new_key, sent_once
from kernel.service_form import Page


def step(
    request: HttpRequest,
    form: forms.BaseForm,
    page: Page,
    service: Callable[[dict[str, Any]], Any],
    then: Callable[[Any], Any],
    *,
    template: str = "trials/step.html",
    **context: Any,
) -> HttpResponse:
    """Call ``service`` with what was typed and go to ``then(result)``, or show the form again.

    A refusal of the service stands above the form, with its own status: nothing typed is lost.
    One page is one step, however often it is sent.
    """
    status, once = 422 if form.is_bound else 200, new_key()
    if form.is_valid():
        try:
            with sent_once(request.POST.get(FIELD, ""), by=request.user), transaction.atomic():
                result = service(form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
            if isinstance(
                refusal, SentBefore
            ):  # a third press on the page that says so is no new step either
                once = request.POST[FIELD]
        else:
            return redirect(then(result))
    context |= {"form": form, "page": page, "once": once}
    return render(request, template, context, status=status)
