"""Static files as the image serves them: every module is reached by its hashed name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template.loader import get_template

NAMED = re.compile(r"\bfrom\s*[\"'](\.[^\"']+)[\"']|\bimport\s*\(?\s*[\"'](\.[^\"']+)[\"']")
HASHED = re.compile(r"\.{1,2}/[a-z]+\.[0-9a-f]{12}\.js")
MODULES = {path.name for path in (Path(__file__).resolve().parents[3] / "static" / "js" / "crf").glob("*.js")}


@pytest.fixture
def collected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "palace3.static_files.HashedFiles"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_modules_name_each_other_by_their_hashed_names(collected):
    hashed = list((collected / "js" / "crf").glob("*.????????????.js"))
    named = ["".join(found) for path in hashed for found in NAMED.findall(path.read_text())]
    assert {re.sub(r"\.[0-9a-f]{12}\.js", ".js", path.name) for path in hashed} == MODULES
    assert len(named) > 20
    assert [name for name in named if not HASHED.fullmatch(name)] == []
    assert [name for name in named if not (collected / "js" / "crf" / name).is_file()] == []


def test_every_page_reads_days_by_the_same_module(collected):
    (app,) = (collected / "js").glob("app.????????????.js")
    (named,) = ["".join(found) for found in NAMED.findall(app.read_text())]
    assert HASHED.fullmatch(named)
    assert (collected / "js" / named).is_file()


def test_the_page_of_a_form_loads_its_modules_from_here(collected):
    source = Path(get_template("crf/form.html").template.origin.name).read_text()
    assert '<script src="{% static "js/crf/main.js" %}" type="module"></script>' in source
    assert list((collected / "js" / "crf").glob("main.????????????.js"))
