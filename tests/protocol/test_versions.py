"""Versions of the protocol in a folder: in order, whole, each fit to follow the one before (architecture 3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.text import VERSIONS, ProtocolTextError, later_than, load, read_from, versions
from tests.versions import FIRST, amended, shelf

CHAPTERS = ("2.2",)


def test_the_product_holds_the_one_version_that_exists() -> None:
    assert [text.version for text in read_from(VERSIONS)] == ["1.0"]


def test_versions_stand_in_order_of_their_numbers(tmp_path: Path) -> None:
    with shelf(tmp_path, v1_10=amended("1.10"), v1_9=amended("1.9")):
        assert versions() == ("1.0", "1.9", "1.10")
        assert later_than("1.9") == ("1.10",)
        assert load("1.10").version == "1.10"
    assert versions() == ("1.0",)
    with pytest.raises(LookupError, match=r"no version 1\.10"):
        load("1.10")


def test_another_calendar_is_another_file(tmp_path: Path) -> None:
    with shelf(tmp_path, v2_0=amended()):
        months = [rule.code for rule in load("2.0").visits_for("1") if rule.series == "surveillance"]
    assert months == [f"AS-{n:02d}" for n in (6, 9, 12, 15, 18, 21, 24, 30, 36, 42, 48, 54, 60)]


def without(block: str) -> str:
    """Return version 2.0 without the table that holds this line."""
    head, *tables = amended().split("\n[[")
    return "\n[[".join([head, *(table for table in tables if block not in table)])


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        (amended("3.0"), 'version = "3.0"', "says that it is version '3.0'"),
        (amended().replace("2026-11-05", "2026-10-01"), "released_on = 2026-10-01", "older than version 1.0"),
        (
            amended().replace('due.anchor = "NEO_END"', 'due.anchor = "NEOEND"', 1),
            'due.anchor = "NEOEND"',
            "NEOEND",
        ),
        (amended().replace("months = 15,", "months = 13,", 1), None, "overlaps"),
        (without('key = "lost_days"'), "[[settings]]", "lost_days of settings stands in version 1.0"),
        (without('code = "QLQ_C30"'), None, "QLQ_C30"),
    ],
    ids=["number", "date", "milestone", "window", "setting", "procedure"],
)
def test_what_does_not_fit_names_file_and_line(
    tmp_path: Path, source: str, line: str | None, said: str
) -> None:
    with pytest.raises(ProtocolTextError, match=said) as refused, shelf(tmp_path, v2_0=source):
        pass
    assert refused.value.file == "2.0.toml"
    assert str(refused.value).startswith(f"2.0.toml, line {refused.value.line}: ")
    if line is not None:
        assert line in source.splitlines()[refused.value.line - 1]
    assert versions() == ("1.0",), "the shelf in use stays in use"


def test_a_file_without_a_version_in_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "draft.toml").write_text(FIRST, encoding="utf-8")
    with pytest.raises(ProtocolTextError, match=r"draft\.toml, line 1: .*named after its version"):
        read_from(tmp_path)
    read_from(VERSIONS)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolTextError, match="no version of the protocol"):
        read_from(tmp_path)
    read_from(VERSIONS)
