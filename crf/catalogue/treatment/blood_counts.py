"""An adverse event begun from a severe blood count of a day of chemotherapy (protocol 3.5 A, X019)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.catalogue.treatment import rules
from crf.engine.answers import AnswerRow, AnswerValues
from crf.engine.leads import Lead
from protocol.exact import exact
from protocol.laboratory import Result
from protocol.laboratory_grades import Compared, Graded, graded

COUNTS = {"NEUT": "anc_d", "PLAT": "plt_d"}


def worst_count(row: AnswerRow) -> tuple[str, Graded] | None:
    """Return the test of a day with the highest grade, and its grade; None where no count has one."""
    counts = {test: row[name] for test, name in COUNTS.items() if row[name] is not None}
    grades = ((test, graded(test, Result(exact(count)), Compared())) for test, count in counts.items())
    severe = [(test, each) for test, each in grades if each is not None and each.grade]
    return max(severe, key=lambda pair: pair[1].grade, default=None)


def event_answers(values: AnswerValues, row: AnswerRow) -> dict[str, Any]:
    """Return what the page of an adverse event begins with that is begun from a blood count."""
    worst = worst_count(row)
    if worst is None:
        return {}
    test, reached = worst
    on = rules.day_of_counts(values["neo_d1"], row["count_dt"], row["planned_day"], row)
    return {
        "ae_term": reached.term,
        "ctcae_term": reached.term,
        "lab_test": test,
        "lab_dt": on,
        "ae_st": on,
        "grade": reached.grade,
    }


LEADS = (
    Lead(
        code="AE",
        group="chemo",
        title=_("Severe blood counts without an adverse event"),
        label=_("Record as adverse event"),
        asked_by="X019",
        shown=("dose_no", *COUNTS.values()),
        is_one=lambda row: worst_count(row) is not None,
        answers=event_answers,
    ),
)
