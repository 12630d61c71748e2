"""The order of steps: consent before answers, randomization before treatment (requirements 26)."""

from __future__ import annotations

from functools import cache

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from crf.engine.declaration import Repeats
from crf.store.context import Surroundings
from crf.store.records import Place
from followup.models import VisitState
from kernel.errors import Forbidden, Refusal
from protocol import text
from trials.models.participants import Track

SCREENING_VISITS = ("SCR", "QOL-0")
AT_ANY_TIME = frozenset({"ELIG", "DM", "STAGE", "AE", "SAE", "CM", "MH", "LB", "DV", "EOS"})


class NotYours(Forbidden):
    message = _("Your role does not include answers at site {site}. Ask the coordinator of the site.")


class TrainingFirst(Forbidden):
    message = _(
        "Your training is not on record yet. Ask the trial manager to record it; then the forms open."
    )


class ConsentFirst(Refusal):
    message = _(
        "Participant {participant} has no consent on record. Record the consent first; answers come after it."
    )


class RandomizationFirst(Refusal):
    message = _(
        "The form {form} follows randomization, and participant {participant} is not randomized yet. "
        "Complete screening and randomize first."
    )


class VisitNotPlanned(Refusal):
    message = _(
        "The visit {visit} is no longer planned. Answer at a visit that is, or add an unscheduled one."
    )


class ContactWithdrawn(Refusal):
    message = _(
        "Participant {participant} has withdrawn from all contact: no new data are recorded (X071). "
        "Vital status from a register may be recorded if the consent allows it."
    )


@cache
def screening_forms(version: str) -> frozenset[str]:
    """Return the forms that are filled before randomization too, from the protocol's schedule."""
    protocol = text.load(version)
    due = {form.code for rule in protocol.visits if rule.code in SCREENING_VISITS for form in rule.forms}
    return AT_ANY_TIME | due


def refuse_who_may_not(place: Place, *, by: User | None) -> None:
    """Refuse a person whose role at the site, or whose training, does not cover answers; None is the system."""
    site = place.participant.site
    if by is None:
        return
    if not by.may(Permission.CRF_EDIT, site):
        raise NotYours(site=site.code)
    if by.trained_on is None:
        raise TrainingFirst


def refuse_unless_due(place: Place, *, around: Surroundings, is_new: bool) -> None:
    """Refuse answers that come before the step they follow; the refusal names the missing step."""
    participant = place.participant
    consented = around.milestone("ICF")
    if consented is None or consented.on is None:
        raise ConsentFirst(participant=participant.number)
    if participant.arm is None and place.form.code not in screening_forms(participant.protocol_version):
        raise RandomizationFirst(form=place.form.code, participant=participant.number)
    if not is_new:
        return
    if place.form.repeats == Repeats.PER_VISIT and place.visit and place.visit.state == VisitState.CANCELLED:
        raise VisitNotPlanned(visit=str(place.visit))
    if participant.state == Track.WITHDRAWN_ALL and not _from_register(place, around):
        raise ContactWithdrawn(participant=participant.number)


def _from_register(place: Place, around: Surroundings) -> bool:
    return place.form.code == "SURV" and bool(around.context_value("consent.register_lookup"))
