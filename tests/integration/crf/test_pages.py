"""The pages around a form, as each role and each kind of bad input meets them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crf import catalogue
from crf.engine.typed import raw_of
from crf.models import Draft, EntryPrompt
from crf.records.signing import verify_record
from tests.integration.crf.conftest import Save, place_at, record_at
from tests.integration.crf.test_saving import GROUPS, dated, stage
from tests.unit.crf.examples import demographics, eligibility, staging
from tests.world import NOW, PASSWORD, World
from trials.models import Participant

ZONE = "Asia/Shanghai"

CHAPTERS = ("3.0",)

pytestmark = pytest.mark.django_db


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_url(participant: Participant, code: str = "STAGE", name: str = "form", **query: Any) -> str:
    args: list[Any] = [participant.number, code, 1]
    return reverse(f"crf:{name}", args=args)


def posted(version: int = 0, key: str = "k1", **changes: Any) -> dict[str, Any]:
    values = {**dated(staging.VALUES), **changes}
    raw = raw_of(catalogue.form("STAGE"), values=values, groups=_rows(), missing={}, zone=ZONE)
    return {**raw, "_version": str(version), "_key": key}


def _rows() -> dict[str, Any]:
    return {name: [{**row, "missing": {}} for row in rows] for name, rows in GROUPS.items()}


def test_form_opens_saves_and_shows_the_answers(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    opened = client.get(form_url(screened))
    assert opened.status_code == 200
    assert 'name="ct"' in opened.content.decode()
    answer = client.post(form_url(screened), posted())
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert record_at(screened, "STAGE").ct == "T3"
    shown = client.get(form_url(screened)).content.decode()
    assert "Saved at" in shown
    assert 'value="27' in shown


def test_what_cannot_be_read_or_be_true_comes_back_with_422_and_everything_typed(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    for wrong, said in (("9x", "must be a"), ("900", "outside what is possible")):
        answer = client.post(form_url(screened), {**posted(), "upper_cm": wrong})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert said in page
        assert f'value="{wrong}"' in page
        assert 'value="32"' in page
    assert record_at(screened, "STAGE") is None
    assert Draft.objects.count() == 0  # nobody's eyes but the owner's: this scope is not theirs


def test_first_answer_prompt_and_correction_are_three_facts(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    refused = client.post(form_url(screened), {**posted(), "upper_cm": "900"})
    assert refused.status_code == 422
    prompts = refused.context["page"].raw_prompts
    client.post(form_url(screened), {**posted(), "_prompts": prompts})
    prompt = EntryPrompt.objects.get(key="upper_cm:hard")
    assert prompt.entered == "900"
    assert prompt.saved.startswith("27")
    assert "outside what is possible" in prompt.message


def test_a_refused_page_is_kept_as_a_draft_and_comes_back(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    client.post(form_url(screened), {**posted(), "upper_cm": "900"})
    page = client_of(world.coordinator).get(form_url(screened)).content.decode()
    assert "This is your draft" in page
    assert 'value="900"' in page
    other = client_of(world.investigator).get(form_url(screened)).content.decode()
    assert "This is your draft" not in other
    assert 'value="900"' not in other


def test_draft_endpoint_keeps_and_discard_drops(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    body = json.dumps({"values": {"ct": ["T2"], "_version": ["0"]}})
    kept = client.post(form_url(screened, name="draft"), body, content_type="application/json")
    assert (kept.status_code, list(kept.json())) == (200, ["saved_at"])
    page = client.get(form_url(screened))
    assert "This is your draft" in page.content.decode()
    assert client.post(page.context["page"].links.discard).status_code == 302
    assert "This is your draft" not in client.get(form_url(screened)).content.decode()


def test_a_draft_that_is_none_is_refused(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    for body in ("", "[]", '{"values": 3}', "{"):
        answer = client.post(form_url(screened, name="draft"), body, content_type="application/json")
        assert answer.status_code == 400, body


def test_derive_says_what_follows(screened: Participant, world: World) -> None:
    answer = client_of(world.coordinator).post(
        form_url(screened, name="derive"), {**posted(), "upper_cm": "900"}
    )
    said = answer.json()
    assert said["derived"]["cstage"] == "III"
    assert "upper_cm:hard" in [finding["key"] for finding in said["findings"]]


def test_a_changed_answer_without_a_reason_comes_back(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    client = client_of(world.coordinator)
    answer = client.post(form_url(screened), posted(version=1, eus_mm=12))
    assert answer.status_code == 422
    errors = answer.text.partition('class="p3-errors"')[2].partition("</div>")[0]
    assert errors.count("Say why, then save again") == 1
    answer = client.post(form_url(screened), {**posted(version=1, eus_mm=12), "_reason": "Misread"})
    assert answer.status_code == 302


def test_a_stale_version_shows_both_answers_and_the_choice_goes_on(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "STAGE", **stage(eus_mm=12, bx_n=7), reason="Misread")
    client = client_of(world.coordinator)
    stale = client.post(form_url(screened), {**posted(version=1, eus_mm=13), "_reason": "Measured again"})
    assert stale.status_code == 409
    found = {line.name: (line.mine, line.theirs) for line in stale.context["found"]}
    assert found == {"eus_mm": ("13", "12"), "bx_n": ("6", "7")}
    whose = {line.name: (line.i_changed, line.they_changed) for line in stale.context["found"]}
    assert whose == {"eus_mm": (True, True), "bx_n": (False, True)}
    assert [(each.act.by, each.why) for each in stale.context["saves"]] == [(world.coordinator, "Misread")]
    assert "(you, in another window)" in stale.text
    choices = {"version": "2", "take:eus_mm": "mine", "take:bx_n": "theirs"}
    assert client.post(form_url(screened, name="merge"), choices).status_code == 302
    page = client.get(form_url(screened))
    assert page.context["page"].version == 2
    content = page.content.decode()
    assert 'name="_reason" id="id-_reason" value="Measured again"' in content
    saved = client.post(
        form_url(screened), {**posted(version=2, eus_mm=13, bx_n=7), "_reason": "Measured again"}
    )
    assert saved.status_code == 302
    record = record_at(screened, "STAGE")
    assert (record.eus_mm, record.bx_n, record.version) == (13, 7, 3)


def test_going_on_without_choosing_reverts_nothing_of_the_first_writer(
    screened: Participant, world: World, save: Save
) -> None:
    # given that the first writer changed an answer and a row while the second changed another answer
    save(screened, "STAGE", **stage())
    groups = {**GROUPS, "node": [{**GROUPS["node"][0], "short_mm": 13}]}
    save(screened, "STAGE", values=stage(bx_n=7)["values"], groups=groups, reason="Second report")
    client = client_of(world.coordinator)
    stale = client.post(form_url(screened), {**posted(version=1, eus_mm=13), "_reason": "Measured again"})
    lines = {line.name: line for line in stale.context["found"]}
    assert {name for name, line in lines.items() if not line.i_changed} == {"bx_n", "node.1.short_mm"}
    # when the second goes on with what the page proposes
    checked = re.findall(r'name="(take:[^"]+)" value="(mine|theirs)"[^>]* checked', stale.text)
    chosen = {"version": "2", **dict(checked)}
    assert client.post(form_url(screened, name="merge"), chosen).status_code == 302
    # then both changes are on the page
    page = client.get(form_url(screened)).text
    for name, value in (("bx_n", "7"), ("eus_mm", "13"), ("node-0-short_mm", "13")):
        assert re.search(rf'name="{name}"[^>]* value="{value}(\.0)?"', page), name


def test_a_double_click_is_one_save(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    assert [client.post(form_url(screened), posted()).status_code for _ in range(2)] == [302, 302]
    assert record_at(screened, "STAGE").events.count() == 1


@pytest.mark.parametrize("who", ["monitor", "data_manager", "statistician", "inspector"])
def test_central_roles_read_and_do_not_write(
    screened: Participant, world: World, save: Save, who: str
) -> None:
    save(screened, "STAGE", **stage())
    client = client_of(getattr(world, who))
    page = client.get(form_url(screened))
    assert page.status_code == 200
    assert "_action" not in page.content.decode()
    for name in ("form", "derive", "draft", "discard"):
        assert client.post(form_url(screened, name=name), posted(version=1)).status_code == 403, name


def test_an_exclusion_that_is_not_there_is_never_called_met(
    screened: Participant, world: World, save: Any
) -> None:
    """Beside the words of an exclusion, "Met" would say the opposite of what is so."""
    save(screened, "ELIG", values=eligibility.VALUES)
    tables = {name: [{"position": 1, **row} for row in rows] for name, rows in demographics.GROUPS.items()}
    save(screened, "DM", values=demographics.VALUES, groups=tables)
    page = client_of(world.investigator).get(reverse("crf:eligibility", args=[screened.number])).text
    rows = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in page.split('<th scope="row">')[1:]]
    verdicts = {
        row[0]: " ".join(row[-2:])
        for row in (row[: row.index("Your")] if "Your" in row else row for row in rows)
    }
    assert verdicts["E-4"] == "Not present"
    assert verdicts["I-2"].endswith("Met")


def test_the_value_let_pass_is_one_that_is_typed(screened: Participant, world: World) -> None:
    page = client_of(world.data_manager).get(form_url(screened, code="ELIG", name="override")).text
    offered = set(re.findall(r'<option value="(\w*)"', page))
    assert "" in offered  # nothing is chosen for the person
    assert "age" not in offered  # worked out, never typed


def test_a_role_without_forms_is_refused(screened: Participant, world: World) -> None:
    assert client_of(world.trial_manager).get(form_url(screened)).status_code == 403


@pytest.mark.parametrize(
    "name", ["form", "derive", "draft", "discard", "merge", "history", "log", "eligibility"]
)
def test_another_sites_participant_does_not_exist(screened: Participant, world: World, name: str) -> None:
    client = client_of(world.stranger)
    args: list[Any] = [screened.number, "STAGE", 1]
    args = args[:1] if name == "eligibility" else args[:2] if name == "log" else args
    url = reverse(f"crf:{name}", args=args)
    post = name in ("derive", "draft", "discard")
    assert (client.post(url) if post else client.get(url)).status_code == 404


def test_unknown_form_and_visit_are_404(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    assert client.get(reverse("crf:form", args=[screened.number, "NOPE"])).status_code == 404
    assert client.get(form_url(screened) + "?visit=99999").status_code == 404
    assert client.get(form_url(screened) + "?visit=x").status_code == 404


def test_an_oversized_body_is_413(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    big = json.dumps({"values": {"ct": ["x" * 3_000_000]}})
    answer = client.post(form_url(screened, name="draft"), big, content_type="application/json")
    assert answer.status_code == 413
    assert client.post(form_url(screened), {**posted(), "scv": "x" * 3_000_000}).status_code == 413


def test_what_is_too_long_for_a_draft_comes_back_on_the_page_itself(
    screened: Participant, world: World
) -> None:
    pasted = "word " * 50_000
    answer = client_of(world.coordinator).post(form_url(screened), {**posted(), "mtv_thr": pasted})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "holds 249999 characters and 40 are kept" in page
    assert pasted.strip() in page


def test_history_tells_who_when_why_old_and_new(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    save(screened, "STAGE", **stage(eus_mm=12), reason="Misread")
    client = client_of(world.monitor)
    entries = client.get(form_url(screened, name="history") + "?field=eus_mm").context["entries"]
    assert [(e.old, e.new, e.why, str(e.role), e.act.by) for e in entries] == [
        ("11", "12", "Misread", "Coordinator", world.coordinator),
        ("", "11", "", "Coordinator", world.coordinator),
    ]
    row = client.get(form_url(screened, name="history") + "?field=node-0-station").context["entries"]
    assert len(row) == 1
    assert client.get(form_url(screened, name="history")).status_code == 200


def test_each_correction_on_the_page_has_its_own_reason(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "STAGE", **stage())
    client = client_of(world.coordinator)
    sent = {**posted(version=1, eus_mm=12), "node-0-short_mm": "11", "_reason:node-0-short_mm": "Second look"}
    assert client.post(form_url(screened), sent).status_code == 422
    assert client.post(form_url(screened), {**sent, "_reason": "Misread"}).status_code == 302
    entries = client.get(form_url(screened, name="history")).context["entries"]
    assert [(str(e.new), e.why) for e in entries[:2]] == [("12", "Misread"), ("11", "Second look")]


def test_a_row_is_removed_for_its_own_reason(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())
    client = client_of(world.coordinator)
    sent = {**posted(version=1), "node-0-remove": "1", "_reason:node-0-remove": "Not a node"}
    assert client.post(form_url(screened), sent).status_code == 302
    entries = client.get(form_url(screened, name="history")).context["entries"]
    assert ("removed", "Not a node") in [(str(e.new), e.why) for e in entries]
    acts = client.get(f"/participants/{screened.number}/acts/").text
    assert "[node.1.removed]" not in acts
    assert "Not a node" in acts


def test_steps_with_a_record(screened: Participant, world: World, save: Save) -> None:
    save(screened, "STAGE", **stage())

    def step(who: Any, name: str, **said: str) -> int:
        return int(client_of(who).post(form_url(screened, name=name), {"version": "1", **said}).status_code)

    assert step(world.coordinator, "verify") == 403
    assert step(world.monitor, "verify") == 302
    verify_record(record_key=place_at(screened, "STAGE"), version=1, by=world.monitor, at=NOW)
    assert step(world.coordinator, "sign", password=PASSWORD) == 403
    assert step(world.investigator, "sign", password="wrong") == 422
    assert step(world.investigator, "sign", password=PASSWORD) == 302
    assert (
        "confirm that they are complete" in client_of(world.monitor).get(form_url(screened)).content.decode()
    )
    assert step(world.data_manager, "lock", step="lock") == 302
    assert step(world.data_manager, "unlock") == 422
    assert step(world.data_manager, "unlock", reason="Late report") == 302
    assert record_at(screened, "STAGE").state == "signed"


def test_form_page_asks_the_database_little(
    screened: Participant, world: World, save: Save, django_assert_max_num_queries: Any
) -> None:
    save(screened, "STAGE", **stage())
    client = client_of(world.coordinator)
    client.get(form_url(screened))
    with django_assert_max_num_queries(15):
        client.get(form_url(screened))


def test_a_character_that_cannot_be_stored_is_400_and_no_fault(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    url = form_url(screened)
    assert client.get("/participants/%00/forms/STAGE/").status_code == 400
    assert client.get(reverse("crf:queries"), {"participant": "a\x00"}).status_code == 400
    assert client.post(url, {**posted(), "_reason": "a\x00b"}).status_code == 400
    assert client.get(f"{url}?visit={'9' * 5000}").status_code == 404
    for strange in ("\x00", "\ud800"):  # half a pair: an emoji cut in two by a browser or a program
        body = json.dumps({"values": {"ct": [f"T{strange}3"], f"c{strange}n": ["N1"]}})
        kept = client.post(form_url(screened, name="draft"), body, content_type="application/json")
        assert kept.status_code == 200


def test_a_minus_before_a_number_neither_stops_the_page_nor_the_draft(
    screened: Participant, world: World
) -> None:
    client = client_of(world.coordinator)
    typed = {"height": ["170"], "weight": ["-62"]}
    assert client.post(form_url(screened, "DM", "derive"), typed).status_code == 200
    body = json.dumps({"values": typed})
    assert (
        client.post(form_url(screened, "DM", "draft"), body, content_type="application/json").status_code
        == 200
    )
    page = client.get(form_url(screened, "DM"))
    assert (page.status_code, 'value="-62"' in page.content.decode()) == (200, True)
    assert client.post(form_url(screened, "DM"), typed).status_code == 422


def test_a_misspelt_address_of_a_record_is_404(screened: Participant, world: World) -> None:
    client = client_of(world.coordinator)
    for path in ("STAGE/99999999999999999999/", "STAGE/-1/", "STAGE/x/", "stage/", "STAGE/1/nope/"):
        status = client.get(f"/participants/{screened.number}/forms/{path}").status_code
        assert status in (200, 404), path
    assert client.get(f"/queries/{'9' * 30}/").status_code == 404
