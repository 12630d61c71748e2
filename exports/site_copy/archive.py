"""The archive: what is in it, the digest of each file, and how to read it; pure of the database."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation

from exports.tables import STUDY
from kernel.files import digest_of_file, make_own_file

SUMS: Final = "SHA256SUMS"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True)
class AboutCopy:
    """What the manifest and the README say of the copy as a whole."""

    site: str
    asked_by: str
    asked_at: str
    closed_out_at: str
    data_as_of: str
    data_sha256: str
    participants: int


@dataclass(frozen=True)
class FileOfCopy:
    """One file of the copy, as the manifest lists it."""

    file: str
    bytes: int
    sha256: str


def write_archive(path: Path, *, folder: Path, about: AboutCopy) -> None:
    """The archive of what stands in ``folder`` is at ``path``, whole; until then nothing is there under that name.

    The README, a manifest and the digests of every file are written into it as well.
    """
    for language, name in (("en", "README.txt"), ("zh-hans", "README.zh.txt")):
        with translation.override(language):
            text = render_to_string("exports/site_copy/readme.txt", {"about": about, "study": STUDY})
        (folder / name).write_text(text.strip() + "\n", encoding="utf-8-sig")
    files = [_listed(each, folder) for each in _files(folder) if each.name not in {MANIFEST, SUMS}]
    manifest = {"study": STUDY, **asdict(about), "files": [asdict(each) for each in files]}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False), encoding="utf-8")
    listed = [*files, _listed(folder / MANIFEST, folder)]
    (folder / SUMS).write_text("".join(f"{each.sha256}  {each.file}\n" for each in listed), encoding="utf-8")
    _zip(path, folder)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".part")


def _listed(path: Path, folder: Path) -> FileOfCopy:
    return FileOfCopy(str(path.relative_to(folder)), path.stat().st_size, digest_of_file(path))


def _zip(path: Path, folder: Path) -> None:
    unfinished = path.with_suffix(".part")
    make_own_file(unfinished)
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in _files(folder):
            stored = zipfile.ZIP_STORED if each.suffix == ".pdf" else zipfile.ZIP_DEFLATED
            archive.write(each, f"{path.stem}/{each.relative_to(folder)}", compress_type=stored)
    unfinished.replace(path)
