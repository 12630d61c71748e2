"""What is typed about safety, quality of life and surveillance visits of a synthetic participant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from demo.simulation.answers import Answers, Case, Sent

UNDER_TREATMENT = (
    ("Leukopenia", ("1", "2", "3"), {"rel_chemo": "probable"}),
    ("Nausea", ("1", "1", "2"), {"rel_chemo": "probable"}),
    ("Anaemia", ("1", "2"), {"rel_chemo": "possible"}),
    ("Radiation oesophagitis", ("1", "2", "3"), {"rel_rt": "definite"}),
    ("Fatigue", ("1", "2"), {"rel_chemo": "possible", "rel_rt": "possible"}),
)
LATER: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("Cough", ("1", "2"), {"rel_rt": "possible"}),
    ("Stenosis of the oesophagus", ("2",), {"rel_rt": "probable", "ae_kind": "stenosis"}),
    ("Reflux", ("1",), {}),
)
IMMUNE = (
    ("Hypothyroidism", ("1", "2"), "hypothyroidism"),
    ("Capillary proliferation of the skin", ("1",), "rccep"),
    ("Rash", ("1", "2"), "skin"),
)
SERIOUS = (
    ("Pneumonitis", "3", {"ae_kind": "pneumonitis", "rel_rt": "probable", "rel_chemo": "unlikely"}),
    ("Febrile neutropenia", "3", {"ae_kind": "neutropenic_fever", "rel_chemo": "definite"}),
    ("Bleeding of the oesophagus", "3", {"ae_kind": "bleeding", "rel_rt": "possible"}),
)
TERMS = {
    "Leukopenia": "White blood cell decreased",
    "Anaemia": "Anemia",
    "Radiation oesophagitis": "Esophagitis",
    "Stenosis of the oesophagus": "Esophageal stenosis",
    "Reflux": "Gastroesophageal reflux disease",
    "Capillary proliferation of the skin": "Skin and subcutaneous tissue disorders - Other, specify",
    "Rash": "Rash maculo-papular",
    "Bleeding of the oesophagus": "Esophageal hemorrhage",
}  # the term of CTCAE, where it is not the words of the source
NARRATIVE = (
    "The event was noticed at a visit. The participant was admitted, examined and treated as the department does. "
    "Course and results follow with the next report."
)
LOSSES = ("ill", "refused", "forgot", "forgot", "technical")


def events_at(case: Case, visit_code: str, on: date) -> Iterator[Sent]:
    """Yield what the participant reports at a visit: mostly nothing, seldom something serious."""
    dice = case.dice
    if case.neo_d1 is None or on <= case.neo_d1:
        return
    treated = visit_code.startswith("N")
    if dice.random() < (0.32 if treated else 0.1):
        term, grades, more = dice.choice(UNDER_TREATMENT if treated else LATER)
        yield event(case, on, term, dice.choice(grades), **more)
    if case.arm == "1" and dice.random() < 0.05:
        term, grades, kind = dice.choice(IMMUNE)
        yield _immune(case, on, term, dice.choice(grades), kind)
    if dice.random() < 0.015:
        term, grade, more = dice.choice(SERIOUS)
        yield serious(case, on, term, grade, **more)


def event(case: Case, on: date, term: str, grade: str, **changes: Any) -> Sent:
    """Return one event that began in the last days and has ended, or goes on."""
    dice = case.dice
    began = max(case.neo_d1 or on, on - timedelta(days=dice.randint(0, 6)))
    over = dice.random() < 0.7
    answers: dict[str, Any] = {
        "ae_term": term,
        "ctcae_term": TERMS.get(term, term),
        "ae_st": began,
        "ae_ongo": "N" if over else "Y",
        "grade": grade,
        "outcome": "recovered" if over else "recovering",
        "ae_kind": "none",
        "serious": "N",
        "rel_camre": "unlikely" if case.arm == "1" else "na",
        "rel_chemo": "unlikely",
        "rel_rt": "unlikely",
        "rel_surg": "na",
        "rel_proc": "na",
        "rel_dis": "unlikely",
        "irae": "N",
        "action_camre": "none" if case.arm == "1" else "na",
        "action_chemo": "none",
        "action_rt": "none",
        "other_action": ["medication"] if grade != "1" else ["none"],
        "disc_tx": "N",
        "disc_nosurg": "N",
        "disc_delay": "N",
        "cre_rel": "N",
    }
    answers |= {"ae_en": on} if over else {}
    return {"answers": answers | changes}


def _immune(case: Case, on: date, term: str, grade: str, kind: str) -> Sent:
    more: dict[str, Any] = {
        "irae": "Y",
        "irae_type": kind,
        "rel_camre": "probable",
        "ir_ster": "N",
        "ir_2nd": "N",
    }
    more |= {"rccep_mm": case.dice.randint(3, 9), "rccep_gen": "N"} if kind == "rccep" else {}
    sent = event(case, on, term, grade, **more)
    answers = sent["answers"]
    if grade == "2" and answers["ae_ongo"] == "N":
        answers |= _steroid(answers["ae_st"], answers["ae_en"])
    return sent


def _steroid(began: date, ended: date) -> Answers:
    """A short course from the first day of an event to its last, tapered on the way."""
    taper = began + (ended - began) // 2
    return {
        "ir_ster": "Y",
        "ir_pred": 40,
        "ir_st": began,
        "ir_peak_dt": began,
        "ir_taper_dt": taper,
        "ir_en": ended,
        "ir_rech": "N",
    }


def serious(case: Case, on: date, term: str, grade: str, **changes: Any) -> Sent:
    """Return an event that led to admission; the site learnt of it on the morning of ``on``."""
    more = {
        "serious": "Y",
        "ser_crit": ["hospital"],
        "ser_aware": f"{on.isoformat()} 07:30",
        "other_action": ["medication", "hospital"],
        "ae_ongo": "Y",
        "ae_en": None,
        "outcome": "recovering",
    }
    return event(case, on, term, grade, **more | changes)


def report_of(sent: Sent, number: int, now: datetime) -> Sent:
    """Return the initial report of a serious event, sent at ``now`` by the clock of the site."""
    answers = sent["answers"]
    related = [answers[name] for name in ("rel_camre", "rel_chemo", "rel_rt")]
    strongest = next(
        (cause for cause in ("definite", "probable", "possible", "unlikely") if cause in related), "not"
    )
    return {
        "answers": {
            "ae_no": number,
            "sae_type": "initial",
            "sae_aware": answers["ser_aware"],
            "sae_report": f"{now:%Y-%m-%d %H:%M}",
            "sae_narr": NARRATIVE,
            "sae_adm": answers["ser_aware"][:10],
            "sae_rel_inv": strongest,
        }
    }


def quality_of_life(case: Case, on: date, visit_code: str) -> Sent:
    """QOL: mostly whole, now and then an item left blank, sometimes none at all with its reason."""
    dice = case.dice
    if visit_code != "QOL-0" and dice.random() < 0.1:
        return {"answers": {"q_done": "N", "q_miss": dice.choice(LOSSES)}}
    well = dice.choice((1, 1, 2, 2, 3))
    answers: dict[str, Any] = {f"q{n}": str(_near(case, well, 4)) for n in range(1, 49)}
    answers |= {f"q{n}": str(_near(case, 8 - 2 * well, 7)) for n in (29, 30)}
    answers |= {f"q{n}": str(_near(case, 5 - well, 4)) for n in (31, 32, 33)}
    if dice.random() < 0.12:
        answers.pop(f"q{dice.randint(1, 48)}")
    about = {
        "q_done": "Y",
        "q_done_dt": on,
        "q_inst": ["c30", "oes18"],
        "q_ver": "c30_3_0",
        "q_lang": "zh_cn",
        "q_mode": dice.choice(("paper", "paper", "tablet")),
        "q_by": dice.choices(("alone", "helped", "proxy"), (80, 17, 3))[0],
        "q_order": "Y",
    }
    return {"answers": about | answers}


def _near(case: Case, middle: int, highest: int) -> int:
    return min(highest, max(1, middle + case.dice.choice((-1, 0, 0, 0, 1))))


def has_stenosis(case: Case, visit_code: str) -> bool:
    """Say whether the oesophagus was dilated before the visit: in some, in the first year."""
    return case.story.lateness > 0.8 and visit_code in ("AS-06", "AS-09")


def dilatations(on: date) -> list[Answers]:
    """Two dilatations in the weeks before ``on``, the second one wider."""
    return [
        {"dil_dt": on - timedelta(days=days), "dil_mm": mm, "dil_how": "balloon", "dil_compl": "N"}
        for days, mm in ((26, 12), (12, 15))
    ]


def surveillance(case: Case, on: date, visit_code: str) -> Sent:
    """AS: the clinical page of a visit at which the oesophagus is still in place."""
    dice = case.dice
    dilated = has_stenosis(case, visit_code)
    return {
        "groups": {"as_dilats": dilatations(on)} if dilated else {},
        "answers": {
            "as_done": "Y",
            "as_dt": on,
            "as_exam": "normal",
            "as_wt": round(case.story.person.weight * dice.uniform(0.94, 1.02), 1),
            "as_ecog": dice.choice(("0", "0", "1")),
            "as_dysph": dice.choices(("0", "1", "2"), (60, 33, 7))[0],
            "as_feed": "oral",
            **({"as_dilat_n": 2, "as_dilat_dt": on - timedelta(days=12)} if dilated else {"as_dilat_n": 0}),
            "as_sten": "none",
            "as_hosp_d": 0,
            **{f"as_late_{o}": "N" for o in ("lung", "heart", "thyr", "adren", "skin", "gut", "nerve")},
            "as_unsched": "N",
            "as_will": dice.choices(("yes", "fewer"), (96, 4))[0],
        },
    }


def vital_signs(case: Case, on: date, visit_code: str) -> Sent:
    """Return what is measured at a visit; the weight of a dose is the one that the dose was calculated from."""
    dice, person = case.dice, case.story.person
    lost = 0.0 if case.neo_end and on <= case.neo_end else dice.choice((0.0, 0.8, 1.5, 2.4))
    systolic = dice.randint(102, 148)
    return {
        "answers": {
            "vs_done": "Y",
            "vs_dt": on,
            "weight": round(person.weight - lost, 1),
            "ecog": dice.choice("001"),
            "dysph": dice.choice("0112"),
            "temp": round(dice.uniform(36.1, 37.2), 1),
            "sbp": systolic,
            "dbp": systolic - dice.randint(38, 52),
            "hr": dice.randint(62, 96),
            "rr": dice.randint(14, 20),
            "spo2": dice.randint(95, 99),
            **({"exam": "normal"} if visit_code.startswith("N") else {}),
        }
    }


NUTRITION_AT = ("N3", "NE", "AS-12", "FU-12")


def nutrition(case: Case, on: date) -> Sent:
    """NUT: the weight of the day, eating, risk and what was done; worse under treatment than a year later."""
    treated = case.neo_end is not None and on <= case.neo_end
    at_risk = treated and case.story.lateness > 0.4
    return {
        "answers": {
            "nut_dt": on,
            "nut_wt": round(case.story.person.weight * (1.0 if treated else 0.97), 1),
            "nut_feed": "oral_supplement" if at_risk else "oral",
            "nut_intake": "reduced" if at_risk else "full",
            "nut_tube_d": 0,
            "nut_nrs": 3 if at_risk else 1,
            "nut_glim": "moderate" if at_risk else "none",
            "nut_plan": ["advice", "supplement"] if at_risk else ["none"],
        }
    }
