"""Signing in through a hospital, and connecting one's account with it.

The browser goes to a hospital by a link and comes back by one: the policy of contents lets no form lead off this site.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.browsers import device_of
from accounts.forms import DisconnectForm, FactorForm, OwnPasswordForm
from accounts.hospital.provider import (
    CAME_BY,
    GOOD_FOR_SECONDS,
    Hospital,
    HospitalAnswerRefused,
    HospitalIdentity,
    answered,
    ask,
    hospital_of,
    hospitals,
    way_out,
)
from accounts.hospital.services import (
    HospitalOpensNothing,
    asks_for_factor,
    connect_hospital,
    disconnect_hospital,
    owner_of,
    sign_in_through_hospital,
)
from accounts.passkeys import SIGNING_IN, taken
from accounts.requests import PersonRequest
from accounts.services import SignInRefused
from accounts.sessions import note_open_session, open_session
from accounts.throttle import count_failure, refuse_too_many
from kernel.errors import Refusal
from kernel.scope import scope

SIGN_IN, CONNECT = "sign-in", "connect"
WAITS, CONNECTING = "hospital_waits", "hospital_connecting"


def _hospital_or_404(key: str) -> Hospital:
    hospital = hospital_of(key)
    if hospital is None:
        raise Http404
    return hospital


def _address_back(request: HttpRequest, hospital: Hospital) -> str:
    return request.build_absolute_uri(reverse("accounts:hospital-back", args=[hospital.key]))


@never_cache
@require_GET
def go(request: HttpRequest, key: str) -> HttpResponse:
    """Lead to the hospital: to sign in, or to connect it for whoever has just given their password here."""
    hospital, now = _hospital_or_404(key), timezone.now()
    refuse_too_many(request)
    purpose = SIGN_IN
    if request.user.is_authenticated:
        agreed = request.session.get(CONNECTING) or {}
        if agreed.get("hospital") != key or now.timestamp() > agreed["until"]:
            return redirect("accounts:hospitals")
        purpose = CONNECT
    try:
        address = ask(request.session, hospital, _address_back(request, hospital), purpose=purpose, at=now)
    except Refusal as refusal:
        return _sent_away(request, refusal)
    return redirect(address)


@never_cache
@require_GET
def back(request: HttpRequest, key: str) -> HttpResponse:
    """Take what the hospital answered: connect the account, open it, or ask for its own second factor first."""
    hospital, now = _hospital_or_404(key), timezone.now()
    refuse_too_many(request)
    try:
        identity, purpose = answered(
            request.session, hospital, _address_back(request, hospital), request.GET, at=now
        )
        if purpose == CONNECT:
            return _connected(request, hospital, identity, now)
    except Refusal as refusal:
        count_failure(request)
        return _sent_away(request, refusal)
    with scope(user_id=None, sites=()):
        owner = owner_of(identity)
    if owner is not None and asks_for_factor(owner, identity):
        request.session[WAITS] = {
            "hospital": hospital.key,
            "subject": identity.subject,
            "until": now.timestamp() + GOOD_FOR_SECONDS,
        }
        return redirect("accounts:hospital-factor")
    return _opened(request, identity, at=now) or _sent_away(
        request, HospitalOpensNothing(hospital=str(hospital))
    )


def _connected(
    request: HttpRequest, hospital: Hospital, identity: HospitalIdentity, at: datetime
) -> HttpResponse:
    """Connect the account of whoever gave their password here a moment ago, and of nobody else."""
    agreed = request.session.pop(CONNECTING, None) or {}
    if not request.user.is_authenticated or agreed.get("person") != request.user.pk:
        raise HospitalAnswerRefused(hospital=str(hospital))
    connect_hospital(user=request.user, identity=identity, hospital=str(hospital), at=at)
    messages.success(request, _("%(hospital)s opens your account from now on.") % {"hospital": str(hospital)})
    return redirect("accounts:hospitals")


def _opened(
    request: HttpRequest, identity: HospitalIdentity, *, at: datetime, **shown: Any
) -> HttpResponse | None:
    """Open the session of whose account it is; None where nothing is opened, which is counted."""
    with scope(user_id=None, sites=()):
        user = sign_in_through_hospital(identity=identity, device=device_of(request), at=at, **shown)
        if user is None:
            count_failure(request)
            return None
        open_session(request, user, at=at)
        request.session[CAME_BY] = identity.key
        response = redirect("home")
        note_open_session(request, response, user, at=at)
    return response


def _sent_away(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    messages.error(request, str(refusal))
    return redirect("accounts:hospitals" if request.user.is_authenticated else "accounts:sign-in")


@never_cache
@require_http_methods(["GET", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """Ask for the account's own second factor, after the hospital has said who is there."""
    if not hospitals():
        raise Http404
    waits, now = request.session.get(WAITS) or {}, timezone.now()
    hospital = hospital_of(waits.get("hospital", ""))
    if hospital is None or now.timestamp() > waits["until"]:
        return redirect("accounts:sign-in")
    form = FactorForm(request.POST or None)
    if form.is_valid():
        refuse_too_many(request)
        passkey = taken(request.session, SIGNING_IN, request.get_host(), form.cleaned_data["passkey"])
        identity = HospitalIdentity(hospital.key, hospital.issuer, waits["subject"])
        opened = _opened(request, identity, at=now, code=form.cleaned_data["code"], passkey=passkey)
        if opened is not None:
            request.session.pop(WAITS, None)
            return opened
        form.add_error(None, SignInRefused.message)
    context = {"form": form, "hospital": hospital}
    return render(request, "accounts/hospital_factor.html", context, status=422 if form.is_bound else 200)


@login_required
def hospital_accounts(request: PersonRequest) -> HttpResponse:
    """Show which hospitals open the account, and which could."""
    return _page(request, timezone.now())


def _page(request: PersonRequest, at: datetime, **more: Any) -> HttpResponse:
    if not hospitals():
        raise Http404
    user = request.user
    kept = {each["issuer"]: each for each in user.hospital_accounts or []}
    names = {each.issuer: str(each) for each in hospitals()}
    agreed = request.session.get(CONNECTING) or {}
    context = {
        "connected": [each | {"name": names.get(issuer, each["hospital"])} for issuer, each in kept.items()],
        "offered": [each for each in hospitals() if each.issuer not in kept],
        "agreed": hospital_of(agreed.get("hospital", "")),
        "form": OwnPasswordForm(user=user, at=at),
        "remove_form": DisconnectForm(user=user, at=at, prefix="remove"),
        **more,
    }
    refused = next(
        (each for each in context.values() if isinstance(each, OwnPasswordForm) and each.is_bound),
        context["form"],
    )
    return render(request, "accounts/hospitals.html", context, status=refused.status)


@login_required
@require_POST
def connect(request: PersonRequest, key: str) -> HttpResponse:
    """The person has given their password: a link now leads to the hospital, which is then connected."""
    hospital, now = _hospital_or_404(key), timezone.now()
    form = OwnPasswordForm(request.POST, user=request.user, at=now)
    if not form.is_valid():
        return _page(request, now, form=form)
    request.session[CONNECTING] = {
        "hospital": hospital.key,
        "person": request.user.pk,
        "until": now.timestamp() + GOOD_FOR_SECONDS,
    }
    return redirect("accounts:hospitals")


@login_required
@require_POST
def disconnect(request: PersonRequest) -> HttpResponse:
    """Take a hospital away, after the password was given again."""
    now = timezone.now()
    form = DisconnectForm(request.POST, user=request.user, at=now, prefix="remove")
    if form.submits(disconnect_hospital, user=request.user, at=now):
        messages.success(request, _("The hospital opens your account no more."))
        return redirect("accounts:hospitals")
    return _page(request, now, remove_form=form)


@require_GET
def leave(request: HttpRequest, key: str) -> HttpResponse:
    """Lead to where the hospital ends its own session, after the one here has ended."""
    hospital = _hospital_or_404(key)
    try:
        address = way_out(hospital, request.build_absolute_uri(reverse("accounts:sign-in")))
    except Refusal as refusal:
        return _sent_away(request, refusal)
    if address is None:
        messages.info(
            request,
            _("%(hospital)s offers no sign-out. Close every window of this browser.")
            % {"hospital": str(hospital)},
        )
        return redirect("accounts:sign-in")
    return redirect(address)
