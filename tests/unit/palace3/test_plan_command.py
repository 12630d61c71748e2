"""``manage.py plan`` prints a plan without any database, or one sentence and exit code 2."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command


def test_the_plan_is_printed_as_json(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"RAND": "2025-01-06", "NEO_D1": "2025-01-13"}))
    printed = io.StringIO()
    call_command("plan", arm="2", milestones=str(file), as_of="2025-06-30", stdout=printed)
    rows = json.loads(printed.getvalue())
    assert {row["code"]: row["target"] for row in rows}["N2"] == "2025-01-20"
    assert all(set(row) == {"code", "anchor", "target", "opens", "closes", "forms"} for row in rows)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"RAND": "soon"}', "RAND is 'soon': write a date such as 2026-01-31."),
        (b"\xff\xfe", "is not text in UTF-8."),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    file = tmp_path / "one.json"
    if content is not None:
        file.write_bytes(content)
    printed, said = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as refused:
        call_command("plan", arm="1", milestones=str(file), as_of="2025-06-30", stdout=printed, stderr=said)
    assert refused.value.code == 2
    assert said.getvalue().strip().endswith(sentence)
    assert printed.getvalue() == ""
