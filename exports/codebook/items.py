"""Every item that is recorded, in both languages, as one compares the forms with the protocol (chapter 3).

A column whose meaning hangs on another one has a line for each meaning behind its own: each laboratory test has its
unit, ranges and codes there. Randomization has no form, and its items stand at the end (protocol 3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from crf import catalogue
from crf.catalogue.laboratory.codes import TEST
from crf.engine.codebook import Variable, codebook, tidy_file
from crf.engine.conditions import All
from crf.engine.declaration import FormDeclaration
from crf.engine.formulas import formula
from crf.engine.messages import range_text
from crf.engine.questions import Classification, Question
from exports.sdtm.targets import target_of
from protocol.laboratory import TESTS, LabTest
from protocol.staging import CLINICAL_GROUPS
from randomization.models import ErrorKind

RANDOMIZATION: Final = "RAND"
COLUMNS: Final = (
    *("form", "group", "item", "label_en", "label_zh", "type", "unit", "code_list", "expected", "possible"),
    *("condition", "required", "derived", "classification", "cdash", "sdtm", "checks"),
)
Line = dict[str, str]
Label = str | Promise

RESULT, UNIT = ("LB", "tests", "lb_res"), ("LB", "tests", "lb_unit")
RESULT_CODES: Final[Mapping[str, Label]] = {
    "NEG": _("negative"),
    "POS": _("positive"),
    "IND": _("indeterminate"),
    "TRACE": _("trace"),
    **{plus: plus for plus in ("1+", "2+", "3+", "4+")},
}
STAGES: Final = {group: group for group in CLINICAL_GROUPS}
ARMS: Final = {"1": _("Arm 1"), "2": _("Arm 2")}
OF_RANDOMIZATION: Final[tuple[tuple[str, Label, str, Mapping[str, Label], str], ...]] = (
    ("strat_site", _("Site as randomized"), "text", {}, "SUPPDM.STRATSIT"),
    ("strat_stage", _("Clinical stage group as randomized"), "code", STAGES, "SUPPDM.STRATSTG"),
    ("strat_stage_true", _("Clinical stage group as STAGE has it now"), "code", STAGES, "SUPPDM.STRSTGCR"),
    ("rand_no", _("randomization number"), "text", {}, "SUPPDM.RANDNO"),
    ("arm", _("Arm, once allocated"), "code", ARMS, "ARMCD; ARM"),
    ("rand_dtc", _("randomized at"), "date-time", {}, "DSSTDTC"),
    ("rand_user", _("randomized by"), "text", {}, ""),
    ("list_version", _("Scheme"), "text", {}, ""),
    ("slot_id", _("Place in the stratum"), "integer", {}, ""),
    ("rand_err", _("what happened"), "code", dict(ErrorKind.choices), ""),
)


def lines_of(code: str) -> Iterator[Line]:
    """Yield the lines of a form, or those of randomization, which no form asks."""
    yield from _of_randomization() if code == RANDOMIZATION else _of_form(catalogue.form(code))


def _of_form(form: FormDeclaration) -> Iterator[Line]:
    with override("en"):
        english = codebook(form)
    with override("zh-hans"):
        chinese = codebook(form)
    checked = _checks_of(form)
    for variable, translated in zip(english, chinese, strict=True):
        line = _line(form, variable, translated.label) | {"checks": "; ".join(checked.get(variable.name, ()))}
        yield line
        yield from _of_tests(line)


def _checks_of(form: FormDeclaration) -> Mapping[str, list[str]]:
    """Map each item to the checks that speak of it: what is possible or usual of it beside other answers."""
    checked: dict[str, list[str]] = {}
    for check in form.checks:
        for name in check.fields:
            checked.setdefault(name, []).append(check.code)
    return checked


def _line(form: FormDeclaration, variable: Variable, label_zh: str) -> Line:
    asked = form.groups[variable.group].questions if variable.group else form.questions
    question = asked[variable.name]
    needed = formula(question.required_when)
    return {
        "form": variable.form,
        "group": variable.group,
        "item": variable.name,
        "label_en": variable.label,
        "label_zh": label_zh,
        "type": variable.type,
        "unit": variable.unit,
        "code_list": _codes(dict(variable.codes)),
        "expected": variable.soft,
        "possible": variable.hard,
        "condition": _shown_when(form, variable, question),
        "required": f"when {needed}" if needed and not question.required else variable.required,
        "derived": "yes" if variable.derived else "no",
        "classification": variable.classification,
        "cdash": variable.cdash,
        "sdtm": target_of(tidy_file(form.code, variable.group), variable.variable),
    }


def _shown_when(form: FormDeclaration, variable: Variable, question: Question) -> str:
    """Return when the question is shown; one of a table only where the table is."""
    whole = form.groups[variable.group].shown_when if variable.group else None
    conditions = [each for each in (whole, question.shown_when) if each is not None]
    return formula(All(*conditions) if len(conditions) > 1 else next(iter(conditions), None))


def _codes(codes: Mapping[str, Label]) -> str:
    return "; ".join(f"{code} = {label}" for code, label in codes.items())


def _of_tests(line: Line) -> Iterator[Line]:
    """Yield what a result of each test may be, and the units that are taken for it (protocol 3.4 G)."""
    place = (line["form"], line["group"], line["item"])
    if place not in (RESULT, UNIT):
        return
    for test in TESTS.values():
        own = (
            _result_of(test)
            if place == RESULT
            else {"code_list": _codes({each: each for each in test.factors})}
        )
        if place == RESULT or test.factors:
            named = {
                "label_en": _in("en", TEST.labels[test.code]),
                "label_zh": _in("zh-hans", TEST.labels[test.code]),
            }
            yield line | named | own | {"condition": f"{line['condition']} and lb_test = {test.code}"}


def _result_of(test: LabTest) -> Line:
    with override("en"):
        return {
            "type": "code" if test.codes else "decimal",
            "unit": test.unit,
            "code_list": _codes({code: RESULT_CODES[code] for code in test.codes}),
            "expected": range_text(test.soft_bounds, test.unit),
            "possible": range_text(test.hard_bounds, test.unit),
            "sdtm": f"LBORRES ({test.code})",
        }


def _in(language: str, label: Label) -> str:
    with override(language):
        return str(label)


def _of_randomization() -> Iterator[Line]:
    for item, label, kind, codes, sdtm in OF_RANDOMIZATION:
        with override("en"):
            code_list = _codes(codes)
        yield dict.fromkeys(COLUMNS, "") | {
            "form": RANDOMIZATION,
            "item": item,
            "label_en": _in("en", label),
            "label_zh": _in("zh-hans", label),
            "type": kind,
            "code_list": code_list,
            "required": "no",
            "derived": "yes",
            "classification": str(Classification.OPERATIONAL),
            "sdtm": sdtm,
        }
