"""The protocol text: what it must hold, and how it refuses what does not fit (protocol 1, 2, 7; architecture 3)."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator

import pytest

from protocol.loader.schema import FORM_CODES, PUBLISHED, SOURCES, BilingualText
from protocol.text import VERSIONS, ProtocolText, ProtocolTextError, load, parse

CHAPTERS = ("1.1", "1.2", "1.3", "1.4", "1.5", "1.8", "1.10")

TEXT = load("1.0")
SOURCE = (VERSIONS / "1.0.toml").read_text(encoding="utf-8")


# ---- What it holds -------------------------------------------------------------------------------------------


def test_the_text_is_read_once() -> None:
    assert load("1.0") is load("1.0")
    assert TEXT.version == "1.0"


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("registry_id", "NCT06339060"),
        ("sample_size", 356),
        ("sites_paper", 6),
        ("sites_registry", 1),
        ("start_date", "2024-05-01"),
        ("primary_completion", "2028-03-01"),
        ("study_completion_registry", "2028-03-01"),
        ("study_completion_paper", "2028-12"),
        ("rt_total_gy", 41.4),
        ("rt_fractions", 23),
        ("rt_fraction_gy", 1.8),
        ("age_min", 18),
        ("age_max", 75),
        ("eligible_ct", ("T2", "T3", "T4a")),
    ],
)
def test_published_facts(code: str, value: object) -> None:
    assert TEXT.fact(code).value == value
    assert TEXT.fact(code).source == PUBLISHED


def test_dose_times_fractions_is_the_total() -> None:
    fractions, dose = TEXT.fact("rt_fractions").value, TEXT.fact("rt_fraction_gy").value
    assert isinstance(fractions, int)
    assert isinstance(dose, float)
    assert fractions * dose == pytest.approx(TEXT.fact("rt_total_gy").value)


@pytest.mark.parametrize(
    ("code", "arms", "amount", "days"),
    [
        ("CAMRELIZUMAB", ("1",), 200, (1, 22)),
        ("CARBOPLATIN", ("1", "2"), 2, (1, 8, 15, 22, 29)),
        ("NAB_PACLITAXEL", ("1", "2"), 50, (1, 8, 15, 22, 29)),
        ("RADIOTHERAPY", ("1", "2"), 41.4, (1,)),
    ],
)
def test_treatment_plan(code: str, arms: tuple[str, ...], amount: float, days: tuple[int, ...]) -> None:
    treatment = next(item for item in TEXT.treatments if item.code == code)
    assert (treatment.arms, treatment.amount, treatment.days) == (arms, amount, days)


def test_criteria_are_those_of_the_registry() -> None:
    kinds = {kind: [c.code for c in TEXT.criteria if c.kind == kind] for kind in ("inclusion", "exclusion")}
    assert kinds == {
        "inclusion": ["AGE", "I-1", "I-2", "I-3"],
        "exclusion": [f"E-{number}" for number in range(1, 9)],
    }
    assert TEXT.criterion("I-2").wording.en == "ECOG performance status 0 or 1"
    assert all(c.enforced == (c.kind != "optional") for c in TEXT.criteria)


def test_both_public_values_of_a_conflict_are_kept() -> None:
    assert {conflict.code for conflict in TEXT.conflicts} == {
        "study_end",
        "primary_completion_feasible",
        "sites",
        "paclitaxel",
        "short_name",
    }
    assert all(conflict.first != conflict.second for conflict in TEXT.conflicts)


@pytest.mark.parametrize("key", ["ni_margin", "confidence_level", "power", "drop_out", "accrual_end"])
def test_what_is_not_published_is_not_guessed(key: str) -> None:
    assert TEXT.setting_entry(key).unknown
    assert TEXT.setting(key) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("suspected_without_proof_is_noncCR", True),
        ("oes18_dysphagia_reversed", True),
        ("trg_system", "CAP"),
        ("r0_rule", "CAP"),
        ("evaluations_needed_for_ccr", 2),
        ("bite_on_bite_min", 4),
        ("neo_end_rule", "last_rt_fraction"),
        ("gfr_cap", 125),
        ("sae_report_hours", 24),
    ],
)
def test_settings(key: str, value: object) -> None:
    assert TEXT.setting(key) == value
    assert TEXT.setting_entry(key).code == key


def test_every_topic_of_section_7_has_a_setting_to_answer_it() -> None:
    assert {setting.section for setting in TEXT.settings} == {f"7.{number}" for number in range(1, 14)}


@pytest.mark.parametrize(
    "of", ["fact", "setting", "criterion", "arm", "milestone", "track", "visit", "reason"]
)
def test_asking_for_what_is_not_there(of: str) -> None:
    with pytest.raises(KeyError):
        getattr(TEXT, of)("NOT-THERE")


def test_entries_by_code() -> None:
    assert TEXT.arm("1").label.en == "Experimental: organ preservation"
    assert TEXT.milestone("NEO_END").name.en == "end of neoadjuvant treatment"
    assert TEXT.track("DEAD").terminal
    assert TEXT.procedure("PET_CT").kind == "response"
    assert TEXT.trigger("SAE").hours == 24
    assert TEXT.reason("CCR").in_language("zh-hans") == "已判定 cCR"
    assert TEXT.reason("CCR").in_language("en") == "cCR declared"


def test_rows_that_differ_by_arm() -> None:
    assert TEXT.visit("N4", "1").due.window.after == 3
    assert TEXT.visit("N4", "2").due.window.after == 2
    assert "CAMRELIZUMAB" in {procedure.code for procedure in TEXT.visit("N4", "1").procedures}
    assert "CAMRELIZUMAB" not in {procedure.code for procedure in TEXT.visit("N4", "2").procedures}


def test_rows_before_allocation_are_those_of_both_arms() -> None:
    codes = {rule.code for rule in TEXT.visits_for(None)}
    assert {"SCR", "QOL-0", "RND"} <= codes
    assert not {"N1", "CRE-1", "RST"} & codes


def _texts(value: object) -> Iterator[BilingualText]:
    if isinstance(value, BilingualText):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name))


def test_the_chinese_wording_is_chinese() -> None:
    """Names that are the same in both languages (codes, trial names) are the only ones without a Chinese sign."""
    same = {
        "PALACE-3",
        "PALACE-1",
        "PALACE-2",
        "SANO",
        "NEEDS",
        "PET-CT",
        "EORTC QLQ-C30",
        "EORTC QLQ-OES18",
        "PD-L1",
    }
    for text in _texts(TEXT):
        assert text.en in same or any("\u4e00" <= sign <= "\u9fff" for sign in text.zh), text


# ---- Open questions ------------------------------------------------------------------------------------------


def test_open_questions_are_all_that_is_not_published() -> None:
    questions = TEXT.open_questions()
    assert {question.kind for question in questions} == {
        *(
            "fact",
            "conflict",
            "criterion",
            "randomization",
            "setting",
            "milestone",
            "move",
            "visit",
            "trigger",
        ),
    }
    assert all(question.source != PUBLISHED for question in questions)
    asked = {(question.kind, question.code, question.part) for question in questions}
    assert ("setting", "suspected_without_proof_is_noncCR", "value") in asked
    assert ("visit", "AS-06 (1/2)", "window") in asked
    assert ("visit", "N2 (1)", "anchor") not in asked
    assert ("visit", "N2 (1)", "window") in asked
    assert len(asked) == len(questions)
    # Of two published dates for the end of the study, the choice between them is ours (protocol 1.10).
    assert {("setting", setting.key, "value") for setting in TEXT.settings} <= asked


@pytest.mark.parametrize(
    ("code", "part", "shown"),
    [
        ("CRE-1 (1)", "target", "+5 weeks"),
        ("CRE-1 (1)", "window", "day 28 to 42 after NEO_END"),
        ("AS-06 (1/2)", "target", "+6 months"),
        ("AS-06 (1/2)", "window", "-14 to +14 days"),
        ("SF30 (1)", "target", "+30 days"),
        ("AS-06 (1/2)", "procedure PET_CT", "PET-CT"),
        ("N1 (2)", "until_known.anchor", "RAND"),
    ],
)
def test_how_a_default_of_the_schedule_is_shown(code: str, part: str, shown: str) -> None:
    assert [q.shown.en for q in TEXT.open_questions() if (q.code, q.part) == (code, part)] == [shown]


@pytest.mark.parametrize(
    ("code", "shown"),
    [("power", "unknown"), ("lumen_must_be_passable", "yes"), ("qol_eq5d", "no"), ("gfr_cap", "125")],
)
def test_how_a_setting_is_shown(code: str, shown: str) -> None:
    assert [q.shown.en for q in TEXT.open_questions() if q.code == code] == [shown]


def test_block_sizes_show_nowhere() -> None:
    scheme = TEXT.randomization.scheme_default
    assert scheme.block_sizes == (4, 6)
    assert "block_sizes" not in repr(scheme)
    assert "scheme" not in repr(TEXT)
    shown = [q.shown.en for q in TEXT.open_questions() if q.code == "scheme_default"]
    assert shown == ["not shown here"]


def test_every_value_names_a_known_source() -> None:
    sources = {question.source for question in TEXT.open_questions()}
    assert all(set(source.split("/")) <= SOURCES for source in sources)
    assert {"default", "SANO", "SANO/preSINO", "standard"} <= sources


# ---- What it refuses, and the line it names ------------------------------------------------------------------


def _line(source: str, fragment: str, *, after: str = "") -> int:
    """The line, counted from 1, of the first ``fragment`` after ``after``."""
    start = source.index(fragment, source.index(after))
    return source.count("\n", 0, start) + 1


@dataclasses.dataclass(frozen=True)
class Break:
    """One way to spoil the text: ``old`` after ``after`` becomes ``new``; ``at`` is where the error must point."""

    after: str
    old: str
    new: str
    at: str
    says: str


BREAKS = {
    "a key that is not known": Break(
        'code = "NE"\n', 'series = "', 'colour = "red"\nseries = "', "colour", "'colour' is not known"
    ),
    "a table that is not known": Break(
        "[[reasons]]", "[[reasons]]", "[[seasons]]", "[[seasons]]", "'seasons' is not known"
    ),
    "overlapping windows": Break(
        'code = "AS-09"', "before = 14", "before = 80", "due.window", "overlaps that of AS-06"
    ),
    "a form that does not exist": Break(
        'code = "CRE-1"', '["CRE"]', '["CRX"]', 'forms."SANO/preSINO"', "The form CRX does not exist"
    ),
    "a milestone that does not exist": Break(
        'code = "CRE-1"', '"NEO_END"', '"NEO_STOP"', "due.anchor", "The milestone NEO_STOP does not exist"
    ),
    "a track that does not exist": Break(
        "[[moves]]", 'to = "RANDOMISED"', 'to = "RANDOM"', 'to = "RANDOM"', "The track RANDOM does not exist"
    ),
    "a move out of a terminal track": Break(
        "[[moves]]", 'start = "SCREENED"', 'start = "DEAD"', 'start = "DEAD"', "terminal"
    ),
    "a procedure that does not exist": Break(
        'code = "AS-30"', '"BITE_ON_BITE"', '"BITE"', "procedures.SANO", "The procedure BITE does not exist"
    ),
    "a missing translation": Break(
        'code = "E-1"', ', zh = "患有活动性自身免疫性疾病或有该类疾病史"', "", "wording", "'zh' is missing"
    ),
    "an empty translation": Break(
        'code = "E-1"', "患有活动性自身免疫性疾病或有该类疾病史", " ", "wording", "Chinese wording"
    ),
    "a source nobody knows": Break(
        'key = "gfr_cap"',
        'source = "default"',
        'source = "hearsay"',
        'source = "hearsay"',
        "'hearsay' is not one of",
    ),
    "a visit twice in one arm": Break(
        'code = "N3"', 'code = "N3"', 'code = "N2"', "[[visits]]", "N2 stands twice in the schedule of arm 1"
    ),
    "a code twice": Break('code = "E-2"', 'code = "E-2"', 'code = "E-1"', "[[criteria]]", "E-1 stands twice"),
    "a target outside its window": Break(
        'code = "CRE-1"', "weeks = 5", "weeks = 9", "due.window", "lies outside its window"
    ),
    "a target in two units": Break(
        'code = "CRE-1"', "weeks = 5", "weeks = 5, days = 3", "due.target", "in days, in weeks, or in months"
    ),
    "half a window": Break(
        'code = "CRE-1"', "opens = 28, closes = 42", "opens = 28", "due.window", "needs opens and closes"
    ),
    "an arm that does not exist": Break(
        'code = "RST"', 'arms = ["2"]', 'arms = ["3"]', "arms", "The arm 3 does not exist"
    ),
    "a merge with no visit": Break(
        'code = "RST"',
        'merges_with = ["SF30"]',
        'merges_with = ["SF31"]',
        "merges_with",
        "The visit SF31 does not exist",
    ),
    "a value of the wrong type": Break(
        'key = "gfr_cap"', "value = 125", 'value = "125"', "value", "must be of type int"
    ),
    "a value beside its choices": Break(
        'key = "trg_system"', 'value = "CAP"', 'value = "Dworak"', "value", "one of its choices"
    ),
    "a type nobody knows": Break(
        'key = "gfr_cap"', 'type = "int"', 'type = "whole"', "type", "'whole' is not one of"
    ),
    "a margin that is unknown and guessed": Break(
        'key = "ni_margin"',
        "unknown = true",
        "unknown = true\nvalue = 0.15",
        "[[settings]]",
        "either a value or unknown",
    ),
    "a margin in points": Break(
        'key = "ni_margin"', "unknown = true", "value = 15", "value", "It is a proportion between 0 and 1"
    ),
    "a confidence level in per cent": Break(
        'key = "confidence_level"', "unknown = true", "value = 95.0", "value", "write 0.15 for 15 points"
    ),
    "a fact with two values": Break(
        'code = "sponsor"', 'source = "', 'value = 3\nsource = "', "[[facts]]", "exactly one of value, text"
    ),
    "a kind of criterion nobody knows": Break(
        'code = "E-3"',
        'kind = "exclusion"',
        'kind = "maybe"',
        "kind",
        "The criterion kind maybe does not exist",
    ),
    "text where a number belongs": Break(
        'code = "RST"', "weeks = 5", 'weeks = "five"', "due.target", "must be a whole number"
    ),
    "a number where text belongs": Break(
        'code = "E-4"', 'kind = "exclusion"', "kind = 4", "kind", "must be a text"
    ),
    "text where a list belongs": Break(
        'code = "RST"', 'arms = ["2"]', 'arms = "2"', "arms", "must be a list of texts"
    ),
    "texts where numbers belong": Break(
        'code = "CARBOPLATIN"', "days = [1,", 'days = ["1",', "days", "must be a list of whole numbers"
    ),
    "a list where a table belongs": Break(
        'code = "E-5"',
        'wording = { en = "pregnant or breast-feeding", zh = "妊娠或哺乳期" }',
        "wording = [1]",
        "wording",
        "must be a table",
    ),
    "forms without a source": Break(
        'code = "RND"',
        "procedures.published",
        'forms = ["ELIG"]\nprocedures.published',
        "forms",
        "Codes are given by source",
    ),
    "a value that is a date": Break(
        'key = "gfr_cap"', "value = 125", "value = 2026-01-01", "value", "must be a number, a text"
    ),
    **{
        f"{key} said otherwise elsewhere": Break(
            f'key = "{key}"',
            f"value = {value}",
            "value = 3",
            "value",
            f"{key} is 3, and the {where} {value}: give",
        )
        for key, value, where in (
            ("sae_report_hours", 24, "trigger SAE says"),
            ("susar_fatal_days", 7, "trigger SUSAR_FATAL says"),
            ("susar_other_days", 15, "trigger SUSAR_OTHER says"),
            ("repeat_biopsy_days", 28, "trigger REPEAT_BIOPSY says"),
            ("sweep_months", 6, "visit SWEEP says"),
            ("cre2_late_limit_days", 98, "visit CRE-2 says"),
            ("surgery_arm2_deviation_days", 84, "visit SURG-2 says"),
            ("screening_window_days", 28, "window of SCR says"),
            ("start_within_days", 14, "window of N1 says"),
        )
    },
    "another number of clear evaluations": Break(
        'key = "evaluations_needed_for_ccr"', "value = 2", "value = 3", "value", "can only carry out 2"
    ),
    "another reading of high-grade dysplasia": Break(
        'key = "high_grade_dysplasia_is_uncertain"',
        "value = true",
        "value = false",
        "value",
        "can only carry out True",
    ),
    "what is not TOML": Break('key = "gfr_cap"', "value = 125", "value = = 125", "value = =", "not TOML"),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_spoilt_text_is_refused_with_its_line(name: str) -> None:
    spoilt = BREAKS[name]
    start = SOURCE.index(spoilt.old, SOURCE.index(spoilt.after))
    broken = SOURCE[:start] + spoilt.new + SOURCE[start + len(spoilt.old) :]
    with pytest.raises(ProtocolTextError) as refused:
        parse(broken)
    assert spoilt.says in refused.value.message
    if spoilt.at.startswith("[["):  # the header above the change
        expected = broken.count("\n", 0, broken.rindex(spoilt.at, 0, start + len(spoilt.at))) + 1
    else:
        expected = _nearest(broken, spoilt.at, start)
    assert refused.value.line == expected
    assert str(refused.value).startswith(f"line {expected}: ")


def _nearest(broken: str, fragment: str, start: int) -> int:
    """The line that holds ``fragment`` on the line of ``start``, or the next line that begins with it."""
    begin = broken.rindex("\n", 0, start) + 1
    while fragment not in broken[begin : broken.index("\n", begin)]:
        begin = broken.index("\n", begin) + 1
    return broken.count("\n", 0, begin) + 1


def test_a_missing_source_names_its_table() -> None:
    start = SOURCE.index('source = "default"', SOURCE.index('key = "gfr_cap"'))
    broken = SOURCE[:start] + SOURCE[start:].replace('source = "default"\n', "", 1)
    with pytest.raises(ProtocolTextError) as refused:
        parse(broken)
    assert refused.value.message == "'source' is missing."
    assert refused.value.line == _line(broken, 'key = "gfr_cap"') - 1


def test_a_missing_visit_list_and_a_list_that_is_a_table() -> None:
    with pytest.raises(ProtocolTextError, match="must be a list of tables") as refused:
        parse(SOURCE[: SOURCE.index("\n[[reasons]]")] + '\n[reasons]\ncode = "CCR"\n')
    assert refused.value.line == SOURCE[: SOURCE.index("\n[[reasons]]")].count("\n") + 2
    with pytest.raises(ProtocolTextError, match="'reasons' is missing"):
        parse(SOURCE[: SOURCE.index("\n[[reasons]]")])


def test_toml_that_ends_too_early_names_the_last_line() -> None:
    with pytest.raises(ProtocolTextError) as refused:
        parse('[head]\nversion = "')
    assert refused.value.line == 2


def test_forms_of_the_text_are_those_of_the_protocol() -> None:
    named = {form for rule in TEXT.visits for form in rule.form_codes}
    assert named <= FORM_CODES
    assert {"ELIG", "TREAT", "CRE", "SURG", "PATH", "FU", "SURV", "QOL", "COMP", "EOS"} <= named


def test_the_file_and_the_text_have_the_same_number_of_entries() -> None:
    tables = tomllib.loads(SOURCE)
    for collection in ("facts", "settings", "visits", "moves", "procedures", "triggers"):
        assert len(tables[collection]) == len(getattr(TEXT, collection))
    assert isinstance(TEXT, ProtocolText)


def test_a_version_may_drop_what_a_setting_speaks_of() -> None:
    start = SOURCE.index('[[triggers]]\ncode = "REPEAT_BIOPSY"')
    end = SOURCE.index("[[triggers]]", start + 1)
    assert parse(SOURCE[:start] + SOURCE[end:]).setting("repeat_biopsy_days") == 28
