"""No page, mail or PDF shows a reader a token of a template, in either language.

A small trial is played by the services first, so that the pages have something to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pypdfium2
import pytest
from django.db import transaction
from django.test import Client
from django.utils.translation import override

from accounts.models import Mail
from crf import catalogue
from crf.page.blank_pdf import blank_html, blank_pdf
from kernel.scope import EVERYTHING, scope
from tests.demo_trial import Played, played_trial
from tests.integration.system.test_permission_matrix import MATRIX

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TOKENS = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|⟦|⟧|%\(\w+\)s|\{[a-z_]+\}")
NOT_TEXT = re.compile(
    r"\b(?:data-[\w-]+|hx-[\w-]+|content)=(?:\"[^\"]*\"|'[^']*')|<(script|template|textarea|code)\b.*?</\1>",
    re.S,
)
LANGUAGES = ("en", "zh-hans")


@pytest.fixture
def played(settings: Any, tmp_path: Any) -> Iterator[Played]:
    settings.MEDIA_ROOT = tmp_path
    with played_trial() as found:
        yield found


def left_over(text: str) -> list[str]:
    """Return the tokens that a reader would see."""
    return TOKENS.findall(NOT_TEXT.sub("", text))


def test_the_search_finds_tokens_and_leaves_what_scripts_read() -> None:
    assert left_over("<p>{{ number }}</p>") == ["{{", "}}"]
    assert left_over("<p>Participant {number} and %(count)s</p>") == ["{number}", "%(count)s"]
    assert left_over("""<form data-text="kept at {time}" data-show='{"a":{"b":1}}'><p>1 {2}</p>""") == []


def test_no_page_mail_or_pdf_shows_a_token(played: Played) -> None:
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for where, text in (*pages(played, language), *papers(language)):
            if tokens := left_over(text):
                found[f"{where} ({language})"] = tokens
    for where, text in mails():
        if tokens := left_over(text):
            found[where] = tokens
    assert found == {}


def pages(played: Played, language: str) -> Iterator[tuple[str, str]]:
    """Yield every page that is fetched, as a role that may see it, and every PDF's text."""
    for name, (method, allowed) in MATRIX.items():
        if method != "get":
            continue
        client = Client(raise_request_exception=False)
        client.cookies["django_language"] = language
        client.force_login(played.people["C" if allowed in {"*", "+"} else allowed[0]])
        response = client.get(played.address(name))
        assert response.status_code < 500, name
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("application/pdf"):
            yield name, text_of(b"".join(response))  # type: ignore[arg-type]
        elif kind.startswith("text/"):
            yield name, response.text
        response.close()


def papers(language: str) -> Iterator[tuple[str, str]]:
    """Yield the blank form of every form."""
    with override(language):
        for code, form in catalogue.forms().items():
            yield f"blank {code}", blank_html(form)
        yield "blank FU on paper", text_of(blank_pdf(catalogue.form("FU")))


def mails() -> list[tuple[str, str]]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        written = [(f"mail {mail.key}", f"{mail.subject}\n{mail.body}") for mail in Mail.objects.all()]
    assert written
    return written


def text_of(pdf: bytes) -> str:
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
