"""What is typed after neoadjuvant treatment: evaluations, operation, follow-up, survival."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from demo.simulation.answers import Case, Sent
from protocol.response import Outcome


def has_distant(case: Case, on: date) -> bool:
    """Say whether a metastasis can be seen on ``on``."""
    after = 1 if case.story.progresses_early else case.story.distant_after
    return after is not None and case.months_since_start(on) >= after


def has_regrown(case: Case, on: date) -> bool:
    """Say whether the tumour has come back at its place by ``on``."""
    after = case.story.regrows_after
    return after is not None and case.months_since_start(on) >= after


def progression(on: date) -> Sent:
    """PROG: a metastasis in the liver at the end of treatment, before anything was decided."""
    answers = {"prog_dt": on, "prog_where": ["liver"], "prog_proof": "imaging", "prog_cure": "Y"}
    return {"answers": answers}


def evaluation(case: Case, on: date, visit_code: str) -> Sent:
    """CRE at CRE-1, CRE-2, restaging or in surveillance, with the outcome that follows from the findings."""
    story, dice = case.story, case.dice
    first = visit_code in ("CRE-1", "RST")
    distant = has_distant(case, on)
    regrown = has_regrown(case, on) and visit_code.startswith("AS")
    has_tumour = (not story.tumour_gone and (not first or dice.random() < 0.75)) or regrown
    outcome = _outcome(case, visit_code, has_tumour=has_tumour, distant=distant)
    case.cre_outcomes.append(outcome.value)
    case.regrew = case.regrew or regrown
    answers: dict[str, Any] = {
        "ogd_done": "Y",
        "ogd_dt": on,
        "symptoms": ["none"],
        "pet_done": "N" if visit_code == "CRE-1" and not (has_tumour or distant) else "Y",
        "ct_done": "N",
        "sedation": "conscious",
        "passable": "yes",
        "look": dice.choice(("ulcer", "nodule")) if has_tumour else dice.choice(("normal", "scar")),
        "lugol_nbi": "Y",
        "lugol_new": "N",
        "bob_n": 3 if dice.random() < 0.06 else dice.randint(4, 6),
        "bx_other_n": 0,
        "bx_result": "scc" if has_tumour else "none",
        "bx_adequate": "yes",
        "eus_done": "Y",
        "eus_dt": on,
        "eus_mm": round(dice.uniform(6, 10) if has_tumour else dice.uniform(3, 5.5), 1),
        "eus_any": "N",
        "local_call": "1" if has_tumour else "0",
        "dist_call": "1" if distant else "0",
        "cre_outcome": outcome.value,
        "proc_compl": "N",
    }
    if answers["look"] == "ulcer":
        answers["look_note"] = "Raised edge: suspect, biopsied."
    if answers["pet_done"] == "Y":
        after_endoscopy = dice.random() < 0.04
        pet_on = on + timedelta(days=0 if after_endoscopy else -dice.randint(4, 9))
        answers |= {
            "pet_dt": pet_on,
            "pet_prim": "focal" if has_tumour else "diffuse",
            "pet_suv": round(dice.uniform(5, 9) if has_tumour else dice.uniform(2, 3.4), 1),
            "pet_dm": "proven" if distant else "none",
        }
        answers |= {"pet_dm_site": ["lung"]} if distant else {}
    answers |= _decision(case, visit_code, outcome, on)
    if visit_code == "RST":
        answers |= {"ecg_res": "normal", "fev1": 2.6, "fev1p": 92, "dlcop": 84}
    return {"answers": answers, "groups": {"bob_map": _bites(case, answers["bob_n"], has_tumour=has_tumour)}}


def _bites(case: Case, pairs: int, *, has_tumour: bool) -> list[dict[str, Any]]:
    """The map of the bite-on-bite pairs: one in each quadrant at the middle of the bed, the rest in the first one."""
    level = round(case.story.person.epicentre, 1)
    quadrants = ("anterior", "right", "posterior", "left")[:pairs]
    return [
        {
            "bite_cm": level,
            "quadrant": quadrant,
            "bite_n": 1 if place else pairs - len(quadrants) + 1,
            "depth": "submucosa",
            "bite_res": "scc" if has_tumour and not place else "none",
        }
        for place, quadrant in enumerate(quadrants)
    ]


FIRST_CLEAR: Final = {"CRE-1": Outcome.CCR_SO_FAR, "RST": Outcome.RST_CLEAR}


def _outcome(case: Case, visit_code: str, *, has_tumour: bool, distant: bool) -> Outcome:
    if distant:
        return Outcome.DISTANT
    if has_tumour:
        declared = Outcome.CCR.value in case.cre_outcomes
        if visit_code == "RST":
            return Outcome.RST_RESIDUE
        return Outcome.REGROWTH if visit_code.startswith("AS") and declared else Outcome.NON_CCR
    if visit_code in FIRST_CLEAR:
        return FIRST_CLEAR[visit_code]
    return Outcome.CCR if visit_code == "CRE-2" else Outcome.PERSISTENT_CCR


def _decision(case: Case, visit_code: str, outcome: Outcome, on: date) -> dict[str, Any]:
    story = case.story
    if outcome is Outcome.DISTANT:
        return {"mdt_dt": on, "mdt_dec": "systemic", "pt_dec": "accepts"}
    if outcome in (Outcome.NON_CCR, Outcome.REGROWTH, Outcome.RST_RESIDUE):
        return _choice(on, "surgery", "declines_surgery" if story.declines_surgery else "accepts", "own wish")
    if visit_code == "RST":
        return _choice(on, "surgery", "declines_surgery" if story.declines_surgery else "accepts", "own wish")
    if visit_code == "CRE-1":
        return {"mdt_dt": on, "mdt_dec": "go_cre2", "pt_dec": "accepts"}
    if visit_code == "CRE-2" and story.wants_surgery:
        return _choice(on, "surveillance", "asks_surgery", "own wish")
    return {"mdt_dt": on, "mdt_dec": "surveillance", "pt_dec": "accepts"}


def _choice(on: date, decided: str, chosen: str, why: str) -> dict[str, Any]:
    answers = {"mdt_dt": on, "mdt_dec": decided, "pt_dec": chosen}
    return answers if chosen == "accepts" else {**answers, "pt_reason": why}


def survival(case: Case, on: date, *, death: date | None = None) -> Sent:
    """SURV: alive at a contact, or dead with day and cause."""
    if death is None:
        status = "distant" if has_distant(case, on) else "none"
        return {
            "answers": {
                "status_dt": on,
                "vital": "alive",
                "v_source": "phone",
                "dz_now": status,
                "st_any": "N",
            }
        }
    cause = "oesophageal_cancer" if case.story.distant_after or case.regrew else "cardiovascular"
    return {
        "answers": {
            "status_dt": on,
            "vital": "dead",
            "st_any": "N",
            "v_source": "family",
            "death_dt": death.isoformat(),
            "cod": cause,
            "cod_cert": "Y",
            "autopsy": "N",
            "d_place": "hospital",
        }
    }


def surgery(case: Case, on: date) -> Sent:
    """SURG: the operation, its reason to be, and how it went."""
    dice = case.dice
    stay = dice.choices((9, 11, 13, 16, 24), (20, 35, 25, 13, 7))[0]
    return {
        "answers": {
            "surg_done": "resection",
            "surg_dt": on,
            "intent": _intent(case),
            "surg_vol": f"S{dice.randint(1, 9):02d}",
            "surg_centre": "own",
            "asa": dice.choice(("II", "II", "III")),
            "ecog_pre": case.story.person.ecog,
            "wt_pre": round(case.story.person.weight * 0.97, 1),
            "alb_pre": round(dice.uniform(34, 43), 1),
            "approach": dice.choice(("mckeown", "mckeown", "ivor_lewis")),
            "access_th": "scopic",
            "access_ab": "scopic",
            "conversion": "N",
            "lnd": "extended_two_field",
            "stations": ["2R", "2L", "7", "8M", "8Lo", "16", "17"],
            "conduit": "gastric_tube",
            "route": "posterior",
            "anast_site": "neck",
            "anast_tech": "circular",
            "duct": "N",
            "jejun": "Y",
            "pylor": "N",
            "omentum": "Y",
            "op_min": dice.randint(220, 360),
            "anaes_min": dice.randint(365, 430),
            "ebl": dice.randint(60, 320),
            "transf": 0,
            "io_compl": ["none"],
            "adhesion": dice.choice(("none", "mild", "moderate")),
            "resid_macro": "none",
            "adj_organ": ["none"],
            "extub": "Y",
            "vent_h": 0,
            "icu_d": dice.randint(0, 2),
            "disch_dt": on + timedelta(days=stay),
            "disch_to": "home",
            "readm": "N",
        }
    }


def second_look(case: Case, resected_on: date) -> Sent:
    """SURG once more: an operation for a leak, a week after the resection; nothing is resected."""
    dice, on = case.dice, resected_on + timedelta(days=6)
    return {
        "answers": {
            "surg_done": "explored",
            "surg_dt": on,
            "no_surg_reason": "ae",
            "intent": "palliative",
            "surg_centre": "own",
            "asa": "III",
            "ecog_pre": "2",
            "wt_pre": round(case.story.person.weight * 0.96, 1),
            "alb_pre": round(dice.uniform(29, 33), 1),
            "access_th": "open",
            "access_ab": "none",
            "op_min": dice.randint(150, 200),
            "anaes_min": dice.randint(205, 260),
            "ebl": dice.randint(40, 150),
            "transf": 0,
            "io_compl": ["none"],
            "adhesion": "mild",
            "resid_macro": "none",
            "jejun": "Y",
            "extub": "N",
            "vent_h": 12,
            "icu_d": 3,
            "disch_dt": on + timedelta(days=20),
            "disch_to": "home",
            "readm": "N",
        }
    }


def _intent(case: Case) -> str:
    if case.arm == "2":
        return "planned"
    if Outcome.CCR.value not in case.cre_outcomes:
        return "non_ccr"
    return "salvage" if case.regrew else "wish"


def follow_up(case: Case, on: date) -> Sent:
    """FU: the clinical page, imaging, and a recurrence when there is one."""
    dice = case.dice
    distant = has_distant(case, on)
    answers: dict[str, Any] = {
        "fu_dt": on,
        "contact": "clinic",
        "alive": "Y",
        "exam": "normal",
        "wt": round(case.story.person.weight * dice.uniform(0.9, 1.0), 1),
        "ecog": "1",
        "dysph": dice.choice(("0", "0", "1")),
        "feed": "oral",
        "stricture": "N",
        "reflux": dice.choice(("0", "1")),
        "dumping": "0",
        "aspiration": "0",
        "work": "partly",
        "img_any": "Y",
        "dz_status": "proven" if distant else "none",
        "rec_yn": "Y" if distant else "N",
        "adj_given": "none",
        "adj_why": "declined",
        "post_tx_any": "N",
    }
    groups: dict[str, Any] = {
        "img": [{"modality": "ct", "img_dt": on, "img_result": "disease" if distant else "clear"}]
    }
    if distant:
        answers |= {
            "rec_dt_first_suspect": on,
            "rec_dt_proof": on,
            "rec_type": ["distant"],
            "rec_method": "histology",
            "n_lesions": dice.randint(1, 6),
        }
        groups["rec_site"] = [{"organ": dice.choice(("lung", "liver", "bone"))}]
    return {"answers": answers, "groups": groups}
