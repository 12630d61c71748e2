"""A participant whose state lasts longer than the protocol allows: for how long, who acts, and where (protocol 2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.permissions import ROLE_LABELS, Role
from crf import catalogue
from crf.engine.declaration import Repeats
from crf.links import form_url
from followup.awaited import missing_in_words
from followup.history import text_for
from followup.track_limits import overdue
from kernel.days import written
from reports.quality import Table
from trials.models import Participant, Site
from trials.models.participants import Track
from trials.models.sites import TAKES_NOBODY_IN


@dataclass(frozen=True)
class OverdueState:
    """The state of one participant, the last day that the protocol allows for it, and what ends it."""

    participant: Participant
    ends_by: date
    days: int
    href: str
    form: str

    @property
    def lateness(self) -> str:
        """Return how late it is, such as "12 days late"."""
        return ngettext("%(days)s day late", "%(days)s days late", self.days) % {"days": self.days}

    @property
    def task(self) -> str:
        """Return what ends the state, and who does it."""
        if not self.form:
            words = _("decide on eligibility and randomize, or record how screening ended")
            if self.participant.site.state in TAKES_NOBODY_IN:
                words = _("record how screening ended, for the site is closed")
            return f"{ROLE_LABELS[Role.INVESTIGATOR]}: {words}"
        title = catalogue.form(self.form).title
        words = _("complete %(form)s (%(title)s)") % {"form": self.form, "title": title}
        return f"{ROLE_LABELS[Role.COORDINATOR]}: {words}"

    @property
    def line(self) -> str:
        """Return state, reason and task in one line, for a work list of people who may know the arm."""
        state = self.participant.get_state_display()
        return " · ".join(part for part in (state, self.why(), self.task) if part)

    @property
    def sentence(self) -> str:
        """Return the whole in words, without what only one arm has."""
        return self.in_words(self.why(with_visit=False))

    @property
    def whole_sentence(self) -> str:
        """Return the whole in words for people who may know the arm, for the page of the participant."""
        return self.in_words(self.why())

    def in_words(self, why: str) -> str:
        """Return state, day, reason and task."""
        said = _("%(state)s should have ended by %(day)s: %(late)s. %(task)s.") % {
            "state": self.participant.get_state_display(),
            "day": written(self.ends_by),
            "late": self.lateness,
            "task": self.task,
        }
        return f"{why}. {said}" if why else said

    def why(self, *, with_visit: bool = True) -> str:
        """Return which milestone is awaited since when, and which visit cannot be planned without it."""
        return missing_in_words(self.participant, with_visit=with_visit)


def overdue_state(participant: Any, *, today: date) -> OverdueState | None:
    """Return what is overdue about a participant who carries what ``with_limit`` adds to a query, or None."""
    if participant.ends_by is None or participant.ends_by >= today:
        return None
    form = _form_that_ends(participant)
    days = (today - participant.ends_by).days
    href = _where(participant, form)
    return OverdueState(participant, participant.ends_by, days, href, form)


def _form_that_ends(participant: Participant) -> str:
    """Return the first form of the visit at which the state ends; screening ends with a decision instead."""
    text = text_for(participant)
    forms = text.visit(text.track(participant.state).ends_at[0]).form_codes
    return next((code for code in forms if code in catalogue.forms()), "")


def _where(participant: Any, form: str) -> str:
    if not form:
        waits_for_decision = participant.state == Track.SCREENED
        return (
            reverse("crf:eligibility", args=[participant.number])
            if waits_for_decision
            else participant.get_absolute_url()
        )
    at_visit = catalogue.form(form).repeats is Repeats.PER_VISIT
    if at_visit and participant.ends_at_visit is None:
        return str(participant.get_absolute_url())
    return form_url(participant.number, form, visit_id=participant.ends_at_visit if at_visit else None)


def overdue_states_by_site(sites: QuerySet[Site], *, today: date) -> Table:
    """Return the table of a report: how many at each site, and for how many days the longest."""
    late = overdue(Participant.objects.filter(site__in=sites), on=today).order_by()
    counted = late.values("site__code").annotate(n=Count("pk"), first=Min("ends_by")).order_by("site__code")
    rows = tuple((row["site__code"], row["n"], (today - row["first"]).days) for row in counted)
    total = (_("All sites"), sum(row[1] for row in rows), max((row[2] for row in rows), default=0))
    return Table(
        _("States that last longer than the protocol allows"),
        (_("Site"), _("Participants"), _("Days late, at most")),
        rows,
        total if rows else (),
        slug="overdue-states",
    )
