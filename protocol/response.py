"""The outcome that the findings of a clinical response evaluation propose (protocol 3.7, rule engine).

The investigator confirms or overrules the proposal; nothing here decides for a participant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from protocol.partial_dates import yes_no
from protocol.response_reasons import Because

Code = TypeVar("Code", bound=StrEnum)


class Outcome(StrEnum):
    """What an evaluation can end in (protocol 3.7, cre_outcome)."""

    CCR_SO_FAR = "CCR_SO_FAR"  # clear, but one look is never a complete response
    CCR = "CCR"
    PERSISTENT_CCR = "PERSISTENT_CCR"
    NON_CCR = "NON_CCR"
    REGROWTH = "REGROWTH"
    DISTANT = "DISTANT"
    UNCERTAIN_REPEAT = "UNCERTAIN_REPEAT"
    NOT_EVALUABLE = "NOT_EVALUABLE"
    PROCEED_TO_CRE2 = "PROCEED_TO_CRE2"
    RST_CLEAR = "RST_CLEAR"  # one look before an operation that was planned from the start: descriptive (6.3)
    RST_RESIDUE = "RST_RESIDUE"


class EvaluationType(StrEnum):
    """Which evaluation it is (protocol 3.7, cre_type)."""

    CRE1 = "CRE1"
    CRE2 = "CRE2"
    SURVEILLANCE = "AS"
    RESTAGING = "RST"
    UNSCHEDULED = "UNS"


class Local(StrEnum):
    """Locoregional status (protocol 3.7, local_call)."""

    NO_EVIDENCE = "0"
    PROVEN_PRIMARY = "1"
    PROVEN_NODE = "2"
    SUSPECTED = "3"
    UNCERTAIN = "4"
    NOT_EVALUABLE = "5"


class Distant(StrEnum):
    """Distant status (protocol 3.7, dist_call)."""

    NONE = "0"
    PROVEN = "1"
    SUSPECT = "2"


class Lumen(StrEnum):
    """Whether the scope passes (protocol 3.7, passable)."""

    PASSABLE = "yes"
    THIN_SCOPE = "thin"
    NOT_PASSABLE = "no"


class Biopsy(StrEnum):
    """Worst biopsy result (protocol 3.7, bx_result)."""

    CLEAR = "none"
    LOW_GRADE = "lgd"
    HIGH_GRADE = "hgd"
    CARCINOMA = "scc"
    UNCERTAIN = "uncertain"
    NOT_DONE = "nd"


class Adequacy(StrEnum):
    """Whether the biopsies represent the tumour bed (protocol 3.7, bx_adequate)."""

    YES = "yes"
    SUPERFICIAL = "superficial"
    INSUFFICIENT = "insufficient"


class Look(StrEnum):
    """What the tumour bed looks like (protocol 3.7, look)."""

    NORMAL = "normal"
    SCAR = "scar"
    ULCER = "ulcer"
    NODULE = "nodule"
    MASS = "mass"
    STRICTURE = "stricture"


class Uptake(StrEnum):
    """Uptake at the primary site (protocol 3.7, pet_prim)."""

    NONE = "none"
    DIFFUSE = "diffuse"
    FOCAL = "focal"


class Lesion(StrEnum):
    """A distant lesion on PET-CT (protocol 3.7, pet_dm)."""

    NONE = "none"
    SUSPECT = "suspect"
    PROVEN = "proven"


class Cytology(StrEnum):
    """What the aspiration of a suspect node found (protocol 3.7, eus_nodes)."""

    NEGATIVE = "negative"
    ATYPIA = "atypia"
    POSITIVE = "positive"
    INADEQUATE = "inadequate"


@dataclass(frozen=True, slots=True)
class EarlierEvaluation:
    """An evaluation before this one, with the outcome the investigator confirmed (protocol 3.7)."""

    evaluation: str
    on: date
    outcome: str


@dataclass(frozen=True, slots=True)
class EvaluationFindings:
    """What this evaluation found, in the words of the form (protocol 3.7)."""

    evaluation: EvaluationType
    on: date | None
    local: Local | None
    distant: Distant | None
    lumen: Lumen | None
    biopsy: Biopsy | None
    adequacy: Adequacy | None
    pet_done: bool | None
    eus_done: bool | None
    fna_missing: bool
    signs: "Signs"


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for tumour beside biopsy and status, as endoscopy, PET-CT and endosonography saw it (protocol 3.7).

    ``cytology`` is what the aspirations of suspect nodes found; ``node_left`` says that a node which PET-CT or
    endosonography suspects was cleared by none; ``is_thick`` that the wall is above a limit of the text.
    """

    look: Look | None = None
    uptake: Uptake | None = None
    lesion: Lesion | None = None
    cytology: frozenset[Cytology] = frozenset()
    node_left: bool = False
    is_thick: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed outcome, ``None`` while an answer it needs is missing, and the rules that led to it."""

    code: Outcome | None
    reasons: tuple[Because, ...]


NO_SIGNS = Signs()
CLEAR_OUTCOMES = (Outcome.CCR_SO_FAR, Outcome.CCR, Outcome.PERSISTENT_CCR, Outcome.RST_CLEAR)
DECLARED_OUTCOMES = (Outcome.CCR, Outcome.PERSISTENT_CCR)
POSITIVE_OUTCOMES = (Outcome.NON_CCR, Outcome.REGROWTH, Outcome.DISTANT, Outcome.RST_RESIDUE)
AT_RESTAGING = MappingProxyType({Outcome.CCR_SO_FAR: Outcome.RST_CLEAR, Outcome.NON_CCR: Outcome.RST_RESIDUE})
"""What restaging in Arm 2 calls by a code of its own: it decides on no organ preservation (protocol 3.7 A, 6.3)."""


def evaluation_of(code: str) -> EvaluationType:
    """The kind of evaluation behind a visit or form code: "CRE-1" is CRE1, "AS-06" surveillance (protocol 2.2)."""
    plain = code.upper().replace("-", "")
    return EvaluationType.SURVEILLANCE if plain.startswith("AS") else EvaluationType(plain)


def propose_outcome(  # noqa: PLR0913 - one keyword per answer of the form
    *,
    evaluation: str,
    on: date | None,
    local_call: str | None,
    dist_call: str | None,
    passable: str | None,
    bx_result: str | None,
    bx_adequate: str | None,
    pet_done: bool | str | None = None,
    eus_done: bool | str | None = None,
    fna_missing: bool = False,
    signs: Signs = NO_SIGNS,
    earlier: Sequence[EarlierEvaluation] = (),
    ccr_declared: bool = False,
    suspected_is_non_ccr: bool,
    suspected_is_regrowth: bool,
    superficial_is_evaluable: bool,
    weeks_between_clear: int,
) -> Proposal:
    """The outcome that the rule engine proposes from the findings and the earlier evaluations (protocol 3.7).

    A complete response declared earlier is read from ``earlier``; ``ccr_declared`` tells of one not among them.
    ``suspected_is_non_ccr`` decides on suspicion without proof before surveillance, ``suspected_is_regrowth`` in it;
    where they are off it is uncertain, never clear. ``fna_missing``: a suspect node was not punctured and no reason
    is given (X033). Carcinoma, positive cytology and a proven lesion are proof whatever the status says; ``signs``
    without proof make the outcome uncertain. ``superficial_is_evaluable``: shallow biopsies count in full batteries.
    A code that the form does not have is a ``ValueError``, so that it can never pass as clear.
    """
    history = _History.of(earlier, on, ccr_declared)
    findings = EvaluationFindings(
        evaluation=evaluation_of(evaluation),
        on=on,
        local=_coded(Local, local_call),
        distant=_coded(Distant, dist_call),
        lumen=_coded(Lumen, passable),
        biopsy=_coded(Biopsy, bx_result),
        adequacy=_coded(Adequacy, bx_adequate),
        pet_done=yes_no(pet_done),
        eus_done=yes_no(eus_done),
        fna_missing=fna_missing,
        signs=signs,
    )
    proposal = (
        _rule_1_distant(findings)
        or _rule_2_residue(
            findings,
            history,
            suspected_is_non_ccr=suspected_is_non_ccr,
            suspected_is_regrowth=suspected_is_regrowth,
        )
        or _rule_3_not_evaluable(findings, history, superficial_is_evaluable=superficial_is_evaluable)
        or _rule_4_uncertain(findings, history)
        or _rule_5_clear(findings, history, apart=timedelta(weeks=weeks_between_clear))
    )
    if proposal.code is None or _stands_for(findings, history) is not EvaluationType.RESTAGING:
        return proposal
    return Proposal(AT_RESTAGING.get(proposal.code, proposal.code), proposal.reasons)


def _coded(codes: type[Code], answer: str | None) -> Code | None:
    return codes(answer) if answer else None


@dataclass(frozen=True, slots=True)
class _History:
    earlier: tuple[EarlierEvaluation, ...]
    told: bool

    @classmethod
    def of(cls, earlier: Sequence[EarlierEvaluation], on: date | None, told: bool) -> "_History":
        before = (each for each in earlier if on is None or each.on <= on)
        return cls(tuple(sorted(before, key=lambda each: each.on)), told)

    @property
    def declared(self) -> bool:
        return self.told or any(each.outcome in DECLARED_OUTCOMES for each in self.earlier)

    @property
    def ccr_holds(self) -> bool:
        holds = self.told
        for each in self.earlier:
            holds = (holds or each.outcome in DECLARED_OUTCOMES) and each.outcome not in POSITIVE_OUTCOMES
        return holds

    @property
    def clear_since_last_positive(self) -> tuple[EarlierEvaluation, ...]:
        clear: list[EarlierEvaluation] = []
        for each in self.earlier:
            if each.outcome in POSITIVE_OUTCOMES:
                clear.clear()
            elif each.outcome in CLEAR_OUTCOMES:
                clear.append(each)
        return tuple(clear)

    @property
    def cre1_clear(self) -> bool:
        return any(
            evaluation_of(each.evaluation) is EvaluationType.CRE1 for each in self.clear_since_last_positive
        )

    @property
    def cre2_done(self) -> bool:
        return any(evaluation_of(each.evaluation) is EvaluationType.CRE2 for each in self.earlier)

    @property
    def only_restaged(self) -> bool:
        """Whether restaging in Arm 2 is the one step that was reached: what is repeated then is restaging."""
        steps = {evaluation_of(each.evaluation) for each in self.earlier} - {EvaluationType.UNSCHEDULED}
        return steps == {EvaluationType.RESTAGING}

    @property
    def last_was_uncertain(self) -> bool:
        evaluable = [each for each in self.earlier if each.outcome != Outcome.NOT_EVALUABLE]
        return bool(evaluable) and evaluable[-1].outcome == Outcome.UNCERTAIN_REPEAT


def _stands_for(findings: EvaluationFindings, history: _History) -> EvaluationType:
    """What an unscheduled evaluation repeats: the latest step the participant has reached."""
    if findings.evaluation is not EvaluationType.UNSCHEDULED:
        return findings.evaluation
    if history.declared:
        return EvaluationType.SURVEILLANCE
    if history.only_restaged:
        return EvaluationType.RESTAGING
    return EvaluationType.CRE2 if history.cre2_done else EvaluationType.CRE1


def _rule_1_distant(findings: EvaluationFindings) -> Proposal | None:
    if findings.distant == Distant.PROVEN or findings.signs.lesion == Lesion.PROVEN:
        return Proposal(Outcome.DISTANT, (Because.DISTANT_PROVEN,))
    return Proposal(None, (Because.UNANSWERED_DISTANT,)) if findings.distant is None else None


def _rule_2_residue(
    findings: EvaluationFindings,
    history: _History,
    *,
    suspected_is_non_ccr: bool,
    suspected_is_regrowth: bool,
) -> Proposal | None:
    proof = _proof(findings)
    if not proof and findings.local is None:
        return Proposal(None, (Because.UNANSWERED_LOCAL,))
    if not proof and findings.local == Local.SUSPECTED:
        # Surveillance can be entered without a cCR, by declining surgery: suspicion counts there as well.
        surveilled = history.declared or findings.evaluation is EvaluationType.SURVEILLANCE
        if suspected_is_non_ccr and not history.declared:
            proof = (Because.SUSPECTED_WITHOUT_PROOF,)
        elif surveilled and suspected_is_regrowth:
            proof = (Because.SUSPECTED_IN_SURVEILLANCE,)
    if not proof:
        return None
    if history.declared:
        return Proposal(Outcome.REGROWTH, (*proof, Because.AFTER_CCR))
    return Proposal(Outcome.NON_CCR, proof)


def _proof(findings: EvaluationFindings) -> tuple[Because, ...]:
    proofs = (
        (findings.local == Local.PROVEN_PRIMARY, Because.PRIMARY_PROVEN),
        (findings.local == Local.PROVEN_NODE, Because.NODE_PROVEN),
        (findings.biopsy == Biopsy.CARCINOMA, Because.BIOPSY_CARCINOMA),
        (Cytology.POSITIVE in findings.signs.cytology, Because.CYTOLOGY_POSITIVE),
    )
    return tuple(reason for holds, reason in proofs if holds)


def _rule_3_not_evaluable(
    findings: EvaluationFindings, history: _History, *, superficial_is_evaluable: bool
) -> Proposal | None:
    needs_battery = _stands_for(findings, history) in (EvaluationType.CRE2, EvaluationType.SURVEILLANCE)
    biopsied = findings.biopsy not in (None, Biopsy.NOT_DONE)
    too_superficial = findings.adequacy == Adequacy.SUPERFICIAL and not superficial_is_evaluable
    lacks = (
        (findings.local == Local.NOT_EVALUABLE, Because.LOCAL_NOT_EVALUABLE),
        (findings.lumen == Lumen.NOT_PASSABLE, Because.LUMEN_NOT_PASSABLE),
        (findings.biopsy == Biopsy.NOT_DONE, Because.BIOPSY_NOT_DONE),
        (biopsied and findings.adequacy == Adequacy.INSUFFICIENT, Because.BIOPSY_INSUFFICIENT),
        (biopsied and needs_battery and too_superficial, Because.BIOPSY_SUPERFICIAL),
        (needs_battery and findings.pet_done is False, Because.PET_MISSING),
        (needs_battery and findings.eus_done is False, Because.EUS_MISSING),
        (findings.fna_missing, Because.FNA_MISSING),
        (Cytology.INADEQUATE in findings.signs.cytology, Because.FNA_INADEQUATE),
    )
    reasons = tuple(reason for holds, reason in lacks if holds)
    if reasons:
        return Proposal(Outcome.NOT_EVALUABLE, (*reasons, *_speaking_for_tumour(findings)))
    open_answers = (
        (findings.lumen is None, Because.UNANSWERED_LUMEN),
        (findings.biopsy is None, Because.UNANSWERED_BIOPSY),
        (biopsied and findings.adequacy is None, Because.UNANSWERED_ADEQUACY),
        (needs_battery and findings.pet_done is None, Because.UNANSWERED_PET),
        (needs_battery and findings.eus_done is None, Because.UNANSWERED_EUS),
    )
    unanswered = tuple(reason for holds, reason in open_answers if holds)
    return Proposal(None, unanswered) if unanswered else None


def _rule_4_uncertain(findings: EvaluationFindings, history: _History) -> Proposal | None:
    tissue = tuple(
        reason
        for holds, reason in (
            (findings.biopsy == Biopsy.HIGH_GRADE, Because.BIOPSY_HIGH_GRADE),
            (findings.biopsy == Biopsy.UNCERTAIN, Because.BIOPSY_UNCERTAIN),
            (findings.local == Local.UNCERTAIN, Because.LOCAL_UNCERTAIN),
        )
        if holds
    )
    speaking = _speaking_for_tumour(findings)
    reasons = (*tissue, *speaking)
    if not reasons:
        return None
    # At CRE-1 doubt about tissue waits for CRE-2; a sign of tumour does not (decision B1).
    if not speaking and _stands_for(findings, history) is EvaluationType.CRE1:
        return Proposal(Outcome.PROCEED_TO_CRE2, tissue)
    # What is only seen waits for its biopsy or the team: to see it again does not make residue.
    if tissue and history.last_was_uncertain:
        return _persisting(tissue, reasons, history)
    return Proposal(Outcome.UNCERTAIN_REPEAT, reasons)


def _persisting(tissue: tuple[Because, ...], reasons: tuple[Because, ...], history: _History) -> Proposal:
    """What is still uncertain at the repeat: residue before a declared cCR; after it, dysplasia is regrowth."""
    because = (*reasons, Because.UNCERTAIN_PERSISTS)
    if not history.declared:
        return Proposal(Outcome.NON_CCR, because)
    if Because.BIOPSY_HIGH_GRADE in tissue:
        return Proposal(Outcome.REGROWTH, (*because, Because.AFTER_CCR))
    return Proposal(Outcome.UNCERTAIN_REPEAT, because)


def _speaking_for_tumour(findings: EvaluationFindings) -> tuple[Because, ...]:
    """What speaks for tumour without proving it; it is never passed over, whatever the status says."""
    signs = findings.signs
    suspect = findings.distant == Distant.SUSPECT or signs.lesion == Lesion.SUSPECT
    open_bed = signs.look in (Look.ULCER, Look.STRICTURE) and findings.adequacy != Adequacy.YES
    pairs = (
        (suspect, Because.DISTANT_SUSPECT),
        (findings.local == Local.SUSPECTED, Because.SUSPECTED_UNDECIDED),
        (signs.look in (Look.MASS, Look.NODULE), Because.BED_SUSPECT),
        (open_bed, Because.BED_NOT_PROVEN_CLEAR),
        (signs.uptake == Uptake.FOCAL, Because.UPTAKE_FOCAL),
        (signs.node_left, Because.NODE_NOT_CLEARED),
        (Cytology.ATYPIA in signs.cytology, Because.CYTOLOGY_ATYPIA),
        (signs.is_thick, Because.WALL_THICK),
    )
    return tuple(reason for holds, reason in pairs if holds)


def _rule_5_clear(findings: EvaluationFindings, history: _History, *, apart: timedelta) -> Proposal:
    proposal = _clear(findings, history, apart)
    if proposal.code is None or findings.lumen is not Lumen.THIN_SCOPE:
        return proposal
    return Proposal(proposal.code, (*proposal.reasons, Because.THIN_SCOPE_ONLY))


def _clear(findings: EvaluationFindings, history: _History, apart: timedelta) -> Proposal:
    if history.ccr_holds:
        return Proposal(Outcome.PERSISTENT_CCR, (Because.CLEAR, Because.CCR_HOLDS))
    step = _stands_for(findings, history)
    if step in (EvaluationType.CRE1, EvaluationType.RESTAGING):
        return Proposal(Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK))
    if history.cre1_clear:
        return Proposal(Outcome.CCR, (Because.CLEAR, Because.CRE1_ALSO_CLEAR))
    return _two_clear_looks(findings, history, apart)


def _two_clear_looks(findings: EvaluationFindings, history: _History, apart: timedelta) -> Proposal:
    """Without a clear CRE1, two clear evaluations at least ``apart`` are needed (protocol 3.7, rule 5)."""
    clear = history.clear_since_last_positive
    if not clear:
        return Proposal(Outcome.CCR_SO_FAR, (Because.CLEAR, Because.FIRST_CLEAR_LOOK))
    if findings.on is None:
        return Proposal(None, (Because.UNANSWERED_DATE,))
    if findings.on - clear[0].on < apart:
        return Proposal(Outcome.CCR_SO_FAR, (Because.CLEAR, Because.CLEAR_LOOKS_TOO_CLOSE))
    return Proposal(Outcome.CCR, (Because.CLEAR, Because.TWO_CLEAR_LOOKS_APART))
