"""Chapter 6: curves, medians, tests, hazard ratios, restricted means and incidences are those of R, to nine digits.

What R said is stored beside the data, made by reference.R; where R with survival is installed, it is asked
again, and of its public data sets too.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol.statistics.cox import proportional_hazards
from protocol.statistics.observations import NoResultReason, Observation
from tests.protocol.survival_analysis.against_r import COMPARED, HERE, observations, said_by_r

CHAPTERS = ("6.1", "6.3")
STORED = sorted((HERE / "data").glob("*.csv"))
PUBLIC = ("bladder", "colon", "kidney", "lung", "mgus2", "ovarian", "pbc", "pbc_transplant", "rotterdam")

Comparison = Callable[[list[Observation], dict[str, Any]], None]


@pytest.mark.parametrize("compare", COMPARED, ids=lambda compare: compare.__name__)
@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_it_is_what_r_said(path: Path, compare: Comparison) -> None:
    compare(observations(path), said_by_r(path))


def test_what_is_stored_has_competing_events_too() -> None:
    said = said_by_r(HERE / "data" / "competing.csv")
    assert {"incidence", "gray", "gray_stratified"} <= said.keys()
    assert all("aalen" in part for part in said["incidence"].values())


NEARLY_ALIKE = [
    Observation(time, 1, group)
    for time, group in ((1, "A"), (3, "A"), (2, "B"), (4, "B"), (6, "A"), (5, "B"))
]


def test_a_small_difference_has_the_tests_and_limits_of_r() -> None:
    """summary(coxph(Surv(t, e) ~ g)) of R 4.2.2: the Wald test, its limits, a likelihood ratio below one."""
    model = proportional_hazards(NEARLY_ALIKE, confidence=0.95)
    (ratio,) = model.ratios
    assert model.likelihood_ratio_chi2 == pytest.approx(0.0452726578249933)
    assert model.p == pytest.approx(0.831503459289357)
    assert ratio.p == pytest.approx(0.832412166964886)
    assert [ratio.ratio, ratio.lower, ratio.upper] == pytest.approx(
        [1.21525043702149, 0.199744267188198, 7.39362208222706]
    )


def test_one_group_that_met_no_other_has_no_hazard_ratio() -> None:
    alone = [Observation(time, 1, "C", "y") for time in (1, 2, 3)]
    beside = [Observation(each.time, each.cause, each.group, "x") for each in NEARLY_ALIKE]
    model = proportional_hazards([*beside, *alone], confidence=0.95, stratified=True)
    assert model.because is NoResultReason.NOT_COMPARABLE


def r_has(package: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = f"cat(requireNamespace('{package}', quietly = TRUE))"
    answer = subprocess.run(["Rscript", "-e", asked], capture_output=True, text=True, check=False)
    return answer.stdout.strip() == "TRUE"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of R's public data sets and of the stored ones, with what R says of each now."""
    if not r_has("survival"):
        pytest.skip("R with survival is not installed: the stored numbers are compared")
    folder = tmp_path_factory.mktemp("r")
    for path in STORED:
        shutil.copy(path, folder)
    subprocess.run(["Rscript", HERE / "reference.R", folder, "public"], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", [*PUBLIC, *(path.stem for path in STORED)])
def test_it_is_what_r_says_now(public: Path, name: str) -> None:
    path = public / f"{name}.csv"
    for compare in COMPARED:
        compare(observations(path), said_by_r(path))
