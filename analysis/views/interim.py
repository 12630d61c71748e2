"""The calculator of interim boundaries: inputs, boundaries, what they assume; the trial has no interim look."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from kernel.fields import WordsField
from kernel.spreadsheets import as_csv
from protocol.statistics.distributions import NotAProportionError
from protocol.statistics.interim import (
    InterimAssumption,
    InterimPlan,
    UnusableLooks,
    haybittle_peto,
    obrien_fleming_type,
)
from protocol.text import newest

OBRIEN_FLEMING, ADJUSTED, NOT_ADJUSTED = "obrien_fleming", "haybittle_peto", "haybittle_peto_plain"
MOST_LOOKS: Final = 10
ASSUMPTIONS: Final[Mapping[InterimAssumption, str | Promise]] = {
    InterimAssumption.TWO_SIDED: _("Two-sided and symmetric: the same boundary for both arms."),
    InterimAssumption.INDEPENDENT_INCREMENTS: _(
        "The statistic grows by independent normal steps, as that of the log-rank test does."
    ),
    InterimAssumption.INFORMATION_KNOWN: _(
        "The information of each look is known: its events over those of the last look."
    ),
    InterimAssumption.LOOKS_BEFORE_DATA: _("When to look was fixed before data and does not depend on them."),
    InterimAssumption.NO_FUTILITY: _("The trial stops for a difference only, never for futility."),
    InterimAssumption.LAST_LOOK_NOT_ADJUSTED: _(
        "The last look is not adjusted: the overall error is above the nominal one, as the last line says."
    ),
}


class InterimForm(forms.Form):
    """Which boundaries, for which looks, at which error."""

    kind = forms.ChoiceField(
        label=_("Boundaries"),
        choices=(
            (OBRIEN_FLEMING, _("O'Brien–Fleming type (Lan–DeMets)")),
            (ADJUSTED, _("Haybittle–Peto, last look adjusted")),
            (NOT_ADJUSTED, _("Haybittle–Peto, last look as without looks")),
        ),
    )
    looks = WordsField(
        label=_("Looks, as shares of the information"),
        max_length=80,
        help_text=_("Rising, the last one 1, such as: 0.5, 0.75, 1"),
    )
    error = WordsField(label=_("Two-sided error"), max_length=10, help_text=_("A proportion, such as 0.05"))

    def clean_looks(self) -> list[float]:
        """Return the looks as numbers."""
        told = [
            each for each in self.cleaned_data["looks"].replace("，", ",").replace(",", " ").split() if each
        ]
        if len(told) > MOST_LOOKS:
            raise forms.ValidationError(_now("Write %(most)s looks at most.") % {"most": MOST_LOOKS})
        return [_number(each) for each in told]

    def clean_error(self) -> float:
        """Return the error as a number."""
        return _number(self.cleaned_data["error"])

    def clean(self) -> dict[str, Any]:
        """Add the plan, or why there is none."""
        values: dict[str, Any] = super().clean() or {}
        if self.errors:
            return values
        try:
            values["plan"] = _plan(values["kind"], values["looks"], values["error"])
        except (UnusableLooks, NotAProportionError) as refused:
            raise forms.ValidationError(_said(refused)) from refused
        return values


def _number(told: str) -> float:
    try:
        number = Decimal(told)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise forms.ValidationError(_now("“%(told)s” is no number. Write 0.5, for example.") % {"told": told})
    return float(number)


def _said(refused: Exception) -> str:
    if isinstance(refused, NotAProportionError):
        return _now("The error is a proportion between 0 and 1, such as 0.05.")
    return _now(
        "These looks cannot be used: they rise by at least 0.01 each and end with 1, such as 0.5, 0.75, 1; and early "
        "looks may not spend more than the error."
    )


def _plan(kind: str, looks: list[float], error: float) -> InterimPlan:
    if kind == OBRIEN_FLEMING:
        return obrien_fleming_type(looks, error=error)
    return haybittle_peto(looks, error=error, adjusted=kind == ADJUSTED)


@require_GET
@requires(Permission.PROTOCOL_VIEW)
def interim_looks(request: PersonRequest) -> HttpResponse:
    """Work out boundaries for looks that somebody asks about; nothing is kept, and no data are read."""
    form = InterimForm(request.GET if "looks" in request.GET else None)
    plan = form.cleaned_data["plan"] if form.is_bound and form.is_valid() else None
    if plan and request.GET.get("as") == "csv":
        return _as_file(plan)
    context = {
        "form": form,
        "plan": plan,
        "assumptions": [ASSUMPTIONS[each] for each in plan.assumptions] if plan else [],
        "is_planned": newest().setting("efficacy_interim"),
        "query": request.GET.urlencode(),
    }
    return render(
        request, "analysis/interim.html", context, status=422 if form.is_bound and not plan else 200
    )


def _as_file(plan: InterimPlan) -> HttpResponse:
    rows = [
        ("information", "z", "p_two_sided", "error_spent"),
        *(
            (f"{each.information:g}", f"{each.z:.6f}", f"{each.p:.8f}", f"{each.error_spent:.8f}")
            for each in plan.looks
        ),
        *(("assumption", str(ASSUMPTIONS[each]), "", "") for each in plan.assumptions),
    ]
    answer = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="PALACE-3_interim-looks.csv"'
    return answer
