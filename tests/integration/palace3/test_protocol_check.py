"""A file is tried before it reaches an installation."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from protocol.text import versions
from tests.versions import amended


def test_rare_04_a_file_is_tried_without_starting_anything(tmp_path: Path) -> None:
    good, bad, out = tmp_path / "1.1.toml", tmp_path / "1.2.toml", StringIO()
    good.write_text(amended("1.1"), encoding="utf-8")
    bad.write_text(amended("1.2").replace('code = "E-8"', 'code = "E-9"', 1), encoding="utf-8")
    call_command("protocol_check", str(good), stdout=out)
    said = out.getvalue()
    assert said.startswith("1.1.toml can follow 1.0.\nThe summary is still that of 1.0.")
    assert "Surveillance, month 16 (AS-16) · The whole: When: 16 months after" in said
    chinese = StringIO()
    call_command("protocol_check", "--language", "zh-hans", str(good), stdout=chinese)
    assert "主动监测，第 15 个月（AS-15）" in chinese.getvalue()
    with pytest.raises(CommandError, match=r"1\.2\.toml, line [0-9]+: No form asks E-9"):
        call_command("protocol_check", str(bad))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("protocol_check", str(tmp_path / "1.3.toml"))
    assert versions() == ("1.0",)
