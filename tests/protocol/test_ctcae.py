"""Chapter 3.6: the terms of CTCAE 5.0, found by name in either language or by another word, each with its grades."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import ctcae, laboratory_grades

CHAPTERS = ("3.6",)


def test_every_term_of_the_publication_stands_in_the_list_once() -> None:
    terms = ctcae.terms()
    assert len(terms) == 837
    assert len({term.code for term in terms}) == 837
    assert len({term.name for term in terms}) == 837
    assert len({term.name_zh for term in terms}) == 837
    assert len({term.soc for term in terms}) == 26
    assert {term.soc: term.soc_zh for term in terms}.keys() == {term.soc for term in terms}
    assert sum(term.name.endswith(", specify") for term in terms) == 26
    assert all(len(term.code) == 8 and term.code.isdigit() for term in terms)


def test_each_term_has_grades_in_order_and_no_other() -> None:
    assert all(
        term.grades == tuple(g for g in ctcae.GRADES if g in term.grades) != () for term in ctcae.terms()
    )


@pytest.mark.parametrize(
    ("name", "code", "grades"),
    [
        ("Neutrophil count decreased", "10029366", "1234"),
        ("Febrile neutropenia", "10016288", "345"),
        ("Anemia", "10002272", "12345"),
        ("Alopecia", "10001760", "12"),
        ("Disseminated intravascular coagulation", "10013442", "2345"),
        ("Pneumonitis", "10035742", "12345"),
        ("Hypothyroidism", "10021114", "12345"),
        ("Esophageal anastomotic leak", "10065961", "12345"),
        ("Death NOS", "10011914", "5"),
        ("Recurrent laryngeal nerve palsy", "10038130", "12345"),
    ],
)
def test_codes_and_grades(name: str, code: str, grades: str) -> None:
    term = ctcae.term_of(name)
    assert term is not None
    assert (term.code, "".join(term.grades)) == (code, grades)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("neutropenia", "Neutrophil count decreased"),
        ("Neutropenia", "Neutrophil count decreased"),
        ("中性粒细胞减少", "Neutrophil count decreased"),
        ("thrombocytopenia", "Platelet count decreased"),
        ("anaemia", "Anemia"),
        ("oesophagitis", "Esophagitis"),
        ("放射性食管炎", "Esophagitis"),
        ("吻合口瘘", "Esophageal anastomotic leak"),
        ("hand-foot syndrome", "Palmar-plantar erythrodysesthesia syndrome"),
        ("ARDS", "Adult respiratory distress syndrome"),
        ("diarrhoea", "Diarrhea"),
        ("febrile neu", "Febrile neutropenia"),
    ],
)
def test_a_word_leads_to_its_term(typed: str, first: str) -> None:
    assert ctcae.search(typed, limit=12)[0].term.name == first


def test_a_name_in_either_language_is_the_term_and_a_synonym_is_none() -> None:
    assert ctcae.term_of(" neutrophil  COUNT decreased ") == ctcae.term_of("中性粒细胞计数降低")
    assert ctcae.term_of("neutropenia") is None
    assert ctcae.term_of("") is None


def test_the_nearest_stand_first_and_no_more_than_asked_for() -> None:
    found = [each.term.name for each in ctcae.search("pain", limit=4)]
    assert found == ["Pain", "Pain in extremity", "Pain of skin", "Lymph node pain"]
    assert ctcae.search("   ", limit=1) == ()
    assert ctcae.search("no such word", limit=1) == ()


def test_what_was_found_names_the_word_that_led_to_it() -> None:
    assert ctcae.search("rigors", limit=1)[0] == ctcae.Found(ctcae.term_of("Chills"), "rigors")  # type: ignore[arg-type]


@given(st.sampled_from([(term, word) for term in ctcae.terms() for word in term.words()]))
def test_every_word_for_a_term_finds_it(pair: tuple[ctcae.Term, str]) -> None:
    term, word = pair
    assert term in [found.term for found in ctcae.search(word, limit=12)]


@given(st.text(max_size=40))
def test_whatever_is_typed_finds_terms_that_hold_it(typed: str) -> None:
    for found in ctcae.search(typed, limit=12):
        assert ctcae.folded(typed) in ctcae.folded(found.word)


def test_every_grade_of_a_laboratory_value_is_one_that_its_term_has() -> None:
    for rules in laboratory_grades.RULES.values():
        for name, _grader in rules:
            term = ctcae.term_of(name)
            assert term is not None, name
            assert term.name == name
            assert {"1", "2", "3"} & set(term.grades), name
