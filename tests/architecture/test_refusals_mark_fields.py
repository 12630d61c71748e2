"""A refusal that speaks of one answer marks it: the list of refusals is read from the code.

Looked at: every refusal with status 422 (what was sent cannot be taken) of every package with forms.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.series import FIELD as NAME
from kernel.errors import Refusal
from kernel.service_form import Submitting

PACKAGES = (
    "accounts",
    "trials",
    "website",
    "followup",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
)
WHOLE = {
    # said to whoever stands at the server, who has no form
    *("NoSuchManager", "WitnessesUnfit", "ReasonForBreaking"),
    "ReviewAnswerNeeded",
    # several answers together, or none of a form's
    *(
        "DayAhead",
        "SignInRefused",
        "NothingChosen",
        "DesignRefused",
        "NothingWithdrawn",
        "RowsLeftOut",
        "ApprovalWithoutLetter",
    ),
    *(
        "NoValueToConfirm",
        "NotConfirmable",
        "TooManyAtOnce",
        "VersionNotLater",
        "NothingChanged",
        "NoSuchBlock",
    ),
    *("CheckCountsByArm", "FilterUnreadable", "UnreadableFilter", "NoSuchSource"),
    *("TextEmpty", "TextTooLong", "TokensLeft", "VisitNotOpenYet"),
    # a hospital said it, nobody typed it here
    *("HospitalAnswerRefused", "HospitalOpensNothing"),
    # the form pages and the API say it at each answer by their own means
    *("AnswersImpossible", "AnswersUnreadable", "ReasonNeeded", "VisitsWouldChange", "AnswersLeftOut"),
}


def _kinds(kind: Any) -> Iterator[Any]:
    for below in kind.__subclasses__():
        if below.__module__.split(".")[0] in (*PACKAGES, "kernel"):
            yield below
        yield from _kinds(below)


def _loaded(kind: Any) -> list[Any]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages([package], f"{package}."):
            if ".migrations" not in module.name and ".management" not in module.name:
                importlib.import_module(module.name)
    return sorted(set(_kinds(kind)), key=lambda each: (each.__module__, each.__name__))


REFUSALS = _loaded(Refusal)
FORMS = _loaded(Submitting)


@pytest.mark.parametrize(
    "refusal", [each for each in REFUSALS if each.status == 422], ids=lambda each: each.__name__
)
def test_point_23_a_refusal_of_what_was_typed_names_its_field(refusal: type[Refusal]) -> None:
    assert bool(refusal.fields) != (refusal.__name__ in WHOLE), (
        f"{refusal.__name__}: name its field, or list it"
    )


@pytest.mark.parametrize(
    "refusal", [each for each in REFUSALS if each.fields], ids=lambda each: each.__name__
)
def test_point_23_the_field_is_one_of_a_form(refusal: type[Refusal]) -> None:
    names = {name for form in FORMS for name in getattr(form, "base_fields", {})}
    assert set(refusal.fields) <= names | {NAME}


def test_the_lists_are_no_empty_ones() -> None:
    assert len(FORMS) > 50
    assert {each.__name__ for each in REFUSALS} >= WHOLE
