"""A proposed deviation is read in the language of its reader, whoever saved the form."""

from __future__ import annotations

from django.utils.translation import override

from trials.deviation_words import in_words

CHAPTERS = ("3.15",)

CROSSOVER = "The participant chose another treatment than decided: a crossover is proposed."
MISSED = "Visit AS-06: the window of 2026-01-02 to 2026-02-03 passed with nothing recorded."


def test_what_a_check_found_is_translated() -> None:
    with override("zh-hans"):
        assert "交叉" in in_words(CROSSOVER)


def test_a_missed_visit_keeps_its_code_and_days() -> None:
    with override("en"):
        assert in_words(MISSED) == MISSED
    with override("zh-hans"):
        assert in_words(MISSED).startswith("访视 AS-06：2026-01-02 至 2026-02-03")


def test_what_a_person_wrote_stays() -> None:
    with override("zh-hans"):
        assert in_words("ECOG was corrected") == "ECOG was corrected"
        assert in_words("") == ""
