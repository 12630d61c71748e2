"""Who calls: a token with some of its owner's rights, or a person signed in to the pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.models import User
from accounts.permissions import Permission
from exports.models import ApiToken
from exports.tokens import find_token, refuse_without_basis
from kernel.clock import local_date
from kernel.errors import Refusal
from trials.models.people import own_scope, with_grants

KEYWORD = b"bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer p3_…``"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed(
                _("Write the token after the word Bearer, with one space between them.")
            )
        now = timezone.now()
        token = find_token(parts[1].decode("latin-1"), at=now)
        if token is None:
            raise AuthenticationFailed(
                _("This token is unknown, has expired or was revoked. Make a new one.")
            )
        user = with_grants(token.user, on=local_date(now, settings.TRIAL_TIME_ZONE))
        if user.must_secure_account:
            raise AuthenticationFailed(
                _("The token's owner first sets a password and second factor of their own on the pages.")
            )
        with own_scope(user):
            refuse_without_basis(token, at=now)
        user.limits = frozenset(Permission(scope) for scope in token.scopes)
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PageTokenMissing(Refusal):
    code = "exports.page_token_missing"
    message = _lazy(
        "This call rests on a sign-in at the pages and does not carry the token of a page. Reload the page and try "
        "again; a program uses a token of its own."
    )
    status = 403


class PageAuthentication(SessionAuthentication):
    """The sign-in of the pages. A call that changes something carries the page's token (X-CSRFToken)."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise PageTokenMissing from None


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes tokens."""

    target_class = "exports.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class PageScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the sign-in of the pages."""

    target_class = "exports.api.authentication.PageAuthentication"
    name = "page"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
