"""Signing in and out, and what a person settles about their own account."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import second_factor as factor
from accounts import services
from accounts.browsers import device_of, end_other_sessions, follow_session, sessions_of
from accounts.factors import add_passkey, make_recovery_codes, remove_passkey
from accounts.first_link import FIELD, person_of
from accounts.forms import (
    AppearanceForm,
    CodeForm,
    FirstPasswordForm,
    NewPasswordForm,
    OwnPasswordForm,
    PasskeyForm,
    RemovePasskeyForm,
    RemoveViewForm,
    SavedViewForm,
    SignInForm,
)
from accounts.hospital.provider import CAME_BY, LEFT, hospital_of, hospitals
from accounts.models import User
from accounts.passkeys import ADDING, SIGNING_IN, ask_for_any, offer, taken
from accounts.requests import PersonRequest
from accounts.saved_views import keep_view, remove_view
from accounts.sessions import close_session, note_open_session, open_session, row_key_of, seconds_left
from accounts.throttle import count_failure, refuse_too_many
from kernel.clock import local_date
from kernel.scope import Scope, scope
from kernel.service_form import Page
from kernel.undo import tell_with_undo


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _speak(response: HttpResponse, language: str) -> HttpResponse:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.BEHIND_TLS,
    )
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Open a session; a refusal keeps the user name and is counted."""
    now = timezone.now()
    form = SignInForm(request.POST or None)
    if form.is_valid():
        with _of_nobody():
            user = _recognised(request, form, at=now)
            if user is not None:
                open_session(request, user, at=now)
                response = _speak(redirect(_next(request)), _language_of(request, user, at=now))
                note_open_session(request, response, user, at=now)
                return response
        form.add_error(None, services.SignInRefused.message)
    context = {
        "form": form,
        "next": _next(request),
        "demo_accounts": _demo_accounts(now),
        "hospitals": hospitals(),
        "left": hospital_of(request.GET.get(LEFT, "")),
    }
    return render(request, "accounts/sign_in.html", context, status=422 if form.is_bound else 200)


def _of_nobody() -> AbstractContextManager[Scope]:
    """Open the scope of a visitor: whoever signs in at a browser in which somebody else works acts for themself."""
    return scope(user_id=None, sites=())


def _recognised(request: HttpRequest, form: SignInForm, *, at: datetime) -> User | None:
    """Return who signs in; a failure is counted for the account and for the place that asks."""
    refuse_too_many(request)
    typed = dict(form.cleaned_data)
    passkey = taken(request.session, SIGNING_IN, request.get_host(), typed.pop("passkey"))
    user = services.sign_in(**typed, passkey=passkey, device=device_of(request), at=at)
    if user is None:
        count_failure(request)
    return user


def _language_of(request: HttpRequest, user: User, *, at: datetime) -> str:
    """Return the language to go on in: the one chosen in this browser, else the person's own."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen not in dict(settings.LANGUAGES) or chosen == user.language:
        return user.language
    services.change_person(user=user, by=user, at=at, verb="choose_language", language=chosen)
    return chosen


def _demo_accounts(at: datetime) -> list[tuple[User, str]]:
    """Return the accounts of the demonstration with the code of the moment; nothing anywhere else."""
    return factor.codes_of_everyone(at) if settings.PALACE3_DEMO else []


@require_POST
def sign_in_again(request: HttpRequest) -> JsonResponse:
    """Open a new session under a page that is still open; what is typed on it stays."""
    now = timezone.now()
    form = SignInForm(request.POST)
    with _of_nobody():
        user = _recognised(request, form, at=now) if form.is_valid() else None
        if user is None:
            return JsonResponse({"message": str(services.SignInRefused())}, status=422)
        open_session(request, user, at=now)
        answer = JsonResponse({"seconds": seconds_left(request, at=now), "csrf": get_token(request)})
        note_open_session(request, answer, user, at=now)
    return answer


@require_POST
def passkey_question(request: HttpRequest) -> JsonResponse:
    """Ask the browser for a passkey of this host, before anybody is known; the answer goes with the sign-in."""
    refuse_too_many(request)
    return JsonResponse(ask_for_any(request.session, request.get_host()))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session of this browser."""
    hospital = hospital_of(request.session.get(CAME_BY, ""))
    close_session(request, at=timezone.now())
    address = reverse("accounts:sign-in")
    return redirect(f"{address}?{LEFT}={hospital.key}" if hospital else address)


@never_cache
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Say how long the session lasts; a POST says that the person is still there."""
    now = timezone.now()
    if request.method == "POST" and request.user.is_authenticated:
        request.session["seen_at"] = now.timestamp()
    return JsonResponse({"seconds": seconds_left(request, at=now)})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Go on in the language chosen, in this browser and at the person's next sign-in."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return redirect(_next(request))
    if request.user.is_authenticated:
        services.change_person(
            user=request.user, by=request.user, at=timezone.now(), verb="choose_language", language=chosen
        )
    return _speak(redirect(_next(request)), chosen)


@login_required
def profile(request: PersonRequest) -> HttpResponse:
    context = {"needs_factor": request.user.needs_second_factor, "hospitals": hospitals()}
    return render(request, "accounts/profile.html", context)


@login_required
def appearance(request: PersonRequest) -> HttpResponse:
    """Show and change the colours and the density in which the person reads, on every device."""
    form = AppearanceForm(request.POST or None, user=request.user)
    about = partial(services.change_person, verb="choose_appearance")
    before = [(name, str(value)) for name, value in form.initial.items()]
    if form.submits(about, user=request.user, by=request.user, at=timezone.now()):
        said = _("This is how your pages look from now on, on every device.")
        tell_with_undo(request, said, address=reverse("accounts:appearance"), fields=before)
        return redirect("accounts:appearance")
    page = Page(_("Colours and density"), _("Save"), reverse("accounts:profile"), _("My account"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@require_POST
@login_required
def save_view(request: PersonRequest) -> HttpResponse:
    """Keep the list as it stands under a name, and go back to it."""
    form = SavedViewForm(request.POST)
    if form.submits(keep_view, user=request.user, by=request.user, at=timezone.now()):
        messages.success(request, _("The view is saved; it stands above the list."))
        return redirect(form.address)
    page = Page(_("Save this view"), _("Save"), reverse("home"), _("Work list"))
    return render(request, "trials/step.html", {"form": form, "page": page}, status=form.status)


@require_POST
@login_required
def delete_view(request: PersonRequest) -> HttpResponse:
    """Keep a view no longer, and go back to its list."""
    form, before = RemoveViewForm(request.POST), list(request.user.views or ())
    if form.submits(remove_view, user=request.user, by=request.user, at=timezone.now()):
        page, label = form.cleaned_data["page"], form.cleaned_data["label"]
        for view in before:
            if (view["page"], view["label"]) == (page, label):
                said = _("The view “{label}” is removed.").format(label=label)
                tell_with_undo(request, said, address=reverse("accounts:save-view"), fields=view.items())
        return redirect(page)
    raise Http404


@login_required
def password(request: PersonRequest) -> HttpResponse:
    """Change the password: every other session of the person ends."""
    now = timezone.now()
    form = NewPasswordForm(request.POST or None, user=request.user, at=now)
    first = request.user.must_change_password
    if form.submits(services.set_password, user=request.user, by=request.user, at=now):
        update_session_auth_hash(request, request.user)
        request.session.save()
        follow_session(user=request.user, key=row_key_of(request), device=device_of(request))
        messages.success(request, _("Your password is new. Sessions on other machines have ended."))
        return redirect("home" if first else "accounts:profile")
    return render(request, "accounts/password.html", {"form": form}, status=form.status)


@never_cache
@require_http_methods(["GET", "POST"])
def first_password(request: HttpRequest) -> HttpResponse:
    """Let the owner of a one-time link choose the first password; a link that is used or too old says so."""
    now = timezone.now()
    user = person_of(request.GET.get(FIELD, ""), at=now)
    if user is None:
        return render(request, "accounts/first_password.html", status=410)
    form = FirstPasswordForm(request.POST or None, user=user, at=now)
    with _of_nobody():
        is_set = form.submits(services.set_password, user=user, by=user, at=now)
    if is_set:
        messages.success(request, _("Your password is set. Sign in with it; the second factor comes next."))
        return redirect("accounts:sign-in")
    return render(request, "accounts/first_password.html", {"form": form, "person": user}, status=form.status)


@login_required
def second_factor(request: PersonRequest) -> HttpResponse:
    """Show the address for the app, and count the factor once its first code is right."""
    user, now = request.user, timezone.now()
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if services.confirm_second_factor(user=user, code=form.cleaned_data["code"], at=now):
            messages.success(request, _("The second factor is set up. It is asked at every sign-in."))
            return redirect("accounts:profile")
        form.add_error("code", _("This code does not match. Wait for the next one in your app and type it."))
    context = {"form": form} | _factor_context(user, now)
    return render(request, "accounts/second_factor.html", context, status=422 if form.is_bound else 200)


def _factor_context(user: User, at: datetime) -> dict[str, Any]:
    address = "" if user.totp_confirmed_at else factor.address_for_app(user)
    return {
        "drawing": factor.drawn(address) if address else "",
        "secret": user.app_secret if address else "",
        "demo_code": factor.code_at(user, at) if address and settings.PALACE3_DEMO else "",
        "begin": OwnPasswordForm(user=user, at=at, prefix="begin"),
    }


@login_required
@require_POST
def begin_second_factor(request: PersonRequest) -> HttpResponse:
    """Make a new secret, after the password was given again."""
    now = timezone.now()
    form = OwnPasswordForm(request.POST, user=request.user, at=now, prefix="begin")
    if form.submits(services.begin_second_factor, user=request.user, at=now):
        return redirect("accounts:second-factor")
    context = _factor_context(request.user, now) | {"begin": form}
    return render(request, "accounts/second_factor.html", {"form": CodeForm()} | context, status=form.status)


@login_required
def passkeys(request: PersonRequest) -> HttpResponse:
    """Show passkeys and how many recovery codes are left; add a passkey, after the password was given again."""
    now, user = timezone.now(), request.user
    form = PasskeyForm(request.POST or None, user=user, at=now)
    if request.method == "POST":
        answer = taken(request.session, ADDING, request.get_host(), request.POST.get("answer", ""))
        if form.submits(add_passkey, user=user, answer=answer, at=now):
            messages.success(request, _("The passkey is added. It opens your account beside the password."))
            return redirect("accounts:passkeys")
    return _passkey_page(request, form, now)


def _passkey_page(request: PersonRequest, form: PasskeyForm, now: datetime, **more: Any) -> HttpResponse:
    user = request.user
    context = {
        "form": form,
        "codes_form": OwnPasswordForm(user=user, at=now, prefix="codes"),
        "remove_form": RemovePasskeyForm(user=user, at=now, prefix="remove"),
        "question": json.dumps(offer(request.session, request.get_host(), user), indent=1),
        "codes_left": len(user.recovery_codes or []),
        **more,
    }
    refused = next(
        (each for each in context.values() if isinstance(each, OwnPasswordForm) and each.is_bound), form
    )
    return render(request, "accounts/passkeys.html", context, status=refused.status)


@login_required
@require_POST
def remove_one_passkey(request: PersonRequest) -> HttpResponse:
    """Remove a passkey, after the password was given again."""
    now = timezone.now()
    form = RemovePasskeyForm(request.POST, user=request.user, at=now, prefix="remove")
    if form.submits(remove_passkey, user=request.user, at=now):
        messages.success(request, _("The passkey is removed. It opens nothing any more."))
        return redirect("accounts:passkeys")
    return _passkey_page(request, PasskeyForm(user=request.user, at=now), now, remove_form=form)


@login_required
@require_POST
def recovery_codes(request: PersonRequest) -> HttpResponse:
    """Make ten recovery codes and show them, once."""
    now = timezone.now()
    form = OwnPasswordForm(request.POST, user=request.user, at=now, prefix="codes")
    codes: list[str] = []
    if form.submits(make_recovery_codes, user=request.user, at=now):
        codes = form.result
    return _passkey_page(
        request, PasskeyForm(user=request.user, at=now), now, codes_form=form, recovery_codes=codes
    )


@login_required
def sessions(request: PersonRequest) -> HttpResponse:
    """Show where the person is signed in; end every session but this one."""
    now, user = timezone.now(), request.user
    here = row_key_of(request)
    form = OwnPasswordForm(request.POST or None, user=user, at=now)
    if form.submits(end_other_sessions, user=user, but=here, at=now):
        messages.success(request, _("Every other session of yours has ended."))
        return redirect("accounts:sessions")
    context = {"form": form, "sessions": sessions_of(user), "here": here}
    return render(request, "accounts/sessions.html", context, status=form.status)


@login_required
@require_POST
def accept_accountability(request: PersonRequest) -> HttpResponse:
    """Record that the person answers for what is done and signed under their account (11.10(j))."""
    now = timezone.now()
    today = local_date(now, settings.TRIAL_TIME_ZONE)
    services.change_person(
        user=request.user,
        by=request.user,
        at=now,
        verb="accept_accountability",
        accountability_accepted_on=today,
    )
    messages.success(request, _("Your acceptance is on record."))
    return redirect("accounts:profile")
