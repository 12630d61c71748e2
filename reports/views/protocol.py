"""What is not published about the protocol, so that nobody takes a default for the protocol."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.permissions import Permission, requires
from followup.wording import in_language
from palace3.protocol.text import load

PER_PAGE = 50


@requires(Permission.PROTOCOL_VIEW)
def protocol_questions(request: HttpRequest) -> HttpResponse:
    """Show every value that is a default or comes from a sister trial."""
    text = load(settings.PROTOCOL_VERSION)
    page = Paginator(text.open_questions(), PER_PAGE).get_page(request.GET.get("page"))
    questions = [
        {
            "part": question.part,
            "code": question.code,
            "source": question.source,
            "shown": in_language(question.shown),
            "question": in_language(question.question) if question.question else "",
        }
        for question in page
    ]
    context = {"page": page, "questions": questions, "count": page.paginator.count, "version": text.version}
    return render(request, "reports/protocol.html", context)
