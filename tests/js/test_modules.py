"""Runs the tests of the browser's modules (``*.test.js`` beside this file) with Node's own runner."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(Path(__file__).parent.glob("*.test.js"))


def test_the_browsers_modules():
    places = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    node = shutil.which("node", path=places)
    assert node, "There is no node here: run make install."
    assert (ROOT / "node_modules" / "happy-dom").exists(), "Its DOM is missing: run make install."
    done = subprocess.run(
        [node, "--test", *map(str, FILES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_a_test_file_that_names_it():
    modules = {path.name for path in (ROOT / "static" / "js" / "crf").glob("*.js")}
    texts = "".join(path.read_text() for path in FILES)
    assert {name for name in modules if f'/crf/{name}"' not in texts} == set()
