"""The guided tour of each role: steps that are ticked once the learner has done them, as the trail shows (ADR 57)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import ROLE_LABELS, Role
from audit.models import Act
from crf.engine.base import COMPLETED, Record
from demo.practice.services import PASSWORD

SESSION_KEY: Final = "tour"


@dataclass(frozen=True)
class TourStep:
    """One step: what to do, on which page it begins, and the acts that show that it was done.

    With ``form``, a record of the form is complete for a participant whose consent the learner has recorded.
    """

    text: str | Promise
    page: str
    verbs: frozenset[str]
    form: str = ""


def _step(text: str | Promise, page: str, *verbs: str, form: str = "") -> TourStep:
    return TourStep(text, page, frozenset(verbs), form)


_ASK: Final = _step(
    _("Raise a query about an answer that you doubt: open a form and press “Raise a query”."),
    "participant",
    "crf:query:raise",
)
TOURS: Final[Mapping[Role, tuple[TourStep, ...]]] = {
    Role.COORDINATOR: (
        _step(_("Register a participant."), "trials:register", "trials:participant:register"),
        _step(_("Record the consent of your participant."), "reports:participants", "trials:consent:record"),
        _step(
            _("Fill in the form DM (demographics) of your participant until it is complete."),
            "reports:participants",
            form="DM",
        ),
        _step(
            _("Record a visit that took place, of the participant prepared for you."),
            "participant",
            "followup:visit:record",
        ),
        _step(_("Answer a query."), "crf:queries", "crf:query:answer", "crf:query:confirm"),
    ),
    Role.INVESTIGATOR: (
        _step(
            _("Read the evidence about the participant prepared for you; decide on eligibility and sign."),
            "participant",
            "trials:eligibility:decide",
        ),
        _step(
            _("Randomize the participant. The arm comes from the list of practice, never from the trial's."),
            "participant",
            "randomization:slot:take",
        ),
        _step(_("Sign a form."), "crf:to-sign", "crf:record:sign", "crf:records:sign"),
    ),
    Role.DATA_MANAGER: (
        _ASK,
        _step(_("Read the answer to a query, and close the query."), "crf:queries", "crf:query:close"),
    ),
    Role.MONITOR: (
        _step(
            _(
                "Verify the answers of a form against source: open a form of the participant prepared for you."
            ),
            "participant",
            "crf:fields:verify",
            "crf:fields:verify_several",
        ),
        _ASK,
    ),
    Role.STATISTICIAN: (
        _step(
            _("Open the balance of the list of practice. Whoever looks is recorded."),
            "randomization:schemes",
            "randomization:list:look",
        ),
        _step(
            _(
                "Define a scheme under a name of your own, and ask for its list. A second person would activate it."
            ),
            "randomization:define",
            "randomization:scheme:define",
        ),
        _step(
            _("Take back the list that you asked for: the draft goes with it."),
            "randomization:schemes",
            "randomization:list:reject",
        ),
        _step(
            _("Decide on the deviation prepared for you: its importance, and the per-protocol set."),
            "crf:deviations",
            "crf:deviation:decide",
        ),
    ),
}


def done_steps(user: User, role: Role) -> list[bool]:
    """Say of each step of the tour whether the person has done it, by the acts that they have done themselves."""
    steps = TOURS[role]
    asked = {verb for step in steps for verb in step.verbs} | {"trials:consent:record"}
    with transaction.atomic():
        rows = list(Act.objects.filter(by=user, verb__in=asked).values_list("verb", "participant_id"))
        mine = {participant for verb, participant in rows if verb == "trials:consent:record"}
        complete = Record.objects.filter(participant__in=mine, state__in=COMPLETED)
        forms = (
            set(complete.values_list("form_code", flat=True)) if any(step.form for step in steps) else set()
        )
    verbs = {verb for verb, _participant in rows}
    return [step.form in forms if step.form else not step.verbs.isdisjoint(verbs) for step in steps]


def tour(request: HttpRequest) -> dict[str, Any]:
    """Give every template of practice the tour of who is signed in."""
    said = request.session.get(SESSION_KEY) if getattr(request, "session", None) else None
    if not said or not request.user.is_authenticated:
        return {}
    role = Role(said["role"])
    done = done_steps(request.user, role)
    shown = [
        {"text": step.text, "href": _address(step.page, said["numbers"]), "done": is_done}
        for step, is_done in zip(TOURS[role], done, strict=True)
    ]
    numbers = [
        {"number": number, "href": reverse("participant", args=[number])} for number in said["numbers"]
    ]
    return {
        "tour": {
            "role": ROLE_LABELS[role],
            "steps": shown,
            "done": sum(done),
            "passed": all(done),
            "next": next((step for step in shown if not step["done"]), None),
            "participants": numbers,
            "password": PASSWORD,
        }
    }


def _address(page: str, numbers: list[str]) -> str:
    """Return the page of a step; the prepared participant's own where the step is about them."""
    if page != "participant":
        return reverse(page)
    return reverse(page, args=numbers[:1]) if numbers else reverse("reports:participants")
