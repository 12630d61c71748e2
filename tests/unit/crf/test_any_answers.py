"""Whatever is answered, and whatever is known outside, every form of the trial can be judged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from crf import catalogue
from crf.engine.codebook import codebook
from crf.engine.declaration import form_of
from crf.engine.evaluation import evaluate
from crf.engine.live import live
from crf.engine.messages import finding_text
from crf.engine.questions import NUMERIC, QuestionKind
from crf.engine.submission import review
from crf.engine.typed import raw_of
from protocol import ctcae, text
from protocol.values import is_value, value_of
from tests.unit.crf.judging import at_site

ZONE = "Asia/Shanghai"

FORMS = catalogue.forms()
TODAY = date(2026, 6, 1)
ROUNDS = 50


def a_day(chance: Random) -> date:
    return TODAY - timedelta(days=chance.randrange(-20, 900))


def a_number(chance: Random, question) -> Decimal:
    low, high = question.hard or question.soft or (0, 100)
    low, high = float(low or 0), float(high if high is not None else 1000)
    inside, near = chance.uniform(low, high), chance.uniform(low - 5, high + 5)
    number = chance.choice([low, high, inside, near, -high])
    return Decimal(str(number)).quantize(Decimal(1).scaleb(-question.places))


def a_word(chance: Random, question) -> str:
    return chance.choice(ctcae.terms()).name if question.dictionary else "x"


def an_answer(chance: Random, question):
    if chance.random() < 0.25:
        return None
    day = a_day(chance)
    codes = list(question.codes.values) if question.codes else [a_word(chance, question)]
    return {
        QuestionKind.INTEGER: lambda: int(a_number(chance, question)),
        QuestionKind.DECIMAL: lambda: a_number(chance, question),
        QuestionKind.TEXT: lambda: chance.choice(codes),
        QuestionKind.CHOICE: lambda: chance.choice(codes),
        QuestionKind.MULTIPLE: lambda: some_codes(chance, question.codes),
        QuestionKind.DATE: lambda: day,
        QuestionKind.PARTIAL_DATE: lambda: chance.choice([f"{day:%Y}", f"{day:%Y-%m}", f"{day:%Y-%m-%d}"]),
        QuestionKind.DATETIME: lambda: datetime(
            day.year, day.month, day.day, chance.randrange(24), tzinfo=UTC
        ),
        QuestionKind.BOOLEAN: lambda: chance.choice([True, False]),
    }[question.kind]()


def some_codes(chance: Random, codes):
    if codes.exclusive and chance.random() < 0.3:
        return [codes.exclusive[0]]
    return [code for code in codes.values if code not in codes.exclusive and chance.random() < 0.5]


def some_answers(chance: Random, questions):
    return {name: an_answer(chance, question) for name, question in questions.items()}


def some_rows(chance: Random, form):
    rows = {}
    for name, group in form.groups.items():
        starts = group.starts_with if group.fixed else ({},) * chance.randrange(4)
        rows[name] = [
            {**some_answers(chance, group.questions), **start, "position": number, "missing": {}}
            for number, start in enumerate(starts, start=1)
        ]
    return rows


def a_record(chance: Random, form):
    number = chance.randrange(1, 9)
    record = {"id": number, "sequence": number, "state": "complete", "visit_id": None}
    visit = {
        **record,
        "visit_code": chance.choice(["CRE1", "CRE2", "AS-06", "RST", None]),
        "visit_on": a_day(chance),
    }
    return at_site({**some_answers(chance, form.questions), **some_rows(chance, form), **visit}, ZONE)


def outside(chance: Random, read: str):
    if is_value(read):
        return value_of(text.load("1.0"), read)
    code = form_of(read)
    if read.endswith("*"):
        return [a_record(chance, FORMS[code]) for _ in range(chance.randrange(4))] if code in FORMS else []
    if read == "today":
        return TODAY
    if read == "site.zone":
        return "Asia/Shanghai"
    if code in FORMS:
        return a_record(chance, FORMS[code]).get(read.split(".", 1)[1])
    if chance.random() < 0.3 or code:
        return None
    return some_fact(chance, read)


def some_fact(chance: Random, read: str):
    days = (
        "milestone.",
        "site.activated",
        "consent.signed",
        "visit.target",
        "visit.on",
        "visit.opens",
        "visit.closes",
    )
    if read.startswith(days) or read.endswith("_on"):
        return a_day(chance)
    known = {
        "participant.protocol_version": ["1.0"],
        "participant.arm": ["1", "2"],
        "visit.code": ["CRE1", "CRE2", "AS-06", "RST", "UNS", "N1", "FU-06"],
        "record.sequence": [1, 2],
        "participant.number": ["01-001"],
    }
    return chance.choice(known.get(read, [None]))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_can_be_judged(form):
    chance = Random(form.code)
    for _ in range(ROUNDS):
        context = {read: outside(chance, read) for read in form.foreign_reads}
        values, groups = some_answers(chance, form.questions), some_rows(chance, form)
        once = evaluate(form, values=values, groups=groups, context=context)
        for finding in once.findings:
            assert finding_text(form, finding, zone=ZONE)
        again = evaluate(form, values=once.values, groups=once.groups, missing=once.missing, context=context)
        assert (again.values, again.groups, again.findings) == (once.values, once.groups, once.findings)
        assert again.cleared == ()


@pytest.mark.parametrize("typed", ["1900-01-01", "2999-12-31", "9999-12-31", "9999-12-31 23:59", "9999"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_no_day_is_too_far_away_to_reckon_with(form, typed):
    chance = Random(form.code)
    context = {read: outside(chance, read) for read in form.foreign_reads}
    rows = some_rows(chance, form)
    kept = evaluate(form, values=some_answers(chance, form.questions), groups=rows, context=context)
    raw = raw_of(form, values=kept.values, groups=kept.groups, missing=kept.missing, zone=ZONE)
    dated = [question.name for question in form.all_questions() if question.dated]
    for name in (name for name in raw if name.rpartition("-")[2] in dated):
        assert live(form, {**raw, name: [typed]}, context=context, zone="Asia/Shanghai")


@pytest.mark.parametrize("typed", ["-999999999", "-1", "0", "999999999"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_no_number_is_too_strange_to_reckon_with(form, typed):
    chance = Random(form.code)
    numbers = [question.name for question in form.all_questions() if question.kind in NUMERIC]
    for _ in range(3):
        context = {read: outside(chance, read) for read in form.foreign_reads}
        context |= {"DM.height": Decimal(170), "DM.weight": Decimal(62)}
        rows = some_rows(chance, form)
        kept = evaluate(form, values=some_answers(chance, form.questions), groups=rows, context=context)
        raw = raw_of(form, values=kept.values, groups=kept.groups, missing=kept.missing, zone=ZONE)
        for name in (name for name in raw if name.rpartition("-")[2] in numbers):
            assert (
                review(form, {**raw, name: [typed]}, context=context, zone=ZONE).outcome.findings is not None
            )


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_comes_back_from_the_page_as_it_was(form):
    chance = Random(form.code)
    for _ in range(10):
        context = {read: outside(chance, read) for read in form.foreign_reads}
        kept = evaluate(
            form, values=some_answers(chance, form.questions), groups=some_rows(chance, form), context=context
        )
        raw = raw_of(form, values=kept.values, groups=kept.groups, missing=kept.missing, zone=ZONE)
        found = review(form, raw, context=context, zone=ZONE)
        assert found.errors == {}
        assert found.outcome.values == kept.values
        assert live(form, raw, context=context, zone="Asia/Shanghai")["errors"] == found.errors


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_is_derived_fits_its_column(form):
    chance = Random(form.code)
    lengths = {
        line.name: line.length
        for line in codebook(form)
        if line.derived and line.type == "text" and not line.group
    }
    columns = {field.name: field.max_length for field in form.model._meta.local_fields}
    for _ in range(ROUNDS):
        context = {read: outside(chance, read) for read in form.foreign_reads}
        values = evaluate(
            form, values=some_answers(chance, form.questions), groups=some_rows(chance, form), context=context
        ).values
        for name in lengths:
            assert len(values[name] or "") <= columns[name], (name, values[name])
