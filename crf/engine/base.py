"""The record, the answers beside it, and how a declaration is read from a model.

What records share stands in one table (``Record``); the answers of each form stand in a table of their
own, one row for a record, under the record's number (docs/adr/0031-one-record-table.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, LockGuard, ReasonGuard, SetOnce, SiteScoped
from audit.models import Act, Audited, audited
from crf.engine.declaration import FormDeclaration, FormSection, Group
from crf.engine.fields import RepeatingGroup, Section, question_of
from crf.engine.questions import Classification, Question
from crf.engine.versions import bound, has_versions, versioned
from crf.guards import AnswersLock, RowLock, VerificationFollows
from followup.models import Visit
from trials.lock_guards import DataLockGuard
from trials.models import Site
from trials.models.participants import OfParticipant


class RecordState(models.TextChoices):
    """How far a record has come (architecture 6)."""

    EMPTY = "empty", _("empty")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETE = "complete", _("complete")
    VERIFIED = "verified", _("verified")
    SIGNED = "signed", _("signed")
    LOCKED = "locked", _("locked")


COMPLETED = (RecordState.COMPLETE, RecordState.VERIFIED, RecordState.SIGNED, RecordState.LOCKED)


@audited(related_name="record_events")
class Record(OfParticipant):
    """One filled form of one participant: where it stands and how far it has come, without its answers.

    ``operation_no`` is for forms that are filled several times for one operation; surgery and pathology are logs.
    """

    form_code = models.CharField(_("form"), max_length=8)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(_("number"), default=1)
    operation_no = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=RecordState, default=RecordState.EMPTY)
    form_version = models.PositiveSmallIntegerField(_("version of the form"), default=1)
    protocol_version = models.CharField(_("version of the protocol"), max_length=16)
    version = models.PositiveIntegerField(_("version of the record"), default=1)

    record_events: Any  # the versions of the record, without its answers

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta(OfParticipant.Meta):
        verbose_name = _("record")
        constraints = (
            *OfParticipant.Meta.constraints,
            DataLockGuard(
                name="crf_record_data_lock",
                frozen=("version", "form_version", "sequence", "visit_id", "operation_no"),
            ),
            LockGuard(name="crf_record_lock"),
            SetOnce(name="crf_record_participant", column="participant_id"),
            SetOnce(name="crf_record_form", column="form_code"),
            models.UniqueConstraint(
                fields=("form_code", "participant", "visit", "sequence", "operation_no"),
                nulls_distinct=False,
                name="crf_record_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.form_code} {self.pk}"


class CrfRecord(Record):
    """The answers of one record; each form is a subclass, and its rows have the numbers of their records.

    To the code a record and its answers are one object: ``participant``, ``state`` or ``version`` are read
    as if they stood here. The answers name the act that wrote them and their site for themselves
    (``answers_act``, ``answers_site``); ``crf.store.records`` writes both tables.
    """

    record = models.OneToOneField(
        Record, models.PROTECT, parent_link=True, primary_key=True, db_column="id", related_name="+"
    )
    answers_site = models.ForeignKey(
        Site, models.PROTECT, db_column="site_id", db_index=False, editable=False, related_name="+"
    )
    answers_act = models.ForeignKey(
        Act, models.PROTECT, db_column="act_id", db_index=False, editable=False, related_name="+"
    )
    missing = models.JSONField(_("reasons for missing answers"), default=dict, blank=True)

    events: Any  # the versions of the answers

    objects: ClassVar[Any] = SiteQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = (
            ActGuard(name="%(app_label)s_%(class)s_act"),
            SiteScoped(name="%(app_label)s_%(class)s_scope", column="site_id"),
            ReasonGuard(name="%(app_label)s_%(class)s_reason"),
            AnswersLock(name="%(app_label)s_%(class)s_lock"),
            VerificationFollows(name="%(app_label)s_%(class)s_verification"),
        )


class CrfGroupRow(Audited):
    """One row of a repeating group.

    ``row_id`` is its identity, chosen where it was first typed; rows of before there were identities have
    none, and ``row_id_at`` tells theirs. ``position`` is the number that people see: the server gives it in
    the order of saving, once, and it stays with the row after the row is removed.
    """

    site = models.ForeignKey("trials.Site", models.PROTECT, related_name="+")
    row_id = models.UUIDField(_("identity of the row"), null=True, editable=False)
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
            VerificationFollows(name="%(app_label)s_%(class)s_verification"),
            ReasonGuard(name="%(app_label)s_%(class)s_reason", except_columns=("act_id", "position")),
            SetOnce(name="%(app_label)s_%(class)s_identity", column="row_id"),
            models.UniqueConstraint(fields=("record", "position"), name="%(app_label)s_%(class)s_place"),
            models.UniqueConstraint(fields=("record", "row_id"), name="%(app_label)s_%(class)s_row_once"),
        )


class GroupLink(models.ForeignKey):
    """The link from a row of a repeating group to its record."""

    group: str

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


def parent(form: type[CrfRecord], group: str) -> GroupLink:
    """Make the class that holds this the rows of the repeating group ``group`` of ``form``."""
    link = GroupLink(form, models.PROTECT, related_name=group)
    link.group = group
    return link


def declaration_of(model: Any) -> FormDeclaration:
    """Return the declaration written in ``model``, top down; whether it holds together is for ``faults``."""
    crf = model.Crf
    classification = getattr(crf, "classification", Classification.CLINICAL)
    questions, groups = _questions(model, classification), _groups(model, classification)
    sections = _sections(model)
    for section in sections:
        if section.shown_when:
            _inherit(section, questions)
            _inherit(section, groups)
    said = {name: value for name, value in vars(crf).items() if not name.startswith("__")}
    form = FormDeclaration(
        **said, questions=versioned(questions), sections=sections, groups=groups, model=model
    )
    return replace(form, reworded=has_versions(form))


def _questions(model: Any, classification: Classification) -> dict[str, Question]:
    asked = (question_of(column) for column in model._meta.local_fields)
    return {
        question.name: replace(question, classification=question.classification or classification)
        for question in asked
        if question
    }


def _groups(model: Any, classification: Classification) -> dict[str, Group]:
    """Return the repeating groups whose rows have a table, in the order in which the tables are declared."""
    declared = {item.name: item.said for item in _layout(model) if isinstance(item, RepeatingGroup)}
    links = [relation.field for relation in model._meta.related_objects if hasattr(relation.field, "group")]
    groups = (
        Group(
            name=link.group,
            questions=versioned(_questions(link.model, classification)),
            model=link.model,
            **declared.get(link.group, {"title": link.group}),
        )
        for link in links
    )
    return {group.name: bound(group) for group in groups}


def _sections(model: Any) -> tuple[FormSection, ...]:
    """Return the sections, each with what is declared between it and the next one."""
    columns = [column for column in model._meta.local_fields if "asked" in column.__dict__]
    rows: list[tuple[Section, list[str]]] = []
    for item in sorted([*columns, *_layout(model)], key=lambda item: item.creation_counter):
        if isinstance(item, Section):
            rows.append((item, []))
        elif rows:
            rows[-1][1].append(item.name)
    return tuple(bound(FormSection(name=item.name, fields=tuple(names), **item.said)) for item, names in rows)


def _layout(model: Any) -> tuple[Any, ...]:
    return model.__dict__.get("_layout", ())


def _inherit(section: FormSection, items: dict[str, Any]) -> None:
    """What stands in a section that is not always shown is shown, and required, only with it."""
    for name in section.fields:
        if (item := items.get(name)) is None:
            continue
        changes: dict[str, Any] = {}
        if item.shown_when is None:
            changes["shown_when"] = section.shown_when
        if getattr(item, "required", False):
            changes |= {"required": False, "required_when": section.shown_when}
        items[name] = replace(item, **changes) if changes else item
