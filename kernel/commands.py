"""What commands take from who types them: a folder for what they write, and days."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from django.core.management.base import CommandError

from kernel.files import OWN_FOLDER
from kernel.reading import UnreadableError, day


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """The folder stands there, empty, before anything is taken; one that was made and stays empty goes again.

    Raises:
        CommandError: something stands there, or the folder cannot be made.
    """
    made = [each for each in (path, *path.parents) if not each.exists()]
    try:
        path.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
        is_new = not any(path.iterdir())
    except FileExistsError:
        raise CommandError(f"{path} is a file. Name a new folder.") from None
    except OSError as fault:
        raise CommandError(f"No folder can be made at {path}: {fault.strerror}.") from fault
    if not is_new:
        raise CommandError(f"{path} is not empty. Name a new folder.")
    try:
        yield path
    finally:
        with suppress(OSError):  # the first that holds something stays, and those above it
            for each in made:
                each.rmdir()


def typed_day(text: str) -> date:
    """Return a day that was typed on the command line, in one of the ways that a form takes.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        return day(text)
    except UnreadableError as unread:
        raise ArgumentTypeError(f"{text} is no day. Write it as 2026-10-01.") from unread
