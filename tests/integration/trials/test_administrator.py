"""`manage.py create_administrator`: the first person of an installation comes in by a one-time link."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.clock import Clock
from tests.world import NOW, OPENED_ON

pytestmark = pytest.mark.django_db
NEW = {"new": "granite-orchard-seven-9", "again": "granite-orchard-seven-9"}


@pytest.fixture(autouse=True)
def everything() -> Any:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def run(username: str, **said: Any) -> str:
    """Return the path of the link that the command printed."""
    day, out = OPENED_ON.isoformat(), io.StringIO()
    words = {"display_name": username.title(), "email": f"{username}@example.org", **said}
    call_command(
        "create_administrator", username, trained_on=day, identity_checked_on=day, stdout=out, **words
    )
    address = out.getvalue().split()[-1]
    return "/" + address.split("/", 3)[3]


def test_the_link_sets_one_password_and_the_second_factor_comes_first() -> None:
    link, client = run("first_one"), Client()
    assert not User.objects.get(username="first_one").has_usable_password()
    assert client.get(link).status_code == 200
    assert "differ" in client.post(link, NEW | {"again": "another-orchard-of-9"}).text
    assert client.post(link, NEW).headers["Location"] == "/accounts/sign-in/"
    assert Client().post(link, NEW | {"new": "x" * 20, "again": "x" * 20}).status_code == 410
    assert User.objects.get(username="first_one").check_password(NEW["new"])
    signed_in = client.post("/accounts/sign-in/", {"username": "first_one", "password": NEW["new"]})
    assert signed_in.status_code == 302
    assert client.get("/work-list/").headers["Location"] == "/accounts/second-factor/"


def test_it_is_an_act_and_is_refused_while_there_is_a_trial_manager() -> None:
    link = run("first_one")
    made = Act.objects.get(verb="trials:administrator:create")
    assert set(Act.objects.filter(parent=made).values_list("verb", flat=True)) == {
        "accounts:person:create",
        "trials:delegation:grant",
    }
    with pytest.raises(CommandError, match="first_one"):
        run("second_one")
    again = run("first_one")  # the link was lost before it was used
    Client().post(again, NEW)
    assert Client().get(link).status_code == 410
    with pytest.raises(CommandError, match="create_trial_manager"):
        run("first_one")
    assert not User.objects.filter(username="second_one").exists()


def test_a_link_that_is_old_or_cut_opens_nothing(clock: Clock) -> None:
    link = run("first_one")
    assert Client().get(link[:-2]).status_code == 410
    assert Client().get("/accounts/first-password/").status_code == 410
    assert Client().get(link).status_code == 200
    clock.go(NOW + timedelta(hours=25))
    assert Client().get(link).status_code == 410


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(CommandError, match="E-mail"):
        run("first_one", email="nowhere")
    assert not User.objects.exists()
