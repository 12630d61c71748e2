"""What every form's table has beside its answers, and how a declaration is read from a model."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, LockGuard, ReasonGuard, SameSite, SiteScoped
from audit.models import Audited
from crf.engine.conditions import Condition
from crf.engine.declaration import DeclarationError, FormDeclaration, Group
from crf.engine.fields import question_of
from crf.engine.questions import Classification
from crf.guards import RowLock

if TYPE_CHECKING:
    from crf.engine.codelists import Text

CONTROL_COLUMNS = ("state", "version", "form_version", "protocol_version", "act_id", "visit_id", "sequence")


class RecordState(models.TextChoices):
    """How far a record has come (architecture 6)."""

    EMPTY = "empty", _("empty")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETE = "complete", _("complete")
    VERIFIED = "verified", _("verified")
    SIGNED = "signed", _("signed")
    LOCKED = "locked", _("locked")


class CrfRecord(Audited):
    """One filled form of one participant."""

    participant = models.ForeignKey("trials.Participant", models.PROTECT, related_name="+")
    site = models.ForeignKey("trials.Site", models.PROTECT, related_name="+")
    visit = models.ForeignKey("followup.Visit", models.PROTECT, null=True, blank=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(_("number"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=RecordState, default=RecordState.EMPTY)
    form_version = models.PositiveSmallIntegerField(_("version of the form"), default=1)
    protocol_version = models.CharField(_("version of the protocol"), max_length=16)
    version = models.PositiveIntegerField(_("version of the record"), default=1)
    missing = models.JSONField(_("reasons for missing answers"), default=dict, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = (
            ActGuard(name="%(app_label)s_%(class)s_act"),
            SiteScoped(name="%(app_label)s_%(class)s_scope", column="site_id"),
            SameSite(name="%(app_label)s_%(class)s_same_site"),
            ReasonGuard(name="%(app_label)s_%(class)s_reason", except_columns=CONTROL_COLUMNS),
            LockGuard(name="%(app_label)s_%(class)s_lock"),
            models.UniqueConstraint(
                fields=("participant", "visit", "sequence"),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_once",
            ),
        )


class CrfGroupRow(Audited):
    """One row of a repeating group; ``position`` is its name for good, also after it is removed."""

    site = models.ForeignKey("trials.Site", models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(_("row"))
    removed = models.BooleanField(_("removed"), default=False)
    missing = models.JSONField(_("reasons for missing answers"), default=dict, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = (
            ActGuard(name="%(app_label)s_%(class)s_act"),
            SiteScoped(name="%(app_label)s_%(class)s_scope", column="site_id"),
            RowLock(name="%(app_label)s_%(class)s_row_lock"),
            ReasonGuard(name="%(app_label)s_%(class)s_reason", except_columns=("act_id", "position")),
            models.UniqueConstraint(fields=("record", "position"), name="%(app_label)s_%(class)s_place"),
        )


class GroupLink(models.ForeignKey):
    """The way from a row to its record; it carries the group's title and how its rows begin."""

    said: dict[str, Any]

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class GroupSaid(TypedDict, total=False):
    """What can be said of a repeating group; see ``crf.engine.declaration.Group``."""

    help: Text
    shown_when: Condition
    required_when: Condition
    starts_with: tuple[dict[str, Any], ...]
    fixed: bool


def parent(form: type[CrfRecord], name: str, title: Text, **said: Unpack[GroupSaid]) -> GroupLink:
    """Make the class that holds this a repeating group ``name`` of ``form``."""
    link = GroupLink(form, models.PROTECT, related_name=name)
    link.said = {"name": name, "title": title, **said}
    return link


@cache
def declaration_of(model: Any) -> FormDeclaration:
    """Return the declaration written in ``model``; a form that contradicts itself is refused here."""
    crf = model.Crf
    classification = getattr(crf, "classification", Classification.CLINICAL)
    form = FormDeclaration(
        code=crf.code,
        title=crf.title,
        version=crf.version,
        repeats=crf.repeats,
        classification=classification,
        questions=_questions(model, classification),
        sections=tuple(crf.sections),
        groups=_groups(model, classification),
        checks=tuple(getattr(crf, "checks", ())),
        milestones=tuple(getattr(crf, "milestones", ())),
        instructions=getattr(crf, "instructions", ""),
        listed=tuple(getattr(crf, "listed", ())),
        dates_visit=getattr(crf, "dates_visit", True),
        model=model,
    )
    if faults := form.faults():
        raise DeclarationError("\n".join(faults))
    return form


def _questions(model: Any, classification: Classification) -> dict[str, Any]:
    found = {}
    for column in model._meta.local_fields:
        if "asked" in column.__dict__:
            column.asked.setdefault("classification", classification)
            found[column.name] = question_of(column)
    return found


def _groups(model: Any, classification: Classification) -> dict[str, Group]:
    links = [relation.field for relation in model._meta.related_objects if hasattr(relation.field, "said")]
    return {
        link.said["name"]: Group(
            questions=_questions(link.model, classification), model=link.model, **link.said
        )
        for link in links
    }
