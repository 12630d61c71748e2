"""Checks of subsequent anticancer therapy (protocol 3.12, decision D3)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.subsequent_therapy import rules
from crf.engine.checks import Check, Criticality, Level

CHECKS = (
    Check(
        code="ST-01",
        level=Level.HARD,
        reads=("st_start", "st_end"),
        passes=rules.ends_after_start,
        message=_("The treatment ends before it begins. Check both dates."),
        fields=("st_start", "st_end"),
    ),
    Check(
        code="ST-02",
        level=Level.SOFT,
        reads=("st_start", *rules.EVENTS),
        passes=rules.follows_an_event,
        message=_(
            "No residue, regrowth, recurrence or distant disease is recorded by the day on which this therapy began. "
            "Record it at its evaluation or contact, or check the date."
        ),
        fields=("st_start",),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="ST-03",
        level=Level.SOFT,
        reads=("st_kind", "st_class"),
        passes=lambda st_kind, st_class: (
            st_kind != "io" or bool({"pd1", "other_io", "unknown"} & set(st_class))
        ),
        message=_("Immunotherapy is named, and no class of it is ticked. Check both answers."),
        fields=("st_kind", "st_class"),
        criticality=Criticality.CRITICAL,
    ),
)
