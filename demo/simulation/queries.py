"""What people ask: about an answer, a row, a form that is there or not, a visit and a participant; some is settled."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from crf import catalogue
from crf.check_review.services import mark_check, may_be_marked
from crf.engine.base import COMPLETED
from crf.engine.checks import check_of
from crf.engine.declaration import FormDeclaration
from crf.models import ExpectedForm, MarkKind, Query, QueryState, Record
from crf.queries import services
from crf.queries.assigning import Assignee
from crf.queries.places import places_of
from crf.store.records import find_stored_record, key_of_record
from demo.simulation.sites import SiteWithPeople, Stage
from followup.models import Visit, VisitState
from kernel.row_keys import key_of
from kernel.scope import EVERYTHING, scope
from trials.models import Participant

ASKED_AT: Final = 2  # participants of a site
ANSWERED_EVERY, CLOSED_EVERY = 3, 2


def ask_some(stage: Stage, until: datetime) -> None:
    """Monitor and data manager have asked at each site; data management looks at what is confirmed most."""
    with scope(user_id=None, sites=EVERYTHING):
        _review_a_check(stage, until - timedelta(days=40))
        for place in stage.places:
            with transaction.atomic():
                people = list(_people(place))
            for count, participant in enumerate(people):
                at = until - timedelta(days=9 * (count + 1), hours=5)
                with transaction.atomic():
                    asked = _ask(stage, place, participant, at)
                    _settle(place, asked, stage.central["monitor"], at + timedelta(days=3))
            _confirm_one(place, until - timedelta(days=2))


def _people(place: SiteWithPeople) -> Any:
    at_site = Participant.objects.filter(site=place.site, arm__isnull=False)
    return at_site.select_related("site").order_by("number")[:ASKED_AT]


def _ask(stage: Stage, place: SiteWithPeople, participant: Participant, at: datetime) -> list[Query]:
    monitor, manager = stage.central["monitor"], stage.central["data"]
    of: dict[str, Any] = {"participant": participant, "at": at}
    seen = Visit.objects.filter(participant=participant, state=VisitState.DONE).order_by("pk").first()
    asked = [
        services.raise_general_query(
            **of, text="Is the identification log of the site complete for this participant?", by=monitor
        )
    ]
    if seen is not None:
        seen.participant = participant
        asked.append(
            services.raise_general_query(
                **of,
                visit=seen,
                text="The source names another day for this visit. Which is right?",
                assignee=str(Assignee(user_id=place.coordinator.pk)),
                by=monitor,
            )
        )
    asked += _ask_about_record(participant, monitor, at)
    for waiting in ExpectedForm.objects.filter(participant=participant).unfilled()[:1]:
        for missing in places_of([f"expected:{key_of('expected', waiting.pk)}"], by=manager):
            words: dict[str, Any] = {"text": "This form is expected and is not there. When will it follow?"}
            asked.append(services.raise_query(record_key=missing.record_key(), **words, by=manager, at=at))
    return asked


def _ask_about_record(participant: Participant, monitor: User, at: datetime) -> list[Query]:
    """Ask about an answer, about a row and about the whole of a complete record that has rows."""
    records = Record.objects.filter(participant=participant, state__in=COMPLETED).select_related("visit")
    for record in records.order_by("pk"):
        record.participant = participant
        form = catalogue.form(record.form_code)
        place = key_of_record(form, record)
        stored = find_stored_record(place)
        rows = (
            [f"{name}.{row.position}" for name in form.groups for row in stored.standing(name)]
            if stored
            else []
        )
        if rows:
            by: dict[str, Any] = {"record_key": place, "by": monitor, "at": at}
            return [
                services.raise_query(
                    target=_first_question(form),
                    text="The source says otherwise. Compare, and correct or confirm.",
                    assignee="role:investigator",
                    **by,
                ),
                services.raise_query(
                    target=rows[0], text="This row is not in the source. Where does it come from?", **by
                ),
                services.raise_query(
                    text="The copy of the report is hard to read. Attach a better one.", **by
                ),
            ]
    return []


def _first_question(form: FormDeclaration) -> str:
    return next(name for name, question in form.questions.items() if not question.derived)


def _settle(place: SiteWithPeople, asked: list[Query], monitor: User, at: datetime) -> None:
    for count, query in enumerate(asked, start=1):
        if count % ANSWERED_EVERY == 0:
            services.answer_query(query=query, text="Checked with the source.", by=place.coordinator, at=at)
        elif count % CLOSED_EVERY == 0:
            services.close_query(query=query, text="Settled at the monitoring visit.", by=monitor, at=at)


def _review_a_check(stage: Stage, at: datetime) -> None:
    """Confirmations of the check that asks most are looked at."""
    with transaction.atomic():
        rows = Query.objects.filter(state=QueryState.OPEN).exclude(key="")
        keys = ("form_code", "kind", "check_code", "key")
        fired = Counter(
            (form, check_of(kind, code, key)) for form, kind, code, key in rows.values_list(*keys)
        )
        for (form, check), _number in fired.most_common():
            if may_be_marked(form, check):
                mark_check(
                    form=form,
                    check=check,
                    kind=MarkKind.REVIEWED,
                    reason="Confirmed often; the reasons are looked at for a while.",
                    plan_version="1.1",
                    by=stage.central["data"],
                    at=at,
                )
                return


def _confirm_one(place: SiteWithPeople, at: datetime) -> None:
    with transaction.atomic():
        waiting = Query.objects.filter(site=place.site, state=QueryState.OPEN, opened_at__lt=at)
        asked = (
            waiting.exclude(key="").select_related("participant__site").order_by("opened_at", "pk").first()
        )
        if asked is not None:
            services.confirm_answer(query=asked, reason="Seen so at the source.", by=place.coordinator, at=at)
