"""What stands in the casebook of one participant, in the order of the schedule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from audit.models import Act
from crf import catalogue
from crf.attachments.content import attachments_open_to
from crf.engine.declaration import Repeats
from crf.models import Attachment, NothingNew, Query, Record
from crf.store.context import FormContext
from exports.casebook.records import PrintedQuery, PrintedRecord, printed_query, printed_record
from followup.history import text_for
from followup.models import Visit
from followup.version_history import FollowedVersion, versions_followed
from followup.wording import in_language, milestone_name, visit_name
from protocol.text import digest_of
from randomization.models import Allocation
from reports.acts import acts_about, in_words
from trials.models import Consent, EligibilityDecision, Milestone, Participant


@dataclass(frozen=True)
class Chapter:
    """The records of one visit, or those that belong to none."""

    title: str
    records: tuple[PrintedRecord, ...]


@dataclass(frozen=True)
class PlannedForms:
    """One visit of the schedule with the forms that it asks for."""

    visit: Visit
    name: str


@dataclass(frozen=True)
class NothingNewSaid:
    """What somebody said at a visit: that a log has nothing new."""

    visit: Visit
    log: str
    act: Act


@dataclass(frozen=True)
class Casebook:
    """A participant on paper; ``arm`` is empty for who is not shown it."""

    participant: Participant
    arm: str
    allocation: Allocation | None
    versions: list[FollowedVersion]
    consents: list[Consent]
    decisions: list[EligibilityDecision]
    milestones: list[tuple[str, Milestone]]
    schedule: list[PlannedForms]
    nothing_new: list[NothingNewSaid]
    chapters: list[Chapter]
    other_queries: list[PrintedQuery]
    acts: list[tuple[Act, str]]

    @property
    def records(self) -> list[PrintedRecord]:
        return [record for chapter in self.chapters for record in chapter.records]


def casebook_of(participant: Participant, *, user: User | None, at: datetime) -> Casebook:
    """Gather everything about the participant that ``user`` may see, in the language in force; all without one."""
    text = text_for(participant)
    sees_arm = user is None or user.may(Permission.ALLOCATION_VIEW, participant.site_id)
    visits = _in_order(participant)
    milestones = [each for each in Milestone.objects.filter(participant=participant) if each.stands]
    names = {each.code: milestone_name(each) for each in text.milestones}
    queries = _queries(participant)
    acts = acts_about(participant).filter(parent=None).order_by("pk")
    return Casebook(
        participant=participant,
        arm=in_language(text.arm(participant.arm).label) if participant.arm and sees_arm else "",
        allocation=_allocation(participant) if sees_arm else None,
        versions=versions_followed(participant),
        consents=list(
            Consent.objects.filter(participant=participant).select_related("version").order_by("pk")
        ),
        decisions=list(
            EligibilityDecision.objects.filter(participant=participant)
            .select_related("signature")
            .order_by("pk")
        ),
        milestones=[(names.get(each.code, each.code), each) for each in milestones],
        schedule=[PlannedForms(visit, visit_name(text, visit)) for visit in visits],
        nothing_new=_nothing_new(participant),
        chapters=list(_chapters(participant, visits, queries, _files(participant, user), at=at)),
        other_queries=[printed_query(query) for query in queries.get(None, ())],
        acts=[(act, in_words(act.verb)) for act in acts],
    )


def _allocation(participant: Participant) -> Allocation | None:
    rows = Allocation.objects.filter(participant=participant, certificate__isnull=False)
    return rows.select_related("part__scheme", "signature").first()


def _nothing_new(participant: Participant) -> list[NothingNewSaid]:
    """Return what was said of logs, in the order in which it was said; who moved the row since said nothing."""
    versions: Any = NothingNew._meta.get_field("events").related_model
    first = (
        versions.objects.filter(participant=participant)
        .order_by("pgh_obj_id", "pgh_id")
        .distinct("pgh_obj_id")
    )
    rows = versions.objects.filter(pk__in=first.values("pk")).select_related("visit", "act__by")
    return [
        NothingNewSaid(row.visit, str(catalogue.form(row.form_code).title), row.act)
        for row in rows.order_by("act__at", "form_code")
    ]


def _in_order(participant: Participant) -> list[Visit]:
    """Return the visits that are planned or took place, by the day that they have."""
    visits = list(Visit.objects.current().filter(participant=participant))
    for visit in visits:
        visit.participant = participant
    return sorted(visits, key=lambda visit: (_day_of(visit), visit.pk))


def _day_of(visit: Visit) -> date:
    return visit.took_place_on or visit.target or visit.opens or date.max


def _queries(participant: Participant) -> dict[int | None, list[Query]]:
    """Return the queries by record; under None those about a form that is not there."""
    queries: dict[int | None, list[Query]] = defaultdict(list)
    rows = Query.objects.filter(participant=participant).select_related("raised_by", "visit")
    for query in rows.prefetch_related("messages__by").order_by("opened_at", "pk"):
        query.participant = participant
        queries[query.record_id].append(query)
    return queries


def _files(participant: Participant, user: User | None) -> dict[int, list[Attachment]]:
    """Return the files by record that ``user`` may see; the casebook says what they are, and holds none."""
    rows = Attachment.objects.all() if user is None else attachments_open_to(user)
    files: dict[int, list[Attachment]] = defaultdict(list)
    for row in rows.filter(participant=participant).select_related("attached_by", "ended_by").order_by("pk"):
        files[row.record_id].append(row)
    return files


def _chapters(
    participant: Participant,
    visits: list[Visit],
    queries: dict[int | None, list[Query]],
    files: dict[int, list[Attachment]],
    *,
    at: datetime,
) -> Iterator[Chapter]:
    """Yield what stands before randomization, then each visit, then logs and what belongs to no visit."""
    text, around = text_for(participant), FormContext(participant, at=at)
    digests = {each.version: each.digest for each in versions_followed(participant)}
    placed = _placed(participant, visits)
    titles = [("", _("Screening"))]
    titles += [(str(visit.pk), f"{visit} · {visit_name(text, visit)}") for visit in visits]
    titles += [("log", _("Logs, and forms without a visit"))]
    for place, title in titles:
        if records := placed.get(place):
            yield Chapter(
                title,
                tuple(
                    printed_record(
                        record,
                        around=around,
                        queries=queries.get(record.pk, ()),
                        digest=digests.get(record.protocol_version) or digest_of(record.protocol_version),
                        files=files.get(record.pk, ()),
                        at=at,
                    )
                    for record in records
                ),
            )


def _placed(participant: Participant, visits: list[Visit]) -> dict[str, list[Record]]:
    """Return the records by chapter; within one they stand in the order of the catalogue, then by number."""
    order = {code: place for place, code in enumerate(catalogue.forms())}
    shown = {visit.pk for visit in visits}
    placed: dict[str, list[Record]] = defaultdict(list)
    rows = Record.objects.filter(participant=participant, form_code__in=order).select_related("visit")
    for record in sorted(rows, key=lambda row: (order[row.form_code], row.sequence, row.pk)):
        placed[_place_of(record, visits, shown)].append(record)
    return placed


def _place_of(record: Record, visits: list[Visit], shown: set[int]) -> str:
    form = catalogue.form(record.form_code)
    if record.visit_id is not None:
        return str(record.visit_id) if record.visit_id in shown else "log"
    if form.before_randomization and form.repeats is Repeats.PER_PARTICIPANT:
        return ""
    asking = (visit for visit in visits if record.form_code in visit.forms)
    first = None if form.repeats is Repeats.LOG else next(asking, None)
    return "log" if first is None else str(first.pk)
