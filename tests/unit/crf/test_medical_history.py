"""Medical history: a record for each disease (protocol 3.3)."""

from __future__ import annotations

from tests.unit.crf.examples.medical_history import example
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("3.3",)


def test_a_complete_record_has_no_findings() -> None:
    for case in (example(), example(mh_ongo="N", mh_end="2020"), example(mh_ongo="N")):
        outcome = judge("MH", case)
        assert outcome.complete, outcome.unanswered
        assert not outcome.findings


def test_a_disease_ends_after_it_began() -> None:
    assert "MH-01" in codes(judge("MH", example(mh_ongo="N", mh_end="2018-12")))
    assert "MH-01" not in codes(judge("MH", example(mh_ongo="N", mh_end="2019-01")))


def test_a_disease_cannot_begin_before_birth() -> None:
    assert found(judge("MH", example(mh_text="asthma", mh_start="1963"))) == {"mh_start:birth"}


def test_what_must_be_answered() -> None:
    assert set(judge("MH", example(mh_text=None, mh_start=None, mh_ongo=None)).unanswered) == {
        "mh_text",
        "mh_ongo",
    }
