"""A small trial with an active scheme. Transactions are real: randomize() commits twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from kernel.scope import EVERYTHING, scope
from randomization.models import ListPart
from randomization.scheme.sealing import new_key
from randomization.services import set_up_scheme
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from tests.world_database import committed_world
from trials.models import Participant
from trials.models.people import with_grants
from trials.services import decide_eligibility

DIGEST = hashlib.sha256(b"evidence").hexdigest()


@dataclass
class StageGroup:
    group: str = "III"
    ct: str = "T3"
    cn: str = "N1"
    cm: str = "M0"
    record_url: str = "/stage/"


@dataclass
class Evidence:
    digest: str = DIGEST
    unmet: tuple[str, ...] = ()

    def answered(self, answers: dict[str, str]) -> Evidence:
        return self

    def as_json(self) -> dict[str, Any]:
        return {"criteria": [{"code": "I-1", "met": not self.unmet}]}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the forms say now about every participant; a test changes it to move the evidence."""
    said: dict[str, Any] = {"stage": StageGroup(), "evidence": Evidence()}
    monkeypatch.setattr(
        "randomization.allocation.readiness.stage_for_stratum", lambda participant, at: said["stage"]
    )
    monkeypatch.setattr(
        "randomization.allocation.readiness.current_evidence", lambda participant: said["evidence"]
    )
    return said


@pytest.fixture
def list_key(settings: Any) -> str:
    settings.PALACE3_LIST_KEY = new_key("k1")
    return str(settings.PALACE3_LIST_KEY)


@pytest.fixture
def world(transactional_db: None, list_key: str) -> World:
    return committed_world()


@pytest.fixture
def part(world: World) -> ListPart:
    """The first list of the default scheme, active."""
    with as_person(world.statistician):
        return set_up_scheme(
            name="PALACE3-A",
            statistician=world.statistician,
            statistician_password=PASSWORD,
            second=world.second_statistician,
            second_password=PASSWORD,
            places_per_stratum=80,
            at=NOW,
        )


@pytest.fixture
def eligible(world: World, answers: dict[str, Any]) -> Callable[..., Participant]:
    """Make a consented participant whom an investigator judged eligible."""

    def make(*, by: User | None = None, **where: Any) -> Participant:
        participant = screen(world, **where)
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            approve(participant, by or world.investigator)
        return participant

    return make


@pytest.fixture
def other_investigator(world: World) -> User:
    """An investigator at site 02."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return with_grants(User.objects.get(username="other_investigator"), on=TODAY)


def approve(participant: Participant, investigator: User) -> None:
    decide_eligibility(
        participant=participant,
        eligible=True,
        evidence=Evidence().as_json(),
        digest=DIGEST,
        seen_digest=DIGEST,
        password=PASSWORD,
        by=investigator,
        at=NOW,
    )
