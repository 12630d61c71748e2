"""The sites and people of the synthetic trial. None of them exists."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import pyotp
from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts import services as accounts
from accounts.models import User
from accounts.permissions import SECOND_FACTOR_ROLES, Role
from demo.simulation.laboratory_answers import reference_ranges
from demo.simulation.typed_pdf import typed_pdf
from kernel.uploads import TakenFile
from trials import services as trials
from trials.models import ConsentVersion, Site
from trials.models.people import with_grants
from trials.models.sites import ChecklistKind, SiteState
from trials.services.laboratory import add_reference_ranges
from website.services import texts

SiteNames = tuple[tuple[str, str, str, str, str, str], ...]
SITES: Final[SiteNames] = (
    ("Eastern Demonstration Centre", "东部示范中心", "Shanghai", "上海", "31.23040", "121.47370"),
    ("Northern Demonstration Centre", "北部示范中心", "Beijing", "北京", "39.90420", "116.40740"),
    ("Western Demonstration Centre", "西部示范中心", "Chengdu", "成都", "30.57280", "104.06680"),
    ("Central Demonstration Centre", "中部示范中心", "Zhengzhou", "郑州", "34.74720", "113.62490"),
    ("Coastal Demonstration Centre", "沿海示范中心", "Fuzhou", "福州", "26.07450", "119.29650"),
    ("Southern Demonstration Centre", "南部示范中心", "Guangzhou", "广州", "23.12910", "113.26440"),
)
CENTRAL: Final = (
    ("data", Role.DATA_MANAGER, "Demo data manager"),
    ("trial", Role.TRIAL_MANAGER, "Demo trial manager"),
    ("trial2", Role.TRIAL_MANAGER, "Demo second trial manager"),
    ("stats", Role.STATISTICIAN, "Demo statistician"),
    ("stats2", Role.STATISTICIAN, "Demo second statistician"),
    ("monitor", Role.MONITOR, "Demo monitor"),
    ("inspector", Role.INSPECTOR, "Demo inspector"),
    ("coder", Role.CODER, "Demo coder"),
    ("reviewer", Role.REVIEWER, "Demo reviewer"),
    ("reviewer2", Role.REVIEWER, "Demo second reviewer"),
    ("reviewer3", Role.REVIEWER, "Demo third reviewer"),
    ("committee", Role.COMMITTEE, "Demo member of the data monitoring committee"),
)
PASSWORD: Final = "palace-demo-2026"  # noqa: S105 (printed for everyone who starts the demo)
STILL_OPENING: Final = 1


@dataclass
class SiteWithPeople:
    """A site with the people who work there."""

    site: Site
    coordinator: User
    investigator: User
    consent: ConsentVersion | None


@dataclass
class Stage:
    """Where the synthetic trial is played, and by whom."""

    places: list[SiteWithPeople]
    central: dict[str, User]
    accounts: list[dict[str, str]] = field(default_factory=list)


def set_stage(
    *, sites: int, opened_on: date, at: datetime, names: SiteNames = SITES, first: int = 1
) -> Stage:
    """Sites, people and delegations exist as at the opening of the trial; the last site is still in set-up.

    Sites bear ``names`` in turn, and numbers from ``first`` on.
    """
    stage = Stage([], {})
    for name, role, label in CENTRAL:
        stage.central[name] = _person(stage, name, role, label, None, opened_on, at, "the whole trial")
    manager = stage.central["trial"]
    for count in range(1, sites + 1):
        again = f" {count}" if count > len(names) else ""
        name, name_zh, *where = names[(count - 1) % len(names)]
        named = (f"{name}{again}", f"{name_zh}{again.strip()}", *where)
        unfinished = count > sites - STILL_OPENING and sites > 1
        stage.places.append(
            _open_place(stage, first + count - 1, named, opened_on, manager, at, unfinished=unfinished)
        )
    release_public_texts(stage, on=opened_on, at=at)
    return stage


def release_public_texts(stage: Stage, *, on: date, at: datetime) -> None:
    """The public page shows the first texts: one person drafted them, another released them. No committee saw them."""
    drafts = texts.draft_first_texts(by=stage.central["trial"], at=at)
    texts.release_texts(
        texts=drafts,
        ethics_approved_on=on,
        ethics_reference="SYNTHETIC-1",
        password=PASSWORD,
        by=stage.central["trial2"],
        at=at,
    )


def _open_place(
    stage: Stage,
    number: int,
    named: tuple[str, ...],
    opened_on: date,
    by_whom: User,
    at: datetime,
    *,
    unfinished: bool,
) -> SiteWithPeople:
    name, name_zh, city, city_zh, latitude, longitude = named
    code = f"{number:02d}"
    by: dict[str, Any] = {"by": by_whom, "at": at}
    site = trials.create_site(
        code=code,
        name=name,
        name_zh=name_zh,
        city=city,
        city_zh=city_zh,
        time_zone=settings.TRIAL_TIME_ZONE,
        latitude=latitude,
        longitude=longitude,
        planned_participants=60,
        languages_spoken="中文, English" if number % 2 else "中文",
        office_hours="Mon-Fri 08:00-17:00",
        telephone=f"+86 21 0000 {code}00",
        emergency_telephone=f"+86 21 0000 {code}99",
        **by,
    )
    coordinator, investigator = (
        _person(
            stage, f"{login}{code}", role, f"Demo {role.value} {code}", site, opened_on, at, f"site {code}"
        )
        for login, role in (("coord", Role.COORDINATOR), ("invest", Role.INVESTIGATOR))
    )
    site = trials.move_site(site=site, to=SiteState.SET_UP, **by)
    for kind in ChecklistKind:
        if not (unfinished and kind in {ChecklistKind.CONTRACT, ChecklistKind.INITIATION}):
            expires = opened_on + timedelta(days=3 * 365) if kind == ChecklistKind.ETHICS else None
            letter = _letter() if kind == ChecklistKind.ETHICS and unfinished else None
            trials.fulfil_checklist_item(
                site=site, kind=kind, done_on=opened_on, expires_on=expires, file=letter, **by
            )
    if unfinished:
        return SiteWithPeople(site, coordinator, investigator, None)
    consent = trials.add_consent_version(site=site, label="1.0", approved_on=opened_on, **by)
    add_reference_ranges(site=site, laboratory="", since=opened_on, lines=reference_ranges(), **by)
    site = trials.activate_site(site=site, has_places=None, **by)
    return SiteWithPeople(site, coordinator, investigator, consent)


def _letter() -> TakenFile:
    pages = typed_pdf(["Approval of the ethics committee (made up)", "SYNTHETIC-1"])
    return TakenFile(pages, "approval.pdf", "application/pdf", 1)


def _person(
    stage: Stage, username: str, role: Role, label: str, site: Site | None, on: date, at: datetime, where: str
) -> User:
    user = accounts.create_person(
        username=username,
        display_name=label,
        email=f"{username}@demo.invalid",
        trained_on=on,
        identity_checked_on=on,
        accountability_accepted_on=on,
        by=None,
        at=at,
    )
    account = {"role": str(role), "name": username, "password": PASSWORD, "about": f"{label}, {where}"}
    factor: dict[str, Any] = {}
    if role in SECOND_FACTOR_ROLES:
        secret = pyotp.random_base32()
        factor = {"totp_secret": secret, "totp_confirmed_at": at}
        account["totp"] = secret
    accounts.change_person(
        user=user,
        by=None,
        at=at,
        password=make_password(PASSWORD, hasher=_quick_hasher()),
        session_key=secrets.token_hex(16),
        **factor,
    )
    trials.delegate(user=user, role=role, site=site, starts_on=on, by=None, at=at)
    stage.accounts.append(account)
    return with_grants(user, on=on)


def _quick_hasher() -> str:
    return "demonstration" if settings.PALACE3_DEMO else "default"


def suspend(place: SiteWithPeople, *, by: User, at: datetime) -> None:
    """The site takes nobody in for the time being; its participants go on."""
    place.site = trials.move_site(
        site=place.site, to=SiteState.SUSPENDED, by=by, at=at, reason="The second endoscopist is on leave"
    )
