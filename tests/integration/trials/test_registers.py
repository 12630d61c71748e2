"""Registers for an inspector; exports that leave the country rest on a basis of two people (requirements 54-60)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.permissions import Permission
from accounts.second_factor import code_at
from accounts.services import WrongPassword
from audit.acts import open_act
from exports.jobs.services import save_definition, take_due
from exports.living_access.services import make_token
from exports.models import Export, ExportFailure, ExportState
from exports.services import request_export
from kernel.errors import Refusal
from kernel.scope import EVERYTHING, scope
from tests.clock import clock_at
from tests.world import NOW, PASSWORD, TODAY, World, as_person
from trials.models.registers import RegisterEntry, RegisterKind
from trials.services.registers import (
    ApprovedByRecorder,
    BasisMissing,
    EntryClosed,
    NothingToApprove,
    ReferenceMissing,
    RegisterDayAhead,
    RegisterDaysOdd,
    approve_entry,
    close_entry,
    record_entry,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _central(world: World) -> Any:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def entry(world: World, kind: RegisterKind = RegisterKind.INCIDENT, **more: Any) -> RegisterEntry:
    told: dict[str, Any] = {
        "subject": "A letter went to the wrong ward",
        "began_on": TODAY,
        "account": "Taken back within the hour.",
        "owner": world.trial_manager,
        "by": world.trial_manager,
        "at": NOW,
        **more,
    }
    return record_entry(kind=kind, **told)


@pytest.mark.parametrize("kind", list(RegisterKind))
def test_an_entry_of_each_register_is_recorded_listed_and_closed_on_its_page(
    world: World, client: Client, kind: RegisterKind
) -> None:
    client.force_login(world.data_manager)
    sent = {
        "subject": "What it was",
        "began_on": TODAY.isoformat(),
        "reference": "2026-17",
        "account": "And what was done",
        "owner": world.trial_manager.username,
    }
    page = reverse("trials:new-register-entry", args=[kind])
    asked = client.get(page).text
    assert f'<option value="{world.data_manager.username}" selected>' in asked  # never by a number
    assert client.post(page, sent).status_code == 302
    (made,) = RegisterEntry.objects.all()
    assert (made.kind, made.owner, made.recorded_by) == (kind, world.trial_manager, world.data_manager)
    assert "What it was" in client.get(reverse("trials:registers"), {"register": kind}).text
    other = next(each for each in RegisterKind if each != kind)
    assert "What it was" not in client.get(reverse("trials:registers"), {"register": other}).text
    sent = {"outcome": "Settled for good", "closed_on": TODAY.isoformat()}
    assert client.post(reverse("trials:close-register-entry", args=[made.pk]), sent).status_code == 302
    table = client.get(reverse("trials:registers-file"), {"register": kind}).content.decode("utf-8-sig")
    assert table.count("Settled for good") == 1
    with pytest.raises(EntryClosed):
        close_entry(entry=made, outcome="again", closed_on=TODAY, by=world.data_manager, at=NOW)


def test_a_site_reads_its_own_entries_alone(world: World, client: Client) -> None:
    for site, subject in (
        (world.site, "Of site one"),
        (world.other_site, "Of site two"),
        (None, "Of the trial"),
    ):
        entry(world, subject=subject, site=site)
    client.force_login(world.coordinator)
    for name in ("trials:registers", "trials:registers-file"):
        said = client.get(reverse(name)).content.decode()
        assert ("Of site one" in said, "Of site two" in said, "Of the trial" in said) == (True, False, False)
    assert client.get(reverse("trials:new-register-entry", args=["incident"])).status_code == 403


@pytest.mark.parametrize(
    ("kind", "more", "refusal"),
    [
        (RegisterKind.INCIDENT, {"began_on": TODAY + timedelta(days=1)}, RegisterDayAhead),
        (RegisterKind.OUTAGE, {"until": TODAY - timedelta(days=1)}, RegisterDaysOdd),
        (RegisterKind.CROSS_BORDER, {}, ReferenceMissing),
    ],
)
def test_what_cannot_be_so_is_refused(
    world: World, kind: RegisterKind, more: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        entry(world, kind, **more)


def test_an_export_leaves_the_country_on_a_filing_and_a_basis_that_a_second_person_approved(
    world: World,
) -> None:
    told: dict[str, Any] = {
        "forms": ["DM"],
        "sites": ["01"],
        "purpose": "for the statistician abroad",
        "at": NOW,
    }

    def leaves() -> Export:
        with as_person(world.data_manager), transaction.atomic():
            return request_export(**told, leaves_country=True, by=world.data_manager)

    for kind in (RegisterKind.GENETIC_RESOURCES, RegisterKind.CROSS_BORDER):
        with pytest.raises(BasisMissing, match=str(kind.label)):
            leaves()
        made = entry(world, kind, reference="2026-17", until=date(2027, 1, 1))
        with pytest.raises(BasisMissing):
            leaves()
        with pytest.raises(ApprovedByRecorder):
            approve_entry(entry=made, password=PASSWORD, by=world.trial_manager, at=NOW)
        with pytest.raises(WrongPassword):
            approve_entry(entry=made, password="wrong", by=world.data_manager, at=NOW)
        approve_entry(entry=made, password=PASSWORD, by=world.data_manager, at=NOW)
        with pytest.raises(NothingToApprove):
            approve_entry(entry=made, password=PASSWORD, by=world.monitor, at=NOW)
    assert leaves().basis == made
    fetch = _fetching_abroad(world)
    assert fetch().status_code == 200
    assert request_export(**told, by=world.data_manager).basis is None
    assert _saved_exports_ask_each_time(world) == made
    with pytest.raises(BasisMissing):
        request_export(
            **{**told, "at": NOW + timedelta(days=400)}, leaves_country=True, by=world.data_manager
        )
    close_entry(entry=made, outcome="Withdrawn", closed_on=TODAY, by=world.data_manager, at=NOW)
    with pytest.raises(BasisMissing):
        leaves()
    assert (fetch().status_code, fetch().json()["code"]) == (403, "exports.basis_over")
    with pytest.raises(BasisMissing):
        _fetching_abroad(world)
    with scope(user_id=None, sites=EVERYTHING):
        assert take_due(on=date(2026, 12, 7), at=NOW) == 1
        (stopped,) = Export.objects.filter(due_on=date(2026, 12, 7))
    assert (stopped.state, stopped.failure) == (ExportState.FAILED, ExportFailure.BASIS_ENDED)
    assert stopped.basis is None


def _fetching_abroad(world: World) -> Callable[[], Any]:
    """Make a token whose answers leave the country; return a call with it."""
    manager = world.data_manager
    about: dict[str, Any] = {"name": "abroad", "scopes": [Permission.PARTICIPANT_VIEW], "password": PASSWORD}
    about |= {"code": code_at(manager, NOW), "expires_at": NOW + timedelta(days=9), "leaves_country": True}
    with as_person(world.data_manager), transaction.atomic():
        _token, secret = make_token(**about, by=manager, at=NOW)

    def fetch() -> Any:
        with clock_at(NOW):
            return Client().get("/api/v1/participants/", headers={"Authorization": f"Bearer {secret}"})

    return fetch


def _saved_exports_ask_each_time(world: World) -> RegisterEntry | None:
    told: dict[str, Any] = {"forms": ["DM"], "sites": ["01"], "purpose": "abroad", "language": "en"}
    told |= {"data_format": "csv", "leaves_country": True, "by": world.data_manager}
    with as_person(world.data_manager), transaction.atomic():
        with pytest.raises(BasisMissing):
            save_definition(**told, name="late", rhythm="weekly", at=NOW + timedelta(days=400))
        save_definition(**told, name="abroad", rhythm="weekly", at=NOW)
    with scope(user_id=None, sites=EVERYTHING):
        assert take_due(on=date(2026, 11, 30), at=NOW) == 1
        return Export.objects.get(due_on=date(2026, 11, 30)).basis


def test_the_database_refuses_an_approval_by_the_recorder(world: World) -> None:
    made = entry(world, RegisterKind.CROSS_BORDER, reference="1")
    with (
        pytest.raises(IntegrityError, match="second_person"),
        open_act("trials:register:approve", by=world.trial_manager, at=NOW) as act,
    ):
        RegisterEntry.objects.filter(pk=made.pk).update(
            act=act, approved_by=world.trial_manager, approved_at=NOW
        )
