"""A small trial played by the services, so that every page has something to show; one trial is played once a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from crf.models import CheckMark, Query, SavedListing
from demo.simulation.trial import play
from exports.services import request_export
from followup.models import Visit
from kernel.scope import EVERYTHING, scope
from notices.services.reminders import remind_site
from randomization.models import Allocation, ListPart
from tests.integration.system.test_permission_matrix import address_of, addresses, sample
from tests.played_database import played_once
from trials.models import Delegation, Site
from trials.models.people import with_grants

UNTIL = datetime(2026, 11, 20, 2, tzinfo=UTC)


@dataclass
class Played:
    """Where to look: the number of a participant, what stands for ``pk`` in each app, and who may look."""

    number: str
    keys: dict[str, int]
    people: dict[str, User]

    def address(self, name: str, **more: Any) -> str:
        parts = dict(addresses())[name]
        app, _colon, _view = name.partition(":")
        key = self.keys.get(name, self.keys.get(app, 0))
        values = sample(None, self.number) | {"username": "coord01", "pk": key} | more  # type: ignore[arg-type]
        return address_of(name, parts, values)


@contextmanager
def played_trial(*, participants: int = 6, seed: int = 3, is_kept: bool = True) -> Iterator[Played]:
    """Two sites have worked for two years; tasks run where they are sent. One that is kept is played once a run."""
    from palace3.celery import app

    def told() -> dict[str, Any]:
        return _played(participants, seed)

    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield _look_around(played_once(f"played_{participants}_{seed}", told) if is_kept else told())
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def _played(participants: int, seed: int) -> dict[str, Any]:
    """The trial is played; return who works in it, by the keys of their rows."""
    stage, refused = play(
        participants=participants, sites=2, seed=seed, until=UNTIL, tell_progress=lambda done, of: None
    )
    assert refused == []
    place = stage.places[0]
    return {
        "site": place.site.pk,
        "coordinator": place.coordinator.pk,
        "investigator": place.investigator.pk,
        "central": {name: person.pk for name, person in stage.central.items()},
        "on": str(place.coordinator.granted_on),
    }


def _look_around(said: dict[str, Any]) -> Played:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        known = User.objects.in_bulk()
    on = date.fromisoformat(said["on"])
    central = {name: with_grants(known[key], on=on) for name, key in said["central"].items()}
    coordinator, investigator = (
        with_grants(known[said[name]], on=on) for name in ("coordinator", "investigator")
    )
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        site = Site.objects.get(pk=said["site"])
        allocation = Allocation.objects.select_related("participant").first()
        assert allocation
        person = allocation.participant
        remind_site(site=site, on=UNTIL.date(), at=UNTIL)
        export = request_export(forms=["ELIG"], sites=["01"], purpose="a look", by=central["data"], at=UNTIL)
        visit = Visit.objects.filter(participant=person).latest("pk").pk
        keys = {
            "followup": visit,
            "crf": Query.objects.filter(site=site).latest("pk").pk,
            "crf:ask-visit": visit,
            **dict.fromkeys(("crf:listing", "crf:change-listing"), SavedListing.objects.earliest("pk").pk),
            "crf:lock-visit": visit,
            "crf:verify-visit": visit,
            "crf:end-check-mark": CheckMark.objects.latest("pk").pk,
            "exports": export.pk,
            "trials": Delegation.objects.latest("pk").pk,
            "randomization:activate": ListPart.objects.latest("pk").pk,
        }
    people = {
        "C": coordinator,
        "I": investigator,
        "M": central["monitor"],
        "D": central["data"],
        "T": central["trial"],
        "S": central["stats"],
        "X": central["inspector"],
        "K": central["coder"],
        "V": central["reviewer"],
        "B": central["committee"],
    }
    return Played(person.number, keys, people)
