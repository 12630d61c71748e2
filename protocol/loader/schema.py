"""What a protocol text holds, as frozen values (protocol 1 and 2).

Every value names its source: ``published``, a sister trial (``SANO``; several joined by ``/``),
``standard`` (a recognised standard) or ``default`` (chosen here, to be confirmed by the study team).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from typing import NewType

PUBLISHED = "published"
SOURCES = frozenset(
    (
        PUBLISHED,
        "default",
        "standard",
        "SANO",
        "SANO-2",
        "preSANO",
        "preSINO",
        "NEEDS",
        "PALACE-1",
        "PALACE-2",
        "CROSS",
    )
)
FORM_CODES = frozenset(
    (
        "ELIG",
        "DM",
        "STAGE",
        "TREAT",
        "CRE",
        "SURG",
        "PATH",
        "FU",
        "SURV",
        "LB",
        "AE",
        "SAE",
        "PREG",
        "COMP",
        "AS",
        "QOL",
    )
) | frozenset(("DV", "EOS", "PROG", "MH", "CM", "VS", "NUT", "ST"))
ARM_CODES = frozenset(("1", "2"))

Source = NewType("Source", str)
Scalar = bool | int | float | str | tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BilingualText:
    """One sentence in both languages of the trial."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The Chinese wording for any ``zh…`` language code, else the English one."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Sourced:
    """A code (a form, a procedure) and who says that it is due."""

    code: str
    source: Source


@dataclass(frozen=True, slots=True)
class TrialFact:
    """One line of the fact table (protocol 1): a value, a sentence, or openly unknown."""

    code: str
    topic: str
    section: str
    name: BilingualText
    source: Source
    value: Scalar | None = None
    text: BilingualText | None = None
    unknown: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two public sources that disagree, and what is used until the study team decides (protocol 1.10)."""

    code: str
    name: BilingualText
    first: BilingualText
    second: BilingualText
    used: BilingualText
    source: Source


@dataclass(frozen=True, slots=True)
class Criterion:
    """One eligibility criterion: registry wording and the same in a patient's words (protocol 1.3)."""

    code: str
    kind: str
    wording: BilingualText
    plain: BilingualText
    source: Source
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class Arm:
    """One strategy that participants are allocated to (protocol 1.2, 1.4)."""

    code: str
    label: BilingualText
    name: BilingualText
    plain: BilingualText
    after_neoadjuvant: BilingualText
    source: Source


@dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """One component of the neoadjuvant treatment (protocol 1.4)."""

    code: str
    arms: tuple[str, ...]
    name: BilingualText
    dose: BilingualText
    days: tuple[int, ...]
    source: Source
    amount: float | None = None
    unit: str | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A tunable value and the question that the study team has to answer about it (protocol 7)."""

    key: str
    type: str
    source: Source
    section: str
    question: BilingualText
    value: Scalar | None = None
    unknown: bool = False
    choices: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The key, under the name that every entry of the text goes by."""
        return self.key


@dataclass(frozen=True, slots=True)
class MilestoneRule:
    """A date that starts a clock (protocol 2.1)."""

    code: str
    name: BilingualText
    rule: BilingualText
    source: Source
    form: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class TrackRule:
    """A state of a participant (protocol 2.5).

    It ends with the visits ``ends_at``, whose windows say by when; while none of them is planned, ``lasts_days`` after
    it was entered. The milestone that it ``awaits`` has a date by then. One that is ``open_ended`` may last as it will.
    """

    code: str
    name: BilingualText
    source: Source
    terminal: bool = False
    from_any: bool = False
    ends_at: tuple[str, ...] = ()
    lasts_days: int | None = None
    awaits: str | None = None
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A step from one track to another that the protocol allows, for the arms named (protocol 2.5)."""

    start: str
    to: str
    arms: tuple[str, ...]
    why: BilingualText
    source: Source


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a target lies from its anchor: days, weeks, or calendar months and then days or weeks."""

    source: Source
    days: int | None = None
    weeks: int | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Days allowed: ``opens``/``closes`` count from the anchor, ``before``/``after`` from the target."""

    source: Source
    opens: int | None = None
    closes: int | None = None
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What dates a visit hang on: an anchor milestone, the way to the target and the window around it."""

    anchor: str
    source: Source
    target: Offset
    window: Window


@dataclass(frozen=True, slots=True)
class VisitRule:
    """One row of the schedule (protocol 2.2-2.4); ``until_known`` stands in while the anchor has no date."""

    code: str
    series: str
    arms: tuple[str, ...]
    name: BilingualText
    due: Anchoring
    condition: BilingualText
    forms: tuple[Sourced, ...] = ()
    procedures: tuple[Sourced, ...] = ()
    until_known: Anchoring | None = None
    merges_with: tuple[str, ...] = ()
    latest_day: int | None = None
    every_months: int | None = None

    @property
    def form_codes(self) -> tuple[str, ...]:
        """The codes of the forms due, in the order of the schedule."""
        return tuple(form.code for form in self.forms)


@dataclass(frozen=True, slots=True)
class Procedure:
    """Something done at a visit; ``kind`` says which withdrawal stops it (protocol 2.5)."""

    code: str
    name: BilingualText
    kind: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A form or task opened by an event rather than by the calendar (protocol 2.6)."""

    code: str
    event: BilingualText
    task: BilingualText
    forms: tuple[str, ...]
    source: Source
    hours: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class VisitReason:
    """Why a visit is in somebody's plan, in words."""

    code: str
    text: BilingualText


@dataclass(frozen=True, slots=True)
class Stratum:
    """One factor of the stratification (protocol 1.9)."""

    code: str
    name: BilingualText
    levels: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class BlockScheme:
    """The default blocks: for the statistician only, never on a page or in a log (protocol 1.9)."""

    source: Source
    question: BilingualText
    block_sizes: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Randomization:
    """How arms are allocated (protocol 1.9)."""

    method: BilingualText
    ratio: tuple[int, ...]
    ratio_source: Source
    source: Source
    strata: tuple[Stratum, ...]
    scheme_default: BlockScheme = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One value that is not published, shown as "default, not confirmed by the study team" until it is confirmed.

    ``also`` holds what the value means besides the words shown. What is hidden or still unknown is not
    ``confirmable``. ``section`` is that of the protocol in which the value stands.
    """

    kind: str
    code: str
    part: str
    source: Source
    shown: BilingualText
    question: BilingualText | None = None
    also: tuple[object, ...] = ()
    confirmable: bool = True
    section: str = ""

    @property
    def item(self) -> str:
        """Which value of the text it is, whatever it says there."""
        return f"{self.kind}|{self.code}|{self.part}"

    @property
    def key(self) -> str:
        """The item in twelve characters that fit an address."""
        return hashlib.sha256(self.item.encode()).hexdigest()[:12]

    @property
    def digest(self) -> str:
        """What the value says: a confirmation holds for this digest alone."""
        said = [self.item, self.shown.en, self.shown.zh, *(repr(each) for each in self.also)]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Version:
    """The head of a protocol text."""

    version: str
    trial: BilingualText
    released_on: date
    summary: BilingualText
