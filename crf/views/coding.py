"""Coding: the work list of the coders, one verbatim, the dictionaries and the synonyms that were learned."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.requests import PersonRequest
from crf.coding.batch import CodingBatch
from crf.coding.items import CodedItem, coded_items
from crf.coding.releases import find_terms, use_version, versions_in_use
from crf.coding.services import code_words, retire_synonym
from crf.coding.worklist import COLUMNS, SORTED, rows_of, words_of
from crf.models import CodingDictionary
from crf.page.coding import (
    SHOWN,
    LocalTerms,
    codings_of,
    facts_around,
    known_synonyms,
    loaded_releases,
    page_of_coding,
)
from crf.page.forms import CodeWordsForm, UseVersionForm
from kernel.choices import chosen_of_all
from kernel.errors import Forbidden
from kernel.once import once_for_each_page
from kernel.pagination import BoundedPaginator
from kernel.reading import plain
from kernel.sorting import sorting
from trials.models import Site

SYNONYMS_SHOWN = 50


@require_http_methods(["GET", "POST"])
@requires(Permission.CODING_VIEW)
@once_for_each_page
def coding(request: PersonRequest) -> HttpResponse:
    """List what waits to be coded, what is, and what an upgrade changes; confirm the proposals that are ticked."""
    sites = Site.objects.open_to(request.user, Permission.CODING_VIEW)
    items = coded_items()
    known = {
        "show": [value for value, _label in SHOWN],
        "dictionary": CodingDictionary.values,
        "item": list(items),
        "site": [site.code for site in sites],
    }
    chosen = {"page": request.GET.get("page", "")} | chosen_of_all(request, known)
    batch = CodingBatch()
    if request.method == "POST":
        if not request.user.may(Permission.CODING_DECIDE):
            raise Forbidden
        batch.run(request.POST.getlist("confirm"), by=request.user, at=timezone.now())
        said = ngettext("{number} term is confirmed.", "{number} terms are confirmed.", batch.done)
        messages.success(request, said.format(number=batch.done))
        if not batch.problems:
            return redirect(request.get_full_path())
    order = sorting(request, SORTED, otherwise=SORTED["words"])
    page, lines = page_of_coding(request.user, chosen, order.order)
    shown = {
        "page": page,
        "lines": lines,
        "sorting": order,
        "problems": batch.problems,
        "chosen": chosen | {"show": chosen["show"] or "uncoded"},
        "shown": SHOWN,
        "dictionaries": CodingDictionary.choices,
        "items": items.values(),
        "sites": sites,
        "in_use": versions_in_use(),
        "may_code": request.user.may(Permission.CODING_DECIDE),
        "may_read": request.user.may(Permission.CRF_VIEW),
    }
    return render(request, "crf/coding.html", shown, status=409 if batch.problems else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.CODING_DECIDE)
def code_one(request: PersonRequest, pk: int, item: str) -> HttpResponse:
    """Look for a term for the words of one answer, and code them as it."""
    asked = _item_of(item)
    records = asked.form.model.objects.open_to(request.user, Permission.CODING_DECIDE)
    record = get_object_or_404(records.select_related("participant__site"), pk=pk)
    row = rows_of(asked, records.filter(pk=pk)).values_list(*COLUMNS).first()
    if row is None:
        raise Http404
    words = words_of([row], proposing=True)[0]
    looked_for = plain(request.GET.get("q", words.words))
    terms = find_terms(asked.dictionary, looked_for)
    if words.proposal and words.proposal.term.code not in {term.code for term in terms}:
        terms.insert(0, words.proposal.term)
    form = CodeWordsForm(request.POST or None)
    about: dict[str, Any] = {"participant": record.participant, "record_id": pk, "item": item}
    if form.submits(code_words, **about, by=request.user, at=timezone.now()):
        messages.success(request, _("The words are coded."))
        return redirect(reverse("crf:coding") + f"?dictionary={asked.dictionary}")
    local = LocalTerms(terms)
    shown = {
        "form": form,
        "words": words,
        "question": asked.question.text,
        "title": asked.form.title,
        "dictionary": CodingDictionary(asked.dictionary).label,
        "version": versions_in_use().get(asked.dictionary, ""),
        "q": looked_for,
        "terms": [(term, local.of_term(term, "")) for term in terms],
        "before": codings_of(request.user, pk, asked.question.name),
        "facts": facts_around(asked, record),
        "may_read": request.user.may(Permission.CRF_VIEW),
        "zone": record.participant.site.time_zone,
    }
    return render(request, "crf/code_words.html", shown, status=form.status)


def _item_of(key: str) -> CodedItem:
    if key not in coded_items():
        raise Http404
    return coded_items()[key]


@require_http_methods(["GET", "POST"])
@requires(Permission.CODING_VIEW)
def dictionaries(request: PersonRequest) -> HttpResponse:
    """Show the releases that are loaded and what was learned; put another version in use."""
    releases = loaded_releases()
    form = UseVersionForm(request.POST or None, releases=releases)
    if request.method == "POST" and not request.user.may(Permission.CODING_DECIDE):
        raise Forbidden
    if form.submits(use_version, by=request.user, at=timezone.now()):
        messages.success(request, _("The version is in use. What is coded with another one is listed below."))
        return redirect(reverse("crf:coding") + "?show=upgrade")
    page = BoundedPaginator(known_synonyms(), SYNONYMS_SHOWN).get_page(request.GET.get("page"))
    in_use = versions_in_use()
    shown = {
        "form": form,
        "releases": [(release, in_use.get(release.dictionary) == release.version) for release in releases],
        "page": page,
        "may_code": request.user.may(Permission.CODING_DECIDE),
    }
    return render(request, "crf/dictionaries.html", shown, status=form.status)


@require_POST
@requires(Permission.CODING_DECIDE)
@once_for_each_page
def retire(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a synonym out of the list: it proposes nothing any more."""
    synonym = retire_synonym(
        synonym=get_object_or_404(known_synonyms(), pk=pk), by=request.user, at=timezone.now()
    )
    messages.success(request, _("“{words}” proposes no term any more.").format(words=synonym.words))
    return redirect("crf:dictionaries")
