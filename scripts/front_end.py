"""Copies the front-end files in use from node_modules to assets/vendor, and writes the icon sprite.

The source maps come along: static files with hashed names stop at a map that is named but missing.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "assets" / "vendor"

FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap/css/bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.min.css.map": "bootstrap/css/bootstrap.min.css.map",
    "bootstrap/LICENSE": "bootstrap/LICENSE",
    "bootstrap-icons/LICENSE": "bootstrap-icons/LICENSE",
}


def copy_files() -> None:
    for source, target in FILES.items():
        destination = VENDOR / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES / source, destination)


def write_sprite() -> None:
    sys.path.insert(0, str(ROOT))
    from design.icons import sprite

    (VENDOR / "icons.svg").write_text(sprite(PACKAGES / "bootstrap-icons" / "icons"), encoding="utf-8")


if __name__ == "__main__":
    copy_files()
    write_sprite()
