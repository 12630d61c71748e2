"""Screening and eligibility (protocol 1.3, 3.1, checks X002 to X007)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from audit.models import audited
from crf.catalogue.eligibility.checks import CHECKS
from crf.catalogue.eligibility.rules import ELIGIBILITY_READS, OPTIONAL, eligible
from crf.catalogue.shared.common import ECOG, SEX, YES_NO
from crf.catalogue.shared.staging import CT, M, N
from crf.engine.base import CrfRecord
from crf.engine.codelists import CodeList
from crf.engine.conditions import Any_, Is
from crf.engine.declaration import Repeats
from crf.engine.fields import (
    ChoiceAnswer,
    DateAnswer,
    DerivedDate,
    DerivedInteger,
    DerivedText,
    PartialDateAnswer,
    Section,
    YesNoAnswer,
)
from crf.engine.questions import AnswerRole, Classification
from protocol.endpoints import age_range_on
from trials.models.participants import DeclineReason, ScreenFailureReason

PREGNANCY_TEST = CodeList("PREG_RES", {"NEG": _("negative"), "POS": _("positive"), "ND": _("not done")})
HISTOLOGY = CodeList(
    "HIST_TYPE",
    {
        "1": _("squamous cell carcinoma"),
        "2": _("adenocarcinoma"),
        "3": _("adenosquamous carcinoma"),
        "4": _("other"),
    },
)
SCREEN_FAILURE = CodeList("SF_REASON", dict(ScreenFailureReason.choices))
DECLINED = CodeList("APPROACHED_NO", dict(DeclineReason.choices))

CAN_BEAR = Is("wocbp", "Y")
CONSENT_PAGE = _("Read from the consent page. Correct it there.")


def yes_or_no(**claim: bool) -> str:
    """Return Y or N for the one claim that is read."""
    return "Y" if all(claim.values()) else "N"


def age_at_consent(birth: str, icf_dt: date) -> int | None:
    """Return the age at consent; with a year or month alone, the age reached in it (protocol 3.1)."""
    possible = age_range_on(birth, icf_dt)
    return possible[1] if possible else None


@audited()
class Eligibility(CrfRecord):
    """Who may be randomized: what was found, and each criterion ticked by a person (protocol 3.1).

    Consent, the reason for a screen failure and the investigator's signature are recorded on their own
    pages; this form reads them.
    """

    consent = Section(_("Consent"))
    screen_no = DerivedText(
        _("Screening number"),
        reads=("participant.number",),
        by=lambda participant_number: participant_number,
        classification=Classification.OPERATIONAL,
        definition=_("The participant’s number, given when the consent was recorded."),
    )
    icf_dt = DerivedDate(
        _("Date the main consent was signed"),
        reads=("consent.signed_on",),
        by=lambda consent_signed_on: consent_signed_on,
        help=CONSENT_PAGE,
        cdash="RFICDAT",
        sdtm="RFICDTC",
        definition=_("The day on which the participant signed the main consent."),
    )
    icf_ver = DerivedText(
        _("Version of the consent"),
        reads=("consent.version",),
        by=lambda consent_version: consent_version,
        help=CONSENT_PAGE,
        classification=Classification.OPERATIONAL,
        definition=_("The version of the consent that was signed."),
    )
    icf_biobank = DerivedText(
        _("Consent to extra samples"),
        reads=("consent.biobank",),
        by=yes_or_no,
        codes=YES_NO,
        help=CONSENT_PAGE,
        definition=_("Y where the signed consent allows extra samples."),
    )
    icf_reg = DerivedText(
        _("Consent to look up vital status after withdrawal"),
        reads=("consent.register_lookup",),
        by=yes_or_no,
        codes=YES_NO,
        help=CONSENT_PAGE,
        definition=_("Y where the signed consent allows vital status to be looked up after withdrawal."),
    )

    person = Section(_("The participant"))
    birth = PartialDateAnswer(
        _("Birth date"),
        role=AnswerRole.BIRTH,
        help=_("Full date, year and month, or the year alone: as your local rule allows."),
        required=True,
        missing_allowed=(),
        classification=Classification.IDENTIFYING,
        before_birth_allowed=True,
        cdash="BRTHDAT",
    )
    age = DerivedInteger(
        _("Age at consent"),
        reads=("birth", "icf_dt"),
        by=age_at_consent,
        unit=_("years"),
        soft=(30, None),
        hard=(0, 120),
        definition=_(
            "Whole years from birth to consent. With a birth year alone, the age reached that year."
        ),
        sdtm="AGE",
    )
    sex = ChoiceAnswer(
        _("Sex at birth"), codes=SEX, required=True, missing_allowed=(), cdash="SEX", sdtm="SEX"
    )
    wocbp = YesNoAnswer(
        _("Can she become pregnant?"),
        asked_when=Is("sex", "F"),
        missing_allowed=(),
        definition=_("Not after the menopause for a year or more, and not after sterilizing surgery."),
        sdtm="RPORRES (CHILDPOT)",
    )

    pregnancy = Section(_("Pregnancy and contraception"), shown_when=Any_(Is("sex", "M"), CAN_BEAR))
    preg_res = ChoiceAnswer(
        _("Pregnancy test, result"),
        codes=PREGNANCY_TEST,
        asked_when=CAN_BEAR,
        missing_allowed=(),
        sdtm="LBORRES (HCG)",
    )
    preg_dt = DateAnswer(
        _("Pregnancy test, date"),
        shown_when=CAN_BEAR,
        required_when=Is("preg_res", "NEG", "POS"),
        help=_("At most 7 days before the first day of treatment."),
        sdtm="LBDTC",
    )
    contra = YesNoAnswer(_("Agrees to use contraception"), required=True, sdtm="SUPPDM.CONTRA")

    tumour = Section(_("The tumour"))
    hist_type = ChoiceAnswer(
        _("Histology of the biopsy"), codes=HISTOLOGY, required=True, missing_allowed=(), sdtm="MIORRES"
    )
    hist_dt = DateAnswer(_("Date of the diagnostic biopsy"), required=True, sdtm="MIDTC")
    ct_e = ChoiceAnswer(
        _("cT for eligibility"),
        codes=CT,
        required=True,
        missing_allowed=(),
        help=_("As on the staging form. Can be included: %(fact.eligible_ct)s."),
        taken_from="STAGE.ct",
        sdtm="RSORRES",
    )
    cn_e = ChoiceAnswer(
        _("cN for eligibility"),
        codes=N,
        required=True,
        missing_allowed=(),
        taken_from="STAGE.cn",
        sdtm="RSORRES",
    )
    cm_e = ChoiceAnswer(
        _("cM for eligibility"),
        codes=M,
        required=True,
        missing_allowed=(),
        taken_from="STAGE.cm",
        sdtm="RSORRES",
    )
    resectable = YesNoAnswer(
        _("Judged resectable by the multidisciplinary team"),
        required=True,
        missing_allowed=(),
        sdtm="RSORRES (RESECTBL)",
    )
    mdt_dt = DateAnswer(_("Date of the MDT meeting"), required=True, sdtm="RSDTC")
    ecog = ChoiceAnswer(
        _("ECOG performance status"),
        codes=ECOG,
        required=True,
        missing_allowed=(),
        taken_from="DM.ecog",
        sdtm="RSORRES (ECOG101)",
    )

    inclusion = Section(_("Inclusion criteria"))
    inc_1 = YesNoAnswer(
        _(
            "Inclusion 1: histologically confirmed, resectable oesophageal squamous cell carcinoma, "
            "cT2-T4a, any N (N0 to N+), M0"
        ),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (INCL01)",
    )
    inc_2 = YesNoAnswer(
        _("Inclusion 2: ECOG performance status 0 or 1"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (INCL02)",
    )
    inc_3 = YesNoAnswer(
        _("Inclusion 3: approves and signs informed consent"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (INCL03)",
    )

    exclusion = Section(_("Exclusion criteria"))
    exc_1 = YesNoAnswer(
        _("Exclusion 1: active autoimmune disease or a history of it"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL01)",
    )
    exc_2 = YesNoAnswer(
        _("Exclusion 2: condition needing systemic corticosteroids or other immunosuppressants"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL02)",
    )
    exc_3 = YesNoAnswer(
        _("Exclusion 3: history of symptomatic interstitial lung disease"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL03)",
    )
    exc_4 = YesNoAnswer(
        _("Exclusion 4: allergy to study-drug components"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL04)",
    )
    exc_5 = YesNoAnswer(
        _("Exclusion 5: pregnant or breast-feeding"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL05)",
    )
    exc_6 = YesNoAnswer(
        _("Exclusion 6: men with partners of child-bearing potential who are unwilling to use contraception"),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL06)",
    )
    exc_7 = YesNoAnswer(
        _(
            "Exclusion 7: prior chemotherapy, radiotherapy, targeted or immune therapy for this or any "
            "past malignancy"
        ),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL07)",
    )
    exc_8 = YesNoAnswer(
        _(
            "Exclusion 8: any medical condition that makes study drug hazardous or blurs the reading of "
            "toxicity/AEs, in the investigator's judgement"
        ),
        required=True,
        missing_allowed=(),
        sdtm="IEORRES (EXCL08)",
    )

    optional = Section(
        _("Further criteria switched on for this protocol version"),
        shown_when=Any_(*(Is(f"setting.{name}", True) for name in OPTIONAL)),
    )
    opt_lab = YesNoAnswer(
        _("Excluded by this criterion: organ-function laboratory limits"),
        asked_when=Is("setting.opt_lab", True),
        sdtm="IEORRES",
    )
    opt_loc = YesNoAnswer(
        _("Excluded by this criterion: tumour location limits (cervical tumours)"),
        asked_when=Is("setting.opt_loc", True),
        sdtm="IEORRES",
    )
    opt_len = YesNoAnswer(
        _("Excluded by this criterion: tumour length limits"),
        asked_when=Is("setting.opt_len", True),
        sdtm="IEORRES",
    )
    opt_wt = YesNoAnswer(
        _("Excluded by this criterion: weight-loss limits"),
        asked_when=Is("setting.opt_wt", True),
        sdtm="IEORRES",
    )
    opt_fist = YesNoAnswer(
        _("Excluded by this criterion: fistula"), asked_when=Is("setting.opt_fist", True), sdtm="IEORRES"
    )
    opt_hep = YesNoAnswer(
        _("Excluded by this criterion: hepatitis B or C"),
        asked_when=Is("setting.opt_hep", True),
        sdtm="IEORRES",
    )
    opt_ca2 = YesNoAnswer(
        _("Excluded by this criterion: second cancer"), asked_when=Is("setting.opt_ca2", True), sdtm="IEORRES"
    )
    opt_lung = YesNoAnswer(
        _("Excluded by this criterion: lung-function limits"),
        asked_when=Is("setting.opt_lung", True),
        sdtm="IEORRES",
    )
    opt_er = YesNoAnswer(
        _("Excluded by this criterion: prior endoscopic resection"),
        asked_when=Is("setting.opt_er", True),
        sdtm="IEORRES",
    )

    verdict = Section(_("Result"))
    elig_ok = DerivedText(
        _("Eligible"),
        reads=ELIGIBILITY_READS,
        by=eligible,
        blanks=True,
        codes=YES_NO,
        definition=_("Yes when every criterion is ticked as met and no answer of any form says otherwise."),
        sdtm="record of DS",
    )
    elig_sig = DerivedDate(
        _("Eligibility signed by an investigator on"),
        reads=("participant.eligibility_signed_on",),
        by=lambda participant_eligibility_signed_on: participant_eligibility_signed_on,
        classification=Classification.OPERATIONAL,
        sdtm="IEDTC",
        definition=_("The day of the investigator’s signature under the eligibility that holds."),
    )
    sf_reason = DerivedText(
        _("Reason for the screen failure"),
        reads=("participant.screen_failure_reason",),
        by=lambda participant_screen_failure_reason: participant_screen_failure_reason,
        codes=SCREEN_FAILURE,
        sdtm="DSTERM",
        definition=_("The reason that was given when the screen failure was recorded."),
    )
    approached_no = DerivedText(
        _("Eligible but not randomized: reason"),
        reads=("participant.decline_reason",),
        by=lambda participant_decline_reason: participant_decline_reason,
        codes=DECLINED,
        sdtm="DSTERM",
        definition=_(
            "The reason that was given when it was recorded that an eligible participant is not randomized."
        ),
    )

    class Crf:
        code, title, version, repeats = "ELIG", _("Eligibility"), 1, Repeats.PER_PARTICIPANT
        critical = (
            "birth",
            "sex",
            "wocbp",
            "preg_res",
            "preg_dt",
            "contra",
            "hist_type",
            "hist_dt",
            "ct_e",
            "cn_e",
            "cm_e",
            "resectable",
            "mdt_dt",
            "ecog",
            "inc_1",
            "inc_2",
            "inc_3",
            "exc_1",
            "exc_2",
            "exc_3",
            "exc_4",
            "exc_5",
            "exc_6",
            "exc_7",
            "exc_8",
        )
        before_randomization = True
        instructions = _("Consent is recorded first, on its own page. Then answer from the source documents.")
        checks = CHECKS
