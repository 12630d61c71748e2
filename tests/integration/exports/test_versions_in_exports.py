"""The version of the protocol under which each row was answered, by number and digest; who followed which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.permissions import Permission
from followup.models import Visit
from followup.services import migrate_participants, record_visit
from kernel.scope import EVERYTHING, scope
from protocol.text import digest_of
from tests.integration.crf.conftest import Save, save
from tests.integration.crf.test_consequences import numbered
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_cuts import again, database_moment, files
from tests.integration.exports.test_exports import taken
from tests.integration.followup.conftest import randomized
from tests.unit.crf.examples import demographics
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, screen
from trials import services as trials
from trials.models.participants import AfterRefusal

__all__ = ["randomized", "save"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everywhere(tmp_path: Path, settings: Any) -> Iterator[None]:
    folder = tmp_path / "versions"
    folder.mkdir()
    settings.MEDIA_ROOT = tmp_path
    with scope(user_id=None, sites=EVERYTHING), shelf(folder, v2_0=amended()):
        yield


def move_to_second(world: World) -> None:
    by: dict[str, Any] = {"by": world.trial_manager, "at": NOW}
    text = trials.add_consent_version(site=world.site, label="2.0", approved_on=TODAY, **by)
    told = {"site": world.site, "version": "2.0", **by}
    trials.record_version_approval(approved_on=TODAY, consent=text, **LETTER, **told)
    opened = trials.open_site_version(reason="Amendment 1", **told)
    migrate_participants(site_version=opened, at=NOW)


def test_rare_03_each_row_names_version_and_digest(world: World, save: Save, randomized: Any) -> None:
    old, visited = screen(world), randomized()
    save(old, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
    before = database_moment()
    move_to_second(world)
    new = screen(world)
    visit = Visit.objects.get(participant=visited, code="RND")
    told: dict[str, Any] = {"by": world.coordinator, "at": NOW, "reason": "Read from the wrong line"}
    record_visit(visit=visit, took_place_on=TODAY, **told)
    save(new, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
    rows = files(taken(world, forms=["DM"]))
    digests = {version: digest_of(version) for version in ("1.0", "2.0")}

    def said(file: str) -> set[tuple[str, str, str]]:
        return {(row["SUBJID"], row["PROTOCOL_VERSION"], row["PROTOCOL_DIGEST"]) for row in rows[file]}

    first, second = (("1.0", digests["1.0"]), ("2.0", digests["2.0"]))
    assert said("DM.csv") == {(old.number, *first), (new.number, *second)}
    assert {(old.number, *second), (new.number, *second)} <= said("PARTICIPANTS.csv")
    planned = {(old.number, *first), (new.number, *second)}  # screening is planned with the consent
    assert said("VISITS.csv") == planned | {(visited.number, *first), (visited.number, *second)}
    (recorded,) = (
        row for row in rows["VISITS.csv"] if (row["SUBJID"], row["VISIT"]) == (visited.number, "RND")
    )
    assert recorded["PROTOCOL_VERSION"] == "2.0"
    followed = [(row["SUBJID"], row["PROTOCOL_VERSION"]) for row in rows["PROTOCOL_VERSIONS.csv"]]
    assert [version for number, version in followed if number == old.number] == ["1.0", "2.0"]
    assert [version for number, version in followed if number == new.number] == ["2.0"]
    assert all(row["FOLLOWED_FROM"].endswith("+08:00") for row in rows["PROTOCOL_VERSIONS.csv"])
    then = files(again(world, before))
    assert {row["PROTOCOL_VERSION"] for row in then["PROTOCOL_VERSIONS.csv"]} == {"1.0"}
    assert {row["PROTOCOL_VERSION"] for row in then["PARTICIPANTS.csv"]} == {"1.0"}


def test_rare_05_consents_leave_with_their_answers(world: World, randomized: Any) -> None:
    participant = randomized()
    move_to_second(world)
    text = world.site.consent_versions.get(label="2.0")
    trials.record_consent_refusal(
        participant=participant,
        version=text,
        asked_on=TODAY,
        follows=AfterRefusal.STAYS,
        by=world.coordinator,
        at=NOW,
    )
    rows = files(taken(world, forms=["DM"]))["CONSENTS.csv"]
    said = {
        row["CONSENT_VERSION"]: (row["ANSWER"], row["SENSITIVE_DATA"], row["AFTER_REFUSAL"])
        for row in rows
        if row["SUBJID"] == participant.number
    }
    assert said == {"1.0": ("signed", "Y", ""), "2.0": ("refused", "", "stays")}


def test_rare_03_the_api_names_version_and_digest_too(world: World, save: Save) -> None:
    old = screen(world)
    save(old, "DM", values=demographics.VALUES, groups=numbered(demographics.GROUPS))
    move_to_second(world)
    api = caller(world.coordinator, Permission.PARTICIPANT_VIEW, Permission.CRF_VIEW)
    shown = api.get(f"/api/v1/participants/{old.number}/").json()
    assert (shown["protocol_version"], shown["protocol_digest"]) == ("2.0", digest_of("2.0"))
    record = api.get(f"/api/v1/participants/{old.number}/answers/DM/").json()
    assert (record["protocol_version"], record["protocol_digest"]) == ("1.0", digest_of("1.0"))
