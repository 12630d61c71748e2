"""An opened page: its key saves one record with one content, and what is typed on it is a draft of that page alone."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.permissions import Permission
from crf import catalogue
from crf.engine.questions import QuestionKind
from crf.engine.submission import ROW_LIMIT, Answers
from crf.models import Draft, SaveKey
from crf.records.refusals import KeyUsed
from crf.records.save import Saved, save_answers
from crf.store.records import find_stored_record, record_key_of
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import record_at
from tests.integration.crf.test_pages import client_of, form_url, posted
from tests.integration.crf.test_saving import stage
from tests.integration.exports.test_api import caller
from tests.world import NOW, World, as_person, screen
from tests.world_database import committed_world
from trials.models import Participant

pytestmark = pytest.mark.django_db
NEW_EVENT = {"_version": "0", "ae_term": "Fatigue", "ae_st": "2026-02-10", "grade": "1"}


def events_of(participant: Participant) -> list[Any]:
    """The adverse events of the participant, by number."""
    numbers = range(1, 9)
    places = [record_key_of(participant=participant, form="AE", sequence=number) for number in numbers]
    return [found.record for place in places if (found := find_stored_record(place))]


def add_event(client: Client, participant: Participant) -> Any:
    """Press "Add a record" on the log's page; return the page that opens."""
    log = client.get(reverse("crf:log", args=[participant.number, "AE"]))
    return client.get(log.context["log"].new, follow=True)


def page_of(answer: Any) -> Any:
    return answer.context["page"]


def send(client: Client, page: Any, **typed: Any) -> Any:
    """Press Save on the page."""
    return client.post(page.links.save, {**NEW_EVENT, "_key": page.key, **typed})


def keep(client: Client, page: Any, **typed: str) -> Any:
    """What the page sends by itself every few seconds."""
    values = {"_version": ["0"], "_key": [page.key], **{name: [text] for name, text in typed.items()}}
    return client.post(page.links.draft, json.dumps({"values": values}), content_type="application/json")


def typed_on(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', answer.text)
    return found[1] if found else ""


# A key belongs to one person, one record and one content ------------------------------------------


def test_point_01_a_page_that_was_saved_never_says_saved_for_other_answers(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    assert client.post(form_url(screened), posted()).status_code == 302
    client.get(form_url(screened))  # "Saved" is read
    # back to the page as it was, another answer, saved again
    again = client.post(form_url(screened), posted(eus_mm=12))
    assert again.status_code == 409
    assert f"{screened.number} STAGE" in again.text
    assert record_at(screened, "STAGE").eus_mm == 11
    # nothing typed is lost: both answers are compared, and the choice goes on
    assert {line.name: (line.mine, line.theirs) for line in again.context["found"]} == {
        "eus_mm": ("12", "11")
    }
    form = client.post(again.context["action"], {"version": "1", "take:eus_mm": "mine"}, follow=True)
    assert typed_on(form, "eus_mm") == "12.0"
    mended = {**posted(version=1, key=page_of(form).key, eus_mm=12), "_reason": "Misread"}
    assert client.post(form_url(screened), mended).status_code == 302
    assert record_at(screened, "STAGE").eus_mm == 12


def test_point_01_a_save_that_changed_nothing_binds_its_key_too(
    screened: Participant, world: World, save: Any
) -> None:
    save(screened, "STAGE", **stage())
    client = client_of(world.coordinator)
    assert client.post(form_url(screened), posted(version=1)).status_code == 302
    again = client.post(form_url(screened), {**posted(version=1, eus_mm=12), "_reason": "Misread"})
    assert (again.status_code, record_at(screened, "STAGE").eus_mm) == (409, 11)


def test_point_01_the_first_answer_comes_again_for_the_same_content(screened: Participant, save: Any) -> None:
    first = save(screened, "STAGE", **stage(), version=0, key="k")
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    again = save(screened, "STAGE", **stage(), version=0, key="k")
    told = ("record_id", "version", "state", "queries_opened", "moved", "record_key")
    assert [getattr(again, name) for name in told] == [getattr(first, name) for name in told]
    assert (again.again, again.outdated) == (True, True)


def test_point_01_a_page_sent_again_over_newer_answers_is_told_so(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    client.post(form_url(screened), posted())
    client.post(form_url(screened), {**posted(version=1, key="k2", eus_mm=12), "_reason": "Misread"})
    client.get(form_url(screened))
    again = client.post(form_url(screened), posted(), follow=True)
    assert "Nothing was saved now" in again.text
    assert "Saved at" not in again.text
    assert record_at(screened, "STAGE").eus_mm == 12


@pytest.mark.parametrize("other", ["answer", "reason", "version", "form", "participant"])
def test_point_01_a_program_that_reuses_a_key_is_refused(
    screened: Participant, world: World, other: str
) -> None:
    second = screen(world)
    api = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    headers = {"headers": {"Idempotency-Key": "one-run"}, "content_type": "application/json"}

    def put(number: str = screened.number, form: str = "DM", **sent: Any) -> Any:
        body = {"version": 0, "answers": {"height": 170}} | sent
        return api.put(f"/api/v1/participants/{number}/answers/{form}/", body, **headers)

    first = put()
    assert first.status_code == 200
    assert (put().status_code, put().json()) == (200, first.json())
    refused = {
        "answer": lambda: put(answers={"height": 171}),
        "reason": lambda: put(reason="Misread"),
        "version": lambda: put(version=1),
        "form": lambda: put(form="ELIG", answers={}),
        "participant": lambda: put(number=second.number),
    }[other]()
    assert (refused.status_code, refused.json()["code"]) == (409, "crf.key_used")
    assert f"{screened.number} DM" in refused.json()["detail"]
    assert record_at(second, "DM") is None


def test_point_01_a_key_is_its_owners_alone(screened: Participant, world: World, save: Any) -> None:
    save(screened, "STAGE", **stage(), version=0, key="k")
    saved = save(
        screened, "STAGE", **stage(eus_mm=12), reason="Misread", version=1, key="k", by=world.investigator
    )
    assert (saved.version, saved.again) == (2, False)


@pytest.mark.django_db(transaction=True)
def test_point_01_one_key_for_two_records_at_once_saves_one(db: None) -> None:
    world = committed_world()
    people, start = [screen(world), screen(world)], Barrier(2)

    def press(person: Participant) -> Any:
        with scope(user_id=None, sites=EVERYTHING):
            place = record_key_of(participant=person, form="STAGE")
            start.wait()
            try:
                answers = Answers(**stage())
                return save_answers(
                    record_key=place, answers=answers, version=0, key="k", by=world.coordinator, at=NOW
                )
            except KeyUsed as used:
                return used
            finally:
                connection.close()

    with ThreadPoolExecutor(2) as presses:
        results = list(presses.map(press, people))
    assert sorted(type(result).__name__ for result in results) == ["KeyUsed", "Saved"]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert SaveKey.objects.count() == 1


def test_point_01_what_is_refused_otherwise_comes_back_with_everything_typed(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    answer = client.post(form_url(screened), posted(key="k" * 65, eus_mm=12))
    assert answer.status_code == 400
    assert "65 characters" in answer.text
    assert typed_on(answer, "eus_mm") == "12"
    with as_person(world.coordinator), transaction.atomic():
        assert Draft.objects.get().raw["eus_mm"] == ["12"]


# A new record of a log is empty ---------------------------------------------------------------------


def test_point_02_a_new_record_opens_empty_after_another_was_saved(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    first = page_of(add_event(client, screened))
    assert send(client, first).status_code == 302
    second = add_event(client, screened)
    assert typed_on(second, "ae_term") == ""
    assert page_of(second).storage != first.storage, "no copy of the browser fits another new record"


def test_point_02_the_page_of_the_record_names_the_copy_that_the_browser_drops(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    new = page_of(add_event(client, screened))
    saved = client.post(new.links.save, {**NEW_EVENT, "_key": new.key}, follow=True)
    assert f'data-stored="{new.storage}"' in saved.text
    assert page_of(saved).storage != new.storage


def test_point_02_a_repeat_of_a_lost_answer_leads_to_the_stored_record(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    send(client, page_of(add_event(client, screened)), ae_term="Nausea")
    page = page_of(add_event(client, screened))
    first = send(client, page)
    again = send(client, page)
    assert (again.status_code, again.headers["Location"]) == (302, first.headers["Location"])
    assert again.headers["Location"].endswith("/AE/2/")
    reloaded = client.get(page.links.save, follow=True)
    assert reloaded.redirect_chain == [(first.headers["Location"], 302)]
    assert "was saved already" in reloaded.text
    assert [event.ae_term for event in events_of(screened)] == ["Nausea", "Fatigue"]


def test_point_02_a_new_page_changed_after_its_save_is_compared_with_its_record(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    page = page_of(add_event(client, screened))
    send(client, page)
    again = send(client, page, ae_term="Nausea")
    assert again.status_code == 409
    assert {line.name: (line.mine, line.theirs) for line in again.context["found"]} == {
        "ae_term": ("Nausea", "Fatigue")
    }
    assert "/AE/1/merge/" in again.context["action"]
    assert [event.ae_term for event in events_of(screened)] == ["Fatigue"]


# A draft belongs to what was opened -----------------------------------------------------------------


def test_point_03_two_new_records_in_two_windows_have_two_drafts(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    one, two = page_of(add_event(client, screened)), page_of(add_event(client, screened))
    keep(client, one, ae_term="Fatigue")
    other = add_event(client, screened)
    assert typed_on(other, "ae_term") == "", "what is typed in one window stands in no other"
    keep(client, two, ae_term="Nausea")
    assert typed_on(client.get(one.links.save), "ae_term") == "Fatigue"
    assert typed_on(client.get(two.links.save), "ae_term") == "Nausea"


def test_point_03_saving_one_record_ends_its_own_draft_alone(
    screened: Participant, world: World, save: Any
) -> None:
    client = client_of(world.coordinator)
    saved, typed, other = (page_of(add_event(client, screened)) for _ in range(3))
    send(client, saved, ae_term="Cough")
    keep(client, typed, ae_term="Fatigue")
    keep(client, other, ae_term="Nausea")
    record = page_of(client.get(reverse("crf:form", args=[screened.number, "AE", 1])))
    changed = {"_version": "1", "ae_term": "Dry cough", "_reason": "Exact term"}
    assert send(client, record, **changed).status_code == 302
    assert send(client, other, ae_term="Nausea").status_code == 302
    assert typed_on(client.get(typed.links.save), "ae_term") == "Fatigue"
    with as_person(world.coordinator), transaction.atomic():
        assert [draft.raw["ae_term"] for draft in Draft.objects.all()] == [["Fatigue"]]


def test_point_23_who_saved_in_another_window_is_told_that_it_may_be_themself(
    screened: Participant, world: World
) -> None:
    """Before, the page blamed somebody else for what the same person had saved."""
    client = client_of(world.coordinator)
    one, two = (page_of(client.get(form_url(screened))) for _ in range(2))
    assert client.post(form_url(screened), posted(key=one.key)).status_code == 302
    late = client.post(form_url(screened), posted(key=two.key, eus_mm=12))
    assert late.status_code == 409
    assert "by you in another window" in late.text


def test_point_03_two_windows_of_one_record_have_two_drafts_too(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    one, two = (page_of(client.get(form_url(screened))) for _ in range(2))
    assert one.key != two.key
    keep(client, one, ct="T2")
    keep(client, two, ct="T3")
    assert client.post(form_url(screened), posted(key=two.key)).status_code == 302
    page = client.get(form_url(screened))
    assert "and the record was saved since" in page.text, "what the other window typed is not lost"
    assert client.get(page.context["actions"].merge).status_code == 200


def test_point_03_drafts_of_new_records_are_found_on_the_page_of_the_log(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    page = page_of(add_event(client, screened))
    keep(client, page, ae_term="Fatigue", ae_st="2026-02-10")
    log_url = reverse("crf:log", args=[screened.number, "AE"])
    log = client.get(log_url)
    assert "Fatigue" in log.text
    [draft] = log.context["log"].drafts
    assert typed_on(client.get(draft.href), "ae_term") == "Fatigue"
    assert client_of(world.investigator).get(log_url).context["log"].drafts == ()
    discarded = client.post(page_of(client.get(draft.href)).links.discard)
    assert discarded.headers["Location"] == log_url
    assert client.get(log_url).context["log"].drafts == ()


def test_point_03_a_draft_that_arrives_after_its_page_was_saved_is_none(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    page = page_of(add_event(client, screened))
    send(client, page)
    late = keep(client, page, ae_term="Fatigue")
    assert late.status_code == 409
    with as_person(world.coordinator), transaction.atomic():
        assert not Draft.objects.exists()


def drafts_of(person: Any) -> int:
    with as_person(person), transaction.atomic():
        return Draft.objects.count()


def keep_all(client: Client, page: Any, sent: dict[str, Any]) -> None:
    """What the page sends by itself: everything that stands on it."""
    values = {name: text if isinstance(text, list) else [text] for name, text in sent.items()}
    body = json.dumps({"values": {**values, "_key": [page.key]}})
    assert client.post(page.links.draft, body, content_type="application/json").status_code == 200


def test_point_03_a_draft_that_says_what_is_saved_is_not_offered(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    one, two = (page_of(client.get(form_url(screened))) for _ in range(2))
    keep_all(client, one, posted())
    assert client.post(form_url(screened), posted(key=two.key)).status_code == 302
    assert drafts_of(world.coordinator) == 1
    page = client.get(form_url(screened))
    assert "and the record was saved since" not in page.text
    assert "This is your draft" not in page.text
    assert drafts_of(world.coordinator) == 0
    keep_all(client, page_of(page), posted(version=1))
    assert "This is your draft" not in client.get(form_url(screened)).text, "nothing was typed on it"


def test_point_03_a_draft_that_changed_nothing_is_not_offered_after_the_save_of_somebody_else(
    screened: Participant, world: World
) -> None:
    client, other = client_of(world.coordinator), client_of(world.investigator)
    assert client.post(form_url(screened), posted(key="first")).status_code == 302
    keep_all(client, page_of(client.get(form_url(screened))), posted(version=1))
    theirs = posted(version=1, key="other", ct="T2", _reason="read again")
    assert other.post(form_url(screened), {**theirs, "_reason": "read again"}).status_code in {302, 422}
    page = client.get(form_url(screened))
    assert "and the record was saved since" not in page.text
    assert drafts_of(world.coordinator) == 0


@pytest.mark.parametrize("typed", [{"ct": "T2"}, {"ct": "not a code"}])
def test_point_03_a_draft_with_something_of_its_own_is_kept(
    screened: Participant, world: World, typed: dict[str, str]
) -> None:
    client = client_of(world.coordinator)
    one, two = (page_of(client.get(form_url(screened))) for _ in range(2))
    keep_all(client, one, {**posted(), **typed})
    assert client.post(form_url(screened), posted(key=two.key)).status_code == 302
    page = client.get(form_url(screened))
    assert "and the record was saved since" in page.text
    assert client.get(page.context["actions"].merge).status_code == 200
    assert drafts_of(world.coordinator) == 1


def test_a_save_says_which_record_it_made(screened: Participant, world: World) -> None:
    saved = save_answers(
        record_key=record_key_of(participant=screened, form="AE", sequence=0),
        answers=Answers(values={"ae_term": "Fatigue"}),
        version=0,
        key="k",
        by=world.coordinator,
        at=NOW,
    )
    assert isinstance(saved, Saved)
    assert saved.record_key.sequence == 1


def spare_of(text: str, group: str) -> str:
    found = re.search(rf'id="q-{group}".*?<details class="p3-spare" data-spare( open)?>', text, re.S)
    assert found, "the empty row for one more is a part of the page without scripts too"
    return found[1] or ""


def test_point_24_the_empty_row_of_a_long_table_is_folded_once_there_are_rows(
    screened: Participant, world: World
) -> None:
    client, address = client_of(world.coordinator), form_url(screened, "STAGE")
    assert spare_of(client.get(address).text, "eus_node") == " open"
    page = page_of(client.get(address))
    keep_all(client, page, {"_version": "0", "eus_done": "Y", "eus_node-0-station": "7"})
    assert spare_of(client.get(address).text, "eus_node") == ""


# A table may be as long as it may be ----------------------------------------------------------------


def cancers(number: int) -> dict[str, str]:
    """A page of DM as a browser sends it with so many rows of cancers: every field, the empty ones too."""
    group = catalogue.form("DM").groups["prior_ca"]
    names = [
        name for question in group.questions.values() for name in (question.name, f"{question.name}__why")
    ]
    rows = {f"prior_ca-{row}-{name}": "" for row in range(number) for name in [*names, "position", "remove"]}
    return {"mh_prior_ca": "Y"} | rows | {f"prior_ca-{row}-ca_site": f"Organ {row}" for row in range(number)}


def test_point_06_a_table_with_as_many_rows_as_it_may_have_is_saved(
    screened: Participant, world: World
) -> None:
    client, address = client_of(world.coordinator), form_url(screened, "DM")
    page = page_of(client.get(address))
    typed = cancers(ROW_LIMIT)
    body = json.dumps({"values": {name: [text] for name, text in typed.items()} | {"_key": [page.key]}})
    assert client.post(page.links.draft, body, content_type="application/json").status_code == 200
    saved = client.post(address, {**typed, "_version": "0", "_key": page.key})
    assert saved.status_code == 302
    record = record_at(screened, "DM")
    assert record.prior_ca.count() == ROW_LIMIT
    # one more is refused with a sentence, and everything typed stays on the page
    more = client.post(address, {**cancers(ROW_LIMIT + 1), "_version": "1", "_key": "another"})
    assert more.status_code == 422
    assert "Organ 199" in more.text


def test_point_06_the_longest_page_fits_the_limit_of_fields(settings: Any) -> None:
    def sent(questions: Any) -> int:
        ticks = [
            len(question.codes or ())
            for question in questions.values()
            if question.kind == QuestionKind.MULTIPLE
        ]
        return 2 * len(questions) + sum(ticks)

    longest = max(
        sent(form.questions) + ROW_LIMIT * sum(sent(group.questions) for group in form.groups.values())
        for form in catalogue.forms().values()
    )
    assert longest < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
