"""The annotated CRF: every blank form in one PDF, beside each question where its answer goes.

It has bookmarks by visit and by form, as regulators ask of an annotated CRF (SDTM Metadata Submission Guidelines 2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crf import catalogue
from crf.engine.codebook import former_words
from crf.engine.declaration import FormDeclaration
from crf.page.blank_pdf import paper_sections
from exports.odm.metadata import whose_words
from exports.odm.study import STUDY_OID, StudyEvent, study_events
from exports.sdtm.targets import target_of
from kernel.days import in_chinese
from kernel.paper import ARCHIVED, quiet, typesetter
from protocol.text import versions


@dataclass(frozen=True)
class CrfVisit:
    """One line of the schedule: a visit with the forms that it asks for."""

    name: str
    arms: str
    forms: tuple[FormDeclaration, ...]


def annotated_crf(codes: Sequence[str]) -> bytes:
    """Return the annotated CRF of these forms as PDF, in the language in force."""
    document = typesetter().HTML(string=annotated_html(codes)).render(pdf_variant=ARCHIVED)
    document.make_bookmark_tree = partial(_bookmarks, document.make_bookmark_tree, crf_visits(codes))
    with quiet():
        return bytes(document.write_pdf(pdf_variant=ARCHIVED))


def annotated_html(codes: Sequence[str]) -> str:
    """Return the annotated CRF as a page."""
    forms = list(map(catalogue.form, codes))  # with what earlier versions asked, and in which words
    context = {
        "study": STUDY_OID.removeprefix("ST."),
        "version": versions()[-1],
        "whose_words": whose_words(),
        "visits": crf_visits(codes),
        "forms": [
            {
                "form": form,
                "former_title": former_words(form.formerly),
                "sections": paper_sections(form, places=target_of),
            }
            for form in forms
        ],
        "language": get_language() or "en",
    }
    return render_to_string("exports/pdf/acrf.html", context)


def crf_visits(codes: Sequence[str]) -> list[CrfVisit]:
    """Return the visits that ask for one of the forms, in the order of the schedule, then what has no visit."""
    return [visit for event in study_events(list(codes)) if (visit := _visit(event)).forms]


def _visit(event: StudyEvent) -> CrfVisit:
    title = event.title["zh-Hans" if in_chinese() else "en"]
    name = f"{event.name} · {title}" if event.kind == "Scheduled" else title
    forms = event.forms if event.kind == "Scheduled" else event.others
    arms = _("arm {arm}").format(arm=event.arms[0]) if len(event.arms) == 1 else ""
    return CrfVisit(name, arms, tuple(map(catalogue.form, forms)))


def _bookmarks(
    make_tree: Any, visits: list[CrfVisit], scale: float = 1, transform_pages: bool = False
) -> Any:
    """Return the bookmarks: by visit, each with its forms, then by form, each with its sections."""
    schedule, *forms = make_tree(scale, transform_pages=transform_pages)
    _label, place, _below, state = schedule
    places = {label.split(" ", 1)[0]: (label, place) for label, place, *_rest in forms}
    by_visit: list[Any] = [
        (visit.name, place, [(*places[form.code], [], state) for form in visit.forms], "closed")
        for visit in visits
    ]
    return [
        (_("By visit"), place, by_visit, "open"),
        (_("By form"), forms[0][1], [(*each[:3], "closed") for each in forms], "open"),
    ]
