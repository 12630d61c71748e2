"""Every endpoint as data: in whom, over whom, by which rule, and its estimand (protocol 6.1 to 6.9; decision E5).

The page of endpoints, in either language, and docs/reference/endpoints.md are made from this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from analysis.definition_texts import (
    AT_LAST_CLEAR,
    AT_LAST_LIFE,
    AT_LAST_QUESTIONNAIRE,
    BY_BOUNDS,
    COMPETING,
    COUNT,
    DEATH_COMPETES,
    DEATH_IN_SURVEILLANCE,
    DEATHS_BESIDE,
    EVERYBODY,
    FROM_A_LANDMARK,
    FULL_DATES,
    IN_ARM_1,
    IN_PERIOD,
    LOOKED_AT_MORE,
    MEAN_BY_TIME,
    MEDIAN,
    NOBODY_CENSORED,
    NOT_KNOWN_APART,
    NOT_RESECTED_IS_NO,
    ONE_LOOK_AGAINST_TWO,
    OPERATED,
    POLICY,
    PRODUCT_LIMIT,
    PROPORTION,
    RATE_PER_YEAR,
    RESECTED,
    TREATED,
    UNLIKE_OPERATED,
    WITH_CCR,
)

Text = str | Promise


@dataclass(frozen=True)
class EndpointDefinition:
    """One endpoint: its name, where the protocol says it, its columns, and everything that a reader has to know.

    ``values`` are the fields of ``EndpointValues`` that it is derived into. ``tells_arm`` says that its value
    nearly gives the arm away: a masked report leaves it out.
    """

    code: str
    title: Text
    section: str
    values: tuple[str, ...]
    columns: tuple[str, ...]
    population: Text
    denominators: Text
    rule: Text
    partial_dates: Text
    censoring: Text
    intercurrent: Text
    summary: Text
    tells_arm: bool = False


@dataclass(frozen=True)
class EndpointWarning:
    """What has to be read with a comparison of the arms, and the endpoints whose tables it is printed with."""

    text: Text
    codes: tuple[str, ...]


def _time(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{part}" for name in names for part in ("DAYS", "EVENT", "REASON"))


DEFINITIONS: tuple[EndpointDefinition, ...] = (
    EndpointDefinition(
        code="OS",
        title=_("Overall survival"),
        section="6.1",
        values=("os", "os_latest"),
        columns=_time("OS", "OS_LATEST"),
        population=EVERYBODY,
        denominators=EVERYBODY,
        rule=_("Days from randomization to death from any cause."),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_LIFE,
        intercurrent=POLICY,
        summary=PRODUCT_LIMIT,
    ),
    EndpointDefinition(
        code="OS36",
        title=_("Overall survival at 3 years (primary endpoint)"),
        section="6.1",
        values=("alive_at_36_months",),
        columns=("OS36",),
        population=EVERYBODY,
        denominators=EVERYBODY,
        rule=_("Alive on day 1,096 after randomization; empty for who is censored before it."),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_LIFE,
        intercurrent=POLICY,
        summary=_(
            "Difference of the product-limit estimates at 36 months, Greenwood variance, against the margin of "
            "non-inferiority, in the randomized and in the per-protocol set."
        ),
    ),
    EndpointDefinition(
        code="DFS-A",
        title=_("Disease-free survival, strategy (default)"),
        section="6.2",
        values=("dfs_a", "dfs_a_by_suspicion", "dfs_a_second_primary", "dfs_a_missed"),
        columns=_time("DFSA", "DFSA_SUSPICION", "DFSA_SECOND", "DFSA_MISSED"),
        population=EVERYBODY,
        denominators=EVERYBODY,
        rule=_(
            "Days from randomization to the first of: distant metastasis; recurrence after an R0 resection; an "
            "operation that is not R0; disease that cannot be or is not resected, on the day when that is known; "
            "progression before the decision that prevents curative treatment (form PROG); death. Local disease "
            "removed R0, by operation or endoscopy, within the days of the protocol text is no event, nor by itself "
            "local progression before the decision that leaves cure possible (a question to the study team). "
            "Sensitivity: dated by suspicion; second primary tumours count; censored before two missed assessments."
        ),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_CLEAR,
        intercurrent=POLICY,
        summary=PRODUCT_LIMIT,
    ),
    EndpointDefinition(
        code="DFS-B",
        title=_("Disease-free survival, strict"),
        section="6.2",
        values=("dfs_b",),
        columns=_time("DFSB"),
        population=EVERYBODY,
        denominators=EVERYBODY,
        rule=_(
            "As the strategy definition, and any regrowth proven after a declared cCR is an event at its proof."
        ),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_CLEAR,
        intercurrent=POLICY,
        summary=PRODUCT_LIMIT,
    ),
    EndpointDefinition(
        code="PFS-S",
        title=_("Progression-free survival in surveillance"),
        section="6.2",
        values=("pfs_s",),
        columns=_time("PFSS"),
        population=WITH_CCR,
        denominators=WITH_CCR,
        rule=_(
            "Days from the declared cCR to regrowth, distant metastasis, unresectable progression or death."
        ),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_CLEAR,
        intercurrent=POLICY,
        summary=PRODUCT_LIMIT,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="CCR",
        title=_("Clinical complete response (cCR)"),
        section="6.3",
        values=("response",),
        columns=(
            *("CCR", "CCR_DT", "LATECCR_DT", "STARTED", "CRE1_REACHED", "CRE1_NOT_CLEAR", "CRE2_NOT_CLEAR"),
            "RST_CLEAR",
        ),
        population=IN_ARM_1,
        denominators=_("Arm 1 randomized (main); started neoadjuvant treatment; reached CRE-1."),
        rule=_(
            "cCR declared at CRE-2, or at its repeat, after a clear CRE-1. No evaluation, or none that can be judged, "
            "is no cCR. A late cCR, first reached in surveillance, is dated and never counts. A clear restaging in Arm "
            "2 is descriptive: one look, not two."
        ),
        partial_dates=FULL_DATES,
        censoring=NOT_KNOWN_APART,
        intercurrent=_(
            "Composite: declining evaluations, never starting, progression and death before CRE-2 count as no cCR."
        ),
        summary=PROPORTION,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="DURABLE",
        title=_("Durable cCR"),
        section="6.3",
        values=("durable",),
        columns=_time("DURABLE"),
        population=WITH_CCR,
        denominators=WITH_CCR,
        rule=_("Days from the declared cCR to regrowth, metastasis or death."),
        partial_dates=BY_BOUNDS,
        censoring=_("At the last assessment without disease; at an oesophagectomy without regrowth."),
        intercurrent=DEATH_IN_SURVEILLANCE,
        summary=PRODUCT_LIMIT,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="REGROWTH",
        title=_("Locoregional regrowth"),
        section="6.3",
        values=("regrowth",),
        columns=("REGROWTH_DAYS", "REGROWTH_CAUSE"),
        population=WITH_CCR,
        denominators=WITH_CCR,
        rule=_(
            "First proven regrowth after a cCR. One that was highly suspected counts once a specimen proves it, on the "
            "day of the suspicion."
        ),
        partial_dates=BY_BOUNDS,
        censoring=_("At the last assessment without disease."),
        intercurrent=COMPETING,
        summary=_("Cumulative incidence (Aalen–Johansen)."),
        tells_arm=True,
    ),
    EndpointDefinition(
        code="ORGAN",
        title=_("Organ preservation at 12, 24 and 36 months"),
        section="6.3",
        values=("organ_preserved_12", "organ_preserved_24", "organ_preserved_36"),
        columns=("ORGAN12", "ORGAN24", "ORGAN36"),
        population=IN_ARM_1,
        denominators=_("Arm 1 randomized (main); cCR."),
        rule=_(
            "Alive, without oesophagectomy and without uncontrolled locoregional disease on the day. Untreated local "
            "disease is a failure with the oesophagus in place; disease that is there at the cut leaves later days "
            "open."
        ),
        partial_dates=BY_BOUNDS,
        censoring=NOT_KNOWN_APART,
        intercurrent=_(
            "Composite: oesophagectomy for any reason, uncontrolled local disease and death are failures."
        ),
        summary=PROPORTION,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="OFS",
        title=_("Oesophagectomy-free survival"),
        section="6.3",
        values=("oesophagectomy_free",),
        columns=_time("OFS"),
        population=IN_ARM_1,
        denominators=IN_ARM_1,
        rule=_("Days from randomization to oesophagectomy or death."),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_LIFE,
        intercurrent=POLICY,
        summary=PRODUCT_LIMIT,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="OESOPHAGECTOMY",
        title=_("Oesophagectomy, cumulative"),
        section="6.3",
        values=("oesophagectomy",),
        columns=("OESOPHAGECTOMY_DAYS", "OESOPHAGECTOMY_CAUSE"),
        population=EVERYBODY,
        denominators=EVERYBODY,
        rule=_("Days from randomization to the oesophagectomy; an exploration is none."),
        partial_dates=BY_BOUNDS,
        censoring=AT_LAST_LIFE,
        intercurrent=DEATH_COMPETES,
        summary=_("Cumulative incidence (Aalen–Johansen)."),
        tells_arm=True,
    ),
    EndpointDefinition(
        code="SURGERY",
        title=_("Resection rate, time to surgery, salvage success, missed residue"),
        section="6.3",
        values=("surgery",),
        columns=(
            *("SURG_PLANNED", "SURG_BEGUN", "RESECTED", "SURG_INTENT", "DAYS_TO_SURGERY"),
            *("DAYS_REGROWTH_TO_SURGERY", "SALVAGE_R0", "MISSED_RESIDUE"),
        ),
        population=EVERYBODY,
        denominators=_(
            "Resection: planned, and randomized. Salvage: operated for regrowth, explorations included. Missed "
            "residue: operated with a cCR."
        ),
        rule=_(
            "Days to surgery from the end of neoadjuvant treatment, of salvage from the proof of regrowth. Salvage "
            "succeeds with R0. Residue was missed when tumour is left in the specimen of somebody operated with a cCR."
        ),
        partial_dates=FULL_DATES,
        censoring=NOBODY_CENSORED,
        intercurrent=POLICY,
        summary=_("Proportion with exact limits; median with quartiles for days. Rare events as counts."),
        tells_arm=True,
    ),
    EndpointDefinition(
        code="PATHOLOGY",
        title=_("pCR, major response, R0 by each rule, regression grade, nodes, downstaging"),
        section="6.4",
        values=("specimen",),
        columns=(
            *("PCR", "MPR", "R0", "R0_MARGIN", "R0_1MM", "TRG", "NODE_POSITIVE", "LN_POS", "LN_EXAM"),
            *("LN_RATIO", "DOWNSTAGED_T", "DOWNSTAGED_N"),
        ),
        population=RESECTED,
        denominators=_(
            "Resected (main); randomized, not resected counted as no; R0 also over operations begun, explorations "
            "counted as no."
        ),
        rule=_(
            "Of the first resection. pCR is ypT0 and ypN0; major response is little residue in the primary, whatever "
            "the nodes are; R0 by the margin (CAP), by 1 mm, and by the rule that is configured; the grade of the "
            "system that is configured; ypN1 to ypN3; ypT or ypN lower than cT or cN."
        ),
        partial_dates=FULL_DATES,
        censoring=NOBODY_CENSORED,
        intercurrent=NOT_RESECTED_IS_NO,
        summary=PROPORTION,
    ),
    EndpointDefinition(
        code="PERIOPERATIVE",
        title=_("Perioperative outcomes and textbook outcome"),
        section="6.5",
        values=("perioperative", "mortality"),
        columns=(
            *("COMP_ANY", "CD_WORST", "CD_IIIA", "CD_IIIB", "CCI", "LEAK", "PNEUMONIA", "PALSY", "CHYLE"),
            *("LOS", "ICU_DAYS", "READMITTED", "REOPERATED", "TEXTBOOK", "DEATH_30", "DEATH_90"),
            "DEATH_HOSPITAL",
        ),
        population=OPERATED,
        denominators=_("Operations with an incision, split into planned, for residue, salvage and by wish."),
        rule=_(
            "Of the resection, else of the exploration. Mortality counts every operation with an incision. Textbook "
            "outcome: R0, no event during the operation, enough nodes, no complication of grade IIIa or more, no "
            "reoperation and no return to intensive care, at most 21 days in hospital, no readmission, no death "
            "within 30 days or in hospital (default of ours, after the Dutch audit)."
        ),
        partial_dates=_("Where the possible days of a death disagree, mortality is not known (decision D4)."),
        censoring=NOT_KNOWN_APART,
        intercurrent=POLICY,
        summary=PROPORTION,
    ),
    EndpointDefinition(
        code="TREATMENT",
        title=_("Treatment completion and dose intensity"),
        section="6.5",
        values=("treatment",),
        columns=(
            *("CARBO_N", "NABP_N", "CAMRE_N", "FRACTIONS", "GRAY", "CARBO_RDI", "NABP_RDI", "CHEMO_WHOLE"),
            *("RT_WHOLE", "COMPLETED"),
        ),
        population=TREATED,
        denominators=TREATED,
        rule=_(
            "Doses of each drug, fractions and dose of radiotherapy; whole is every dose and fraction that the "
            "protocol plans; intensity is given over planned, in per cent."
        ),
        partial_dates=FULL_DATES,
        censoring=NOBODY_CENSORED,
        intercurrent=_("By the treatment received; who never started is not counted."),
        summary=MEDIAN,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="AE",
        title=_("Adverse events"),
        section="6.5",
        values=("events",),
        columns=(
            *("AE_WORST", "AE_G3", "AE_SERIOUS", "AE_RELATED", "AE_IMMUNE", "AE_STOPPED", "AE_DIED"),
            "CRE_COMPLICATIONS",
        ),
        population=TREATED,
        denominators=_(
            "Treated, by the treatment received; complications of evaluations over evaluations done."
        ),
        rule=_(
            "From day 1 to the day before surgery, or 30 days after the last dose if that is earlier: the worst grade, "
            "grade 3 or more, serious, related by component, immune-related, leading to a stop, fatal and related. "
            "Complications of evaluations count at any time."
        ),
        partial_dates=IN_PERIOD,
        censoring=NOBODY_CENSORED,
        intercurrent=_("While treated: what comes after surgery belongs to the perioperative outcomes."),
        summary=COUNT,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="QOL",
        title=_("Quality of life: time to deterioration"),
        section="6.5",
        values=("deterioration",),
        columns=tuple(
            f"{scale}_{part}"
            for scale in ("OESDYS", "DY", "FA", "PF2", "EF")
            for part in ("BASE", "TTD_DAYS", "TTD_EVENT")
        ),
        population=_("Randomized, with a scored questionnaire before treatment."),
        denominators=_(
            "Randomized with a baseline score of the scale; forms expected and received beside it."
        ),
        rule=_(
            "Days from randomization to the first score that is worse than the baseline by the points of the protocol "
            "text, in the direction of the scale. Scores over time are counted from the end of chemoradiotherapy, not "
            "by visit (decision E4); they stand in the file of scores."
        ),
        partial_dates=FULL_DATES,
        censoring=AT_LAST_QUESTIONNAIRE,
        intercurrent=DEATHS_BESIDE,
        summary=MEAN_BY_TIME,
    ),
    EndpointDefinition(
        code="ADHERENCE",
        title=_("Adherence to evaluations"),
        section="6.6",
        values=("adherence",),
        columns=("CRE_DUE", "CRE_DONE", "CRE_IN_WINDOW", "CRE_EVALUATED", "CRE_WHOLE"),
        population=EVERYBODY,
        denominators=_("Evaluations due by the cut; evaluations done."),
        rule=_("Done, done in the window, and done with every element that is due at it."),
        partial_dates=FULL_DATES,
        censoring=_("A visit whose window is not over is not due yet."),
        intercurrent=POLICY,
        summary=PROPORTION,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="BURDEN",
        title=_("Burden of the strategy"),
        section="6.5",
        values=("burden",),
        columns=("ENDOSCOPIES", "PET_CTS", "DILATATIONS", "HOSPITAL_DAYS", "YEARS"),
        population=EVERYBODY,
        denominators=_("Years from randomization to the last day known alive."),
        rule=_(
            "Endoscopies, PET-CTs, dilatations and days in hospital after randomization; two examinations of one kind "
            "on one day count once."
        ),
        partial_dates=FULL_DATES,
        censoring=_("At the last day known alive."),
        intercurrent=POLICY,
        summary=RATE_PER_YEAR,
        tells_arm=True,
    ),
    EndpointDefinition(
        code="INTERCURRENT",
        title=_("Intercurrent events"),
        section="6.8",
        values=("intercurrent",),
        columns=(
            *("ICE_DECLINED_SURGERY", "ICE_ASKED_FOR_SURGERY", "ICE_NEVER_STARTED", "ICE_PROGRESSED"),
            *("ICE_LATER_PD1", "ICE_DIED_WITHOUT_CANCER"),
        ),
        population=EVERYBODY,
        denominators=EVERYBODY,
        rule=_(
            "Declined surgery, asked for surgery, never started, progressed before the decision, was given a PD-1 "
            "inhibitor later, died of something else than the cancer."
        ),
        partial_dates=_("A therapy whose first day is known in part counts from its first possible day."),
        censoring=NOBODY_CENSORED,
        intercurrent=pgettext_lazy("estimand", "They are what estimands name."),
        summary=COUNT,
        tells_arm=True,
    ),
)

NEARLY_TELLING = frozenset(each.code for each in DEFINITIONS if each.tells_arm)
WARNINGS: tuple[EndpointWarning, ...] = (
    EndpointWarning(UNLIKE_OPERATED, ("PATHOLOGY", "SURGERY")),
    EndpointWarning(FROM_A_LANDMARK, ("CCR", "DURABLE", "REGROWTH", "ORGAN")),
    EndpointWarning(LOOKED_AT_MORE, ("DFS-A", "DFS-B", "PFS-S", "REGROWTH")),
    EndpointWarning(ONE_LOOK_AGAINST_TWO, ("CCR",)),
)


def warnings_of(code: str) -> tuple[Text, ...]:
    """Return what is printed with the table of one endpoint (protocol 6.3, 6.4; decision E7)."""
    return tuple(each.text for each in WARNINGS if code in each.codes)


def every_column(definitions: Sequence[EndpointDefinition] = DEFINITIONS) -> Iterator[str]:
    """Yield the columns of every definition, in order."""
    for each in definitions:
        yield from each.columns
