"""The blank form on paper (architecture 6)."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import pytest
from django.utils.translation import gettext, override
from pypdf import PdfReader

from crf import catalogue
from crf.engine.codebook import checks_registry, codebook
from crf.engine.codelists import CodeList
from crf.engine.conditions import All, Answered, Any_, Has, Is, Not, Over
from crf.engine.declaration import DeclarationError, FormSection
from crf.engine.questions import Missing, QuestionKind
from crf.page.blank_pdf import blank_html, blank_pdf
from crf.safety.paper import forms_before
from tests.unit.crf.small import ask, rows, small


def test_every_question_has_its_place_and_nothing_derived_is_asked():
    form = small(
        ask("weight", hard=(25, 200), unit="kg", required=True, help="Without shoes."),
        ask("colours", QuestionKind.MULTIPLE),
        ask("at", QuestionKind.DATETIME),
        ask("note", QuestionKind.TEXT),
        ask("bmi", reads=("weight",), by=lambda weight: weight),
        groups=(rows("nodes", ask("n"), help="Each node."), rows("wide", *[ask(f"w{n}") for n in range(8)])),
    )
    html = blank_html(form)
    assert "Without shoes. · possible: 25 to 200 kg" in html
    assert "<li>red</li>" in html
    assert "____-__-__  __:__" in html
    assert '<table class="wide">' in html
    assert "BMI" not in html


def test_a_list_too_long_for_its_place_stands_once_at_the_end():
    """Offline nobody knows the forty complications by heart, nor the tests of a panel."""
    html = blank_html(catalogue.form("COMP"))
    assert "ECCG_CODE: one of the list at the end" in html
    own, _signatures, behind = html.partition("Investigator, signature")
    assert "GI11 delayed emptying" not in own
    assert behind.count("<li>GI01 leak of anastomosis, staple line or conduit</li>") == 1
    panel = blank_html(catalogue.form("LB"))
    assert panel.count('<ul class="codes">') == 2
    assert "<li>HGB = Haemoglobin</li>" in panel
    assert "possible: 0 to 150 10⁹/L" in blank_html(catalogue.form("TREAT"))
    assert '<ul class="codes">' not in blank_html(catalogue.form("SURV"))


def test_a_section_that_only_computes_is_not_printed():
    form = small(ask("weight"), ask("bmi", reads=("weight",), by=lambda weight: weight))
    apart = replace(
        form, sections=(FormSection("said", "Said", ("weight",)), FormSection("score", "Scores", ("bmi",)))
    )
    html = blank_html(apart)
    assert ">Said<" in html
    assert "Scores" not in html


def test_a_code_that_is_a_word_of_the_program_is_not_printed():
    words = CodeList(
        "ENDS", {"not_recovered": "never got well", "N": "none", "1": "one", "T1a": "T1a in the wall"}
    )
    html = blank_html(small(ask("ending", QuestionKind.CHOICE, codes=words)))
    assert "<li>never got well</li>" in html
    assert "<li>N = none</li>" in html
    assert "<li>1 = one</li>" in html
    assert "<li>T1a in the wall</li>" in html


def test_the_codes_of_a_table_stand_above_it_so_that_its_columns_stay_wide():
    form = small(groups=(rows("seen", ask("colours", QuestionKind.MULTIPLE), ask("size")),))
    html = blank_html(form)
    assert html.index("<strong>Colours</strong>: red") < html.index("<table>\n")
    assert html.count("red;") == 1


def test_the_room_for_the_number_has_as_many_places_as_a_number():
    spaces = blank_html(small(ask("a"))).partition("<span>Participant ")[2].partition("</span>")[0]
    assert len(spaces.replace("–", "").split()) == len("01-0001") - 1


def test_fixed_rows_are_as_many_as_there_are():
    form = small(groups=(rows("doses", ask("mg"), starts_with=({"mg": 1}, {"mg": 2}), fixed=True),))
    assert blank_html(form).count("<tr><td>") == 2


def test_a_condition_stands_in_words_beside_its_question_and_under_its_section():
    form = small(
        ask("done", QuestionKind.CHOICE),
        ask("colours", QuestionKind.MULTIPLE),
        ask("why", QuestionKind.TEXT, shown_when=Is("done", "N")),
        ask("size", asked_when=All(Not(Is("done", "N")), Any_(Has("colours", "red"), Over("why", 3)))),
        ask("later", shown_when=Is("setting.opt", True)),
        groups=(rows("seen", ask("n", shown_when=Not(Answered("done"))), shown_when=Answered("size")),),
    )
    html = blank_html(form)
    assert "only if “Done” = No<" in html
    assert "only if “Done” ≠ No and (“Colours” with red or “Why” &gt; 3)" in html
    assert "only if the system asks for it" in html
    assert "only if “Size” is answered" in html
    assert "asked only where it applies" not in html


def test_what_coders_fill_in_is_on_no_paper_of_a_site():
    apart = replace(
        small(ask("term"), ask("llt")),
        sections=(FormSection("said", "Said", ("term",)), FormSection("coding", "Coding", ("llt",))),
    )
    assert "LLT" not in blank_html(apart)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("code", ["STAGE", "SAE"])
def test_each_page_says_whose_it_is_and_tears_no_question_from_its_answer(code, language, settings):
    form, settings.SAFETY_CONTACT = catalogue.form(code), "safety@sponsor.example"
    with override(language):
        made = PdfReader(BytesIO(blank_pdf(form, before=forms_before(form))))
        initials, participant = gettext("Initials"), gettext("Participant")
    variables = {question.export for question in form.questions.values()}
    pages = [page.extract_text() for page in made.pages]
    assert len(pages) > 2
    for number, text in enumerate(pages, start=1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert participant in text
        assert initials in text
        assert re.search(rf"\b{number}\b.*\b{len(pages)}\b", " ".join(lines[-2:] + lines[:4]))
        head = next(at for at, line in enumerate(lines) if participant in line)
        assert lines[head + 1] not in variables  # the code stands below its question: no page begins with one
    if code == "SAE":
        assert "AE_TERM" in "".join(pages)
        assert "AE_LLT" not in "".join(pages)
        assert settings.SAFETY_CONTACT in pages[0], "where it is sent"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_reasons_on_paper_are_those_that_are_entered(language):
    with override(language):
        page = blank_html(catalogue.form("VS"))
    codes = re.search(r"ND[^<]*ASKU[^<]*", page)[0]
    assert re.findall(r"\b[A-Z]{2,4}\b", codes) == list(Missing)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_pdf_comes_out_in_both_languages(language):
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="no text engine for PDFs here")
    with override(language):
        made = blank_pdf(catalogue.form("PATH"))
    assert made.startswith(b"%PDF")
    assert len(made) > 10_000


def test_the_codebook_says_when_an_answer_is_required():
    form = small(
        ask("a", required=True),
        ask("b"),
        ask("c", QuestionKind.TEXT, max_length=30),
        groups=(rows("g", ask("n")),),
    )
    lines = {line.name: line for line in codebook(form)}
    assert (lines["a"].required, lines["b"].required) == ("yes", "no")
    assert lines["c"].length == 30
    assert (lines["n"].group, lines["n"].section) == ("g", "G")


def test_a_check_declared_by_two_forms_is_refused():
    from crf.engine.checks import Check, Level

    check = Check("X1", Level.SOFT, ("a",), lambda a: True, "m")
    with pytest.raises(DeclarationError, match="check X1 is declared in SMALL and OTHER"):
        checks_registry([small(ask("a"), checks=(check,)), small(ask("a"), checks=(check,), code="OTHER")])
