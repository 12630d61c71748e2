"""Gates: who gives a role, when it ends and what ends with it, and what a site has before it is open."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client

from accounts import services as accounts
from accounts.models import User
from accounts.permissions import ADDED_ROLES, ROLE_PERMISSIONS, SITE_ROLES, Permission, Role
from accounts.proofs import DayAhead
from accounts.second_factor import code_at
from accounts.services import MayNotSign, WrongCode, WrongPassword, set_password, sign
from audit.acts import open_act
from exports.living_access.services import make_token
from followup.feeds import living_feed, reader_of
from followup.services.feeds import make_feed
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope, tell_identity
from tests.clock import clock_time
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, World, as_person
from trials import services as trials
from trials.models import Delegation, Site
from trials.models.people import with_grants
from trials.models.sites import ChecklistKind, SiteNeed, SiteState
from trials.services.delegations import (
    EndIsPast,
    NothingToConfirm,
    NotToYourself,
    RoleNeedsSecondPerson,
    RolesIncompatible,
)
from trials.services.people import close_account, reset_account
from trials.services.sites import ChecklistOpen, SiteCannotMove
from website.contact.centres import open_centres
from website.public.sites import public_sites
from website.services.requests import CentreClosed, receive_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everything(world: World) -> Any:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def person(name: str) -> User:
    return accounts.create_person(
        username=name,
        display_name=name,
        email=f"{name}@example.org",
        trained_on=OPENED_ON,
        identity_checked_on=OPENED_ON,
        accountability_accepted_on=OPENED_ON,
        by=None,
        at=NOW,
    )


def given(world: World, user: User, role: Role, site: Site | None = None, **more: Any) -> Delegation:
    values = {"starts_on": OPENED_ON, "by": world.trial_manager, "at": NOW, **more}
    if role in ADDED_ROLES:
        values.setdefault("reason", "Drug supply is counted by hand")
    return trials.delegate(user=user, role=role, site=site, **values)


def second_manager() -> User:
    user = person("second_manager")
    trials.delegate(user=user, role=Role.TRIAL_MANAGER, site=None, starts_on=OPENED_ON, by=None, at=NOW)
    return with_grants(user, on=TODAY)


def roles_of(user: User) -> set[str]:
    return {grant.role for grant in with_grants(user, on=TODAY).grants}


# Who gives a role


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.COORDINATOR, Role.INVESTIGATOR}])
def test_point_22_nobody_gives_a_role_to_themselves(world: World, role: Role) -> None:
    with pytest.raises(NotToYourself):
        given(world, world.trial_manager, role)


@pytest.mark.parametrize("pair", settings.INCOMPATIBLE_ROLES)
@pytest.mark.parametrize("turned", [False, True])
def test_point_22_incompatible_roles_are_not_held_by_one_person(
    world: World, pair: tuple[str, str], turned: bool
) -> None:
    first, second = (Role(role) for role in (reversed(pair) if turned else pair))
    user = person("both")
    given(world, user, first, world.site if first in {Role.COORDINATOR, Role.INVESTIGATOR} else None)
    with pytest.raises(RolesIncompatible):
        given(world, user, second, world.site if second in {Role.COORDINATOR, Role.INVESTIGATOR} else None)


def test_point_22_one_after_the_other_and_at_another_site_is_no_conflict(world: World) -> None:
    user = person("one_by_one")
    given(world, user, Role.COORDINATOR, world.site, ends_on=date(2025, 1, 31))
    with pytest.raises(RolesIncompatible):
        given(world, user, Role.DATA_MANAGER, starts_on=date(2025, 1, 31))
    given(world, user, Role.DATA_MANAGER, starts_on=date(2025, 2, 1))
    other = person("elsewhere")
    given(world, other, Role.INVESTIGATOR, world.site)
    given(world, other, Role.MONITOR, world.other_site)
    with pytest.raises(RolesIncompatible):
        given(world, other, Role.MONITOR, world.site)


def test_point_22_a_role_is_in_force_once_a_second_person_confirms_it(world: World) -> None:
    user = person("new_investigator")
    waiting = given(world, user, Role.INVESTIGATOR, world.site)
    assert roles_of(user) == set()
    for who in (world.trial_manager, with_grants(user, on=TODAY), world.coordinator, world.data_manager):
        with pytest.raises(RoleNeedsSecondPerson):
            trials.confirm_delegation(delegation=waiting, by=who, at=NOW)
    with pytest.raises(WrongPassword):
        trials.confirm_delegation(delegation=waiting, by=world.investigator, at=NOW, password="no")
    signed = trials.confirm_delegation(delegation=waiting, by=world.investigator, at=NOW, password=PASSWORD)
    assert roles_of(user) == {"investigator"}
    assert signed.signature is not None
    assert signed.signature.by == world.investigator
    with pytest.raises(NothingToConfirm):
        trials.confirm_delegation(delegation=waiting, by=second_manager(), at=NOW)


def test_a_delegation_at_a_site_waits_for_its_investigator_and_the_first_one_for_another_manager(
    world: World,
) -> None:
    """ICH E6(R3) 2.3: the investigator delegates; 3.7: the sponsor chooses investigators."""
    manager = second_manager()
    waiting = given(world, person("nurse"), Role.COORDINATOR, world.site)
    with pytest.raises(RoleNeedsSecondPerson):  # the site has an investigator, who has not signed
        trials.confirm_delegation(delegation=waiting, by=manager, at=NOW)
    assert waiting not in Delegation.objects.to_confirm_by(manager, on=TODAY)
    assert waiting in Delegation.objects.to_confirm_by(world.investigator, on=TODAY)

    standing = Delegation.objects.get(user=world.investigator)
    trials.end_delegation(delegation=standing, on=TODAY, by=world.trial_manager, at=NOW, reason="left")
    with pytest.raises(RoleNeedsSecondPerson):  # a coordinator waits for the next investigator
        trials.confirm_delegation(delegation=waiting, by=manager, at=NOW)
    first = given(world, person("successor"), Role.INVESTIGATOR, world.site)
    assert first in Delegation.objects.to_confirm_by(manager, on=TODAY)
    with pytest.raises(RoleNeedsSecondPerson):
        trials.confirm_delegation(delegation=first, by=world.trial_manager, at=NOW)
    trials.confirm_delegation(delegation=first, by=manager, at=NOW)
    assert roles_of(first.user) == {"investigator"}


@pytest.mark.parametrize("pair", settings.INCOMPATIBLE_ROLES)
def test_the_database_refuses_incompatible_roles_and_roles_for_oneself(
    world: World, pair: tuple[str, str]
) -> None:
    """Whatever writes, the service or not, and whichever sites it sees."""
    first, second = (Role(role) for role in pair)
    user = person("both")
    given(world, user, first, world.site if first in SITE_ROLES else None)
    place = world.site if second in SITE_ROLES else None
    values: dict[str, Any] = {"role": second, "site": place, "starts_on": OPENED_ON}
    sites = [place.pk] if place else EVERYTHING
    for who, by, said in ((user, None, "at the same time"), (person("self"), "self", "to themselves")):
        giver = who if by else None
        with (
            pytest.raises(DatabaseError, match=said),
            scope(user_id=world.trial_manager.pk, sites=sites),
            open_act("trials:delegation:grant", by=world.trial_manager, at=NOW) as act,
        ):
            Delegation.objects.create(user=who, granted_by=giver, act=act, **values)


def test_the_database_takes_a_role_from_whoever_may_give_it_and_keeps_it_waiting(world: World) -> None:
    """With the program's proof and in the giver's own act, as a service that forgot to ask would write it."""
    friend = person("friend")
    for giver, waits in ((world.coordinator, True), (world.trial_manager, False)):
        told: dict[str, Any] = {"starts_on": OPENED_ON, "granted_by": giver, "waits_for_confirmation": waits}
        with (
            scope(user_id=giver.pk, sites=EVERYTHING),
            transaction.atomic(),
            open_act("trials:delegation:grant", by=giver, at=NOW) as act,
        ):
            tell_identity(person=friend.pk)
            with (
                pytest.raises(DatabaseError, match="given and confirmed by whoever may"),
                transaction.atomic(),
            ):
                Delegation.objects.create(user=friend, role=Role.MONITOR, act=act, **told)


def test_point_22_an_investigator_confirms_no_role_of_the_whole_trial_nor_of_another_site(
    world: World,
) -> None:
    central = given(world, person("central"), Role.DATA_MANAGER)
    elsewhere = given(world, person("elsewhere"), Role.COORDINATOR, world.other_site)
    for waiting in (central, elsewhere):
        with pytest.raises(RoleNeedsSecondPerson):
            trials.confirm_delegation(delegation=waiting, by=world.investigator, at=NOW, password=PASSWORD)
    trials.confirm_delegation(delegation=central, by=second_manager(), at=NOW)
    theirs = with_grants(User.objects.get(username="other_investigator"), on=TODAY)
    trials.confirm_delegation(delegation=elsewhere, by=theirs, at=NOW, password=PASSWORD)


def test_point_22_the_database_knows_who_is_a_second_person(world: World) -> None:
    waiting = given(world, person("alone"), Role.DATA_MANAGER)
    for who in (world.trial_manager, waiting.user):
        with (
            pytest.raises(DatabaseError),
            open_act("trials:delegation:confirm", by=None, at=NOW) as act,
        ):
            Delegation.objects.filter(pk=waiting.pk).update(
                waits_for_confirmation=False, confirmed_by=who, confirmed_at=NOW, act=act
            )


def test_point_22_the_manager_sees_and_confirms_on_the_page_what_another_granted(
    world: World, client: Client
) -> None:
    waiting = given(world, person("newcomer"), Role.DATA_MANAGER)
    client.force_login(world.trial_manager)
    address = f"/delegations/{row_key(waiting)}/confirm/"
    assert address not in client.get("/people/").text
    assert address not in client.get("/work-list/").text
    assert client.post(address, {"ok": "1"}).status_code == 403
    second = second_manager()
    accounts.change_person(user=second, by=None, at=NOW, totp_secret="A" * 32, totp_confirmed_at=NOW)
    client.force_login(second)
    assert address in client.get("/people/").text
    assert address in client.get("/work-list/").text
    assert client.get(address).status_code == 200
    assert client.post(address, {"ok": "1"}).status_code == 302
    assert roles_of(waiting.user) == {"data_manager"}


@pytest.mark.parametrize("name", ["trained_on", "identity_checked_on", "accountability_accepted_on"])
def test_point_22_training_and_identity_check_lie_behind(world: World, name: str) -> None:
    with pytest.raises(DayAhead):
        accounts.change_person(user=world.monitor, by=None, at=NOW, **{name: TODAY + timedelta(days=1)})
    accounts.change_person(user=world.monitor, by=None, at=NOW, **{name: TODAY})
    made: dict[str, Any] = {"username": "early", "display_name": "Early", "by": None, "at": NOW}
    if name != "accountability_accepted_on":
        with pytest.raises(DayAhead):
            accounts.create_person(**made, **{name: TODAY + timedelta(days=1)})


# When it ends, and what ends with it


def held(world: World, user: User) -> Delegation:
    found: Delegation = Delegation.objects.get(user=user)
    return found


def test_point_22_a_role_ends_at_once_in_an_open_session(world: World, client: Client) -> None:
    client.force_login(world.coordinator)
    assert client.get("/participants/").status_code == 200
    now = clock_time()
    trials.end_delegation(
        delegation=held(world, world.coordinator), on=TODAY, reason="Left", by=world.trial_manager, at=now
    )
    assert client.get("/participants/").status_code == 403
    assert roles_of(world.coordinator) == set()


def test_point_22_a_role_that_ends_on_a_day_to_come_holds_until_its_evening(world: World) -> None:
    delegation = held(world, world.coordinator)
    trials.end_delegation(
        delegation=delegation, on=TODAY + timedelta(days=3), reason="Leaves", by=world.trial_manager, at=NOW
    )
    assert roles_of(world.coordinator) == {"coordinator"}
    trials.end_delegation(delegation=delegation, on=TODAY, reason="Now", by=world.trial_manager, at=NOW)
    assert roles_of(world.coordinator) == set()
    day_before = with_grants(world.coordinator, on=TODAY - timedelta(days=1))
    assert {grant.role for grant in day_before.grants} == {"coordinator"}


def test_point_22_an_end_is_not_moved_behind_what_was_done(world: World) -> None:
    with pytest.raises(EndIsPast):
        trials.end_delegation(
            delegation=held(world, world.coordinator),
            on=date(2020, 1, 1),
            reason="Was never here",
            by=world.trial_manager,
            at=NOW,
        )


def keys_of(user: User) -> tuple[Client, str]:
    now = clock_time()
    _token, secret = make_token(
        name="night job",
        scopes=[Permission.PARTICIPANT_VIEW],
        expires_at=now + timedelta(days=30),
        password=PASSWORD,
        code=code_at(user, now),
        by=user,
        at=now,
    )
    return Client(headers={"Authorization": f"Bearer {secret}"}), make_feed(user=user, at=now)


ENDINGS = {
    "a reset of the account": lambda w: reset_account(
        user=w.investigator, password="another good one 77", by=w.trial_manager, at=LATER, reason="Lost"
    ),
    "a password of one's own": lambda w: set_password(
        user=w.investigator, password="another good one 77", by=w.investigator, at=LATER
    ),
    "the end of a role": lambda w: trials.end_delegation(
        delegation=held(w, w.investigator), on=TODAY, reason="Left", by=w.trial_manager, at=LATER
    ),
    "the closing of the account": lambda w: close_account(
        user=w.investigator, by=w.trial_manager, at=LATER, reason="Left"
    ),
}
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_point_22_tokens_and_feeds_end_with(world: World, ending: str) -> None:
    api, feed = keys_of(world.investigator)
    assert api.get("/api/v1/participants/").status_code == 200
    assert reader_of(feed, on=TODAY) is not None
    ENDINGS[ending](world)
    assert api.get("/api/v1/participants/").status_code == 401
    assert reader_of(feed, on=TODAY) is None
    assert living_feed(User.objects.get(pk=world.investigator.pk)) is None


def test_point_22_tokens_end_when_a_second_factor_is_set_up_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, feed = keys_of(world.investigator)
    monkeypatch.setattr("accounts.services.matching_step", lambda *args: 99)
    assert accounts.confirm_second_factor(user=world.investigator, code="123456", at=LATER)
    assert api.get("/api/v1/participants/").status_code == 401
    assert reader_of(feed, on=TODAY) is None


@pytest.mark.parametrize(
    "lacking",
    [{"must_change_password": True}, {"totp_secret": "", "totp_confirmed_at": None}],
    ids=["a password of one's own", "a second factor"],
)
def test_point_7_a_token_rests_while_its_owner_lacks(world: World, lacking: dict[str, Any]) -> None:
    api, _feed = keys_of(world.investigator)
    before = {name: getattr(world.investigator, name) for name in lacking}
    accounts.change_person(user=world.investigator, by=None, at=LATER, **lacking)
    refused = api.get("/api/v1/participants/")
    assert refused.status_code == 401
    assert "sets a password and second factor of their own" in refused.text
    accounts.change_person(user=world.investigator, by=None, at=LATER, **before)
    assert api.get("/api/v1/participants/").status_code == 200


def test_requirement_8_who_has_not_signed_in_for_long_is_listed(world: World, client: Client) -> None:
    for person, days in ((world.monitor, 91), (world.coder, 89)):
        accounts.change_person(user=person, by=None, at=NOW, signed_in_at=NOW - timedelta(days=days))
    client.force_login(world.trial_manager)
    assert [each.username for each in client.get("/people/").context["dormant"]] == ["monitor"]
    client.force_login(world.investigator)
    assert not client.get("/people/").context["dormant"], "whoever closes no account is shown none"


def test_point_22_nobody_signs_with_a_password_that_somebody_else_chose(world: World) -> None:
    reset_account(
        user=world.investigator,
        password="another good one 77",
        by=world.trial_manager,
        at=LATER,
        reason="Lost",
    )
    reader = with_grants(User.objects.get(pk=world.investigator.pk), on=TODAY)
    with pytest.raises(MayNotSign) as refused, open_act("crf:record:sign", by=reader, at=LATER):
        sign(record="x", digest="0" * 64, meaning="y", by=reader, password="another good one 77", at=LATER)
    for lacking in ("a second person's word on identity", "a password and second factor of your own"):
        assert lacking in str(refused.value)


def test_point_22_a_token_asks_for_the_password(world: World) -> None:
    with pytest.raises(WrongPassword):
        make_token(
            name="left open",
            scopes=[Permission.PARTICIPANT_VIEW],
            expires_at=LATER,
            password="not it",
            by=world.coordinator,
            at=NOW,
        )
    with pytest.raises(WrongCode):
        make_token(
            name="left open",
            scopes=[Permission.PARTICIPANT_VIEW],
            expires_at=LATER,
            password=PASSWORD,
            code="000000",
            by=world.investigator,
            at=NOW,
        )


# What a site has before it is open


def site_in_set_up() -> Site:
    site = trials.create_site(
        code="17",
        name="New",
        name_zh="新",
        city="Wuhan",
        city_zh="武汉",
        time_zone="Asia/Shanghai",
        by=None,
        at=NOW,
    )
    site = trials.move_site(site=site, to=SiteState.SET_UP, by=None, at=NOW)
    for kind in ChecklistKind:
        trials.fulfil_checklist_item(site=site, kind=kind, done_on=OPENED_ON, by=None, at=NOW)
    return site


def staffed(site: Site, *needs: SiteNeed) -> None:
    for role in (Role.COORDINATOR, Role.INVESTIGATOR):
        if SiteNeed(str(role)) in needs:
            trials.delegate(
                user=person(f"{role}17"), role=role, site=site, starts_on=OPENED_ON, by=None, at=NOW
            )
    if SiteNeed.CONSENT_VERSION in needs:
        trials.add_consent_version(site=site, label="1.0", approved_on=OPENED_ON, by=None, at=NOW)


@pytest.mark.parametrize("lacking", list(SiteNeed))
def test_point_22_a_site_is_not_active_without(world: World, lacking: SiteNeed) -> None:
    site = site_in_set_up()
    staffed(site, *(need for need in SiteNeed if need is not lacking))
    has_places = lacking is not SiteNeed.PLACES
    with pytest.raises(ChecklistOpen) as refused:
        trials.activate_site(site=site, has_places=has_places, by=world.trial_manager, at=NOW)
    assert str(lacking.label) in str(refused.value)
    assert sum(str(need.label) in str(refused.value) for need in SiteNeed) == 1
    assert Site.objects.get(pk=site.pk).state == SiteState.SET_UP


def test_point_22_a_site_with_everything_is_activated_and_by_that_way_alone(world: World) -> None:
    site = site_in_set_up()
    staffed(site, *SiteNeed)
    with pytest.raises(SiteCannotMove):
        trials.move_site(site=site, to=SiteState.ACTIVE, by=world.trial_manager, at=NOW)
    for has_places in (None, True):
        with transaction.atomic():
            done = trials.activate_site(site=site, has_places=has_places, by=world.trial_manager, at=NOW)
            assert done.state == SiteState.ACTIVE
            transaction.set_rollback(True)


def test_point_22_the_checklist_on_the_page_names_and_links_what_is_lacking(
    world: World, client: Client
) -> None:
    site = site_in_set_up()
    client.force_login(world.trial_manager)
    page = client.get("/sites/17/").text
    for need in (SiteNeed.COORDINATOR, SiteNeed.INVESTIGATOR, SiteNeed.CONSENT_VERSION):
        assert str(need.label).capitalize() in page
    assert str(SiteNeed.PLACES.label) not in page, "no list is in force"
    assert "/sites/17/consent-versions/new/" in page
    asked = client.get("/sites/17/move/active/").text
    assert "Still missing before the site can be activated" in asked
    missing = asked.split('id="missing"')[1].split("</section>")[0]
    assert missing.count("<li") == 3
    assert "/sites/17/consent-versions/new/" in missing
    assert 'name="reason"' not in asked, "what would be refused is not offered"
    refused = client.post("/sites/17/move/active/", {"reason": "open"})
    assert refused.status_code == 409
    assert str(SiteNeed.INVESTIGATOR.label) in refused.text
    assert Site.objects.get(pk=site.pk).state == SiteState.SET_UP


def test_point_22_a_list_without_the_site_counts_as_no_places(world: World) -> None:
    from randomization.coverage import has_places
    from randomization.models import Scheme, SchemeState

    assert has_places("01") is None
    with open_act("randomization:scheme:define", by=None, at=NOW) as act:
        Scheme.objects.create(
            version=1,
            name="1",
            algorithm="blocks",
            ratio="1:1",
            stages=["II", "III"],
            places_per_stratum=4,
            state=SchemeState.ACTIVE,
            defined_by=world.statistician,
            defined_at=NOW,
            act=act,
        )
    assert has_places("01") is False


def test_point_22_the_public_page_offers_sites_alone_at_which_somebody_answers(world: World) -> None:
    at = clock_time()
    assert {centre.code for centre in open_centres(at=at)} == {"01", "02"}
    for user in (world.coordinator, world.investigator):
        trials.end_delegation(
            delegation=held(world, user), on=TODAY, reason="x", by=world.trial_manager, at=at
        )
    assert {centre.code for centre in open_centres(at=at)} == {"02"}
    assert [(site.code, site.is_open) for site in public_sites(at=at)] == [("01", False), ("02", True)]
    with pytest.raises(CentreClosed):
        receive_request(site_code="01", typed=None, reference="x", at=at)
    given(world, person("waiting"), Role.COORDINATOR, world.site)
    assert {centre.code for centre in open_centres(at=at)} == {"02"}, (
        "who waits for confirmation answers nobody"
    )


def test_point_22_no_public_answer_rests_on_a_closed_account(world: World) -> None:
    for user in (world.coordinator, world.investigator):
        with as_person(world.trial_manager):
            accounts.change_person(user=user, by=None, at=NOW, is_active=False)
    assert {centre.code for centre in open_centres(at=NOW)} == {"02"}


def apart_from(role: Role) -> set[str]:
    pairs = (set(pair) for pair in settings.INCOMPATIBLE_ROLES if role.value in pair)
    return set().union(*pairs) - {role.value}


def test_requirement_11_whoever_administers_accounts_holds_no_other_role() -> None:
    assert apart_from(Role.TRIAL_MANAGER) == {role.value for role in set(Role) - {Role.TRIAL_MANAGER}}
    assert {role for role, rights in ROLE_PERMISSIONS.items() if Permission.PERSON_DELEGATE in rights} == {
        Role.TRIAL_MANAGER
    }


def test_a_member_of_the_committee_holds_no_other_role_and_reads_packs_alone() -> None:
    """The committee is independent of sites, data and analysis: of every other role (issue point 11)."""
    assert apart_from(Role.COMMITTEE) == {role.value for role in set(Role) - {Role.COMMITTEE}}
    assert ROLE_PERMISSIONS[Role.COMMITTEE] == {Permission.PACK_VIEW, Permission.PACK_READ_ARMS}
