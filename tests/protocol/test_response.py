"""Chapter 3.7: the outcome rule engine as a table of cases."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.response import (
    DECLARED_OUTCOMES,
    Adequacy,
    Biopsy,
    Cytology,
    Distant,
    EarlierEvaluation,
    EvaluationType,
    Lesion,
    Local,
    Look,
    Lumen,
    Outcome,
    Proposal,
    Signs,
    Uptake,
    evaluation_of,
    propose_outcome,
)
from protocol.response_outcomes import IMPOSSIBLE_AT
from protocol.response_reasons import Because

CHAPTERS = ("1.5", "3.7")

NEO_END = date(2025, 1, 1)
DECIDED: dict[str, Any] = {
    "suspected_is_non_ccr": True,
    "suspected_is_regrowth": True,
    "superficial_is_evaluable": False,
    "weeks_between_clear": 4,
}
DAY = {"CRE1": 35, "RST": 35, "UNS": 63, "CRE2": 77, "AS": 182}


def after(days: int) -> date:
    return NEO_END + timedelta(days=days)


def earlier(evaluation: str, outcome: Outcome, days: int | None = None) -> EarlierEvaluation:
    return EarlierEvaluation(evaluation, after(DAY[evaluation] if days is None else days), outcome)


def propose(
    evaluation: str, *before: EarlierEvaluation, day: int | None = None, **changed: object
) -> Proposal:
    findings: dict[str, object] = {
        "on": after(
            DAY[evaluation[:2] if evaluation.startswith("AS") else evaluation] if day is None else day
        ),
        "local_call": "0",
        "dist_call": "0",
        "passable": "yes",
        "bx_result": "none",
        "bx_adequate": "yes",
        "pet_done": True,
        "eus_done": True,
    }
    return propose_outcome(evaluation=evaluation, earlier=before, **(DECIDED | findings | changed))


POSITIVE_NODE = Signs(cytology=frozenset({Cytology.POSITIVE}))
CLEAR_CRE1 = earlier("CRE1", Outcome.CCR_SO_FAR)
UNCERTAIN_CRE1 = earlier("CRE1", Outcome.PROCEED_TO_CRE2)
NOT_EVALUABLE_CRE1 = earlier("CRE1", Outcome.NOT_EVALUABLE)
CCR = earlier("CRE2", Outcome.CCR)
SURVEILLED = (CLEAR_CRE1, CCR)

# Evaluation, what came before, what is different from a clear evaluation, outcome, rules.
CASES: list[tuple[str, tuple[EarlierEvaluation, ...], dict[str, object], Outcome | None, tuple[Because, ...]]] = [
    # rule 1: distant disease goes before everything else
    ("CRE1", (), {"dist_call": "1"}, Outcome.DISTANT, (Because.DISTANT_PROVEN,)),
    ("CRE2", (CLEAR_CRE1,), {"dist_call": "1", "local_call": "1"}, Outcome.DISTANT, (Because.DISTANT_PROVEN,)),
    ("AS", SURVEILLED, {"dist_call": "1", "passable": "no"}, Outcome.DISTANT, (Because.DISTANT_PROVEN,)),
    ("RST", (), {"dist_call": "1"}, Outcome.DISTANT, (Because.DISTANT_PROVEN,)),
    # rule 2: proven residue, and the setting about suspicion without proof
    ("CRE1", (), {"local_call": "1"}, Outcome.NON_CCR, (Because.PRIMARY_PROVEN,)),
    ("CRE1", (), {"local_call": "2"}, Outcome.NON_CCR, (Because.NODE_PROVEN,)),
    ("CRE2", (CLEAR_CRE1,), {"local_call": "1"}, Outcome.NON_CCR, (Because.PRIMARY_PROVEN,)),
    ("CRE2", (CLEAR_CRE1,), {"local_call": "1", "passable": "no"}, Outcome.NON_CCR, (Because.PRIMARY_PROVEN,)),
    ("CRE1", (), {"local_call": "3"}, Outcome.NON_CCR, (Because.SUSPECTED_WITHOUT_PROOF,)),
    ("CRE1", (), {"local_call": "3", "suspected_is_non_ccr": False}, Outcome.UNCERTAIN_REPEAT,
     (Because.SUSPECTED_UNDECIDED,)),
    ("CRE2", (CLEAR_CRE1,), {"local_call": "3", "suspected_is_non_ccr": False}, Outcome.UNCERTAIN_REPEAT,
     (Because.SUSPECTED_UNDECIDED,)),
    ("RST", (), {"local_call": "3", "suspected_is_non_ccr": False}, Outcome.UNCERTAIN_REPEAT,
     (Because.SUSPECTED_UNDECIDED,)),
    ("CRE2", (CLEAR_CRE1,), {"local_call": "0", "bx_result": "scc"}, Outcome.NON_CCR, (Because.BIOPSY_CARCINOMA,)),
    ("CRE2", (CLEAR_CRE1,), {"local_call": None, "bx_result": "scc"}, Outcome.NON_CCR, (Because.BIOPSY_CARCINOMA,)),
    ("CRE2", (CLEAR_CRE1,), {"signs": POSITIVE_NODE}, Outcome.NON_CCR, (Because.CYTOLOGY_POSITIVE,)),
    ("RST", (), {"local_call": "1"}, Outcome.RST_RESIDUE, (Because.PRIMARY_PROVEN,)),
    # rule 2 after a declared complete response
    ("AS-06", SURVEILLED, {"local_call": "1"}, Outcome.REGROWTH, (Because.PRIMARY_PROVEN, Because.AFTER_CCR)),
    ("AS-60", SURVEILLED, {"local_call": "2"}, Outcome.REGROWTH, (Because.NODE_PROVEN, Because.AFTER_CCR)),
    ("AS", SURVEILLED, {"local_call": "3"}, Outcome.REGROWTH, (Because.SUSPECTED_IN_SURVEILLANCE, Because.AFTER_CCR)),
    ("AS", SURVEILLED, {"local_call": "3", "suspected_is_non_ccr": False}, Outcome.REGROWTH,
     (Because.SUSPECTED_IN_SURVEILLANCE, Because.AFTER_CCR)),
    ("AS", (), {"local_call": "3", "suspected_is_non_ccr": False}, Outcome.NON_CCR,  # surgery declined, no cCR
     (Because.SUSPECTED_IN_SURVEILLANCE,)),
    ("AS", (CLEAR_CRE1,), {"local_call": "3", "suspected_is_non_ccr": False}, Outcome.NON_CCR,
     (Because.SUSPECTED_IN_SURVEILLANCE,)),
    ("AS", SURVEILLED, {"local_call": "3", "suspected_is_regrowth": False}, Outcome.UNCERTAIN_REPEAT,
     (Because.SUSPECTED_UNDECIDED,)),
    ("AS", (), {"local_call": "3", "suspected_is_regrowth": False, "suspected_is_non_ccr": False},
     Outcome.UNCERTAIN_REPEAT, (Because.SUSPECTED_UNDECIDED,)),
    ("AS", (), {"local_call": "3", "suspected_is_regrowth": False}, Outcome.NON_CCR,
     (Because.SUSPECTED_WITHOUT_PROOF,)),
    ("UNS", SURVEILLED, {"local_call": "1", "day": 150}, Outcome.REGROWTH,
     (Because.PRIMARY_PROVEN, Because.AFTER_CCR)),
    ("AS", (), {"ccr_declared": True, "local_call": "1"}, Outcome.REGROWTH,
     (Because.PRIMARY_PROVEN, Because.AFTER_CCR)),
    ("AS", (CLEAR_CRE1,), {"local_call": "1"}, Outcome.NON_CCR, (Because.PRIMARY_PROVEN,)),  # X038: residual
    # rule 3: not evaluable
    ("CRE1", (), {"passable": "no"}, Outcome.NOT_EVALUABLE, (Because.LUMEN_NOT_PASSABLE,)),
    ("CRE1", (), {"bx_result": "nd", "bx_adequate": None}, Outcome.NOT_EVALUABLE, (Because.BIOPSY_NOT_DONE,)),
    ("CRE1", (), {"bx_adequate": "insufficient"}, Outcome.NOT_EVALUABLE, (Because.BIOPSY_INSUFFICIENT,)),
    ("CRE1", (), {"local_call": "5"}, Outcome.NOT_EVALUABLE, (Because.LOCAL_NOT_EVALUABLE,)),
    ("CRE1", (), {"fna_missing": True}, Outcome.NOT_EVALUABLE, (Because.FNA_MISSING,)),
    ("CRE2", (CLEAR_CRE1,), {"pet_done": False}, Outcome.NOT_EVALUABLE, (Because.PET_MISSING,)),
    ("CRE2", (CLEAR_CRE1,), {"eus_done": "N"}, Outcome.NOT_EVALUABLE, (Because.EUS_MISSING,)),
    ("AS", SURVEILLED, {"pet_done": "N", "eus_done": False}, Outcome.NOT_EVALUABLE,
     (Because.PET_MISSING, Because.EUS_MISSING)),
    ("AS", SURVEILLED, {"passable": "no"}, Outcome.NOT_EVALUABLE, (Because.LUMEN_NOT_PASSABLE,)),
    ("CRE2", (CLEAR_CRE1,), {"passable": "no", "bx_result": "hgd"}, Outcome.NOT_EVALUABLE,
     (Because.LUMEN_NOT_PASSABLE,)),
    # ... while CRE1 and restaging need no PET-CT and no EUS
    ("CRE1", (), {"pet_done": False, "eus_done": False}, Outcome.CCR_SO_FAR,
     (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("RST", (), {"pet_done": False, "eus_done": None}, Outcome.RST_CLEAR,
     (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    # rule 4: uncertain
    ("CRE1", (), {"bx_result": "hgd"}, Outcome.PROCEED_TO_CRE2, (Because.BIOPSY_HIGH_GRADE,)),
    ("CRE1", (), {"bx_result": "uncertain"}, Outcome.PROCEED_TO_CRE2, (Because.BIOPSY_UNCERTAIN,)),
    ("CRE1", (), {"local_call": "4"}, Outcome.PROCEED_TO_CRE2, (Because.LOCAL_UNCERTAIN,)),
    ("CRE1", (), {"dist_call": "2"}, Outcome.UNCERTAIN_REPEAT, (Because.DISTANT_SUSPECT,)),
    ("CRE2", (CLEAR_CRE1,), {"bx_result": "hgd"}, Outcome.UNCERTAIN_REPEAT, (Because.BIOPSY_HIGH_GRADE,)),
    ("CRE2", (UNCERTAIN_CRE1,), {"bx_result": "hgd"}, Outcome.UNCERTAIN_REPEAT, (Because.BIOPSY_HIGH_GRADE,)),
    ("CRE2", (CLEAR_CRE1,), {"dist_call": "2"}, Outcome.UNCERTAIN_REPEAT, (Because.DISTANT_SUSPECT,)),
    ("AS", SURVEILLED, {"bx_result": "uncertain"}, Outcome.UNCERTAIN_REPEAT, (Because.BIOPSY_UNCERTAIN,)),
    ("RST", (), {"bx_result": "uncertain"}, Outcome.UNCERTAIN_REPEAT, (Because.BIOPSY_UNCERTAIN,)),
    ("UNS", (), {"bx_result": "hgd"}, Outcome.PROCEED_TO_CRE2, (Because.BIOPSY_HIGH_GRADE,)),
    # ... and what is still uncertain on repetition is not a complete response
    ("UNS", (CLEAR_CRE1, earlier("CRE2", Outcome.UNCERTAIN_REPEAT)), {"bx_result": "hgd", "day": 105},
     Outcome.NON_CCR, (Because.BIOPSY_HIGH_GRADE, Because.UNCERTAIN_PERSISTS)),
    ("UNS", (earlier("CRE2", Outcome.UNCERTAIN_REPEAT), earlier("UNS", Outcome.NOT_EVALUABLE, 100)),
     {"bx_result": "uncertain", "day": 110}, Outcome.NON_CCR,
     (Because.BIOPSY_UNCERTAIN, Because.UNCERTAIN_PERSISTS)),
    ("UNS", (*SURVEILLED, earlier("AS", Outcome.UNCERTAIN_REPEAT)), {"bx_result": "hgd", "day": 210},
     Outcome.REGROWTH, (Because.BIOPSY_HIGH_GRADE, Because.UNCERTAIN_PERSISTS, Because.AFTER_CCR)),
    ("UNS", (*SURVEILLED, earlier("AS", Outcome.UNCERTAIN_REPEAT)), {"bx_result": "uncertain", "day": 210},
     Outcome.UNCERTAIN_REPEAT, (Because.BIOPSY_UNCERTAIN, Because.UNCERTAIN_PERSISTS)),
    ("UNS", (earlier("CRE2", Outcome.UNCERTAIN_REPEAT),), {"dist_call": "2", "day": 105},
     Outcome.UNCERTAIN_REPEAT, (Because.DISTANT_SUSPECT,)),
    # rule 5: clear
    ("CRE1", (), {}, Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("CRE1", (), {"passable": "thin", "bx_result": "lgd", "bx_adequate": "superficial"}, Outcome.CCR_SO_FAR,
     (Because.CLEAR, Because.FIRST_CLEAR_LOOK, Because.THIN_SCOPE_ONLY)),
    ("RST", (), {}, Outcome.RST_CLEAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("CRE2", (CLEAR_CRE1,), {}, Outcome.CCR, (Because.CLEAR, Because.CRE1_ALSO_CLEAR)),
    ("AS", SURVEILLED, {}, Outcome.PERSISTENT_CCR, (Because.CLEAR, Because.CCR_HOLDS)),
    ("AS-12", (*SURVEILLED, earlier("AS", Outcome.PERSISTENT_CCR)), {"day": 365}, Outcome.PERSISTENT_CCR,
     (Because.CLEAR, Because.CCR_HOLDS)),
    ("AS", (), {"ccr_declared": True}, Outcome.PERSISTENT_CCR, (Because.CLEAR, Because.CCR_HOLDS)),
    ("UNS", SURVEILLED, {"day": 150}, Outcome.PERSISTENT_CCR, (Because.CLEAR, Because.CCR_HOLDS)),
    # ... a CRE1 that was skipped, uncertain or not evaluable: two clear looks four weeks apart
    ("CRE2", (), {}, Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("CRE2", (UNCERTAIN_CRE1,), {}, Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("CRE2", (NOT_EVALUABLE_CRE1,), {}, Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("UNS", (earlier("CRE2", Outcome.CCR_SO_FAR),), {"day": 77 + 28}, Outcome.CCR,
     (Because.CLEAR, Because.TWO_CLEAR_LOOKS_APART)),
    ("UNS", (earlier("CRE2", Outcome.CCR_SO_FAR),), {"day": 77 + 27}, Outcome.CCR_SO_FAR,
     (Because.CLEAR, Because.CLEAR_LOOKS_TOO_CLOSE)),
    ("CRE2", (NOT_EVALUABLE_CRE1, earlier("UNS", Outcome.CCR_SO_FAR, 49)), {}, Outcome.CCR,
     (Because.CLEAR, Because.TWO_CLEAR_LOOKS_APART)),
    ("CRE2", (NOT_EVALUABLE_CRE1, earlier("UNS", Outcome.CCR_SO_FAR, 50)), {}, Outcome.CCR_SO_FAR,
     (Because.CLEAR, Because.CLEAR_LOOKS_TOO_CLOSE)),
    ("UNS", (earlier("CRE2", Outcome.CCR_SO_FAR),), {"on": None}, None, (Because.UNANSWERED_DATE,)),
    ("AS", (earlier("RST", Outcome.RST_CLEAR),), {}, Outcome.CCR, (Because.CLEAR, Because.TWO_CLEAR_LOOKS_APART)),
    # ... a repeated CRE2 stands for CRE2, an unscheduled look before it for CRE1
    ("UNS", (CLEAR_CRE1, earlier("CRE2", Outcome.UNCERTAIN_REPEAT)), {"day": 105}, Outcome.CCR,
     (Because.CLEAR, Because.CRE1_ALSO_CLEAR)),
    ("UNS", (CLEAR_CRE1,), {}, Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    # ... and a positive evaluation in between counts everything before it out
    ("AS", (CLEAR_CRE1, earlier("CRE2", Outcome.NON_CCR)), {}, Outcome.CCR_SO_FAR,
     (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    ("AS", (*SURVEILLED, earlier("UNS", Outcome.REGROWTH, 150)), {}, Outcome.CCR_SO_FAR,
     (Because.CLEAR, Because.FIRST_CLEAR_LOOK)),
    # nothing is proposed while an answer that decides is missing
    ("CRE1", (), {"dist_call": None, "local_call": "1"}, None, (Because.UNANSWERED_DISTANT,)),
    ("CRE1", (), {"local_call": None}, None, (Because.UNANSWERED_LOCAL,)),
    ("CRE1", (), {"passable": None}, None, (Because.UNANSWERED_LUMEN,)),
    ("CRE1", (), {"bx_result": None, "bx_adequate": None}, None, (Because.UNANSWERED_BIOPSY,)),
    ("CRE1", (), {"bx_adequate": ""}, None, (Because.UNANSWERED_ADEQUACY,)),
    ("CRE2", (CLEAR_CRE1,), {"pet_done": None, "eus_done": None}, None,
     (Because.UNANSWERED_PET, Because.UNANSWERED_EUS)),
    ("CRE1", (), {"passable": None, "bx_result": "nd"}, Outcome.NOT_EVALUABLE, (Because.BIOPSY_NOT_DONE,)),
]  # fmt: skip


@pytest.mark.parametrize(("evaluation", "before", "changed", "outcome", "because"), CASES)
def test_the_rule_engine(
    evaluation: str,
    before: tuple[EarlierEvaluation, ...],
    changed: dict[str, object],
    outcome: Outcome | None,
    because: tuple[Because, ...],
) -> None:
    assert propose(evaluation, *before, **changed) == Proposal(outcome, because)


def test_evaluations_after_this_one_do_not_count() -> None:
    assert propose("CRE2", CLEAR_CRE1, earlier("AS", Outcome.PERSISTENT_CCR)).code is Outcome.CCR


def test_an_evaluation_earlier_on_the_same_day_counts() -> None:
    assert propose("CRE2", earlier("CRE1", Outcome.CCR_SO_FAR, DAY["CRE2"])).code is Outcome.CCR


def test_the_gap_between_clear_looks_is_a_setting() -> None:
    before = earlier("CRE2", Outcome.CCR_SO_FAR)
    assert propose("UNS", before, day=77 + 28, weeks_between_clear=6).code is Outcome.CCR_SO_FAR


@pytest.mark.parametrize(
    ("variable", "code"),
    [
        ("passable", "perhaps"),
        ("bx_result", "clean"),
        ("local_call", "9"),
        ("dist_call", "x"),
        ("bx_adequate", "so"),
    ],
)
def test_a_code_that_the_form_does_not_have_never_passes_as_clear(variable: str, code: str) -> None:
    with pytest.raises(ValueError, match=code):
        propose("CRE2", CLEAR_CRE1, **{variable: code})


@pytest.mark.parametrize(
    ("code", "evaluation"),
    [("CRE1", EvaluationType.CRE1), ("CRE-2", EvaluationType.CRE2), ("AS-06", EvaluationType.SURVEILLANCE),
     ("AS", EvaluationType.SURVEILLANCE), ("rst", EvaluationType.RESTAGING), ("UNS", EvaluationType.UNSCHEDULED)],
)  # fmt: skip
def test_the_kind_of_an_evaluation(code: str, evaluation: EvaluationType) -> None:
    assert evaluation_of(code) is evaluation


FINDINGS = st.fixed_dictionaries(
    {
        "local_call": st.sampled_from([None, *Local]),
        "dist_call": st.sampled_from([None, *Distant]),
        "passable": st.sampled_from([None, *Lumen]),
        "bx_result": st.sampled_from([None, *Biopsy]),
        "bx_adequate": st.sampled_from([None, *Adequacy]),
        "pet_done": st.sampled_from([None, True, False]),
        "eus_done": st.sampled_from([None, True, False]),
        "fna_missing": st.booleans(),
        "signs": st.builds(
            Signs,
            look=st.sampled_from([None, *Look]),
            uptake=st.sampled_from([None, *Uptake]),
            lesion=st.sampled_from([None, *Lesion]),
            cytology=st.frozensets(st.sampled_from(list(Cytology))),
            node_left=st.booleans(),
            is_thick=st.booleans(),
        ),
        "suspected_is_non_ccr": st.booleans(),
        "suspected_is_regrowth": st.booleans(),
        "superficial_is_evaluable": st.booleans(),
    }
)
HISTORIES = st.lists(
    st.builds(
        EarlierEvaluation,
        st.sampled_from(list(EvaluationType)),
        st.integers(30, 400).map(after),
        st.sampled_from(list(Outcome)),
    ),
    max_size=4,
)


@pytest.mark.parametrize("evaluation", EvaluationType)
def test_rare_11_an_outcome_of_restaging_shares_no_code_with_another_evaluation(
    evaluation: EvaluationType,
) -> None:
    """One look before a planned operation is no first look on the way to a cCR (protocol 6.3)."""
    clear, residue = propose(evaluation), propose(evaluation, local_call="1")
    of_restaging = {Outcome.RST_CLEAR, Outcome.RST_RESIDUE}
    if evaluation is EvaluationType.RESTAGING:
        assert (clear.code, residue.code) == (Outcome.RST_CLEAR, Outcome.RST_RESIDUE)
        assert not of_restaging & set(IMPOSSIBLE_AT[evaluation])
        assert {Outcome.CCR_SO_FAR, Outcome.CCR, Outcome.NON_CCR} < set(IMPOSSIBLE_AT[evaluation])
        return
    assert not {clear.code, residue.code} & of_restaging
    assert evaluation is EvaluationType.UNSCHEDULED or of_restaging < set(IMPOSSIBLE_AT[evaluation])


def test_rare_11_what_repeats_restaging_is_judged_as_restaging() -> None:
    """Before, Arm 2 was told to go on to CRE-2, which it never has."""
    doubtful = earlier("RST", Outcome.UNCERTAIN_REPEAT, 35)
    assert propose("UNS", doubtful, day=63).code is Outcome.RST_CLEAR
    assert propose("UNS", doubtful, day=63, local_call="1").code is Outcome.RST_RESIDUE
    unread = earlier("RST", Outcome.NOT_EVALUABLE, 35)
    assert propose("UNS", unread, day=63, bx_result="uncertain").code is Outcome.UNCERTAIN_REPEAT
    assert propose("UNS", unread, earlier("AS", Outcome.CCR_SO_FAR, 70), day=80).code is Outcome.CCR_SO_FAR


COMPLETE = (Outcome.CCR, Outcome.PERSISTENT_CCR)


@given(st.sampled_from(list(EvaluationType)), HISTORIES, FINDINGS)
def test_a_complete_response_always_rests_on_everything_it_needs(
    evaluation: EvaluationType, before: list[EarlierEvaluation], findings: dict[str, object]
) -> None:
    proposal = propose_outcome(evaluation=evaluation, on=after(401), earlier=before, **(DECIDED | findings))
    assert proposal.reasons
    if proposal.code not in COMPLETE:
        return
    assert findings["dist_call"] == Distant.NONE
    assert findings["passable"] in (Lumen.PASSABLE, Lumen.THIN_SCOPE)
    assert findings["bx_result"] in (Biopsy.CLEAR, Biopsy.LOW_GRADE)
    assert not findings["fna_missing"]
    assert findings["local_call"] == Local.NO_EVIDENCE
    signs: Any = findings["signs"]
    assert signs.look not in (Look.MASS, Look.NODULE)
    assert signs.look not in (Look.ULCER, Look.STRICTURE) or findings["bx_adequate"] == Adequacy.YES
    assert signs.uptake is not Uptake.FOCAL
    assert signs.lesion in (None, Lesion.NONE)
    assert signs.cytology <= {Cytology.NEGATIVE}
    assert not signs.node_left
    assert not signs.is_thick
    assert any(each.outcome in (Outcome.CCR_SO_FAR, *COMPLETE) for each in before)


@given(FINDINGS)
def test_cre1_alone_never_declares_a_complete_response(findings: dict[str, object]) -> None:
    assert propose_outcome(evaluation="CRE1", on=after(35), **(DECIDED | findings)).code not in COMPLETE


SEEN: list[tuple[Signs, Because]] = [
    (Signs(look=Look.MASS), Because.BED_SUSPECT),
    (Signs(look=Look.NODULE), Because.BED_SUSPECT),
    (Signs(uptake=Uptake.FOCAL), Because.UPTAKE_FOCAL),
    (Signs(node_left=True), Because.NODE_NOT_CLEARED),
    (Signs(cytology=frozenset({Cytology.ATYPIA})), Because.CYTOLOGY_ATYPIA),
    (Signs(lesion=Lesion.SUSPECT), Because.DISTANT_SUSPECT),
    (Signs(is_thick=True), Because.WALL_THICK),
]


@pytest.mark.parametrize(("signs", "because"), SEEN)
def test_point_14_what_speaks_for_tumour_is_never_clear_though_the_status_says_so(
    signs: Signs, because: Because
) -> None:
    """A mass, focal uptake, a node or lesion that is not cleared: uncertain in every phase (local_call is 0)."""
    first = propose("CRE1", signs=signs)
    assert first == Proposal(Outcome.UNCERTAIN_REPEAT, (because,))
    for evaluation, before in (("CRE2", (CLEAR_CRE1,)), ("AS", SURVEILLED), ("RST", ()), ("UNS", SURVEILLED)):
        found = propose(evaluation, *before, day=400, signs=signs)
        assert found == Proposal(Outcome.UNCERTAIN_REPEAT, (because,)), evaluation


def test_point_14_to_see_it_again_makes_no_residue() -> None:
    again = (CLEAR_CRE1, earlier("CRE2", Outcome.UNCERTAIN_REPEAT))
    assert propose("UNS", *again, day=105, signs=Signs(look=Look.MASS)).code is Outcome.UNCERTAIN_REPEAT


def test_point_14_superficial_biopsies_and_an_inadequate_aspiration_are_not_evaluable() -> None:
    signs = Signs(look=Look.MASS, uptake=Uptake.FOCAL, cytology=frozenset({Cytology.INADEQUATE}))
    found = propose("AS", *SURVEILLED, bx_adequate="superficial", signs=signs)
    assert found.code is Outcome.NOT_EVALUABLE
    assert set(found.reasons) == {
        *(Because.BIOPSY_SUPERFICIAL, Because.FNA_INADEQUATE, Because.BED_SUSPECT, Because.UPTAKE_FOCAL),
    }
    for evaluation, before in (("CRE2", (CLEAR_CRE1,)), ("AS", SURVEILLED)):
        shallow = propose(evaluation, *before, bx_adequate="superficial")
        assert shallow == Proposal(Outcome.NOT_EVALUABLE, (Because.BIOPSY_SUPERFICIAL,))
    assert propose("CRE1", bx_adequate="superficial").code is Outcome.CCR_SO_FAR
    let = propose("CRE2", CLEAR_CRE1, bx_adequate="superficial", superficial_is_evaluable=True)
    assert let.code is Outcome.CCR


@pytest.mark.parametrize("look", [Look.ULCER, Look.STRICTURE])
def test_point_14_an_ulcer_with_deep_negative_biopsies_does_not_bar_a_ccr(look: Look) -> None:
    assert propose("CRE2", CLEAR_CRE1, signs=Signs(look=look)).code is Outcome.CCR
    shallow = propose("CRE1", signs=Signs(look=look), bx_adequate="superficial")
    assert shallow == Proposal(Outcome.UNCERTAIN_REPEAT, (Because.BED_NOT_PROVEN_CLEAR,))


def test_point_14_a_proven_lesion_is_distant_whatever_the_status_says() -> None:
    found = propose("AS", *SURVEILLED, signs=Signs(lesion=Lesion.PROVEN))
    assert found == Proposal(Outcome.DISTANT, (Because.DISTANT_PROVEN,))


def test_point_14_a_lumen_for_a_thin_scope_alone_is_evaluable_and_flagged() -> None:
    found = propose("CRE2", CLEAR_CRE1, passable="thin")
    assert found.code is Outcome.CCR
    assert found.reasons[-1] is Because.THIN_SCOPE_ONLY


@pytest.mark.parametrize(("signs", "because"), SEEN)
@pytest.mark.parametrize("doubt", [{}, {"bx_result": "hgd"}, {"bx_result": "uncertain"}, {"local_call": "4"}])
def test_point_14_a_sign_of_tumour_at_cre1_is_looked_at_again_before_cre2(
    signs: Signs, because: Because, doubt: dict[str, str]
) -> None:
    """Doubt about tissue alone goes on to CRE-2; what speaks for tumour is repeated within 4 weeks (decision B1)."""
    found = propose("CRE1", signs=signs, **doubt)
    assert found.code is Outcome.UNCERTAIN_REPEAT
    assert because in found.reasons
    if doubt:
        assert propose("CRE1", **doubt).code is Outcome.PROCEED_TO_CRE2


@given(
    evaluation=st.sampled_from(["CRE1", "CRE2", "AS", "RST", "UNS"]),
    local=st.sampled_from(["0", "1", "2", "3", "4", "5"]),
    distant=st.sampled_from(["0", "1", "2"]),
    biopsy=st.sampled_from(["none", "scc", "hgd", "uncertain", "nd"]),
    adequate=st.sampled_from(["yes", "superficial", "insufficient"]),
    look=st.sampled_from([None, *Look]),
    uptake=st.sampled_from([None, *Uptake]),
    off=st.booleans(),
)
def test_point_14_no_rule_proposes_what_an_evaluation_cannot_have(
    evaluation: str,
    local: str,
    distant: str,
    biopsy: str,
    adequate: str,
    look: Look | None,
    uptake: Uptake | None,
    off: bool,
) -> None:
    """Every proposal is among the outcomes offered, after the evaluations that can come before."""
    before = {
        "CRE2": [(), (CLEAR_CRE1,), (UNCERTAIN_CRE1,)],
        "AS": [SURVEILLED, (CLEAR_CRE1,)],
        "UNS": [(), (CLEAR_CRE1,), SURVEILLED],
    }.get(evaluation, [()])
    kind = EvaluationType(evaluation)
    for earlier_ones in before:
        found = propose(
            evaluation,
            *earlier_ones,
            day=400,
            local_call=local,
            dist_call=distant,
            bx_result=biopsy,
            bx_adequate=adequate,
            suspected_is_non_ccr=not off,
            suspected_is_regrowth=not off,
            signs=Signs(look=look, uptake=uptake),
        )
        assert found.code not in IMPOSSIBLE_AT[kind]
        speaks = look in (Look.MASS, Look.NODULE) or uptake is Uptake.FOCAL or distant == "2"
        assert not (
            speaks and found.code in {*DECLARED_OUTCOMES, Outcome.CCR_SO_FAR, Outcome.PROCEED_TO_CRE2}
        )
