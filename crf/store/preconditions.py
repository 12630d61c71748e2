"""The order of steps: consent before answers, randomization before treatment (requirements 26)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crf.engine.declaration import Repeats
from crf.store.context import FormContext
from crf.store.records import RecordKey, refuse_before_randomization
from followup.models import VisitState
from kernel.errors import Forbidden, Refusal
from trials.models.participants import Track


class NotYours(Forbidden):
    code = "crf.not_yours"
    message = _("Your role does not include answers at site {site}. Ask the coordinator of the site.")


class TrainingFirst(Forbidden):
    code = "crf.training_first"
    message = _(
        "Your training is not on record yet. Ask the trial manager to record it; then the forms open."
    )


class ConsentBeforeAnswers(Refusal):
    code = "crf.consent_before_answers"
    message = _(
        "Participant {participant} has no consent on record. Record the consent first; answers come after it."
    )


class VisitNotPlanned(Refusal):
    code = "crf.visit_not_planned"
    message = _(
        "The visit {visit} is no longer planned. Answer at a visit that is, or add an unscheduled one."
    )


class ContactWithdrawn(Refusal):
    code = "crf.contact_withdrawn"
    message = _(
        "Participant {participant} has withdrawn from all contact: no new data are recorded (X071). "
        "Vital status from a register may be recorded if the consent allows it."
    )


def refuse_who_may_not(record_key: RecordKey, *, by: User | None) -> None:
    """Refuse a person whose role at the site, or whose training, does not cover answers; None is the system."""
    site = record_key.participant.site
    if by is None:
        return
    if not by.may(record_key.form.entered_by, site):
        raise NotYours(site=site.code)
    if by.trained_on is None:
        raise TrainingFirst


def refuse_unless_due(record_key: RecordKey, *, form_context: FormContext, is_new: bool) -> None:
    """Refuse answers that come before the step they follow; the refusal names the missing step."""
    participant = record_key.participant
    consented = form_context.milestone("ICF")
    if consented is None or consented.on is None:
        raise ConsentBeforeAnswers(participant=participant.number)
    refuse_before_randomization(record_key.form, participant)
    if not is_new:
        return
    visit, of_visit = record_key.visit, record_key.form.repeats == Repeats.PER_VISIT
    if participant.state == Track.WITHDRAWN_ALL:  # no visit is planned any more
        if not record_key.form.about_conduct and not _from_register(record_key, form_context):
            raise ContactWithdrawn(participant=participant.number)
    elif of_visit and visit is not None and visit.state == VisitState.CANCELLED:
        raise VisitNotPlanned(visit=str(visit))


def _from_register(record_key: RecordKey, form_context: FormContext) -> bool:
    return record_key.form.from_register and bool(form_context.context_value("consent.register_lookup"))
