"""The folder in which a copy is being made: it outlives a killed worker, and one worker at a time is at it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def keep_paper(folder: Path, path: Path, content: bytes, *, state: str) -> None:
    """The paper stands at ``path`` with the state of the records that it shows; the state is kept last."""
    keep(path, content)
    keep(_state_at(folder, path), state.encode())


def state_of_paper(folder: Path, path: Path) -> str:
    """Return the state of the records that the paper at ``path`` shows; empty where there is none yet."""
    note = _state_at(folder, path)
    return note.read_text(encoding="utf-8") if note.exists() and path.exists() else ""


def _state_at(folder: Path, path: Path) -> Path:
    return folder / "states" / path.stem


def keep(path: Path, content: bytes) -> None:
    """The content stands at ``path``, whole: a process that is killed leaves nothing under that name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def clear(folder: Path) -> None:
    """The folder is gone with all that was made in it."""
    shutil.rmtree(folder, ignore_errors=True)
