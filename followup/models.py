"""Visits: what is planned, what took place, and who was reminded."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, MayDelete, ProvenAccess, SiteScoped, WrittenBySystem
from audit.models import Audited, audited
from followup.visit_conduct import ContactMode, ContactResult, ContactRoute, SourceKeeper
from kernel.row_keys import key_of, row_key
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


class VisitState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    OPEN = "open", _("Window open")
    DUE = "due", _("Due")
    OVERDUE = "overdue", _("Overdue")
    MISSED = "missed", _("Missed")
    DONE = "done", _("Took place")
    NOT_DONE = "not_done", _("Not done")
    CANCELLED = "cancelled", _("No longer planned")


HAPPENED = (VisitState.DONE, VisitState.NOT_DONE)
AWAITED = (VisitState.PLANNED, VisitState.OPEN, VisitState.DUE, VisitState.OVERDUE)
UNDESCRIBED = models.Q(state=VisitState.DONE, contact_mode__isnull=True) & ~models.Q(forms=[])
# The day on which a calendar shows a visit; CASE because, under a policy, PostgreSQL looks no COALESCE up in an index.
SHOWN_ON = models.Case(models.When(took_place_on__isnull=True, then="proposed_on"), default="took_place_on")


class VisitSet(SiteQuerySet):
    def awaited(self) -> Self:
        return self.filter(state__in=AWAITED)

    def open_on(self, day: date) -> Self:
        return self.awaited().filter(opens__lte=day)

    def overdue(self, *, on: date) -> Self:
        return self.awaited().filter(closes__lt=on)

    def turning(self, *, on: date) -> Self:
        """Visits whose state is no longer what the calendar says on ``on``."""
        return self.filter(turns_on__lte=on)

    def shown_between(self, first: date, last: date) -> Self:
        """Visits that a calendar shows on these days: where they took place, else where they are proposed."""
        took_place = models.Q(took_place_on__range=(first, last))
        return self.filter(took_place | models.Q(took_place_on=None, proposed_on__range=(first, last)))

    def shown_in_order(self, first: date, last: date) -> Self:
        """The same visits but for those that are planned no more, by day; an index holds them in this order."""
        shown = self.current().annotate(shown_on=SHOWN_ON)
        return shown.filter(shown_on__range=(first, last)).order_by("shown_on", "participant_id", "pk")

    def current(self) -> Self:
        return self.exclude(state=VisitState.CANCELLED)


@audited()
class Visit(OfParticipant):
    """A visit that the protocol asks for, with its window, or an unscheduled one (protocol 2.2-2.4).

    What took place is never moved by planning. ``reason`` says why the visit exists, ``missed_on``
    when it counts as missed, and ``turns_on`` the next day on which the calendar changes its state:
    the nightly run reads nothing else.
    """

    code = models.CharField(_("visit"), max_length=12)
    occurrence = models.PositiveSmallIntegerField(default=1)
    anchor = models.CharField(_("counted from"), max_length=20, blank=True)
    anchor_on = models.DateField(_("counted from"), null=True)
    target = models.DateField(_("target day"), null=True)
    opens = models.DateField(_("window opens"), null=True)
    closes = models.DateField(_("window closes"), null=True)
    proposed_on = models.DateField(_("proposed day"), null=True)
    forms = ArrayField(models.CharField(max_length=8), default=list)
    procedures = ArrayField(models.CharField(max_length=40), default=list)
    reason = models.CharField(_("why it is planned"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=VisitState.choices, default=VisitState.PLANNED
    )
    took_place_on = models.DateField(_("took place on"), null=True)
    timing = models.CharField(_("timing"), max_length=5, blank=True)
    not_done_reason = models.CharField(_("why not done"), max_length=200, blank=True)
    met_on = models.DateField(_("met on, so that the visit was not needed"), null=True, blank=True)
    contact_mode = models.CharField(
        _("how and where it was made"), max_length=14, choices=ContactMode.choices, null=True
    )
    source_keeper = models.CharField(
        _("whose record is the source"), max_length=14, choices=SourceKeeper.choices, null=True
    )
    missed_on = models.DateField(_("missed from"), null=True)
    turns_on = models.DateField(_("state changes on"), null=True)

    objects = VisitSet.as_manager()  # type: ignore[misc]  # the parent names its own

    class Meta(OfParticipant.Meta):
        verbose_name = _("visit")
        ordering = ("opens", "target", "pk")
        indexes = (
            models.Index(fields=["site", "state", "closes"]),
            models.Index(fields=["state", "opens"]),
            models.Index(
                fields=["site", "turns_on"],
                condition=models.Q(turns_on__isnull=False),
                name="followup_visit_turns",
            ),
            models.Index(fields=["state", "closes"]),
            models.Index(fields=["proposed_on", "site"]),
            models.Index(fields=["took_place_on", "site"]),
            models.Index(
                fields=["site", "closes"],
                condition=models.Q(state__in=AWAITED),
                name="followup_visit_awaited",
            ),
            models.Index(
                fields=["site", "opens"], condition=models.Q(state__in=AWAITED), name="followup_visit_opening"
            ),
            models.Index(fields=["site", "took_place_on"], condition=UNDESCRIBED, name="followup_visit_how"),
            # The list of what is to come, at a site and everywhere, in the order in which it is shown.
            models.Index(
                fields=["site", "proposed_on", "participant", "id"],
                condition=models.Q(state__in=AWAITED),
                name="followup_visit_to_come",
            ),
            models.Index(
                fields=["proposed_on", "participant", "id"],
                condition=models.Q(state__in=AWAITED),
                name="followup_visit_all_to_come",
            ),
            # Week and month: each visit on the day on which a calendar shows it.
            models.Index(
                "site",
                SHOWN_ON,
                "participant",
                "id",
                condition=~models.Q(state=VisitState.CANCELLED),
                include=["state"],
                name="followup_visit_shown_at_site",
            ),
            models.Index(
                SHOWN_ON,
                "participant",
                "id",
                condition=~models.Q(state=VisitState.CANCELLED),
                include=["site", "state"],
                name="followup_visit_shown",
            ),
        )
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(
                name="followup_visit_lock",
                frozen=("took_place_on", "not_done_reason", "met_on", "contact_mode", "source_keeper"),
            ),
            models.UniqueConstraint(fields=["participant", "code", "occurrence"], name="followup_visit_once"),
            models.CheckConstraint(
                condition=models.Q(opens=None) | models.Q(opens__lte=models.F("closes")),
                name="followup_visit_window",
            ),
            models.CheckConstraint(
                condition=models.Q(state=VisitState.DONE, took_place_on__isnull=False)
                | (~models.Q(state=VisitState.DONE) & models.Q(took_place_on=None)),
                name="followup_visit_done_has_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=VisitState.NOT_DONE)
                | ~models.Q(not_done_reason="")
                | models.Q(met_on__isnull=False),
                name="followup_visit_not_done_has_reason",
            ),
        )

    def __str__(self) -> str:
        return self.code if self.occurrence == 1 else f"{self.code} ({self.occurrence})"

    def get_absolute_url(self) -> str:
        return _address().format(number=self.participant.number, key=row_key(self))


@cache
def _address() -> str:
    """Return the address of a visit with places for participant and key: a month names two hundred of them."""
    some = reverse("followup:visit", args=["00-0000", 0])
    return some.replace("00-0000", "{number}").replace(key_of("visit", 0), "{key}")


class ReminderKind(models.TextChoices):
    """Why somebody is reminded of a visit, in the order in which they escalate (protocol 2.6)."""

    OPEN = "open", _("The window is open")
    CLOSING = "closing", _("The window closes in a week")
    OVERDUE = "overdue", _("The window has passed")
    ESCALATED = "escalated", _("Overdue for two weeks")
    VITAL = "vital", _("Vital status is asked for")


@audited()
class Reminder(OfParticipant):
    """One reminder of one kind about one window of a visit to one person, however often the task runs.

    A visit that moves is announced anew: ``opens`` and ``closes`` are the window that the reminder told of. A
    reminder from before they were kept counts for whatever window its visit has.
    """

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="reminders")
    kind = models.CharField(_("kind"), max_length=20, choices=ReminderKind.choices)
    to = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    for_day = models.DateField(_("for"))
    opens = models.DateField(_("window opens"), null=True)
    closes = models.DateField(_("window closes"), null=True)
    mail = models.ForeignKey("accounts.Mail", models.PROTECT, null=True, related_name="+")

    class Meta(OfParticipant.Meta):
        constraints = (
            *OfParticipant.Meta.constraints,
            WrittenBySystem(name="followup_reminder"),
            models.UniqueConstraint(
                fields=["visit", "kind", "to", "opens", "closes"], name="followup_reminder_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.visit_id}"


class ContactAttemptSet(SiteQuerySet):
    def standing(self) -> Self:
        return self.filter(cancelled_at=None)


@audited()
class ContactAttempt(OfParticipant):
    """An attempt to reach a participant (protocol 3.16, ltfu_try)."""

    on = models.DateField(_("on"))
    route = models.CharField(_("route"), max_length=10, choices=ContactRoute.choices)
    result = models.CharField(_("result"), max_length=14, choices=ContactResult.choices)
    note = models.CharField(_("note"), max_length=200, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)

    objects = ContactAttemptSet.as_manager()  # type: ignore[misc]  # the parent names its own

    class Meta(OfParticipant.Meta):
        ordering = ("-on", "-pk")
        constraints = (*OfParticipant.Meta.constraints, DataLockGuard(name="followup_contact_lock"))

    def __str__(self) -> str:
        return f"{self.get_route_display()} {self.on}"


@audited()
class CalendarFeed(Audited):
    """A private address of a calendar, known by its digest: until it is revoked it shows the visits of one's sites."""

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="calendar_feeds")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("calendar feed")
        ordering = ("-made_at", "-pk")
        constraints = (
            ActGuard(name="followup_calendarfeed_act"),
            ProvenAccess(name="followup_feed_proven", columns=("user_id", "digest", "made_at", "revoked_at")),
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(revoked_at=None), name="followup_feed_one_living"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.made_at:%Y-%m-%d}"


class TodoState(models.TextChoices):
    OPEN = "open", _("To be done")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("No longer needed")


class TodoSet(SiteQuerySet):
    def waiting(self) -> Self:
        return self.filter(state=TodoState.OPEN)


@audited()
class Todo(OfParticipant):
    """Something that an answer asks for by a day, such as a repeat biopsy (protocol 2.6).

    ``trigger`` names the row of the protocol, ``key`` what opened it; it closes itself with its answer.
    """

    trigger = models.CharField(_("asked for by"), max_length=20)
    key = models.CharField(max_length=80)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="todos")
    opened_on = models.DateField(_("opened on"))
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=8, choices=TodoState.choices, default=TodoState.OPEN)
    closed_on = models.DateField(_("closed on"), null=True)

    objects = TodoSet.as_manager()  # type: ignore[misc]  # the parent names its own

    class Meta(OfParticipant.Meta):
        ordering = ("due_on", "pk")
        indexes = (models.Index(fields=["site", "state", "due_on"]),)
        constraints = (
            *OfParticipant.Meta.constraints,
            models.UniqueConstraint(fields=["participant", "trigger", "key"], name="followup_todo_once"),
            models.CheckConstraint(
                condition=models.Q(state=TodoState.OPEN, closed_on=None)
                | (~models.Q(state=TodoState.OPEN) & models.Q(closed_on__isnull=False)),
                name="followup_todo_closed_has_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.trigger} {self.key}"


class AlertKind(models.TextChoices):
    """What may wait too long; the source that tells of a kind names it here."""

    CLOCK = "clock", _("Clock of safety reporting")
    TODO = "todo", _("To-dos")
    DECISION = "decision", _("Eligibility without a decision")
    QUERY = "query", _("Query without an answer")
    FORM = "form", _("Overdue form of a visit")
    DEVIATION = "deviation", _("Possible deviation to settle")
    TRAINING = "training", _("Training that ends")
    STATE = "state", _("State that should have ended")


@audited()
class Escalation(Audited):
    """One alert of what waited too long, told once to one person for each level (``stage``) it reached.

    ``kind``, ``key`` and ``alert_day`` name the alert as its source does (``notices.sources``). One from before the
    day was kept counts for whatever day its alert has.
    """

    site = models.ForeignKey("trials.Site", models.PROTECT, related_name="+")
    participant = models.ForeignKey("trials.Participant", models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=20, choices=AlertKind.choices)
    key = models.CharField(max_length=80)
    stage = models.PositiveSmallIntegerField(_("escalation stage"))
    to = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    alert_day = models.DateField(_("day that the alert counts from"), null=True)
    for_day = models.DateField(_("for"))
    mail = models.ForeignKey("accounts.Mail", models.PROTECT, null=True, related_name="+")

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("-for_day", "-pk")
        indexes = (models.Index(fields=["participant", "for_day"]),)
        constraints = (
            ActGuard(name="followup_escalation_act"),
            SiteScoped(name="followup_escalation_scope"),
            WrittenBySystem(name="followup_escalation"),
            models.UniqueConstraint(
                fields=["site", "kind", "key", "alert_day", "stage", "to"], name="followup_escalation_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


@audited()
class NotificationChoice(Audited):
    """What a person wants to be told by mail, and from which hour on; a missing row means everything at eight."""

    user = models.OneToOneField("accounts.User", models.PROTECT, related_name="notification_choice")
    from_hour = models.PositiveSmallIntegerField(_("from this hour on"), default=8)
    without = ArrayField(models.CharField(max_length=20), default=list)

    class Meta:
        constraints = (
            ActGuard(name="followup_notificationchoice_act"),
            ProvenAccess(name="followup_choice_proven", columns=("user_id", "from_hour", "without")),
            models.CheckConstraint(
                condition=models.Q(from_hour__gte=6, from_hour__lte=20), name="followup_choice_hour"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}"


class DataCutSet(models.QuerySet["DataCut"]):
    def standing(self) -> Self:
        return self.filter(cancelled_at=None)


@audited()
class DataCut(Audited):
    """A day for which vital status is asked of everybody without contact near it (protocol 2.2, SWEEP).

    One that is cancelled keeps its row and its number; one that is moved is cancelled for another (``moved_to``),
    so that a vital status known for the first day does not answer for the second. The act says why.
    """

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    on = models.DateField(_("data cut on"))
    purpose = models.CharField(_("purpose"), max_length=120)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    moved_to = models.OneToOneField("self", models.PROTECT, null=True, related_name="moved_from")

    objects = DataCutSet.as_manager()

    class Meta:
        ordering = ("-on", "-number")
        constraints = (
            ActGuard(name="followup_datacut_act"),
            models.UniqueConstraint(
                fields=["on"], condition=models.Q(cancelled_at=None), name="followup_datacut_day_once"
            ),
            models.CheckConstraint(
                condition=models.Q(moved_to=None) | models.Q(cancelled_at__isnull=False),
                name="followup_datacut_moved_is_cancelled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.on}"


@audited()
class DataCutAtSite(Audited):
    """The sweep of a data cut stands in the plans of a site, or stands there no more since it was cancelled."""

    cut = models.ForeignKey(DataCut, models.PROTECT, related_name="sites")
    site = models.ForeignKey("trials.Site", models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(_("taken out of the plans at"), null=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        constraints = (
            ActGuard(name="followup_datacutatsite_act"),
            SiteScoped(name="followup_datacutatsite_scope"),
            models.UniqueConstraint(fields=["cut", "site"], name="followup_datacut_site_once"),
        )

    def __str__(self) -> str:
        return f"{self.cut} {self.site_id}"


class TaskRun(models.Model):
    """What is known of the runs of one background task: one row per task, however often it runs."""

    task = models.CharField(_("task"), max_length=80, unique=True)
    started_at = models.DateTimeField(_("last started"), null=True)
    ended_at = models.DateTimeField(_("last ended"), null=True)
    milliseconds = models.PositiveIntegerField(_("duration"), default=0)
    outcome = models.CharField(_("last outcome"), max_length=10, blank=True)
    runs = models.PositiveIntegerField(_("runs"), default=0)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    retries = models.PositiveIntegerField(_("retries"), default=0)
    failed_at = models.DateTimeField(_("last failed"), null=True)
    fault = models.CharField(_("kind of fault"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("task")
        ordering = ("task",)
        constraints = (MayDelete(name="followup_taskrun_deletable"), WrittenBySystem(name="followup_taskrun"))

    def __str__(self) -> str:
        return self.task


__all__ = [
    "AWAITED",
    "HAPPENED",
    "AlertKind",
    "CalendarFeed",
    "ContactAttempt",
    "DataCut",
    "DataCutAtSite",
    "Escalation",
    "NotificationChoice",
    "Reminder",
    "ReminderKind",
    "TaskRun",
    "Todo",
    "TodoState",
    "Visit",
    "VisitState",
]
