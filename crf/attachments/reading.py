"""A file that was sent is read by a process of its own, which knows no key, no database and no time without end."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from django.conf import settings

from crf.attachments.inspection import SECONDS, Inspection

PATIENCE: Final = (
    SECONDS + 10
)  # until the process is ended from outside, should its own limit not have ended it


def read_file(data: bytes) -> tuple[Inspection, bytes]:
    """Return what the file is, and the bytes to keep of it; ``refused`` is "heavy" where it cannot be read in time."""
    command = [
        *(sys.executable, "-m", "crf.attachments.inspection"),
        *(str(settings.ATTACHMENT_MAX_PAGES), str(settings.ATTACHMENT_MAX_PIXELS)),
    ]
    try:
        done = subprocess.run(  # noqa: S603 (our own module, no word of the file in the command)
            command,
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            cwd=settings.BASE_DIR,
            env={"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return Inspection(refused="heavy"), b""
    said, _line, kept = done.stdout.partition(b"\n")
    return Inspection(**json.loads(said)), kept
