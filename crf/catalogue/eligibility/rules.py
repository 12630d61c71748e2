"""What the eligibility form asks of the protocol's rules, in the words of the form (protocol 1.3, 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from crf.engine.declaration import IS_COMPLETE
from crf.engine.questions import argument
from protocol import eligibility
from protocol.staging import bare

OPTIONAL = ("opt_lab", "opt_loc", "opt_len", "opt_wt", "opt_fist", "opt_hep", "opt_ca2", "opt_lung", "opt_er")
TICKS = tuple(criterion.tick for criterion in eligibility.CRITERIA)
LIMITS = (
    *("fact.age_min", "fact.age_max", "fact.eligible_ecog"),
    "setting.eligibility_steroid_mg",
)
SWITCHES = tuple(f"setting.{name}" for name in OPTIONAL)


def read(name: str) -> str:
    """Return the read for a name of the rules: "stage.ct" -> "STAGE.ct"; own answers stay as they are."""
    form, _dot, answer = name.rpartition(".")
    return f"{form.upper()}.{answer}" if form else answer


def reads_of(*codes: str) -> tuple[str, ...]:
    """Return what the criteria ``codes`` are judged by, each once."""
    wanted = [criterion for criterion in eligibility.CRITERIA if criterion.code in codes]
    answers = (read(name) for each in wanted for name in (each.tick, *each.reads))
    return (*dict.fromkeys(answers), *LIMITS)


FORMS = ("STAGE", "DM")
COMPLETE = tuple(f"{code}.{IS_COMPLETE}" for code in FORMS)
ELIGIBILITY_READS = (
    *(read(name) for name in eligibility.READS),
    *(*OPTIONAL, *SWITCHES, *LIMITS, *COMPLETE),
    "participant.criteria_answered",
)


def switched_on(known: dict[str, Any]) -> tuple[str, ...]:
    """Return the optional criteria that the protocol text enforces."""
    return tuple(name for name in OPTIONAL if known.get(f"setting_{name}") is True)


def assessed(known: dict[str, Any]) -> eligibility.Assessment:
    """Return the assessment over the answers known by their keywords."""
    answers = {name: known.get(name.replace(".", "_")) for name in eligibility.READS}
    answers |= {name: known.get(name) for name in OPTIONAL}
    complete = {"", *(code.lower() for code in FORMS if known.get(argument(f"{code}.{IS_COMPLETE}")))}
    assessment = eligibility.assess(
        answers, limits=_limits(known), complete=complete, optional_exclusions=switched_on(known)
    )
    return assessment.answered(known.get("participant_criteria_answered") or {})


def _limits(known: dict[str, Any]) -> eligibility.Limits:
    return eligibility.Limits(
        age_from=known["fact_age_min"],
        age_to=known["fact_age_max"],
        ecog_to=max(known["fact_eligible_ecog"]),
        steroid_mg_to=known["setting_eligibility_steroid_mg"],
    )


def eligible(**known: Any) -> str | None:
    """Return Y, N, or nothing while a criterion is open (protocol 3.1, elig_ok)."""
    verdict = assessed(known).verdict
    return None if verdict is None else "Y" if verdict else "N"


def undisputed(*codes: str, but: Iterable[eligibility.CriterionReason] = ()) -> Callable[..., bool]:
    """Make a check: no criterion of ``codes`` is ticked as met while an answer says otherwise."""
    skipped = set(but)

    def passes(**known: Any) -> bool:
        assessment = assessed(known)
        reasons = {assessment.criterion(code).reason for code in codes} - skipped
        return not any(reason.value.startswith("contradicts") for reason in reasons)

    return passes


def free_of(code: str, *reasons: eligibility.CriterionReason) -> Callable[..., bool]:
    """Make a check: the criterion is not refused for one of ``reasons``."""

    def passes(**known: Any) -> bool:
        return assessed(known).criterion(code).reason not in reasons

    return passes


def staged_alike(**known: Any) -> bool:
    """Say whether cT, cN and cM equal those of the staging form, where both are answered (X003)."""
    pairs = ((known[f"{name}_e"], known[f"stage_{name}"]) for name in ("ct", "cn", "cm"))
    return all(own is None or staged is None or bare(own) == bare(staged) for own, staged in pairs)


def age_allowed(**known: Any) -> bool:
    """Say whether the age at consent can be within the limits (X002)."""
    return assessed(known).criterion("AGE").met is not False


def all_ticked_as_met(**ticks: str) -> bool:
    """Say whether every inclusion is Y and every exclusion N (X007)."""
    return all(said == ("Y" if name.startswith("inc") else "N") for name, said in ticks.items())
