"""Rows of repeating groups on their way: page, draft, save, merge, history, API. Each keeps its identity."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest

from accounts.permissions import Permission
from crf.models import EntryPrompt
from crf.records.refusals import ReasonNeeded
from crf.store import records
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.test_pages import client_of, form_url
from tests.integration.crf.test_saving import GROUPS, dated, node, staging
from tests.integration.exports.test_api import caller
from tests.world import World
from trials.models import Participant

pytestmark = pytest.mark.django_db
FIRST, SECOND = "6f1c1c1e-0000-4000-8000-000000000001", "6f1c1c1e-0000-4000-8000-000000000002"


class Fields(HTMLParser):
    """What a browser would send of the page's form, as it opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.inside, self.select = 0, ""
        self.feed(page[page.index('id="crf-form"') :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.inside += tag == "template"
        self.select = str(said.get("name")) if tag == "select" else self.select
        if tag == "option" and "selected" in said and not self.inside:
            self.sent.setdefault(self.select, []).append(said.get("value") or "")
        if self.inside or tag != "input" or not said.get("name"):
            return
        if said.get("type") not in ("radio", "checkbox") or "checked" in said:
            self.sent.setdefault(str(said["name"]), []).append(said.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "template"


def opened(client: Any, participant: Participant, code: str = "DM") -> dict[str, Any]:
    return Fields(client.get(form_url(participant, code)).text).sent


def cancers(participant: Participant, code: str = "DM") -> list[tuple[int, str]]:
    rows = record_at(participant, code).prior_ca.filter(removed=False).order_by("position")
    return [(row.position, row.ca_site) for row in rows]


def go_on(client: Any, participant: Participant, merge_page: Any, code: str = "DM") -> Any:
    """Take what the merge page proposes, and save the page that opens."""
    checked = dict(re.findall(r'name="(take:[^"]+)" value="(mine|theirs)"[^>]* checked', merge_page.text))
    sent = {"version": str(merge_page.context["version"]), **checked}
    form = client.post(merge_page.context["action"], sent, follow=True)
    return client.post(form_url(participant, code), Fields(form.text).sent)


def test_point_04_two_people_who_each_add_a_row_keep_both(
    screened: Participant, world: World, save: Save
) -> None:
    # given two people who have the same form open, with nothing in its table
    save(screened, "DM", values={"mh_prior_ca": "Y"})
    first, second = client_of(world.coordinator), client_of(world.investigator)
    pages = [opened(client, screened) for client in (first, second)]
    # when each adds a disease and saves
    breast = {"prior_ca-0-row_id": FIRST, "prior_ca-0-ca_site": "Breast", "prior_ca-0-ca_year": "2011"}
    assert first.post(form_url(screened, "DM"), {**pages[0], **breast}).status_code == 302
    thyroid = {"prior_ca-0-row_id": SECOND, "prior_ca-0-ca_site": "Thyroid", "prior_ca-0-ca_year": "2014"}
    stale = second.post(form_url(screened, "DM"), {**pages[1], **thyroid})
    # then the second sees two rows, and keeps both without choosing
    assert stale.status_code == 409
    lines = [(line.name, line.proposed) for line in stale.context["found"]]
    assert lines == [("prior_ca.1", "theirs"), ("prior_ca.2", "mine")]
    assert go_on(second, screened, stale).status_code == 302
    assert cancers(screened) == [(1, "Breast"), (2, "Thyroid")]
    # and the identities that the browsers chose are those on record, in every version
    rows = record_at(screened, "DM").prior_ca.order_by("position")
    assert [str(row.row_id) for row in rows] == [FIRST, SECOND]
    assert {str(row.events.get().row_id) for row in rows} == {FIRST, SECOND}


def test_point_04_choices_shown_before_another_save_are_shown_anew(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "DM", values={"mh_prior_ca": "Y"})
    client = client_of(world.investigator)
    page = opened(client, screened)
    save(
        screened,
        "DM",
        values={"mh_prior_ca": "Y"},
        groups={"prior_ca": [{"row_id": FIRST, "ca_site": "Breast"}]},
    )
    mine = {"prior_ca-0-row_id": SECOND, "prior_ca-0-ca_site": "Thyroid"}
    stale = client.post(form_url(screened, "DM"), {**page, **mine})
    third = [{"row_id": FIRST, "ca_site": "Breast"}, {"ca_site": "Colon"}]
    save(screened, "DM", values={"mh_prior_ca": "Y"}, groups={"prior_ca": third})
    sent = {"version": str(stale.context["version"]), "take:prior_ca.1": "theirs", "take:prior_ca.2": "mine"}
    again = client.post(stale.context["action"], sent)
    assert again.status_code == 409
    assert go_on(client, screened, again).status_code == 302
    assert cancers(screened) == [(1, "Breast"), (2, "Colon"), (3, "Thyroid")]


def test_point_04_a_row_that_was_removed_comes_back_as_itself_with_a_reason(
    screened: Participant, save: Save
) -> None:
    def keep(*rows: dict[str, Any], **said: Any) -> None:
        save(screened, "STAGE", values=dated(staging.VALUES), groups={**GROUPS, "node": list(rows)}, **said)

    seven, eight = ({**node(n, s), "row_id": i} for n, s, i in ((1, "7", FIRST), (2, "8", SECOND)))
    keep(seven, eight)
    keep(seven, reason="Not a node")
    with pytest.raises(ReasonNeeded) as refused:
        keep(seven, eight)
    assert refused.value.targets == ("node.2.removed",)
    keep(seven, eight, reason="It is one")
    rows = record_at(screened, "STAGE").node.order_by("position")
    assert [(row.position, row.station, row.removed) for row in rows] == [(1, "7", False), (2, "8", False)]


def test_point_04_rows_of_before_there_were_identities_are_known_by_their_numbers(
    screened: Participant, world: World, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = records._new_row
    with monkeypatch.context() as before:
        before.setattr(
            records,
            "_new_row",
            lambda record, group, row, *rest: made(record, group, {**row, "row_id": None}, *rest),
        )
        save(
            screened,
            "DM",
            values={"mh_prior_ca": "Y"},
            groups={"prior_ca": [{"ca_site": "Breast"}, {"ca_site": "Colon"}]},
        )
    client = client_of(world.coordinator)
    page = opened(client, screened)
    assert UUID(page["prior_ca-0-row_id"][0])
    answer = client.post(
        form_url(screened, "DM"), {**page, "prior_ca-1-ca_site": "Rectum", "_reason": "Misread"}
    )
    assert answer.status_code == 302
    assert cancers(screened) == [(1, "Breast"), (2, "Rectum")]


def test_point_04_the_api_gives_identities_and_takes_them_back(screened: Participant, world: World) -> None:
    api = caller(world.coordinator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    where = f"/api/v1/participants/{screened.number}/answers/DM/"
    new = {"row_id": FIRST, "ca_site": "Breast", "ca_year": 2011}

    def put(version: int, *rows: dict[str, Any], **said: Any) -> Any:
        body = {
            "version": version,
            "answers": {"mh_prior_ca": "Y"},
            "groups": {"prior_ca": list(rows)},
            **said,
        }
        return api.put(where, body, content_type="application/json")

    assert put(0, new, {"ca_site": "Thyroid"}).status_code == 200
    shown = api.get(where).json()["groups"]["prior_ca"]
    assert [(row["row_id"] == FIRST, row["position"]) for row in shown] == [(True, 1), (False, 2)]
    # the order in which rows are sent says nothing; a row that is not on record gets the next number
    stroke = {"row_id": SECOND, "position": 9, "ca_site": "Colon"}
    assert put(1, stroke, shown[1], shown[0]).status_code == 200
    assert cancers(screened) == [(1, "Breast"), (2, "Thyroid"), (3, "Colon")]


@pytest.mark.parametrize("part", ["position", "row_id"])
def test_point_04_two_rows_of_one_name_are_refused_by_the_api(
    screened: Participant, world: World, part: str
) -> None:
    api = caller(world.coordinator, Permission.CRF_EDIT)
    same = 1 if part == "position" else FIRST
    rows = [{part: same, "ca_site": "Breast"}, {part: same, "ca_site": "Thyroid"}]
    body = {"answers": {"mh_prior_ca": "Y"}, "groups": {"prior_ca": rows}}
    where = f"/api/v1/participants/{screened.number}/answers/DM/"
    answer = api.put(where, body, content_type="application/json")
    assert answer.status_code == 422
    assert "row_id or position" in answer.json()["errors"]["prior_ca"]
    assert record_at(screened, "DM") is None


def test_point_04_an_identity_that_is_none_is_refused(screened: Participant, world: World) -> None:
    api = caller(world.coordinator, Permission.CRF_EDIT)
    body = {"groups": {"prior_ca": [{"row_id": "7", "ca_site": "Breast"}]}}
    where = f"/api/v1/participants/{screened.number}/answers/DM/"
    answer = api.put(where, body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["prior_ca-0-row_id"])


def test_point_04_a_prompt_is_kept_with_the_answer_of_its_own_row(
    screened: Participant, world: World, save: Save
) -> None:
    """What was saved after a prompt was read at the row's place on the page, which moves when a row goes."""
    save(
        screened,
        "DM",
        values={"mh_prior_ca": "Y"},
        groups={"prior_ca": [{"ca_site": "Breast"}, {"ca_site": "Rectum"}]},
    )
    client = client_of(world.coordinator)
    page = opened(client, screened)
    shown = '[{"key": "X", "name": "prior_ca-1-ca_site", "value": "T", "message": "?"}]'
    sent = {**page, "prior_ca-0-remove": "1", "_reason": "Another patient", "_prompts": shown}
    assert client.post(form_url(screened, "DM"), sent).status_code == 302
    assert EntryPrompt.objects.get(target="prior_ca-1-ca_site").saved == "Rectum"


def test_point_04_rows_that_are_no_longer_asked_go_only_when_somebody_says_so(
    screened: Participant, world: World, save: Save
) -> None:
    """One rule for page and program: "no earlier cancer" takes the rows on record away, named and agreed to."""
    rows = [{"row_id": FIRST, "ca_site": "Breast"}, {"row_id": SECOND, "ca_site": "Colon"}]
    save(screened, "DM", values={"mh_prior_ca": "Y"}, groups={"prior_ca": rows})
    client, address = client_of(world.coordinator), form_url(screened, "DM")
    typed = {**opened(client, screened), "mh_prior_ca": "N", "_reason": "Asked again"}
    asked = client.post(address, typed)
    assert asked.status_code == 422
    assert "These rows are no longer asked and go when you save" in asked.text
    assert asked.context["editor"].rows_that_go.groups == ("prior_ca",)
    api = caller(world.investigator, Permission.CRF_EDIT, Permission.CRF_VIEW)
    where = f"/api/v1/participants/{screened.number}/answers/DM/"
    body = {"version": 1, "answers": {"mh_prior_ca": "N"}, "reason": "Asked again"}
    refused = api.patch(where, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "crf.rows_left_out")
    assert list(refused.json()["errors"]) == ["prior_ca"]
    assert len(cancers(screened)) == 2
    strange = api.patch(where, body | {"leave_out": "yes"}, content_type="application/json")
    assert list(strange.json()["errors"]) == ["leave_out"]
    assert client.post(address, {**typed, "_leave_out": "1"}).status_code == 302
    assert cancers(screened) == []
    back = {"version": 2, "answers": {"mh_prior_ca": "Y"}, "groups": {"prior_ca": rows}, "reason": "Slip"}
    assert api.patch(where, back, content_type="application/json").status_code == 200
    body["version"] = 3
    assert api.patch(where, body | {"leave_out": True}, content_type="application/json").status_code == 200
    assert cancers(screened) == []


def test_point_04_a_table_without_rows_on_record_goes_without_a_question(
    screened: Participant, world: World, save: Save
) -> None:
    save(screened, "DM", values={"mh_prior_ca": "Y"})
    client = client_of(world.coordinator)
    typed = {**opened(client, screened), "mh_prior_ca": "N", "_reason": "Asked again"}
    assert client.post(form_url(screened, "DM"), typed).status_code == 302
