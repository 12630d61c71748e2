"""``manage.py codebook`` lists every item, and the protocol asks for none that it does not have."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crf import catalogue
from crf.engine.conditions import All, Answered, Any_, Has, Is, Not, Over, Same, Under
from crf.engine.formulas import formula
from exports.codebook.items import RANDOMIZATION

CHAPTERS = ("3.0",)
KNOWN = (*catalogue.forms(), RANDOMIZATION)
PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol" / "3-forms.md"

# An item of the protocol whose name a question cannot have, or that other questions hold together.
UNDER_ANOTHER_NAME = {
    "opt_x": ["opt_lab", "opt_loc", "opt_len", "opt_wt", "opt_fist", "opt_hep", "opt_ca2", "opt_lung", "opt_er"],
    "mh_term": ["mh_text", "mh_decod", "mh_start", "mh_ongo"],
    "mh_specific": ["mh_htn", "mh_dm", "mh_cad", "mh_ild", "mh_hbv", "mh_hiv", "mh_autoimmune", "mh_transplant"],
    "prior_ca": ["ca_site", "ca_year", "ca_tx"],
    "cm": [
        *("cm_trt", "cm_code", "cm_dose", "cm_dosu", "cm_route", "cm_freq", "cm_start", "cm_end", "cm_ongo"),
        *("cm_indc", "cm_ae", "cm_mh", "cm_steroid", "cm_pred", "cm_immuno", "cm_gcsf", "cm_abx"),
    ],
    "clone": ["pdl1_clone"],
    "eus_node": ["short_mm", "shape", "border", "hypo"],
    "ct_node": ["station", "short_mm", "necrosis"],
    "ct_m": ["organ", "size_mm"],
    "recist": ["role", "kind", "where", "size_mm"],
    "pet_node": ["station", "node_suvmax"],
    "node": ["station", "side", "short_mm", "node_suv", "eus_suspect", "fna", "positive"],
    "table": ["station", "side", "short_mm", "node_suv", "eus_suspect", "fna", "positive"],
    "ci_pre": ["ci_pre_alt", "ci_pre_creat", "ci_pre_tsh", "ci_pre_gluc", "ci_pre_trop", "ci_pre_spo2"],
    "vols": ["gtv", "ctv", "ptv", "ctv_margin", "elect_n"],
    "dvh": ["lung_v5", "lung_v20", "mld", "heart_v30", "heart_v40", "mhd", "cord_max", "liver_v30", "kidney_v18"],
    "llt": ["ae_llt", "ae_llt_cd"],
    "pt": ["ae_pt", "ae_pt_cd"],
    "soc": ["ae_soc", "ae_soc_cd"],
    "st": ["ae_st"],
    "en": ["ae_en"],
    "ongoing": ["ae_ongo"],
    "period": ["ae_period"],
    "irae_tx": ["ir_ster", "ir_pred", "ir_st", "ir_en", "ir_long", "ir_2nd", "ir_2nd_txt"],
    "discont": ["disc_tx", "disc_nosurg", "disc_delay"],
    "sae_unblind": ["sae_arm"],
    "pet_nodes": ["station", "node_suvmax", "short_mm"],
    "look_stmt": ["look_note"],
    "bob_map": ["bite_cm", "quadrant", "bite_n", "depth", "bite_res"],
    "eus_nodes": ["station", "short_mm", "shape", "fna_done", "fna_why", "fna_res"],
    "ln_table": ["station", "examined", "positive"],
    "ypStage": ["yp_stage"],
    "pdl1_post": ["pdl1_done", "pdl1_clone", "cps", "tps"],
    "as_late": ["as_late_lung", "as_late_heart", "as_late_thyr", "as_late_adren", "as_late_skin", "as_late_gut"],
    "as_dilats": ["dil_dt", "dil_mm", "dil_how", "dil_compl"],
    "dilats": ["dil_dt", "dil_mm", "dil_how", "dil_compl"],
    "img": ["modality", "img_dt", "img_result"],
    "rec_site": ["organ"],
    "q_double": ["d_item"],
    "scores": ["ql2", "pf2", "qlq_sum", "oesdys"],
    "ltfu_try": ["ltfu_tries", "ltfu_routes", "ltfu_days"],
}  # fmt: skip
# Asked on another form than the one of the section.
ELSEWHERE = {
    **dict.fromkeys(("mh_specific", "prior_ca", "vacc"), ("DM",)),
}
# What is no question of a form: a signature is it.
NO_QUESTION = {
    "sae_sign": "the record is signed",
    "eos_sign": "the record is signed",
}


@cache
def own_items(code: str) -> frozenset[str]:
    return frozenset(line["item"].lower() for line in printed(code))


def printed(*forms: str) -> list[dict[str, str]]:
    told = StringIO()
    call_command("codebook", *forms, stdout=told)
    return list(csv.DictReader(StringIO(told.getvalue())))


def items_of_protocol() -> Iterator[tuple[set[str], str]]:
    """Yield each item with the forms that its section is about: those of its heading, else of the one above."""
    chapter: set[str] = set()
    section: set[str] = set()
    for line in PROTOCOL.read_text("utf-8").splitlines():
        if line.startswith("#"):
            named = {code for code in re.findall(r"\b[A-Z]{2,5}\b", line) if code in KNOWN}
            chapter = named if line.startswith("## ") else chapter
            section = named or chapter
        if line.startswith("| `"):
            for item in re.findall(r"`(\w[^`]*)`", line.split("|")[1]):
                yield section, item.removesuffix("[]")


# The upper half of these ranges is judged by a check that knows the dose of the protocol (TREAT-28, TREAT-29).
HALF_A_RANGE = {("carbo_auc", "expected"), ("nabp_mgm2", "expected")}


def numbers_in(text: str) -> list[float]:
    """Return the numbers of a range; those of a unit, such as 10^9/L, stand after its first two."""
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)[:2]]


def ranges_of_protocol() -> Iterator[tuple[str, str, str, list[float]]]:
    """Yield each plain range of the tables: form of the section, item, column of the codebook, range."""
    code, head = "", list[str]()
    for line in PROTOCOL.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("#"):
            code = next(
                (word for word in re.findall(r"\b[A-Z]{2,5}\b", line) if word in catalogue.forms()), code
            )
        elif line.startswith("| Variable"):
            head = cells
        elif line.startswith("| `"):
            items = [item.removesuffix("[]") for item in re.findall(r"`(\w[^`]*)`", cells[0])]
            for title, column in (("Soft", "expected"), ("Hard", "possible")):
                said = dict(zip(head, cells, strict=False)).get(title, "").split(";")
                for item, part in zip(items, said if len(said) > 1 else said * len(items), strict=False):
                    if re.fullmatch(r"[\d.]+-[\d.]+(?: %)?", part.strip()) and item not in UNDER_ANOTHER_NAME:
                        yield code, item.lower(), column, numbers_in(part.replace("-", " "))


def one_by_one(item: str) -> list[str]:
    """Return inc_1, inc_2 and inc_3 for inc_1..inc_3."""
    if not (ends := re.fullmatch(r"(\w*?)(\d+)\.\.\1(\d+)", item)):
        return [item]
    return [f"{ends[1]}{number}" for number in range(int(ends[2]), int(ends[3]) + 1)]


def test_every_item_of_the_protocol_stands_in_the_codebook() -> None:
    listed: dict[str, set[str]] = {}
    for line in printed():
        listed.setdefault(line["item"].lower(), set()).add(line["form"])
    asked = list(items_of_protocol())
    assert len(asked) > 500
    absent = [
        item
        for _forms, item in asked
        if item not in NO_QUESTION
        for name in UNDER_ANOTHER_NAME.get(item) or one_by_one(item)
        if name.lower() not in listed
    ]
    assert absent == []


def test_the_ranges_of_the_codebook_are_those_of_the_protocol() -> None:
    """A number of the tables that a form does not have, or has otherwise, is named with both."""
    listed: dict[tuple[str, str], list[dict[str, str]]] = {}
    for line in printed():
        if line["derived"] == "no" and line["type"] in ("integer", "decimal"):
            listed.setdefault((line["form"], line["item"].lower()), []).append(line)
    compared = [
        (code, item, column, wanted, numbers_in(line[column]))
        for code, item, column, wanted in ranges_of_protocol()
        for line in listed.get((code, item), [])
    ]
    assert len(compared) > 100
    differing = [each for each in compared if each[3] != each[4] and (each[1], each[2]) not in HALF_A_RANGE]
    assert differing == []


# Form and item, the words of the protocol, when the form asks: what is not asked of everybody (3.1-3.20).
ASKED_WHEN = {
    ("ELIG", "wocbp"): ("Y if F", "sex = F"),
    ("ELIG", "preg_res"): ("Y if wocbp", "wocbp = Y"),
    ("ELIG", "preg_dt"): ("Y if wocbp", "wocbp = Y"),
    ("ELIG", "contra"): ("Y if relevant", "sex = M or wocbp = Y"),
    ("DM", "pack_y"): ("if ever", "smoke in (former, current)"),
    ("DM", "quit_y"): ("if former", "smoke = former"),
    ("DM", "ca_site"): ("if Y", "mh_prior_ca = Y"),
    ("STAGE", "eus_why"): ("reason if not done", "eus_done = N"),
    ("TREAT", "count_dt"): (
        "needed where nothing was given on the day",
        "(anc_d is answered or plt_d is answered) and (given = omitted and nabp_given = omitted)",
    ),
    ("TREAT", "mod_reason"): ("required if not full", "given in (reduced, omitted)"),
    ("TREAT", "nabp_reason"): ("required if not full", "nabp_given in (reduced, omitted)"),
    ("TREAT", "dose_ae"): (
        "asked where the reason is one",
        "mod_reason in (haematological_ae, other_ae) or nabp_reason in (haematological_ae, other_ae)",
    ),
    ("TREAT", "ci_why"): ("required if not full", "ci_given in (interrupted, omitted)"),
    ("TREAT", "ci_ae"): (
        "asked where the reason is one",
        "(participant.arm = 1 or ci_any = Y) and ci_why in (irae, other_ae, infection, laboratory)",
    ),
    ("TREAT", "gap_reason"): ("if gap > 0", "gap_days > 0"),
    ("TREAT", "gap_ae"): ("asked where the reason is toxicity", "gap_reason = toxicity"),
    ("CRE", "look_note"): (
        "required where the bed shows one and the biopsies are negative",
        "look in (ulcer, stricture)",
    ),
    ("CRE", "fna_why"): (
        "FNA reason required if suspect and not done",
        "eus_any = Y and fna_done = N",
    ),
    ("CRE", "ecg_res"): ("Restaging alone", "cre_type = RST"),
    ("CRE", "fev1"): ("Restaging alone", "cre_type = RST"),
    ("CRE", "fev1p"): ("Restaging alone", "cre_type = RST"),
    ("CRE", "dlcop"): ("Restaging alone", "cre_type = RST"),
    ("SURG", "no_surg_reason"): ("required if not resected", "surg_done in (explored, none)"),
    ("PATH", "resid_layer"): (
        "asked where tumour is left",
        "resid_pct > 0 or resid_lt1 = Y or ypt in (T1a, T1b, T2, T3, T4a, T4b)",
    ),
    ("PATH", "ene"): ("only if ln_pos > 0", "ln_pos > 0"),
    ("COMP", "leak_type"): ("asked with their code", "comp_any = Y and eccg_code = GI01"),
    ("COMP", "necr_type"): ("asked with their code", "comp_any = Y and eccg_code = GI02"),
    ("COMP", "palsy_type"): ("asked with their code", "comp_any = Y and eccg_code = NE01"),
    ("COMP", "palsy_side"): ("asked with their code", "comp_any = Y and eccg_code = NE01"),
    ("COMP", "chyle_type"): ("asked with their code", "comp_any = Y and eccg_code = OT01"),
    ("COMP", "chyle_vol"): ("asked with their code", "comp_any = Y and eccg_code = OT01"),
    ("AS", "as_why"): ("reason if not", "as_done = N"),
    ("FU", "organ"): ("\u2265 1 if distant", "rec_type has distant"),
    ("ST", "st_gy"): ("asked with RT", "st_kind = rt"),
    ("ST", "st_part"): ("asked with RT", "st_kind in (rt, endoscopic_resection)"),
    ("QOL", "q_miss"): ("required if past due", "q_done = N"),
}
BESIDE = {"eus_why": "eus_done"}  # a reason that the protocol asks for in the row of another item
# Words about a condition that are no condition of asking: what a check or a derived answer does.
NO_CONDITION = {
    *("cStage", "lb_grade", "rel_camre", "irae", "aesi", "pet_done", "r_status", "r_rcp"),
    *("grade_y", "lvi", "comp_ae", "surg_dt", "as_elem", "rec_type", "post_tx_any", "adj_given"),
    *("sf_reason", "approached_no", "last_contact", "pt_dec", "ltfu_try"),
}
CONDITIONAL = re.compile(
    r"\bif\b|asked (where|with)|needed where|only (if|after)|required where|Restaging alone"
)


def rows_of_protocol() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield the items of each row of the tables, with its cells by the head of the table."""
    head = list[str]()
    for line in PROTOCOL.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| Variable"):
            head = cells
        elif line.startswith("| `"):
            items = [item.removesuffix("[]") for item in re.findall(r"`(\w[^`]*)`", cells[0])]
            yield items, dict(zip(head, cells, strict=True))


def test_what_is_asked_of_some_alone_is_asked_when_the_protocol_says() -> None:
    listed = {(line["form"], line["item"].lower()): line for line in printed()}
    said = {f"{code} {item}": when for (code, item), (_words, when) in ASKED_WHEN.items()}
    asks = {key: listed[key]["condition"] or listed[key]["required"] for key in ASKED_WHEN}
    needs = {key: listed[key]["required"].removeprefix("when ") for key in ASKED_WHEN}
    differing = {
        f"{code} {item}": when
        for (code, item), when in asks.items()
        if said[f"{code} {item}"] not in (when, needs[code, item])
    }
    assert differing == {}
    words_of: dict[str, str] = {}
    for items, cells in rows_of_protocol():
        for name in (name for item in items for name in UNDER_ANOTHER_NAME.get(item, [item])):
            words_of[name] = " ".join([words_of.get(name, ""), *cells.values()])
    unsaid = [
        name
        for (_form, name), (words, _when) in ASKED_WHEN.items()
        if words not in words_of[BESIDE.get(name, name)]
    ]
    assert unsaid == []


def test_no_condition_of_the_protocol_is_without_its_line() -> None:
    compared = {BESIDE.get(item, item) for _form, item in ASKED_WHEN}
    open_ = [
        items
        for items, cells in rows_of_protocol()
        if CONDITIONAL.search(" ".join(cells.values()).replace("may be", ""))
        and not NO_CONDITION & {*items}
        and not compared & {name for item in items for name in UNDER_ANOTHER_NAME.get(item, [item])}
    ]
    assert open_ == []
    asked = {item for items, _cells in rows_of_protocol() for item in items}
    assert asked >= NO_CONDITION


def test_what_the_protocol_requires_is_required() -> None:
    listed: dict[str, dict[str, str]] = {}
    for each in printed("ELIG", "DM", "MH", "CM", "STAGE"):
        listed.setdefault(each["item"].lower(), each)
    compared = 0
    for items, cells in rows_of_protocol():
        for item, needed in zip(items, _needs(cells.get("Req", ""), len(items)), strict=True):
            line = listed.get(item.lower())
            if needed not in {"Y", "N"} or line is None or line["derived"] == "yes" or item == "cm":
                continue
            assert line["required"] == {"Y": "yes", "N": "no"}[needed], item
            compared += 1
    assert compared > 45


def _needs(said: str, many: int) -> list[str]:
    parts = said.split("/")
    return parts if len(parts) == many else [said] * many


def test_items_of_the_protocol_follow_the_heads_of_their_tables() -> None:
    """A row with a cell too few or too many says of an item what another column means."""
    assert sum(len(items) for items, _cells in rows_of_protocol()) > 500


def test_no_exception_outlives_its_reason() -> None:
    listed = {(line["form"], line["item"].lower()) for line in printed()}
    names = {item for _form, item in listed}
    asked = {item for _forms, item in items_of_protocol()}
    assert (UNDER_ANOTHER_NAME.keys() | NO_QUESTION.keys()) <= asked
    assert not UNDER_ANOTHER_NAME.keys() & NO_QUESTION.keys()
    assert not [item for item in NO_QUESTION if item in names]


@pytest.mark.parametrize("code", KNOWN)
def test_items_of_a_form_stand_on_that_form(code: str) -> None:
    """Each form has items in the protocol, and each of them stands on it, or on the form that asks it instead."""
    asked = [
        (item, forms) for forms, item in items_of_protocol() if code in forms and item not in NO_QUESTION
    ]
    assert asked
    absent = [
        name
        for item, forms in asked
        for name in UNDER_ANOTHER_NAME.get(item) or one_by_one(item)
        if not any(name.lower() in own_items(form) for form in ELSEWHERE.get(item, forms))
    ]
    assert absent == []


def test_nothing_is_asked_elsewhere_without_need() -> None:
    sections = {item: forms for forms, item in items_of_protocol()}
    assert ELSEWHERE.keys() <= sections.keys()
    assert not [item for item, form in ELSEWHERE.items() if sections[item] & {*form}]


def test_each_line_is_whole() -> None:
    lines = printed()
    assert len(
        {(line["form"], line["group"], line["item"]) for line in lines if line["form"] in catalogue.forms()}
    ) == sum(
        len(form.exported) + sum(len(group.questions) for group in form.groups.values())
        for form in catalogue.forms().values()
    )
    assert len({(line["form"], line["group"], line["item"], line["condition"]) for line in lines}) == len(
        lines
    )
    for line in lines:
        assert line["label_en"], line
        assert line["label_zh"], line
        assert line["type"], line
        assert line["classification"], line
        assert (
            (line["code_list"] != "") == (line["type"] in {"code", "codes"})
            or line["derived"] == "yes"
            or (line["type"] == "text")
        ), line


# The tests of the table whose codes it leaves to the controlled terms, by their names there.
CODES_PER_CT = {
    "NT-proBNP": ["BNPPRONT"],
    "HBsAg, HBV DNA, anti-HCV, HIV": ["HBSAG", "HBVDNA", "HCAB", "HIVAB"],
    "SCC antigen, CEA": ["SCCAG", "CEA"],
    "Urinalysis protein": ["UPROT"],
    "ctDNA (optional)": ["CTDNA"],
    "CRP, PCT": ["CRP", "PCT"],
    "GFR used for dosing": ["CREATCLR"],
}


def laboratory_tests() -> Iterator[tuple[str, str, list[float], list[float]]]:
    """Yield code, unit, soft and hard range of each test of the table (protocol 3.4 G)."""
    table = PROTOCOL.read_text("utf-8").partition("| Test | Unit |")[2].partition("\n\n")[0]
    for line in table.splitlines()[2:]:
        name, unit, soft, hard, _hint, said = (cell.strip() for cell in line.strip().strip("|").split("|"))
        codes = CODES_PER_CT.get(name) or re.findall(r"\b[A-Z0-9]{1,8}\b", re.sub(r"\(.*?\)", "", said))
        for place, code in enumerate(codes):
            parts = [cell.split(";") for cell in (unit, soft, hard)]
            own = [part[place].strip() if len(part) > 1 else part[0].strip() for part in parts]
            yield code, own[0], *(numbers_in(text.replace("-", " ")) for text in own[1:])


def test_each_laboratory_test_has_its_unit_and_its_ranges() -> None:
    lines = [
        line for line in printed("LB") if line["item"] == "lb_res" and " and lb_test = " in line["condition"]
    ]
    listed = {line["condition"].rpartition(" = ")[2]: line for line in lines}
    wanted = {code: (unit, soft, hard) for code, unit, soft, hard in laboratory_tests()}
    assert listed.keys() == wanted.keys()
    for code, (unit, soft, hard) in wanted.items():
        told = listed[code]
        assert told["sdtm"] == f"LBORRES ({code})"
        assert (told["label_en"], told["label_zh"]) != ("", "")
        if soft:
            ranges = (numbers_in(told["expected"]), numbers_in(told["possible"]))
            assert (told["unit"], *ranges) == (unit, soft, hard), code
    assert listed["HBSAG"]["code_list"] == "NEG = negative; POS = positive; IND = indeterminate"
    [units] = [
        each for each in printed("LB") if each["item"] == "lb_unit" and each["condition"].endswith("= HGB")
    ]
    assert units["code_list"] == "g/L = g/L; g/dL = g/dL; mmol/L = mmol/L"


def test_a_line_names_the_checks_that_speak_of_it_and_its_place_in_the_tabulation() -> None:
    """A range that hangs on other answers stands in a check; where an answer stands is what the map says."""
    lines = {(line["form"], line["item"]): line for line in printed("ELIG", "TREAT", "RAND")}
    assert lines["TREAT", "carbo_auc"]["checks"] == "X014; TREAT-28"
    assert lines["ELIG", "icf_dt"]["checks"] == "ELIG-01; ELIG-03"
    assert lines["ELIG", "screen_no"]["sdtm"] == "SUBJID"
    assert lines["ELIG", "ct_e"]["sdtm"] == "RSORRES (CTCAT)"
    assert lines["RAND", "strat_stage"]["sdtm"] == "SUPPDM.STRATSTG"
    known = {check.code for form in catalogue.forms().values() for check in form.checks if check.fields}
    assert {code for line in printed() for code in filter(None, line["checks"].split("; "))} >= {
        "X017",
        "LB-02",
        "DV-01",
    }
    assert {code for line in printed() for code in filter(None, line["checks"].split("; "))} <= known


def test_a_line_says_what_is_asked_when_and_in_which_words() -> None:
    [line] = [line for line in printed("CRE") if line["item"] == "pet_dm_site"]
    assert line["label_en"] == "Distant lesion: where?"
    assert line["label_zh"] == "远处病灶：部位？"
    assert line["condition"] == "pet_dm in (suspect, proven)"
    assert line["required"] == "when pet_dm in (suspect, proven)"
    assert "adrenal = adrenal gland" in line["code_list"]
    [thick] = [line for line in printed("CRE") if line["item"] == "wall_mm"]
    assert (thick["unit"], thick["expected"], thick["possible"]) == ("mm", "3 to 15 mm", "1 to 60 mm")


def test_a_form_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(CommandError, match=r"There is no form XYZ\. The forms are: ELIG, DM"):
        printed("CRE", "XYZ")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (None, ""),
        (Is("a", "Y"), "a = Y"),
        (Is("a", 1, 2), "a in (1, 2)"),
        (Is("a", True), "a = Y"),
        (Answered("a"), "a is answered"),
        (Over("a", 3), "a > 3"),
        (Under("a", 3), "a < 3"),
        (Has("a", "x", "y"), "a has x or y"),
        (Same("a", "b"), "a = b"),
        (Not(Is("a", "Y")), "not (a = Y)"),
        (All(Is("a", "Y"), Any_(Is("b", "Y"), Over("c", 3))), "a = Y and (b = Y or c > 3)"),
    ],
)
def test_a_condition_is_a_formula(condition: Any, said: str) -> None:
    assert formula(condition) == said
