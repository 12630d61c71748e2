"""Everything the participant page shows, gathered in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.models import Act
from crf import catalogue
from crf.deviations.settling import LOG
from crf.engine.base import COMPLETED
from crf.links import form_url, log_url
from crf.page.central_review import ReviewLine, reviews_of
from crf.page.deviations import DeviationLine, deviations_of
from crf.page.safety import ClockLine, lines_of
from crf.safety.clocks import clocks_open_to
from crf.store.records import NEW
from followup.history import text_for
from followup.models import AWAITED, Todo, TodoState, Visit
from followup.services.todos import AFTER_DEATH, END_OF_STUDY
from followup.todo_lines import TodoLine, todo_lines
from followup.wording import in_language, visit_name
from reports.acts import in_words
from reports.course import CourseLine, course_of
from reports.matrix import Cell, Matrix, matrix_of, queries_of
from reports.next_steps import NextBand, next_band
from reports.pathway import Pathway, pathway
from reports.phases import MatrixPhase, phases_of
from trials.models import (
    Consent,
    EligibilityDecision,
    Milestone,
    Participant,
    ScreeningOutcome,
)
from trials.models.participants import Track
from trials.models.sites import TAKES_NOBODY_IN, SiteState

ACTS_SHOWN = 8


@dataclass(frozen=True)
class ScreeningStep:
    """One step on the way to randomization: consent, answers, decision, randomization."""

    label: str | Promise
    state: str
    href: str = ""
    action: str | Promise = ""


@dataclass(frozen=True)
class ParticipantPage:
    """What the page shows of one participant."""

    consents: list[Consent]
    decision: EligibilityDecision | None
    outcome: ScreeningOutcome | None
    path: Pathway | None
    matrix: Matrix
    phases: list[MatrixPhase]
    next: NextBand
    arm: str
    acts: list[tuple[Act, str]]
    deviations: list[DeviationLine]
    reviews: list[ReviewLine]
    clocks: list[ClockLine]
    deviation_log: str
    new_deviation: str
    steps: list[ScreeningStep]
    todos: list[TodoLine]
    course: list[CourseLine]
    unscheduled: str

    @property
    def death_page(self) -> TodoLine | None:
        """Return the to-do of a death that no survival form tells yet."""
        waiting = (
            line for line in self.todos if line.todo.trigger in AFTER_DEATH and line.todo.key != END_OF_STUDY
        )
        return next((line for line in waiting if line.todo.state == TodoState.OPEN), None)


def participant_page_of(
    participant: Participant, *, user: User, today: date, at: datetime
) -> ParticipantPage:
    """Gather the page's content; what the person may not see is not gathered."""
    text = text_for(participant)
    visits = list(Visit.objects.filter(participant=participant))
    for visit in visits:
        visit.participant = participant
    milestones = list(Milestone.objects.filter(participant=participant))
    consents = list(Consent.objects.filter(participant=participant).select_related("version"))
    decision = (
        EligibilityDecision.objects.filter(participant=participant)
        .select_related("signature")
        .order_by("-pk")
        .first()
    )
    names = {visit.pk: visit_name(text, visit) for visit in visits}
    reached = {milestone.code for milestone in milestones if milestone.on}
    queries = queries_of(participant)
    matrix = matrix_of(participant, visits, names, reached=reached, queries=queries, today=today)
    if not user.may(Permission.CRF_VIEW, participant.site_id):
        matrix = matrix.without_links()
    todos = _todos(participant, visits, today) if participant.arm else []
    clocks = _clocks(participant, user, at)
    to_come = _still_to_come(participant, visits, today)
    sees_arm = user.may(Permission.ALLOCATION_VIEW, participant.site_id)
    return ParticipantPage(
        consents=consents,
        decision=decision,
        outcome=_outcome(participant),
        path=pathway(text, milestones, to_come, names, arm=participant.arm, today=today),
        matrix=matrix,
        phases=phases_of(matrix, text, arm=participant.arm, today=today),
        next=next_band(
            participant,
            user=user,
            today=today,
            visits=to_come,
            names=names,
            matrix=matrix,
            todos=todos,
            clocks=clocks,
        ),
        arm=in_language(text.arm(participant.arm).label) if participant.arm and sees_arm else "",
        acts=_acts(participant, user),
        deviations=deviations_of(participant, user, is_logged=LOG in matrix.recorded),
        reviews=reviews_of(participant, user, at=at),
        clocks=clocks,
        deviation_log=log_url(participant.number, LOG),
        new_deviation=_new_deviation(participant, consents, user),
        steps=_steps(participant, consents, decision, matrix, user),
        todos=todos,
        course=course_of(participant, milestones, user, today=today),
        unscheduled=_unscheduled(participant, user),
    )


def _still_to_come(participant: Participant, visits: list[Visit], today: date) -> list[Visit]:
    """Return the visits that the page may look forward to: after an ending no awaited one whose window has passed."""
    if not participant.is_terminal:
        return visits
    return [
        visit for visit in visits if visit.state not in AWAITED or (visit.closes and visit.closes >= today)
    ]


def _unscheduled(participant: Participant, user: User) -> str:
    """Return where a visit is added that the schedule does not ask for, for whoever may."""
    may_add = user.may(Permission.VISIT_RECORD, participant.site_id)
    return reverse("followup:unscheduled", args=[participant.number]) if may_add else ""


def _new_deviation(participant: Participant, consents: list[Consent], user: User) -> str:
    """Return where a deviation is recorded; there is none to record before the consent."""
    may_record = user.may(Permission.DEVIATION_RECORD, participant.site_id)
    return form_url(participant.number, LOG, sequence=NEW) if may_record and consents else ""


def _outcome(participant: Participant) -> ScreeningOutcome | None:
    """Return how screening ended for somebody who was not randomized."""
    return None if participant.arm else ScreeningOutcome.objects.filter(participant=participant).first()


def _todos(participant: Participant, visits: list[Visit], today: date) -> list[TodoLine]:
    by_pk = {visit.pk: visit for visit in visits}
    todos = list(Todo.objects.filter(participant=participant).order_by("closed_on", "due_on", "pk"))
    for todo in todos:
        todo.participant, todo.visit = participant, by_pk.get(todo.visit_id)
    return todo_lines(todos, today=today)


def _clocks(participant: Participant, user: User, at: datetime) -> list[ClockLine]:
    if not user.may(Permission.SAFETY_VIEW, participant.site_id):
        return []
    return lines_of(clocks_open_to(user).filter(participant=participant, ended_at=None), user=user, at=at)


def _acts(participant: Participant, user: User) -> list[tuple[Act, str]]:
    if not user.may(Permission.AUDIT_VIEW, participant.site_id):
        return []
    rows = Act.objects.filter(participant_id=participant.pk, parent=None).select_related("by").order_by("-pk")
    return [(act, in_words(act.verb)) for act in rows[:ACTS_SHOWN]]


def _steps(
    participant: Participant,
    consents: list[Consent],
    decision: EligibilityDecision | None,
    matrix: Matrix,
    user: User,
) -> list[ScreeningStep]:
    """Return the way to randomization; none once it is behind the participant."""
    if participant.state != Track.SCREENED or participant.site.state in TAKES_NOBODY_IN:
        return []
    number = participant.number
    answered = _screening_is_answered(matrix)
    live = decision if decision is not None and decision.lapsed_at is None else None
    done = [bool(consents), answered, live is not None]
    states = _states_of(done)
    may_decide = user.may(Permission.ELIGIBILITY_VIEW, participant.site_id)
    recruits = participant.site.state == SiteState.ACTIVE
    may_randomize = recruits and user.may(Permission.ALLOCATION_REQUEST, participant.site_id)
    may_consent = recruits and user.may(Permission.CONSENT_RECORD, participant.site_id)
    return [
        ScreeningStep(
            _("Consent"),
            states[0],
            reverse("trials:consent", args=[number]) if may_consent and not consents else "",
            _("Record the consent"),
        ),
        ScreeningStep(
            _("Screening answers"),
            states[1],
            _first_unanswered(matrix) if consents and not answered else "",
            _("Answer the screening forms"),
        ),
        ScreeningStep(
            _("Decision on eligibility"),
            "stopped" if live is not None and not live.eligible else states[2],
            reverse("crf:eligibility", args=[number]) if may_decide and consents else "",
            _("Evidence and decision"),
        ),
        ScreeningStep(
            _("Randomization"),
            states[3],
            reverse("randomization:randomize", args=[number])
            if may_randomize and live is not None and live.eligible
            else "",
            _("Randomize"),
        ),
    ]


def _states_of(done: list[bool]) -> list[str]:
    """Return done, next or later for each step: the first that is open comes next."""
    states = ["done" if is_done else "later" for is_done in done] + ["later"]
    states[states.index("later")] = "next"
    return states


def _screening_cells(matrix: Matrix) -> dict[str, Cell]:
    cells = [cell for row in matrix.rows for cell in row.cells if cell is not None]
    cells += [cell for _form, cell in matrix.alone]
    return {cell.code: cell for cell in cells if cell.code in catalogue.screening_forms()}


def _screening_is_answered(matrix: Matrix) -> bool:
    cells = _screening_cells(matrix)
    return bool(cells) and all(cell.state in COMPLETED for cell in cells.values())


def _first_unanswered(matrix: Matrix) -> str:
    """Return the address of the first screening form that is not complete, in the order of the catalogue."""
    cells = _screening_cells(matrix)
    addresses = (
        cells[code].href for code in catalogue.forms() if code in cells and cells[code].state not in COMPLETED
    )
    return next((address for address in addresses if address), "")
