"""Every form of the catalogue: sound by itself, and in agreement with the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from crf import catalogue
from crf.engine.base import CrfGroupRow, CrfRecord
from crf.engine.codebook import checks_registry, codebook
from crf.engine.declaration import CONTEXT, IS_COMPLETE, Repeats, form_of
from crf.engine.questions import ANY_REASON, Classification, QuestionKind
from protocol import text

CHAPTERS = ("3.0", "3.17")

FORMS = catalogue.forms()
LATER = {"SU", "RAND"}
X_CHECKS = {
    "ELIG": {"X002", "X003", "X004", "X005", "X006", "X007"},
    "CM": {"X024"},
    "TREAT": {"X009", "X010", "X011", "X012", "X013", "X014", "X015", "X016", "X017"},
    "CRE": {"X030", "X031", "X032", "X033", "X034", "X035"},
    "SURG": {"X040", "X041", "X042"},
    "PATH": {"X043", "X044", "X045", "X046", "X047", "X048", "X049"},
    "FU": {"X038", "X060", "X062"},
    "SURV": {"X063", "X064"},
    "AE": {"X020", "X021", "X022", "X023"},
    "QOL": {"X065"},
    "AS": {"X037"},
}


@pytest.fixture(params=FORMS.values(), ids=FORMS.keys())
def form(request):
    return request.param


def test_it_contradicts_nothing(form):
    assert form.faults() == []


def test_its_table_and_its_rows_are_regulated(form):
    assert issubclass(form.model, CrfRecord)
    for group in form.groups.values():
        assert issubclass(group.model, CrfGroupRow)
        assert not set(group.questions) & {field.name for field in CrfGroupRow._meta.local_fields}
    names = {constraint.name.rsplit("_", 1)[-1] for constraint in form.model._meta.constraints}
    assert {"act", "scope", "reason", "lock"} <= names


def test_every_question_is_classified(form):
    for question in form.all_questions():
        assert question.classification in Classification, question.name


def test_no_question_asks_for_a_name():
    asked = [str(question.text).lower() for form in FORMS.values() for question in form.all_questions()]
    assert [text for text in asked if re.search(r"\b(surname|first name|id card|telephone)\b", text)] == []


def test_what_it_reads_elsewhere_exists(form):
    for read in form.foreign_reads:
        code = form_of(read)
        if not code:
            assert read == "today" or read.startswith(CONTEXT)
        elif code in FORMS and "." in read:
            name = read.split(".", 1)[1]
            assert name == IS_COMPLETE or FORMS[code].is_own(name), f"{form.code} reads {read}"
        else:
            assert code in FORMS or code in LATER | _declared_later(), f"{form.code} reads {read}"


def _declared_later():
    """Forms of this goal whose file is not in the list yet; nothing once all of them are."""
    return {"ELIG", "DM", "STAGE", "TREAT", "CRE", "SURG", "FU", "SURV"} - set(FORMS)


def test_codes_fit_their_columns_and_missing_reasons_are_known(form):
    for question in form.all_questions():
        assert set(question.missing_allowed) <= set(ANY_REASON)
        if question.codes:
            assert max(len(code) for code in question.codes.values) <= 40
            assert not any(mark in code for code in question.codes.values for mark in "%()<>\"'")


def test_soft_ranges_lie_inside_hard_ones(form):
    for question in form.all_questions():
        if question.soft and question.hard:
            (low, high), (least, most) = question.soft, question.hard
            assert low is None or least is None or low >= least, question.name
            assert high is None or most is None or high <= most, question.name


def test_the_checks_of_the_whole_trial_have_one_code_each():
    registry = checks_registry(FORMS.values())
    for code, check in registry.items():
        assert re.fullmatch(r"X\d{3}[a-z]?|[A-Z]+-\d{2}[a-z]?", code), code
        assert check.message.endswith((".", "?")), code
        assert not re.search(r"\binvalid\b|error occurred", check.message), code


def test_every_check_of_the_protocol_that_belongs_to_the_form_is_there(form):
    declared = {re.sub(r"[a-z]$", "", check.code) for check in form.checks}
    assert X_CHECKS.get(form.code, set()) <= declared


def test_the_codebook_has_one_line_for_each_column(form):
    lines = codebook(form)
    own = [line for line in lines if not line.group]
    assert [line.name for line in own] == [question.name for question in form.exported]
    assert {line.name for line in own} == set(form.questions)
    columns = {field.column for field in form.model._meta.local_fields}
    assert {line.column for line in own} <= columns
    assert len({line.variable for line in own}) == len(own)
    for line in lines:
        assert line.label
        assert line.type
        assert len(line.variable) <= 32
        assert line.codes or line.type not in ("code", "codes")


def test_readers_are_the_forms_that_look():
    for code in FORMS:
        for reader in catalogue.readers_of(code):
            assert any(form_of(read) == code for read in reader.foreign_reads)
    assert FORMS["PATH"] in catalogue.readers_of("SURG")
    assert FORMS["FU"] in catalogue.readers_of_context("milestone.SURG")
    assert catalogue.form("PATH").repeats in Repeats


def test_what_is_taken_over_from_another_form_is_an_answer_of_the_same_kind(form):
    for name, question in form.questions.items():
        if question.taken_from:
            code, _dot, answered = question.taken_from.partition(".")
            other = FORMS[code].questions[answered]
            assert code != form.code, name
            assert (other.kind, question.kind) == (question.kind, other.kind), name
            assert question.codes is other.codes or set(other.codes) <= set(question.codes), name


def test_what_another_form_has_is_taken_over_where_it_is_asked_again():
    taken = {
        f"{form.code}.{name}": question.taken_from
        for form in FORMS.values()
        for name, question in form.questions.items()
        if question.taken_from
    }
    assert taken == {
        "ELIG.ct_e": "STAGE.ct",
        "ELIG.cn_e": "STAGE.cn",
        "ELIG.cm_e": "STAGE.cm",
        "ELIG.ecog": "DM.ecog",
        "DM.ecog": "ELIG.ecog",
        "STAGE.ct": "ELIG.ct_e",
        "STAGE.cn": "ELIG.cn_e",
        "STAGE.cm": "ELIG.cm_e",
        "FU.ecog": "VS.ecog",
        "AS.as_ecog": "VS.ecog",
        "SURG.ecog_pre": "VS.ecog",
        "SURG.wt_pre": "VS.weight",
        "NUT.nut_wt": "VS.weight",
    }


def test_every_file_of_the_catalogue_is_in_the_list():
    folder = Path(catalogue.__file__).parent
    listed = {line.split(".")[2] for line in catalogue.CATALOGUE}
    declares = {
        path.parent.name
        for path in folder.glob("*/form.py")
        if re.search(r"^class \w+\(CrfRecord\)", path.read_text(), re.M)
    }
    assert declares == listed


def test_kinds_have_a_name_in_the_codebook():
    from crf.engine.codebook import SDTM_TYPES

    assert set(SDTM_TYPES) == set(QuestionKind)


def test_its_targets_can_exist_in_the_tabulation_model(form):
    """Interventions and events have no result variable; a name of a supplemental value has eight letters at most."""
    targets = [name for question in form.all_questions() for name in re.findall(r"[A-Z0-9.]+", question.sdtm)]
    assert [name for name in targets if re.fullmatch(r"(PR|EX|EC|CM|SU|AE|MH|DS|CE|HO|SV)ORRES", name)] == []
    assert [name for name in targets if name.startswith("SUPP") and len(name.partition(".")[2]) > 8] == []


def test_forms_that_a_visit_before_randomization_asks_for_are_declared_so():
    for version in text.versions():
        screening = [visit for visit in text.load(version).visits if asked_before_randomization(visit)]
        due = {due.code for visit in screening for due in visit.forms} & FORMS.keys()
        assert due
        assert all(FORMS[code].before_randomization for code in due)


def asked_before_randomization(visit):
    """While the day of randomization is not known, such a visit counts from the consent."""
    return visit.until_known is not None and visit.until_known.anchor == "ICF"


def test_screening_is_answered_on_the_forms_that_come_once_and_before_randomization():
    assert catalogue.screening_forms() == {"ELIG", "DM", "STAGE"}


def test_every_derived_answer_is_defined_in_words_of_both_languages() -> None:
    """A function's name tells a reader of the codebook nothing (issue point 5)."""
    derived = [
        (form.code, group, question)
        for form in catalogue.forms().values()
        for group, questions in (
            ("", form.questions),
            *((name, group.questions) for name, group in form.groups.items()),
        )
        for question in questions.values()
        if question.derived
    ]
    said = {}
    for language in ("en", "zh-hans"):
        with override(language):
            said[language] = {
                (form, group, question.name): str(question.definition) for form, group, question in derived
            }
    assert [place for place, words in said["en"].items() if not words] == []
    assert [place for place, words in said["zh-hans"].items() if words == said["en"][place]] == []
    assert len(derived) > 190
