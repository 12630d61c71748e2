"""The digest of the trail leaves the house: mails, a folder, a page that anybody reads; and late seals alarm."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts.models import Mail
from audit.anchors import is_signed
from audit.models import Anchor, Seal
from followup.services import announce_data_cut
from kernel.clock import local_date
from kernel.scope import EVERYTHING, scope
from notices.services.anchoring import alarm_of_late_seals, send_anchor, verify_and_anchor
from tests.integration.audit.test_attacks_of_the_owner import as_owner
from tests.integration.audit.test_seals import seal_everything
from tests.world import NOW
from tests.world_database import committed_world
from trials import services

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> Any:
    settings.ANCHOR_ADDRESSES = ["chair@example.org"]
    settings.ANCHOR_FOLDER = str(tmp_path)
    world = committed_world()
    seal_everything()
    return world


def mails(kind: str) -> list[Mail]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return list(Mail.objects.filter(kind=kind).select_related("to").order_by("pk"))


def test_requirement_40_each_night_the_digest_goes_out(house: Any, tmp_path: Path) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        anchor = verify_and_anchor(at=NOW)
    assert anchor is not None
    assert (anchor.occasion, anchor.findings) == ("night", 0)

    sent = mails("audit:anchor")
    assert {mail.address for mail in sent} >= {house.investigator.email, "chair@example.org"}
    assert all(anchor.chain in mail.body for mail in sent)
    assert "has found nothing" in sent[0].body

    (file,) = tmp_path.iterdir()
    assert is_signed(json.loads(file.read_text("utf-8")))

    page = Client().get("/anchors/")
    assert anchor.chain in page.content.decode()
    assert "camera=()" in page.headers["Permissions-Policy"]
    assert is_signed(Client().get(f"/anchors/{anchor.pk}.json").json())
    assert "稽查" in Client().get("/anchors/?lang=zh-hans").content.decode()


def test_on_the_night_after_a_data_cut_the_digest_is_that_of_the_cut(house: Any) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        announce_data_cut(
            on=local_date(NOW, settings.TRIAL_TIME_ZONE),
            purpose="Interim report",
            by=house.data_manager,
            at=NOW,
        )
        anchors = [verify_and_anchor(at=NOW + timedelta(days=nights)) for nights in range(3)]
    assert [anchor and anchor.occasion for anchor in anchors] == ["night", "cut", "night"]


def test_what_the_night_finds_is_mailed(house: Any, superuser: psycopg.Connection[Any]) -> None:
    as_owner(superuser, "UPDATE trials_site SET city = 'Wuhan'")
    with scope(user_id=None, sites=EVERYTHING):
        anchor = verify_and_anchor(at=NOW)
    assert anchor is not None
    assert anchor.findings == 2
    sent = mails("audit:anchor")
    assert "was touched, 2 findings" in sent[0].subject
    assert "trials_site row 1: differs from its last version" in sent[0].body


def test_every_copy_is_of_what_was_sealed_then(house: Any, tmp_path: Path) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        first = send_anchor(occasion="export", at=NOW)  # type: ignore[arg-type]  # a member by its value
        services.change_site(site=house.site, by=house.trial_manager, at=NOW, reason="Moved", city="Wuxi")
        seal_everything()
        second = send_anchor(occasion="lock", at=NOW)  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    assert second.last_act > first.last_act
    assert {each.chain for each in Anchor.objects.all()} <= set(Seal.objects.values_list("chain", flat=True))
    assert len(list(tmp_path.iterdir())) == 2


def test_late_seals_alarm_once_a_day(house: Any, superuser: psycopg.Connection[Any]) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=house.site, by=house.trial_manager, at=NOW, reason="Moved", city="Wuxi")
        assert alarm_of_late_seals(at=NOW) == 0
    as_owner(superuser, "UPDATE audit_act SET stored_at = stored_at - interval '16 minutes'")
    with scope(user_id=None, sites=EVERYTHING):
        told = alarm_of_late_seals(at=NOW)
        assert told >= 1
        assert alarm_of_late_seals(at=NOW) == 0
    assert len(mails("audit:late")) == told
