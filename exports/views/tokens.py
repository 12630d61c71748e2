"""A person's API tokens."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.forms import TokenForm
from exports.services import make_token, revoke_token
from exports.tokens import tokens_of


@requires(Permission.TOKEN_MANAGE)
def token_list(request: PersonRequest) -> HttpResponse:
    """Show the person's tokens; make one and show its secret, once."""
    rights = [right for right in Permission if request.user.may(right)]
    form = TokenForm(request.POST or None, rights=[str(right) for right in rights])
    secret, now = "", timezone.now()
    if form.is_valid():
        until = datetime.combine(form.cleaned_data["expires_on"], time(), tzinfo=UTC)
        scopes = [Permission(right) for right in form.cleaned_data["scopes"]]
        name = form.cleaned_data["name"]
        _token, secret = make_token(name=name, scopes=scopes, expires_at=until, by=request.user, at=now)
    context = {"form": form, "tokens": tokens_of(request.user), "secret": secret, "now": now}
    return render(request, "exports/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.TOKEN_MANAGE)
def token_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """End a token."""
    token = get_object_or_404(tokens_of(request.user), pk=pk)
    revoke_token(token=token, by=request.user, at=timezone.now())
    return redirect("exports:tokens")
