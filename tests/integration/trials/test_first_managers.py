"""`manage.py create_trial_manager`: a new installation gets the two people who let in everybody else."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.permissions import Role
from accounts.services import create_person
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from tests.world import NOW, OPENED_ON
from trials.models import Delegation

pytestmark = pytest.mark.django_db

FIRST_PASSWORD = "granite-orchard-seven-9"


@pytest.fixture(autouse=True)
def everything() -> Any:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def run(
    monkeypatch: pytest.MonkeyPatch, username: str, *, password: str = FIRST_PASSWORD, **said: Any
) -> str:
    days = {"trained_on": OPENED_ON.isoformat(), "identity_checked_on": OPENED_ON.isoformat()}
    words = {"display_name": username.title(), "email": f"{username}@example.org", **days, **said}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    out = io.StringIO()
    call_command("create_trial_manager", username, password_from_stdin=True, stdout=out, **words)
    return out.getvalue()


def test_point_22_two_trial_managers_begin_and_no_third(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "first_one is a trial manager and changes" in run(monkeypatch, "first_one")
    run(monkeypatch, "second_one")
    with pytest.raises(CommandError, match="has its first trial managers"):
        run(monkeypatch, "third_one")
    roles = Delegation.objects.filter(role=Role.TRIAL_MANAGER, waits_for_confirmation=False)
    assert set(roles.values_list("user__username", flat=True)) == {"first_one", "second_one"}
    assert not User.objects.filter(username="third_one").exists()


def test_point_22_the_same_manager_twice_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "first_one")
    before = User.objects.get(username="first_one")
    assert "Nothing was changed" in run(monkeypatch, "first_one", password="another-orchard-of-9")
    after = User.objects.get(username="first_one")
    assert (after.password, after.session_key) == (before.password, before.session_key)
    assert Delegation.objects.filter(user=after).count() == 1


def test_point_22_the_first_manager_is_on_record_and_changes_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(monkeypatch, "first_one")
    user = User.objects.get(username="first_one")
    assert user.must_change_password
    assert user.check_password(FIRST_PASSWORD)
    made = Act.objects.get(verb="trials:manager:create")
    assert set(Act.objects.filter(parent=made).values_list("verb", flat=True)) == {
        "accounts:person:create",
        "accounts:person:set_password",
        "trials:delegation:grant",
    }


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"password": "short"}, "First password"),
        ({"trained_on": "2099-01-01"}, "has not come yet"),
        ({"email": "nowhere"}, "E-mail"),
        ({"identity_checked_on": "soon"}, "Identity checked on"),
    ],
)
def test_point_22_what_cannot_be_is_refused_and_nothing_stays(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(monkeypatch, "first_one", **said)
    assert not User.objects.exists()
    assert not Act.objects.filter(verb="trials:manager:create").exists()


def test_point_22_a_name_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    create_person(username="somebody", display_name="Somebody", by=None, at=NOW)
    with pytest.raises(CommandError, match="never used again"):
        run(monkeypatch, "somebody")
    assert not Delegation.objects.exists()


def test_a_first_password_is_printed_once_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(monkeypatch, "first_one", print_password=True)
    password = said.strip().rpartition(" ")[2]
    user = User.objects.get(username="first_one")
    assert user.check_password(password)
    assert user.must_change_password
    assert "/accounts/sign-in/" in said
    assert password not in run(monkeypatch, "first_one", print_password=True)
