"""What a protocol text says twice agrees: settings, facts, rows and words (protocol 1.3, 1.4, 1.9, 2.2)."""

from __future__ import annotations

import re

import pytest

from protocol.text import ProtocolTextError, parse
from tests.versions import CALENDAR, FIRST, amended

CHAPTERS = ("1.3", "1.4", "1.9", "2.2")


def changed(*changes: tuple[str, str]) -> str:
    text = FIRST
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def fact(code: str, value: str) -> tuple[str, str]:
    """The value of a fact, replaced."""
    found = re.search(rf'code = "{code}"\n(?:.*\n)*?value = (.*)\n', FIRST)
    assert found
    return found[0], found[0].replace(f"value = {found[1]}", f"value = {value}")


AS_12 = 'due.target = { months = 12, source = "SANO" }'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            amended().replace(CALENDAR.format("three_then_six_months"), CALENDAR.format("SANO"), 1),
            "is 'SANO'",
        ),
        (
            changed((CALENDAR.format("SANO"), CALENDAR.format("three_then_six_months"))),
            "surveillance are those of months 6, 9, 12, 16",
        ),
        (changed(fact("rt_fractions", "25")), "25 fractions of 1.8 Gy are 45.0 Gy, and rt_total_gy is 41.4"),
        (changed(fact("rt_fractions_per_week", "6")), "rt_fractions_per_week is 6, and the words say"),
        (changed(("23 fractions of 1.8 Gy, 5", "22 fractions of 1.8 Gy, 5")), "rt_fractions is 23"),
        (changed(("41.4 Gy，23 次", "41.4 Gy，22 次")), "rt_fractions is 23"),
        (changed(fact("age_max", "80")), "age_max is 80, and the words say '18-75"),
        (changed(("between 18 and 75", "between 18 and 80")), "AGE names other ages"),
        (changed(fact("eligible_ecog", "[0, 1, 2]")), "eligible_ecog is"),
        (changed(fact("eligible_ct", '["T1", "T2", "T3"]')), "eligible_ct is"),
        (changed(("amount = 200", "amount = 240")), "the amount of CAMRELIZUMAB is 240.0"),
        (changed(("50 mg/m2 静脉", "60 mg/m2 静脉")), "the amount of NAB_PACLITAXEL is 50.0"),
        (
            changed(
                ("AUC 2 IV, days 1, 8, 15, 22, 29", "AUC 2 IV, days 1, 8, 15, 22, 31"),
                ("AUC 2 静脉滴注，第 1、8、15、22、29 天", "AUC 2 静脉滴注，第 1、8、15、22、31 天"),
                ("days = [1, 8, 15, 22, 29]", "days = [1, 8, 15, 22, 31]"),
            ),
            "on one row of form TREAT",
        ),
        (changed(fact("allocation_ratio", '"2:1"')), "allocation_ratio is 2:1, and randomization says 1:1"),
        (changed(fact("sample_size", "400")), "sample_size_per_arm is 178, and sample_size is 400"),
        (changed((AS_12, 'due.target = { weeks = 54, source = "SANO" }')), "AS-12 is called"),
        (changed(("Surveillance, month 12", "Surveillance, month 13")), "AS-12 is called"),
        (changed(("主动监测，第 12 个月", "主动监测，第 13 个月")), "AS-12 is called"),
        (changed(("Neoadjuvant day 8", "Neoadjuvant day 9")), "N2 is called"),
    ],
)
def test_rare_04_words_and_numbers_that_contradict_each_other_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(ProtocolTextError, match=re.escape(sentence)):
        parse(text)


def test_rare_04_month_twelve_plus_two_weeks_is_month_twelve_all_the_same() -> None:
    text = parse(changed((AS_12, 'due.target = { months = 12, weeks = 2, source = "SANO" }')))
    assert text.visit("AS-12").due.target.weeks == 2
    for wrong in ("months = 12, weeks = 2, days = 1", "weeks = 2, days = 1"):
        with pytest.raises(ProtocolTextError, match="in months with days or weeks beside them"):
            parse(changed((AS_12, f'due.target = {{ {wrong}, source = "SANO" }}')))


def test_rare_04_a_calendar_of_another_name_is_free() -> None:
    both = 'choices = ["SANO", "three_then_six_months"]'
    text = changed(
        (CALENDAR.format("SANO"), CALENDAR.format("of the amendment")),
        (both, both.replace("]", ', "of the amendment"]')),
    )
    assert parse(text).setting("surveillance_calendar") == "of the amendment"
