"""Every page and every call that creates something does so once, however often it is sent (conventions, 9).

A view either gives a ``ServiceForm`` to its service, or carries ``once_for_each_page``, or saves a form of the trial
under the key of its page; every form in a template carries a key. What does neither stands below with the reason.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
TAKES_POSTS = re.compile(r"require_POST|\"POST\"|request\.POST")
DONE_ONCE = re.compile(r"\.submits\(|once_for_each_page|try_to_save\(")

VIEWS = {
    "committee:download": "each download is a view of its own, and is kept as one",
    "committee:shared": "as above; wrong passcodes are counted, each of them",
    "accounts:sign-in": "opens a session of its own for each browser; tries are counted",
    "accounts:sign-in-again": "as above",
    "accounts:passkey-question": "asks the browser; what waits for its answer is replaced",
    "accounts:sign-out": "ends the one session of the browser; there is none to end twice",
    "accounts:session": "says that somebody is there; writes no row",
    "accounts:language": "sets one column to the value that is sent",
    "accounts:second-factor": "confirms the one secret of the account; a code is taken once",
    "accounts:accept-accountability": "sets one column to the day of today",
    "accounts:hospital-factor": "opens a session of its own for each browser; tries are counted",
    "accounts:hospital-connect": "notes in the session that the password was given; writes no row",
    "analysis:data-and-code": "each time that data are handed out is on record, the second too",
    "crf:derive": "computes; writes nothing",
    "crf:draft": "replaces the draft of the page that it names",
    "crf:discard": "deletes the draft that it names",
    "crf:merge": "replaces the draft of the page that it names",
    "crf:settle-note": "settles one note; the second time it is settled",
    "exports:casebook": "each time that a casebook is made is on record, the second too",
    "exports:comparison-file": "each time that a file is handed out is on record, the second too",
    "exports:download": "each time that a file is handed out is on record, the second too",
    "exports:download-copy": "each time that a file is handed out is on record, the second too",
    "exports:token-revoke": "ends one token; the second time it is ended",
    "followup:revoke-feed": "ends one address; the second time there is none",
    "randomization:design": "each look at the block sizes is on record, the second too",
    "randomization:simulate": "computes; writes nothing",
    "trials:contact": "one request for each reference, which the form carries",
    "trials:contact-back": "erases the one request of the ticket; the second time it is erased",
    "trials:news": "an address is asked once a day, and there is one row for it",
    "trials:news-confirm": "confirms the one row of the ticket",
    "trials:news-leave": "deletes the one row of the ticket",
}
FORMS = {
    ("committee/pack.html", "committee:download"): "committee:download",
    ("committee/shared.html", ""): "committee:shared",
    ("accounts/profile.html", "accounts:accept-accountability"): "accounts:accept-accountability",
    ("accounts/second_factor.html", ""): "accounts:second-factor",
    ("accounts/sign_in.html", ""): "accounts:sign-in",
    ("accounts/hospital_factor.html", ""): "accounts:hospital-factor",
    ("accounts/hospitals.html", "accounts:hospital-connect"): "accounts:hospital-connect",
    ("crf/merge.html", ""): "crf:merge",
    ("crf/notes.html", "crf:settle-note"): "crf:settle-note",
    ("crf/partials/discard.html", ""): "crf:discard",
    ("exports/casebook.html", ""): "exports:casebook",
    ("exports/cuts.html", "exports:comparison-file"): "exports:comparison-file",
    ("trials/copies_table.html", "exports:download-copy"): "exports:download-copy",
    ("exports/tokens.html", "exports:token-revoke"): "exports:token-revoke",
    ("followup/feed.html", "followup:revoke-feed"): "followup:revoke-feed",
    ("partials/languages.html", "accounts:language"): "accounts:language",
    ("partials/side.html", "accounts:sign-out"): "accounts:sign-out",
    ("public/contact.html", ""): "trials:contact",
    ("public/contact_back.html", ""): "trials:contact-back",
    ("public/news.html", ""): "trials:news",
    ("public/news_said.html", ""): "trials:news-confirm",
    ("randomization/scheme.html", "randomization:design"): "randomization:design",
    ("randomization/simulate.html", ""): "randomization:simulate",
}
FORM = re.compile(r"<form\b[^>]*?method=\"post\".*?</form>", re.S)
KEY = re.compile(r"\{% once[ %]|name=\"_key\"")
ACTION = re.compile(r"action=\"\{% url \"([\w:-]+)\"")


def views() -> Iterator[tuple[str, Callable[..., Any]]]:
    def walk(resolver: Any, namespace: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(
                    pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                )
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield f"{namespace}{pattern.name}", pattern.callback

    yield from walk(get_resolver(), "")


def text_of(view: Callable[..., Any]) -> str:
    """The source of the view, its decorators, and the functions of its own module that it calls."""
    function = inspect.unwrap(view)
    module = sys.modules[function.__module__]
    found: dict[str, str] = {}
    _collect(module, function.__name__, found)
    return "\n".join(found.values())


def _collect(module: ModuleType, name: str, found: dict[str, str]) -> None:
    function = inspect.unwrap(getattr(module, name, None)) if callable(getattr(module, name, None)) else None
    if name in found or not inspect.isfunction(function) or function.__module__ != module.__name__:
        return
    found[name] = inspect.getsource(function)
    own = set(function.__code__.co_varnames)  # a variable may have the name of another function
    for node in ast.walk(ast.parse(found[name])):
        if isinstance(node, ast.Name) and node.id not in own:
            _collect(module, node.id, found)


def is_ours(view: Callable[..., Any]) -> bool:
    return inspect.unwrap(view).__module__.partition(".")[0] in PACKAGES


PAGES = {
    name: view
    for name, view in views()
    if is_ours(view) and not hasattr(view, "permissions") and TAKES_POSTS.search(text_of(view))
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_point_05_every_creating_post_is_done_once(name: str) -> None:
    done_once = bool(DONE_ONCE.search(text_of(PAGES[name])))
    assert done_once != (name in VIEWS), (
        f"{name} creates twice what is sent twice, or its exception is needless"
    )


def test_point_05_no_exception_is_left_behind() -> None:
    assert VIEWS.keys() <= PAGES.keys()
    assert set(FORMS.values()) <= VIEWS.keys()


def forms() -> Iterator[tuple[str, str, str]]:
    """Every form of every template: its template, the address it is sent to where that is written, its text."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for form in FORM.findall(path.read_text()):
            named = ACTION.search(form.split(">", 1)[0] + ">")
            yield str(path.relative_to(ROOT / "templates")), named[1] if named else "", form


def test_point_05_every_form_carries_a_key() -> None:
    lacking = {(template, action) for template, action, form in forms() if not KEY.search(form)}
    assert lacking == FORMS.keys()


def test_point_05_every_call_that_creates_takes_a_key() -> None:
    """The decorator of all endpoints answers each POST once; an endpoint without it has no rights to ask for."""
    from exports.api import endpoint, urls

    assert "answered_once(" in inspect.getsource(endpoint.endpoint)
    for pattern in urls.urlpatterns:
        if isinstance(pattern, URLPattern) and str(pattern.name) not in {"schema", "docs"}:
            assert hasattr(pattern.callback, "permissions"), pattern.name
