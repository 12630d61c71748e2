"""Visits, elements and epochs: the planned ones from the protocol text, and those of each participant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from exports.sdtm.sources import ExportFiles
from protocol.loader.schema import Anchoring
from protocol.text import ProtocolText

UNPLANNED: Final = 900
ARMS: Final = {"1": "CAMCRTWW", "2": "CRTSURG"}
SCREEN: Final = "SCRN"
TREATED: Final = {"1": "CAMCRT", "2": "CRT"}
EVALUATED: Final = "EVAL"
FOLLOWED: Final = {"1": "WATCH", "2": "SURGFUP"}
EPOCHS: Final = ("SCREENING", "TREATMENT", "OBSERVATION", "FOLLOW-UP")


@dataclass(frozen=True)
class Element:
    """A planned element of the trial: its code, name, epoch, and what begins and ends it (TE, TA)."""

    code: str
    name: str
    epoch: str
    begins: str
    ends: str


ELEMENTS: Final = (
    Element(
        SCREEN, "Screening", "SCREENING", "Informed consent", "First study treatment, or end of participation"
    ),
    Element(
        "CAMCRT",
        "Camrelizumab With Chemoradiotherapy",
        "TREATMENT",
        "First study treatment",
        "Last study treatment of the neoadjuvant phase",
    ),
    Element(
        "CRT",
        "Chemoradiotherapy",
        "TREATMENT",
        "First study treatment",
        "Last study treatment of the neoadjuvant phase",
    ),
    Element(
        EVALUATED,
        "Evaluation of the Response",
        "OBSERVATION",
        "End of neoadjuvant treatment",
        "Complete response, operation, or end of participation",
    ),
    Element(
        "WATCH",
        "Surveillance or Surgery, Follow-up",
        "FOLLOW-UP",
        "Complete response declared, or operation",
        "End of participation",
    ),
    Element("SURGFUP", "Surgery and Follow-up", "FOLLOW-UP", "Operation", "End of participation"),
)


def element(code: str) -> Element:
    """Return the element with a code."""
    return next(each for each in ELEMENTS if each.code == code)


@dataclass(frozen=True)
class Stay:
    """One element of one participant, from a day on, until a day where it is known."""

    code: str
    begins: str
    ends: str


def visit_day(due: Anchoring) -> str:
    """Return the planned study day of a visit that is counted in days from the first treatment; there is no day 0."""
    target = due.target
    if due.anchor != "NEO_D1" or target is None or target.days is None:
        return ""
    return str(target.days + 1 if target.days >= 0 else target.days)


@dataclass(frozen=True)
class Schedule:
    """The planned visits of the protocol text, and what each participant passed through."""

    files: ExportFiles
    text: ProtocolText

    @cached_property
    def planned(self) -> Mapping[str, int]:
        """Map the code of each planned visit to its number."""
        codes = dict.fromkeys(rule.code for rule in self.text.visits)
        return {code: number for number, code in enumerate(codes, start=1)}

    @cached_property
    def unplanned(self) -> Mapping[str, int]:
        """Map each code of a visit that the text does not plan to its number."""
        codes = sorted({code for _subject, code, _seq in self.files.visits if not self._rule(code)})
        return {code: UNPLANNED + number for number, code in enumerate(codes, start=1)}

    def _rule(self, code: str) -> str:
        """Return the planned visit that a code belongs to: itself, or the one that is repeated (SWEEP-06)."""
        return (
            code
            if code in self.planned
            else next((planned for planned in self.planned if code.startswith(f"{planned}-")), "")
        )

    def is_planned(self, code: str) -> bool:
        """Say whether the text plans the visit."""
        return bool(self._rule(code))

    def number(self, code: str, occurrence: str) -> str:
        """Return VISITNUM: whole for a planned visit, with a fraction for one that is repeated."""
        rule = self._rule(code)
        whole = self.planned[rule] if rule else self.unplanned.get(code, UNPLANNED)
        repeated = int(code.removeprefix(f"{rule}-")) * 10 if rule and rule != code else 0
        fraction = repeated + int(occurrence) - 1
        return f"{whole}.{fraction:04}".rstrip("0") if fraction else str(whole)

    @cached_property
    def repeated(self) -> tuple[str, ...]:
        """Return the codes of planned visits that are repeated, such as SWEEP-06, as far as there are any."""
        codes = sorted({code for _subject, code, _seq in self.files.visits})
        return tuple(code for code in codes if self._rule(code) not in ("", code))

    def day(self, code: str) -> str:
        """Return the planned study day of a visit: where arms differ, of the one that counts from the treatment."""
        days = (visit_day(rule.due) for rule in self.text.visits if rule.code == code)
        return next(filter(None, days), "")

    def stays(self, subject: str) -> Iterator[Stay]:
        """Yield the elements that a participant passed through, in order."""
        days = self.files.milestones.get(subject, {})
        arm = self.files.participants[subject]["ARM"]
        over = min(filter(None, (days.get("EOS", ""), days.get("DEATH", ""))), default="")
        followed = min(filter(None, (days.get("CCR", ""), days.get("SURG", ""))), default="")
        begun = [(SCREEN, days.get("ICF", ""))]
        if arm and days.get("NEO_D1"):
            begun.append((TREATED[arm], days["NEO_D1"]))
            begun.append((EVALUATED, days.get("NEO_END", "")))
        if arm and days.get("NEO_D1") and followed:
            begun.append((FOLLOWED[arm], followed))
        known = [(code, day) for code, day in begun if day]
        failed = self.files.participants[subject]["STATE"] in ("SCREEN_FAIL", "WITHDRAWN", "NEVER_TREATED")
        last = over or (self.files.participants[subject]["STATE_SINCE"] if failed else "")
        for (code, day), (_next, end) in zip(known, [*known[1:], ("", last)], strict=True):
            yield Stay(code, day, end if end >= day else "")

    def epoch(self, subject: str, when: str) -> str:
        """Return the epoch of a day; empty where the day is not known or lies before the consent."""
        day = when[:10]
        if len(day) < len("2026-01-01"):
            return ""
        begun = [stay for stay in self._stays_of(subject) if stay.begins <= day]
        return element(begun[-1].code).epoch if begun else ""

    def _stays_of(self, subject: str) -> tuple[Stay, ...]:
        return self._all_stays[subject]

    @cached_property
    def _all_stays(self) -> Mapping[str, tuple[Stay, ...]]:
        return {subject: tuple(self.stays(subject)) for subject in self.files.subjects}
