"""The data sets of ADaM, their variables and parameters, as the tables beside this file declare them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from exports.sdtm.standard.tables import StandardVariable

FOLDER: Final = Path(__file__).parent
GUIDE: Final = "1.3"
FROM_RANDOMIZATION, FROM_RESPONSE = "randomization", "cCR"
FLAG: Final = "FL"


@dataclass(frozen=True)
class AdamDataset:
    """One data set: its label, class, structure, and the variables that tell its records apart."""

    code: str
    label: str
    kind: str
    sub_kind: str
    structure: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class AdamVariable:
    """One variable, with the SDTM or ADSL variable that it is taken from, or the words that derive it."""

    variable: StandardVariable
    predecessor: str
    derivation: str


@dataclass(frozen=True)
class PlacedOutcome:
    """Where a column of the file of endpoints stands: a variable of ADSL, or a parameter of ADRS.

    ``dated`` says what the day of the outcome is that of: the response, or the operation.
    """

    column: str
    dataset: str
    name: str
    label: str
    dated: str


@dataclass(frozen=True)
class TimeParameter:
    """One parameter of ADTTE: the value that it is, and the prefix of its columns in the file of endpoints.

    ``event`` is the cause that is the event where several compete; ``scale`` that of a deterioration.
    """

    code: str
    value: str
    column: str
    endpoint: str
    label: str
    origin: str = FROM_RANDOMIZATION
    event: str = ""
    scale: str = ""


TIMES: Final = (
    TimeParameter("OS", "os", "OS", "OS", "Overall Survival (Days)"),
    TimeParameter("OSLATEST", "os_latest", "OS_LATEST", "OS", "Overall Survival, Latest Day of Death (Days)"),
    TimeParameter("DFSA", "dfs_a", "DFSA", "DFS-A", "Disease-Free Survival, Strategy (Days)"),
    TimeParameter("DFSB", "dfs_b", "DFSB", "DFS-B", "Disease-Free Survival, Strict (Days)"),
    TimeParameter(
        "PFSS",
        "pfs_s",
        "PFSS",
        "PFS-S",
        "Progression-Free Survival in Surveillance (Days)",
        FROM_RESPONSE,
    ),
    TimeParameter(
        "DFSASUSP",
        "dfs_a_by_suspicion",
        "DFSA_SUSPICION",
        "DFS-A",
        "Disease-Free Survival, Strategy, by Suspicion (Days)",
    ),
    TimeParameter(
        "DFSASEC",
        "dfs_a_second_primary",
        "DFSA_SECOND",
        "DFS-A",
        "Disease-Free Survival, Strategy, Second Primaries Count (Days)",
    ),
    TimeParameter(
        "DFSAMISS",
        "dfs_a_missed",
        "DFSA_MISSED",
        "DFS-A",
        "Disease-Free Survival, Strategy, Censored before Missed Assessments (Days)",
    ),
    TimeParameter("DURABLE", "durable", "DURABLE", "DURABLE", "Duration of cCR (Days)", FROM_RESPONSE),
    TimeParameter("OFS", "oesophagectomy_free", "OFS", "OFS", "Esophagectomy-Free Survival (Days)"),
    TimeParameter(
        "REGROWTH",
        "regrowth",
        "REGROWTH",
        "REGROWTH",
        "Time to Locoregional Regrowth (Days)",
        FROM_RESPONSE,
        "regrowth",
    ),
    TimeParameter(
        "ESOPHECT",
        "oesophagectomy",
        "OESOPHAGECTOMY",
        "OESOPHAGECTOMY",
        "Time to Esophagectomy (Days)",
        FROM_RANDOMIZATION,
        "oesophagectomy",
    ),
)


def deterioration(scale: str) -> TimeParameter:
    """Return the parameter of the time until a scale was worse."""
    label = f"Time to Deterioration of {scale} (Days)"
    return TimeParameter(f"TD{scale}", "deterioration", f"{scale}_TTD", "QOL", label, scale=scale)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def adam_datasets() -> Mapping[str, AdamDataset]:
    """Map the code of each data set to what it is, in order."""
    return {
        row["DATASET"]: AdamDataset(
            row["DATASET"],
            row["LABEL"],
            row["CLASS"],
            row["SUBCLASS"],
            row["STRUCTURE"],
            tuple(row["KEYS"].split()),
        )
        for row in _rows("datasets.csv")
    }


@cache
def outcomes() -> tuple[PlacedOutcome, ...]:
    """Return where each column of the file of endpoints stands that is no time."""
    return tuple(
        PlacedOutcome(row["COLUMN"], row["DATASET"], row["NAME"], row["LABEL"], row["DATED"])
        for row in _rows("outcomes.csv")
    )


@cache
def adam_variables(code: str) -> tuple[AdamVariable, ...]:
    """Return the variables of a data set in order; those of ADSL with the outcomes that it holds."""
    own = [
        AdamVariable(
            StandardVariable(
                domain=code,
                name=row["VARIABLE"],
                label=row["LABEL"],
                is_number=row["TYPE"] != "Char",
                core=row["CORE"],
                role="",
                lists=(),
                is_date=row["TYPE"] == "Date",
            ),
            row["PREDECESSOR"],
            row["DERIVATION"],
        )
        for row in _rows("variables.csv")
        if row["DATASET"] == code
    ]
    return (*own, *(_of_outcome(each) for each in outcomes() if each.dataset == code == "ADSL"))


def _of_outcome(each: PlacedOutcome) -> AdamVariable:
    is_text = each.name.endswith(FLAG) or each.name == "AERELTO"
    variable = StandardVariable(
        domain="ADSL",
        name=each.name,
        label=each.label,
        is_number=not is_text,
        core="Perm",
        role="",
        lists=(),
    )
    return AdamVariable(variable, "", f"Column {each.column} of the endpoints.")
