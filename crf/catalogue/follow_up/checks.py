"""Checks of follow-up and recurrence (protocol 3.12, X022, X038, X060, X062, X063)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.follow_up import rules
from crf.catalogue.shared.dilatation import checks_of
from crf.catalogue.subsequent_therapy import rules as therapies
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import All, Has, Is, Not

RECURRED = Is("rec_yn", "Y")

CHECKS = (
    Check(
        code="X022a",
        level=Level.SOFT,
        reads=("SURV*",),
        passes=rules.death_recorded,
        message=_("The participant has died, and no survival form says so. Fill the survival form."),
        fields=("alive",),
        when=Is("alive", "N"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X038",
        level=Level.SOFT,
        reads=("recur_dt", "milestone.CCR", "milestone.LATECCR"),
        passes=rules.after_ccr,
        message=_("Regrowth follows a cCR, and none was declared before. It may be residue: check CRE-2."),
        fields=("rec_type",),
        when=All(RECURRED, Has("rec_type", "local")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X060",
        level=Level.HARD,
        reads=("recur_dt", "milestone.SURG"),
        passes=rules.operated_before,
        message=_(
            "An anastomotic recurrence needs an oesophagectomy before it. Check its kind, or the surgery form."
        ),
        fields=("rec_type",),
        when=All(RECURRED, Has("rec_type", "anastomotic")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X060a",
        level=Level.HARD,
        reads=("rec_dt_proof", "rec_dt_first_suspect", "fu_dt", "milestone.SURG"),
        passes=rules.organ_in_place,
        message=_(
            "There is no regrowth at the primary site after an oesophagectomy. Choose anastomotic or node."
        ),
        fields=("rec_type",),
        when=All(RECURRED, Has("rec_type", "local")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X062",
        level=Level.HARD,
        reads=("rec_dt_proof", "milestone.RAND"),
        passes=lambda rec_dt_proof, milestone_rand: rec_dt_proof >= milestone_rand,
        message=_(
            "The recurrence is proven on %(rec_dt_proof)s, before randomization on %(milestone_rand)s. Check the "
            "date."
        ),
        fields=("rec_dt_proof",),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X063a",
        level=Level.HARD,
        reads=("fu_dt", "SURV*"),
        passes=rules.not_after_death,
        message=_(
            "This contact found the participant alive after the recorded day of death. Check both forms."
        ),
        fields=("alive", "fu_dt"),
        when=Is("alive", "Y"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="FU-11",
        level=Level.SOFT,
        reads=("rec_type", "recur_dt", "CRE*", "FU*"),
        passes=rules.dated_as_evaluated,
        message=_(
            "A response evaluation dates the same regrowth or metastasis differently. The earlier day counts; make "
            "both agree."
        ),
        fields=("rec_dt_proof", "rec_dt_first_suspect"),
        when=RECURRED,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="FU-01",
        level=Level.HARD,
        reads=("rec_dt_first_suspect", "rec_dt_proof"),
        passes=lambda rec_dt_first_suspect, rec_dt_proof: rec_dt_proof >= rec_dt_first_suspect,
        message=_("The proof is dated before the first suspicion. Check both dates."),
        fields=("rec_dt_first_suspect", "rec_dt_proof"),
    ),
    Check(
        code="FU-02",
        level=Level.SOFT,
        reads=("dz_status",),
        passes=lambda dz_status: dz_status != "none",
        message=_("A recurrence is recorded, and the disease status says none. Check both answers."),
        fields=("dz_status", "rec_yn"),
        when=RECURRED,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="FU-03",
        level=Level.LISTING,
        reads=("dz_status",),
        passes=lambda dz_status: False,
        message=_("A recurrence is suspected: prove it or rule it out by the day of its to-do."),
        fields=("dz_status",),
        when=Is("dz_status", "suspect"),
    ),
    Check(
        code="FU-04",
        level=Level.SOFT,
        reads=("rec_dt_proof", "fu_dt"),
        passes=lambda rec_dt_proof, fu_dt: rec_dt_proof <= fu_dt,
        message=_("The proof is dated after this contact. Check both dates."),
        fields=("rec_dt_proof", "fu_dt"),
    ),
    Check(
        code="FU-05",
        level=Level.SOFT,
        reads=("adj_start", "milestone.SURG", "schedule.ADJ.opens", "schedule.ADJ.closes"),
        passes=rules.adjuvant_in_time,
        message=_(
            "Adjuvant treatment begins %(schedule_adj_opens)s to %(schedule_adj_closes)s days after the operation. "
            "Check the date."
        ),
        fields=("adj_start",),
    ),
    Check(
        code="FU-06",
        level=Level.SOFT,
        reads=("adj_why", "PATH.ypt", "PATH.ypn"),
        passes=rules.reason_for_no_adjuvant,
        message=_("The specimen held tumour and no adjuvant treatment was given. Write the reason."),
        fields=("adj_why", "adj_given"),
        when=Is("adj_given", "none"),
        blanks=True,
    ),
    Check(
        code="FU-12",
        level=Level.SOFT,
        reads=("fu_dt", *therapies.CONTACTS),
        passes=rules.therapy_in_the_log,
        message=_(
            "New anticancer therapy is reported, and the log (ST) holds none that began since the last contact. Add it "
            "there, or check the answer."
        ),
        fields=("post_tx_any",),
        when=Is("post_tx_any", "Y"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="FU-08",
        level=Level.SOFT,
        reads=("fu_dt", "visit.opens", "visit.closes"),
        passes=lambda fu_dt, visit_opens, visit_closes: visit_opens <= fu_dt <= visit_closes,
        message=_("The contact lies outside the window of its visit. Check the date."),
        fields=("fu_dt",),
    ),
    Check(
        code="FU-09",
        level=Level.SOFT,
        reads=("img_dt", "fu_dt"),
        each="img",
        passes=lambda img_dt, fu_dt: img_dt <= fu_dt,
        message=_("This examination is dated after the contact. Check both dates."),
        fields=("img_dt",),
        criticality=Criticality.MINOR,
    ),
    Check(
        code="FU-10",
        level=Level.SOFT,
        reads=("rec_method",),
        passes=lambda rec_method: rec_method != "clinical",
        message=_(
            "The recurrence rests on clinical findings alone. Ask for imaging or tissue, or confirm it."
        ),
        fields=("rec_method",),
        when=All(RECURRED, Not(Is("dz_status", "suspect"))),
    ),
    *checks_of("FU", codes=("FU-13", "FU-14", "FU-15"), count="dilat_n", table="dilats", on="fu_dt"),
)
