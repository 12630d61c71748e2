"""Clocks of safety reporting: told when they start, in their last quarter, and when they have run out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from crf.safety.clocks import OpenClock, open_clocks
from followup.models import AlertKind
from kernel.clock import local_date
from kernel.days import written_deadline
from notices.alerts import ABOVE_THE_SITE, SITE_TEAM, SPONSOR, Alert
from trials.models import Participant, Site

RUN_OUT: Final = 2
ByLanguage = Mapping[str, Mapping[int, OpenClock]]


def safety_clocks(site: Site, *, on: date, at: datetime) -> Iterator[Alert]:
    """Clocks that run at the site, at any hour."""
    by_language = _clocks_in_each_language(site, at)
    clocks = by_language[settings.LANGUAGE_CODE]
    numbers = {clock.number for clock in clocks.values()}
    people = (
        {person.number: person for person in Participant.objects.filter(number__in=numbers)}
        if numbers
        else {}
    )
    for pk, clock in clocks.items():
        level = _level_of(clock, at)
        team = SITE_TEAM if clock.of_site else SPONSOR
        yield Alert(
            kind=AlertKind.CLOCK,
            key=str(pk),
            day=local_date(clock.due_at, site.time_zone),
            text=_text_of(by_language, pk, site),
            level=level,
            recipients=team | ABOVE_THE_SITE if level >= RUN_OUT else team,
            participant=people[clock.number],
            urgent=True,
            due_at=clock.due_at,
            page=clock.href,
        )


def _clocks_in_each_language(site: Site, at: datetime) -> ByLanguage:
    clocks = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            clocks[language] = {clock.clock_id: clock for clock in open_clocks(site, at=at)}
    return clocks


def _level_of(clock: OpenClock, at: datetime) -> int:
    """Return 0 from the start, 1 in the last quarter, 2 when it has run out, 3 a day later."""
    if at > clock.due_at:
        return RUN_OUT + 1 if at > clock.due_at + timedelta(days=1) else RUN_OUT
    return 1 if clock.due_at - at <= (clock.due_at - clock.starts_at) / 4 else 0


def _text_of(by_language: ByLanguage, pk: int, site: Site) -> Callable[[], str]:
    def text() -> str:
        clock = by_language[get_language() or settings.LANGUAGE_CODE][pk]
        due = written_deadline(clock.due_at, site.time_zone)
        values = {"what": clock.what, "subject": clock.subject, "due": due}
        if clock.overdue:
            return _("%(subject)s: %(what)s was due at %(due)s") % values
        if clock.provisional:
            return _("%(subject)s: %(what)s by %(due)s, counted from the moment it was saved") % values
        return _("%(subject)s: %(what)s by %(due)s") % values

    return text
