"""The lock of the database: checklist, data set, three signatures, certificate, two to unlock (issue point 20)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.locked import DataLocked
from crf.locks.scope import LockScope
from crf.locks.services import StudyIsLocked, end_lock, lock_data
from exports.database_lock.certificate import (
    NotLocked,
    checklist_lines,
    database_certificate_page,
    site_certificate_page,
)
from exports.database_lock.models import OWNERS, DatabaseLock, HandItem
from exports.database_lock.services import (
    DatabaseChecklistOpen,
    DatabaseLockBegun,
    DatabaseLockElsewhere,
    DatabasePurposeNeeded,
    DatasetNotReady,
    NotYoursToLockDatabase,
    SignedForRole,
    UnlockNeedsSecondPerson,
    purpose_in_register,
    seen_of,
    take_database_step,
)
from exports.services import write_export
from kernel.scope import EVERYTHING, scope
from notices.second_person import waiting_for
from tests.integration.crf.conftest import Save, save, screened  # noqa: F401 (fixtures)
from tests.integration.crf.test_data_locks import clean  # noqa: F401 (fixture)
from tests.world import NOW, PASSWORD, World
from trials.models import DataLock, Participant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everything(db: None, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path
    with scope(user_id=None, sites=EVERYTHING):
        yield


def step(by: User, name: str, *, minutes: int = 0, **told: str) -> DatabaseLock:
    locked, at = DatabaseLock.objects.current().first(), NOW + timedelta(minutes=minutes)
    seen = seen_of(locked, at=at)[name] if locked else ""
    told = {"password": PASSWORD, "seen": seen, **told}
    return take_database_step(step=name, by=by, at=at, **told)


def owner(world: World, item: str) -> User:
    person: User = getattr(world, OWNERS[item].value)
    return person


def lock_site(world: World, minutes: int = 1) -> None:
    at = NOW + timedelta(minutes=minutes)
    lock_data(scope=LockScope.of_site(world.site), password=PASSWORD, by=world.data_manager, at=at)


def waits(world: World) -> set[str]:
    """Whose work list and mail say that the lock of the database waits for them."""
    people = {
        name: getattr(world, name) for name in ("data_manager", "statistician", "trial_manager", "inspector")
    }
    label = DatabaseLock._meta.label
    return {name for name, person in people.items() if waiting_for(person, kinds=[label])}


def prepared(world: World) -> DatabaseLock:
    """A lock whose checklist is settled and whose data set is written."""
    step(world.data_manager, "begin", reason="Primary analysis")
    lock_site(world)
    for item in HandItem:
        step(owner(world, item), "settle", item=item, reason="Compared with the list of November")
    locked = step(world.data_manager, "freeze", minutes=2)
    write_export(export=locked.export, at=NOW + timedelta(minutes=3))  # type: ignore[arg-type]
    return DatabaseLock.objects.current().get()


def in_force(world: World) -> DatabaseLock:
    prepared(world)
    for person in (world.data_manager, world.statistician, world.trial_manager):
        step(person, "sign", minutes=4)
    return DatabaseLock.objects.current().get()


def test_point_20_the_checklist_has_owners_and_every_open_item_stops_it(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    with pytest.raises(DatabasePurposeNeeded):
        step(world.data_manager, "begin", reason=" ")
    with pytest.raises(NotYoursToLockDatabase):
        step(world.coordinator, "begin", reason="Primary analysis")
    step(world.data_manager, "begin", reason="Primary analysis")
    with pytest.raises(DatabaseLockBegun):
        step(world.data_manager, "begin", reason="Another")
    with pytest.raises(
        DatabaseChecklistOpen, match=r"Sites whose data are not locked \(1\).*Laboratory files reconciled"
    ):
        step(world.data_manager, "freeze")
    with pytest.raises(NotYoursToLockDatabase):
        step(world.data_manager, "settle", item=HandItem.SERIOUS_EVENTS, reason="Mine")
    lock_site(world)
    for item in HandItem:
        with pytest.raises(DatabaseChecklistOpen, match=str(item.label)):
            step(world.data_manager, "freeze")
        step(owner(world, item), "settle", item=item, reason="Compared")
    with pytest.raises(DatasetNotReady):
        step(world.data_manager, "sign")
    assert step(world.data_manager, "freeze", minutes=2).export is not None


def test_point_20_three_roles_sign_what_is_frozen_and_then_nothing_changes(
    clean: Participant,  # noqa: F811
    world: World,
    save: Save,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, ...]] = []
    for services in ("exports.services", "exports.database_lock.services"):
        monkeypatch.setattr(f"{services}.send", lambda *args, **_more: sent.append(args))
    prepared(world)
    assert ("audit:anchor", "export") in sent
    step(world.data_manager, "sign", minutes=4)
    assert waits(world) == {"statistician", "trial_manager"}
    with pytest.raises(SignedForRole):
        step(world.data_manager, "sign", minutes=4)
    step(world.statistician, "sign", minutes=4)
    assert waits(world) == {"trial_manager"}
    with pytest.raises(SignedForRole):
        step(world.second_statistician, "sign", minutes=4)
    with pytest.raises(Exception, match="password"):
        step(world.trial_manager, "sign", minutes=4, password="wrong")
    assert not DataLock.objects.filter(level=5).exists()
    assert ("audit:anchor", "lock") not in sent
    locked = step(world.trial_manager, "sign", minutes=4)
    assert locked.state == "locked"
    assert waits(world) == set()
    assert sent.count(("audit:anchor", "lock")) == 1, "the digest of what was locked goes out"
    assert len({each.digest for each in locked.signatures.all()}) == 1
    assert all(each.signature.digest == locked.digest for each in locked.signatures.all())
    with pytest.raises(StudyIsLocked):
        end_lock(scope=LockScope.of_participant(clean), reason="Late", by=world.data_manager, at=NOW)
    with pytest.raises(DataLocked, match="is locked"):
        save(clean, "DM", values={"height": 160})


def test_point_20_a_data_set_written_before_something_was_opened_is_signed_by_nobody(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    prepared(world)
    first = step(world.data_manager, "sign", minutes=4).digest
    site = LockScope.of_site(world.site)
    end_lock(scope=site, reason="A late query", by=world.data_manager, at=NOW + timedelta(minutes=5))
    with pytest.raises(DatabaseChecklistOpen):
        step(world.statistician, "sign", minutes=6)
    lock_site(world, minutes=7)
    with pytest.raises(DatasetNotReady):
        step(world.statistician, "sign", minutes=8)
    locked = step(world.data_manager, "freeze", minutes=9)
    write_export(export=locked.export, at=NOW + timedelta(minutes=10))  # type: ignore[arg-type]
    for person in (world.statistician, world.trial_manager, world.data_manager):
        locked = step(person, "sign", minutes=11)
    assert locked.state == "locked"
    assert locked.digest != first


def test_point_20_the_certificate_says_it_all_in_both_languages(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    with pytest.raises(NotLocked):
        site_certificate_page(world.site, language="en", at=NOW)
    locked = in_force(world)
    labels = [label for label, _said in checklist_lines(locked.checklist)]
    assert "Signatures under the analysis sets" in labels
    assert {str(item.label) for item in HandItem} <= set(labels), "each by its own name"
    assert len(set(labels)) == len(labels)
    assert not [label for label in labels if label.islower()], "a code instead of words"
    for language, words in {"en": "Certificate of the lock", "zh-hans": "锁定证书"}.items():
        page = database_certificate_page(locked, language=language, at=NOW)
        assert locked.export is not None
        wanted = [
            words,
            locked.digest,
            locked.export.digest,
            "Statistician",
            "Trial Manager",
            "Primary analysis",
        ]
        wanted += [file["sha256"] for file in locked.export.manifest["files"]]
        assert [each for each in wanted if each not in page] == []
        assert words in site_certificate_page(world.site, language=language, at=NOW)


def test_point_20_the_database_is_unlocked_by_two_different_people(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    in_force(world)
    with pytest.raises(DatabaseLockElsewhere):
        step(world.trial_manager, "unlock", minutes=5)
    step(world.data_manager, "ask", reason="An error of the laboratory", minutes=5)
    with pytest.raises(UnlockNeedsSecondPerson):
        step(world.data_manager, "unlock", minutes=6)
    # who asked by mistake takes it back, and whoever does not agree declines it: the database stays locked
    for person in (world.data_manager, world.statistician):
        kept = step(person, "decline", minutes=6)
        assert (kept.state, kept.unlock_asked_by, kept.asking_signature) == ("locked", None, None)
        assert waits(world) == set()
        with pytest.raises(DatabaseLockElsewhere):
            step(world.trial_manager, "unlock", minutes=6)
        step(world.data_manager, "ask", reason="An error of the laboratory", minutes=6)
    client = Client()
    client.force_login(world.data_manager)
    assert waits(world) == {"statistician", "trial_manager"}
    assert "Keep the database locked" in client.get(reverse("exports:database-lock")).text
    locked = step(world.trial_manager, "unlock", minutes=6)
    assert locked.state == "unlocked"
    row = DataLock.objects.get(level=5)
    assert row.ending_signature is not None
    assert row.second_signature is not None
    assert row.ending_signature.by_id != row.second_signature.by_id
    end_lock(scope=LockScope.of_site(world.site), reason="An error", by=world.data_manager, at=NOW)
    assert "An error of the laboratory" in database_certificate_page(locked, language="en", at=NOW)
    shown = client.get(reverse("exports:database-lock")).text
    for language in ("en", "zh-hans"):
        assert reverse("exports:database-lock-certificate", args=[locked.pk, language]) in shown
    step(world.data_manager, "begin", reason="Once more", minutes=7)


def test_point_20_the_page_leads_from_the_checklist_to_the_certificate(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    where, client = reverse("exports:database-lock"), Client()
    client.force_login(world.data_manager)
    begun = client.post(where, {"step": "begin", "reason": "Primary analysis"})
    assert begun.status_code == 302
    shown = client.get(where).text
    assert reverse("crf:lock-site", args=["01"]) in shown
    assert client.post(where, {"step": "freeze"}).status_code == 409
    step(world.data_manager, "cancel")
    in_force(world)
    assert "The database is locked since" in client.get(where).text
    inspector = Client()
    inspector.force_login(world.inspector)
    assert inspector.get(where).status_code == 200
    assert inspector.post(where, {"step": "ask", "reason": "x"}).status_code == 403
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="no text engine for PDFs here")
    pk = DatabaseLock.objects.current().get().pk
    for address in (
        reverse("exports:database-lock-certificate", args=[pk, "en"]),
        reverse("exports:site-lock-certificate", args=["01", "zh-hans"]),
    ):
        assert inspector.get(address).content.startswith(b"%PDF")
    assert inspector.get(reverse("exports:site-lock-certificate", args=["01", "xx"])).status_code == 404


def test_point_20_what_was_not_shown_is_signed_by_nobody(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    """A page that was open while the data set was written anew, or while another lock was begun, signs nothing."""
    locked = prepared(world)
    old = seen_of(locked, at=NOW + timedelta(minutes=4))
    with pytest.raises(DatabaseLockElsewhere):
        step(world.data_manager, "sign", minutes=4, seen="")
    again = step(world.data_manager, "freeze", minutes=5)
    write_export(export=again.export, at=NOW + timedelta(minutes=6))  # type: ignore[arg-type]
    with pytest.raises(DatabaseLockElsewhere):
        step(world.data_manager, "sign", minutes=7, seen=old["sign"])
    client = Client()
    client.force_login(world.data_manager)
    page = client.get(reverse("exports:database-lock")).text
    now = seen_of(DatabaseLock.objects.current().get(), at=NOW + timedelta(minutes=7))
    assert f'name="seen" value="{now["sign"]}"' in page
    step(world.data_manager, "cancel", minutes=8)
    step(world.data_manager, "begin", reason="Primary analysis", minutes=9)
    with pytest.raises(DatabaseLockElsewhere):
        step(world.data_manager, "settle", item=HandItem.LABORATORY, reason="Compared", seen=old["settle"])
    assert DatabaseLock.objects.current().get().signatures.count() == 0


def test_point_20_the_second_person_unlocks_for_the_reason_that_they_have_read(
    clean: Participant,  # noqa: F811
    world: World,
) -> None:
    locked = in_force(world)
    before = seen_of(locked, at=NOW)["unlock"]
    step(world.data_manager, "ask", reason="An error of the laboratory", minutes=5)
    with pytest.raises(DatabaseLockElsewhere):
        step(world.trial_manager, "unlock", minutes=6, seen=before)
    assert step(world.trial_manager, "unlock", minutes=6).state == "unlocked"


@pytest.mark.parametrize("long", [10, 185, 186, 200])
def test_the_purpose_of_a_lock_stands_whole_in_the_register_of_exports(long: int) -> None:
    said = purpose_in_register(DatabaseLock(purpose="P" * long))
    assert said.endswith("P" * long)
    assert len(said) <= 200
