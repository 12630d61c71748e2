"""Line numbers of a TOML file: tables, arrays of tables, dotted and quoted keys, values over several lines."""

from __future__ import annotations

import pytest

from protocol.loader.locate import LineIndex, Path

SOURCE = '''\
top = 1
[head]
version = "1.0"  # not a table: [x]
[[visits]]
code = "A"
forms."SANO/preSINO" = [
    "CRE",  # ] nor an end
    "x = [",
]
note = """
[[visits]]
code = "no \\" key"
"""
plain = 'it\\'
after = 2
[[visits]]
code = "B"
[[visits.steps]]
name = "first"
[[visits.steps]]
name = "second"
[visits.due]
anchor = "RAND"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("top",), 1),
        (("head",), 2),
        (("head", "version"), 3),
        (("visits",), 4),
        (("visits", 0), 4),
        (("visits", 0, "code"), 5),
        (("visits", 0, "forms"), 6),
        (("visits", 0, "forms", "SANO/preSINO"), 6),
        (("visits", 0, "note"), 10),
        (("visits", 0, "plain"), 14),
        (("visits", 0, "after"), 15),
        (("visits", 1), 16),
        (("visits", 1, "code"), 17),
        (("visits", 1, "steps", 0, "name"), 19),
        (("visits", 1, "steps", 1, "name"), 21),
        (("visits", 1, "due"), 22),
        (("visits", 1, "due", "anchor"), 23),
        (("visits", 1, "due", "window", "opens"), 22),
        (("nowhere", "at", "all"), 1),
    ],
)
def test_where_things_stand(path: Path, line: int) -> None:
    assert LineIndex(SOURCE).line(path) == line


def test_a_string_that_is_never_closed_does_not_swallow_the_file() -> None:
    assert LineIndex('a = "open\nb = 1\n').line(("b",)) == 2
