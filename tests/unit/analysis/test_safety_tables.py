"""Safety worked by hand: worst grades, those at risk, exact limits, and every signal, from stored histories."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.translation import override

from analysis.facts import participant_facts
from analysis.safety.reading import SafetyFacts, _named, signal_rules_of
from analysis.safety.report import safety_report
from analysis.safety.tables import EVERY, NEOADJUVANT
from analysis.stored import StoredParticipant
from protocol.facts import EventFacts
from protocol.safety_signals import SafetySignal, signals_of
from protocol.statistics.proportions import exact_limits
from reports.quality import Report
from tests.unit.analysis.histories import comp, cre, dead, fu, given_up, on, path, stored, surg

CHAPTERS = ("3.6", "3.10", "6.5", "6.6")

CUT = on(1400)
CCR = [cre(80, "CRE1", "CCR_SO_FAR"), cre(115, "CRE2", "CCR")]


def ae(day: int, grade: int | None, **more: Any) -> dict[str, Any]:
    return {"ae_st": on(day).isoformat(), "grade": grade and str(grade), "ctcae_term": "Anemia", **more}


def told(history: StoredParticipant) -> SafetyFacts:
    return SafetyFacts("01", participant_facts(history, cutoff=CUT), "1.0")


def signal(history: StoredParticipant, which: SafetySignal) -> tuple[int, int]:
    one = told(history)
    counted = {each.signal: each for each in signals_of([(one.facts, one.rules)])}
    return counted[which].count, counted[which].at_risk


def rows(report: Report, slug: str) -> dict[str, tuple[Any, ...]]:
    table = next(each for each in report.tables if each.slug == slug)
    return {str(row[0]): row[1:] for row in table.rows}


@pytest.mark.parametrize(
    ("which", "expected", "history"),
    [
        (SafetySignal.UNRESECTABLE, (0, 0), stored(CRE=CCR)),
        (
            SafetySignal.UNRESECTABLE,
            (1, 1),
            stored(CRE=CCR, FU=[fu(300, ("local",), 300, 290, resectable="N")]),
        ),
        (
            SafetySignal.UNRESECTABLE,
            (0, 1),
            stored(CRE=CCR, FU=[fu(300, ("local",), 300, 290, resectable="Y")]),
        ),
        (
            SafetySignal.UNRESECTABLE,
            (1, 1),
            stored(CRE=[*CCR, cre(300, "AS", "REGROWTH", "1")], SURG=[given_up(320, "unresectable")]),
        ),
        (SafetySignal.UNRESECTABLE, (0, 0), stored(CRE=[*CCR, cre(300, "AS", "REGROWTH", "1")])),
        (SafetySignal.NOT_R0, (1, 1), stored(SURG=[surg(320, "salvage")], PATH=[path(r_status="R1")])),
        (SafetySignal.NOT_R0, (0, 1), stored(SURG=[surg(320, "salvage")], PATH=[path()])),
        (SafetySignal.NOT_R0, (0, 0), stored(SURG=[surg(320, "salvage")])),
        (SafetySignal.NOT_R0, (0, 0), stored(SURG=[surg(90, "planned")], PATH=[path(r_status="R1")])),
        (
            SafetySignal.SALVAGE_30,
            (1, 1),
            stored(last=300, SURG=[surg(320, "salvage")], SURV=[dead(on(345), 346)]),
        ),
        (
            SafetySignal.SALVAGE_30,
            (0, 1),
            stored(last=300, SURG=[surg(320, "salvage")], SURV=[dead(on(380), 381)]),
        ),
        (
            SafetySignal.SALVAGE_90,
            (1, 1),
            stored(last=300, SURG=[surg(320, "salvage")], SURV=[dead(on(380), 381)]),
        ),
        (SafetySignal.SALVAGE_90, (0, 1), stored(SURG=[surg(320, "salvage")])),
        (SafetySignal.DISTANT, (1, 1), stored(CRE=CCR, FU=[fu(400, ("distant",), 400, 390)])),
        (SafetySignal.DISTANT, (0, 0), stored(CRE=CCR)),
        (SafetySignal.DISTANT, (0, 1), stored(CRE=[*CCR, cre(600, "AS", "PERSISTENT_CCR")])),
        (SafetySignal.DISTANT, (0, 1), stored(CRE=CCR, last=200, SURV=[dead(on(220), 221)])),
        (SafetySignal.PROCEDURE, (1, 1), stored(CRE=CCR, AE=[ae(116, 3, cre_rel="Y", cre_what="bleeding")])),
        (SafetySignal.PROCEDURE, (0, 1), stored(CRE=CCR, AE=[ae(116, 2, cre_rel="Y", cre_what="bleeding")])),
        (SafetySignal.PROCEDURE, (0, 0), stored(AE=[ae(116, 3, cre_rel="Y")])),
        (SafetySignal.TREATMENT_DEATH, (1, 1), stored(AE=[ae(20, 5, outcome="fatal", rel_chemo="probable")])),
        (SafetySignal.TREATMENT_DEATH, (0, 1), stored(AE=[ae(20, 5, outcome="fatal", rel_chemo="unlikely")])),
        (SafetySignal.TREATMENT_DEATH, (0, 0), stored(milestones={}, AE=[ae(20, 5, outcome="fatal")])),
        (SafetySignal.LUNG_OR_HEART, (1, 1), stored(AE=[ae(60, 3, irae="Y", irae_type="myocarditis")])),
        (SafetySignal.LUNG_OR_HEART, (1, 1), stored(AE=[ae(60, 4, ae_kind="pneumonitis")])),
        (SafetySignal.LUNG_OR_HEART, (0, 1), stored(AE=[ae(60, 2, ae_kind="pneumonitis")])),
        (SafetySignal.WHOLE, (2, 2), stored(CRE=CCR)),
        (SafetySignal.WHOLE, (1, 2), stored(CRE=[CCR[0] | {"bob_n": 0}, CCR[1]])),
        (
            SafetySignal.IN_WINDOW,
            (1, 2),
            stored(
                visits=(
                    {"forms": ["CRE"], "closes": on(90), "took_place_on": on(80), "timing": "in"},
                    {"forms": ["CRE"], "closes": on(130), "took_place_on": None, "timing": None},
                )
            ),
        ),
    ],
)
def test_signals_count_who_had_it_of_who_is_at_risk(
    which: SafetySignal, expected: tuple[int, int], history: StoredParticipant
) -> None:
    assert signal(history, which) == expected


def test_each_participant_counts_once_at_the_worst_grade() -> None:
    ill = stored(AE=[ae(10, 2), ae(15, 3), ae(16, None, ctcae_term="Nausea"), ae(900, 4)])
    well, untreated = stored(AE=[]), stored(milestones={}, AE=[ae(10, 4)])
    people = [told(each) for each in (ill, well, untreated)]
    people = [
        SafetyFacts(each.site, each.facts.__class__(**_numbered(each, n)), each.protocol_version)
        for n, each in enumerate(people)
    ]

    neoadjuvant = safety_report(people, {}, period=NEOADJUVANT)
    every = safety_report(people, {}, period=EVERY)

    assert rows(neoadjuvant, "terms")["· Anemia"] == (0, 0, 1, 0, 0, 0, 1, 2)
    assert rows(neoadjuvant, "terms")["· Nausea"] == (0, 0, 0, 0, 0, 1, 1, 2)
    assert rows(every, "terms")["· Anemia"] == (0, 0, 0, 1, 0, 0, 1, 2)
    assert rows(neoadjuvant, "overview")["Any adverse event"] == (1, 2, "50.0 %", "1.3 % – 98.7 %")
    assert rows(neoadjuvant, "overview")["Serious"][:3] == (0, 2, "0.0 %")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_event_stands_in_one_row_whether_it_is_coded_or_not_in_either_language(language: str) -> None:
    """A Chinese table had "Nausea" of the coders beside 恶心 of the sites, and the class twice."""
    event = EventFacts(None, None, 2, term="Nausea")
    with override(language):
        typed = _named(event, None)
        coded = [
            _named(event, pair)
            for pair in (("Nausea", "Gastrointestinal disorders"), ("恶心", "胃肠系统疾病"))
        ]
        unknown = _named(event, ("A term of MedDRA alone", "Gastrointestinal disorders"))
    assert {(each.term, each.organ_class) for each in coded} == {(typed.term, typed.organ_class)}
    assert (unknown.term, unknown.organ_class) == ("A term of MedDRA alone", typed.organ_class)


def _numbered(each: SafetyFacts, n: int) -> dict[str, Any]:
    values = {name: getattr(each.facts, name) for name in each.facts.__dataclass_fields__}
    return values | {"number": f"01-{n:04d}"}


def test_complications_are_of_operations_whose_form_tells() -> None:
    rows_of = [{"record_id": 1, "eccg_code": "GI01", "comp_reop": "Y"}]
    told_one = stored(
        SURG=[surg(90, "planned")],
        COMP=[{**comp(), "id": 1, "comp_any": "Y", "cd_worst": "IIIb"}],
        groups={"COMP.comps": rows_of},
    )
    silent = stored(SURG=[surg(90, "planned")])
    report = safety_report([told(told_one), told(silent)], {}, period=NEOADJUVANT)
    shown = rows(report, "complications")

    assert shown["Any complication"][:2] == (1, 1)
    assert shown["Worst grade IIIb"][:2] == (1, 1)
    assert shown["Grade IIIa or worse"][:2] == (1, 1)
    assert shown["Leak"][:2] == (1, 1)
    assert shown["Death within 90 days"][:2] == (0, 2)


@pytest.mark.parametrize("arms", [None, {}, {"01-0001": "1"}])
def test_nobody_at_risk_is_said_and_never_divided_by(arms: dict[str, str] | None) -> None:
    for people in ([], [told(stored(milestones={}))], [told(stored(AE=[]))]):
        report = safety_report(people, {}, period=NEOADJUVANT, arms=arms)
        cells = [str(cell) for table in report.tables for row in table.rows for cell in row]
        assert not any(re.search(r"\b(nan|inf|None)\b", cell) for cell in cells)
        assert "nobody at risk" in cells
        assert len(report.notes) >= 2


def test_over_both_arms_nothing_is_counted_that_one_arm_alone_has() -> None:
    """Whoever waits and watches, is given camrelizumab and evaluated leaves no trace but in what both arms have.

    Everything that is added here, one arm alone has, or nearly. Over those at risk, who are of that arm, each was its
    number on a page that called itself "both arms together", and a sum without it told it by subtraction.
    """
    both = ae(10, 4, rel_chemo="probable", rel_camre="probable", disc_tx="Y")
    plain = stored(last=300, AE=[both], SURG=[surg(320, "planned")], SURV=[dead(on(380), 381, "surgery")])
    telling = [
        ae(20, 3, ctcae_term="Skin ulceration", irae="Y", irae_type="rccep", rel_camre="probable"),
        ae(24, 3, ctcae_term="Skin ulceration", ae_term="RCCEP of the face", rel_camre="probable"),
        ae(26, 3, ae_pt="Immune-mediated lung disease", ctcae_term="Pneumonitis"),
        ae(116, 3, ctcae_term="Esophageal hemorrhage", cre_rel="Y", cre_what="bleeding", rel_proc="probable"),
    ]
    own = stored(
        last=300, CRE=CCR, AE=[both, *telling], SURG=[surg(320, "salvage")], PATH=[path(r_status="R1")],
        FU=[fu(300, ("local",), 300, 290, resectable="N")], SURV=[dead(on(380), 381, "immune")],
    )  # fmt: skip

    def reports(arms: dict[str, str] | None) -> list[list[Any]]:
        people = [[told(each)] for each in (plain, own)]
        return [list(safety_report(each, {}, period=EVERY, arms=arms).tables) for each in people]

    pooled = reports(None)
    assert pooled[0] == pooled[1]
    words = str(pooled[1])
    assert not re.search("amrelizumab|mmune|valuation|alvage|egrowth|cCR", words), words
    by_arm = reports({told(own).facts.number: "1"})
    changed = {a.slug for a, b in zip(*by_arm, strict=True) if a != b}
    assert changed >= {
        "overview",
        "terms",
        "components",
        "immune",
        "deaths",
        "complications",
        "procedures",
        "signals",
    }


def test_limits_are_those_of_clopper_and_pearson() -> None:
    limits = exact_limits(1, 20, confidence=0.95)  # PALACE-1: one death in 20
    assert (round(limits.lower or 0, 4), round(limits.upper or 0, 4)) == (0.0013, 0.2487)
    assert signal_rules_of("1.0").severe_from == 3
