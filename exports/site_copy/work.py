"""The folder in which a copy is being made: it outlives a killed worker, and one worker at a time is at it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

BEGUN: Final = "begun.json"


@dataclass(frozen=True)
class Begun:
    """The state of the data of which the copy is being made, and the moment at which it was read first."""

    data_digest: str
    at: datetime


@contextmanager
def work_on(folder: Path) -> Iterator[bool]:
    """Say whether the folder is ours to work in; another process that is at it keeps it until it ends or dies."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def content_of(folder: Path) -> Path:
    """Return where the files of the copy stand inside the folder."""
    return folder / "content"


def begin(folder: Path, begun: Begun) -> Begun:
    """Go on with what was begun of the same state of the data; else begin anew with ``begun``."""
    note = folder / BEGUN
    if note.exists():
        said = json.loads(note.read_text(encoding="utf-8"))
        if said["data_digest"] == begun.data_digest:
            return Begun(said["data_digest"], datetime.fromisoformat(said["at"]))
    note.unlink(missing_ok=True)
    shutil.rmtree(content_of(folder), ignore_errors=True)
    content_of(folder).mkdir(mode=0o700)
    keep(note, json.dumps({"data_digest": begun.data_digest, "at": begun.at.isoformat()}).encode())
    return begun


def keep(path: Path, content: bytes) -> None:
    """The content stands at ``path``, whole: a process that is killed leaves nothing under that name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def clear(folder: Path) -> None:
    """The folder is gone with all that was made in it."""
    shutil.rmtree(folder, ignore_errors=True)
