"""What forms become in SDTM: every answer has its place, each place is one of the guide, each term is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from crf import catalogue
from crf.engine.codebook import codebook
from exports.sdtm.disposition import keep_first_ends
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.forms.eligibility import CRITERIA
from exports.sdtm.mapping import Answer, FormMapping, Target
from exports.sdtm.records import SdtmRecord
from exports.sdtm.standard.tables import domains, lists_of, terminology, variables
from exports.sdtm.targets import target_of, targets
from protocol.text import load, versions

CHAPTERS = ("3.0",)
REGISTER = ("CONSENTS", "WITHDRAWALS", "LOSSES", "MILESTONES", "TRANSFERS")
WANTED = frozenset(
    (
        "DM",
        "CO",
        "SE",
        "SV",
        "DS",
        "DV",
        "IE",
        "MH",
        "SU",
        "CM",
        "EC",
        "EX",
        "PR",
        "AE",
        "CE",
        "LB",
        "VS",
        "MI",
        "TU",
        "TR",
        "RS",
        "QS",
        "SS",
        "DD",
        "HO",
        "FA",
        "RP",
        "TA",
        "TE",
        "TV",
        "TI",
        "TS",
        "RELREC",
    )
)


def every_target() -> Iterator[tuple[FormMapping, Target]]:
    for mapping in mappings().values():
        yield from ((mapping, target) for target in mapping.targets)


def every_column() -> Iterator[tuple[str, str, str]]:
    """File, column and target in the catalogue of each answer that can leave."""
    for form in catalogue.forms().values():
        for variable in codebook(form):
            yield (
                "_".join(filter(None, (form.code, variable.group.upper()))),
                variable.variable,
                variable.sdtm,
            )


def test_every_answer_has_a_place_or_a_reason_why_it_has_none() -> None:
    assert [(file, column) for file, column, _told in every_column() if (file, column) not in targets()] == []


def test_no_mapping_reads_a_column_that_is_not_there() -> None:
    known = {(file, column) for file, column, _told in every_column()}
    keys = {"FORMSEQ", "ROW", "VISIT", "VISITSEQ", "SUBJID"}
    assert [
        (file, column)
        for file, column in targets()
        if file not in REGISTER
        and column not in keys
        and not re.search(r"__[A-Z]+$", column)
        and not any((above, column) in known for above in (file, file.partition("_")[0]))
        and column != "CANCELLED_AT"
        and (file, column) != ("STAGE", "MDT_DT")
        and not (column == "MDT_DT" and file.startswith("STAGE"))
    ] == []


def test_the_catalogue_names_no_other_target() -> None:
    """What a question says of SDTM is the first place of its mapping, with or without the test."""
    wrong = {
        (file, column): (told, target_of(file, column))
        for file, column, told in every_column()
        if told and told not in (first := target_of(file, column).partition("; ")[0], first.partition(" ")[0])
    }
    assert wrong == {}


def test_every_variable_is_one_of_the_guide() -> None:
    assert [
        (mapping.file, name)
        for mapping, target in every_target()
        for name in target.values
        if name not in variables()[target.domain]
    ] == []


def test_the_domains_of_the_trial_are_all_known() -> None:
    assert domains().keys() >= WANTED


def test_keys_are_variables_of_their_domain() -> None:
    assert [
        (code, key) for code, of in domains().items() for key in of.keys if key not in variables()[code]
    ] == []


def test_every_fixed_term_is_in_the_table_of_terms() -> None:
    """A term without an entry in a list that may not be extended is an error; in others it is declared as ours."""
    unknown = [
        (mapping.file, name, term)
        for mapping, target in every_target()
        for name, value in target.values.items()
        if (lists := lists_of(target.domain, name))
        for term in (
            [value] if isinstance(value, str) else value.codes.values() if isinstance(value, Answer) else ()
        )
        if not any(each.holds(term) for each in lists)
    ]
    assert unknown == []


def test_no_term_of_ours_stands_in_a_closed_list() -> None:
    assert [terms.name for terms in terminology().values() if terms.sponsor and not terms.is_extensible] == []


def test_names_and_labels_fit_the_transport_format() -> None:
    for mapping, target in every_target():
        for qualifier in target.qualifiers:
            assert re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", qualifier.qnam), (mapping.file, qualifier.qnam)
            assert len(qualifier.label) <= 40
        if isinstance(target.values.get(f"{target.domain}TESTCD"), str):
            assert re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", target.test), target.test
            assert len(str(target.values[f"{target.domain}TEST"])) <= 40
    assert all(len(each.label) <= 40 for of in variables().values() for each in of.values())


def test_a_test_has_one_name() -> None:
    named: dict[tuple[str, str], set[str]] = {}
    for _mapping, target in every_target():
        if target.test:
            named.setdefault((target.domain, target.test), set()).add(
                str(target.values[f"{target.domain}TEST"])
            )
    assert {key: names for key, names in named.items() if len(names) > 1} == {}


def test_every_result_has_a_test_and_a_day() -> None:
    for mapping, target in every_target():
        if any(name.endswith("ORRES") for name in target.values):
            assert f"{target.domain}TESTCD" in target.values, mapping.file
            assert f"{target.domain}DTC" in target.values, (mapping.file, target.test)


@pytest.mark.parametrize("version", versions())
def test_every_criterion_of_the_protocol_has_its_question(version: str) -> None:
    said = {each.code for each in load(version).criteria} - {"AGE"}
    assert set(CRITERIA.values()) == said


def test_of_two_ends_of_one_thing_the_first_is_the_disposition_and_the_second_stays_as_another_event() -> (
    None
):
    def end(
        day: str, *, scat: str = "CAMRELIZUMAB", subject: str = "01", epoch: str = "TREATMENT"
    ) -> SdtmRecord:
        said = {"DSCAT": "DISPOSITION EVENT", "DSSCAT": scat, "DSSTDTC": day, "EPOCH": epoch, "DSTERM": day}
        return SdtmRecord("DS", subject, said)

    later, first, other_epoch, other = (
        *(end("2026-03-02"), end("2026-02-01"), end("2026-06-01", epoch="FOLLOW-UP")),
        end("2026-03-01", subject="02"),
    )
    records = [later, first, other_epoch, other]
    keep_first_ends("AE", records)
    assert {each.values["DSCAT"] for each in records} == {"DISPOSITION EVENT"}
    keep_first_ends("DS", records)
    assert [each.values["DSCAT"] for each in records] == ["OTHER EVENT", *["DISPOSITION EVENT"] * 3]
    assert (later.values["DSSCAT"], later.values["DSTERM"]) == ("CAMRELIZUMAB, STATED AGAIN", "2026-03-02")
    keys = [tuple(each.values[name] for name in ("DSSCAT", "EPOCH")) for each in records]
    assert len(set(zip(keys, (each.subject for each in records), strict=True))) == 4
