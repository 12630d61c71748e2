"""Reports of a large trial, each asked once: server time against what a person waits for.

They count every participant, visit or allocation, so their time grows with the trial; what is slower than the budget
wants to be a job. Run: ``python -m bench.reports [--participants 35600]``.
"""

from __future__ import annotations

import argparse

from bench.databases import filled, server
from bench.pages import Asked
from bench.table import HEAD, row

SECONDS = 5
PAGES = (
    ("dashboard", "trial", "/dashboard/"),
    ("report: accrual", "trial", "/reports/accrual/"),
    ("report: screening", "trial", "/reports/screening/"),
    ("report: visits", "trial", "/reports/visits/"),
    ("report: elements", "trial", "/reports/elements/"),
    ("report: questionnaires", "trial", "/reports/questionnaires/"),
    ("report: vital status", "trial", "/reports/vital-status/"),
    ("report: queries", "data", "/reports/queries/"),
    ("report: completeness", "data", "/completeness/"),
    ("report: completeness by form", "data", "/completeness/forms/"),
    ("report: verification", "data", "/verification/"),
    ("report: forms to fill in", "data", "/forms-to-fill-in/"),
    ("report: visit adherence", "data", "/visits/adherence/"),
    ("report: balance", "stats", "/randomization/schemes/1/balance/"),
    ("participant flow", "trial", "/participant-flow/"),
    ("participant flow by arm", "stats", "/participant-flow/by-arm/"),
    ("endpoints: results", "stats", "/endpoints/results/"),
    ("endpoints: results by arm", "stats", "/endpoints/results/by-arm/"),
    ("survival", "stats", "/endpoints/survival/"),
    ("survival by arm", "stats", "/endpoints/survival/by-arm/"),
    ("maturity", "trial", "/survival-maturity/"),
    ("maturity by arm", "stats", "/survival-maturity/by-arm/"),
    ("analysis sets", "stats", "/endpoints/analysis-sets/"),
    ("quality of life", "stats", "/quality-of-life/"),
    ("quality of life by arm", "stats", "/quality-of-life/by-arm/"),
    ("safety report", "trial", "/safety-report/"),
    ("safety report by arm", "stats", "/safety-report/by-arm/"),
    ("serious events", "data", "/serious-events/"),
    ("serious events compared", "data", "/serious-events/compare/"),
    ("central monitoring", "data", "/monitoring/"),
    ("codebook", "data", "/codebook/"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=35_600)
    parser.add_argument("--only", default="", help="reports whose name holds this")
    asked = parser.parse_args()
    with server() as running:
        large = Asked(filled(running, asked.participants))
        print(f"\n{asked.participants} participants\n\n{HEAD}")
        for what, user, address in PAGES:
            if asked.only in what:
                _measure(large, what, user, address)


def _measure(large: Asked, what: str, user: str, address: str) -> None:
    try:
        queries, _first = large.get(user, address, count=True)
        seconds = large.get(user, address)[1] / 1000
    except RuntimeError as refused:
        row(what, str(refused), "a page", kept=False)
        return
    row(what, f"{queries} queries; {seconds:.1f} s", f"≤ {SECONDS} s", kept=seconds <= SECONDS)


if __name__ == "__main__":
    main()
