"""The endpoints under /api/v1/."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.evaluation import Evaluation
from crf.engine.submission import NO_ROWS, parse
from crf.page.findings import findings_for
from crf.queries.sparing import listed_without_the_arm, reads_arm_of_many
from crf.records.refusals import AnswersImpossible, AnswersUnreadable, ReasonNeeded, RowsLeftOut
from crf.records.save import save_answers
from crf.records.visit_changes import VisitsWouldChange
from crf.store.records import (
    NEW,
    RecordKey,
    StoredRecord,
    find_stored_record,
    form_begun,
    form_named,
    record_key_of,
)
from crf.store.versions import answers_at
from exports.api import shapes
from exports.api.bodies import AnswersLeftOut, body_of, members_of, text_in
from exports.api.components import record_of_any_form
from exports.api.described import TEXT, DescribedAnswer, array_of, members, named, page_of
from exports.api.endpoint import endpoint
from exports.api.pages import paged, paged_changes
from exports.api.parameters import (
    AS_OF,
    CHANGED_SINCE,
    CHECK,
    FINDING_STATE,
    FORM,
    PAGE,
    PARTICIPANT,
    PARTICIPANT_STATE,
    PURPOSE,
    SEQUENCE,
    SITE,
    VISIT,
    VISIT_STATE,
)
from exports.api.past import begun_by, was_stored
from exports.api.requests import CallerRequest
from exports.services import record_reading
from exports.typed import REPLACED, SENT, as_typed, errors_of, misfits, patched, seen_plan_in, unsent
from followup.models import Visit
from kernel.errors import Refusal
from kernel.punctuation import listed, listed_apart
from kernel.reading import UnreadableError, moment, whole
from kernel.row_keys import row_of
from trials.models import Participant, Site
from trials.services import register_participant


class ThenOrSince(Refusal):
    code = "exports.then_or_since"
    message = _("“as_of” says how things stood, “changed_since” what changed up to now. Send one of them.")
    status = 400


PARTICIPANTS, RECORDS = "participants", "records"


@extend_schema(summary="Participants of the sites you may see; register one")
@endpoint(
    {"GET": Permission.PARTICIPANT_VIEW, "POST": Permission.PARTICIPANT_REGISTER},
    tag=PARTICIPANTS,
    answers={
        "GET": DescribedAnswer(page_of(named("Participant"), changed_until=TEXT)),
        "POST": DescribedAnswer(named("Participant"), status=201, body=members({"site": TEXT})),
    },
    parameters={"GET": (SITE, PARTICIPANT_STATE, CHANGED_SINCE, *PAGE)},
)
def participants(request: CallerRequest) -> Response:
    """List participants, or register a new one at ``{"site": "01"}``."""
    if request.method == "POST":
        sites = Site.objects.open_to(request.user, Permission.PARTICIPANT_REGISTER)
        code = text_in(members_of(request, "site").get("site", ""), "site")
        made = register_participant(
            site=get_object_or_404(sites, code=code), by=request.user, at=timezone.now()
        )
        return Response(shapes.participant(made, request.user), status=201)
    rows = Participant.objects.open_to(request.user, Permission.PARTICIPANT_VIEW).select_related("site")
    chosen = rows.filter(**_wanted(request, site="site__code", state="state"))
    return paged_changes(
        chosen, request, lambda page: [shapes.listed_participant(row, request.user) for row in page]
    )


def _wanted(request: CallerRequest, **columns: str) -> dict[str, str]:
    """Return the values of the parameters that were given, by the columns that they narrow."""
    return {column: request.GET[name] for name, column in columns.items() if name in request.GET}


@extend_schema(summary="One participant")
@endpoint(
    {"GET": Permission.PARTICIPANT_VIEW},
    tag=PARTICIPANTS,
    answers={"GET": DescribedAnswer(named("Participant"))},
)
def participant(request: CallerRequest, number: str) -> Response:
    """Show one participant."""
    participant = _participant(request, number, Permission.PARTICIPANT_VIEW)
    return Response(shapes.participant(participant, request.user))


def _participant(request: CallerRequest, number: str, permission: Permission) -> Participant:
    rows = Participant.objects.open_to(request.user, permission).select_related("site")
    participant: Participant = get_object_or_404(rows, number=number)
    return participant


@extend_schema(summary="Visits")
@endpoint(
    {"GET": Permission.VISIT_VIEW},
    tag="visits",
    answers={"GET": DescribedAnswer(page_of(named("Visit"), changed_until=TEXT))},
    parameters={"GET": (PARTICIPANT, VISIT_STATE, CHANGED_SINCE, *PAGE)},
)
def visits(request: CallerRequest) -> Response:
    """List visits with their windows."""
    rows = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).select_related("participant")
    chosen = rows.filter(**_wanted(request, participant="participant__number", state="state"))
    return paged_changes(chosen, request, lambda page: [shapes.visit(row) for row in page])


@extend_schema(summary="What checks of level listing found")
@endpoint(
    {"GET": Permission.FINDING_VIEW},
    tag="cleaning",
    answers={"GET": DescribedAnswer(page_of(named("Finding")))},
    parameters={"GET": (SITE, PARTICIPANT, FORM, CHECK, FINDING_STATE, *PAGE)},
)
def findings(request: CallerRequest) -> Response:
    """List what nobody is asked about and data management reviews; all stored data are judged again every night."""
    chosen = {name: request.GET.get(name, "") for name in ("site", "participant", "form", "check", "state")}
    rows = findings_for(request.user, chosen)
    return paged(rows, request, lambda page: [shapes.finding(row, request.user) for row in page])


@extend_schema(summary="Answers of one form")
@endpoint(
    {"GET": Permission.CRF_VIEW},
    tag=RECORDS,
    answers={"GET": DescribedAnswer(page_of(record_of_any_form("Record"), changed_until=TEXT))},
    parameters={"GET": (PARTICIPANT, PURPOSE, CHANGED_SINCE, AS_OF, *PAGE)},
)
def answers(request: CallerRequest, code: str) -> Response:
    """List the records of one form, as an export would: without answers that could say who somebody is.

    Reading many participants asks for ``purpose`` and is an act on record; with ``participant`` it asks for none.
    With ``changed_since`` a record that changed since is given whole, with the rows that were removed from it: those
    say ``"removed": true`` and nothing else. ``as_of`` gives what was stored by a moment, as it stood then.
    """
    form, at = form_named(code), _as_of(request)
    rows = form.model.objects.open_to(request.user, Permission.CRF_VIEW).select_related(
        "participant", "visit"
    )
    told_by = Permission.ALLOCATION_VIEW
    if "participant" not in request.GET:
        told_by = Permission.ALLOCATION_LIST
        record_reading(form=form, purpose=request.GET.get("purpose", ""), by=request.user, at=timezone.now())
    chosen = rows.filter(**_wanted(request, participant="participant__number"))
    tells = reads_arm_of_many(request.user, Permission.CRF_VIEW, told_by)
    told = form if tells else listed_without_the_arm(form)
    spared = (lambda page: page) if tells else shapes.without_names_of_arms
    removed = CHANGED_SINCE.name in request.GET
    if at and removed:
        raise ThenOrSince
    return paged_changes(
        begun_by(chosen, at) if at else chosen,
        request,
        lambda page: spared(shapes.records(told, page, identifying=False, removed=removed, at=at)),
        versions="record_events",
    )


def _as_of(request: CallerRequest) -> datetime | None:
    """Return the moment of which the caller asks what stood then; its form was looked at."""
    return moment(request.GET[AS_OF.name]) if AS_OF.name in request.GET else None


@extend_schema(summary="One record of a participant; save it")
@endpoint(
    {"GET": Permission.CRF_VIEW, "PUT": Permission.CRF_EDIT, "PATCH": Permission.CRF_EDIT},
    tag=RECORDS,
    answers={
        "GET": DescribedAnswer({"anyOf": [*record_of_any_form("Record")["anyOf"], named("EmptyRecord")]}),
        **dict.fromkeys(
            ("PUT", "PATCH"), DescribedAnswer(named("Saved"), body=record_of_any_form("RecordBody"))
        ),
    },
    parameters={"GET": (VISIT, SEQUENCE, AS_OF), **dict.fromkeys(("PUT", "PATCH"), (VISIT, SEQUENCE))},
)
def record(request: CallerRequest, number: str, code: str) -> Response:
    """Show the record, or save it under the rules of the page.

    ``{"version", "answers", "missing", "groups", "reason", "reasons", "confirmations", "prompts", "seen_plan"}``.
    ``prompts`` are what was shown while typing: ``[{"key", "name", "value", "message"}]``. The answer says in
    ``moved`` which planned visits changed. Send ``"seen_plan": ""`` to be asked first: the save is then refused
    with those visits and with the ``seen_plan`` to send once somebody has read them. Rows on record that another
    answer no longer asks for go only with ``"leave_out": true``: the save is refused and names their tables else.

    PATCH changes what is sent and leaves everything else as it is. PUT states the whole record: when it says nothing
    of an answer or a row on record it is refused (422) and names them, unless ``"replace": true`` says that they
    are to go; ``null`` empties one answer, ``"remove": true`` removes one row. A row is known by its ``row_id``, or
    by its ``position``; a row that is not on record is new and gets the next position. Send a UUID of your own
    as ``row_id`` of a new row, and it keeps it.
    """
    permission = Permission.CRF_VIEW if request.method in ("GET", "HEAD", "OPTIONS") else Permission.CRF_EDIT
    place = _place(request, _participant(request, number, permission), code)
    if request.method in ("PUT", "PATCH"):
        return _save(request, place)
    sheet, at = find_stored_record(place), _as_of(request)
    if sheet is None or (at and not was_stored(sheet.record, at)):
        return Response(
            {"participant": number, "form": code, "state": "empty", "version": NEW, "answers": {}}
        )
    may_identify = request.user.may(Permission.IDENTIFYING_VIEW, place.participant.site_id)
    (shown,) = shapes.records(place.form, [sheet.record], identifying=may_identify, at=at)
    return Response(shown)


def _place(request: CallerRequest, participant: Participant, code: str) -> RecordKey:
    visit = None
    if key := request.GET.get("visit"):
        visits_of = Visit.objects.open_to(request.user, Permission.VISIT_VIEW).filter(participant=participant)
        visit = get_object_or_404(visits_of, pk=row_of("visit", key))
    sequence = _number(request.GET.get("sequence", "1"))
    return record_key_of(participant=participant, form=code, visit=visit, sequence=sequence)


def _number(text: str) -> int:
    """Return the number in an address; what is none, or larger than any, names nothing."""
    try:
        number = whole(text)
    except UnreadableError:
        raise Http404 from None
    if number < 0:
        raise Http404
    return number


def _seen(place: RecordKey, stored: StoredRecord | None, body: Mapping[str, Any]) -> Evaluation | None:
    """Return the answers in the version that the caller saw, on which the body rests also when it is sent again."""
    version = body.get("version")
    if stored is None or stored.record.version == version or not isinstance(version, int):
        return stored.outcome(place.form) if stored else None
    return answers_at(place.form, stored.record, version)


def _save(request: CallerRequest, place: RecordKey) -> Response:
    body = body_of(request)
    if strange := misfits(place.form, body, parts=SENT if request.method == "PATCH" else REPLACED):
        return _refused(strange)
    zone, stored = place.participant.site.time_zone, find_stored_record(place)
    form = form_begun(place, (stored.record if stored else place.participant).protocol_version)
    seen = _seen(place, stored, body)
    data = as_typed(body) if request.method == "PUT" else patched(form, seen, body, zone=zone)
    if request.method == "PUT" and seen and not body.get("replace") and (left := unsent(form, seen, body)):
        refused = AnswersLeftOut(record=place.label, names=listed(left))
        return _refused(dict.fromkeys(left, str(refused)), refused)
    typed = parse(form, data, zone=zone, saved=stored.saved_rows if stored else NO_ROWS)
    try:
        saved = save_answers(
            record_key=place,
            answers=typed.answers(),
            version=typed.version or NEW,
            key=request.headers.get("Idempotency-Key", ""),
            seen_plan=seen_plan_in(body),
            by=request.user,
            at=timezone.now(),
        )
    except RowsLeftOut as refusal:
        return _refused(dict.fromkeys(refusal.groups, str(refusal)), refusal)
    except (AnswersUnreadable, AnswersImpossible, ReasonNeeded) as refusal:
        return _refused(errors_of(refusal, form, typed, zone=zone), refusal)
    except VisitsWouldChange as refusal:
        return Response(shapes.plan(refusal), status=refusal.status)
    return Response(shapes.saved(saved))


def _refused(errors: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    """Answer with a sentence at each answer that cannot be taken; no answer is kept."""
    detail = str(refusal) if refusal else listed_apart(errors.values())
    code = {"code": refusal.code} if refusal else {}
    return Response({"detail": detail, **code, "errors": errors}, status=422)


@extend_schema(summary="The codebook of every form")
@endpoint(
    {"GET": Permission.PROTOCOL_VIEW},
    tag="codebook",
    answers={"GET": DescribedAnswer(array_of(named("Form")))},
)
def codebook(request: CallerRequest) -> Response:
    """Show every form with its variables."""
    return Response([shapes.form(declared) for declared in catalogue.forms().values()])
