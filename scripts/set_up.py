"""Prepares this clone: environment, pinned packages, front-end files, system libraries, translations.

Run by make with the machine's own Python (3.11 or later); needs nothing but the standard library. Each step
is skipped when its input has not changed, so it costs nothing, and needs no network, the second time.

    python3 scripts/set_up.py          what the demo needs
    python3 scripts/set_up.py --dev    and what tests, checks and the browser tests need
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20

BROWSER_PACKAGES = ("chromium",)


def main() -> None:
    dev = "--dev" in sys.argv[1:]
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("PALACE-3 needs Python 3.11 or later. Run make with PYTHON=/path/to/such/a/python3.")
    make_environment()
    install_packages("dev" if dev else "embedded")
    fetch_front_end(dev=dev)
    install_system_libraries(dev=dev)
    run([PYTHON, ROOT / "scripts" / "compile_messages.py"])


def run(command: Sequence[str | Path], *, quiet: bool = False) -> bool:
    """``command`` succeeded. Where it must, it ends the set-up with its own words."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        capture_output=quiet,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if result.returncode and not quiet:
        sys.exit(
            f"set-up stopped: {' '.join(str(word) for word in command[:4])} ended with {result.returncode}"
        )
    return result.returncode == 0


def output_of(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def say(text: str) -> None:
    print(f"set-up: {text}", flush=True)


def digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def is_stamped(name: str, value: str) -> bool:
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == value


def put_stamp(name: str, value: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(value)


def make_environment() -> None:
    """``.venv`` exists and works; one whose Python has gone is made anew."""
    if PYTHON.exists() and run([PYTHON, "-c", "import pip"], quiet=True):
        return
    say("making .venv")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if run(command, quiet=True):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not apt_install((package, "python3-venv")):
        sys.exit(f"Python cannot make environments here. Install its package: apt install {package}")
    run(command)


def install_packages(wanted: str) -> None:
    """The pinned packages of requirements/``wanted``.txt are installed, each checked against its hash."""
    file = ROOT / "requirements" / f"{wanted}.txt"
    dev = ROOT / "requirements" / "dev.txt"
    if is_stamped("packages", digest(file)) or is_stamped("packages", digest(dev)):
        return
    say(f"installing the packages of requirements/{wanted}.txt")
    uv = environment_uv()
    if uv is not None:
        command = [uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", file]
        if run(command, quiet=True):
            put_stamp("packages", digest(file))
            return
    run(
        [
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            file,
        ]
    )
    put_stamp("packages", digest(file))


def environment_uv() -> Path | None:
    """uv, which installs three times as fast as pip; None where it cannot be had, as pip does it too."""
    uv = VENV / "bin" / "uv"
    if uv.exists():
        return uv
    lines = (ROOT / "requirements" / "dev.txt").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("uv=="))
    end = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith(" "))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pinned:
        pinned.write("\n".join(lines[start:end]) + "\n")
        pinned.flush()
        run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", pinned.name], quiet=True)
    return uv if uv.exists() else None


def fetch_front_end(*, dev: bool) -> None:
    """``assets/vendor`` holds Bootstrap and the icons, from npm by the pinned lock; ``dev`` has their tools too."""
    inputs = digest(
        ROOT / "package-lock.json",
        ROOT / "scripts" / "front_end.py",
        ROOT / "design" / "icons" / "__init__.py",
    )
    is_made = (ROOT / "assets" / "vendor" / "icons.svg").exists() and is_stamped("front-end", inputs)
    if dev or not is_made:
        fetch_npm_packages(dev=dev)
    if is_made:
        return
    run([PYTHON, ROOT / "scripts" / "front_end.py"])
    put_stamp("front-end", inputs)


def fetch_npm_packages(*, dev: bool) -> None:
    """``node_modules`` holds what the pinned lock names: with the linter and the tests' browser for ``dev``."""
    lock = digest(ROOT / "package-lock.json")
    is_complete = is_stamped("npm", f"{lock} dev") or (not dev and is_stamped("npm", lock))
    if is_complete and (ROOT / "node_modules" / "bootstrap").exists():
        return
    say(
        "fetching Bootstrap, the icons and the tools for scripts with npm"
        if dev
        else "fetching Bootstrap and the icons with npm"
    )
    run_npm_ci(() if dev else ("--omit=dev",))
    put_stamp("npm", f"{lock} dev" if dev else lock)


def run_npm_ci(options: Sequence[str]) -> None:
    npm = machine_npm()
    if npm is None:
        say("no node on this machine; installing one inside .venv")
        run(
            [
                PYTHON,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--require-hashes",
                "-r",
                ROOT / "requirements" / "node.txt",
            ]
        )
        npm = str(VENV / "bin" / "npm")
        os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    run([npm, "ci", "--silent", *options])


def machine_npm() -> str | None:
    """The machine's npm, if its node is young enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    major = output_of([node, "--version"]).strip().lstrip("v").split(".")[0]
    return npm if major.isdigit() and int(major) >= OLDEST_NODE else None


def install_system_libraries(*, dev: bool) -> None:
    """What PDFs and browser tests need is here, or is named with the command that installs it."""
    missing = missing_for_pdf() + (missing_for_browser() if dev else ())
    if not missing:
        return
    if apt_install(missing):
        return
    needed_by = "PDFs" + (" and browser tests" if dev else "")
    say(f"these system packages are missing; {needed_by} need them, all else runs without:")
    for package in missing:
        say(f"    sudo apt install {package}")


def missing_for_pdf() -> tuple[str, ...]:
    libraries = {"libpango-1.0-0": "pango-1.0", "libpangoft2-1.0-0": "pangoft2-1.0"}
    missing = [package for package, name in libraries.items() if ctypes.util.find_library(name) is None]
    if ctypes.util.find_library("harfbuzz-subset") is None:
        missing.append("libharfbuzz-subset0")
    fonts = shutil.which("fc-list")
    chinese = fonts and output_of([fonts, ":lang=zh-cn", "family"])
    if not chinese:
        missing.append("fonts-noto-cjk")
    return tuple(missing)


def missing_for_browser() -> tuple[str, ...]:
    names = ("chromium", "chromium-browser", "google-chrome")
    return () if any(shutil.which(name) for name in names) else BROWSER_PACKAGES


def apt_install(packages: Sequence[str]) -> bool:
    """Root on Debian or Ubuntu has ``packages`` now; False for anybody else, and without a network."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    say(f"installing system packages: {' '.join(packages)}")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return run(command, quiet=True) or (
        run(["apt-get", "update", "-qq"], quiet=True) and run(command, quiet=True)
    )


if __name__ == "__main__":
    main()
