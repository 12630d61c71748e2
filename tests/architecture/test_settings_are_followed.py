"""Every setting of the protocol text is read by a rule, said again by the schedule, or a question for people.

A setting that nothing follows would be confirmed with a signature and change nothing (protocol 0.1).
"""

from __future__ import annotations

import re
from pathlib import Path

from palace3.packages import PACKAGES
from protocol.loader.carried import CARRIED_OUT_ONLY_AS
from protocol.loader.consistency import SAID_TWICE
from protocol.text import load

CHAPTERS = ("0.1",)

REPOSITORY = Path(__file__).parents[2]
APPS = PACKAGES

# Answers that only the statistics, the contracts and the manuals of the study team use.
FOR_PEOPLE = {
    *("power",),
    *("analysis_sets", "dmc_first_review_after", "dmc_review_months"),
    *("planned_study_end", "eortc_licence", "qol_instruments", "qol_eq5d"),
    *("ae_dictionary", "ae_coding", "complication_standard", "staging_edition"),
    *("staging_tables_approved", "camrelizumab_maintenance", "camrelizumab_dose_reduction"),
    "consent_look_up_after_withdrawal",
}
# The visits carry them: another calendar or clock is another set of rows.
CARRIED_BY_VISITS = {
    "postoperative_clock",
    "pet_before_endoscopy_days",
}
# An analysis takes the reading, or passes the number, that is named here.
CHOSEN_BY_ANALYSES = {"dfs_definition"}


def test_no_setting_is_left_without_a_reader() -> None:
    sources = [path for app in APPS for path in (REPOSITORY / app).rglob("*.py")]
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sources
        if path.name not in ("carried.py", "consistency.py") and "migrations" not in path.parts
    )
    unread = {setting.key for setting in load("1.0").settings if not re.search(rf"\b{setting.key}\b", code)}
    named = FOR_PEOPLE | CARRIED_BY_VISITS | CHOSEN_BY_ANALYSES | set(CARRIED_OUT_ONLY_AS) | set(SAID_TWICE)
    assert unread - named == set()
    assert named - set(SAID_TWICE) - unread == set(), "read by now: take it off the list"


def test_the_list_of_what_is_built_in_only_shrinks() -> None:
    assert len(CARRIED_OUT_ONLY_AS) <= 2
