"""Records of SDTM, worked by hand: baseline, numbers and texts, absence, parts of a row, relations, long texts."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.sdtm.baseline import flag_baseline
from exports.sdtm.mapping import FormMapping, Pattern, Relation, Target, a, finding, q, record, when
from exports.sdtm.package import study_day
from exports.sdtm.records import QualifierOrigin, SdtmRecord, Supplement, plain_number, records_of
from exports.sdtm.relations import comment_rows, relation_rows
from exports.sdtm.sources import ExportFiles
from exports.sdtm.subjects import first_days, in_pieces, last_days, of_register

CHAPTERS = ("3.0",)
FIRST = {"01": {"NEO_D1": "2026-03-10"}}
KEYS = {"SUBJID": "01", "VISIT": "SCR", "VISITSEQ": "1", "FORMSEQ": "1"}


def exported(folder: Path, **files: list[dict[str, str]]) -> ExportFiles:
    """The files of an export with these rows; a question is a code where CODELISTS has codes of it."""
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in files.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"{name}.csv", text.getvalue())
        archive.writestr("manifest.json", json.dumps({"data_as_of": "2026-11-20T10:00:00+08:00"}))
    return ExportFiles(path)


def made(
    folder: Path, target: Target, *rows: dict[str, str], **more: list[dict[str, str]]
) -> list[SdtmRecord]:
    """What the rows of form DM become by one declaration."""
    files = exported(folder, DM=[KEYS | row for row in rows], **more)
    return list(records_of(files, FormMapping("DM", (target,)), frozenset({"01"})))


def result(day: str, *, value: str = "5", subject: str = "01", **more: str) -> SdtmRecord:
    named = {f"MI{name}": said for name, said in more.items()}
    return SdtmRecord("MI", subject, {"MITESTCD": "PDL1", "MIDTC": day, "MIORRES": value, **named})


def test_the_baseline_is_the_last_result_up_to_the_first_day() -> None:
    early, last = result("2026-03-09"), result("2026-03-10", value="6")
    never = [
        result("2026-03-11"),
        result("2026-03", value="7"),  # the day is not known
        result("2026-03-10", value=""),
        result("2026-03-10", subject="02"),  # never treated
    ]
    other = result("2026-02-01", TSTDTL="COMBINED POSITIVE SCORE")
    flag_baseline("MI", [last, early, *never, other], FIRST)
    assert [each.values.get("MILOBXFL") for each in (last, early, other)] == ["Y", None, "Y"]
    assert not any("MILOBXFL" in each.values for each in never)


def test_of_two_results_of_one_day_the_later_record_is_the_baseline() -> None:
    first, second = result("2026-03-10T08:00"), result("2026-03-10T08:00", value="6")
    flag_baseline("MI", [first, second], FIRST)
    assert ("MILOBXFL" in first.values, "MILOBXFL" in second.values) == (False, True)


@pytest.mark.parametrize(
    ("when_", "day"),
    [("2026-03-10", "1"), ("2026-03-11T08:00", "2"), ("2026-03-09", "-1"), ("2026-03", ""), ("", "")],
)
def test_there_is_no_day_nought(when_: str, day: str) -> None:
    assert study_day(when_, "2026-03-10") == day
    assert study_day(when_, "") == ""


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("12.50", "12.5"),
        ("10", "10"),
        ("100.0", "100"),
        ("1.20 mg", "1.20 mg"),
        ("-0.50", "-0.5"),
        ("CR", "CR"),
    ],
)
def test_a_number_in_standard_form_has_no_idle_zeros(said: str, plain: str) -> None:
    assert plain_number(said) == plain


def test_a_result_stands_in_standard_form_too_and_its_unit_only_beside_it(tmp_path: Path) -> None:
    target = finding("VS", "WEIGHT", "Weight", a("WEIGHT"), unit="kg", DTC="2026-03-01")
    (one,) = made(tmp_path, target, {"WEIGHT": "61.50", "WEIGHT_MISS": ""})
    assert one.values == {
        "VSTESTCD": "WEIGHT",
        "VSTEST": "Weight",
        "VSDTC": "2026-03-01",
        "VSORRES": "61.50",
        "VSORRESU": "kg",
        "VSSTRESC": "61.5",
        "VSSTRESN": "61.5",
        "VSSTRESU": "kg",
    }
    rounded = finding(
        "VS", "WEIGHT", "Weight", a("WEIGHT"), STRESN="62", qualifiers=(q("WHO", "BY", "Weighed By"),)
    )
    (other,) = made(tmp_path, rounded, {"WEIGHT": "61.50", "BY": "nurse", "VISIT": ""})
    assert (other.values["VSSTRESN"], other.values["VSSTRESC"]) == ("62", "61.5")  # what is declared stays
    assert [each.label for each in other.supplements] == ["Weighed By"]
    assert other.place == ("SCR", "1")  # the form is answered at screening, whatever the row says of a visit


@pytest.mark.parametrize(
    ("reason", "says"), [("ND", "not done, says the list"), ("XX", "XX"), ("NAP", ""), ("", "")]
)
def test_what_is_absent_says_why_unless_it_does_not_apply(tmp_path: Path, reason: str, says: str) -> None:
    target = finding("VS", "WEIGHT", "Weight", a("WEIGHT"), unit="kg")
    said = {
        "FILE": "DM.csv",
        "VARIABLE": "WEIGHT_MISS",
        "LABEL": "Why",
        "TYPE": "code",
        "UNIT": "",
        "DERIVED": "N",
    }
    words = {"FILE": "DM.csv", "VARIABLE": "WEIGHT_MISS", "CODE": "ND", "LABEL": "not done, says the list"}
    records = made(
        tmp_path, target, {"WEIGHT": "", "WEIGHT_MISS": reason}, CODEBOOK=[said], CODELISTS=[words]
    )
    assert [(each.values["VSSTAT"], each.values["VSREASND"]) for each in records] == (
        [("NOT DONE", says)] if says else []
    )
    assert not any({"VSORRESU", "VSSTRESU", "VSSTRESC"} & each.values.keys() for each in records)


def test_a_text_in_place_of_a_number_leaves_it_and_stands_beside_the_record(tmp_path: Path) -> None:
    target = record("CM", needs=("TRT",), TRT=a("DRUG"), DOSE=a("DOSE"))
    plain, typed = made(tmp_path, target, {"DRUG": "x", "DOSE": "2.5"}, {"DRUG": "x", "DOSE": "about 2"})
    assert (plain.values.get("CMDOSE"), plain.supplements) == ("2.5", [])
    assert "CMDOSE" not in typed.values
    assert [(each.qnam, each.label, each.value) for each in typed.supplements] == [
        ("CMDOSEX", "Dose per Administration (Text)", "about 2")
    ]
    result = finding("LB", "ALT", "Alanine Aminotransferase", a("RES"), STNRHI=a("HIGH"))
    (labelled,) = made(tmp_path, result, {"RES": "40", "HIGH": "by age"})
    label = labelled.supplements[0].label  # a label has 40 characters at most
    assert (label, len(label)) == ("Reference Range Upper Limit-Std U (Text)", 40)


def test_a_record_stands_only_under_its_conditions_and_with_what_it_needs(tmp_path: Path) -> None:
    target = record("PR", needs=("STDTC",), only=(when("DONE", "Y"), when("WHY")), TRT="PET", STDTC=a("DAY"))
    rows = [
        {"DONE": done, "WHY": why, "DAY": day} for done in "YN" for why in ("", "x") for day in ("", "2026")
    ]
    assert [each.values for each in made(tmp_path, target, *rows)] == [{"PRTRT": "PET", "PRSTDTC": "2026"}]


def test_of_a_question_with_many_codes_each_has_its_record(tmp_path: Path) -> None:
    target = record("MH", each="ITEMS", only=(when("ITEMS", "a", "c"),), TERM=a("ITEMS"), OCCUR="Y")
    assert [each.values["MHTERM"] for each in made(tmp_path, target, {"ITEMS": "a;b;c"}, {"ITEMS": ""})] == [
        "a",
        "c",
    ]


def test_an_end_in_relation_to_a_day_needs_both(tmp_path: Path) -> None:
    target = record("MH", TERM="x", ENRTPT=a("ONGO", {"Y": "ONGOING"}), ENTPT="2026-11-20")
    goes_on, over = made(tmp_path, target, {"ONGO": "Y"}, {"ONGO": "N"})
    assert (goes_on.values.get("MHENRTPT"), goes_on.values.get("MHENTPT")) == ("ONGOING", "2026-11-20")
    assert {"MHENRTPT", "MHENTPT"}.isdisjoint(over.values)


def test_a_pattern_is_empty_where_one_of_its_columns_is_and_moments_lose_their_offset(tmp_path: Path) -> None:
    target = record(
        "TU", LNKID=Pattern("EUS-{N}-{M}"), DTC=a("AT"), qualifiers=(q("MORE", "M"), q("NONE", "NOTHING"))
    )
    whole, part = made(
        tmp_path,
        target,
        {"N": "1", "M": "2", "AT": "2026-03-01T08:30+08:00", "NOTHING": ""},
        {"N": "1", "M": "", "AT": "2026-03-01T08:30:15Z", "NOTHING": ""},
    )
    assert whole.values == {"TULNKID": "EUS-1-2", "TUDTC": "2026-03-01T08:30"}
    assert part.values == {"TUDTC": "2026-03-01T08:30:15"}
    assert [(each.qnam, each.value) for each in whole.supplements] == [("MORE", "2")]
    assert part.supplements == []


def test_a_relation_leads_to_the_record_of_the_same_person_with_that_number(tmp_path: Path) -> None:
    target = record("CM", TRT="x", relations=(Relation("AE", a("CM_AE")),))
    about, free = made(tmp_path, target, {"CM_AE": "2"}, {"CM_AE": ""})
    assert (about.relations, free.relations) == ([("AE", "2")], [])
    events = [
        SdtmRecord("AE", subject, {"AESPID": number, "AESEQ": f"{number}0"})
        for subject, number in (("02", "2"), ("01", "1"), ("01", "2"))
    ]
    about.values["CMSEQ"] = "7"
    told = relation_rows({"CM": [about, free], "AE": events, "LB": [], "CO": [], **EMPTY})
    assert [(row["RDOMAIN"], row["USUBJID"], row["IDVARVAL"]) for row in told] == [
        ("CM", "01", "7"),
        ("AE", "01", "20"),
    ]
    assert len({row["RELID"] for row in told}) == 1


EMPTY: dict[str, list[SdtmRecord]] = {name: [] for name in ("TU", "TR", "CE", "PR", "EC", "EX")}


def test_an_event_is_related_to_the_results_of_its_test_and_day() -> None:
    event = SdtmRecord("AE", "01", {"AESEQ": "1"}, shown_by=("ALT", "2026-03-01"))
    results = [
        SdtmRecord("LB", subject, {"LBTESTCD": test, "LBDTC": day, "LBSEQ": str(number)})
        for number, (subject, test, day) in enumerate(
            (
                ("01", "ALT", "2026-03-01T08:00"),
                ("01", "AST", "2026-03-01"),
                ("01", "ALT", "2026-03-02"),
                ("02", "ALT", "2026-03-01"),
            ),
            1,
        )
    ]
    told = relation_rows(
        {"AE": [event, SdtmRecord("AE", "01", {"AESEQ": "2"})], "LB": results, "CO": [], **EMPTY}
    )
    assert [(row["RDOMAIN"], row["IDVARVAL"]) for row in told] == [("AE", "1"), ("LB", "1")]


def test_data_sets_are_related_where_a_link_is_on_both_sides() -> None:
    lesion, size = (SdtmRecord(name, "01", {f"{name}LNKID": "PT"}) for name in ("TU", "TR"))
    of_another = SdtmRecord("TR", "02", {"TRLNKID": "PT"})
    event = SdtmRecord("AE", "01", {"AESPID": "3", "AESEQ": "5"})
    about_it = SdtmRecord("CO", "01", {"COSEQ": "1"}, relations=[("AE", "3")])  # names it in CO itself
    sets = {"AE": [event], "LB": [], "CO": [about_it], **EMPTY, "TU": [lesion, SdtmRecord("TU", "01", {})]}
    told = relation_rows(sets | {"TR": [of_another, size]})
    assert [(row["IDVAR"], row["RELTYPE"], row["RELID"]) for row in told] == [
        ("TULNKID", "ONE", "TUTR"),
        ("TRLNKID", "MANY", "TUTR"),
    ]
    assert relation_rows(sets | {"TR": [of_another]}) == []


def test_a_comment_about_an_event_names_its_record() -> None:
    event = SdtmRecord("AE", "01", {"AESPID": "3", "AESEQ": "5"})
    about, free, of_another, of_a_drug = (
        SdtmRecord("CO", subject, {"COVAL": "x"}, relations=relations)
        for subject, relations in (
            ("01", [("AE", "3")]),
            ("01", []),
            ("02", [("AE", "3")]),
            ("01", [("CM", "3")]),
        )
    )
    told = comment_rows([about, free, of_another, of_a_drug], [event], "S")
    assert [(row.get("RDOMAIN"), row.get("IDVARVAL"), row["USUBJID"]) for row in told] == [
        ("AE", "5", "S-01"),
        (None, None, "S-01"),
        (None, None, "S-02"),
        (None, None, "S-01"),
    ]


class Passed(list[SdtmRecord]):
    """A list that counts how often somebody goes through it."""

    times = 0

    def __iter__(self) -> Iterator[SdtmRecord]:
        self.times += 1
        return super().__iter__()


def test_records_are_gone_through_a_few_times_however_many_are_related(tmp_path: Path) -> None:
    events, results = Passed(), Passed()
    for number in map(str, range(50)):
        events.append(
            SdtmRecord("AE", "01", {"AESPID": number, "AESEQ": number}, shown_by=("ALT", "2026-03-01"))
        )
        results.append(SdtmRecord("LB", "01", {"LBTESTCD": "ALT", "LBDTC": "2026-03-01", "LBSEQ": number}))
    related = [SdtmRecord("CM", "01", {"CMSEQ": "1"}, relations=[("AE", "7")])] * 50
    relation_rows({"CM": related, "AE": events, "LB": results, "CO": [], **EMPTY})
    comment_rows([SdtmRecord("CO", "01", {}, relations=[("AE", "7")])] * 50, events, "S")
    assert (events.times <= 5, results.times <= 4) == (True, True)
    files = exported(tmp_path, FU=[KEYS, KEYS | {"SUBJID": "02"}])
    assert {number: len(rows) for number, rows in files.by_participant("FU").items()} == {"01": 1, "02": 1}
    assert files.by_participant("FU") is files.by_participant("FU")


def test_what_the_trial_assigned_stands_beside_the_subject_and_no_number_where_arms_are_masked(
    tmp_path: Path,
) -> None:
    """Protocol 3.2: the randomization number is a qualifier; it is no arm, and a masked export leaves it out."""
    strata = {"STRAT_SITE": "01", "STRAT_STAGE": "III", "PROTOCOL_VERSION": "1.0"}
    people = [{"SUBJID": "01"} | strata, {"SUBJID": "02"} | dict.fromkeys(strata, "")]
    numbers = {"whole": {"NUMBER": "R1A-482913"}, "masked": {}}
    said = {}
    for name, number in numbers.items():
        (tmp_path / name).mkdir()
        files = exported(tmp_path / name, PARTICIPANTS=people, ALLOCATIONS=[{"SUBJID": "01"} | number])
        said[name] = list(of_register(files, "01"))
        assert list(of_register(files, "02")) == []
    assert said["whole"][0] == Supplement(
        "RANDNO", "Randomization Number", "R1A-482913", QualifierOrigin.ASSIGNED
    )
    assert [each.qnam for each in said["masked"]] == ["STRATSIT", "STRATSTG", "PROTVER"]


def test_the_days_of_a_visit_and_of_a_subject_are_those_that_records_name() -> None:
    def seen(domain: str, day: str) -> SdtmRecord:
        return SdtmRecord(domain, "01", {f"{domain}DTC": day}, place=("SCR", "1"))

    records = [
        seen("VS", "2026-03-05T08:00"),
        seen("LB", "2026-03-02"),
        seen("LB", "2026"),
        seen("DV", "2027-01-01"),
    ]
    assert first_days(records) == {("01", "SCR", "1"): "2026-03-02"}
    assert last_days(records) == {"01": "2026-03-05"}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("short", ["short"]),
        ("aaa bbb ccc", ["aaa bbb", "ccc"]),
        ("aaaaaaaaaa", ["aaaaaaaa", "aa"]),
        ("放射性食管炎", ["放射", "性食", "管炎"]),  # three bytes each
        ("  a\n b ", ["a b"]),
    ],
)
def test_a_long_text_is_cut_between_words_and_never_within_a_sign(text: str, pieces: list[str]) -> None:
    assert in_pieces(text, 8) == pieces
