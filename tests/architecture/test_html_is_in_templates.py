"""HTML is in templates, where a linter reads it; what Python still writes is listed with its reason, and shrinks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from palace3.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "a article b body br button circle code dd desc details div dl dt em fieldset footer form g h1 h2 h3 h4 "
    "head header html i img input label legend li line link main meta nav ol option output p path polygon polyline pre "
    "rect script section select small span strong style sub summary sup svg symbol table tbody td template text "
    "textarea th thead time title tr ul use"
)
ELEMENT = re.compile(rf"<(?:{NAMES.replace(' ', '|')})(?=[\s>/])")
TRUSTED = {"mark_safe", "SafeString"}  # what declares a text to be HTML

TAG = "template tags of one element each, used in every table"
DRAWING = "a drawing: every shape's place and length is reckoned, one by one"
# File: how many elements it writes, and why not in a template.
ELEMENTS = {
    "design/templatetags/design.py": (12, TAG),
    "website/templatetags/public.py": (1, TAG),
    "design/icons/__init__.py": (3, "the sprite is made when the front end is set up, without Django"),
    "kernel/long_paper.py": (4, "empty pages that are set to be counted, and the ends of a part"),
    "randomization/scheme/plots.py": (9, DRAWING),
    "reports/plots.py": (6, DRAWING),
    "reports/survival/picture.py": (14, DRAWING),
    "website/public/drawing.py": (7, DRAWING),
}
DECLARED_SAFE = {
    "crf/page/note_templates.py": (1, "a note's template, filled with escaped texts"),
    "crf/page/question_templates.py": (1, "a control that a template drew, with marks"),
    "crf/page/render.py": (4, "parts of the page that templates drew, put together"),
    "randomization/scheme/plots.py": (2, "nothing to draw"),
    "reports/plots.py": (2, "nothing to draw"),
    "reports/survival/picture.py": (1, "nothing to draw"),
    "website/public/metadata.py": (1, "JSON-LD whose angle brackets are escaped"),
    "website/templatetags/public.py": (1, "escaped by the filter before it marks placeholders"),
}


def texts(tree: ast.Module) -> Iterator[str]:
    """The texts of a file; what explains a module, class or function is not meant."""
    explaining = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
            yield node.value


def elements(tree: ast.Module) -> int:
    return sum(len(ELEMENT.findall(text)) for text in texts(tree))


def declarations(tree: ast.Module) -> int:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sum(ast.unparse(call.func).split(".")[-1] in TRUSTED for call in calls)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("count", "allowed"), [(elements, ELEMENTS), (declarations, DECLARED_SAFE)], ids=["elements", "safe"]
)
def test_html_is_in_templates(count, allowed):
    found = {path: number for path, tree in trees() if (number := count(tree))}
    listed = {path: number for path, (number, _reason) in allowed.items()}
    assert found == listed, "draw it in a template; where there is less than listed, lower the number"


def test_the_guard_sees_html_however_it_is_written():
    assert elements(ast.parse("x = '<p class=\"a\">' + f'<b>{y}</b>'")) == 2
    assert elements(ast.parse("x = '<mail@palace3> a < b'\ndef f():\n    'Draws <p>.'")) == 0
    assert declarations(ast.parse("safestring.mark_safe(SafeString(''))")) == 2
