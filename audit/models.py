"""Acts: who did what, when and why. Every regulated row names the act that wrote it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.constraints import BaseConstraint
from django.utils.translation import gettext_lazy as _

from audit.guards import (
    ActGuard,
    AppendOnly,
    AppendOnlyRows,
    DatabaseGuard,
    NextSeal,
    SiteScoped,
    VersionsScoped,
)


class Act(models.Model):
    """One act of one person (or of the system, when ``by`` is null), written before what it changes.

    ``at`` is when the person acted; ``stored_at`` and ``transaction`` are set by the database.
    """

    NUMBERS: ClassVar = {
        "site_id": "trials_site",
        "participant_id": "trials_participant",
        "transaction": "transaction",
    }

    verb = models.CharField(_("act"), max_length=80)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="acts", verbose_name=_("by")
    )
    role = models.CharField(_("role"), max_length=40, blank=True)
    site_id = models.BigIntegerField(_("site"), null=True)
    participant_id = models.BigIntegerField(_("participant"), null=True, db_index=True)
    at = models.DateTimeField(_("at"))
    stored_at = models.DateTimeField(_("stored at"), db_default=models.functions.Now(), editable=False)
    transaction = models.BigIntegerField(db_default=0, editable=False)
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    release = models.CharField(_("release of the program"), max_length=20, null=True)

    class Meta:
        verbose_name = _("act")
        indexes = (models.Index(fields=["site_id", "-at"]), models.Index(fields=["verb", "-at"]))

    def __str__(self) -> str:
        return self.verb


class Audited(models.Model):
    """A row that names the act which wrote its present version."""

    act = models.ForeignKey(Act, models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True


class Seal(models.Model):
    """A batch of acts and of the versions they wrote, hashed and chained to the batch before.

    ``leaves`` holds the digest of each row by table and row number, so that a row which was
    altered, removed or slipped in later can be named; ``leaf_format`` how rows were spelled for it
    (``audit.leaf_format``), nothing where they were as they stand.
    """

    first_act = models.BigIntegerField()
    last_act = models.BigIntegerField(unique=True)
    sealed_at = models.DateTimeField(_("sealed at"))
    leaves = models.JSONField()
    root = models.CharField(_("root"), max_length=64)
    chain = models.CharField(_("chained digest"), max_length=64)
    catalogue = models.CharField(_("digest of the guards"), max_length=64, null=True)
    cluster = models.CharField(_("database"), max_length=60, null=True)
    migrations = models.PositiveIntegerField(_("migrations"), null=True)
    leaf_format = models.JSONField(null=True)

    class Meta:
        verbose_name = _("seal")
        ordering = ("last_act",)
        constraints = (AppendOnlyRows(name="audit_seal_kept"), NextSeal(name="audit_seal_next"))

    def __str__(self) -> str:
        return f"{self.first_act}-{self.last_act} {self.root[:12]}"


class AnchorOccasion(models.TextChoices):
    """Why the chained digest went out."""

    NIGHT = "night", _("nightly")
    CUT = "cut", _("data cut")
    LOCK = "lock", _("database lock")
    EXPORT = "export", _("export")


class Anchor(models.Model):
    """The chained digest as it was sent out: whoever holds a copy can prove that no act up to it was rewritten.

    ``signature`` (Ed25519) is over ``audit.anchors.text_of`` under a key that the database never holds.
    """

    occasion = models.CharField(_("occasion"), max_length=10, choices=AnchorOccasion.choices)
    made_at = models.DateTimeField(_("made at"))
    last_act = models.BigIntegerField(_("last act"))
    acts = models.BigIntegerField(_("number of acts"))
    chain = models.CharField(_("chained digest"), max_length=64)
    findings = models.PositiveIntegerField(_("findings"), null=True)
    public_key = models.CharField(_("public key"), max_length=64, blank=True)
    signature = models.CharField(_("signature"), max_length=128, blank=True)

    class Meta:
        verbose_name = _("anchor")
        ordering = ("-made_at", "-pk")
        constraints = (AppendOnlyRows(name="audit_anchor_kept"),)

    def __str__(self) -> str:
        return f"{self.last_act} {self.chain[:12]}"


def _under(events: str, guard: SiteScoped, rows: str) -> DatabaseGuard:
    """Return the policy of the event table: whoever sees a row sees its versions; special policies are repeated."""
    name = f"{events}_{guard.name.rpartition('_')[2]}"
    if type(guard) is SiteScoped or guard.versions_follow_rows:
        return VersionsScoped(name=name, rows=rows)
    _path, args, kwargs = guard.deconstruct()
    return type(guard)(*args, **{**kwargs, "name": name})


def _named(model: type[models.Model]) -> dict[str, str]:
    """Name the event table after a table that is not named after its model."""
    meta = model._meta
    by_default = meta.db_table == f"{meta.app_label}_{meta.model_name}"
    return {} if by_default else {"db_table": f"{meta.db_table}event"}


M = TypeVar("M", bound=type[models.Model])


def audited(*, exclude: Sequence[str] = (), related_name: str = "events") -> Callable[[M], M]:
    """Keep each version of each row of the model in ``<Model>Event``, act and all.

    A trigger writes the event table; nobody else can, and nobody can change or empty it. The
    event table hides what its model hides, and is named after its table. Columns in ``exclude``
    (secrets) are not copied.
    A row's versions are its ``events``; a model that others are built on names them otherwise.
    """

    def track(model: M) -> M:
        scoped = [guard for guard in model._meta.constraints if isinstance(guard, SiteScoped)]
        name = f"{model._meta.db_table}event"
        constraints: list[BaseConstraint] = [AppendOnly(name=f"{name}_trail")]
        constraints += [_under(name, guard, model._meta.db_table) for guard in scoped]
        tracked: M = pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            exclude=list(exclude),
            obj_field=pghistory.ObjForeignKey(related_name=related_name),
            context_field=None,  # type: ignore[arg-type]  # pghistory takes None; its types do not say so
            append_only=False,
            meta={"constraints": constraints, "default_permissions": (), **_named(model)},
        )(model)
        return tracked

    return track


class ReviewOutcome(models.TextChoices):
    """What a review of the trail came to."""

    NOTHING = "nothing", _("nothing to follow up")
    FOLLOWED = "followed", _("something is followed up")


@audited()
class TrailReview(Audited):
    """A planned review of the trail: which lines are read, and every how many days (EMA 2023, 6.2.2; E6(R3) 4.2.3)."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    filters = models.JSONField(_("filter"), default=dict)
    every_days = models.PositiveSmallIntegerField(_("every how many days"))
    first_on = models.DateField(_("first due on"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("review of the audit trail")
        ordering = ("name",)
        constraints = (
            ActGuard(name="audit_trailreview_act"),
            models.CheckConstraint(
                condition=models.Q(every_days__gt=0), name="audit_trailreview_comes_round"
            ),
        )

    def __str__(self) -> str:
        return self.name


@audited()
class TrailReviewResult(Audited):
    """One review that was done: by whom, up to which act, and what it came to."""

    review = models.ForeignKey(TrailReview, models.PROTECT, related_name="results")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    done_at = models.DateTimeField(_("done at"))
    up_to_act = models.BigIntegerField(_("up to act"))
    lines = models.PositiveIntegerField(_("acts read"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=ReviewOutcome.choices)
    note = models.TextField(_("what was seen and done"))

    class Meta:
        verbose_name = _("result of a review of the audit trail")
        ordering = ("-pk",)
        constraints = (ActGuard(name="audit_trailreviewresult_act", frozen=True),)

    def __str__(self) -> str:
        return f"{self.review} {self.done_at:%Y-%m-%d}"
