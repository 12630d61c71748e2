"""What answers are to a program: each form says which there are, so their names stand in its declaration alone.

Keys are names of questions; values are of the type that the question keeps (``crf.engine.questions``), or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

AnswerValues: TypeAlias = Mapping[str, Any]
"""Answers of one record or of one row of a group, to be read."""

AnswerRow: TypeAlias = dict[str, Any]
"""Answers of one row of a group with its ``position``, or of one record as rules read it: with ``id``, ``sequence``,
``state``, and ``visit_code`` and ``visit_on`` where it belongs to a visit."""

KnownValues: TypeAlias = Mapping[str, Any]
"""What a form reads from outside, by its dotted name: ``milestone.SURG``, ``setting.gfr_cap``, ``today``."""
