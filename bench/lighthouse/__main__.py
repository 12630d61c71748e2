"""``python -m bench.lighthouse``: scores of the public page in both languages, as on a slow telephone, and of three
pages of a coordinator as on a computer: home, participant, form.

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
PARTICIPANTS = 4  # the public page shows none of them
AGENT = "PALACE-3 Lighthouse"  # a session belongs to one browser
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


def look(address: str, report: Path, cookie: str = "") -> dict[str, Any]:
    """Return Lighthouse's report on the page at ``address``; with a cookie, as somebody who is signed in."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
    command = [node, str(LIGHTHOUSE), address, "--output=json", f"--output-path={report}", "--quiet"]
    command += ["--no-enable-error-reporting", f"--only-categories={','.join(budgets_of(cookie))}"]
    if cookie:
        command += ["--preset=desktop", f"--emulated-user-agent={AGENT}", "--disable-storage-reset"]
        command += [f"--extra-headers={json.dumps({'Cookie': cookie})}"]
    environment = {**os.environ, "CHROME_PATH": chromium or ""}
    subprocess.run([*command, f"--chrome-flags={BROWSER_ARGUMENTS}"], check=True, env=environment)
    content: dict[str, Any] = json.loads(report.read_text())
    return content


def budgets_of(cookie: str) -> dict[str, int]:
    """Return what is asked of a page; no search engine reads one behind the sign-in."""
    return {name: least for name, least in BUDGETS.items() if not cookie or name != "seo"}


def session_of(trial: Trial) -> dict[str, Any]:
    """Return a cookie with which a coordinator is signed in, and the pages that they open."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.lighthouse.session", AGENT],
        cwd=ROOT,
        env={**os.environ, **trial.environment},
        check=True,
        stdout=subprocess.PIPE,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def middle(address: str, report: Path, cookie: str = "") -> dict[str, Any]:
    """Return the report with the middle performance of three: one look depends on what else the machine does."""
    looks = [look(address, report, cookie) for _time in range(3)]
    return sorted(looks, key=lambda each: float(each["categories"]["performance"]["score"]))[1]


def main() -> None:
    fetch_lighthouse()
    missed: list[str] = []
    print("| page | " + " | ".join(BUDGETS) + " | largest paint | transferred |")
    print("|---|" + "---|" * (len(BUDGETS) + 2))
    with server() as running:
        trial = filled(running, PARTICIPANTS)
        with served(trial) as address:
            for page in PAGES:
                missed += _measured(address, page)
            session = session_of(trial)
            for page in session["pages"]:
                missed += _measured(address, page, session["cookie"])
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _measured(address: str, page: str, cookie: str = "") -> list[str]:
    """Print the page's line of the table; return what misses its budget, and every request that left."""
    with tempfile.TemporaryDirectory() as folder:
        report = middle(address + page, Path(folder) / "report.json", cookie)
    if report["finalDisplayedUrl"] != address + page:
        raise SystemExit(f"{page} led to {report['finalDisplayedUrl']}")
    budgets = budgets_of(cookie)
    scores = {name: round(100 * report["categories"][name]["score"]) for name in budgets}
    paint = report["audits"]["largest-contentful-paint"]["displayValue"].replace("\xa0", " ")
    weight = report["audits"]["total-byte-weight"]["numericValue"] / 1024
    figures = [str(scores.get(name, "–")) for name in BUDGETS] + [paint, f"{weight:.0f} KiB"]
    print(f"| {page} | " + " | ".join(figures) + " |", flush=True)
    for audit in report["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"  {page} {audit['id']}: {audit['title']}", file=sys.stderr)
    low = [f"{page} {name} {scores[name]}" for name in budgets if scores[name] < budgets[name]]
    return low + _leaving(report, address)


def _leaving(report: dict[str, Any], address: str) -> list[str]:
    asked = report["audits"]["network-requests"]["details"]["items"]
    return [item["url"] for item in asked if not item["url"].startswith((address, "data:"))]


if __name__ == "__main__":
    main()
