"""From nothing to an active site in one sitting: each step, its document, what is missing, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import services as accounts
from accounts.models import User
from demo.simulation.typed_pdf import typed_pdf
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.integration.trials.test_gates import person, second_manager
from tests.unit.crf.test_attachment_files import from_camera
from tests.world import NOW, PASSWORD, World
from trials.models import Delegation, Site, SiteDocument
from trials.models.sites import SiteState

pytestmark = pytest.mark.django_db
SITE = {
    "code": "07",
    "name": "Lakeside Hospital",
    "name_zh": "湖畔医院",
    "city": "Wuhan",
    "city_zh": "武汉",
    "time_zone": "Asia/Shanghai",
    "planned_participants": "40",
}
LETTER = typed_pdf(["Approval of the ethics committee (made up)"])
SET_UP = "/sites/07/set-up/"


def signed_in(user: User, language: str = "en") -> Client:
    accounts.change_person(user=user, by=None, at=NOW, totp_secret="A" * 32, totp_confirmed_at=NOW)
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


@pytest.fixture
def manager(world: World) -> Client:
    return signed_in(world.trial_manager)


def record(client: Client, kind: str, file: tuple[str, bytes] | None = None, **typed: Any) -> Any:
    sent = {"file": SimpleUploadedFile(*file)} if file else {}
    return client.post(f"/sites/07/checklist/{kind}/", {"done_on": "2026-10-01", **typed, **sent})


def progress(client: Client) -> tuple[int, int]:
    shown = client.get(SET_UP).context
    return shown["done"], shown["all"]


def test_point_8_a_manager_goes_from_nothing_to_an_active_site_in_one_sitting(
    world: World, manager: Client
) -> None:
    # given people who have an account, and a second manager
    with scope(user_id=None, sites=EVERYTHING):
        nurse, surgeon, other = person("nurse"), person("surgeon"), second_manager()
    # when each step is taken from the page of the set-up, to which each leads back
    assert manager.post("/sites/new/", SITE).headers["Location"] == SET_UP
    assert progress(manager) == (1, 11)
    done = [
        manager.post("/sites/07/move/set_up/", {"reason": "the contract is being drawn up"}),
        record(manager, "ethics", ("approval.pdf", LETTER), expires_on="2027-10-01", reference="2026-17"),
        record(manager, "contract", ("contract.jpg", from_camera())),
        *(record(manager, kind) for kind in ("initiation", "delegation", "training")),
        manager.post(f"{SET_UP}investigator/", {"user": surgeon.pk, "starts_on": "2026-11-20"}),
        manager.post(f"{SET_UP}coordinator/", {"user": nurse.pk, "starts_on": "2026-11-20"}),
        manager.post("/sites/07/consent-versions/new/", {"label": "1.0", "approved_on": "2026-10-01"}),
    ]
    assert [answer.headers.get("Location") for answer in done] == [SET_UP] * len(done)
    # then it says what is still missing: the two roles wait for others, and cannot be gone round
    assert progress(manager) == (8, 11)
    page = manager.get(SET_UP).text
    assert "surgeon: waits for another trial manager" in page
    assert "waits for the signature of an investigator" in page
    assert "/sites/07/move/active/" not in page
    assert manager.post("/sites/07/move/active/", {"reason": "open"}).status_code == 409
    # and with these it is activated
    second = signed_in(other)
    waiting = {row.role: row_key(row) for row in all_of(Delegation) if row.user_id in (nurse.pk, surgeon.pk)}
    assert f"/delegations/{waiting['investigator']}/confirm/" in second.get(SET_UP).text
    assert second.post(f"/delegations/{waiting['investigator']}/confirm/", {"ok": "1"}).status_code == 302
    accounts.change_person(user=surgeon, by=None, at=NOW, password=world.investigator.password)
    signing = signed_in(surgeon).post(
        f"/delegations/{waiting['coordinator']}/confirm/", {"password": PASSWORD}
    )
    assert signing.status_code == 302
    assert progress(manager) == (10, 11)
    assert "/sites/07/move/active/" in manager.get(SET_UP).text
    assert manager.post("/sites/07/move/active/", {"reason": "open"}).headers["Location"] == "/sites/07/"
    assert progress(manager) == (11, 11)
    assert [site.state for site in all_of(Site) if site.code == "07"] == [SiteState.ACTIVE]


def all_of(model: Any) -> list[Any]:
    with scope(user_id=None, sites=EVERYTHING):
        return list(model.objects.all())


def test_point_8_an_account_that_is_missing_is_made_on_the_way(world: World, manager: Client) -> None:
    manager.post("/sites/new/", SITE)
    step = f"{SET_UP}coordinator/"
    assert "/people/new/?site=07&amp;role=coordinator" in manager.get(step).text
    typed = {
        "username": "nurse.two",
        "display_name": "Second Nurse",
        "language": "zh-hans",
        "trained_on": "2026-11-01",
        "training_document": "GCP course",
    }
    made = manager.post("/people/new/?site=07&role=coordinator", typed)
    assert made.headers["Location"] == f"{step}?person=nurse.two"
    chosen = manager.get(made.headers["Location"]).context["form"].initial["user"]
    assert chosen.username == "nurse.two"
    refused = manager.post(step, {"user": "", "starts_on": "2026-11-20"})
    assert refused.status_code == 422
    offered = {each.pk for each in refused.context["form"].fields["user"].queryset}
    assert world.trial_manager.pk not in offered, "nobody gives a role to themselves"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("letter.pdf", b"MZ program"), "is no PDF, PNG or JPEG"),
        (("letter.png", LETTER), "its name ends otherwise"),
        (("letter.pdf", b""), "it is empty"),
        (("letter.pdf", LETTER[:-40] + b" /JS"), "is not taken"),
        (("letter.pdf", LETTER + b" " * 3000), "it has more than"),
    ],
    ids=["a program", "another ending", "empty", "broken", "too large"],
)
def test_point_8_a_document_is_looked_at_like_a_file_beside_a_record(
    world: World, manager: Client, settings: Any, file: tuple[str, bytes], said: str
) -> None:
    settings.ATTACHMENT_MAX_BYTES = 3000
    manager.post("/sites/new/", SITE)
    refused = record(manager, "ethics", file)
    assert refused.status_code == 422
    assert said in refused.text
    assert not all_of(SiteDocument)
    assert progress(manager) == (1, 11), "nor is the line on record"


def test_point_8_who_reads_a_document_and_what_the_database_refuses(world: World, manager: Client) -> None:
    # given the letter of site 01, renewed by a second one
    for name, data in (("first.pdf", LETTER), ("second.pdf", typed_pdf(["Renewed"]))):
        typed = {"done_on": "2026-10-01", "file": SimpleUploadedFile(name, data)}
        assert manager.post("/sites/01/checklist/ethics/", typed).headers["Location"] == "/sites/01/"
    again = {"done_on": "2026-10-01", "file": SimpleUploadedFile("again.pdf", LETTER)}
    assert manager.post("/sites/01/checklist/ethics/", again).status_code == 409
    later, first = all_of(SiteDocument)
    # then both stand on the page, the later one first, and are handed out as they came
    page = signed_in(world.coordinator).get("/sites/01/").text
    assert page.index("second.pdf") < page.index("first.pdf")
    answer = signed_in(world.investigator).get(f"/sites/01/documents/{row_key(first)}/")
    assert b"".join(answer.streaming_content) == LETTER
    assert answer["Content-Disposition"].startswith("attachment")
    # and nobody of another site, nor without the right, reads them
    assert signed_in(world.stranger).get(f"/sites/01/documents/{row_key(first)}/").status_code == 404
    assert signed_in(world.statistician).get(f"/sites/01/documents/{row_key(first)}/").status_code == 403
    assert "first.pdf" not in signed_in(world.statistician).get("/sites/01/").text
    assert manager.get(f"/sites/02/documents/{row_key(first)}/").status_code == 404
    # and the database changes none and believes no digest
    refused = (
        ("UPDATE trials_sitedocument SET name = 'x' WHERE id = %s", [later.pk]),
        ("DELETE FROM trials_sitedocument WHERE id = %s", [later.pk]),
    )
    for statement, values in refused:
        with (
            pytest.raises(DatabaseError),
            scope(user_id=None, sites=EVERYTHING),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values)


def test_point_8_the_set_up_reads_in_chinese(world: World) -> None:
    manager = signed_in(world.trial_manager, "zh-hans")
    manager.post("/sites/new/", SITE)
    page = manager.get(SET_UP).text
    assert "湖畔医院" in page
    body = page.split('id="content"')[1].split("<footer")[0]
    assert "steps done" not in body
    assert "Begin the set-up" not in body
