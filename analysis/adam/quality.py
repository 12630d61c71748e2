"""ADQS: the scores of the questionnaires, by the days since the end of chemoradiotherapy (decision E4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import override

from analysis.adam.source import AdamSource, Subject, as_day, days_between, kept, relative_day
from analysis.facts import SCALES
from crf import catalogue
from exports.sdtm.package import Row
from protocol.quality_over_time import baseline_of, scores_of

PLACES: Final = ".4f"


def quality_rows(source: AdamSource, subject: Subject) -> Iterator[Row]:
    """Yield the scores of one subject, by scale and day."""
    if subject.derived is None:
        return
    facts, number = subject.derived.facts, 0
    for scale in SCALES:
        baseline = baseline_of(facts, scale)
        for day, score in scores_of(facts, scale):
            number += 1
            is_later = baseline is not None and day > baseline[0]
            told = {
                "ASEQ": str(number),
                "PARAM": name_of_scale(scale),
                "PARAMCD": scale,
                "PARAMTYP": "DERIVED",
                "ADT": as_day(day),
                "ADY": relative_day(day, facts.neo_d1),
                "ANEODY": days_between(facts.neo_end, day),
                "AVAL": format(score, PLACES),
                "BASE": format(baseline[1], PLACES) if baseline else "",
                "CHG": format(score - baseline[1], PLACES) if baseline and is_later else "",
                "ABLFL": "Y" if (day, score) == baseline else "",
                "SRCDOM": "QS",
                "SRCVAR": "QSSTRESN",
            }
            yield dict(kept(told))


def name_of_scale(scale: str) -> str:
    """Return the name of a scale, in English."""
    with override("en"):
        return str(catalogue.form("QOL").questions[SCALES[scale]].text)
