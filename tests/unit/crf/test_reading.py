"""What is typed is read, or a sentence says what would be; typed again it is the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crf.engine.questions import QuestionKind
from crf.engine.submission import SavedRows, parse
from crf.engine.typed import raw_of
from kernel.reading import as_typed
from tests.unit.crf.small import ask, rows, small

CHAPTERS = ("3.0",)

ZONE = "Asia/Shanghai"
FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1992, 2999))


def read(question, *texts, why=""):
    form = small(question)
    data = {question.name: list(texts), f"{question.name}__why": why}
    found = parse(form, data, zone=ZONE)
    return found.errors.get(question.name) or found.values[question.name]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("70", 70),
        (" -3 ", -3),
        ("７０", 70),
        ("", None),
        ("7o", "A must be a whole number."),
        ("70.5", "A must be a whole number."),
        ("1234567890", "A must be a whole number."),
        ("٣", "A must be a whole number."),
        ("6²", "A must be a whole number."),
        ("①②", "A must be a whole number."),
    ],
)
def test_whole_numbers(typed, answer):
    assert read(ask("a"), typed) == answer


COMMA = "A: a comma may part thousands or decimals. Type the number with a point, such as 62.7."
UNIT = "A: type the number alone, without a unit or other words. A must be a number between 25 and 200 kg."


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("70", Decimal("70.0")),
        ("70.5", Decimal("70.5")),
        ("70.50", Decimal("70.5")),
        ("７０。５", Decimal("70.5")),
        ("70,5", COMMA),
        ("1,070.5", COMMA),
        ("７０，５", COMMA),
        ("70 kg", UNIT),
        ("70.5公斤", UNIT),
        ("70,5 kg", UNIT),
        ("70<b>", "A must be a number between 25 and 200 kg."),
        (".5", "A must be a number between 25 and 200 kg."),
        ("NaN", "A must be a number between 25 and 200 kg."),
        ("1e3", "A must be a number between 25 and 200 kg."),
        ("70.55", "A is kept with 1 decimal place. Shorten the number."),
    ],
)
def test_numbers_with_a_point(typed, answer):
    assert read(ask("a", QuestionKind.DECIMAL, places=1, hard=(25, 200), unit="kg"), typed) == answer


def test_a_range_without_a_unit_reads_well():
    assert read(ask("a", hard=(0, 7)), "x") == "A must be a whole number between 0 and 7."
    assert read(ask("a", QuestionKind.DECIMAL, places=2), "x") == "A must be a number."
    assert (
        read(ask("a", QuestionKind.DECIMAL, places=2), "1.234")
        == "A is kept with 2 decimal places. Shorten the number."
    )


NO_SUCH_DAY = (
    "A: this day does not exist. The month has fewer days, or there is no such month. Type the right day."
)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("2026-05-07", date(2026, 5, 7)),
        ("2026/5/7", date(2026, 5, 7)),
        ("2026.5.7", date(2026, 5, 7)),
        ("20260507", date(2026, 5, 7)),
        ("2026年5月7日", date(2026, 5, 7)),
        ("２０２６－０５－０７", date(2026, 5, 7)),
        ("", None),
        ("2026-05", "A must be a full date such as 2026-05-07."),
        ("2026-02-30", NO_SUCH_DAY),
        ("1492-01-01", "A must be a full date such as 2026-05-07."),
        ("9999-12-31", "A must be a full date such as 2026-05-07."),
        ("31/02/2026", NO_SUCH_DAY),
        ("07.05.2026", "A: day and month can be taken for each other. Type it as year-month-day."),
    ],
)
def test_days(typed, answer):
    assert read(ask("a", QuestionKind.DATE), typed) == answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("2019", "2019"),
        ("2019年", "2019"),
        ("2019-5", "2019-05"),
        ("2019年5月", "2019-05"),
        ("20190507", "2019-05-07"),
        ("2019-13", NO_SUCH_DAY),
        ("0019", "A must be a date such as 2026-05-07, 2026-05 or 2026."),
        ("9999", "A must be a date such as 2026-05-07, 2026-05 or 2026."),
        ("9999-12", "A must be a date such as 2026-05-07, 2026-05 or 2026."),
        ("٢٠٢٤", "A must be a date such as 2026-05-07, 2026-05 or 2026."),
        ("soon", "A must be a date such as 2026-05-07, 2026-05 or 2026."),
        ("", None),
    ],
)
def test_partial_dates_are_kept_as_entered(typed, answer):
    assert read(ask("a", QuestionKind.PARTIAL_DATE), typed) == answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("2026-05-07 14:30", datetime(2026, 5, 7, 6, 30, tzinfo=UTC)),
        ("2026-05-07T14:30:00", datetime(2026, 5, 7, 6, 30, tzinfo=UTC)),
        ("2026-05-07T06:30:00Z", datetime(2026, 5, 7, 6, 30, tzinfo=UTC)),
        ("2026-05-07T12:00:00.000+05:30", datetime(2026, 5, 7, 6, 30, tzinfo=UTC)),
        ("2026-05-07T12:00:00.250+05:30", "A is kept to the minute. Leave the seconds out."),
        ("2026-05-07 14:30:17", "A is kept to the minute. Leave the seconds out."),
        ("2026-05-07 14:30:99", "A must be a date and time such as 2026-05-07 14:30."),
        ("2026-05-07T12:00+99:99", "A must be a date and time such as 2026-05-07 14:30."),
        ("", None),
        ("2026-05-07", "A must be a date and time such as 2026-05-07 14:30."),
        ("2026-05-07 24:00", "A must be a date and time such as 2026-05-07 14:30."),
        ("2026-05-07 10:60", "A must be a date and time such as 2026-05-07 14:30."),
        ("2026-02-30 10:00", NO_SUCH_DAY),
        ("9999-12-31 23:59", "A must be a date and time such as 2026-05-07 14:30."),
    ],
)
def test_instants_are_typed_in_the_sites_zone(typed, answer):
    assert read(ask("a", QuestionKind.DATETIME), typed) == answer


def test_texts_are_kept_whole_or_refused():
    question = ask("a", QuestionKind.TEXT, max_length=5)
    assert read(question, " café ") == "café"
    assert read(question, "123456") == "A holds 6 characters and 5 are kept. Shorten the text."
    assert read(question, "a\x00b") == "A holds a character that cannot be stored. Type it again."
    assert read(question, "a\r\nb") == "a\nb"
    assert read(question, "a\u202eb") == "A holds a character that cannot be stored. Type it again."
    assert read(question, "") is None


@pytest.mark.parametrize(
    "sign", ["\u200b", "\ufeff", "\u00ad", "\u3164", "\u2800", "\u3000", "\u200b \u2060"]
)
def test_point_08_what_cannot_be_seen_is_no_answer(sign):
    kinds = QuestionKind.TEXT, QuestionKind.INTEGER, QuestionKind.DATE, QuestionKind.PARTIAL_DATE
    for kind in kinds:
        assert read(ask("a", kind, required=True), sign) is None
    found = parse(small(ask("a"), groups=(rows("nodes", ask("n")),)), {"nodes-0-n": sign}, zone=ZONE)
    assert found.groups["nodes"] == []
    said = parse(small(ask("a")), {"_reason": sign, "_confirm:A-1": sign, "_reason:a": sign}, zone=ZONE)
    assert (said.reason, said.confirmations, said.reasons) == ("", {}, {})


def test_codes_are_those_of_the_list():
    assert read(ask("a", QuestionKind.CHOICE), "Y") == "Y"
    assert read(ask("a", QuestionKind.CHOICE), "") is None
    assert read(ask("a", QuestionKind.CHOICE), "y") == "A must be one of the answers listed. Choose one."
    assert (
        read(ask("a", QuestionKind.CHOICE, codes=None), "y")
        == "A must be one of the answers listed. Choose one."
    )


def test_ticks_come_in_the_order_of_the_list_and_none_stands_alone():
    question = ask("a", QuestionKind.MULTIPLE)
    assert read(question, "blue", "red") == ["red", "blue"]
    assert read(question, "none") == ["none"]
    assert read(question) is None
    assert read(question, "red", "none") == "A: “none” stands alone. Tick either it or the others."
    assert read(question, "green") == "A must be among the answers listed. Tick those that apply."


def test_a_missing_reason_stands_for_an_answer_where_it_is_allowed():
    form = small(ask("a"), ask("b", missing_allowed=("ND",)))
    found = parse(form, {"a__why": "NK", "b__why": "NK"}, zone=ZONE)
    assert found.missing == {"a": "NK"}
    assert found.errors == {"b": "B cannot be left out with this reason. Answer it."}
    assert (
        read(ask("a"), "5", why="NK") == "A has an answer and a reason why it is missing. Keep one of them."
    )


@given(
    st.one_of(
        st.tuples(st.just(QuestionKind.INTEGER), st.integers(-999_999_999, 999_999_999)),
        st.tuples(st.just(QuestionKind.DECIMAL), st.decimals(-(10**8), 10**8, places=2)),
        st.tuples(st.just(QuestionKind.DATE), st.dates(date(1900, 1, 1), date(2999, 12, 31))),
        st.tuples(
            st.just(QuestionKind.DATETIME),
            st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(
                lambda at: at.replace(second=0, microsecond=0)
            ),
        ),
        st.tuples(st.just(QuestionKind.MULTIPLE), st.just(["red", "blue"])),
        st.tuples(st.just(QuestionKind.CHOICE), st.just("N")),
    )
)
def test_an_answer_written_out_reads_as_itself(kind_and_answer):
    kind, answer = kind_and_answer
    question = ask("a", kind, places=2)
    assert read(question, *as_typed(answer, zone=ZONE)) == answer


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_answer_or_a_sentence(text):
    for kind in (
        QuestionKind.INTEGER,
        QuestionKind.DECIMAL,
        QuestionKind.DATE,
        QuestionKind.PARTIAL_DATE,
        QuestionKind.DATETIME,
        QuestionKind.TEXT,
        QuestionKind.CHOICE,
    ):
        form = small(ask("a", kind, places=1))
        found = parse(form, {"a": text}, zone=ZONE)
        assert found.raw["a"] == [text]
        assert (found.values["a"] is None) or "a" not in found.errors


def test_a_saved_record_is_written_as_the_page_would_send_it():
    group = rows("nodes", ask("n"), ask("sum", reads=("n",), by=lambda n: n))
    form = small(ask("a"), ask("b", QuestionKind.TEXT), groups=(group,))
    raw = raw_of(
        form,
        values={"a": 4},
        groups={"nodes": [{"position": 3, "n": 5, "missing": {}}, {"position": 4, "missing": {"n": "ND"}}]},
        missing={"b": "NK"},
        zone=ZONE,
    )
    assert raw == {
        "a": ["4"],
        "b__why": ["NK"],
        "nodes-0-position": ["3"],
        "nodes-0-n": ["5"],
        "nodes-1-position": ["4"],
        "nodes-1-n__why": ["ND"],
    }
    saved = {"nodes": SavedRows({"a-row": 3, "another": 4})}
    found = parse(form, raw, zone=ZONE, saved=saved)
    assert [(row["position"], row["row_id"]) for row in found.groups["nodes"]] == [
        (3, "a-row"),
        (4, "another"),
    ]
    assert found.groups["nodes"][1]["missing"] == {"n": "ND"}
