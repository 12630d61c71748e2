"""What is pasted from the system of a hospital, and what is said of a line that is not understood (protocol 3.4 G)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from crf.engine.pasted import PastedLine
from kernel.reading import plain
from protocol.laboratory_words import Line, Why, read_lines


def read_pasted(lines: Sequence[str], order: Sequence[str]) -> list[PastedLine]:
    """Return what each line says; a column of results takes the tests in the order of the page."""
    return [_pasted(line, lines) for line in read_lines([_plain(each) for each in lines], order=order)]


def _plain(line: str) -> str:
    """Return the line in plain signs, its tabs kept."""
    return "\t".join(plain(part) for part in line.split("\t"))


def _pasted(line: Line, lines: Sequence[str]) -> PastedLine:
    text = lines[line.number - 1]
    if line.why is not None:
        return PastedLine(line.number, text, why=why_not(line.why))
    answers = {"lb_test": line.test, "lb_res": line.result, "lb_unit": line.unit}
    return PastedLine(line.number, text, {name: answer for name, answer in answers.items() if answer})


def why_not(why: Why) -> str:
    """Say why a line is not understood."""
    texts = {
        Why.TEST: _("no test of the panel is called so"),
        Why.RESULT: _("this is no result of the test"),
        Why.UNIT: _("this is no unit of the test"),
        Why.TWICE: _("a line before it says the same test"),
        Why.TOO_MANY: _("there is no test left for it"),
        Why.LIMIT: _("range, sex or age is not written as asked"),
    }
    return texts[why]
