"""The log of deviations: the list, a proposal that is settled, and the central decision without the arm."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.deviations.deciding import decide_deviation
from crf.deviations.settling import LOG, settle_proposal
from crf.links import form_url
from crf.models import DeviationDecision
from crf.page.deviations import (
    CATEGORIES,
    CLOSINGS,
    IMPORTANCES,
    SHOWN,
    counts_of_log,
    facts_for_decision,
    page_of_log,
    proposed_words,
    records_open_to,
)
from crf.page.forms import DecideDeviationForm, SettleDeviationForm
from kernel.choices import chosen_of_all
from kernel.service_form import Page
from kernel.sorting import sorting
from trials.models import DeviationProposal, Site

SORTED_LOG = {
    "participant": ("participant__number", "sequence"),
    "found": ("dv_found", "pk"),
    "importance": ("dv_imp", "dv_found", "pk"),
}
SORTED_PROPOSALS = {"participant": ("participant__number", "pk"), "found": ("found_on", "pk")}


@require_GET
@requires(Permission.DEVIATION_VIEW)
def deviations(request: PersonRequest) -> HttpResponse:
    """List the deviations on the log, or what rules proposed, by site, category, importance and state."""
    sites = Site.objects.open_to(request.user, Permission.DEVIATION_VIEW)
    choices = {"show": SHOWN, "category": CATEGORIES, "importance": IMPORTANCES, "closing": CLOSINGS}
    known = {name: [value for value, _label in offered] for name, offered in choices.items()}
    known["site"] = [site.code for site in sites]
    chosen = {"page": request.GET.get("page", "")} | chosen_of_all(request, known)
    columns = SORTED_LOG if chosen["show"] in ("", "recorded") else SORTED_PROPOSALS
    order = sorting(request, columns, otherwise=())
    page, lines = page_of_log(request.user, chosen, order.order)
    shown = {
        "chosen": chosen | {"show": chosen["show"] or "recorded"},
        "page": page,
        "sorting": order,
        "lines": lines,
        "counts": counts_of_log(request.user, chosen),
        "sites": sites,
        "choices": choices,
    }
    return render(request, "crf/deviations.html", shown)


@requires(Permission.DEVIATION_RECORD)
def settle(request: PersonRequest, pk: int) -> HttpResponse:
    """Confirm what a rule found, which puts it on the log, or dismiss it."""
    open_to = DeviationProposal.objects.open_to(request.user, Permission.DEVIATION_RECORD)
    proposal = get_object_or_404(open_to.select_related("participant__site"), pk=pk)
    number = proposal.participant.number
    on_log = records_open_to(request.user).filter(participant=proposal.participant).order_by("sequence")
    form = SettleDeviationForm(request.POST or None, on_log=on_log)
    if form.submits(settle_proposal, proposal=proposal, by=request.user, at=timezone.now()):
        if form.result.deviation_no is None:
            messages.success(request, _("The proposal is dismissed."))
            return redirect(proposal.participant)
        messages.success(request, _("It is on the log of deviations. Complete its record below."))
        return redirect(form_url(number, LOG, sequence=form.result.deviation_no))
    page = Page(
        str(_("Possible deviation, %(number)s")) % {"number": number},
        str(_("Settle it")),
        reverse("crf:deviations") + "?show=proposed",
        str(_("Deviations")),
        proposed_words(proposal, request.user, Permission.ALLOCATION_VIEW),
    )
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@requires(Permission.DEVIATION_JUDGE)
def decide(request: PersonRequest, number: str, sequence: int) -> HttpResponse:
    """Show one deviation without the arm, and take the decision on it."""
    records = records_open_to(request.user).select_related("participant__site", "site")
    record = get_object_or_404(records, participant__number=number, sequence=sequence)
    decisions = DeviationDecision.objects.open_to(request.user, Permission.DEVIATION_VIEW)
    decisions = decisions.filter(participant=record.participant, deviation_no=sequence)
    form = DecideDeviationForm(
        request.POST or None,
        proposed=(record.dv_imp_calc, record.dv_pp_calc),
        stands=(record.dv_imp, record.dv_pp),
        decides_set=request.user.may(Permission.ANALYSIS_SET_DECIDE, record.site_id),
    )
    about: dict[str, Any] = {"participant": record.participant, "number": sequence}
    if form.submits(decide_deviation, **about, by=request.user, at=timezone.now()):
        messages.success(request, _("The decision is on record."))
        return redirect(reverse("crf:deviations") + "?importance=undecided")
    shown = {
        "form": form,
        "number": number,
        "sequence": sequence,
        "site": record.site,
        "facts": facts_for_decision(record),
        "decisions": decisions.select_related("act__by"),
    }
    return render(request, "crf/decide_deviation.html", shown, status=form.status)
