"""Each dilatation of a stricture with its date and size, as surveillance and follow-up ask it (protocol 3.11, 3.12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from crf.engine.answers import AnswerRow
from crf.engine.checks import Check, Criticality, Level
from crf.engine.codelists import CodeList

DILATATION = CodeList(
    "DILATATION",
    {
        "balloon": _("balloon"),
        "bougie": _("bougie"),
        "incision": _("endoscopic incision"),
        "other": _("other"),
    },
)
DILATATION_ROWS = _("One row for each dilatation.")
DILATATION_EVENT = _("If there is one, record it as an adverse event too.")


def _as_many_rows(count: str, table: str) -> Callable[..., bool]:
    def passes(**known: Any) -> bool:
        rows = [row for row in known[table] if row["dil_dt"] or row["dil_mm"] is not None or row["missing"]]
        return not rows or len(rows) == known[count]

    return passes


def _by_then(on: str) -> Callable[..., bool]:
    return lambda **known: bool(known["dil_dt"] <= known[on])


def _since_last(on: str, form: str) -> Callable[..., bool]:
    """Make a check: a dilatation lies after the contact before, which counted its own."""

    def passes(**known: Any) -> bool:
        others: list[AnswerRow] = known[f"{form.lower()}_all"]
        before = [row[on] for row in others if row.get(on) and row[on] < known[on]]
        return not before or bool(known["dil_dt"] > max(before))

    return passes


def checks_of(
    form: str, *, codes: tuple[str, str, str], count: str, table: str, on: str
) -> tuple[Check, ...]:
    """Return the checks of the table of dilatations of a form: on its rows, their days, the contact before."""
    differs, after, before = codes
    return (
        Check(
            code=differs,
            level=Level.SOFT,
            reads=(count, table),
            passes=_as_many_rows(count, table),
            message=_("The number of dilatations and the rows of their table differ. Check both."),
            fields=(count, table),
        ),
        Check(
            code=after,
            level=Level.HARD,
            reads=("dil_dt", on),
            each=table,
            passes=_by_then(on),
            message=_("The dilatation of %(dil_dt)s is dated after this contact. Check both dates."),
            fields=("dil_dt",),
        ),
        Check(
            code=before,
            level=Level.SOFT,
            reads=("dil_dt", on, f"{form}*"),
            each=table,
            passes=_since_last(on, form),
            message=_(
                "The dilatation of %(dil_dt)s is not after the contact before, which counts its own. Check the date."
            ),
            fields=("dil_dt",),
            criticality=Criticality.MINOR,
        ),
    )
