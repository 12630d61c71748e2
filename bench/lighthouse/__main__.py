"""``python -m bench.lighthouse``: scores of the public page in both languages, as on a slow telephone.

Lighthouse comes from npm by its own pinned lock beside this file, fetched on the first run here and
nowhere else. The page is served as in production: hashed and compressed files, no demonstration.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.databases import ROOT, Trial, filled, server

HERE = Path(__file__).resolve().parent
LIGHTHOUSE = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
PAGES = ("/", "/zh/")
PARTICIPANTS = 4  # the page shows none of them
BUDGETS = {"accessibility": 100, "best-practices": 95, "performance": 95, "seo": 95}
BROWSER_ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    '--host-resolver-rules="MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"'
)


def fetch_lighthouse() -> None:
    if LIGHTHOUSE.exists():
        return
    npm = shutil.which("npm") or str(ROOT / ".venv" / "bin" / "npm")
    subprocess.run([npm, "ci", "--silent"], cwd=HERE, check=True)


@contextmanager
def served(trial: Trial) -> Iterator[str]:
    """Inside, the installation answers at the address given, as it would in production."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="palace3-static-") as static:
        environment = {
            **os.environ,
            **trial.environment,
            "PALACE3_DEMO": "0",
            "STATIC_MANIFEST": "1",
            "STATIC_ROOT": static,
        }
        collect = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "-v0"]
        subprocess.run(collect, check=True, env=environment)
        environment["WEB_BIND"] = f"127.0.0.1:{port}"
        serve = [sys.executable, "-m", "gunicorn", "--config", "python:palace3.gunicorn"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        serving = subprocess.Popen(serve, cwd=ROOT, env=environment, **quiet)
        try:
            yield _answering(f"http://127.0.0.1:{port}")
        finally:
            serving.terminate()
            serving.wait(timeout=20)


def _answering(address: str) -> str:
    for _try in range(100):
        try:
            with urllib.request.urlopen(f"{address}/", timeout=20):  # noqa: S310 (our own server)
                return address
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not answer")


def look(address: str, report: Path) -> dict[str, Any]:
    """Return Lighthouse's report on the page at ``address``."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
    command = [node, str(LIGHTHOUSE), address, "--output=json", f"--output-path={report}", "--quiet"]
    command += ["--no-enable-error-reporting", f"--only-categories={','.join(BUDGETS)}"]
    environment = {**os.environ, "CHROME_PATH": chromium or ""}
    subprocess.run([*command, f"--chrome-flags={BROWSER_ARGUMENTS}"], check=True, env=environment)
    content: dict[str, Any] = json.loads(report.read_text())
    return content


def middle(address: str, report: Path) -> dict[str, Any]:
    """Return the report with the middle performance of three: one look depends on what else the machine does."""
    looks = [look(address, report) for _time in range(3)]
    return sorted(looks, key=lambda each: float(each["categories"]["performance"]["score"]))[1]


def main() -> None:
    fetch_lighthouse()
    missed: list[str] = []
    print("| page | " + " | ".join(BUDGETS) + " | largest paint | transferred |")
    print("|---|" + "---|" * (len(BUDGETS) + 2))
    with server() as running, served(filled(running, PARTICIPANTS)) as address:
        for page in PAGES:
            missed += _measured(address, page)
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _measured(address: str, page: str) -> list[str]:
    """Print the page's line of the table; return what misses its budget, and every request that left."""
    with tempfile.TemporaryDirectory() as folder:
        report = middle(address + page, Path(folder) / "report.json")
    scores = {name: round(100 * report["categories"][name]["score"]) for name in BUDGETS}
    paint = report["audits"]["largest-contentful-paint"]["displayValue"].replace("\xa0", " ")
    weight = report["audits"]["total-byte-weight"]["numericValue"] / 1024
    figures = [str(scores[name]) for name in BUDGETS] + [paint, f"{weight:.0f} KiB"]
    print(f"| {page} | " + " | ".join(figures) + " |", flush=True)
    for audit in report["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"  {page} {audit['id']}: {audit['title']}", file=sys.stderr)
    low = [f"{page} {name} {scores[name]}" for name in BUDGETS if scores[name] < BUDGETS[name]]
    return low + _leaving(report, address)


def _leaving(report: dict[str, Any], address: str) -> list[str]:
    asked = report["audits"]["network-requests"]["details"]["items"]
    return [item["url"] for item in asked if not item["url"].startswith((address, "data:"))]


if __name__ == "__main__":
    main()
