"""What the laboratories of a site call normal: put on record from a day on, and withdrawn where it was a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import note_moved, open_act
from kernel.errors import Refusal
from protocol.reference_lines import RangeLine
from trials.models import Participant, ReferenceRange, Site

READ = "site.reference_ranges"


class RangeOnRecord(Refusal):
    code = "trials.range_on_record"
    fields = ("lines", "since")
    message = _(
        "Line {line}: a range for this test, sex and age is on record from {since} on. Withdraw it first if it is "
        "wrong, or choose another day."
    )
    status = 422


class RangeWithdrawn(Refusal):
    code = "trials.range_withdrawn"
    message = _("This range is withdrawn already. Nothing was changed.")


def add_reference_ranges(
    *, site: Site, laboratory: str, since: date, lines: Sequence[RangeLine], by: User | None, at: datetime
) -> list[ReferenceRange]:
    """The ranges are in force from ``since`` on; each ends the one before it, and begins when the next one does.

    Refuses: a range that begins on the day of one that is on record.
    Locks: the site.
    """
    with open_act("trials:ranges:add", by=by, at=at, site=site) as act:
        Site.objects.select_for_update().get(pk=site.pk)
        added = []
        for line in lines:
            others = _about(site, laboratory, *line.about)
            if any(each.since == since for each in others):
                raise RangeOnRecord(line=line.number, since=since.isoformat())
            row = ReferenceRange(site=site, laboratory=laboratory, since=since, act=act)
            for name in ("test", "unit", "low", "high", "sex", "age_from", "age_to"):
                setattr(row, name, getattr(line, name))
            _fit_in(row, others)
            added.append(row)
        _note_of_everybody(site)
    return added


def _about(site: Site, laboratory: str, test: str, sex: str, age_from: int) -> list[ReferenceRange]:
    """Return the ranges for the same test and participants, the oldest first."""
    standing = ReferenceRange.objects.standing().filter(site=site, laboratory__iexact=laboratory)
    return list(standing.filter(test=test, sex=sex, age_from=age_from).order_by("since"))


def _fit_in(row: ReferenceRange, others: list[ReferenceRange]) -> None:
    """The range before ends on the day before the new one begins, the new one on the day before the next."""
    before = [each for each in others if each.since < row.since]
    after = [each for each in others if each.since > row.since]
    row.until = after[0].since - timedelta(days=1) if after else None
    if before:
        before[-1].until, before[-1].act = row.since - timedelta(days=1), row.act
        before[-1].save(update_fields=["until", "act"])
    row.save(force_insert=True)


def withdraw_reference_range(
    *, reference_range: ReferenceRange, reason: str, by: User | None, at: datetime
) -> ReferenceRange:
    """A range that was a mistake counts for no day, and the one before it goes on until the next one begins.

    Refuses: one that is withdrawn already.
    Locks: the site.
    """
    site = reference_range.site
    with open_act("trials:ranges:withdraw", by=by, at=at, site=site, reason=reason) as act:
        Site.objects.select_for_update().get(pk=site.pk)
        row = ReferenceRange.objects.get(pk=reference_range.pk)
        if row.withdrawn_at is not None:
            raise RangeWithdrawn
        row.withdrawn_at, row.act = at, act
        row.save(update_fields=["withdrawn_at", "act"])
        before = [
            each
            for each in _about(site, row.laboratory, row.test, row.sex, row.age_from)
            if each.since < row.since
        ]
        if before:
            before[-1].until, before[-1].act = row.until, act
            before[-1].save(update_fields=["until", "act"])
        _note_of_everybody(site)
    return row


def _note_of_everybody(site: Site) -> None:
    """Limits, flags and grades of the panels of everybody at the site are worked out again."""
    for participant_id in Participant.objects.filter(site=site).values_list("pk", flat=True):
        note_moved(participant_id, READ)
