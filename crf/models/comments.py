"""Comments of a site on its answers: kept with who and when, never changed (CDISC CO)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.engine.base import Record
from crf.guards import frozen_rows
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


@audited()
class AnswerComment(OfParticipant):
    """What a person says beside one answer of a record; the act says who and when. It is data and leaves as CO."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="comments")
    target = models.CharField(_("question"), max_length=120)
    text = models.TextField(_("comment"))

    class Meta:
        verbose_name = _("comment on an answer")
        ordering = ("pk",)
        constraints = (
            *frozen_rows("answercomment"),
            DataLockGuard(name="crf_answercomment_data_lock", frozen=("record_id",)),
        )

    def __str__(self) -> str:
        return f"{self.record_id} {self.target}"
