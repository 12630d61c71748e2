"""Who comes to practise has an account of practice with the role that they practise (ADR 57)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import User
from accounts.permissions import SITE_ROLES
from accounts.services import change_person, create_person
from audit.acts import open_act
from demo.simulation.sites import PASSWORD as STAGE_PASSWORD
from demo.simulation.sites import SiteNames, Stage, set_stage
from demo.simulation.verification import plan_verification
from kernel.clock import local_date
from randomization.services import set_up_scheme
from trials import services as trials
from trials.models import Delegation, Site
from trials.models.people import with_grants
from trials.practice import Learner

CODE: Final = 99  # no site of the trial has it, so that no paper of practice is taken for one of the trial
NAMES: Final[SiteNames] = (("Practice site", "练习中心", "Practice", "练习", "31.23040", "121.47370"),)
OPENED_BEFORE: Final = timedelta(days=365)
# Nobody signs in with it: the way in is the trial's ticket. Signatures ask for it, so that nobody types their own.
PASSWORD: Final = "practice-only"  # noqa: S105 (shown on every page of practice)


def set_up_practice(*, at: datetime) -> Stage:
    """The practice site stands, with people of its own and with a list of its own, under a key of its own.

    Refuses: what the services of sites, people and lists refuse. Locks: as they do.
    """
    opened_on = local_date(at - OPENED_BEFORE, settings.TRIAL_TIME_ZONE)
    begun = at - OPENED_BEFORE
    stage = set_stage(sites=1, opened_on=opened_on, at=begun, names=NAMES, first=CODE)
    plan_verification(stage, at=begun)
    told: dict[str, Any] = {"statistician_password": STAGE_PASSWORD, "second_password": STAGE_PASSWORD}
    central = stage.central
    set_up_scheme(
        name="Practice",
        statistician=central["stats"],
        second=central["stats2"],
        at=begun + timedelta(hours=2),
        **told,
    )
    return stage


def practice_site() -> Site:
    """Return the practice site."""
    return Site.objects.get(code=f"{CODE:02d}")


def enter_practice(*, learner: Learner, at: datetime) -> User:
    """The learner has an account of practice, one for each role that they practise, and holds the role.

    Refuses: a name that somebody else takes at this moment. Locks: the person.
    """
    with open_act("demo:practice:enter", by=None, at=at):
        today = local_date(at, settings.TRIAL_TIME_ZONE)
        username = f"{learner.person}-{learner.role.value}"
        user = User.objects.filter(username=username).first()
        if user is None:
            told: dict[str, Any] = {"trained_on": today, "identity_checked_on": today}
            user = create_person(
                username=username, display_name=learner.display_name, language=learner.language,
                accountability_accepted_on=today, by=None, at=at, **told,
            )  # fmt: skip
            change_person(user=user, by=None, at=at, password=make_password(PASSWORD))
        if not Delegation.objects.in_force(on=today).filter(user=user).exists():
            site = practice_site() if learner.role in SITE_ROLES else None
            trials.delegate(user=user, role=learner.role, site=site, starts_on=today, by=None, at=at)
        return with_grants(user, on=today)
