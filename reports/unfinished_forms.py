"""Forms of visits that took place and are empty or half filled, the oldest visit first (protocol 2.2, 2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import ngettext

from crf import catalogue
from crf.engine.base import COMPLETED
from crf.engine.declaration import FormDeclaration, Repeats
from crf.links import form_url
from crf.models import Record, RecordState
from crf.store.records import NEW
from followup.history import text_for, whole_number
from followup.models import Visit, VisitState
from followup.wording import visit_name
from trials.models import Milestone


@dataclass(frozen=True)
class UnfinishedForm:
    """One form that a visit owes: how far it has come, for how many days, and where it is filled."""

    code: str
    title: str
    href: str
    state: str


@dataclass(frozen=True)
class UnfinishedVisit:
    """A visit that took place, with the forms that are not complete."""

    visit: Visit
    name: str
    days: int
    is_late: bool
    forms: tuple[UnfinishedForm, ...]

    @property
    def since(self) -> str:
        """Return how long ago the visit took place."""
        return ngettext("%(days)s day ago", "%(days)s days ago", self.days) % {"days": self.days}


def owing(visits: QuerySet[Visit], *, form: str = "") -> QuerySet[Visit]:
    """Narrow to the visits that took place and owe a form, or this form, the oldest first."""
    owed = [each for each in _owed_forms() if not form or each.code == form]
    owes = Q(pk__in=())
    for each in owed:
        owes |= Q(forms__contains=[each.code]) & _owes(each)
    return visits.filter(owes, state=VisitState.DONE).order_by("took_place_on", "pk")


def _owed_forms() -> list[FormDeclaration]:
    """Return the forms of which a visit owes a record of its own, and the logs of which it owes the first."""
    forms = catalogue.forms().values()
    return [form for form in forms if form.repeats is Repeats.PER_VISIT or form.due_at_visits]


def _owes(form: FormDeclaration) -> Q:
    finished = Record.objects.filter(form_code=form.code, state__in=COMPLETED)
    if form.repeats is Repeats.PER_VISIT:
        return Q(~Exists(finished.filter(visit=OuterRef("pk"))))
    none = Q(~Exists(finished.filter(participant=OuterRef("participant"))))
    if not form.due_after:
        return none
    standing = Milestone.objects.filter(code=form.due_after, on__isnull=False)
    return none & Q(Exists(standing.filter(participant=OuterRef("participant"))))


def lines_of(visits: Iterable[Visit], *, today: date, form: str = "") -> list[UnfinishedVisit]:
    """Return the visits of a page with the forms that each owes, in two questions."""
    shown = list(visits)
    people = {visit.participant_id for visit in shown}
    rows = Record.objects.filter(participant__in=people).values_list(
        "participant_id", "visit_id", "form_code", "state"
    )
    states: dict[tuple[str, int], str] = {}
    for participant_id, visit_id, code, state in rows:
        key = (code, -participant_id if visit_id is None else visit_id)
        states[key] = state if state in COMPLETED else states.get(key, state)
    reached = set(
        Milestone.objects.filter(participant__in=people, on__isnull=False).values_list(
            "participant_id", "code"
        )
    )
    return [_line(visit, states, reached, today, form) for visit in shown]


def _line(
    visit: Visit, states: dict[tuple[str, int], str], reached: set[tuple[int, str]], today: date, wanted: str
) -> UnfinishedVisit:
    text, days = text_for(visit.participant), (today - (visit.took_place_on or today)).days
    forms = []
    for form in _owed_forms():
        of_visit = form.repeats is Repeats.PER_VISIT
        state = states.get((form.code, visit.pk if of_visit else -visit.participant_id), RecordState.EMPTY)
        waits = form.due_after and (visit.participant_id, form.due_after) not in reached
        if form.code not in visit.forms or state in COMPLETED or waits or wanted not in ("", form.code):
            continue
        href = form_url(
            visit.participant.number,
            form.code,
            visit_id=visit.pk if of_visit else None,
            sequence=1 if of_visit else NEW,
        )
        forms.append(UnfinishedForm(form.code, str(form.title), href, str(state)))
    late = days > whole_number(text, "form_escalates_days")
    return UnfinishedVisit(visit, visit_name(text, visit), days, late, tuple(forms))


def codes() -> list[tuple[str, str]]:
    """Return the forms by which the page is narrowed."""
    return [(form.code, str(form.title)) for form in _owed_forms()]
