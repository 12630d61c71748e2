"""A proposed deviation is read in the language of its reader, whoever saved the form."""

from __future__ import annotations

from django.utils.translation import override

from trials.models import DeviationProposal

CHAPTERS = ("3.15",)

CROSSOVER = DeviationProposal(
    detail="The participant chose another treatment than decided: a crossover is proposed."
)
MISSED = DeviationProposal(
    detail="Visit %(code)s: the window of %(opens)s to %(closes)s passed with nothing recorded.",
    values={"code": "AS-06", "opens": "2026-01-02", "closes": "2026-02-03"},
)


def test_what_a_check_found_is_translated() -> None:
    with override("zh-hans"):
        assert "交叉" in CROSSOVER.said


def test_a_missed_visit_keeps_its_code_and_days() -> None:
    with override("en"):
        assert (
            MISSED.said == "Visit AS-06: the window of 2026-01-02 to 2026-02-03 passed with nothing recorded."
        )
    with override("zh-hans"):
        assert MISSED.said.startswith("访视 AS-06：2026-01-02 至 2026-02-03")


def test_what_a_person_wrote_stays() -> None:
    with override("zh-hans"):
        assert DeviationProposal(detail="ECOG was corrected by 100 %").said == "ECOG was corrected by 100 %"
        assert DeviationProposal(detail="").said == ""
