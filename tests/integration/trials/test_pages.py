"""The pages of sites, people and screening, as each person meets them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from accounts.models import User
from accounts.permissions import Role
from accounts.services import change_person
from audit.models import Act
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_time
from tests.world import NOW, OPENED_ON, TODAY, World, screen
from trials import services
from trials.models import Consent, Delegation, Participant, Site

CHAPTERS = ("3.1", "3.15")


@pytest.fixture
def as_user(world: World) -> Any:
    """A browser in which the person is signed in, their second factor set up."""

    def sign_in(user: User) -> Client:
        now = clock_time()
        if not user.totp_confirmed_at:
            change_person(user=user, by=None, at=now, totp_secret="A" * 32, totp_confirmed_at=now)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def seen(model: Any) -> Any:
    """Rows as the whole trial sees them."""
    with scope(user_id=None, sites=EVERYTHING):
        return list(model.objects.all())


SITE = {
    "code": "07",
    "name": "Lakeside Hospital",
    "name_zh": "湖畔医院",
    "city": "Wuhan",
    "city_zh": "武汉",
    "time_zone": "Asia/Shanghai",
    "planned_participants": "40",
}


def test_a_site_goes_from_planned_to_active_by_its_checklist(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    assert manager.post("/sites/new/", SITE).headers["Location"] == "/sites/07/set-up/"
    manager.post("/sites/07/move/set_up/", {"reason": "contract is being drawn up"})
    early = manager.post("/sites/07/move/active/", {"reason": "all is ready"})
    assert early.status_code == 409
    assert "Ethics approval" in early.text
    assert "all is ready" in early.text, "what was typed stays"
    for kind in ("ethics", "contract", "initiation", "delegation", "training"):
        manager.post(f"/sites/07/checklist/{kind}/", {"done_on": "2026-10-01", "reference": "file 3"})
    assert (
        "an investigator in force" in manager.post("/sites/07/move/active/", {"reason": "all is ready"}).text
    )
    manager.post("/sites/07/consent-versions/new/", {"label": "1.0", "approved_on": "2026-10-01"})
    with scope(user_id=None, sites=EVERYTHING):
        site = Site.objects.get(code="07")
        for user, role in ((world.coordinator, Role.COORDINATOR), (world.investigator, Role.INVESTIGATOR)):
            services.delegate(user=user, role=role, site=site, starts_on=OPENED_ON, by=None, at=NOW)
    assert manager.post("/sites/07/move/active/", {"reason": "all is ready"}).status_code == 302
    assert "Site 07 is now “Active”" in manager.get("/sites/07/").text


def test_a_code_that_is_taken_is_refused_with_what_was_typed(world: World, as_user: Any) -> None:
    response = as_user(world.trial_manager).post("/sites/new/", SITE | {"code": "01"})
    assert response.status_code == 422
    assert "Lakeside Hospital" in response.text


def test_a_change_of_a_site_keeps_its_reason(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    changed = {**SITE, "name": "Riverside University Hospital", "reason": "it was renamed"}
    assert manager.post("/sites/01/change/", changed).status_code == 302
    with scope(user_id=None, sites=EVERYTHING):
        assert Site.objects.get(code="01").name == "Riverside University Hospital"
        assert Act.objects.get(verb="trials:site:change").reason == "it was renamed"


def test_a_person_is_created_and_delegated(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    typed = {
        "username": "nurse.two",
        "display_name": "Second Nurse",
        "language": "zh-hans",
        "password": "a first long password",
        "trained_on": "2026-11-01",
    }
    undocumented = manager.post("/people/new/", typed)
    assert "training_document" in undocumented.context["form"].errors
    typed["training_document"] = "GCP course of 1 November"
    page = manager.post("/people/new/", typed).headers["Location"]
    assert page == "/people/nurse.two/delegate/"
    without_site = manager.post(page, {"role": "coordinator", "starts_on": "2026-11-01"})
    assert without_site.status_code == 422
    site = {"role": "coordinator", "site": world.site.pk, "starts_on": "2026-11-01"}
    assert manager.post(page, site).headers["Location"] == "/people/nurse.two/"
    assert "nurse.two" in manager.get("/people/").text


def test_a_name_given_before_is_never_given_again(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    typed = {
        "username": "coordinator",
        "display_name": "Another",
        "language": "en",
        "password": "a first long password",
    }
    response = manager.post("/people/new/", typed)
    assert response.status_code == 409
    assert "never used again" in response.text


def test_a_role_needs_training_first(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    change_person(user=world.stranger, by=None, at=clock_time(), trained_on=None)
    typed = {"role": "coordinator", "site": world.site.pk, "starts_on": "2026-11-01"}
    response = manager.post("/people/stranger/delegate/", typed)
    assert response.status_code == 409
    assert "training" in response.text


def test_the_end_of_a_delegation_stays_in_the_log(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    held = next(each for each in seen(Delegation) if each.user_id == world.stranger.pk)
    response = manager.post(
        f"/delegations/{row_key(held)}/end/", {"on": "2026-11-20", "reason": "left the hospital"}
    )
    assert response.status_code == 302
    page = manager.get("/people/").text
    assert "stranger" in page
    assert "Ended" in page


def test_the_delegation_log_is_a_paper_of_the_site_alone(world: World, as_user: Any) -> None:
    paper = as_user(world.coordinator).get("/sites/01/delegation-log.pdf")
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(paper.content)).pages)
    for said in (
        world.coordinator.display_name,
        world.investigator.display_name,
        "Initials",
        "Stamp",
        "page 1 of",
    ):
        assert said in text
    assert world.stranger.display_name not in text
    assert as_user(world.stranger).get("/sites/01/delegation-log.pdf").status_code == 404


def test_a_site_sees_its_own_people_only(world: World, as_user: Any) -> None:
    page = as_user(world.investigator).get("/people/").text
    assert "coordinator" in page
    assert "stranger" not in page
    assert "New person" not in page


def test_a_participant_is_registered_and_consents(world: World, as_user: Any) -> None:
    coordinator = as_user(world.coordinator)
    response = coordinator.post("/participants/register/", {"site": world.site.pk})
    (made,) = seen(Participant)
    assert response.headers["Location"] == f"/participants/{made.number}/consent/"
    typed = {"version": world.consent_version.pk, "signed_on": "2026-11-02", "sensitive_data": "on"}
    assert coordinator.post(response.headers["Location"], typed).status_code == 302
    (consent,) = seen(Consent)
    assert (str(consent.signed_on), consent.sensitive_data, consent.biobank) == ("2026-11-02", True, False)


@pytest.mark.parametrize(
    "typed", ["２０２６－１１－０２", "2026年11月2号", "2026‑11‑02", "20261102", "2026/11/2"]
)
def test_point_07_the_day_of_consent_is_read_as_days_on_forms_are(
    world: World, as_user: Any, typed: str
) -> None:
    coordinator = as_user(world.coordinator)
    coordinator.post("/participants/register/", {"site": world.site.pk})
    (made,) = seen(Participant)
    given = {"version": world.consent_version.pk, "signed_on": typed, "sensitive_data": "on"}
    assert coordinator.post(f"/participants/{made.number}/consent/", given).status_code == 302
    assert [str(consent.signed_on) for consent in seen(Consent)] == ["2026-11-02"]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"signed_on": "2026-11-0²"}, 422, "year-month-day, such as 2026-11-23"),
        ({"signed_on": "31/11/2026"}, 422, "This day does not exist"),
        ({"signed_on": "05/11/2026"}, 422, "can be taken for each other"),
        ({"signed_on": "31/02/2026"}, 422, "This day does not exist"),
        ({"signed_on": "2099-01-01"}, 422, "has not come yet"),
        ({"signed_on": "2020-01-01"}, 422, "was not in force"),
        ({"sensitive_data": ""}, 422, "was not ticked"),
        ({"signed_on": "the 2nd"}, 422, "Signed on"),
    ],
)
def test_a_consent_that_cannot_be_right_is_refused_beside_what_was_typed(
    world: World, as_user: Any, typed: dict[str, str], status: int, said: str
) -> None:
    coordinator = as_user(world.coordinator)
    coordinator.post("/participants/register/", {"site": world.site.pk})
    (made,) = seen(Participant)
    good = {"version": world.consent_version.pk, "signed_on": "2026-11-02", "sensitive_data": "on"}
    response = coordinator.post(f"/participants/{made.number}/consent/", good | typed)
    assert response.status_code == status
    assert said in response.text
    assert not seen(Consent)


def test_screening_ends_with_a_reason(world: World, as_user: Any) -> None:
    participant = screen(world)
    coordinator = as_user(world.coordinator)
    page = f"/participants/{participant.number}/screen-failure/"
    typed = {"on": "2026-11-10", "reason": "criterion"}
    assert coordinator.post(page, typed).status_code == 422
    assert coordinator.post(page, typed | {"criteria": ["I-2"]}).status_code == 302
    again = coordinator.post(page, typed | {"criteria": ["I-2"]})
    assert again.status_code == 409
    assert "no longer in screening" in again.text


def test_declining_and_withdrawing_are_kept_apart(world: World, as_user: Any) -> None:
    coordinator = as_user(world.coordinator)
    one, other = screen(world), screen(world)
    typed = {"on": "2026-11-10", "reason": "wants_surgery"}
    assert coordinator.post(f"/participants/{one.number}/decline/", typed).status_code == 302
    page = f"/participants/{other.number}/withdraw/"
    assert coordinator.post(page, {"on": "2026-11-10"}).status_code == 422
    answers = {"on": "2026-11-10", "all_contact": "on"}
    confirmed = coordinator.post(page, answers).context["form"].confirmation
    assert coordinator.post(page, answers | {"confirmed": confirmed}).status_code == 302
    states = {each.number: each.state for each in seen(Participant)}
    assert states == {one.number: "SCREEN_FAIL", other.number: "WITHDRAWN"}


@pytest.mark.parametrize(
    "path",
    ["consent/", "screen-failure/", "decline/", "withdraw/"],
)
def test_a_stranger_finds_no_participant_of_another_site(world: World, as_user: Any, path: str) -> None:
    participant = screen(world)
    stranger = as_user(world.stranger)
    missing = stranger.get("/participants/01-9999/" + path)
    foreign = stranger.get(f"/participants/{participant.number}/{path}")
    assert missing.status_code == foreign.status_code == 404
    assert "Page not found" in foreign.text


def test_a_stranger_finds_no_other_site(world: World, as_user: Any) -> None:
    stranger = as_user(world.stranger)
    assert stranger.get("/sites/01/").status_code == 404
    assert "Riverside" not in stranger.get("/sites/").text


@pytest.mark.parametrize(
    "path", ["/sites/new/", "/sites/01/change/", "/people/new/", "/people/stranger/delegate/"]
)
def test_what_is_not_part_of_a_role_is_refused(world: World, as_user: Any, path: str) -> None:
    response = as_user(world.coordinator).get(path)
    assert response.status_code == 403
    assert "Your role does not include this" in response.text


def test_an_inspector_reads_sites_and_changes_nothing(world: World, as_user: Any) -> None:
    inspector = as_user(world.inspector)
    assert inspector.get("/sites/01/").status_code == 200
    assert inspector.get("/people/").status_code == 200
    assert inspector.post("/sites/01/move/closed/", {"reason": "no"}).status_code == 403
    assert inspector.post("/participants/register/", {"site": world.site.pk}).status_code == 403


def test_lists_ask_the_same_number_of_questions_however_long(
    world: World, as_user: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        screen(world)
    manager = as_user(world.trial_manager)
    for page in ("/sites/", "/sites/01/", "/people/"):
        with django_assert_max_num_queries(16):
            assert manager.get(page).status_code == 200


def test_a_reset_ends_sessions_and_drops_the_second_factor(world: World, as_user: Any) -> None:
    owner, manager = as_user(world.investigator), as_user(world.trial_manager)
    typed = {"password": "a quite new first one", "reason": "the telephone was lost"}
    assert manager.post("/people/investigator/reset/", typed).headers["Location"] == "/people/investigator/"
    assert owner.get("/accounts/").status_code == 302
    world.investigator.refresh_from_db()
    assert world.investigator.totp_confirmed_at is None
    with scope(user_id=None, sites=EVERYTHING):
        assert Act.objects.get(verb="trials:account:reset").reason == "the telephone was lost"


def test_a_closed_account_has_no_session_and_no_role(world: World, as_user: Any) -> None:
    leaver, manager = as_user(world.coordinator), as_user(world.trial_manager)
    assert manager.post("/people/coordinator/close/", {"reason": "left the hospital"}).status_code == 302
    assert leaver.get("/accounts/").status_code == 302
    held = [each for each in seen(Delegation) if each.user_id == world.coordinator.pk]
    assert all(each.ends_on for each in held)
    assert "Account closed" in manager.get("/people/coordinator/").text


@pytest.mark.parametrize("path", ["reset/", "close/"])
def test_nobody_resets_or_closes_their_own_account_here(world: World, as_user: Any, path: str) -> None:
    typed = {"password": "a quite new first one", "reason": "why not"}
    response = as_user(world.trial_manager).post(f"/people/trial_manager/{path}", typed)
    assert response.status_code == 409
    assert "another trial manager" in response.text


def test_a_change_of_an_account_keeps_its_reason(world: World, as_user: Any) -> None:
    typed = {"display_name": "Second Stranger", "trained_on": "2026-11-01", "reason": "trained again"}
    typed["training_document"] = "GCP course of 1 November"
    assert as_user(world.trial_manager).post("/people/stranger/change/", typed).status_code == 302
    world.stranger.refresh_from_db()
    assert world.stranger.display_name == "Second Stranger"
    with scope(user_id=None, sites=EVERYTHING):
        assert Act.objects.get(verb="trials:account:change").reason == "trained again"


@pytest.mark.parametrize(
    ("page", "typed", "field"),
    [
        ("/sites/01/checklist/ethics/", {"done_on": "2026-10-01", "expires_on": "2026-09-01"}, "expires_on"),
        (
            "/people/stranger/delegate/",
            {"role": "monitor", "starts_on": "2026-10-01", "ends_on": "2026-09-01"},
            "ends_on",
        ),
    ],
)
def test_dates_in_the_wrong_order_are_asked_again(
    world: World, as_user: Any, page: str, typed: dict[str, str], field: str
) -> None:
    response = as_user(world.trial_manager).post(page, typed)
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_another_reason_wants_a_word(world: World, as_user: Any) -> None:
    page = f"/participants/{screen(world).number}/screen-failure/"
    response = as_user(world.coordinator).post(page, {"on": "2026-11-10", "reason": "other"})
    assert "detail" in response.context["form"].errors


def test_a_new_version_of_the_consent_form_ends_the_one_before(world: World, as_user: Any) -> None:
    manager = as_user(world.trial_manager)
    typed = {"label": "2.0", "approved_on": "2026-11-01"}
    assert manager.post("/sites/01/consent-versions/new/", typed).status_code == 302
    assert "2.0" in manager.get("/sites/01/").text
    early = as_user(world.coordinator)
    number = screen(world, signed_on=TODAY.replace(day=1, month=10)).number
    old = {"version": world.consent_version.pk, "signed_on": "2026-11-02", "sensitive_data": "on"}
    assert early.post(f"/participants/{number}/consent/", old).status_code == 422
