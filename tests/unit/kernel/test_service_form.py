"""A form that is given to one service."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from django import forms

from kernel.errors import Forbidden, Refusal
from kernel.once import FIELD, SentBefore
from kernel.service_form import ServiceForm

KEY = "0123456789abcdef" * 2


class Full(Refusal):
    message = "Site {site} is full. Choose another."


class Plain(ServiceForm):
    is_atomic = False
    reason = forms.CharField(max_length=10)


class Renamed(Plain):
    def arguments(self) -> dict[str, Any]:
        return {"why": self.cleaned_data["reason"]}


def echo(**told: Any) -> dict[str, Any]:
    return told


def refuse(**told: Any) -> None:
    raise Full(site=told["site"])


def test_what_was_typed_and_what_is_fixed_reach_the_service() -> None:
    form = Plain({"reason": "moved"})
    assert form.submits(echo, site="01")
    assert form.result == {"reason": "moved", "site": "01"}


def test_a_form_may_name_its_arguments_otherwise() -> None:
    form = Renamed({"reason": "moved"})
    assert form.submits(echo)
    assert form.result == {"why": "moved"}


@pytest.mark.parametrize(("typed", "status"), [(None, 200), ({"reason": ""}, 422)])
def test_nothing_is_called_for_a_form_that_is_empty_or_wrong(typed: Any, status: int) -> None:
    form = Plain(typed)
    assert not form.submits(refuse, site="01")
    assert (form.status, form.refusal) == (status, None)


def test_a_refusal_stands_above_the_form_and_what_was_typed_stays() -> None:
    form = Plain({"reason": "moved"})
    assert not form.submits(refuse, site="01")
    assert form.non_field_errors() == ["Site 01 is full. Choose another."]
    assert (form.status, form["reason"].value()) == (409, "moved")


def test_the_status_is_that_of_the_refusal() -> None:
    form = Plain({"reason": "moved"})
    form.is_valid()
    form.refuse(Forbidden())
    assert form.status == 403


def test_a_shown_page_has_one_key_and_the_next_page_another() -> None:
    form = Plain()
    assert form.once == form.once != Plain().once


def test_a_page_that_was_sent_before_keeps_its_key() -> None:
    form = Plain({"reason": "moved", FIELD: KEY})
    form.is_valid()
    form.refuse(SentBefore())
    assert form.once == KEY


class Sold(Refusal):
    code = "test.sold"
    message = "{left} are left."


class Taken(Refusal):
    message = "There is a {reason} already."
    fields = ("label", "reason")


def taken(**told: Any) -> None:
    raise Taken(reason=told["reason"])


def test_point_23_a_refusal_marks_the_answer_that_it_speaks_of() -> None:
    form = Plain({"reason": "moved"})
    assert not form.submits(taken)
    assert form.errors == {"reason": ["There is a moved already."]}
    assert form.non_field_errors() == []
    assert form["reason"].value() == "moved"


def test_point_23_a_refusal_of_what_the_form_does_not_ask_stands_above_it() -> None:
    class Other(ServiceForm):
        is_atomic = False
        why = forms.CharField(max_length=10)

        def arguments(self) -> dict[str, Any]:
            return {"reason": self.cleaned_data["why"]}

    form = Other({"why": "moved"})
    assert not form.submits(taken)
    assert form.non_field_errors() == ["There is a moved already."]


def test_a_refusal_from_another_process_says_what_it_said() -> None:
    refusal = pickle.loads(pickle.dumps(Sold(left=3)))  # noqa: S301 (its own words)
    assert (type(refusal), refusal.values, str(refusal)) == (Sold, {"left": 3}, "3 are left.")
