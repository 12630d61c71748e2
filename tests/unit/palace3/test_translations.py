"""Texts are found in Python and templates as Django will look them up."""

from __future__ import annotations

from pathlib import Path

import pytest

from palace3.translations import (
    Catalogue,
    SourceText,
    faults,
    placeholders,
    texts_of_python,
    texts_of_template,
)

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext as many, pgettext
_("one " "two")
many("{n} row", "{n} rows", 3)
pgettext("month", "May")
_(variable)
other("not a text")
"""

TEMPLATE = """{% load i18n %}
<p title="{% translate "It's here" %}">I'm not one. {{ _("Hello")|upper }}</p>
{% blocktranslate trimmed count n=rows|length %}
  One {{ n }} row
{% plural %}
  {{ n }} rows
{% endblocktranslate %}
{% translate "May" context "month" %}
{% comment %}{% translate "hidden" %}{% endcomment %}
"""


def test_python() -> None:
    assert list(texts_of_python(PYTHON)) == [
        SourceText("one two"),
        SourceText("{n} row", plural="{n} rows"),
        SourceText("May", context="month"),
    ]


def test_template() -> None:
    assert list(texts_of_template(TEMPLATE)) == [
        SourceText("It's here"),
        SourceText("Hello"),
        SourceText("One %(n)s row", plural="%(n)s rows"),
        SourceText("May", context="month"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{n} of {total:d}", {"{n}", "{total:d}"}),
        ("%(name)s, %s", {"%(name)s", "%s"}),
        ("100 %", set()),
    ],
)
def test_placeholders(text: str, found: set[str]) -> None:
    assert placeholders(text) == found


def filled(tmp_path: Path, found: dict[SourceText, set[str]], **translations: str) -> Catalogue:
    catalogue = Catalogue(tmp_path)
    catalogue.update(found)
    assert catalogue.translate([{"id": key, "text": value} for key, value in translations.items()]) == []
    catalogue.write()
    return Catalogue(tmp_path)


def test_a_catalogue_without_faults_is_compiled(tmp_path: Path) -> None:
    found = {SourceText("Save"): {"a.html"}, SourceText("row", plural="rows"): {"b.py"}}
    catalogue = filled(tmp_path, found, Save="保存", row="行")
    assert faults(catalogue, found) == []
    assert catalogue.path.with_suffix(".mo").exists()


def test_each_fault_is_named(tmp_path: Path) -> None:
    before = {SourceText("Old"): {"a.py"}, SourceText("Hi {name}"): {"a.py"}, SourceText("New"): {"a.py"}}
    catalogue = filled(tmp_path, before, Old="旧", **{"Hi {name}": "你好 {nom}"})
    after = {text: files for text, files in before.items() if text.text != "Old"}
    assert faults(catalogue, after) == [
        "other placeholders: 'Hi {name}' against '你好 {nom}' (a.py)",
        "not translated: 'New' (a.py)",
        "obsolete, no source holds it: 'Old'",
    ]


def test_a_text_that_comes_back_has_kept_its_translation(tmp_path: Path) -> None:
    found = {SourceText("Save"): {"a.html"}}
    catalogue = filled(tmp_path, found, Save="保存")
    catalogue.update({})
    catalogue.update(found)
    assert faults(catalogue, found) == []


def test_what_the_source_does_not_hold_is_not_taken_in(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    catalogue.update({})
    assert catalogue.translate([{"id": "Stranger", "text": "陌生人"}]) == ["Stranger"]
