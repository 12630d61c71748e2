"""What several definitions of endpoints say in the same words (protocol 6)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

EVERYBODY = _("Everybody randomized, as randomized.")
IN_ARM_1 = _("Arm 1, as randomized.")
WITH_CCR = _("A cCR declared at CRE-2 or at its repeat.")
RESECTED = _("A resection of the oesophagus.")
OPERATED = _("An operation with an incision.")
TREATED = _("At least one dose or fraction of study treatment.")

BY_BOUNDS = _(
    "A death known by its month counts on the 15th, between the last day known alive and the report. Known by its year "
    "or not at all, it counts on its first and on its last possible day: two analyses (decision D4)."
)
FULL_DATES = _("Dates are asked for in full; what has no date does not count.")
IN_PERIOD = _(
    "An event whose first day is known in part counts when one of its possible days lies in the period."
)

AT_LAST_LIFE = _(
    "At the last day known alive by the cut; a death after the cut proves life at the cut. Nothing else censors."
)
AT_LAST_CLEAR = _(
    "At the last assessment without disease, an R0 operation included; not at the last contact (decision E3)."
)
AT_LAST_QUESTIONNAIRE = _("At the last scored questionnaire.")
NOT_KNOWN_APART = _("None. Who is not known yet is counted apart, and is in no rate.")
NOBODY_CENSORED = _("None.")

POLICY = _(
    "Treatment policy: declining surgery or asking for it, never starting, progression before the decision and later "
    "PD-1 change nothing; death without cancer is an event."
)
DEATH_IN_SURVEILLANCE = _("Death without cancer is an event; an operation by wish ends the observation.")
COMPETING = _("Distant metastasis that comes first, and death, compete.")
DEATH_COMPETES = _("Death competes; whatever the operation was for, it counts.")
NOT_RESECTED_IS_NO = _("Measured where there is a specimen; over all randomized, not resected counts as no.")
DEATHS_BESIDE = _("Deaths and missing forms are shown beside it and not imputed.")

PRODUCT_LIMIT = _("Product-limit curve with log-log limits, numbers at risk; hazard ratio.")
PROPORTION = _("Proportion with exact limits.")
COUNT = _("Counts and proportions.")
MEDIAN = _("Median with quartiles; proportion with exact limits.")
MEAN_BY_TIME = _("Product-limit curve; mixed model of the scores over time, adjusted for the baseline.")
RATE_PER_YEAR = _("Rate per participant-year.")
# What is printed with the tables that compare the arms (protocol 6.3, 6.4; decision E7).
UNLIKE_OPERATED = _(
    "pCR, R0, regression grade and node positivity are measured in different kinds of participants: Arm 1 operates "
    "mainly on who did not respond. Comparing the arms by them is no fair test of the treatments; “no residual "
    "cancer known” (cCR or pCR) is a fair joint reading."
)
FROM_A_LANDMARK = _(
    "cCR against no cCR, and surveillance against surgery, are shown from a landmark at CRE-2: before it, who "
    "lived long enough to be counted decides."
)
LOOKED_AT_MORE = _(
    "One arm is looked at more often than the other: a recurrence is found earlier where somebody looks, and "
    "disease-free survival looks shorter there."
)
ONE_LOOK_AGAINST_TWO = _(
    "A clear restaging of Arm 2 is one look, a cCR of Arm 1 two: the two rates cannot be compared."
)
