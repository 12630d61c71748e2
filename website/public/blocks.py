"""The places of the public page that hold an approved text: declared once, in the order of the page.

A new question = one line here + its first text in ``first_texts.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PagePart(StrEnum):
    """Where on the page a block stands."""

    HEADLINE = "headline"
    COMPARE = "compare"
    WHO = "who"
    CENTRES = "centres"
    QUESTIONS = "questions"
    AFTER = "after"


@dataclass(frozen=True)
class Block:
    """A place for one text, and what the text is for (said to its authors, never on the page)."""

    code: str
    part: PagePart
    about: Promise


BLOCKS: Final = (
    Block("headline", PagePart.HEADLINE, _("Headline, and what the trial is in three sentences")),
    Block("compare", PagePart.COMPARE, _("What the trial compares")),
    Block("who", PagePart.WHO, _("Before the criteria: who may and may not take part")),
    Block("centres", PagePart.CENTRES, _("Before the list of centres")),
    Block("chance", PagePart.QUESTIONS, _("Who decides on the group")),
    Block("visits", PagePart.QUESTIONS, _("Visits")),
    Block("time", PagePart.QUESTIONS, _("How long it lasts")),
    Block("travel", PagePart.QUESTIONS, _("Travel")),
    Block("safety", PagePart.QUESTIONS, _("Risks and safety")),
    Block("costs", PagePart.QUESTIONS, _("Costs and payment")),
    Block("data", PagePart.QUESTIONS, _("Personal information")),
    Block("papers", PagePart.QUESTIONS, _("Where protocol, analysis plan and data can be had")),
    Block("stopping", PagePart.QUESTIONS, _("Stopping")),
    Block("not_taking_part", PagePart.QUESTIONS, _("Not taking part")),
    Block("after_writing", PagePart.AFTER, _("What happens after somebody writes to a centre")),
)
BY_CODE: Final = {block.code: block for block in BLOCKS}
