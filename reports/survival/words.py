"""The words for what a survival analysis does not answer, and for what it notes."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from protocol.statistics.observations import NoResultReason
from reports.survival.analysis import SurvivalAnalysis
from reports.survival.files import reasons

WHY_NONE: dict[NoResultReason, Promise] = {
    NoResultReason.NO_OBSERVATIONS: _("there is nobody"),
    NoResultReason.NO_EVENTS: _("nobody had an event"),
    NoResultReason.ONE_GROUP: _("there is one group only, and nothing to compare it with"),
    NoResultReason.MORE_THAN_TWO_GROUPS: _(
        "one ratio compares two groups, and there are more: see details.json"
    ),
    NoResultReason.NOT_COMPARABLE: _("at no event were people of two groups at risk whom it told apart"),
    NoResultReason.MONOTONE: _(
        "the events separate the groups completely, so no finite hazard ratio fits them"
    ),
    NoResultReason.NOT_CONVERGED: _("the steps to the maximum of the likelihood did not come to an end"),
    NoResultReason.NOT_FOLLOWED: _("nobody was followed so long"),
    NoResultReason.TOO_FEW: _(
        "so few people are at risk that the estimate breaks down before the last event"
    ),
}


def notes(analysis: SurvivalAnalysis, lines_left_out: int) -> Iterator[str]:
    """Yield what a reader has to know beside the numbers: what has no answer, and why."""
    if lines_left_out:
        yield str(_("{number} lines with a blank cell are left out.")).format(number=lines_left_out)
    if analysis.nobody_censored:
        yield str(
            _(
                "No row is censored. 0 means censored here; if your table says 1 for censored and 2 for dead, "
                "recode it."
            )
        )
    if analysis.causes:
        yield str(_("Survival, its tests and hazard ratio are those of an event of any cause."))
    for path, reason in reasons(analysis).items():
        yield f"{path}: {WHY_NONE[reason]}"
