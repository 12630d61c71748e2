"""What an address chooses of a list: one of the choices of the page; anything else is said, never taken for another."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from kernel.reading import plain


def chosen(request: HttpRequest, name: str, known: Collection[str], *, otherwise: str = "") -> str:
    """Return the choice that the address makes by ``name``; ``otherwise`` where it makes none or an unknown one."""
    typed = request.GET.get(name, "")
    wanted = typed if typed in known else plain(typed)
    if wanted and wanted not in known:
        say_unknown(request, wanted)
    return wanted if wanted in known else otherwise


def say_unknown(request: HttpRequest, value: str) -> None:
    """Tell the reader that what the address chooses is none of the choices."""
    said = _("“{value}” is no choice of this page, so it was left out. Choose from those on the page.")
    messages.warning(request, said.format(value=value))


def chosen_of_all(request: HttpRequest, known: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return what the address chooses by each name of ``known``; empty where it chooses nothing."""
    return {name: chosen(request, name, values) for name, values in known.items()}
