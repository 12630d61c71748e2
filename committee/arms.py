"""Whom the columns of a table count: everybody, or each arm, named or masked; and what a masked pack leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from committee.models import ArmDisplay, PackPart

# What would tell which arm is which, because one arm alone has it, or has it on other days (protocol 1.4, 2.2).
UNMASKING: Final[tuple[tuple[Promise, Promise], ...]] = (
    (gettext_lazy("Exposure to camrelizumab"), gettext_lazy("one arm receives it")),
    (gettext_lazy("RCCEP and other immune-related events"), gettext_lazy("they follow camrelizumab")),
    (
        gettext_lazy("Response evaluations and their complications"),
        gettext_lazy("one arm is evaluated twice before the decision"),
    ),
    (
        gettext_lazy("Surveillance, regrowth and organ preservation"),
        gettext_lazy("one arm waits and watches"),
    ),
    (
        gettext_lazy("Operations, salvage surgery, pathology and complications of surgery"),
        gettext_lazy("in one arm the operation is planned for everybody"),
    ),
    (
        gettext_lazy("Numbers of forms and questionnaires that are expected"),
        gettext_lazy("the arms have different visits"),
    ),
    (gettext_lazy("Causes of death"), gettext_lazy("some follow surgery or camrelizumab")),
)


@dataclass(frozen=True)
class ArmGroup:
    """The participants that one column counts."""

    label: str
    numbers: frozenset[str]

    @property
    def size(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True)
class ArmView:
    """How one part of a pack shows arms; ``arm_of_a`` says which one a masked pack calls A."""

    display: ArmDisplay
    arm_of_a: str = ""

    @classmethod
    def of_part(cls, part: str, display: str, arm_of_a: str) -> ArmView:
        """Return what one part of a pack shows: the open part never shows an arm."""
        if part == PackPart.OPEN:
            return cls(ArmDisplay.ABSENT)
        return cls(ArmDisplay(display), arm_of_a)

    @property
    def tells_arms(self) -> bool:
        """Say whether what follows from the arm may be shown."""
        return self.display == ArmDisplay.SHOWN

    @property
    def is_masked(self) -> bool:
        return self.display == ArmDisplay.MASKED

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms in the order of their columns."""
        if self.display == ArmDisplay.ABSENT:
            return ()
        return ("2", "1") if self.is_masked and self.arm_of_a == "2" else ("1", "2")

    def label(self, arm: str) -> str:
        """Return what a column of an arm is called."""
        if self.is_masked:
            return "A" if arm == self.arm_of_a else "B"
        return _("Arm %(arm)s") % {"arm": arm}


def groups_of(arms: Mapping[str, str], view: ArmView) -> tuple[ArmGroup, ...]:
    """Return the columns for everybody whose arm is given by number: each arm where arms are told, then all."""
    by_arm = [
        ArmGroup(view.label(arm), frozenset(number for number, of in arms.items() if of == arm))
        for arm in view.arms
    ]
    return (*by_arm, ArmGroup(pgettext("participants", "All"), frozenset(arms)))
