"""Files that leave the database: readable by the account that runs the program, and by nobody else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

OWN_FILE: Final = 0o600
OWN_FOLDER: Final = 0o700


def make_own_file(path: Path) -> None:
    """The file stands there, empty, and its owner alone reads it, whatever the umask says or stood there before."""
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, OWN_FILE)
    try:
        os.fchmod(handle, OWN_FILE)
    finally:
        os.close(handle)
