"""``python -m design.icons FOLDER_OF_DRAWINGS SPRITE``: write the sprite."""

from __future__ import annotations

import sys
from pathlib import Path

from design.icons import sprite

drawings, target = map(Path, sys.argv[1:3])
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(sprite(drawings), encoding="utf-8")
