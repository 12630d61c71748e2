"""Chapter 3.6: an answer that is a term of a dictionary, and the grades that are offered for it."""

from typing import Any

import pytest
from django.utils import translation

from crf import catalogue
from crf.engine.dictionaries import DICTIONARIES
from crf.engine.submission import AnswerUnreadableError, parse, read_answer
from tests.unit.crf.examples import adverse_event
from tests.unit.crf.judging import judge

CHAPTERS = ("3.6",)
AE = catalogue.forms()["AE"]
TERM = AE.questions["ctcae_term"]
ZONE = "Asia/Shanghai"


@pytest.mark.parametrize(
    "typed", ["Neutrophil count decreased", " neutrophil count  DECREASED", "中性粒细胞计数降低"]
)
def test_the_name_in_either_language_is_kept_as_the_publication_writes_it(typed: str) -> None:
    assert read_answer(TERM, [typed], zone=ZONE) == "Neutrophil count decreased"


def test_what_is_no_term_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(AnswerUnreadableError) as refused:
        read_answer(TERM, ["Neutropenia"], zone=ZONE)
    assert str(refused.value) == (
        "CTCAE term: “Neutropenia” is no term of CTCAE 5.0. Choose a term of the list, such as: "
        "Neutrophil count decreased, Febrile neutropenia."
    )


def test_what_leads_to_no_term_is_refused_and_stays_as_typed() -> None:
    sent = parse(AE, {"ctcae_term": "<b>no such word"}, zone=ZONE)
    assert sent.errors["ctcae_term"] == (
        "CTCAE term: “<b>no such word” is no term of CTCAE 5.0. Type another word for it, and choose a term."
    )
    assert sent.raw["ctcae_term"] == ["<b>no such word"]


def test_in_chinese_the_nearest_terms_are_named_in_chinese() -> None:
    with translation.override("zh-hans"), pytest.raises(AnswerUnreadableError) as refused:
        read_answer(TERM, ["粒细胞减少"], zone=ZONE)
    assert "中性粒细胞计数降低" in str(refused.value)


def judged(**answers: Any) -> Any:
    return judge("AE", adverse_event.example(**answers))


@pytest.mark.parametrize(
    ("term", "grade", "offered"),
    [
        ("Pneumonitis", "2", True),
        ("Febrile neutropenia", "2", False),
        ("Febrile neutropenia", "3", True),
        ("Alopecia", "3", False),
        (None, "2", True),
    ],
)
def test_a_grade_that_the_term_does_not_have_is_no_answer(
    term: str | None, grade: str, offered: bool
) -> None:
    findings = [finding.key for finding in judged(ctcae_term=term, grade=grade).findings]
    assert ("grade:offered" not in findings) is offered


def test_code_version_and_grades_are_stored_with_the_event() -> None:
    values = judged(ctcae_term="Febrile neutropenia").values
    assert (values["ctcae_code"], values["ctcae_version"]) == ("10016288", "5.0")
    assert values["ctcae_grades"] == ["3", "4", "5"]


def test_a_text_from_before_the_list_derives_nothing() -> None:
    values = judged(ctcae_term="Neutropenia").values
    assert [values[name] for name in ("ctcae_code", "ctcae_version", "ctcae_grades")] == [None, None, None]


def test_what_a_search_shows_in_each_language() -> None:
    ctcae = DICTIONARIES["ctcae"]
    assert ctcae.search("neutropenia", 1)[0].about == "neutropenia · Investigations · grades 1, 2, 3, 4"
    with translation.override("zh-hans"):
        found = ctcae.search("alopecia", 1)[0]
        assert (found.name, found.text) == ("Alopecia", "脱发")
        assert found.about == "皮肤和皮下组织疾病 · 分级 1、2"
    assert ctcae.text_of("no term") == "no term"
