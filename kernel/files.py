"""Files that leave the database: their digest, and that the account that runs the program alone reads them."""

from __future__ import annotations

import hashlib
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


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, which need not fit into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
