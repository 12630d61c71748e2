"""Schemes and lists: two people, one scheme in force, every stratum covered, alarms in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Mail
from accounts.permissions import Role
from accounts.services import WrongPassword, create_person
from kernel.scope import EVERYTHING, scope
from randomization.models import Allocation, ListPart, PartKind, Scheme, SchemeState
from randomization.scheme.blocks import BlockSize
from randomization.scheme.sealing import new_key
from randomization.services import (
    Mistake,
    activate_list,
    ask_for_places,
    ask_for_sites,
    define_scheme,
    lists,
    look_at_design,
    mistakes,
    randomize,
    record_allocation_error,
    set_up_scheme,
)
from randomization.services.sweep import alarm_low_strata
from randomization.tasks import alarm, sweep
from tests.clock import NIGHT
from tests.races import overlapping
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, as_person
from trials.services import create_site, delegate

CHAPTERS = ("1.9", "3.2")

pytestmark = pytest.mark.django_db(transaction=True)


def everything():
    return scope(user_id=None, sites=EVERYTHING)


def draft(world, name="PALACE3-X", **more):
    with as_person(world.statistician):
        return define_scheme(name=name, by=world.statistician, password=PASSWORD, at=NOW, **more)


def test_a_list_covers_every_stratum_of_every_site_before_it_is_in_force(world):
    part = draft(world)
    assert part.strata == [f"{site}/{stage}" for site in ("01", "02") for stage in ("II", "III", "IVA")]
    assert (part.kind, part.root, part.activated_at) == (PartKind.FIRST, None, None)


def test_only_a_statistician_defines_and_nobody_of_a_site(world):
    for person in (world.investigator, world.coordinator, world.trial_manager, world.data_manager):
        with as_person(person), pytest.raises(lists.MayNotDefine):
            define_scheme(name="X", by=person, password=PASSWORD, at=NOW)


def test_who_asked_cannot_activate_and_a_site_never(world):
    part = draft(world)
    with everything():
        with pytest.raises(lists.SecondPersonNeeded):
            activate_list(part=part, by=world.statistician, password=PASSWORD, at=NOW)
        with pytest.raises(lists.MayNotActivate):
            activate_list(part=part, by=world.investigator, password=PASSWORD, at=NOW)
        with pytest.raises(WrongPassword):
            activate_list(part=part, by=world.trial_manager, password="no", at=NOW)
        made = activate_list(part=part, by=world.trial_manager, password=PASSWORD, at=NOW)
        with pytest.raises(lists.ListActive):
            activate_list(part=made, by=world.trial_manager, password=PASSWORD, at=NOW)
    assert made.places == 6 * 200
    assert len(made.root) == 64


def test_schemes_defined_at_once_have_versions_of_their_own_and_one_name_is_used_once(world):
    def defining(name):
        return lambda: define_scheme(name=name, by=world.statistician, password=PASSWORD, at=NOW)

    first, second = overlapping(defining("PALACE3-X"), defining("PALACE3-Y"))
    assert [first.scheme.version, second.scheme.version] == [1, 2]
    _first, again = overlapping(defining("PALACE3-Z"), defining("PALACE3-Z"))
    assert isinstance(again, lists.SchemeNameTaken)


def test_a_name_is_used_once_and_one_scheme_is_in_force(world, part):
    with pytest.raises(lists.SchemeNameTaken):
        draft(world, name="PALACE3-A")
    second = draft(world)
    with everything(), pytest.raises(lists.AnotherSchemeActive, match="PALACE3-A"):
        activate_list(part=second, by=world.second_statistician, password=PASSWORD, at=NOW)


def test_a_design_that_cannot_be_is_refused_in_words(world):
    with pytest.raises(lists.DesignRefused, match="not a multiple"):
        draft(world, blocks=(BlockSize(5),))


def test_the_root_is_mailed_to_sites_and_statisticians(world, part):
    with everything(), transaction.atomic():
        told = {mail.to.username: mail.body for mail in Mail.objects.filter(kind="root")}
    assert {"investigator", "trial_manager", "statistician", "second_statistician"} <= set(told)
    assert all(part.root in body for body in told.values())


def test_the_root_is_mailed_to_the_committee(world, settings):
    settings.COMMITTEE_ADDRESSES = ["chair@example.org", "member@example.org"]
    asked = draft(world)
    with as_person(world.second_statistician):
        made = activate_list(part=asked, by=world.second_statistician, password=PASSWORD, at=NOW)
    with everything(), transaction.atomic():
        told = {mail.address: mail.body for mail in Mail.objects.filter(kind="root", to=None)}
    assert set(told) == {"chair@example.org", "member@example.org"}
    assert all(made.root in body for body in told.values())


def test_looking_at_block_sizes_is_for_two_roles(world, part):
    with as_person(world.statistician):
        design = look_at_design(scheme=part.scheme, by=world.statistician, at=NOW)
    assert [block.size for block in design.blocks] == [4, 6]
    with as_person(world.investigator), pytest.raises(lists.MayNotActivate):
        look_at_design(scheme=part.scheme, by=world.investigator, at=NOW)


def test_new_sites_get_a_list_and_covered_ones_are_refused(world, part):
    with everything():
        site = create_site(
            code="03",
            name="N",
            name_zh="新",
            city="C",
            city_zh="城",
            time_zone="Asia/Shanghai",
            by=None,
            at=NOW,
        )
    with as_person(world.statistician):
        by = {"by": world.statistician, "password": PASSWORD, "at": NOW}
        with pytest.raises(lists.StrataCoveredAlready, match="01/II"):
            ask_for_sites(scheme=part.scheme, sites=[world.site], **by)
        with pytest.raises(lists.NoSites):
            ask_for_sites(scheme=part.scheme, sites=[], **by)
        asked = ask_for_sites(scheme=part.scheme, sites=[site], **by)
        more = ask_for_places(scheme=part.scheme, strata=["01/II"], **by)
        made = activate_list(part=asked, by=world.second_statistician, password=PASSWORD, at=NOW)
        with pytest.raises(lists.ExtensionAtServer, match="extend --list 1C"):
            activate_list(part=more, by=world.second_statistician, password=PASSWORD, at=NOW)
    assert made.label == "1B"
    assert made.root != part.root
    with everything(), transaction.atomic():
        assert Scheme.objects.get().covers("03/III")
        assert ListPart.objects.get(number=1).root == part.root


def test_nothing_is_added_to_a_draft(world):
    part = draft(world)
    with as_person(world.statistician), pytest.raises(lists.SchemeNotActive):
        ask_for_places(scheme=part.scheme, strata=["01/II"], by=world.statistician, password=PASSWORD, at=NOW)


def test_without_a_list_key_nothing_is_begun(world, settings):
    settings.PALACE3_LIST_KEY = ""
    with pytest.raises(Exception, match="without its list key"):
        draft(world)
    settings.PALACE3_LIST_KEY = new_key("k1")
    assert draft(world).scheme.state == SchemeState.DRAFT


def test_a_stratum_that_runs_low_is_told_once_in_time(world, superuser, answers, eligible):
    with as_person(world.statistician):
        set_up_scheme(
            name="THIN",
            statistician=world.statistician,
            statistician_password=PASSWORD,
            second=world.second_statistician,
            second_password=PASSWORD,
            places_per_stratum=4,
            at=NOW,
        )
    with everything():
        assert alarm_low_strata(at=NOW) == []
    for _ in range(3):
        participant = eligible()
        with as_person(world.investigator):
            randomize(
                participant=participant,
                confirmed_stratum="01/III",
                by=world.investigator,
                password=PASSWORD,
                at=NOW,
            )
    with everything():
        assert alarm_low_strata(at=NOW) == ["01/III"]
        assert alarm_low_strata(at=NOW) == ["01/III"]
    with everything(), transaction.atomic():
        told = Mail.objects.filter(kind="stratum")
        assert {mail.to.username for mail in told} == {"statistician", "second_statistician"}
        assert "1 places left" in told[0].body


def test_a_used_place_without_an_allocation_is_told(world, part, superuser):
    superuser.execute("UPDATE allocation.stratum SET used = 1 WHERE name = '02/II'")
    with everything():
        assert alarm_low_strata(at=NOW) == ["02/II"]


def test_the_tasks_do_nothing_when_there_is_nothing_to_do(world):
    assert sweep.apply().get() == []
    assert alarm.apply().get() == []


@pytest.fixture
def allocation(world, part, eligible) -> Allocation:
    participant = eligible()
    with as_person(world.investigator):
        return randomize(
            participant=participant,
            confirmed_stratum="01/III",
            by=world.investigator,
            password=PASSWORD,
            at=NOW,
        )


@pytest.mark.parametrize(
    ("mistake", "refused"),
    [
        (Mistake("wrong_stratum", TODAY, "x", "y"), mistakes.TrueStratumMissing),
        (Mistake("in_error", TODAY, "x", "y", "II"), mistakes.TrueStratumMissing),
        (Mistake("wrong_stratum", TODAY, "x", "y", "III"), mistakes.SameStratum),
        (Mistake("in_error", TODAY.replace(year=2020), "x", "y"), mistakes.FoundBeforeRandomized),
        (Mistake("in_error", TODAY.replace(year=2030), "x", "y"), mistakes.FoundBeforeRandomized),
    ],
)
def test_a_mistake_that_cannot_be_is_refused(world, allocation, mistake, refused):
    with as_person(world.data_manager), pytest.raises(refused):
        record_allocation_error(allocation=allocation, mistake=mistake, by=world.data_manager, at=NOW)


def test_only_the_data_manager_marks_a_mistake(world, allocation):
    mistake = Mistake("in_error", TODAY, "x", "y")
    with as_person(world.investigator), pytest.raises(mistakes.MayNotCorrect):
        record_allocation_error(allocation=allocation, mistake=mistake, by=world.investigator, at=NOW)


def test_the_root_goes_to_those_whose_role_runs_on_the_day_of_the_trial(world):
    with everything(), transaction.atomic():
        for name, days in {
            "began_today": {"starts_on": TODAY},
            "ended_yesterday": {"starts_on": OPENED_ON, "ends_on": TODAY - timedelta(days=1)},
        }.items():
            on = {"trained_on": OPENED_ON, "identity_checked_on": OPENED_ON, "by": None, "at": NOW}
            user = create_person(username=name, display_name=name, email=f"{name}@example.org", **on)
            delegate(user=user, role=Role.TRIAL_MANAGER, site=None, by=None, at=NOW, **days)
    activated_at_night(world)
    with everything(), transaction.atomic():
        told = {mail.to.username for mail in Mail.objects.filter(kind="root")}
    assert "began_today" in told
    assert "ended_yesterday" not in told


def activated_at_night(world):
    asked = draft(world)
    with as_person(world.second_statistician):
        return activate_list(part=asked, by=world.second_statistician, password=PASSWORD, at=NIGHT)


def test_the_day_on_which_a_list_came_into_force_is_the_trials(world):
    made = activated_at_night(world)
    with as_person(world.second_statistician), pytest.raises(lists.ListActive, match="2026-11-20"):
        activate_list(part=made, by=world.second_statistician, password=PASSWORD, at=NOW)
