"""Signatures under the analysis sets: who signed which members, when."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signature
from accounts.permissions import ROLE_LABELS, Role
from audit.guards import ActGuard
from audit.models import Audited, audited

SIGNING_ROLES: Final = (Role.STATISTICIAN, Role.TRIAL_MANAGER)
ROLE_CHOICES: Final = [(role.value, ROLE_LABELS[role]) for role in SIGNING_ROLES]


@audited()
class AnalysisSetSignature(Audited):
    """The signature of one role under every analysis set, bound to the members that it was given for.

    ``members`` maps the number of each participant to the sets that held them, each with the reason where it did not.
    The trial manager signs for the chief investigator.
    """

    role = models.CharField(_("role"), max_length=20, choices=ROLE_CHOICES)
    digest = models.CharField(_("digest"), max_length=64)
    members = models.JSONField(_("members"))
    as_of = models.DateTimeField(_("data as of"))
    signature = models.OneToOneField(Signature, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("signature under the analysis sets")
        ordering = ("pk",)
        constraints = (
            ActGuard(name="analysis_setsignature_act", frozen=True),
            models.UniqueConstraint(fields=["role", "digest"], name="analysis_setsignature_once"),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.digest[:12]}"
