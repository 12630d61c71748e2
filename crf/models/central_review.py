"""What reviewers outside the sites answered, each for themselves, and what they were shown."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.engine.base import Record
from crf.guards import frozen_rows
from trials.models.participants import OfParticipant


@audited()
class ReviewerAnswer(OfParticipant):
    """One reviewer's answer to a central review; it counts only while the record says what they were shown.

    It is no answer of the form: the site's own stays as it is. ``seen`` is what was shown, ``digest`` names it, and
    ``position`` is the place among those who answered on it: the one after the last reviewer decides (decision D5).
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="reviewer_answers")
    review = models.CharField(_("central review"), max_length=20)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(_("place among the reviewers"))
    decides = models.BooleanField(_("decides between the reviewers"))
    answers = models.JSONField(_("answers"))
    comment = models.CharField(_("comment"), max_length=1000, blank=True)
    seen = models.JSONField(_("what was shown"))
    digest = models.CharField(_("digest of what was shown"), max_length=64)
    answered_at = models.DateTimeField(_("answered at"))

    class Meta(OfParticipant.Meta):
        verbose_name = _("answer of a central reviewer")
        ordering = ("answered_at", "pk")
        constraints = (
            *frozen_rows("revieweranswer"),
            models.UniqueConstraint(
                fields=["record", "review", "digest", "position"], name="crf_revieweranswer_place"
            ),
            models.UniqueConstraint(
                fields=["record", "review", "digest", "reviewer"], name="crf_revieweranswer_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.review} {self.record_id}.{self.position}"
