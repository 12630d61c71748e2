"""What a coordinator types for a synthetic participant, form by form, as text as on the page.

Each function returns the shape in which a program sends answers: ``answers``, ``groups``. Dates and
values agree with the story, so that the forms agree with each other; a few do not, and open queries.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from demo.simulation.profiles import Story
from protocol import doses, scores
from protocol.pathology import LAYERS

Sent = dict[str, Any]
Answers = dict[str, Any]
STATIONS = ("7", "8M", "4R", "16", "17", "8Lo")
HISTORY = (
    *("mh_htn", "mh_dm", "mh_cad", "mh_arrhyth", "mh_stroke", "mh_copd", "mh_ild", "mh_tb", "mh_hbv"),
    *("mh_hcv", "mh_hiv", "mh_autoimmune", "mh_thyroid", "mh_renal", "mh_prior_ca", "mh_prior_surg"),
    "mh_transplant",
)


@dataclass
class Case:
    """One participant as the simulation knows them: the story, and what has happened so far."""

    story: Story
    dice: random.Random
    number: str = ""
    arm: str | None = None
    randomized_on: date | None = None
    neo_d1: date | None = None
    neo_end: date | None = None
    operated_on: date | None = None
    cre_outcomes: list[str] = field(default_factory=list)
    regrew: bool = False
    events: int = 0
    surgery: dict[str, Any] = field(default_factory=dict)
    complications: dict[str, Any] = field(default_factory=dict)

    @property
    def has_second_look(self) -> bool:
        """Say whether an operation for a leak followed the resection."""
        return bool(self.surgery and self.operated_on and self.story.lateness > 0.7)

    def months_since_start(self, on: date) -> float:
        """Return months since randomization."""
        return (on - self.randomized_on).days / 30.4375 if self.randomized_on else 0.0


def eligibility(case: Case, on: date) -> Sent:
    """ELIG, with one criterion failed when the story says so."""
    story, person = case.story, case.story.person
    answers: dict[str, Any] = {
        "birth": person.birth,
        "sex": person.sex,
        "hist_type": "1",
        "hist_dt": story.consent_on - timedelta(days=case.dice.randint(5, 20)),
        "ct_e": person.t,
        "cn_e": person.n,
        "cm_e": "M0",
        "resectable": "Y",
        "mdt_dt": min(on, story.consent_on + timedelta(days=case.dice.randint(1, 4))),
        "ecog": person.ecog,
        **{f"inc_{n}": "Y" for n in (1, 2, 3)},
        **{f"exc_{n}": "N" for n in range(1, 9)},
    }
    answers |= {"wocbp": "N"} if person.sex == "F" else {"contra": "Y"}
    if story.ending == "fails":
        answers |= {"ecog": "2", "inc_2": "N"} if story.failed_criterion == "I-2" else {}
        if story.failed_criterion.startswith("E-"):
            answers[f"exc_{story.failed_criterion[2:]}"] = "Y"
    return {"answers": answers}


def demographics(case: Case, on: date) -> Sent:
    """DM: history, habits, medication."""
    story, person, dice = case.story, case.story.person, case.dice
    failed = story.failed_criterion if story.ending == "fails" else ""
    hypertension = dice.random() < 0.35
    answers: dict[str, Any] = {
        **dict.fromkeys(HISTORY, "N"),
        "mh_htn": "Y" if hypertension else "N",
        "mh_autoimmune": "Y" if failed == "E-1" else "N",
        "ethnic_cn": "han",
        "height": person.height,
        "weight": person.weight,
        "weight_6m": person.usual_weight,
        "dysph": dice.choices(("0", "1", "2", "3"), (10, 35, 40, 15))[0],
        "feed": "oral",
        "ecog": "2" if failed == "I-2" else person.ecog,
        "asa": dice.choice(("I", "II", "II", "III")),
        "cci_items": ["none"],
        "smoke": person.smoker,
        "alc": dice.choice(("never", "former", "current")),
        "mh_any": "Y" if hypertension else "N",
        "cm_any": "Y" if hypertension else "N",
    }
    answers |= {} if person.smoker == "never" else {"pack_y": dice.randint(5, 50)}
    answers |= {"quit_y": on.year - dice.randint(1, 9)} if person.smoker == "former" else {}
    return {"answers": answers}


def history(case: Case, told: Mapping[str, Any], on: date) -> Iterator[tuple[str, Sent]]:
    """Yield what goes to the logs of diseases and medication, once DM (``told``) says that there is some."""
    if told["mh_any"] == "N":
        return
    began = str(on.year - case.dice.randint(2, 12))
    yield "MH", {"answers": {"mh_text": "hypertension", "mh_start": began, "mh_ongo": "Y"}}
    drug = {"cm_trt": "amlodipine", "cm_start": began, "cm_ongo": "Y", "cm_indc": "mh", "cm_mh": 1}
    yield "CM", {"answers": drug | {"cm_steroid": "N", "cm_immuno": "N"}}


def staging(case: Case, on: date) -> Sent:
    """STAGE: endoscopy, EUS, CT, PET-CT, and the clinical stage that follows."""
    first, second, third = (min(on, case.story.consent_on + timedelta(days=n)) for n in (1, 2, 3))
    answers = {
        **_endoscopy(case, first),
        **_ultrasound(case, second),
        **_tomography(case, first),
        **_pet(case, third),
        **_stage(case),
    }
    return {"answers": answers, "groups": _suspect_nodes(case)}


def _endoscopy(case: Case, on: date) -> Answers:
    person, dice = case.story.person, case.dice
    upper = round(person.epicentre - person.length / 2, 1)
    lower = round(person.epicentre + person.length / 2, 1)
    return {
        "ogd_dt": on,
        "upper_cm": upper,
        "lower_cm": lower,
        "len_cm": round(lower - upper, 1),
        "circ": dice.choice(("quarter_to_half", "half_to_three_quarters")),
        "passable": "yes",
        "macro": dice.choice(("ulcerative", "protruding", "infiltrative")),
        "multi": "N",
        "lugol": "Y",
        "bx_n": dice.randint(4, 9),
        "grade": person.grade,
        "pdl1_done": "N",
    }


def _ultrasound(case: Case, on: date) -> Answers:
    person = case.story.person
    return {
        "eus_done": "Y",
        "eus_dt": on,
        "eus_trav": "yes",
        "eus_mm": case.dice.randint(7, 16),
        "ut": person.t,
        "eus_n": person.nodes,
    }


def _tomography(case: Case, on: date) -> Answers:
    return {
        "ct_dt": on,
        "ct_contrast": "Y",
        "ct_mm": 12,
        "aorta_ang": "under_45",
        "airway": "clear",
        "t4a_str": ["pericardium"] if case.story.person.t == "T4a" else ["none"],
        "t4b_str": ["none"],
        "incid": "N",
    }


def _pet(case: Case, on: date) -> Answers:
    dice = case.dice
    return {
        "pet_done": "Y",
        "pet_dt": on,
        "suvmax": round(dice.uniform(6, 20), 1),
        "suvmean": round(dice.uniform(3, 5.9), 1),
        "mtv": dice.randint(8, 60),
        "mtv_thr": "41 %",
        "pet_m": "none",
        "pet_sync": "none",
    }


def _stage(case: Case) -> Answers:
    person, dice = case.story.person, case.dice
    return {
        "bron_ind": "N",
        "exam": "normal",
        "sbp": dice.randint(108, 148),
        "dbp": dice.randint(62, 88),
        "site_sub": "upper" if person.epicentre < 25 else "middle" if person.epicentre < 31 else "lower",
        "ct": person.t,
        "cn": person.n,
        "cn_n": person.nodes,
        "cm": "M0",
        "scv": "none",
        "stage_method": ["eus", "ct", "pet_ct"],
    }


def _suspect_nodes(case: Case) -> dict[str, list[Answers]]:
    """The nodes as EUS saw them, each proved by aspiration, and as the table of nodes has them."""
    nodes = range(case.story.person.nodes)
    seen = [
        (STATIONS[n % len(STATIONS)], mm)
        for n, mm in zip(nodes, [case.dice.randint(7, 14) for _n in nodes], strict=True)
    ]
    eus = [{"station": s, "short_mm": mm, "fna_done": "Y", "fna_res": "positive"} for s, mm in seen]
    table = [{"station": s, "side": "M", "short_mm": mm, "positive": "Y"} for s, mm in seen]
    return {"eus_node": eus, "node": table}


def treatment(case: Case, on: date) -> Sent:
    """TREAT as far as it has come by ``on``: doses, then radiotherapy, then the summary."""
    start = case.neo_d1 or on
    answers: dict[str, Any] = {}
    groups: dict[str, Any] = {
        "chemo": [_dose(case, number, start) for number in range(1, 6) if _day(start, number) <= on]
    }
    if case.arm == "1":
        groups["camre"] = [
            _infusion(case, number, start + timedelta(days=21 * (number - 1)))
            for number in (1, 2)
            if start + timedelta(days=21 * (number - 1)) <= on
        ]
    if case.neo_end is not None and case.neo_end <= on:
        answers = {
            "rt_given": "Y",
            "rt_start": start,
            "rt_end": case.neo_end,
            "tech": "vmat",
            "imgd": "Y",
            "presc_gy": 41.4,
            "presc_fx": 23,
            "dpf": 1.8,
            "deliv_fx": 23,
            "gap_days": 0,
            "ptv": 420,
            "lung_v20": 22,
            "plan_qa": "per_protocol",
            "completed": "Y",
        }
    return {"answers": answers, "groups": groups}


def _day(start: date, number: int) -> date:
    return start + timedelta(days=7 * (number - 1))


def _dose(case: Case, number: int, start: date) -> Sent:
    if case.story.diligence < 0.875 and number == 5:
        omitted = {"given": "omitted", "mod_reason": "haematological_ae"}
        omitted |= {"nabp_given": "omitted", "nabp_reason": "haematological_ae"}
        low = round(case.dice.uniform(1.1, 1.4), 1)
        return {"dose_no": number, **omitted, "anc_d": low, "count_dt": _day(start, number)}
    person = case.story.person
    gfr = 78 + round(12 * case.story.lateness)
    surface = scores.bsa(height_cm=person.height, weight_kg=person.weight, formula="mosteller")
    nab = doses.nab_paclitaxel_mg(surface, per_m2=50) if surface else None
    carboplatin = doses.carboplatin_mg(2, gfr, cap=125)
    return {
        "dose_no": number,
        "given": "full",
        "adm_dt": _day(start, number),
        "nabp_given": "full",
        "nabp_dt": _day(start, number),
        "weight_d": person.weight,
        "gfr_d": gfr,
        "anc_d": round(case.dice.uniform(1.6, 4.5), 1),
        "plt_d": case.dice.randint(95, 260),
        "carbo_auc": 2,
        "carbo_mg": round((carboplatin or 210) / 5) * 5,
        "nabp_mgm2": 50,
        "nabp_mg": round((nab or 85) / 5) * 5,
        "form_tax": "albumin",
        "infusion_reac": "N",
    }


def _infusion(case: Case, number: int, on: date) -> Sent:
    is_last = number == 2 and case.story.lateness > 0.3
    stopped = {"ci_stop": "Y", "ci_stop_dt": on, "ci_stop_why": "irae"} if is_last else {"ci_stop": "N"}
    seen = ("ci_pre_alt", "ci_pre_creat", "ci_pre_tsh", "ci_pre_gluc", "ci_pre_trop", "ci_pre_spo2")
    return {
        "ci_no": number,
        "ci_given": "full",
        "ci_dt": f"{on} 10:30",
        "ci_mg": 200,
        "ci_min": 30,
        "ci_lot": f"D{on:%y%m}",
        **dict.fromkeys(seen, "Y"),
        "ci_reac": "N",
        **stopped,
    }


def pathology(case: Case, on: date) -> Sent:
    """PATH of the specimen, agreeing with what the story says was left."""
    left, dice = case.story.residual, case.dice
    regrown = case.regrew and not left
    share = 12 if regrown else left
    examined = dice.randint(18, 38)
    positive = dice.randint(1, 3) if case.story.node_left else 0
    answers: dict[str, Any] = {
        "op_no": 1,
        "path_dt": (case.operated_on or on) + timedelta(days=dice.randint(5, 9)),
        "path_id": f"P{dice.randint(1000, 9999)}",
        "hist": "scc" if share else "none",
        "bed_cm": round(dice.uniform(1.2, 4.5), 1),
        "bed_full": "Y",
        "resid_pct": share,
        "resid_layer": list(LAYERS[: 0 if not share else 2 if share <= 5 else 3 if share <= 15 else 4]),
        "trg_cap": "0" if not share else "1" if share <= 5 else "2" if share <= 50 else "3",
        "trg_mandard": "1" if not share else "2" if share <= 5 else "3" if share <= 50 else "4",
        "ypt": "T0" if not share else "T1b" if share <= 5 else "T2" if share <= 15 else "T3",
        "ln_exam": examined,
        "ln_pos": positive,
        "ypn": "N0" if not positive else "N1" if positive <= 2 else "N2",
        "ypm": "M0",
        "m_prox": dice.randint(25, 60),
        "inv_prox": "N",
        "m_dist": dice.randint(25, 60),
        "inv_dist": "N",
        "m_crm": dice.randint(3, 12),
        "inv_crm": "N",
        "r_status": "R0",
    }
    if share:
        answers |= {"grade_y": case.story.person.grade, "lvi": "N", "pni": "N"}
    if positive:
        answers |= {"ene": "N", "trg_ln": "b"}
    table = [{"station": "7", "examined": examined, "positive": positive}]
    return {"answers": answers, "groups": {"ln_table": table}}
