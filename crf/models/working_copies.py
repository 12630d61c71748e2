"""What only helps one person's work: notes, drafts, and the keys of saved pages."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SiteQuerySet
from audit.guards import ActGuard, MayDelete, SameSite, SiteScoped
from audit.models import audited
from crf.engine.base import Record
from crf.guards import MovesAlong, OwnerScoped, OwnersNotes
from crf.links import form_url
from crf.models.queries import Query
from followup.models import Visit
from trials.models import Participant, Site
from trials.models.participants import OfParticipant


@audited()
class WorkingNote(OfParticipant):
    """What one person keeps in mind about a participant, or about a passage of a form. Not source data.

    Nobody else reads it but an inspector, and no export holds it (requirements E10).
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    form_code = models.CharField(_("form"), max_length=8, blank=True)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    target = models.CharField(_("question"), max_length=120, blank=True)
    text = models.TextField(_("note"))
    written_at = models.DateTimeField(_("written"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    query = models.OneToOneField(Query, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-written_at", "-pk")
        constraints = (
            ActGuard(name="crf_workingnote_act"),
            OwnersNotes(name="crf_workingnote_scope"),
            MovesAlong(name="crf_workingnote_moves"),
            SameSite(name="crf_workingnote_same_site"),
            models.CheckConstraint(
                condition=models.Q(query=None) | models.Q(settled_at__isnull=False),
                name="crf_workingnote_asked_is_settled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id} {self.form_code}"

    @property
    def href(self) -> str:
        """Where the passage stands; empty for a note about the participant."""
        if not self.form_code:
            return ""
        return form_url(
            self.participant.number, self.form_code, visit_id=self.visit_id, sequence=self.sequence
        )


class WorkingCopy(models.Model):
    """A row that only helps one person's work: never data, and the application's to delete."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(_("kept at"))

    objects = SiteQuerySet.as_manager()

    class Meta:
        abstract = True


class Draft(WorkingCopy):
    """What a person typed on one opened page and has not saved yet; it survives time-out and crash.

    ``page`` is the key of that page: two windows have two drafts, and a save ends the draft of its own page alone.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")
    form_code = models.CharField(max_length=8)
    visit = models.ForeignKey(Visit, models.CASCADE, null=True, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    page = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=0)
    raw = models.JSONField(default=dict)

    class Meta:
        constraints = (
            OwnerScoped(name="crf_draft_scope"),
            MovesAlong(name="crf_draft_moves"),
            MayDelete(name="crf_draft_deletable"),
            models.UniqueConstraint(
                fields=["owner", "participant", "form_code", "visit", "sequence", "page"],
                nulls_distinct=False,
                name="crf_draft_place",
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id} {self.form_code}"

    def get_absolute_url(self) -> str:
        """Return the form's page, on which the draft stands."""
        return form_url(
            self.participant.number,
            self.form_code,
            visit_id=self.visit_id,
            sequence=self.sequence,
            draft=self.page,
        )


class SaveKey(WorkingCopy):
    """The key of a save: one person's, for one record and one content (requirements C7).

    The same key with the same content (``digest``) is given the first ``answer`` again; with any other it is refused.
    """

    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    record = models.ForeignKey(Record, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    answer = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = (
            SiteScoped(name="crf_savekey_scope"),
            MayDelete(name="crf_savekey_deletable"),
            models.UniqueConstraint(fields=["owner", "key"], name="crf_savekey_once"),
        )

    def __str__(self) -> str:
        return self.key
