"""What a backup holds is unpacked below the folder that was named, on every Python that the guide allows."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operations.backups.reading import BackupAltered, unpack


def archive_of(*members: tarfile.TarInfo) -> tarfile.TarFile:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    written.seek(0)
    return tarfile.open(fileobj=written)


def member(name: str, **said: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = 0 if said else 3
    made.mode = 0o666
    for field, value in said.items():
        setattr(made, field, value)
    return made


def test_files_and_folders_stand_as_of_whoever_unpacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: Callable[..., None] = tarfile.TarFile.extract

    def without_filter(self: Any, each: Any, path: Any = "", set_attrs: bool = True) -> None:
        before(self, each, path, set_attrs)

    monkeypatch.setattr(tarfile.TarFile, "extract", without_filter)  # as it is in 3.11.2 of Debian 12
    with archive_of(member("exports", type=tarfile.DIRTYPE, mode=0o755), member("exports/a.csv")) as tar:
        unpack(tar, tmp_path)
    assert (tmp_path / "exports/a.csv").read_text() == "xxx"
    assert (tmp_path / "exports/a.csv").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "strange",
    [
        member("../outside"),
        member("/etc/outside"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("hard", type=tarfile.LNKTYPE, linkname="a"),
        member("device", type=tarfile.CHRTYPE),
    ],
    ids=lambda each: each.name,
)
def test_what_would_stand_elsewhere_is_refused(tmp_path: Path, strange: tarfile.TarInfo) -> None:
    with archive_of(strange) as tar, pytest.raises(BackupAltered, match=strange.name):
        unpack(tar, tmp_path / "below")
    assert not (tmp_path / "outside").exists()
