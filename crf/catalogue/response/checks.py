"""Checks of the clinical response evaluation (protocol 3.7, X030 to X038)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.catalogue.response import rules
from crf.engine.checks import Check, Criticality, Level
from crf.engine.conditions import All, Answered, Any_, Is, Not
from protocol.response import Biopsy, Local

TIMING, CONTENT, CROSSOVER = "cre_timing", "cre_content", "crossover"
DECLARED = Is("cre_outcome", "CCR", "PERSISTENT_CCR")
BATTERY = Is("cre_type", "CRE2", "AS")
BITE_ON_BITE = Is("cre_type", "CRE1", "CRE2", "AS")
NOTHING_PROVEN = (Local.NO_EVIDENCE, Local.SUSPECTED, Local.UNCERTAIN, Local.NOT_EVALUABLE)

CHECKS = (
    Check(
        code="X030",
        level=Level.SOFT,
        reads=("cre_dt", "milestone.NEO_END", "setting.early_cre1_days"),
        passes=lambda cre_dt, milestone_neo_end, setting_early_cre1_days: (
            (cre_dt - milestone_neo_end).days >= setting_early_cre1_days
        ),
        message=_(
            "CRE-1 is less than %(setting_early_cre1_days)s days after the end of neoadjuvant treatment. Check both "
            "dates."
        ),
        fields=("ogd_dt",),
        when=Is("cre_type", "CRE1"),
        criticality=Criticality.CRITICAL,
        deviation=TIMING,
    ),
    Check(
        code="X030a",
        level=Level.SOFT,
        reads=("cre_dt", "milestone.NEO_END", "setting.early_cre2_days"),
        passes=lambda cre_dt, milestone_neo_end, setting_early_cre2_days: (
            (cre_dt - milestone_neo_end).days >= setting_early_cre2_days
        ),
        message=_(
            "CRE-2 is less than %(setting_early_cre2_days)s days after the end of neoadjuvant treatment. Check both "
            "dates."
        ),
        fields=("ogd_dt",),
        when=Is("cre_type", "CRE2"),
        criticality=Criticality.CRITICAL,
        deviation=TIMING,
    ),
    Check(
        code="X031",
        level=Level.SOFT,
        reads=("CRE*",),
        passes=rules.no_proof_at_cre1,
        message=_("CRE-1 proved disease, so no CRE-2 follows. Check CRE-1, or record this as unscheduled."),
        fields=("cre_type",),
        when=Is("cre_type", "CRE2"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X032",
        level=Level.HARD,
        reads=(*rules.FINDINGS, "override_why", "mdt_dt"),
        passes=rules.two_clear_looks,
        message=_(
            "A cCR rests on two clear evaluations, CRE-1 and CRE-2. Choose another outcome, or give the MDT's "
            "reason and the date of its meeting."
        ),
        fields=("cre_outcome",),
        when=DECLARED,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X033",
        level=Level.HARD,
        reads=rules.FINDINGS,
        passes=rules.nothing_bars_ccr,
        message=_(
            "A cCR needs a lumen that can be passed, a biopsy, PET-CT, and cytology of each suspect node or the "
            "reason for its absence. Complete them, or choose another outcome."
        ),
        fields=("cre_outcome", "passable", "bx_result", "pet_done", "eus_nodes"),
        when=DECLARED,
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X034",
        level=Level.SOFT,
        reads=("pet_dt", "ogd_dt"),
        passes=lambda pet_dt, ogd_dt: pet_dt <= ogd_dt,
        message=_("PET-CT is dated after the endoscopy; it comes first. Check both dates."),
        fields=("pet_dt", "ogd_dt"),
        when=BATTERY,
        deviation=CONTENT,
    ),
    Check(
        code="X035",
        level=Level.SOFT,
        reads=("bob_n", "setting.bite_on_bite_min"),
        passes=lambda bob_n, setting_bite_on_bite_min: bob_n >= setting_bite_on_bite_min,
        message=_("Fewer bite-on-bite pairs than the protocol asks for. Check the number in the report."),
        fields=("bob_n",),
        when=BITE_ON_BITE,
        deviation=CONTENT,
    ),
    Check(
        code="X036",
        level=Level.SOFT,
        reads=("milestone.CCR", "pt_dec", "cre_outcome", "CRE*"),
        passes=rules.entered_with_reason,
        message=_(
            "Arm 1 enters surveillance without a cCR. Check outcome and decision, or record that the participant "
            "declines surgery."
        ),
        fields=("mdt_dec", "pt_dec"),
        when=All(Is("participant.arm", "1"), Is("mdt_dec", "surveillance"), Not(Is("cre_type", "AS"))),
        blanks=True,
        criticality=Criticality.CRITICAL,
        deviation=CROSSOVER,
    ),
    Check(
        code="X036a",
        level=Level.SOFT,
        reads=("milestone.CCR", "pt_dec", "cre_outcome", "CRE*"),
        passes=rules.entered_with_reason,
        message=_(
            "A surveillance visit of Arm 1 without a cCR. Check CRE-2, or record at an evaluation that the "
            "participant declines surgery."
        ),
        fields=("cre_type",),
        when=All(Is("participant.arm", "1"), Is("cre_type", "AS")),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X037",
        level=Level.HARD,
        reads=("cre_dt", "milestone.SURG"),
        passes=lambda cre_dt, milestone_surg: cre_dt <= milestone_surg,
        message=_(
            "The oesophagus was resected on %(milestone_surg)s, before this surveillance visit of %(cre_dt)s. Use "
            "the follow-up form."
        ),
        fields=("ogd_dt",),
        when=Is("cre_type", "AS"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="X038a",
        level=Level.SOFT,
        reads=("cre_dt", "milestone.CCR", "CRE*"),
        passes=rules.ccr_before,
        message=_(
            "Regrowth follows a cCR, and none was declared. Choose locoregional residue, or check CRE-2."
        ),
        fields=("cre_outcome",),
        when=Is("cre_outcome", "REGROWTH"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-01",
        level=Level.SOFT,
        reads=("cre_dt", "visit.opens", "visit.closes"),
        passes=lambda cre_dt, visit_opens, visit_closes: visit_opens <= cre_dt <= visit_closes,
        message=_("The evaluation lies outside the window of its visit. Check the date of the endoscopy."),
        fields=("ogd_dt",),
    ),
    Check(
        code="CRE-02",
        level=Level.SOFT,
        reads=("cre_dt", "milestone.NEO_END", "setting.cre2_late_limit_days"),
        passes=lambda cre_dt, milestone_neo_end, setting_cre2_late_limit_days: (
            (cre_dt - milestone_neo_end).days <= setting_cre2_late_limit_days
        ),
        message=_(
            "CRE-2 of %(cre_dt)s is more than %(setting_cre2_late_limit_days)s days after the end of neoadjuvant "
            "treatment on %(milestone_neo_end)s. Check the date of the endoscopy."
        ),
        fields=("ogd_dt",),
        when=Is("cre_type", "CRE2"),
        criticality=Criticality.CRITICAL,
        deviation=TIMING,
    ),
    Check(
        code="CRE-03",
        level=Level.SOFT,
        reads=("pet_dt", "ogd_dt", "setting.pet_before_endoscopy_max_days"),
        passes=lambda pet_dt, ogd_dt, setting_pet_before_endoscopy_max_days: (
            pet_dt > ogd_dt or 1 <= (ogd_dt - pet_dt).days <= setting_pet_before_endoscopy_max_days
        ),
        message=_(
            "PET-CT is done 1 to %(setting_pet_before_endoscopy_max_days)s days before the endoscopy. Check both "
            "dates."
        ),
        fields=("pet_dt", "ogd_dt"),
        when=BATTERY,
    ),
    Check(
        code="CRE-04",
        level=Level.SOFT,
        reads=("pet_done",),
        passes=lambda pet_done: pet_done == "Y",
        message=_("PET-CT is due at this evaluation. Check whether it was done."),
        fields=("pet_done",),
        when=BATTERY,
        deviation=CONTENT,
    ),
    Check(
        code="CRE-04a",
        level=Level.SOFT,
        reads=("eus_done",),
        passes=lambda eus_done: eus_done == "Y",
        message=_("EUS is due at this evaluation. Check whether it was done."),
        fields=("eus_done",),
        when=BATTERY,
        deviation=CONTENT,
    ),
    Check(
        code="CRE-04b",
        level=Level.SOFT,
        reads=("ogd_done",),
        passes=lambda ogd_done: ogd_done == "Y",
        message=_("Every evaluation has an endoscopy. Check whether it was done."),
        fields=("ogd_done",),
        deviation=CONTENT,
    ),
    Check(
        code="CRE-05",
        level=Level.SOFT,
        reads=("pet_done",),
        passes=lambda pet_done: pet_done == "Y",
        message=_("CRE-1 is positive: PET-CT excludes metastases before surgery. Record it when it is done."),
        fields=("pet_done",),
        when=All(Is("cre_type", "CRE1"), Any_(Is("local_call", "1", "2", "3"), Is("bx_result", "scc"))),
    ),
    Check(
        code="CRE-05a",
        level=Level.SOFT,
        reads=("pet_done",),
        passes=lambda pet_done: pet_done == "Y",
        message=_("PET-CT excludes metastases before surgery. Check whether it was done."),
        fields=("pet_done",),
        when=All(Is("cre_type", "RST"), Is("setting.restaging_pet_ct", True)),
        deviation=CONTENT,
    ),
    Check(
        code="CRE-06",
        level=Level.SOFT,
        reads=("bx_result", "local_call"),
        passes=lambda bx_result, local_call: local_call not in NOTHING_PROVEN,
        message=_("A biopsy shows carcinoma: the locoregional status is proven. Check both answers."),
        fields=("local_call", "bx_result"),
        when=Is("bx_result", Biopsy.CARCINOMA.value),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-07",
        level=Level.SOFT,
        reads=("eus_nodes", "local_call"),
        passes=lambda eus_nodes, local_call: (
            local_call not in NOTHING_PROVEN or all(row["fna_res"] != "positive" for row in eus_nodes)
        ),
        message=_("The cytology of a node is positive: the locoregional status is proven. Check both."),
        fields=("local_call", "eus_nodes"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-08",
        level=Level.SOFT,
        reads=("pet_dm", "dist_call"),
        passes=rules.distant_agrees,
        message=_("The distant lesion on PET-CT and the distant status disagree. Check both answers."),
        fields=("dist_call", "pet_dm"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-15",
        level=Level.SOFT,
        reads=("look", "local_call"),
        passes=rules.bed_agrees,
        message=_(
            "There is a mass or nodule at the tumour bed, and the locoregional status says no evidence. Check both."
        ),
        fields=("local_call", "look"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-15a",
        level=Level.SOFT,
        reads=("pet_prim", "local_call"),
        passes=rules.uptake_agrees,
        message=_(
            "Uptake at the primary site is focal, and the locoregional status says no evidence. Check both."
        ),
        fields=("local_call", "pet_prim"),
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-15b",
        level=Level.SOFT,
        reads=("local_call", "pet_nodes", "eus_any", "eus_nodes"),
        passes=rules.nodes_agree,
        message=_(
            "A suspect node is not cleared by cytology, and the locoregional status says no evidence. Check both."
        ),
        fields=("local_call", "eus_nodes", "pet_nodes"),
        blanks=True,
        criticality=Criticality.CRITICAL,
    ),
    Check(
        code="CRE-16",
        level=Level.LISTING,
        reads=("passable",),
        passes=lambda passable: passable != "thin",
        message=_("Only a thin scope passes: the evaluation counts, and the biopsies may be small."),
        fields=("passable",),
    ),
    Check(
        code="CRE-17",
        level=Level.SOFT,
        reads=("proof_dt", "cre_dt"),
        passes=lambda proof_dt, cre_dt: proof_dt >= cre_dt,
        message=_("The proof is dated before the evaluation that found it. Check both dates."),
        fields=("proof_dt",),
    ),
    Check(
        code="CRE-09",
        level=Level.LISTING,
        reads=("bx_result",),
        passes=lambda bx_result: False,
        message=_("The biopsy decides nothing: repeat it within 4 weeks."),
        fields=("bx_result",),
        when=Any_(Is("bx_result", "hgd", "uncertain"), Is("bx_adequate", "insufficient")),
    ),
    Check(
        code="CRE-10",
        level=Level.LISTING,
        reads=("bx_result", "bx_review"),
        passes=lambda bx_result, bx_review: bx_result == bx_review,
        message=_("The two pathologists read the biopsy differently."),
        fields=("bx_review",),
    ),
    Check(
        code="CRE-11",
        level=Level.LISTING,
        reads=("pt_dec",),
        passes=lambda pt_dec: False,
        message=_("The participant chose another treatment than decided: a crossover is proposed."),
        fields=("pt_dec",),
        when=Is("pt_dec", "declines_surgery", "asks_surgery"),
        deviation=CROSSOVER,
        fact="{pt_dec}",
    ),
    Check(
        code="CRE-12",
        level=Level.LISTING,
        reads=("fna_done",),
        each="eus_nodes",
        passes=lambda fna_done: fna_done == "Y",
        message=_("A suspect node was not aspirated."),
        fields=("fna_done",),
        deviation=CONTENT,
    ),
    Check(
        code="CRE-13",
        level=Level.SOFT,
        reads=("mdt_dt", "cre_dt"),
        passes=lambda mdt_dt, cre_dt: mdt_dt >= cre_dt,
        message=_("The team met before the evaluation was done. Check both dates."),
        fields=("mdt_dt",),
        when=Answered("cre_outcome"),
    ),
    Check(
        code="CRE-14",
        level=Level.SOFT,
        reads=(
            *("cre_dt", "AE*"),
            *("setting.cre_complication_before_days", "setting.cre_complication_after_days"),
        ),
        passes=rules.complication_is_recorded,
        message=_(
            "A complication of a procedure is ticked, and no adverse event says so. Record it as an adverse event."
        ),
        fields=("proc_compl",),
        when=Is("proc_compl", "Y"),
        criticality=Criticality.CRITICAL,
    ),
)
