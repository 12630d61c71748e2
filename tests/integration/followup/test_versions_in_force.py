"""Nobody is decided on, randomized or recorded under a version of the protocol that their site has left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from demo.servers.broker import EmbeddedBroker
from followup.impact import asked_to_consent_anew, to_consent_anew
from followup.models import Visit
from followup.services import amending, migrate_participants
from followup.services.amending import NotCarriedOver, uncarried
from kernel.scope import scope
from palace3.celery import app
from randomization.allocation.readiness import readiness
from randomization.services import randomize
from randomization.services.allocate import NotReadyToRandomize
from tests.integration.palace3.test_worker import Worker, broker, eventually, start_worker
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import EligibilityDecision, Participant, SiteVersion
from trials.services.decisions import SiteFollowsAnotherVersion

__all__ = ["broker", "start_worker"]

Make = Callable[..., Participant]


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "versions"
    folder.mkdir()
    monkeypatch.setenv("PROTOCOL_FOLDER", str(folder))
    with shelf(folder, v2_0=amended()):
        yield


@transaction.atomic
def opened(world: World) -> SiteVersion:
    """Version 2.0 is in force at site 01, and nobody was told yet."""
    told: dict[str, Any] = {"site": world.site, "version": "2.0", "by": world.trial_manager, "at": NOW}
    trials.record_version_approval(approved_on=TODAY, **LETTER, **told)
    return trials.open_site_version(reason="Amendment 1", **told)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_rare_01_opening_a_version_carries_everybody_in_a_worker(
    broker: EmbeddedBroker,
    start_worker: Callable[[str], Worker],
    world: World,
    everywhere: None,
    randomized: Make,
) -> None:
    """Given people at two sites; when one site opens 2.0; then a worker process carries those, and nobody else."""
    here, there = [randomized() for _ in range(3)], randomized(site=world.other_site)
    site_version = opened(world)
    worker = start_worker("worker")
    with app.connection_for_write(broker.url) as sender:
        app.send_task("followup:carry_version", args=(site_version.pk,), connection=sender)
    assert eventually(lambda: worker.says("succeeded") or worker.says("raised"), within=60)
    with transaction.atomic():
        site_version.refresh_from_db()
        versions = dict(Participant.objects.values_list("pk", "protocol_version"))
        assert site_version.carried_at is not None, worker.log.read_text()
        assert versions == {**{each.pk: "2.0" for each in here}, there.pk: "1.0"}


def in_a_thread(work: Callable[[], Any]) -> list[BaseException]:
    """Run ``work`` as a worker does: with a connection of its own, on what was committed; return how it failed."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as fault:
            failed.append(fault)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return failed


@pytest.mark.django_db(transaction=True)
def test_rare_01_the_task_itself_carries_what_is_committed(
    world: World, everywhere: None, randomized: Make
) -> None:
    participant, site_version = randomized(), opened(world)
    with transaction.atomic():
        assert uncarried() == [site_version.pk]
    assert not in_a_thread(lambda: app.tasks["followup:carry_version"](site_version.pk))
    with transaction.atomic():
        assert Participant.objects.get(pk=participant.pk).protocol_version == "2.0"
        assert Visit.objects.filter(participant=participant, code="RND").exists()
        assert uncarried() == []


@pytest.mark.django_db(transaction=True)
def test_rare_01_a_run_that_leaves_somebody_behind_fails(
    world: World, everywhere: None, randomized: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    randomized()
    site_version = opened(world)
    monkeypatch.setattr(amending, "_carry_batch", lambda *_: 0)
    (fault,) = in_a_thread(lambda: app.tasks["followup:carry_version"](site_version.pk))
    assert isinstance(fault, NotCarriedOver)
    assert "1 at site" in str(fault)
    with transaction.atomic():
        site_version.refresh_from_db()
        assert site_version.carried_at is None


@pytest.mark.django_db(transaction=True)
def test_rare_01_a_run_that_does_not_see_its_site_fails(world: World, everywhere: None) -> None:
    site_version = opened(world)
    with scope(user_id=None, sites=()), pytest.raises(Exception, match="matching query does not exist"):
        migrate_participants(site_version=site_version, at=NOW)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


DIGEST = "a" * 64


def decided(world: World, participant: Participant, *, eligible: bool = False) -> EligibilityDecision:
    with as_person(world.investigator):
        return trials.decide_eligibility(
            participant=participant,
            eligible=eligible,
            evidence={"criteria": [], "verdict": eligible},
            digest=DIGEST,
            seen_digest=DIGEST,
            password=PASSWORD,
            by=world.investigator,
            at=NOW,
        )


@pytest.mark.django_db
def test_rare_02_nobody_is_decided_on_by_a_version_that_the_site_left(world: World, everywhere: None) -> None:
    participant = screen(world)
    opened(world)
    participant.refresh_from_db()
    with pytest.raises(SiteFollowsAnotherVersion, match=r"version 2\.0 of the protocol now"):
        decided(world, participant)
    participant.refresh_from_db()
    assert participant.protocol_version == "1.0"


@pytest.mark.django_db
def test_rare_02_the_page_carries_the_participant_and_shows_the_criteria_in_force(
    world: World, everywhere: None
) -> None:
    participant = screen(world)
    opened(world)
    investigator = client_of(world.investigator)
    url = f"/participants/{participant.number}/eligibility/"
    digest = investigator.get(url).context["form"]["seen_digest"].value()
    said = {"verdict": "not_eligible", "password": PASSWORD, "seen_digest": digest, "note": ""}
    page = investigator.post(url, said, follow=True)
    assert "Site 01 follows version 2.0 of the protocol now" in page.text
    participant.refresh_from_db()
    assert participant.protocol_version == "2.0"
    assert not EligibilityDecision.objects.exists()
    said["seen_digest"] = page.context["form"]["seen_digest"].value()
    assert investigator.post(url, said).status_code == 302
    assert EligibilityDecision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_rare_02_nobody_is_randomized_by_a_decision_of_a_version_that_the_site_left(
    world: World, everywhere: None
) -> None:
    """Opened at 23:00, pressed at 23:02: the worker has not come to the participant yet."""
    participant = screen(world)
    decided(world, participant, eligible=True)
    opened(world)
    later = NOW + timedelta(minutes=2)
    with transaction.atomic():
        fresh = Participant.objects.select_related("site").get(pk=participant.pk)
        assert "version" in {unmet.code for unmet in readiness(fresh, at=later).unmet}
    with (
        as_person(world.investigator),
        pytest.raises(NotReadyToRandomize, match="No investigator has signed"),
    ):
        randomize(
            participant=participant,
            confirmed_stratum="01/II",
            password=PASSWORD,
            by=world.investigator,
            at=later,
        )
    with transaction.atomic():
        participant.refresh_from_db()
        assert (participant.protocol_version, participant.arm) == ("2.0", None)
        assert EligibilityDecision.objects.get().lapsed_at == later


@pytest.mark.django_db
def test_rare_02_list_and_page_name_the_same_people(world: World, everywhere: None, randomized: Make) -> None:
    """Whoever is not carried over yet is asked to sign anew all the same: the site has moved."""
    signed, unsigned, away = randomized(), randomized(), randomized(site=world.other_site)
    by: dict[str, Any] = {"by": world.trial_manager, "at": NOW}
    text = trials.add_consent_version(site=world.site, label="2.0", approved_on=TODAY, **by)
    told = {"site": world.site, "version": "2.0", **by}
    trials.record_version_approval(approved_on=TODAY, **LETTER, consent=text, **told)
    site_version = trials.open_site_version(reason="Amendment 1", **told)
    trials.record_consent(participant=signed, version=text, signed_on=TODAY, sensitive_data=True, **by)
    people = Participant.objects.all()
    for _before_and_after in range(2):
        assert (
            list(asked_to_consent_anew(people)) == list(to_consent_anew(people, site_version)) == [unsigned]
        )
        migrate_participants(site_version=site_version, at=NOW)
    assert away.protocol_version == "1.0"
