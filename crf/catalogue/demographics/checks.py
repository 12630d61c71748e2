"""Checks of demographics, history and medication (protocol 3.3)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.demographics import rules
from crf.engine.checks import Check, Criticality, Level, has_its_record

CHECKS = (
    Check(
        code="DM-01",
        level=Level.SOFT,
        reads=("wt_loss", "setting.weight_loss_question_percent"),
        passes=lambda wt_loss, setting_weight_loss_question_percent: (
            wt_loss <= setting_weight_loss_question_percent
        ),
        message=_(
            "More than %(setting_weight_loss_question_percent)s %% of the weight was lost. Check both weights; if "
            "right, refer to a dietitian."
        ),
        fields=("weight", "weight_6m"),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="DM-02",
        level=Level.SOFT,
        reads=("ecog", "ELIG.ecog"),
        passes=lambda ecog, elig_ecog: ecog == elig_ecog,
        message=_(
            "ECOG is %(ecog)s here and %(elig_ecog)s on the eligibility form. Check both against the source."
        ),
        fields=("ecog",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="DM-03",
        level=Level.HARD,
        reads=("kps",),
        passes=lambda kps: kps % 10 == 0,
        message=_("The Karnofsky status goes in steps of 10. Type it again."),
        fields=("kps",),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="DM-04",
        level=Level.SOFT,
        reads=("asa",),
        passes=lambda asa: asa in ("I", "II", "III"),
        message=_("ASA IV or V is unusual for an operation that is planned. Check it with the anaesthetist."),
        fields=("asa",),
    ),
    Check(
        code="DM-05",
        level=Level.HARD,
        reads=("quit_y", "ELIG.birth", "today"),
        passes=rules.stopped_in_life,
        message=_("The year lies in the future or before the participant was 8 years old. Check the year."),
        fields=("quit_y",),
        blanks=True,
        criticality=Criticality.MINOR,
    ),
    Check(
        code="DM-06",
        level=Level.HARD,
        reads=("ca_year", "ELIG.birth", "today"),
        each="prior_ca",
        passes=rules.year_in_life,
        message=_("The year lies in the future or before birth. Check the year."),
        fields=("ca_year",),
        blanks=True,
    ),
    Check(
        code="DM-08",
        level=Level.SOFT,
        reads=("mh_any", "MH*"),
        passes=lambda **known: has_its_record(known["mh_any"], known["mh_all"]),
        message=_(
            "There is a disease, and none in the list of the medical history (form MH). Record it there."
        ),
        fields=("mh_any",),
    ),
    Check(
        code="DM-09",
        level=Level.SOFT,
        reads=("cm_any", "CM*"),
        passes=lambda **known: has_its_record(known["cm_any"], known["cm_all"]),
        message=_("There is medication, and none in the list of medication (form CM). Record it there."),
        fields=("cm_any",),
        criticality=Criticality.CRITICAL,
    ),
)
