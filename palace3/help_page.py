"""Help in the program: by role, searched, and about the page from which it was opened (``?``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.permissions import ROLE_LABELS, Role
from accounts.requests import PersonRequest
from design.terms import HelpText
from kernel.reading import plain
from palace3.context import NAVIGATION
from palace3.help_texts import HelpTask, common, manual, manuals
from reports.search import ACTIONS

MOST_TYPED: Final = 100
PICTURE_WIDTH: Final = 1280  # of the window that was taken, which is 800 high


@dataclass(frozen=True)
class ShownStep:
    """A step in one language, with its page where the reader may open it."""

    text: str
    href: str = ""
    label: str = ""


@dataclass(frozen=True)
class ShownTask:
    """A task in one language."""

    title: str
    href: str
    role: str
    key: str
    steps: tuple[ShownStep, ...] = ()
    picture: str = ""


@require_GET
@login_required
def help_page(request: PersonRequest) -> HttpResponse:
    """Show the reader's own tasks, keys, terms and what is new; or what fits to ``q``."""
    typed = plain(request.GET.get("q", ""))[:MOST_TYPED]
    own = [role for role in manuals() if role in request.user.roles] or list(manuals())
    context = {
        "typed": typed,
        "here": _here(request.GET.get("from", ""), own),
        "own": [_of_role(role) for role in own],
        "others": [_of_role(role) for role in manuals() if role not in own],
        "keys": [(key.name.en, _said(key.means)) for key in common().keys],
        "terms": [(_said(term.name), _said(term.means)) for term in common().terms],
        "news": [_said(item).replace("*", "") for item in common().news],
        "hits": _hits(typed.casefold().split(), own) if typed else None,
    }
    return render(request, "palace3/help.html", context)


@require_GET
@login_required
def help_role(request: PersonRequest, slug: str) -> HttpResponse:
    """Show what one role is for, and its main tasks in steps."""
    if slug not in list(manuals()):
        raise Http404
    role = Role(slug)
    tasks = [
        _shown(
            role,
            task,
            steps=tuple(_step(step.page, step.text, request.user) for step in task.steps),
            picture=_picture(task.picture),
        )
        for task in manual(role).tasks
    ]
    about = {"role": ROLE_LABELS[role], "about": _said(manual(role).about), "tasks": tasks}
    return render(request, "palace3/help_role.html", about)


def _said(text: HelpText) -> str:
    return text.said(get_language() or "en")


def _shown(role: Role, task: HelpTask, **more: Any) -> ShownTask:
    href = f"{reverse('help-role', args=[role.value])}#{task.key}"
    return ShownTask(_said(task.title), href, str(ROLE_LABELS[role]), task.key, **more)


def _picture(name: str) -> str:
    """Return where the picture of the screenshot book stands, in the reader's language (``make screenshots``)."""
    short = "zh" if (get_language() or "en").startswith("zh") else "en"
    return f"screens/{name}.{short}.{PICTURE_WIDTH}.png" if name else ""


def _of_role(role: Role) -> dict[str, Any]:
    return {
        "label": ROLE_LABELS[role],
        "href": reverse("help-role", args=[role.value]),
        "tasks": [_shown(role, task) for task in manual(role).tasks],
    }


def _here(view: str, own: list[Role]) -> list[ShownTask]:
    """Return the tasks of the reader's roles that are done on the page of this name."""
    return [_shown(role, task) for role in own for task in manual(role).tasks if task.is_about(view)]


def _hits(words: list[str], own: list[Role]) -> dict[str, list[Any]]:
    """Return what fits: the reader's own tasks first."""
    roles = own + [role for role in manuals() if role not in own]
    return {
        "tasks": [_shown(role, task) for role in roles for task in manual(role).tasks if task.fits(words)],
        "terms": [
            (_said(each.name), _said(each.means))
            for each in (*common().terms, *common().keys)
            if each.fits(words)
        ],
        "news": [_said(item).replace("*", "") for item in common().news if item.fits(words)],
    }


def _step(page: str, text: HelpText, user: User) -> ShownStep:
    if not page or not opens(page, user):
        return ShownStep(_said(text))
    return ShownStep(_said(text), reverse(page), _label(page))


def opens(page: str, user: User) -> bool:
    """Say whether the view behind this name lets the person through."""
    asked = getattr(resolve(reverse(page)).func, "asks_one_of", ())
    return not asked or any(user.may(permission) for permission in asked)


def _label(page: str) -> str:
    named = {item.url_name: str(item.label) for _title, items in NAVIGATION for item in items}
    named |= {item.url_name: str(item.label) for item in ACTIONS}
    if page in common().pages:
        return _said(common().pages[page])
    return named.get(page) or gettext("Open the page")
