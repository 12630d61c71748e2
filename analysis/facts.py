"""One participant's analysis history, built from stored forms and milestones at a data cut (protocol 6).

The one place that knows both the questions of the forms and what endpoints read; everything after it is pure. It is
never told the arm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from analysis.stored import Row, StoredParticipant
from analysis.stored_operations import endoscopic_resections_of, operations_of
from crf import catalogue
from crf.catalogue.survival import rules as survival
from crf.engine.checks import earliest_day, latest_day
from crf.engine.former_codes import FORMER_AT_RESTAGING
from followup.visit_conduct import ContactMode
from protocol.endpoints import DeathDate, death_day, death_without_date, last_alive
from protocol.facts import (
    BurdenFacts,
    EvaluationFacts,
    EvaluationVisitFacts,
    EventFacts,
    ExclusionFacts,
    ParticipantFacts,
    ProgressionFacts,
    QuestionnaireFacts,
    RecurrenceFacts,
    TreatmentFacts,
)
from protocol.qol import C30_SCALES, OES18_SCALES, SUMMARY
from protocol.response import EvaluationType, Local, Outcome
from protocol.text import load

TODAY_AT_RESTAGING = {former: code for code, former in FORMER_AT_RESTAGING.items()}
RELATED = frozenset(("possible", "probable", "definite"))
COMPONENTS = ("camre", "chemo", "rt", "surg", "proc")
SCALES: Mapping[str, str] = MappingProxyType(
    {scale.code: scale.code.lower() for scale in (*C30_SCALES, *OES18_SCALES)} | {SUMMARY: "qlq_sum"}
)
NOT_STARTED = "NEVER_TREATED"
IN_WINDOW = "in"


def participant_facts(stored: StoredParticipant, *, cutoff: date) -> ParticipantFacts:
    """Return what is known of the participant by the cut; what is dated after it is not known, but for a death,
    which proves life at the cut (decision E2).
    """
    operations = operations_of(stored, cutoff)
    proofs = [day for day in _proofs_of_life(stored) if day]
    return ParticipantFacts(
        number=stored.number,
        rand=stored.rand,
        cutoff=cutoff,
        neo_d1=_by(stored.milestones.get("NEO_D1"), cutoff),
        neo_end=_by(stored.milestones.get("NEO_END"), cutoff),
        last_dose=_by(stored.milestones.get("LASTDOSE"), cutoff),
        clinical_t=stored.last("STAGE").get("ct"),
        clinical_n=stored.last("STAGE").get("cn"),
        death=_death(stored, last_alive(proofs)),
        last_alive=last_alive(proofs, cutoff=cutoff),
        ended_on=_by(_ended(stored), cutoff),
        treatment=_treatment(stored),
        progression=_progression(stored, cutoff),
        evaluations=tuple(_evaluations(stored, cutoff)),
        recurrences=tuple(_recurrences(stored, cutoff)),
        operations=operations,
        endoscopic_resections=tuple(sorted(endoscopic_resections_of(stored, cutoff))),
        events=tuple(_events(stored, cutoff)),
        questionnaires=tuple(_questionnaires(stored, cutoff)),
        images_without_disease=tuple(sorted(_clear_images(stored, cutoff))),
        evaluation_visits=tuple(_evaluation_visits(stored)),
        burden=_burden(stored, cutoff),
        later_pd1_on=_by(min(_later_pd1(stored), default=None), cutoff),
        asked_for_surgery=any(row.get("pt_dec") == "asks_surgery" for row in stored.rows("CRE")),
        never_treated=_never_treated(stored),
        cause_of_death=next((row.get("cod") for row in stored.rows("SURV") if row.get("cod")), None),
        exclusions=tuple(_exclusions(stored)),
    )


def _by(day: date | None, cutoff: date) -> date | None:
    return day if day and day <= cutoff else None


def _known(stored: StoredParticipant) -> dict[str, Any]:
    """Return the answers under the names by which the rules of the survival form read them."""
    saying = set(catalogue.saying_alive())
    seen = (
        row["took_place_on"]
        for row in stored.visits
        if not saying.intersection(row.get("forms") or ()) and row.get("contact_mode") != ContactMode.RECORDS
    )
    return {
        "visit_last_on": max(filter(None, seen), default=None),
        "milestone_rand": stored.rand,
        "milestone_neo_d1": stored.milestones.get("NEO_D1"),
        "milestone_lastdose": stored.milestones.get("LASTDOSE"),
        "cre_all": stored.rows("CRE"),
        "qol_all": stored.rows("QOL"),
        "fu_all_img": stored.group("FU.img"),
        "surg_all": stored.rows("SURG"),
        "surv_all": stored.rows("SURV"),
        "fu_all": stored.rows("FU"),
        "vital": None,
        "status_dt": None,
    }


def _proofs_of_life(stored: StoredParticipant) -> Iterator[date | None]:
    known = _known(stored)
    yield from survival.seen_alive(known)
    yield from survival.heard_alive(known)


def _death(stored: StoredParticipant, alive: date | None) -> DeathDate | None:
    """Return the death as the page that knows its day best tells it; one without a date lies between the last
    proof of life and the report (decision D4).
    """
    pages = [row for row in stored.rows("SURV") if row.get("vital") == "dead"]
    told = [*pages, *(row for row in stored.rows("FU") if row.get("alive") == "N")]
    if not told:
        return None
    reported = survival.reported_on(_known(stored))
    deaths = [death_day(row.get("death_dt"), last_alive_on=alive, reported_on=reported) for row in pages]
    dated = [death for death in deaths if death]
    if dated:
        return min(dated, key=lambda death: death.latest - death.earliest)
    return death_without_date(last_alive_on=alive, reported_on=reported)


def _ended(stored: StoredParticipant) -> date | None:
    days = [stored.milestones.get("EOS"), stored.left_on]
    return min(filter(None, days), default=None)


def _never_treated(stored: StoredParticipant) -> bool:
    """Say whether no treatment will come: by the state, by the answers that led to it, or because all has ended."""
    if stored.state == NOT_STARTED:
        return True
    told = stored.last("TREAT")
    declined = (told.get("rt_given"), told.get("completed")) == ("N", "N")
    return "NEO_D1" not in stored.milestones and (declined or _ended(stored) is not None)


def _yes(answer: Any) -> bool:
    return answer in ("Y", True)


def _treatment(stored: StoredParticipant) -> TreatmentFacts | None:
    row = stored.last("TREAT")
    if not row:
        return None
    completed = row.get("completed")
    return TreatmentFacts(
        carboplatin_doses=row.get("carbo_n") or 0,
        paclitaxel_doses=row.get("nabp_n") or 0,
        camrelizumab_doses=row.get("ci_n") or 0,
        fractions=row.get("deliv_fx"),
        gray=row.get("deliv_gy"),
        carboplatin_intensity=row.get("carbo_int"),
        paclitaxel_intensity=row.get("nabp_int"),
        completed=None if completed is None else _yes(completed),
    )


def _progression(stored: StoredParticipant, cutoff: date) -> ProgressionFacts | None:
    """Return the progression before the decision: the form PROG holds one (decision C3)."""
    rows = [row for row in stored.rows("PROG") if _by(row.get("prog_dt"), cutoff)]
    if not rows:
        return None
    row = min(rows, key=lambda each: each["prog_dt"])
    return ProgressionFacts(
        on=row["prog_dt"],
        where=frozenset(row.get("prog_where") or ()),
        proof=row.get("prog_proof") or "",
        prevents_cure=_yes(row.get("prog_cure")),
    )


def _evaluations(stored: StoredParticipant, cutoff: date) -> Iterator[EvaluationFacts]:
    enough = load(stored.protocol_version).setting("bite_on_bite_min")
    for row in sorted(stored.rows("CRE"), key=lambda each: each.get("cre_dt") or cutoff):
        on = _by(row.get("cre_dt"), cutoff)
        if on is None or not row.get("cre_type"):
            continue
        kind, outcome = EvaluationType(row["cre_type"]), row.get("cre_outcome")
        if kind is EvaluationType.RESTAGING:
            outcome = TODAY_AT_RESTAGING.get(outcome or "", outcome)
        yield EvaluationFacts(
            on=on,
            kind=kind,
            outcome=Outcome(outcome) if outcome else None,
            local=Local(row["local_call"]) if row.get("local_call") else None,
            proven_on=row.get("proof_dt") or row.get("proven_on"),
            is_late_ccr=_yes(row.get("ccr_late")),
            endoscopy=_yes(row.get("ogd_done")),
            pet=_yes(row.get("pet_done")),
            is_whole=_is_whole(row, kind, enough),
            declines_surgery=row.get("pt_dec") == "declines_surgery",
            decided_on=row.get("mdt_dt"),
            complication=_yes(row.get("proc_compl")),
        )


def _is_whole(row: Row, kind: EvaluationType, enough: Any) -> bool:
    """Say whether every element that is due was done: endoscopy with enough biopsies; PET-CT before it and EUS at
    CRE-2 and in surveillance (protocol 3.11, as_elem).
    """
    endoscopy = _yes(row.get("ogd_done"))
    if kind in (EvaluationType.RESTAGING, EvaluationType.UNSCHEDULED):
        return endoscopy
    biopsies = (row.get("bob_n") or 0) >= enough
    if kind is EvaluationType.CRE1:
        return endoscopy and biopsies
    pet, scope = row.get("pet_dt"), row.get("ogd_dt")
    in_order = bool(pet and scope and pet <= scope)
    return endoscopy and biopsies and _yes(row.get("pet_done")) and in_order and _yes(row.get("eus_done"))


def _recurrences(stored: StoredParticipant, cutoff: date) -> Iterator[RecurrenceFacts]:
    for row in stored.rows("FU"):
        if not _yes(row.get("rec_yn")):
            continue
        resectable = row.get("resectable")
        yield RecurrenceFacts(
            kinds=frozenset(row.get("rec_type") or ()),
            proven_on=_by(row.get("recur_dt"), cutoff),
            suspected_on=_by(row.get("rec_dt_first_suspect"), cutoff),
            resectable=None if resectable is None else _yes(resectable),
            reported_on=row.get("fu_dt"),
        )


def _events(stored: StoredParticipant, cutoff: date) -> Iterator[EventFacts]:
    for row in stored.rows("AE"):
        began = earliest_day(row.get("ae_st"))
        if began and began > cutoff:
            continue
        yield EventFacts(
            began_on=began,
            began_by=latest_day(row.get("ae_st")),
            grade=int(row["grade"]) if row.get("grade") else None,
            term=row.get("ae_pt") or row.get("ctcae_term") or "",
            number=row.get("sequence") or 0,
            organ_class=row.get("ae_soc") or "",
            kind=row.get("ae_kind") or "",
            immune_kind=row.get("irae_type") or "",
            procedure=row.get("cre_what") or "",
            serious=_yes(row.get("serious")),
            fatal=row.get("outcome") == "fatal",
            immune=_yes(row.get("irae")),
            stopped_treatment=_yes(row.get("disc_tx")),
            of_evaluation=_yes(row.get("cre_rel")),
            related=frozenset(each for each in COMPONENTS if row.get(f"rel_{each}") in RELATED),
            words=tuple(filter(None, (row.get(name) for name in ("ae_term", "ctcae_term", "ae_pt")))),
        )


def _questionnaires(stored: StoredParticipant, cutoff: date) -> Iterator[QuestionnaireFacts]:
    for row in stored.rows("QOL"):
        on = _by(row.get("q_done_dt"), cutoff)
        if on is not None:
            scores = {code: row[name] for code, name in SCALES.items() if row.get(name) is not None}
            yield QuestionnaireFacts(on, MappingProxyType(scores))


def _clear_images(stored: StoredParticipant, cutoff: date) -> Iterator[date]:
    """Yield the days of images of follow-up that show no disease, at a contact that found none."""
    free = {row["id"] for row in stored.rows("FU") if row.get("dz_status") == "none"}
    for row in stored.group("FU.img"):
        on = _by(row.get("img_dt"), cutoff)
        if on and row.get("img_result") == "clear" and row.get("record_id") in free:
            yield on


def _evaluation_visits(stored: StoredParticipant) -> Iterator[EvaluationVisitFacts]:
    for row in stored.visits:
        if "CRE" in (row.get("forms") or ()) and row.get("closes"):
            yield EvaluationVisitFacts(
                row["closes"], row.get("took_place_on"), row.get("timing") == IN_WINDOW
            )


def _burden(stored: StoredParticipant, cutoff: date) -> BurdenFacts:
    outside = [("AS.as_uns", "u_what", "u_dt"), ("FU.img", "modality", "img_dt")]
    done = {
        what: [
            row[day] for group, kind, day in outside for row in stored.group(group) if row.get(kind) == what
        ]
        for what in ("endoscopy", "pet_ct")
    }
    done["endoscopy"] += [row.get("ogd_dt") for row in stored.rows("CRE")]
    done["pet_ct"] += [row.get("pet_dt") for row in stored.rows("CRE")]
    seen = [row for row in stored.rows("AS") if _by(row.get("as_dt"), cutoff)]
    contacts = [row for row in stored.rows("FU") if _by(row.get("fu_dt"), cutoff)]
    stays = [row for row in stored.rows("SURG") if _by(row.get("surg_dt"), cutoff)]
    return BurdenFacts(
        endoscopies=tuple(sorted(filter(None, done["endoscopy"]))),
        pet_cts=tuple(sorted(filter(None, done["pet_ct"]))),
        dilatations=sum(row.get("as_dilat_n") or 0 for row in seen)
        + sum(row.get("dilat_n") or 0 for row in contacts),
        hospital_days=sum(row.get("as_hosp_d") or 0 for row in seen)
        + sum(row.get("los") or 0 for row in stays),
    )


def _later_pd1(stored: StoredParticipant) -> Iterator[date]:
    """Yield the first possible days of a PD-1 inhibitor after the treatment of the trial (decision D3)."""
    for row in stored.rows("ST"):
        began = earliest_day(row.get("st_start"))
        if began and "pd1" in (row.get("st_class") or ()):
            yield began
    for row in stored.rows("FU"):
        if row.get("adj_given") == "io" and row.get("adj_start"):
            yield row["adj_start"]


def _exclusions(stored: StoredParticipant) -> Iterator[ExclusionFacts]:
    """Yield the deviations that exclude from the per-protocol set: as decided, else as the rule proposes (D6)."""
    for row in stored.rows("DV"):
        decided = row.get("dv_pp")
        if (decided or row.get("dv_pp_calc")) == "Y":
            yield ExclusionFacts(row["sequence"], row.get("dv_cat") or "", decided is not None)
