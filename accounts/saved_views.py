"""Views of lists that a person keeps: filters and order under a name, with the account."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypedDict

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import change_person
from kernel.errors import Refusal

MOST: Final = 40


class SavedView(TypedDict):
    """One list as a person wants it: the page, what the address asks of it, and the name it was given."""

    page: str
    query: str
    label: str


class TooManyViews(Refusal):
    code = "accounts.too_many_views"
    message = _("There are as many saved views as one account keeps. Remove one that you no longer use.")
    status = 409


def keep_view(*, user: User, page: str, query: str, label: str, by: User, at: datetime) -> User:
    """The view is kept under its name; one of the same page and name is replaced.

    Refuses: more views than an account keeps. Locks: the person.
    """
    kept = _without(user, page, label)
    if len(kept) >= MOST:
        raise TooManyViews
    views = [*kept, SavedView(page=page, query=query, label=label)]
    return change_person(user=user, by=by, at=at, verb="keep_view", views=views)


def remove_view(*, user: User, page: str, label: str, by: User, at: datetime) -> User:
    """The view of that page and name is kept no longer.

    Refuses: nothing. Locks: the person.
    """
    return change_person(user=user, by=by, at=at, verb="remove_view", views=_without(user, page, label))


def _without(user: User, page: str, label: str) -> list[SavedView]:
    locked = User.objects.select_for_update().get(pk=user.pk)
    return [each for each in locked.views or () if (each["page"], each["label"]) != (page, label)]
