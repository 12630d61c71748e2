"""People type into fields of kernel/fields.py alone, so that a day, a number and a text are read alike everywhere.

The API reads answers through the same forms; it has no serializer of its own, and a new one is held to the same.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator

import pytest
from django import forms
from django.core.exceptions import ValidationError

from crf import catalogue
from crf.engine.questions import QuestionKind
from crf.page.question_templates import skeleton
from kernel.fields import (
    AddressField,
    ClockField,
    DayField,
    InstantField,
    PasswordField,
    WholeNumberField,
    WordsField,
)
from tests.imports import ROOT, files_of
from website.contact.forms import LineField

PACKAGES = [
    "accounts",
    "trials",
    "website",
    "followup",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
]
READERS = (
    AddressField,
    ClockField,
    DayField,
    InstantField,
    PasswordField,
    WholeNumberField,
    WordsField,
    LineField,
)
TYPED = (
    forms.CharField,
    forms.IntegerField,
    forms.DateField,
    forms.DateTimeField,
    forms.TimeField,
    forms.DurationField,
)
ELSEWHERE = re.compile(r"^(Char|Integer|Decimal|Float|Date|DateTime|Time|Duration|Email|Regex|Slug)Field$")
MACHINES = {"website"}  # asked of nobody: a program that fills every field fills it
MADE_IN = "kernel/fields.py", "website/contact/forms.py"


def forms_of_pages() -> Iterator[type[forms.BaseForm]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages([package], f"{package}."):
            if re.search(r"forms$|views", module.name):
                importlib.import_module(module.name)
    waiting = [forms.BaseForm]
    while waiting:
        for form in waiting.pop().__subclasses__():
            waiting.append(form)
            if form.__module__.split(".")[0] in PACKAGES:
                yield form


def typed_fields() -> list[tuple[str, forms.Field]]:
    return sorted(
        (f"{form.__module__}.{form.__name__}.{name}", field)
        for form in set(forms_of_pages())
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, TYPED) and name not in MACHINES
    )


FIELDS = typed_fields()


def test_the_walk_finds_the_forms() -> None:
    names = {name for name, _field in FIELDS}
    assert {
        "trials.forms.ConsentForm.signed_on",
        "followup.forms.TookPlaceForm.took_place_on",
        "accounts.forms.SignInForm.code",
        "exports.forms.ExportForm.cut_at",
        "website.contact.request_forms.CallForm.time",
        "trials.forms.SiteForm.planned_participants",
    } <= names
    assert len(names) > 80


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _field in FIELDS])
def test_point_07_every_field_that_people_type_into_uses_the_reader(name: str, field: forms.Field) -> None:
    assert isinstance(field, READERS), f"{name}: take the field of kernel/fields.py"
    assert not {"maxlength", "minlength"} & field.widget.attrs.keys(), "a browser would cut what is pasted"


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, field in FIELDS if isinstance(field, DayField)]
)
def test_point_07_every_day_is_read_from_any_keyboard(name: str, field: DayField) -> None:
    in_chinese = ("２０２６－１１－２０", "2026年11月20日", "2026年11月20号")
    for typed in (*in_chinese, "2026‑11‑20", "20261120", "20/11/2026", "20NOV2026"):
        assert str(field.clean(typed)) == "2026-11-20"
    with pytest.raises(ValidationError, match="does not exist"):
        field.clean("31/11/2026")
    for typed in ("2026-11-2⁰", "②026-11-20", "٢٠٢٦-١١-٢٠"):
        with pytest.raises(ValidationError, match="2026-11-23"):
            field.clean(typed)
    with pytest.raises(ValidationError, match="year-month-day"):
        field.clean("05/03/2026")


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, field in FIELDS if isinstance(field, WholeNumberField)]
)
def test_point_07_every_number_is_read_from_any_keyboard(name: str, field: WholeNumberField) -> None:
    least = field.min_value or 0
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(least))
    assert field.clean(wide) == least
    for typed in (f"{least}²", "①", "٣", "1e1", "1.0"):
        with pytest.raises(ValidationError):
            field.clean(typed)


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, field in FIELDS if field.required])
def test_point_08_what_cannot_be_seen_fills_no_field(name: str, field: forms.Field) -> None:
    if isinstance(field, PasswordField):
        return
    for typed in ("\u200b", "\ufeff\u3164", "\u3000\u00a0"):
        with pytest.raises(ValidationError) as refused:
            field.clean(typed)
        assert refused.value.code == "required"


def made_elsewhere(source: str) -> list[str]:
    """The fields of Django's forms or of REST serializers that ``source`` makes itself."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in {"django.forms", "rest_framework.serializers"}:
            found += [alias.name for alias in node.names if ELSEWHERE.match(alias.name)]
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ELSEWHERE.match(node.func.attr)
            and ast.unparse(node.func.value) in {"forms", "serializers"}
        ):
            found.append(node.func.attr)
    return found


def test_point_07_no_file_makes_a_field_of_its_own() -> None:
    found = {
        path.as_posix(): made_elsewhere(path.read_text(encoding="utf-8"))
        for path in files_of(PACKAGES)
        if not path.as_posix().endswith(MADE_IN)
    }
    assert {name: made for name, made in found.items() if made} == {}
    assert made_elsewhere("from django import forms\nx = forms.DateField()") == ["DateField"]
    assert made_elsewhere("from django.forms import CharField") == ["CharField"]


def test_the_table_of_cases_is_no_empty_one() -> None:
    cases = json.loads((ROOT / "tests/unit/kernel/reading.json").read_text(encoding="utf-8"))
    assert all(len(rows) > 20 for rows in cases.values())


NAMED_AS_DAYS = re.compile(r"(^|_)(on|at|day)$")


def test_point_07_every_day_that_people_type_has_the_calendar() -> None:
    """Fields of forms; questions of the trial's forms; fields that stand in a template."""
    seen = [each for each in FIELDS if not each[1].widget.is_hidden and not isinstance(each[1], ClockField)]
    days = [(name, field) for name, field in seen if NAMED_AS_DAYS.search(name)]
    days += [(name, field) for name, field in FIELDS if isinstance(field, DayField | InstantField)]
    assert len(days) > 30
    assert [name for name, field in days if "data-day" not in field.widget.attrs] == []
    boxes = [
        (path.name, box)
        for path in (ROOT / "templates").rglob("*.html")
        for box in re.findall(r"<input[^>]*YYYY[^>]*>", path.read_text(encoding="utf-8"))
    ]
    assert boxes
    assert [name for name, box in boxes if "data-day" not in box] == []


@pytest.mark.parametrize("kind", [QuestionKind.DATE, QuestionKind.PARTIAL_DATE, QuestionKind.DATETIME])
def test_point_07_every_question_about_a_day_has_the_calendar(kind: QuestionKind) -> None:
    asked = (question for form in catalogue.forms().values() for question in form.questions.values())
    question = next(each for each in asked if each.kind == kind and not each.derived)
    assert "data-day=" in skeleton(question, "en", "question")


def test_point_23_no_page_cuts_what_is_pasted() -> None:
    """A browser cuts at ``maxlength`` without a word; the server refuses with a sentence, or keeps the whole."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")}
    assert [name for name, text in pages.items() if "maxlength" in text] == []
    kept = (ROOT / "static/js/crf/findings.js").read_text(encoding="utf-8")
    assert ".slice(0," not in kept


WORDS = "text|reason|purpose|note|detail|title|name|message|key|typed|wanted|value"
CUT = re.compile(rf"(?:{WORDS})\w*(?:\([^)]*\))?\[:\d{{2,}}\]")


def test_point_23_no_service_cuts_a_text() -> None:
    found = {
        path.name: cuts
        for path in files_of(("kernel", "audit", *PACKAGES))
        if (cuts := CUT.findall(path.read_text(encoding="utf-8")))
    }
    assert found == {}
    assert CUT.findall("purpose[:200]; values(key)[:64]") == ["purpose[:200]", "values(key)[:64]"]
