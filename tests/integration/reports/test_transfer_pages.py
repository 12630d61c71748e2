"""The pages of a transfer: who is asked, what is shown first, and what each site sees afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Mail, User
from accounts.outbox import send_waiting
from kernel.scope import EVERYTHING, scope
from notices.mail_kinds import MAIL_KINDS
from notices.second_person import SECOND_PERSON, tell_second_persons
from reports.closing import open_matters_at
from tests.integration.exports.test_exports import files, taken
from tests.integration.followup.test_transfer import accepted, confirm, followed, propose, receiver
from tests.world import NOW, TODAY, World
from trials import services as trials
from trials.models import Participant, Transfer
from trials.models.closing import OpenMatter

pytestmark = pytest.mark.django_db
MOVED = "Transferred from site 01 to site 02 on 20 Nov 2026."


@pytest.fixture(autouse=True)
def now(time_machine: Any) -> Iterator[None]:
    """The pages of a world of the past, and no key of a page that another test sent."""
    time_machine.move_to(NOW, tick=False)
    cache.clear()
    yield
    cache.clear()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def press(client: Client, address: str, **typed: Any) -> Any:
    """Open the page, then press its button: twice, as who had no answer does. Return both answers."""
    found = re.search(r'name="once" value="([0-9a-f]{32})"', client.get(address).text)
    assert found, address
    sent = typed | {"once": found[1]}
    return client.post(address, sent), client.post(address, sent)


def counted(page: str, label: str) -> str:
    """Return what the page says of one thing that goes along."""
    found = re.search(rf"<dt>{label}</dt><dd>([^<]*)</dd>", page)
    assert found, label
    return found[1]


def reader() -> User:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return receiver()


def transfers() -> list[Transfer]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(Transfer.objects.order_by("pk"))


def site_now(person: Participant) -> int:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Participant.objects.get(pk=person.pk).site_id


def home_of(user: User) -> str:
    return client_of(user).get(reverse("home")).text


def test_rare_13_three_people_transfer_a_participant_at_their_pages(world: World) -> None:
    """Each step shows first what it does, and pressed twice it is done once."""
    person = followed(world)
    first, second, third = (client_of(each) for each in (world.investigator, reader(), world.trial_manager))
    address = reverse("trials:propose-transfer", args=[person.number])
    page = first.get(address).text
    for word in ("What goes along", "Drafts, typed and not saved yet", "Open queries", "Visits to come"):
        assert word in page
    assert counted(page, "Drafts, typed and not saved yet") == counted(page, "Records") == "1"
    typed = {"receiving": world.other_site.pk, "on": TODAY.isoformat(), "reason": "she moves"}
    done, again = press(first, address, **typed)
    [transfer] = transfers()
    assert (done.status_code, done.url) == (302, transfer.get_absolute_url())
    assert again.status_code == 409
    assert "What goes along" in second.get(transfer.get_absolute_url()).text
    for client, step, left in ((second, "accept", False), (third, "confirm", True)):
        about = client.get(reverse(f"trials:{step}-transfer", args=[transfer.pk])).text
        assert "she moves" in about
        assert "What goes along" in about
        done, again = press(client, reverse(f"trials:{step}-transfer", args=[transfer.pk]))
        assert (done.status_code, again.status_code) == (302, 409), step
        assert (site_now(person) == world.other_site.pk) is left
    assert len(transfers()) == 1
    assert MOVED in second.get(person.get_absolute_url()).text
    assert "cannot be undone" in about


def test_rare_13_pages_of_a_transfer_answer_whom_they_ask(world: World) -> None:
    """Nobody of another role or site, and no page of a step that is not due."""
    person = followed(world)
    propose_page = reverse("trials:propose-transfer", args=[person.number])
    assert client_of(world.coordinator).get(propose_page).status_code == 403
    assert client_of(reader()).get(propose_page).status_code == 404
    transfer = propose(world, person)
    page = transfer.get_absolute_url()
    for who, buttons in (
        (world.coordinator, ""),
        (world.investigator, "end"),
        (reader(), "accept end"),
        (world.trial_manager, "end"),
        (world.data_manager, ""),
    ):
        text = client_of(who).get(page).text
        shown = [step for step in ("accept", "confirm", "end") if f'{page}{step}/"' in text]
        assert shown == buttons.split(), who
    early = client_of(world.trial_manager)
    done, _again = press(early, f"{page}confirm/")
    assert done.status_code == 409
    assert "has not accepted the transfer yet" in done.text


def test_rare_13_the_next_person_has_it_on_the_work_list_and_by_mail_once(world: World) -> None:
    person, other = followed(world), reader()
    transfer = propose(world, person)
    page = transfer.get_absolute_url()
    assert tell_second_persons(at=NOW) == 1
    assert page in home_of(other)
    for nobody in (world.investigator, world.coordinator, world.trial_manager, world.stranger):
        assert page not in home_of(nobody), nobody
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        trials.accept_transfer(transfer=transfer, by=other, at=NOW)
    assert tell_second_persons(at=NOW) == 1
    assert tell_second_persons(at=NOW) == 0, "once each"
    assert page not in home_of(other)
    assert page in home_of(world.trial_manager)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        first, second = Mail.objects.filter(kind=SECOND_PERSON).select_related("to").order_by("pk")
    for mail, to, words in ((first, other, "Accept"), (second, world.trial_manager, "Confirm")):
        assert mail.to == to
        assert f"{words} the transfer from site 01 to site 02, or refuse it" in mail.body
    confirm(world, transfer)
    with scope(user_id=None, sites=EVERYTHING):
        assert send_waiting(MAIL_KINDS, at=NOW).dropped == 2, "settled before they were sent"


def test_rare_10_an_acceptance_is_taken_back_and_given_anew(world: World) -> None:
    """Until the confirmation; the two others read why, and who is next has a mail about each step."""
    person, other = followed(world), reader()
    transfer = accepted(world, person)
    tell_second_persons(at=NOW)
    address = reverse("trials:take-acceptance-back", args=[transfer.pk])
    client, manager = client_of(other), client_of(world.trial_manager)
    assert address in client.get(transfer.get_absolute_url()).text
    assert address not in manager.get(transfer.get_absolute_url()).text
    assert client.post(address, {"reason": ""}).status_code == 422
    done, again = press(client, address, reason="no bed before June")
    assert (done.status_code, again.status_code) == (302, 409)
    for reading in (client, manager, client_of(world.investigator)):
        assert "no bed before June" in reading.get(transfer.get_absolute_url()).text
    confirming = reverse("trials:confirm-transfer", args=[transfer.pk])
    late, _again = press(manager, confirming)
    assert (late.status_code, "has not accepted the transfer yet" in late.text) == (409, True)
    assert tell_second_persons(at=NOW) == 1, "the receiving site is asked again"
    press(client, reverse("trials:accept-transfer", args=[transfer.pk]))
    assert tell_second_persons(at=NOW) == 1, "and then the trial manager again"
    assert press(manager, confirming)[0].status_code == 302
    assert site_now(person) == world.other_site.pk
    assert client.post(address, {"reason": "too late"}).status_code == 409


@pytest.mark.parametrize("who", ["investigator", "receiver", "trial_manager"])
def test_rare_13_each_of_the_three_ends_it_with_a_reason(world: World, who: str) -> None:
    person = followed(world)
    transfer = accepted(world, person)
    client = client_of(reader() if who == "receiver" else getattr(world, who))
    address = reverse("trials:end-transfer", args=[transfer.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    done, again = press(client, address, reason="stays after all")
    assert (done.status_code, again.status_code) == (302, 409)
    page = client.get(transfer.get_absolute_url()).text
    assert "stays after all" in page
    assert "Did not take place" in page
    assert site_now(person) == world.site.pk
    late, _again = press(
        client_of(world.trial_manager), reverse("trials:confirm-transfer", args=[transfer.pk])
    )
    assert late.status_code == 409
    assert "accepted, confirmed or ended meanwhile" in late.text


def test_rare_13_the_participant_page_says_where_and_since_when(world: World) -> None:
    person = followed(world)
    address = person.get_absolute_url()
    propose_page = reverse("trials:propose-transfer", args=[person.number])
    assert propose_page in client_of(world.investigator).get(address).text
    assert propose_page not in client_of(world.coordinator).get(address).text
    transfer = propose(world, person)
    assert (
        "is proposed and waits for the investigator there" in client_of(world.coordinator).get(address).text
    )
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        trials.accept_transfer(transfer=transfer, by=receiver(), at=NOW)
    assert "waits for the trial manager" in client_of(world.coordinator).get(address).text
    confirm(world, transfer)
    assert client_of(world.coordinator).get(address).status_code == 404
    for reads in (world.stranger, world.trial_manager):
        page = client_of(reads).get(address)
        assert MOVED in page.text
        assert transfer.get_absolute_url() in page.text


def test_rare_13_the_releasing_site_keeps_one_line_of_its_list(world: World) -> None:
    person = followed(world)
    transfer = accepted(world, person)
    listed = reverse("reports:participants")
    line = "at site 02 since <time"
    assert line not in client_of(world.coordinator).get(listed).text
    confirm(world, transfer)
    page = client_of(world.coordinator).get(listed).text
    assert person.number in page
    assert line in page
    assert "20 Nov 2026" in page.partition(line)[2][:60]
    assert person.get_absolute_url() not in page
    assert line not in client_of(world.coordinator).get(listed, {"number": "01-9999"}).text
    for reads in (world.stranger, world.trial_manager):
        answer = client_of(reads).get(listed, {"number": person.number}).text
        assert line not in answer
        assert person.get_absolute_url() in answer, "found by the number of the site of before"


def test_rare_13_somebody_who_came_back_has_no_such_line(world: World) -> None:
    person = followed(world)
    confirm(world, accepted(world, person))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        person.refresh_from_db()
        back = trials.propose_transfer(
            participant=person, receiving=world.site, on=TODAY, reason="back", by=receiver(), at=NOW
        )
        trials.accept_transfer(transfer=back, by=world.investigator, at=NOW)
    confirm(world, back)
    page = client_of(world.coordinator).get(reverse("reports:participants")).text
    assert person.get_absolute_url() in page
    assert "Transferred to another site" not in page
    assert "at site 01 since <time" in client_of(world.stranger).get(reverse("reports:participants")).text


def test_rare_13_a_transferred_participant_is_settled_for_the_close_out(world: World) -> None:
    kinds = (OpenMatter.LIVING, OpenMatter.VISITS, OpenMatter.UNSIGNED, OpenMatter.UNLOCKED)
    person = followed(world)
    before = open_matters_at(world.site, today=TODAY)
    assert before[OpenMatter.LIVING] == 1
    transfer = accepted(world, person)
    assert open_matters_at(world.site, today=TODAY) == before, "nothing has moved yet"
    confirm(world, transfer)
    assert {kind: open_matters_at(world.site, today=TODAY)[kind] for kind in kinds} == dict.fromkeys(kinds, 0)
    assert open_matters_at(world.other_site, today=TODAY)[OpenMatter.LIVING] == 1


def test_rare_13_exports_name_the_site_of_now_and_list_the_transfer(
    world: World, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    person = followed(world)
    before = files(taken(world))
    confirm(world, accepted(world, person))
    after = files(taken(world))
    [row] = [each for each in after["PARTICIPANTS.csv"] if each["SUBJID"] == person.number]
    assert row["SITEID"] == "02"
    [moved] = after["TRANSFERS.csv"]
    assert (moved["SUBJID"], moved["SITEID"], moved["FROM_SITE"], moved["TO_SITE"]) == (
        person.number,
        "02",
        "01",
        "02",
    )
    assert (moved["AGREED_FOR"], moved["TRANSFERRED_AT"][:10]) == ("2026-11-20", "2026-11-20")
    assert before["TRANSFERS.csv"] == []
    for name in ("STAGE.csv", "VISITS.csv", "MILESTONES.csv", "PROTOCOL_VERSIONS.csv", "CONSENTS.csv"):
        assert [without(each, "SITEID") for each in before[name]] == [
            without(each, "SITEID") for each in after[name]
        ]
        assert {each["SITEID"] for each in after[name]} == {"02"}, name
    assert files(taken(world, sites=["01"]))["TRANSFERS.csv"] == []


def without(row: dict[str, str], column: str) -> dict[str, str]:
    """The row but for one column; who answered it when is the same, wherever it is read now."""
    return {name: value for name, value in row.items() if name != column}


def test_rare_13_the_pages_speak_chinese(world: World) -> None:
    transfer = accepted(world, followed(world))
    client = client_of(world.trial_manager)
    client.post(reverse("accounts:language"), {"language": "zh-hans"})
    for address, words in (
        (transfer.get_absolute_url(), ("随受试者转移的内容", "已接受，待项目经理确认")),
        (reverse("trials:confirm-transfer", args=[transfer.pk]), ("确认：受试者转中心", "此操作不可撤销")),
        (reverse("trials:end-transfer", args=[transfer.pk]), ("拒绝转中心",)),
        (reverse("home"), ("确认或拒绝从 01 中心转至 02 中心",)),
    ):
        text = client.get(address).text
        for word in words:
            assert word in text, (address, word)
