"""Expected forms: a log that has nothing new, and the nightly comparison of the table with a fresh computation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf.models import ExpectedForm, FilledBy, NothingNew
from crf.store.expected import (
    differing_forms,
    keep_expected_forms,
    recount_expected_forms,
    stored,
    worked_out,
)
from crf.store.preconditions import NotYours, TrainingFirst
from followup.models import Visit, VisitState
from kernel.errors import Refusal
from trials.models import Participant


class VisitHasNotBeen(Refusal):
    code = "crf.visit_has_not_been"
    message = _(
        "Visit {visit} has not taken place: nobody can know yet that there is nothing new. Record the visit first."
    )


class LogsUpToDate(Refusal):
    code = "crf.logs_up_to_date"
    message = _("Every log that visit {visit} asks for is up to date. Open the log to add an entry.")


def say_nothing_new(*, visit: Visit, by: User, at: datetime) -> tuple[str, ...]:
    """Somebody says that no log of the visit has anything new; return the logs that were not up to date yet.

    It holds for earlier visits as well, and stays on record with who said it (protocol 2.2).

    Refuses: who may not; a visit that has not taken place; a visit whose logs are all up to date.
    Locks: the participant.
    """
    if not by.may(Permission.CRF_EDIT, visit.site_id):
        raise NotYours(site=visit.participant.site.code)
    if by.trained_on is None:
        raise TrainingFirst
    with open_act("crf:log:nothing_new", by=by, at=at, participant=visit.participant) as act:
        participant = Participant.objects.lock(visit.participant_id)
        if not Visit.objects.filter(pk=visit.pk, state=VisitState.DONE).exists():
            raise VisitHasNotBeen(visit=visit)
        logs = ExpectedForm.objects.filter(visit=visit, filled_by=FilledBy.LOG).unfilled()
        codes = tuple(logs.order_by("form_code").values_list("form_code", flat=True))
        if not codes:
            raise LogsUpToDate(visit=visit)
        NothingNew.objects.bulk_create(
            NothingNew(
                participant=participant, site_id=participant.site_id, visit=visit, form_code=code, act=act
            )
            for code in codes
        )
        keep_expected_forms([participant.pk])
    return codes


class ExpectedFormsDiffered(RuntimeError):  # noqa: N818 (a fault of the program, shown on the page of tasks)
    """The table of expected forms was not what is worked out; it is now."""


def compare_expected_forms() -> None:
    """The table of expected forms is what is worked out from visits and records; what differed is put right and told.

    They are counted anew as well.
    Locks: each participant whose rows differ, one after the other.
    """
    differing = list(_differing())
    for participant_id, _forms in differing:
        with transaction.atomic():
            Participant.objects.lock(participant_id)
            keep_expected_forms([participant_id])
    with transaction.atomic():
        recount_expected_forms()
    if differing:
        forms = sum(number for _participant, number in differing)
        raise ExpectedFormsDiffered(f"{forms} expected forms of {len(differing)} participants")


def _differing() -> Iterator[tuple[int, int]]:
    """Yield the participants whose rows differ, and how many."""
    with transaction.atomic():
        everybody = list(Participant.objects.order_by("pk").values_list("pk", flat=True))
    for participant_id in everybody:
        with transaction.atomic():
            participant = Participant.objects.select_related("site").get(pk=participant_id)
            if forms := differing_forms(stored(participant), worked_out(participant)):
                yield participant_id, len(forms)
