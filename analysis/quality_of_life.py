"""Quality of life as a page: scores by time from the end of chemoradiotherapy, who answered, time to deterioration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from analysis.facts import SCALES
from analysis.reading import DerivedParticipant
from crf import catalogue
from kernel.spreadsheets import Cell
from protocol.facts import ParticipantFacts
from protocol.quality_bands import AnswerFate, MeanScore, TimeBand, answer_in, bands_of, fates_of, mean_score
from protocol.statistics.distributions import reach
from protocol.statistics.mixed_model import Measurement, RepeatedMeasures, repeated_measures
from protocol.statistics.observations import Observation
from protocol.statistics.product_limit import Median, product_limit
from protocol.survival import months
from protocol.text import load

CONFIDENCE: Final = 0.95
FORM: Final = "QOL"
FATES: Final = (
    AnswerFate.ANSWERED,
    AnswerFate.MISSING,
    AnswerFate.DIED,
    AnswerFate.LEFT,
    AnswerFate.NOT_YET,
    AnswerFate.NO_ORIGIN,
)
Groups = Sequence[tuple[str, Sequence[DerivedParticipant]]]


@dataclass(frozen=True)
class ScoreLine:
    """One time point of one group: the mean with its limits, and what became of everybody."""

    label: str
    group: str
    band: TimeBand
    score: MeanScore
    limits: tuple[float, float] | None
    fates: Mapping[AnswerFate, int]

    @property
    def counts(self) -> list[int]:
        return [self.fates[fate] for fate in FATES]

    @property
    def due(self) -> int:
        """Those who could have answered: alive, in the study, and the time has passed."""
        return self.fates[AnswerFate.ANSWERED] + self.fates[AnswerFate.MISSING]

    @property
    def compliance(self) -> str:
        return f"{100 * self.fates[AnswerFate.ANSWERED] / self.due:.1f} %" if self.due else "–"


@dataclass(frozen=True)
class DeteriorationLine:
    """Time to deterioration of one scale in one group: who has a baseline, who got worse, the median in months."""

    scale: str
    group: str
    with_baseline: int
    without_baseline: int
    events: int
    median: Median


def scales() -> dict[str, str]:
    """Return the scales with their names, the main ones first (setting qol_main_scales)."""
    questions = catalogue.form(FORM).questions
    names = {code: str(questions[name].text) for code, name in SCALES.items() if name in questions}
    first = [code for code in main_scales() if code in names]
    return {code: names[code] for code in [*first, *(code for code in names if code not in first)]}


def main_scales() -> tuple[str, ...]:
    """Return the codes of the main scales."""
    value = load(settings.PROTOCOL_VERSION).setting("qol_main_scales")
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()


def time_bands() -> tuple[TimeBand, ...]:
    """Return the time points of the protocol text, from the end of chemoradiotherapy."""
    value = load(settings.PROTOCOL_VERSION).setting("qol_months")
    return bands_of(int(str(month)) for month in value) if isinstance(value, (list, tuple)) else ()


def label_of(band: TimeBand) -> str:
    """Return a time point in words."""
    return _("Before treatment") if band.is_baseline else _("Month %(month)s") % {"month": band.month}


def score_lines(groups: Groups, scale: str) -> list[ScoreLine]:
    """Return every time point of every group for one scale."""
    return [
        _score_line(group, [each.facts for each in rows], band, scale)
        for band in time_bands()
        for group, rows in groups
    ]


def _score_line(group: str, people: list[ParticipantFacts], band: TimeBand, scale: str) -> ScoreLine:
    score = mean_score(people, band, scale)
    return ScoreLine(
        label_of(band), group, band, score, score.limits(reach(CONFIDENCE)), fates_of(people, band)
    )


def deterioration_lines(groups: Groups) -> list[DeteriorationLine]:
    """Return the time to deterioration of each main scale in each group, by the product limit."""
    names = scales()
    return [
        _deterioration_line(names.get(scale, scale), scale, group, rows)
        for scale in main_scales()
        for group, rows in groups
    ]


def _deterioration_line(
    name: str, scale: str, group: str, rows: Sequence[DerivedParticipant]
) -> DeteriorationLine:
    told = [one for each in rows for one in each.values.deterioration if one.scale == scale]
    times = [one.time for one in told if one.time is not None]
    curve = product_limit(Observation(months(time.days), int(time.event)) for time in times)
    return DeteriorationLine(
        name, group, len(times), len(rows) - len(times), curve.events, curve.median(confidence=CONFIDENCE)
    )


def model_of(groups: Groups, scale: str) -> RepeatedMeasures:
    """Return the mixed model of one scale over the groups: change from the baseline at each time point."""
    return repeated_measures(_measurements(groups, scale), confidence=CONFIDENCE)


def _measurements(groups: Groups, scale: str) -> Iterator[Measurement]:
    first, *later = time_bands()
    for group, rows in groups:
        for each in rows:
            before = answer_in(each.facts, first)
            if before is None or scale not in before.scores:
                continue
            for band in later:
                answer = answer_in(each.facts, band)
                if answer is not None and scale in answer.scores:
                    yield Measurement(
                        each.facts.number,
                        group,
                        float(band.month or 0),
                        float(before.scores[scale]),
                        float(answer.scores[scale]),
                    )


def file_rows(groups: Groups) -> Iterator[list[Cell]]:
    """Yield every scale at every time point as a file holds it, with the fates beside it."""
    yield [
        *("SCALE", "GROUP", "MONTH", "N", "MEAN", "SD", "LOWER_95", "UPPER_95"),
        *(fate.value.upper() for fate in FATES),
    ]
    for scale in scales():
        for line in score_lines(groups, scale):
            lower, upper = line.limits or (None, None)
            figures = map(_figure, (line.score.mean, line.score.deviation, lower, upper))
            month = "BASELINE" if line.band.month is None else line.band.month
            yield [scale, line.group, month, line.score.number, *figures, *line.counts]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
