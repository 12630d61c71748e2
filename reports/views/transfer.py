"""The transfer of a participant: proposed by one site, accepted by the other, confirmed by the trial manager."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from followup import services as followup
from kernel.clock import local_date
from kernel.service_form import Page, ServiceForm
from reports.transfers import GoingAlong, going_along
from trials import services
from trials.forms import EndTransferForm, TakeBackForm, TransferForm, TransferStepForm
from trials.models import Participant, Site, Transfer
from trials.services.transfers import may_end, may_take_back, site_named, sites_to_receive


def _transfer(request: PersonRequest, pk: int, permission: Permission) -> Transfer:
    rows = Transfer.objects.open_to(request.user, permission)
    standing: Transfer = get_object_or_404(
        rows.select_related("proposed_by", "accepted_by", "taken_back_by", "confirmed_by", "ended_by"), pk=pk
    )
    return standing


@requires(Permission.PARTICIPANT_TRANSFER)
def propose_transfer(request: PersonRequest, number: str) -> HttpResponse:
    """Propose that the participant goes on at another site; the page says first what goes along."""
    people = Participant.objects.open_to(request.user, Permission.PARTICIPANT_TRANSFER)
    participant = get_object_or_404(people.select_related("site"), number=number)
    now = timezone.now()
    today = local_date(now, participant.site.time_zone)
    sites = sites_to_receive(participant, by=request.user)
    form = TransferForm(request.POST or None, sites=sites, initial={"on": today})
    told = {"participant": participant, "by": request.user, "at": now}
    if form.submits(services.propose_transfer, **told):
        return redirect(form.result)
    label = _("Participant %(number)s") % {"number": number}
    about = _(
        "The investigator of the receiving site accepts it, then the trial manager confirms it. Until then nothing "
        "moves, and you can withdraw it."
    )
    title = _("Transfer of %(number)s to another site") % {"number": number}
    page = Page(title, _("Propose the transfer"), participant.get_absolute_url(), label, about)
    context = {"form": form, "page": page, "along": going_along(participant.pk, None, today=today)}
    return render(request, "trials/transfer_step.html", context, status=form.status)


@requires(Permission.PARTICIPANT_VIEW)
def transfer(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one transfer: who, from where to where, why, who agreed, and what is next."""
    asked = _transfer(request, pk, Permission.PARTICIPANT_VIEW)
    receiving = site_named(asked.receiving_id, by=request.user)
    rows = Transfer.objects.open_to(request.user, Permission.PARTICIPANT_VIEW)
    is_next = rows.to_act_by(request.user).filter(pk=pk).exists()
    seen = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).filter(
        pk=asked.participant_id
    )
    waits = asked.standing in {"proposed", "accepted"}
    context = {
        "transfer": asked,
        "releasing": site_named(asked.site_id, by=request.user),
        "receiving": receiving,
        "participant": seen.first(),
        "along": _along(asked, receiving, timezone.now()) if waits else [],
        "is_next": is_next,
        "may_take_back": may_take_back(asked, request.user),
        "may_end": waits and may_end(asked, request.user),
    }
    return render(request, "trials/transfer.html", context)


def _along(asked: Transfer, receiving: Site, now: datetime) -> list[GoingAlong]:
    return going_along(asked.participant_id, receiving, today=local_date(now, receiving.time_zone))


def _step(
    request: PersonRequest,
    asked: Transfer,
    form: ServiceForm,
    words: dict[str, str],
    now: datetime,
    *,
    is_grave: bool = False,
) -> HttpResponse:
    label = _("Transfer of %(number)s") % {"number": asked.number}
    page = Page(words["title"], words["button"], asked.get_absolute_url(), label, words["about"], is_grave)
    receiving = site_named(asked.receiving_id, by=request.user)
    along = _along(asked, receiving, now) if asked.standing in {"proposed", "accepted"} else []
    context = {"form": form, "page": page, "along": along, "transfer": asked}
    return render(request, "trials/transfer_step.html", context, status=form.status)


@requires(Permission.PARTICIPANT_TRANSFER)
def accept_transfer(request: PersonRequest, pk: int) -> HttpResponse:
    """Accept the participant, as the investigator of the receiving site."""
    asked, now = _transfer(request, pk, Permission.PARTICIPANT_TRANSFER), timezone.now()
    form = TransferStepForm(request.POST or None)
    if form.submits(services.accept_transfer, transfer=asked, by=request.user, at=now):
        return redirect(asked)
    sites = {"number": asked.number, "site": asked.site_code}
    words = {
        "title": _("Accept %(number)s from site %(site)s") % sites,
        "button": _("Accept the transfer"),
        "about": _(
            "Your site follows the participant once the trial manager has confirmed it. Until then you can take the "
            "acceptance back or refuse the transfer, with a reason."
        ),
    }
    return _step(request, asked, form, words, now)


@requires(Permission.PARTICIPANT_TRANSFER)
def take_acceptance_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the acceptance back, with a reason: the transfer waits for the receiving site again."""
    asked, now = _transfer(request, pk, Permission.PARTICIPANT_TRANSFER), timezone.now()
    form = TakeBackForm(request.POST or None)
    if form.submits(services.take_acceptance_back, transfer=asked, by=request.user, at=now):
        return redirect(asked)
    words = {
        "title": _("Take back that site %(site)s accepts %(number)s")
        % {"number": asked.number, "site": asked.receiving_code},
        "button": _("Take the acceptance back"),
        "about": _(
            "The trial manager cannot confirm the transfer until an investigator of the site has accepted it anew. To "
            "end it for good, refuse it instead."
        ),
    }
    return _step(request, asked, form, words, now)


@requires(Permission.SITE_MANAGE)
def confirm_transfer(request: PersonRequest, pk: int) -> HttpResponse:
    """Confirm the transfer for the sponsor: the participant is then at the receiving site."""
    asked, now = _transfer(request, pk, Permission.SITE_MANAGE), timezone.now()
    form = TransferStepForm(request.POST or None)
    if form.submits(followup.confirm_transfer, transfer=asked, by=request.user, at=now):
        return redirect(asked)
    sites = {"number": asked.number, "site": asked.receiving_code}
    words = {
        "title": _("Confirm that %(number)s goes on at site %(site)s") % sites,
        "button": _("Confirm: the participant is transferred"),
        "about": _(
            "Everything below is then read and continued by the receiving site alone; the releasing site keeps one "
            "line. This cannot be undone: the way back is another transfer."
        ),
    }
    return _step(request, asked, form, words, now, is_grave=True)


@requires(Permission.TRANSFER_END)
def end_transfer(request: PersonRequest, pk: int) -> HttpResponse:
    """Withdraw or refuse the transfer, with a reason: the participant stays where they are."""
    asked, now = _transfer(request, pk, Permission.TRANSFER_END), timezone.now()
    form = EndTransferForm(request.POST or None)
    if form.submits(services.end_transfer, transfer=asked, by=request.user, at=now):
        return redirect(asked)
    is_own = asked.proposed_by_id == request.user.pk
    words = {
        "title": (
            _("Withdraw the transfer of %(number)s") if is_own else _("Refuse the transfer of %(number)s")
        )
        % {"number": asked.number},
        "button": _("Withdraw the transfer") if is_own else _("Refuse the transfer"),
        "about": _("The participant stays at site %(site)s; nothing has moved.") % {"site": asked.site_code},
    }
    return _step(request, asked, form, words, now)
