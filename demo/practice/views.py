"""The doors of practice: in by the trial's ticket, out with the training; no other way in (ADR 57)."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.permissions import Role
from accounts.requests import PersonRequest
from accounts.sessions import note_open_session, open_session
from demo.practice.preparation import prepare_for
from demo.practice.services import enter_practice, practice_site
from demo.practice.tour import SESSION_KEY, done_steps
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from trials.practice import PassedTour, pass_ticket, read_entry


@transaction.non_atomic_requests
@never_cache
@require_GET
def enter(request: HttpRequest) -> HttpResponse:
    """Open practice for whom the trial sends, with a participant that is prepared for the tour of their role."""
    now = timezone.now()
    learner = read_entry(request.GET.get("ticket", ""), at=now)
    with scope(user_id=None, sites=EVERYTHING):
        user = enter_practice(learner=learner, at=now)
        is_passed = all(done_steps(user, learner.role))
    numbers = [] if is_passed else prepare_for(learner.role, seed=secrets.randbits(32), at=now)
    with scope(user_id=None, sites=()):
        open_session(request, user, at=now)
        request.session[SESSION_KEY] = {
            "person": learner.person,
            "role": learner.role.value,
            "numbers": numbers,
        }
        response = redirect("home")
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, learner.language, secure=settings.BEHIND_TLS, samesite="Lax"
        )
        note_open_session(request, response, user, at=now)
    return response


@require_GET
@login_required
def done(request: PersonRequest) -> HttpResponse:
    """Lead back to the trial with the training, once every step of the tour is done."""
    now, said = timezone.now(), request.session.get(SESSION_KEY)
    if not said or not all(done_steps(request.user, Role(said["role"]))):
        return redirect("home")
    site = practice_site()
    passed = PassedTour(
        said["person"], Role(said["role"]), site.protocol_version, local_date(now, site.time_zone)
    )
    return redirect(
        f"{settings.PRACTICE_TRIAL_ADDRESS}/practice/passed/?ticket={pass_ticket(passed, at=now)}"
    )


def to_the_trial(request: HttpRequest, **parts: Any) -> HttpResponse:
    """Nobody signs in here: practice is opened from the trial."""
    return redirect(f"{settings.PRACTICE_TRIAL_ADDRESS}/practice/")


def no_password(request: HttpRequest) -> JsonResponse:
    """A session that has ended is opened by the trial alone, not by a password."""
    return JsonResponse(
        {"message": _("This session has ended. Open practice from the trial again.")}, status=422
    )
