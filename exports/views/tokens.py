"""A person's API tokens."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from exports.forms import TokenForm
from exports.living_access.services import make_token, revoke_token
from exports.tokens import tokens_of


@requires(Permission.TOKEN_MANAGE)
def token_list(request: PersonRequest) -> HttpResponse:
    """Show the person's tokens; make one and show its secret, once."""
    rights = [right for right in Permission if request.user.may(right)]
    form = TokenForm(request.POST or None, rights=[str(right) for right in rights])
    secret, now = "", timezone.now()
    if form.submits(make_token, by=request.user, at=now):
        _token, secret = form.result
    context = {"form": form, "tokens": tokens_of(request.user), "secret": secret, "now": now}
    return render(request, "exports/tokens.html", context, status=form.status)


@require_POST
@requires(Permission.TOKEN_MANAGE)
def token_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """End a token."""
    token = get_object_or_404(tokens_of(request.user), pk=pk)
    revoke_token(token=token, by=request.user, at=timezone.now())
    return redirect("exports:tokens")
