"""A site closes: to recruitment, then out, with nobody lost on the way (issue point 13 of the rare days)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.permissions import Role
from audit.acts import open_act
from kernel.scope import EVERYTHING, scope
from reports.closing import open_matters_at
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, World, as_person, screen
from trials import services
from trials.models import CloseOut, ContactRequest, DeviationProposal, Participant, Site
from trials.models.closing import KEPT, OpenMatter
from trials.models.participants import Track
from trials.models.people import with_grants
from trials.models.sites import SiteState
from trials.services import closing, copies
from trials.services.participants import SiteNotActive
from trials.services.sites import ChecklistOpen, CloseOutStands

pytestmark = pytest.mark.django_db


def to(site: Site, state: str, world: World) -> Site:
    with as_person(world.trial_manager):
        return services.move_site(
            site=site, to=state, by=world.trial_manager, at=NOW, reason="recruitment is over"
        )


def ask(world: World, *, keeper: Site | None = None, **open_matters: int) -> CloseOut:
    with as_person(world.trial_manager):
        return services.ask_close_out(
            site=world.site,
            keeper=keeper,
            count=lambda site: open_matters,
            reason="the last participant is dead",
            password=PASSWORD,
            by=world.trial_manager,
            at=NOW,
        )


def confirm(world: World, close_out: CloseOut, *, by: Any = None, **open_matters: int) -> CloseOut:
    person = by or world.investigator
    with as_person(person):
        return services.confirm_close_out(
            close_out=close_out, count=lambda site: open_matters, password=PASSWORD, by=person, at=NOW
        )


def test_what_is_open_is_counted_while_the_site_is_locked(world: World) -> None:
    """Else somebody could be transferred to it between the count and the signature."""
    asked: list[bool] = []

    def count(site: Site) -> dict[str, int]:
        asked.append(any("trials_site" in each["sql"] and "FOR UPDATE" in each["sql"] for each in seen))
        return {}

    to(world.site, "closed", world)
    with CaptureQueriesContext(connection) as seen, as_person(world.trial_manager):
        close_out = services.ask_close_out(
            site=world.site, keeper=None, count=count, reason="over", password=PASSWORD,
            by=world.trial_manager, at=NOW,
        )  # fmt: skip
    with CaptureQueriesContext(connection) as seen, as_person(world.investigator):
        services.confirm_close_out(
            close_out=close_out, count=count, password=PASSWORD, by=world.investigator, at=NOW
        )
    assert asked == [True, True]


def test_a_site_does_not_recruit_again_under_a_close_out_that_was_asked_for(world: World) -> None:
    """The request hung on work lists with a link that answered 404, and could be confirmed later."""
    to(world.site, "closed", world)
    close_out = ask(world)
    with as_person(world.trial_manager):
        again: dict[str, Any] = {"by": world.trial_manager, "at": NOW, "reason": "after all"}
        with pytest.raises(CloseOutStands, match="Take it back"):
            services.activate_site(site=world.site, has_places=None, **again)
        services.end_close_out(close_out=close_out, **again)
        with pytest.raises(ChecklistOpen):
            services.activate_site(site=world.site, has_places=False, **again)


def state_of(site: Site) -> str:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Site.objects.get(pk=site.pk).state


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def delegate_from_other(world: World) -> None:
    """The coordinator of site 02 has a role at site 01 as well."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.delegate(
            user=world.stranger, role=Role.COORDINATOR, site=world.site, starts_on=OPENED_ON, by=None, at=NOW
        )


def test_rare_13_closed_to_recruitment_is_not_closed_out_and_has_a_way_back(world: World) -> None:
    person = screen(world)
    to(world.site, SiteState.CLOSED, world)
    with as_person(world.coordinator), pytest.raises(SiteNotActive, match="Closed to recruitment"):
        services.register_participant(site=world.site, by=world.coordinator, at=NOW)
    with as_person(world.coordinator):
        later = services.add_consent_version(
            site=world.site, label="1.1", approved_on=TODAY, by=world.coordinator, at=NOW
        )
        services.record_consent(
            participant=person,
            version=later,
            signed_on=TODAY,
            sensitive_data=True,
            by=world.coordinator,
            at=NOW,
        )
    with as_person(world.trial_manager), pytest.raises(services.sites.SiteCannotMove):
        services.move_site(site=world.site, to=SiteState.CLOSED_OUT, by=world.trial_manager, at=NOW)
    with as_person(world.trial_manager):
        services.activate_site(
            site=world.site, has_places=None, by=world.trial_manager, at=NOW, reason="more are needed"
        )
    assert state_of(world.site) == SiteState.ACTIVE


def test_rare_13_a_site_that_recruits_is_not_closed_out(world: World) -> None:
    with pytest.raises(closing.StillRecruiting, match="Close it to recruitment first"):
        ask(world)


@pytest.mark.parametrize("matter", OpenMatter)
def test_rare_13_each_open_matter_stands_in_the_way(world: World, matter: OpenMatter) -> None:
    to(world.site, SiteState.CLOSED, world)
    with pytest.raises(closing.MattersOpen, match=r"\(3\)"):
        ask(world, **{matter.value: 3})
    delegate_from_other(world)
    if matter in KEPT:
        assert ask(world, keeper=world.other_site, **{matter.value: 3}).open_matters == {matter.value: 3}
    else:
        with pytest.raises(closing.MattersOpen):
            ask(world, keeper=world.other_site, **{matter.value: 3})


def test_rare_13_what_is_open_is_counted_at_this_site_alone(world: World) -> None:
    def counts() -> dict[str, int]:
        with as_person(world.trial_manager), transaction.atomic():
            return {name: count for name, count in open_matters_at(world.site, today=TODAY).items() if count}

    before = counts()
    screen(world, site=world.other_site)
    assert counts() == before
    person = screen(world)
    assert counts() == {**before, "screening": 1}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.propose_deviation(participant=person, rule="X", key="x", detail="late", by=None, at=NOW)
        services.correct_track(participant=person, to=Track.FOLLOW_UP, on=TODAY, by=None, at=NOW)
        with open_act("trials:request:receive", by=None, at=NOW, site=world.site) as act:
            ContactRequest.objects.create(reference="ABCD-2345", site=world.site, received_at=NOW, act=act)
    assert counts() == {**before, "living": 1, "deviations": 1, "requests": 1}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.correct_track(participant=person, to=Track.LOST, on=TODAY, by=None, at=NOW)
    assert counts()["living"] == 1, "who is lost may be found again"
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.correct_track(participant=person, to=Track.DEAD, on=TODAY, by=None, at=NOW)
        assert DeviationProposal.objects.count() == Participant.objects.filter(site=world.site).count() == 1
    assert "living" not in counts()


def test_rare_13_a_keeper_has_people_at_the_site_and_takes_over_whom_it_follows(world: World) -> None:
    to(world.site, SiteState.CLOSED, world)
    with pytest.raises(closing.KeeperNotThere, match="Delegate a coordinator of 02 to 01"):
        ask(world, keeper=world.other_site, living=13)
    with pytest.raises(closing.KeeperCannotFollow):
        ask(world, keeper=world.site, living=13)
    delegate_from_other(world)
    confirmed = confirm(world, ask(world, keeper=world.other_site, living=13), living=12, visits=1)
    assert (confirmed.keeper_id, confirmed.open_matters) == (world.other_site.pk, {"living": 12, "visits": 1})
    with as_person(world.trial_manager), transaction.atomic():
        assert open_matters_at(world.other_site, today=TODAY)["keeping"] == 1, "the keeper cannot leave them"
    both = with_grants(world.stranger, on=TODAY)
    assert both.sites_with(closing.Permission.VISIT_RECORD) == {world.site.pk, world.other_site.pk}


def test_rare_13_two_people_close_a_site_out(world: World) -> None:
    to(world.site, SiteState.CLOSED, world)
    asked = ask(world)
    with pytest.raises(closing.CloseOutAskedFor, match="2026-11-20 already"):
        ask(world)
    with pytest.raises(closing.CloseOutNeedsSecondPerson):
        confirm(world, asked, by=world.trial_manager)
    with pytest.raises(closing.CloseOutNeedsSecondPerson):
        confirm(world, asked, by=world.coordinator)
    with pytest.raises(closing.MattersOpen, match="Queries"):
        confirm(world, asked, queries=1)
    assert state_of(world.site) == SiteState.CLOSED
    done = confirm(world, asked)
    assert state_of(world.site) == SiteState.CLOSED_OUT
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert done.asking_signature.by_id == world.trial_manager.pk
        assert done.confirming_signature.by_id == world.investigator.pk
    with pytest.raises(closing.CloseOutSettled):
        confirm(world, asked)


def test_rare_13_a_close_out_is_undone_until_the_site_has_its_copy(world: World) -> None:
    to(world.site, SiteState.CLOSED, world)
    first = ask(world)
    with as_person(world.investigator):
        with pytest.raises(copies.CopyNotDue):
            services.ask_copy(close_out=first, by=world.investigator, at=NOW)
        services.end_close_out(close_out=first, reason="two forms came back", by=world.investigator, at=NOW)
    assert state_of(world.site) == SiteState.CLOSED
    second = confirm(world, ask(world))
    with as_person(world.trial_manager):
        services.end_close_out(close_out=second, reason="a query", by=world.trial_manager, at=NOW)
        with pytest.raises(closing.CloseOutSettled):
            services.end_close_out(close_out=second, reason="again", by=world.trial_manager, at=NOW)
    assert state_of(world.site) == SiteState.CLOSED
    third = confirm(world, ask(world))
    with as_person(world.investigator):
        copy = services.ask_copy(close_out=third, by=world.investigator, at=NOW)
        digests = {"digest": "f" * 64, "data_digest": "d" * 64}
        copies.finish_copy(copy=copy, size=1, data_as_of=NOW, at=NOW, **digests)
        copy.refresh_from_db()
        copies.note_download(copy=copy, by=world.investigator, at=NOW)
        told = {"copy": copy, "data_digest": "d" * 64, "by": world.investigator, "at": NOW}
        services.confirm_copy(password=PASSWORD, **told)
        with pytest.raises(copies.CopyConfirmed, match="final"):
            services.end_close_out(close_out=third, reason="too late", by=world.investigator, at=NOW)
    assert state_of(world.site) == SiteState.CLOSED_OUT


def test_rare_13_the_database_knows_that_two_people_close_a_site_out(world: World) -> None:
    to(world.site, SiteState.CLOSED, world)
    asked = ask(world)

    def raw(**columns: Any) -> None:
        with (
            as_person(world.trial_manager),
            open_act("trials:close_out:confirm", by=world.trial_manager, at=NOW) as act,
        ):
            CloseOut.objects.filter(pk=asked.pk).update(**columns, act=act)

    with pytest.raises(DatabaseError, match="second_person"):
        raw(confirmed_by=world.trial_manager, confirmed_at=NOW, confirming_signature=asked.asking_signature)
    with pytest.raises(DatabaseError, match="copy_whole"):
        raw(copy_confirmed_by=world.trial_manager, copy_confirmed_at=NOW)
    with as_person(world.trial_manager), pytest.raises(DatabaseError, match="closed out by two people"):
        with open_act("trials:close_out:confirm", by=world.trial_manager, at=NOW, site=world.site) as act:
            Site.objects.filter(pk=world.site.pk).update(state=SiteState.CLOSED_OUT, act=act)
    confirm(world, asked)
    with as_person(world.trial_manager), pytest.raises(DatabaseError, match="closed out by two people"):
        with open_act("trials:site:active", by=world.trial_manager, at=NOW, site=world.site) as act:
            Site.objects.filter(pk=world.site.pk).update(state=SiteState.ACTIVE, act=act)


def test_rare_13_the_pages_ask_confirm_and_undo(world: World, time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    manager, investigator = browser(world.trial_manager), browser(world.investigator)
    page = "/sites/01/close-out/"
    assert manager.get(page).status_code == 404, "a site that recruits has none"
    assert "Close the site to recruitment" in manager.get("/sites/01/").text
    assert manager.post("/sites/01/move/closed/", {"reason": "enough people"}).status_code == 302
    screened = screen_before(world)
    refused = manager.post(page, {"reason": "over", "password": PASSWORD})
    assert refused.status_code == 409
    assert "Participants in screening (1)" in refused.text
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.correct_track(participant=screened, to=Track.SCREEN_FAIL, on=TODAY, by=None, at=NOW)
    assert manager.post(page, {"reason": "over", "password": "wrong"}).status_code == 422
    assert manager.post(page, {"reason": "over", "password": PASSWORD}).status_code == 302
    assert "it waits for a second person" in manager.get(page).text
    assert "Confirm the close-out" not in manager.get(page).text
    assert manager.post(f"{page}confirm/", {"password": PASSWORD}).status_code == 403
    assert "Confirm the close-out" in investigator.get(page).text
    assert investigator.post(f"{page}confirm/", {"password": PASSWORD}).status_code == 302
    assert "Closed out" in investigator.get("/sites/01/").text
    assert "Has finished its part in the trial" in Client().get("/").text
    assert investigator.post(f"{page}end/", {"reason": "one form"}).status_code == 302
    assert "one form" in investigator.get(page).text
    assert "looked after as before" in Client().get("/").text
    assert browser(world.coordinator).get(page).status_code == 403
    assert browser(world.stranger).get("/sites/01/").status_code == 404


def screen_before(world: World) -> Participant:
    """Somebody in screening at the closed site: registered before it closed."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        services.activate_site(site=world.site, has_places=None, by=None, at=NOW)
        person = screen(world)
        services.move_site(site=world.site, to=SiteState.CLOSED, by=None, at=NOW)
        return person
