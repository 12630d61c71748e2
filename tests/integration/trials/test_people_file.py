"""People of a file are shown line by line, then made and invited; the same file a second time does nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Mail, User
from tests.world import World
from trials.models import Delegation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everything")]
HEAD = "user_name,name,e_mail,language,role,site,from,until,trained_on,training_document"
PROOF = "2026-11-02,GCP certificate"
LINES = (
    f"li.an,Li An,li.an@example.org,zh-hans,coordinator,01,2026-11-20,,{PROOF}",
    f"chen.bo,Chen Bo,chen.bo@example.org,,monitor,,2026-11-20,2027-11-19,{PROOF}",
    f"chen.bo,Chen Bo,chen.bo@example.org,,coordinator,01,2026-11-20,,{PROOF}",
    f"Bad Name,Nobody,nowhere,,cook,77,soon,,{PROOF}",
    "sun.ya,Sun Ya,sun.ya@example.org,,coordinator,01,2026-11-20,,,",
    f"he.yi,He Yi,he.yi@example.org,,investigator,,2026-11-20,,{PROOF}",
)


def sent(client: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("people.csv", content, "text/csv")
    return client.post(reverse("trials:people-file"), {"file": file})


@pytest.fixture
def client(world: World) -> Client:
    browser = Client()
    browser.force_login(world.trial_manager)
    return browser


def test_point_9_people_of_a_file_are_shown_then_made_and_invited_once(world: World, client: Client) -> None:
    content = "\ufeff" + "\r\n".join((HEAD, *LINES))
    people = User.objects.count()
    shown = sent(client, content.encode())
    assert shown.status_code == 200
    outcome = shown.context["outcome"]
    assert [each.outcome for each in outcome.lines] == [
        "new",
        "new",
        "refused",
        "refused",
        "refused",
        "refused",
    ]
    why = [each.why for each in outcome.lines]
    assert "Monitor" in why[2], "a role beside one that checks it"
    assert all(part in why[3] for part in ("user_name", "e_mail", "role", "from", "77"))
    assert "sun.ya" in why[4], "no training on record"
    assert all(typed in shown.text for typed in ("Bad Name", "nowhere", "cook")), "as it was typed"
    assert (User.objects.count(), Mail.objects.count()) == (people, 0), (
        "nothing is saved before it is confirmed"
    )
    # what is confirmed is what was shown
    again = {"content": shown.context["content"], "seen": "0" * 64}
    assert client.post(reverse("trials:people-file"), again).status_code == 409
    assert User.objects.count() == people
    assert client.post(reverse("trials:people-file"), again | {"seen": outcome.digest}).status_code == 302
    assert User.objects.count() == people + 2
    made = Delegation.objects.filter(user__username__in=("li.an", "chen.bo"))
    assert {(each.user.username, each.role, each.waits_for_confirmation) for each in made} == {
        ("li.an", "coordinator", True),
        ("chen.bo", "monitor", True),
    }
    mails = Mail.objects.filter(kind="trials:invitation")
    assert {each.address for each in mails} == {"li.an@example.org", "chen.bo@example.org"}
    invited = User.objects.get(username="li.an")
    assert not invited.has_usable_password()
    first = Client()
    first.force_login(invited)
    home = first.get(reverse("home")).text
    assert "No role of yours is in force yet" in home
    assert "Nothing waits for others" not in home
    # the same file a second time changes nothing
    outcome = sent(client, content.encode()).context["outcome"]
    assert [each.outcome for each in outcome.lines][:2] == ["there", "there"]
    assert outcome.changes == 0
    again = {"content": content.removeprefix("\ufeff"), "seen": outcome.digest}
    assert client.post(reverse("trials:people-file"), again).status_code == 409
    assert (User.objects.count(), mails.count()) == (people + 2, 2)


def test_point_9_a_name_that_somebody_else_has_is_refused_and_excel_is_read(
    world: World, client: Client
) -> None:
    taken = f"{world.monitor.username};别人;other@example.org;;monitor;;2026-11-20;;2026-11-02;GCP 证书"
    content = f"{HEAD.replace(',', ';')}\r\n{taken}\r\n".encode("gb18030")
    [line] = sent(client, content).context["outcome"].lines
    assert line.line.account["display_name"] == "别人"
    assert "another name" in line.why
    for unreadable in (b"a,b\n1,2\n", b"", b'user_name,"name'):
        answer = sent(client, unreadable)
        assert answer.status_code == 422
        assert re.search(r"invalid-feedback|id_file_error|error", answer.text)
    assert client.post(reverse("trials:people-file"), {"content": ""}).status_code == 422
    other = Client()
    other.force_login(world.investigator)
    assert sent(other, content).status_code == 403
