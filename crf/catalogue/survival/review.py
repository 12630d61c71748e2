"""The cause of death, answered by central reviewers and never by the site (protocol 3.13; decision D5)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.central_review import CentralReview, ShownAnswers

# Neither the site's own cause nor what is asked or derived by the arm: a reviewer answers without both.
CAUSE_OF_DEATH = CentralReview(
    code="COD",
    title=_("Cause of death"),
    questions=("cod",),
    of=("vital", "dead"),
    shown=(
        ShownAnswers(
            "SURV",
            (
                *("death_dt", "cod_text", "cod_cert", "autopsy", "d_place"),
                *("d30s", "d90s", "d_inh", "d30t", "d90t"),
            ),
        ),
        ShownAnswers("AE", ("ae_term", "ctcae_term", "ae_st"), only=("outcome", "fatal")),
    ),
    once=True,
)
