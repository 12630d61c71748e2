"""Reports of serious events: what they show of the event and the sponsor, and what is in time (protocol 3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.unit.crf.examples.serious_event import EVENT, JUDGED, example, judged
from tests.unit.crf.judging import codes, found, judge

CHAPTERS = ("2.6", "3.6")

SECOND = {**EVENT, "sequence": 2, "ae_term": "Fistula"}
AWARE = datetime(2026, 6, 21, 2, 0, tzinfo=UTC)
# Somebody knew five days before what this report calls the awareness.
EARLIER = AWARE - timedelta(days=5)
LATE_BY_THE_EVENT = {"AE*": [{**EVENT, "ser_aware": EARLIER}]}
LATE_BY_ANOTHER_REPORT = {
    "SAE*": [{"ae_no": 1, "sae_type": "follow_up", "sae_aware": EARLIER, "sequence": 2}]
}
LATE_BY_THE_CLOCK = {
    "safety.clocks": [
        {"event_no": 1, "kind": "sae_report", "starts_at": EARLIER - timedelta(hours=24), "due_at": EARLIER}
    ]
}
INITIAL = {"ae_no": 1, "sae_type": "initial", "sequence": 1}


@pytest.mark.parametrize("case", [example(), judged()])
def test_a_complete_form_has_no_findings(case: dict) -> None:
    outcome = judge("SAE", case)
    assert outcome.complete, outcome.unanswered
    assert not outcome.findings


def test_it_shows_the_event_and_the_arm() -> None:
    values = judge("SAE", example()).values
    assert (values["ae_named"], values["sae_arm"], values["sae_rel_calc"]) == ("Pneumonitis", "1", "probable")
    assert values["sae_aware_calc"] == "2026-06-21 10:00"


def test_the_event_that_waits_is_proposed() -> None:
    waiting = example(ae_no=None, **{"AE*": [EVENT, SECOND], "SAE*": [INITIAL]})
    assert judge("SAE", waiting).values["ae_no_calc"] == 2
    assert judge("SAE", example(**{"AE*": [EVENT, SECOND]})).values["ae_no_calc"] is None


def test_the_sponsors_judgement_is_shown_and_not_typed() -> None:
    before, after = judge("SAE", example()).values, judge("SAE", judged()).values
    names = ("sae_exp", "sae_rel_spo", "sae_susar_calc", "sae_susar", "sae_auth")
    assert [before[name] for name in names] == [None] * 5
    assert [after[name] for name in names] == ["unexpected", "possible", True, True, date(2026, 7, 1)]


def test_the_last_judgement_counts() -> None:
    later = [JUDGED, {**JUDGED, "expectedness": "expected", "susar": False, "authority_on": None}]
    values = judge("SAE", example(**{"sponsor.assessments": later})).values
    assert (values["sae_exp"], values["sae_susar_calc"], values["sae_susar"]) == ("expected", False, False)


@pytest.mark.parametrize(
    ("investigator", "sponsor", "expected", "is_one"),
    [
        ("possible", "not", "unexpected", True),
        ("not", "possible", "unexpected", True),
        ("unlikely", "not", "unexpected", False),
        ("definite", "definite", "expected", False),
    ],
)
def test_the_more_cautious_makes_the_susar(
    investigator: str, sponsor: str, expected: str, is_one: bool
) -> None:
    said = [{**JUDGED, "causality": sponsor, "expectedness": expected}]
    event = [{**EVENT, "rel_worst": investigator}]
    case = example(sae_rel_inv=investigator, **{"AE*": event, "sponsor.assessments": said})
    assert judge("SAE", case).values["sae_susar_calc"] is is_one


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("SAE-01", example(ae_no=3)),
        ("SAE-02", example(**{"AE*": [{**EVENT, "serious": "N"}]})),
        ("SAE-03", example(sae_report=datetime(2026, 6, 22, 2, 1, tzinfo=UTC))),
        ("SAE-03", example(**LATE_BY_THE_EVENT)),
        ("SAE-03", example(**LATE_BY_ANOTHER_REPORT)),
        ("SAE-03", example(**LATE_BY_THE_CLOCK)),
        (
            "SAE-03a",
            example(sae_type="follow_up", sae_fu_no=1, sae_report=datetime(2026, 6, 22, 2, 1, tzinfo=UTC)),
        ),
        ("SAE-11", example(sae_aware=AWARE + timedelta(minutes=1))),
        ("SAE-11", example(sae_aware=AWARE - timedelta(minutes=1))),
        ("SAE-04", example(sae_report=datetime(2026, 6, 21, 1, 0, tzinfo=UTC))),
        ("SAE-05", example(sae_type="final", **{"AE*": [{**EVENT, "outcome": "recovering"}]})),
        ("SAE-06", example(sae_narr="Call 13800138000")),
        ("SAE-07", example(sae_adm=None, sae_dis=None)),
        ("SAE-07", example(**{"AE*": [{**EVENT, "ser_crit": ["life"]}]})),
        ("SAE-08", example(sae_dis=date(2026, 6, 20))),
        ("SAE-09", example(**{"SAE*": [{**INITIAL, "sequence": 2}]})),
        ("SAE-09", example(sae_type="final")),
        ("SAE-10", judged(sae_ec=date(2026, 7, 8))),
        (
            "SAE-10",
            judged(sae_ec=date(2026, 6, 30), **{"AE*": [{**EVENT, "ser_crit": ["hospital", "life"]}]}),
        ),
    ],
)
def test_a_check_fails(code: str, case: dict) -> None:
    assert code in codes(judge("SAE", case))


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("SAE-03", example(sae_report=datetime(2026, 6, 22, 2, 0, tzinfo=UTC))),
        ("SAE-05", example(sae_type="final")),
        ("SAE-09", example(sae_type="final", record__sequence=2, **{"SAE*": [INITIAL]})),
        ("SAE-10", judged(sae_ec=date(2026, 7, 7))),
        ("SAE-10", example(sae_ec=date(2026, 7, 30))),
    ],
)
def test_a_check_passes(code: str, case: dict) -> None:
    assert code not in codes(judge("SAE", case))


def test_another_relation_than_that_of_the_event_is_asked_about() -> None:
    assert found(judge("SAE", example(sae_rel_inv="unlikely"))) == {"sae_rel_inv:proposal"}


def test_a_follow_up_has_its_number() -> None:
    case = example(sae_type="follow_up", record__sequence=2, **{"SAE*": [INITIAL]})
    assert set(judge("SAE", case).unanswered) == {"sae_fu_no"}
