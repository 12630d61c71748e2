"""A small trial, built by the services alone: who is there, and what a stranger sees.

Site 01 and site 02 are active. ``coordinator`` and ``investigator`` work at site 01, ``stranger``
is a coordinator at site 02, where an investigator is whom no test plays. ``data_manager``, ``statistician``,
``trial_manager``, ``monitor`` and ``inspector`` work for the whole trial. Every password is ``PASSWORD``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import services as accounts
from accounts.models import User
from accounts.permissions import SECOND_FACTOR_ROLES, Role
from kernel.scope import EVERYTHING, scope
from tests.clock import NOW
from trials import services as trials
from trials.models import ConsentVersion, Participant, Site
from trials.models.people import with_grants
from trials.models.sites import ChecklistKind, SiteState

PASSWORD = "correct horse battery"
SECRET = "A" * 32
TODAY = date(2026, 11, 20)
OPENED_ON = date(2024, 5, 1)
ZONE = "Asia/Shanghai"


@dataclass
class World:
    """The people and places of the small trial."""

    site: Site
    other_site: Site
    consent_version: ConsentVersion
    coordinator: User
    investigator: User
    stranger: User
    monitor: User
    data_manager: User
    trial_manager: User
    statistician: User
    second_statistician: User
    inspector: User
    coder: User
    reviewer: User
    second_reviewer: User
    third_reviewer: User
    committee: User

    def everyone(self) -> dict[str, User]:
        return {name: value for name, value in vars(self).items() if isinstance(value, User)}


def build_world() -> World:
    """Build the small trial and return it; call it inside a database test."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        site, version = _open_site("01", "Riverside Hospital", "河畔医院", "Shanghai", "上海")
        other, _version = _open_site("02", "Hillside Hospital", "山麓医院", "Chengdu", "成都")
        people = {
            "coordinator": _person("coordinator", Role.COORDINATOR, site),
            "investigator": _person("investigator", Role.INVESTIGATOR, site),
            "stranger": _person("stranger", Role.COORDINATOR, other),
            "monitor": _person("monitor", Role.MONITOR, None),
            "data_manager": _person("data_manager", Role.DATA_MANAGER, None),
            "trial_manager": _person("trial_manager", Role.TRIAL_MANAGER, None),
            "statistician": _person("statistician", Role.STATISTICIAN, None),
            "second_statistician": _person("second_statistician", Role.STATISTICIAN, None),
            "inspector": _person("inspector", Role.INSPECTOR, None),
            "coder": _person("coder", Role.CODER, None),
            "reviewer": _person("reviewer", Role.REVIEWER, None),
            "second_reviewer": _person("second_reviewer", Role.REVIEWER, None),
            "third_reviewer": _person("third_reviewer", Role.REVIEWER, None),
            "committee": _person("committee", Role.COMMITTEE, None),
        }
        _person("other_investigator", Role.INVESTIGATOR, other)
        for each in (site, other):
            trials.activate_site(site=each, has_places=None, by=None, at=NOW)
            each.refresh_from_db()
        return World(site=site, other_site=other, consent_version=version, **people)


def _open_site(code: str, name: str, name_zh: str, city: str, city_zh: str) -> tuple[Site, ConsentVersion]:
    by: Any = {"by": None, "at": NOW}
    site = trials.create_site(
        code=code, name=name, name_zh=name_zh, city=city, city_zh=city_zh, time_zone=ZONE, **by
    )
    trials.move_site(site=site, to=SiteState.SET_UP, **by)
    for kind in ChecklistKind:
        trials.fulfil_checklist_item(site=site, kind=kind, done_on=OPENED_ON, **by)
    version = trials.add_consent_version(site=site, label="1.0", approved_on=OPENED_ON, **by)
    return site, version


def _person(username: str, role: Role, site: Site | None) -> User:
    user = accounts.create_person(
        username=username,
        display_name=username.replace("_", " ").title(),
        email=f"{username}@example.org",
        trained_on=OPENED_ON,
        identity_checked_on=OPENED_ON,
        accountability_accepted_on=OPENED_ON,
        by=None,
        at=NOW,
    )
    factor = {"totp_secret": SECRET, "totp_confirmed_at": NOW} if role in SECOND_FACTOR_ROLES else {}
    accounts.change_person(user=user, by=None, at=NOW, password=make_password(PASSWORD), **factor)
    trials.delegate(user=user, role=role, site=site, starts_on=OPENED_ON, by=None, at=NOW)
    return with_grants(user, on=TODAY)


def as_person(user: User) -> Any:
    """What happens inside is seen through the eyes of ``user``, as their requests are."""
    from trials.models.people import confided_to, sites_of

    return scope(user_id=user.pk, sites=sites_of(user), confided=confided_to(user), on=TODAY)


def screen(world: World, *, signed_on: date = date(2026, 11, 2), site: Site | None = None) -> Participant:
    """A new participant at the site, consented."""
    where = site or world.site
    by: Any = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = trials.register_participant(site=where, **by)
        version = ConsentVersion.objects.get(site=where, label="1.0")
        trials.record_consent(
            participant=participant, version=version, signed_on=signed_on, sensitive_data=True, **by
        )
        participant.refresh_from_db()
        return participant
