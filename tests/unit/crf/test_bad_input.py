"""Bad input: what is typed into any question of any form is stored exactly, or refused in a clear sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crf import catalogue
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import NUMERIC, Question, QuestionKind
from crf.engine.submission import AnswerUnreadableError, read_answer
from kernel.reading import clean
from tests.unit.crf.judging import text_values
from tests.unit.crf.test_render import drawn

CHAPTERS = ("3.0",)
ZONE = "Asia/Shanghai"
SCRIPT = '<script>alert(1)</script><b x="\'">'
STRANGE = (
    SCRIPT,
    "'; DROP TABLE crf_record; --",
    '=HYPERLINK("http://x")',
    "%s {{ 7*7 }} %(label)s",
    "😀 腹痛",
    "١٢",
    "²",
    "1,5",
    "1.234,5",
    "1e3",
    "12 mg",
    "1\u00a0500",
    "１２",
    "１．５",
    "-99999999999999",
    "31/02/2026",
    "05/06/2026",
    "0000-00-00",
    "２０２６－０５－０７",
    "2026-05-07T99:99",
    "a\x00b",
    "a\x07b",
    "a\u202eb",
    "a\ud800",
    "a\u200bb",
)
NUMBERS = {"１２": Decimal(12), "１．５": Decimal("1.5")}
DAYS = {"２０２６－０５－０７": "2026-05-07"}
FORMS = catalogue.forms()


def sentence_or_answer(question: Question, typed: str) -> tuple[str, object]:
    try:
        return "", read_answer(question, [typed], zone=ZONE)
    except AnswerUnreadableError as error:
        return str(error), None


def check(question: Question, typed: str) -> None:
    said, answer = sentence_or_answer(question, typed)
    about = f"{question.name}: {typed[:40]!r}"
    if said:
        assert str(question.text) in said, about
        assert said.endswith((".", "?")), about
        assert len(said) < 1_000, about
    elif answer is None or answer == []:
        assert not clean(typed), f"{about} was dropped without a word"
    elif question.kind == QuestionKind.TEXT:
        assert answer == clean(typed), about
        assert len(str(answer)) <= question.max_length, about
    elif question.kind in NUMERIC:
        assert answer == NUMBERS[typed], about
    elif question.kind == QuestionKind.DATE:
        assert str(answer) == DAYS[typed], about
    else:
        assert answer == DAYS[typed], about


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_question_keeps_what_is_typed_or_says_why_not(form: FormDeclaration) -> None:
    for question in form.all_questions():
        if not question.derived:
            for typed in (*STRANGE, "字" * (question.max_length + 1), "9" * 400):
                check(question, typed)


def test_ten_megabytes_are_refused_by_their_length() -> None:
    question = next(each for each in FORMS["AE"].all_questions() if each.kind == QuestionKind.TEXT)
    said, answer = sentence_or_answer(question, "长" * 10_000_000)
    assert answer is None
    assert len(said) < 1_000


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_was_typed_comes_back_escaped(form: FormDeclaration) -> None:
    asked = [each for each in form.questions.values() if not each.derived and not each.codes]
    typed = {each.name: SCRIPT for each in asked}
    for name, group in form.groups.items():
        typed |= {f"{name}-0-{each}": SCRIPT for each in group.questions}
    html = drawn(form, typed, context=text_values(form), announce=True)
    assert "<script>alert" not in html
    assert '<b x="' not in html
    assert "&lt;script&gt;alert" in html or not typed
