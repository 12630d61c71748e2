"""Rows of forms and the SDTM records that they become, both written by hand: units, days, qualifiers, numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exports.sdtm.files.origins import origin_of
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.package import Dataset
from exports.sdtm.records import SdtmRecord, Supplement, records_of
from exports.sdtm.schedule import Schedule
from exports.sdtm.sources import ExportFiles
from exports.sdtm.subjects import demographics, elements, visits
from protocol.text import load, versions
from tests.unit.exports.test_sdtm_records import KEYS, exported

CHAPTERS = ("3.0",)
TEXT = load(max(versions()))
ONE = frozenset({"01"})
LOG = {"SUBJID": "01", "VISIT": "", "VISITSEQ": ""}


def become(folder: Path, file: str, row: dict[str, str], **more: list[dict[str, str]]) -> list[SdtmRecord]:
    """The records that one row of a file becomes; columns that it does not name are empty."""
    form, _group, name = file.partition("_")
    above = {form: [row]} if name else {}
    files = exported(folder, **{**above, **more, file: [row]})
    return list(records_of(files, mappings()[file], ONE))


def beside(record: SdtmRecord) -> dict[str, str]:
    return {each.qnam: each.value for each in record.supplements}


def test_an_adverse_event_with_its_report(tmp_path: Path) -> None:
    row = {
        **LOG,
        "FORMSEQ": "3",
        "AE_TERM": "Pneumonitis of the left lung",
        "CTCAE_TERM": "Pneumonitis",
        "AE_ST": "2026-03-02",
        "AE_EN": "2026-04",
        "AE_ONGO": "N",
        "GRADE": "3",
        "SERIOUS": "Y",
        "SER_CRIT__HOSPITAL": "1",
        "SER_CRIT__LIFE": "0",
        "ACTION_CAMRE": "stopped",
        "ACTION_CHEMO": "none",
        "REL_WORST": "probable",
        "REL_CAMRE": "probable",
        "OUTCOME": "sequelae",
        "IRAE": "Y",
        "IRAE_TYPE": "pneumonitis",
        "IR_PRED": "60",
    }
    reports = [
        {"SUBJID": number, "AE_NO": event, "SAE_FU_NO": told}
        for number, event, told in (("01", "3", "0"), ("01", "3", "1"), ("01", "2", "5"), ("02", "3", "6"))
    ]
    (event,) = become(tmp_path, "AE", row, SAE=reports)
    assert event.values == {
        "AESPID": "3",
        "AETERM": "Pneumonitis of the left lung",
        "AEDECOD": "Pneumonitis",
        "AECAT": "pneumonitis",
        "AESER": "Y",
        "AEACN": "DRUG WITHDRAWN",
        "AEREL": "PROBABLY RELATED",
        "AEOUT": "RECOVERED/RESOLVED WITH SEQUELAE",
        "AESHOSP": "Y",
        "AESLIFE": "N",
        "AETOXGR": "3",
        "AESTDTC": "2026-03-02",
        "AEENDTC": "2026-04",
    }
    assert beside(event) == {
        "CTCAETRM": "Pneumonitis",
        "RELCAMRE": "probable",
        "IRAE": "Y",
        "IRPRED": "60",
        "ACNCHEMO": "none",
        "ACNCAMR": "stopped",
        "SAEFUNO": "1",  # the latest report of this event of this person
    }


def test_a_dose_of_chemotherapy_as_collected_and_as_given(tmp_path: Path) -> None:
    row = {
        **KEYS,
        "VISIT": "N2",
        "ROW": "2",
        "DOSE_NO": "2",
        "CARBO_GIVEN": "reduced",
        "CARBO_DT": "2026-03-09",
        "CARBO_MG": "230",
        "CARBO_AUC": "2",
        "CARBO_REASON": "other_ae",
        "NABP_GIVEN": "omitted",
        "NABP_REASON": "patient",
        "DOSE_AE": "4",
        "COUNT_DT": "2026-03-08",
        "ANC_D": "2.10",
        "WEIGHT_D": "58",
    }
    records = become(tmp_path, "TREAT_CHEMO", row)
    known = {(each.domain, each.values.get(f"{each.domain}TRT", "")): each for each in records}
    given = {
        "LNKID": "CARB-2",
        "TRT": "CARBOPLATIN",
        "DOSE": "230",
        "DOSU": "mg",
        "DOSFRM": "INJECTION, SOLUTION",
        "DOSFRQ": "ONCE",
        "ROUTE": "INTRAVENOUS",
        "ADJ": "other_ae",
        "STDTC": "2026-03-09",
        "ENDTC": "2026-03-09",
    }
    collected = known["EC", "CARBOPLATIN"]
    assert known["EX", "CARBOPLATIN"].values == {f"EX{name}": value for name, value in given.items()}
    assert collected.values == {
        **{f"EC{name}": value for name, value in given.items()},
        "ECMOOD": "PERFORMED",
        "ECPRESP": "Y",
        "ECOCCUR": "Y",
    }
    assert (beside(collected), collected.relations) == ({"GIVEN": "reduced", "AUC": "2"}, [("AE", "4")])
    omitted = known["EC", "PACLITAXEL"].values
    assert (omitted["ECOCCUR"], omitted["ECADJ"], "ECSTDTC" in omitted) == ("N", "patient", False)
    assert ("EX", "PACLITAXEL") not in known
    (count,) = (each.values for each in records if each.values.get("LBTESTCD") == "NEUT")
    assert (count["LBORRES"], count["LBORRESU"], count["LBSTRESN"], count["LBDTC"]) == (
        *("2.10", "10^9/L", "2.1"),
        "2026-03-08",
    )
    (weight,) = (each.values for each in records if each.domain == "VS")
    assert (weight["VSORRES"], weight["VSORRESU"], weight["VSDTC"]) == ("58", "kg", "2026-03-09")


def test_a_laboratory_result_in_its_own_unit_and_in_that_of_the_protocol(tmp_path: Path) -> None:
    row = {
        **KEYS,
        "ROW": "1",
        "LB_DT": "2026-03-01",
        "LB_TM": "08:30",
        "LB_LAB": "Local",
        "LB_TEST": "CREAT",
        "LB_RES": "1.10",
        "LB_UNIT": "mg/dL",
        "LB_STRESC": "97.2",
        "LB_STRESN": "97.2",
        "LB_STRESU": "umol/L",
        "LB_LO": "57",
        "LB_HI": "97",
        "LB_FLAG": "H",
        "LB_TERM": "Creatinine increased",
        "LB_GRADE": "1",
    }
    (result,) = become(tmp_path, "LB_TESTS", row)
    assert result.values == {
        "LBTESTCD": "CREAT",
        "LBTEST": "Creatinine",
        "LBCAT": "CHEMISTRY",
        "LBSPEC": "SERUM OR PLASMA OR BLOOD",
        "LBORRES": "1.10",
        "LBORRESU": "mg/dL",
        "LBSTRESC": "97.2",
        "LBSTRESN": "97.2",
        "LBSTRESU": "umol/L",
        "LBSTNRLO": "57",
        "LBSTNRHI": "97",
        "LBNRIND": "HIGH",
        "LBNAM": "Local",
        "LBTOX": "Creatinine increased",
        "LBTOXGR": "1",
        "LBDTC": "2026-03-01T08:30",
    }


def test_a_serology_is_submitted_in_words(tmp_path: Path) -> None:
    row = {**KEYS, "ROW": "1", "LB_DT": "2026-03-01", "LB_TEST": "HBSAG", "LB_RES": "NEG", "LB_STRESC": "NEG"}
    (result,) = become(tmp_path, "LB_TESTS", row)
    names = ("LBTESTCD", "LBCAT", "LBORRES", "LBSTRESC", "LBDTC")
    assert tuple(result.values[name] for name in names) == (
        "HBSAG",
        "CHEMISTRY",
        "NEG",
        "NEGATIVE",
        "2026-03-01",
    )


def test_a_death_its_cause_and_what_the_committee_says(tmp_path: Path) -> None:
    row = {
        **KEYS,
        "VISIT": "SWEEP-06",
        "STATUS_DT": "2026-09-10",
        "VITAL": "dead",
        "V_SOURCE": "family",
        "DEATH_DT": "2026-09-02",
        "DEATH_KNOWN": "exact",
        "COD": "cancer",
        "COD_CENTRAL": "treatment",
        "DEATH_AE": "7",
    }
    records = become(tmp_path, "SURV", row)
    told = [
        (
            each.domain,
            each.values.get(f"{each.domain}EVAL"),
            each.values.get(f"{each.domain}ORRES"),
            each.values.get(f"{each.domain}DTC"),
        )
        for each in records
        if each.domain in ("SS", "DD")
    ]
    assert told == [
        ("SS", None, "dead", "2026-09-10"),
        ("SS", None, "family", "2026-09-10"),
        ("DD", "INVESTIGATOR", "cancer", "2026-09-02"),
        ("DD", "ADJUDICATION COMMITTEE", "treatment", "2026-09-02"),
    ]
    (end,) = (each for each in records if each.domain == "DS")
    assert end.values == {
        "DSTERM": "Death",
        "DSDECOD": "DEATH",
        "DSCAT": "OTHER EVENT",
        "DSSTDTC": "2026-09-02",
    }
    (cause, _committee) = (each for each in records if each.domain == "DD")
    assert cause.relations == [("AE", "7")]
    (part,) = (each.values for each in records if each.domain == "DM")
    assert part == {"DTHDTC": "2026-09-02", "DTHFL": "Y"}


def test_a_criterion_has_a_record_where_it_was_not_met(tmp_path: Path) -> None:
    row = {
        **KEYS,
        "ICF_DT": "2026-03-01",
        "ELIG_SIG": "",
        "INC_1": "N",
        "INC_2": "Y",
        "EXC_3": "Y",
        "EXC_4": "N",
    }
    people = [{"SUBJID": "01", "STATE_SINCE": "2026-03-04"}]
    made = become(tmp_path, "ELIG", row, PARTICIPANTS=people)
    records = [each.values for each in made if each.domain == "IE"]
    assert [
        (each["IETESTCD"], each["IECAT"], each["IEORRES"], each["IESTRESC"], each["IEDTC"])
        for each in records
    ] == [
        ("INCL01", "INCLUSION", "N", "N", "2026-03-01"),
        ("EXCL03", "EXCLUSION", "Y", "Y", "2026-03-01"),
    ]


def test_a_test_that_was_not_done_says_so(tmp_path: Path) -> None:
    people = [{"SUBJID": "01", "STATE_SINCE": "2026-03-04"}]
    at_consent = {**KEYS, "ICF_DT": "2026-03-01", "PREG_RES": "ND"}
    evaluated = {**KEYS, "VISIT": "CRE-1", "CRE_DT": "2026-05-02", "CTDNA": "not_done"}
    for name, file, row, day in (
        ("HCG", "ELIG", at_consent, "2026-03-01"),
        ("CTDNA", "CRE", evaluated, "2026-05-02"),
    ):
        (tmp_path / name).mkdir()
        records = become(tmp_path / name, file, row, PARTICIPANTS=people)
        (told,) = (each.values for each in records if each.domain == "LB")
        assert (told["LBTESTCD"], told["LBSTAT"], told["LBDTC"], "LBORRES" in told) == (
            *(name, "NOT DONE"),
            *(day, False),
        )


def test_what_was_found_in_a_specimen_stands_by_margin_score_and_operation(tmp_path: Path) -> None:
    row = {
        **KEYS,
        "OP_NO": "1",
        "PATH_DT": "2026-05-12",
        "M_PROX": "12",
        "INV_PROX": "N",
        "M_CRM": "0.5",
        "LN_EXAM": "20",
        "LN_POS": "1",
        "PCR": "N",
        "CPS": "10",
        "TPS": "5",
        "PDL1_CLONE": "22C3",
    }
    records = [each.values for each in become(tmp_path, "PATH", row)]
    told = {
        (each["MITESTCD"], each.get("MICAT") or each.get("MITSTDTL", "")): (
            *(each["MIORRES"], each.get("MIORRESU", "")),
            each["MILOC"],
        )
        for each in records
        if "MITESTCD" in each
    }
    assert told == {
        ("SGMGDIST", "PROXIMAL MARGIN"): ("12", "mm", "ESOPHAGUS"),
        ("SGMGSTAT", "PROXIMAL MARGIN"): ("N", "", "ESOPHAGUS"),
        ("SGMGDIST", "CIRCUMFERENTIAL MARGIN"): ("0.5", "mm", "ESOPHAGUS"),
        ("LNEXNUM", ""): ("20", "", "LYMPH NODE"),
        ("LNINNUM", ""): ("1", "", "LYMPH NODE"),
        ("PDL1", "COMBINED POSITIVE SCORE"): ("10", "", "ESOPHAGUS"),
        ("PDL1", "TUMOR PROPORTION SCORE"): ("5", "%", "ESOPHAGUS"),
    }
    (response,) = (each for each in records if each.get("RSTESTCD") == "PATHRESP")
    assert (response["RSORRES"], response["RSEVAL"], response["RSDTC"], response["RSGRPID"]) == (
        *("NOT CR", "PATHOLOGIST"),
        *("2026-05-12", "OP1"),
    )


def test_a_recurrence_is_of_the_day_of_its_proof(tmp_path: Path) -> None:
    row = {
        **KEYS,
        "FU_DT": "2026-08-20",
        "ALIVE": "Y",
        "REC_TYPE": "local;node",
        "REC_METHOD": "histology",
        "REC_DT_PROOF": "2026-08-10",
    }
    records = [each.values for each in become(tmp_path, "FU", row)]
    lesions = [each for each in records if each.get("TUTESTCD") == "LESIDENT"]
    assert [(each["TUORRES"], each["TUMETHOD"], each["TUDTC"]) for each in lesions] == [
        (kind, "HISTOPATHOLOGY", "2026-08-10") for kind in ("local", "node")
    ]
    (status,) = (each for each in records if "SSTESTCD" in each)
    assert (status["SSORRES"], status["SSSTRESC"], status["SSDTC"]) == ("Y", "ALIVE", "2026-08-20")


def test_a_drug_leads_to_the_event_and_to_the_disease_that_it_is_for(tmp_path: Path) -> None:
    row = {
        **LOG,
        "FORMSEQ": "2",
        "CM_TRT": "Prednisone",
        "CM_DOSE": "60",
        "CM_DOSU": "mg",
        "CM_ROUTE": "oral",
        "CM_FREQ": "qd",
        "CM_START": "2026-03-03",
        "CM_ONGO": "Y",
        "CM_INDC": "irae",
        "CM_AE": "3",
        "CM_MH": "8",
        "CM_PRED": "60",
    }
    about_derived = {
        "FILE": "CM.csv",
        "VARIABLE": "CM_PRED",
        "LABEL": "Dose",
        "TYPE": "decimal",
        "UNIT": "mg",
    }
    (drug,) = become(tmp_path, "CM", row, CODEBOOK=[{**about_derived, "DERIVED": "Y"}])
    assert drug.values == {
        "CMSPID": "2",
        "CMTRT": "Prednisone",
        "CMCAT": "CONCOMITANT MEDICATION",
        "CMDOSE": "60",
        "CMDOSU": "mg",
        "CMROUTE": "ORAL",
        "CMDOSFRQ": "QD",
        "CMSTDTC": "2026-03-03",
        "CMENRTPT": "ONGOING",
        "CMENTPT": "2026-11-20",  # the day whose state the export shows
        "CMINDC": "IMMUNE-RELATED ADVERSE EVENT",
    }
    assert drug.relations == [("AE", "3"), ("MH", "8")]
    assert [(each.qnam, each.value, each.origin.value) for each in drug.supplements] == [
        ("PREDEQ", "60", "DERIVED")
    ]


PEOPLE = ("01", "02", "03", "04")


@pytest.fixture
def register(tmp_path: Path) -> Schedule:
    """Four people: treated and operated, crossed over, allocated and never treated, screened alone."""
    arms = dict(zip(PEOPLE, ("2", "1", "1", ""), strict=True))
    states = dict(zip(PEOPLE, ("FOLLOW_UP", "FOLLOW_UP", "NEVER_TREATED", "SCREEN_FAIL"), strict=True))
    days = {
        "01": {
            "ICF": "2026-01-05",
            "NEO_D1": "2026-02-02",
            "NEO_END": "2026-03-10",
            "LASTDOSE": "2026-03-09",
            "SURG": "2026-05-04",
            "DEATH": "2026-09-02",
        },
        "02": {"ICF": "2026-01-06", "NEO_D1": "2026-02-03"},
        "03": {"ICF": "2026-01-07"},
        "04": {"ICF": "2026-01-08"},
    }
    files = exported(
        tmp_path,
        PARTICIPANTS=[
            {
                "SUBJID": number,
                "SITEID": "01",
                "ARM": arms[number],
                "STATE": states[number],
                "STATE_SINCE": "2026-01-20",
                "STRAT_SITE": "",
                "STRAT_STAGE": "",
                "PROTOCOL_VERSION": "1.0",
            }
            for number in PEOPLE
        ],
        CONSENTS=[{"SUBJID": number, "ANSWER": "signed"} for number in PEOPLE],
        MILESTONES=[
            {"SUBJID": number, "MILESTONE": code, "DATE": day, "DATE_FIRST": ""}
            for number, known in days.items()
            for code, day in known.items()
        ],
        DV=[
            {
                "SUBJID": "02",
                "DV_CAT": "crossover",
                "DV_CROSS_FROM": "surveillance",
                "DV_CROSS_TO": "surgery",
            }
        ],
        VISITS=[visit("N1", on="2026-02-02", mode="centre"), visit("N2", state="missed"), visit("UNS")],
    )
    return Schedule(files, TEXT)


def visit(code: str, *, on: str = "2026-02-20", state: str = "done", mode: str = "") -> dict[str, str]:
    """One visit of the first of them, as the file of visits has it."""
    day = on if state == "done" else ""
    told = {"TOOK_PLACE_ON": day, "CONTACT_MODE": mode, "NOT_DONE_REASON": ""}
    return {"SUBJID": "01", "VISIT": code, "VISITSEQ": "1", "STATE": state, **told}


def test_elements_follow_one_another_and_a_day_is_of_the_last_that_had_begun(register: Schedule) -> None:
    passed = [each.values for each in elements(register.files, register) if each.subject == "01"]
    assert [
        (each["ETCD"], each["TAETORD"], each["EPOCH"], each["SESTDTC"], each["SEENDTC"]) for each in passed
    ] == [
        ("SCRN", "1", "SCREENING", "2026-01-05", "2026-02-02"),
        ("CRT", "2", "TREATMENT", "2026-02-02", "2026-03-10"),
        ("EVAL", "3", "OBSERVATION", "2026-03-10", "2026-05-04"),
        ("SURGFUP", "4", "FOLLOW-UP", "2026-05-04", "2026-09-02"),
    ]
    epochs = {
        "2026-01-04": "",
        "2026-01-05": "SCREENING",
        "2026-02-01": "SCREENING",
        "2026-02-02": "TREATMENT",
        "2026-05-04T09:00": "FOLLOW-UP",
        "2026-05": "",
    }
    assert {day: register.epoch("01", day) for day in epochs} == epochs


def test_demographics_say_the_reference_days_and_why_there_is_no_actual_arm(register: Schedule) -> None:
    seen = {"01": "2026-09-10"}  # somebody said on this day that they had died
    said = SdtmRecord(
        "DM", "01", {"AGE": "61", "SEX": "M"}, [Supplement("ETHNICCN", "Chinese Ethnic Group", "Han")]
    )
    told = {each.subject: each.values for each in demographics(register.files, register, [said], seen)}
    names = {arm.code: arm.name.en for arm in TEXT.arms}
    assert told["01"] == {
        "SUBJID": "01",
        "RFSTDTC": "2026-02-02",
        "RFENDTC": "2026-09-02",
        "RFXSTDTC": "2026-02-02",
        "RFXENDTC": "2026-03-09",
        "RFICDTC": "2026-01-05",
        "RFPENDTC": "2026-09-10",
        "SITEID": "01",
        "COUNTRY": "CHN",
        "AGE": "61",
        "AGEU": "YEARS",
        "SEX": "M",
        "RACE": "ASIAN",
        "ARMCD": "CRTSURG",
        "ARM": names["2"],
        "ACTARMCD": "CRTSURG",
        "ACTARM": names["2"],
    }
    assert {number: told[number].get("ARMNRS") for number in PEOPLE} == {
        "01": None,
        "02": "UNPLANNED TREATMENT",
        "03": "ASSIGNED, NOT TREATED",
        "04": "SCREEN FAILURE",
    }
    crossed = told["02"]
    assert (crossed["ACTARMUD"], crossed["ARMCD"]) == (
        *("Allocated: surveillance. Received: surgery.",),
        "CAMCRTWW",
    )
    assert {"ACTARM", "ACTARMCD"}.isdisjoint(crossed)
    assert {"RFSTDTC", "RFENDTC", "ACTARM"}.isdisjoint(told["03"])


def test_visits_say_whether_they_took_place_and_have_the_number_of_the_schedule(register: Schedule) -> None:
    planned = list(dict.fromkeys(rule.code for rule in TEXT.visits))
    made = {each.place[0]: each.values for each in visits(register.files, register, ONE, {})}
    day = {"SVSTDTC": "2026-02-20", "SVENDTC": "2026-02-20"}
    assert made == {
        "N1": {
            "SVPRESP": "Y",
            "SVOCCUR": "Y",
            "SVCNTMOD": "IN PERSON",
            "SVSTDTC": "2026-02-02",
            "SVENDTC": "2026-02-02",
        },
        "N2": {"SVPRESP": "Y", "SVOCCUR": "N", "SVREASOC": "Missed"},
        "UNS": {"SVUPDES": "Unscheduled visit", **day},
    }
    sweep = planned.index("SWEEP") + 1
    assert [register.number(*which) for which in (("SCR", "1"), ("UNS", "1"), ("UNS", "3"))] == [
        str(planned.index("SCR") + 1),
        "901",
        "901.0002",
    ]
    assert [register.number(*which) for which in (("SWEEP-06", "1"), ("SWEEP-12", "1"))] == [
        f"{sweep}.006",
        f"{sweep}.012",
    ]


@pytest.mark.parametrize(
    ("dataset", "name", "origin"),
    [
        ("AE", "AETERM", ("Collected", "Investigator", "")),
        ("AE", "AESEQ", ("Derived", "Sponsor", "MT.SEQ")),
        ("AE", "AESTDY", ("Derived", "Sponsor", "MT.DY")),
        ("AE", "EPOCH", ("Derived", "Sponsor", "MT.EPOCH")),
        ("LB", "LBLOBXFL", ("Derived", "Sponsor", "MT.LOBXFL")),
        ("LB", "LBSTRESN", ("Derived", "Sponsor", "MT.STRES")),
        ("VS", "VSTESTCD", ("Assigned", "Sponsor", "")),
        ("DM", "RFSTDTC", ("Derived", "Sponsor", "MT.REG")),
        ("DM", "DOMAIN", ("Assigned", "Sponsor", "")),
        ("DM", "SEX", ("Collected", "Investigator", "")),
        ("TV", "VISITNUM", ("Protocol", "Sponsor", "")),
        ("CO", "COVAL", ("Collected", "Investigator", "")),
        ("RELREC", "RELID", ("Derived", "Sponsor", "MT.JOIN")),
        ("SUPPAE", "QVAL", ("Collected", "Investigator", "")),
    ],
)
def test_a_value_is_from_where_define_xml_says(dataset: str, name: str, origin: tuple[str, ...]) -> None:
    domain = dataset.removeprefix("SUPP")
    told: Any = origin_of(Dataset(dataset, domain, "", (), [], ()), name)
    assert (told.type, told.source, told.method) == origin


def test_an_export_that_lacks_a_form_gives_no_record_of_it(tmp_path: Path) -> None:
    files: ExportFiles = exported(tmp_path, PARTICIPANTS=[{"SUBJID": "01"}])
    assert list(records_of(files, mappings()["AE"], ONE)) == []
