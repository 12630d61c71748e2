"""The pages Set-up and Service, alarms by mail, the call that is withheld, and the release on pages and in acts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as conf
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from accounts.models import Mail
from audit.acts import record_act
from audit.models import Act
from kernel.scope import EVERYTHING, scope
from operations import setting_up, watching
from operations.alarms import tell_alarms
from operations.dead_man import is_withheld
from operations.models import Alarm, OperationRecord
from operations.watching import ASKED, SAID, WatchLevel, readings
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
KEY = "k1:" + "q8" * 22


@pytest.fixture
def everything() -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(world.trial_manager)
    return client


def well(monkeypatch: pytest.MonkeyPatch, **others: WatchLevel) -> None:
    """Every reading is well but those named."""
    for name in ASKED:
        level = others.get(name, WatchLevel.OK)
        monkeypatch.setitem(
            watching.ASKED, name, lambda _at, level=level: (level, f"seen {level.name}", None)
        )


def test_the_page_of_the_service_names_every_reading_in_both_languages(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    well(monkeypatch, beat=WatchLevel.CRITICAL)
    page = manager.get("/service/").text
    assert all(str(said) in page for said in SAID.values())
    assert "Critical" in page
    assert SAID.keys() == ASKED.keys()
    chinese = manager.get("/service/", headers={"Accept-Language": "zh-hans"}).text
    assert "Critical" not in chinese


def test_readings_speak_chinese_on_the_page_and_english_to_nagios(world: World) -> None:
    from django.utils.translation import override

    with override("zh-hans"):
        said = [each.seen for each in readings(at=NOW)]
    english = [each.seen for each in readings(at=NOW)]
    same = [zh for zh, en in zip(said, english, strict=True) if zh == en and zh]
    assert same == []


def test_an_alarm_is_told_once_again_when_worse_and_when_it_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "ALARM_ADDRESSES", ["it@example.org"])
    with scope(user_id=None, sites=EVERYTHING):
        well(monkeypatch)
        assert tell_alarms(at=NOW) == 0
        well(monkeypatch, tasks=WatchLevel.WARNING)
        assert tell_alarms(at=NOW + timedelta(minutes=5)) == 1
        assert tell_alarms(at=NOW + timedelta(minutes=10)) == 0
        well(monkeypatch, tasks=WatchLevel.CRITICAL)
        assert tell_alarms(at=NOW + timedelta(minutes=15)) == 1
        assert Alarm.objects.get().since == NOW + timedelta(minutes=5)
        assert tell_alarms(at=NOW + timedelta(hours=13)) == 1  # it lasts
        well(monkeypatch)
        assert tell_alarms(at=NOW + timedelta(hours=14)) == 1
        assert not Alarm.objects.exists()
        told = list(Mail.objects.filter(address="it@example.org").order_by("pk"))
        assert Act.objects.filter(verb="operations:alarm:tell").count() == len(told)
    assert [("CRITICAL" in mail.body, "well again" in mail.body) for mail in told] == [
        (False, False),
        (True, False),
        (True, False),
        (False, True),
    ]
    assert "/service/" in told[0].body


def test_without_addresses_the_trial_managers_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    well(monkeypatch, backup=WatchLevel.CRITICAL)
    with scope(user_id=None, sites=EVERYTHING):
        assert tell_alarms(at=NOW) == Mail.objects.filter(to=world.trial_manager).count() == 1


def test_the_call_outside_is_withheld_while_no_mail_could_tell(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    well(monkeypatch, backup=WatchLevel.CRITICAL, mail=WatchLevel.WARNING)
    assert not is_withheld(at=NOW)
    well(monkeypatch, mail=WatchLevel.CRITICAL)
    assert is_withheld(at=NOW)


def test_an_unmet_certificate_is_unknown_and_a_short_one_alarms(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PUBLIC_ADDRESS = "https://palace3.example.org"
    key = "operations:certificate:palace3.example.org"
    for days, level in ((40, WatchLevel.OK), (9, WatchLevel.WARNING), (1, WatchLevel.CRITICAL)):
        cache.set(key, (NOW + timedelta(days=days, hours=1)).timestamp())
        (reading,) = readings(at=NOW, only=frozenset({"certificate"}))
        assert (reading.level, reading.value) == (level, days)
    cache.delete(key)

    def refused(*_: Any) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr("operations.certificate.meet", refused)
    assert readings(at=NOW, only=frozenset({"certificate"}))[0].level is WatchLevel.UNKNOWN


def step(key: str) -> setting_up.SetUpStep:
    return next(each for each in setting_up.set_up_steps(at=NOW) if each.key == key)


def test_the_set_up_goes_on_until_a_mail_came(manager: Client, world: World, everything: None) -> None:
    assert not step("mail").is_done
    assert manager.post("/set-up/mail/try/").headers["Location"] == "/set-up/mail/"
    number = Mail.objects.get(kind="operations.try_mail").body.split("\n")[0].split()[-1]
    assert manager.post("/set-up/mail/", {"number": f"{(int(number) + 1) % 10**6:06d}"}).status_code == 422
    assert manager.post("/set-up/mail/", {"number": number}).status_code == 302
    row = OperationRecord.objects.get(kind="set_up")
    assert row.act.by == world.trial_manager
    assert step("mail").is_done


def test_a_key_read_back_from_the_safe_is_on_record_by_its_fingerprint(
    manager: Client, settings: Any, everything: None
) -> None:
    settings.PALACE3_LIST_KEY = KEY
    address = "/set-up/keys/PALACE3_LIST_KEY/"
    refused = manager.post(address, {"copy": KEY[:-1] + "9"})
    assert refused.status_code == 422
    assert KEY[:-1] not in refused.text
    assert manager.post(address, {"copy": f" {KEY} "}).status_code == 302
    assert step("PALACE3_LIST_KEY").is_done
    assert KEY not in str(OperationRecord.objects.get(kind="set_up").findings)
    settings.PALACE3_LIST_KEY = KEY + "x"  # another key: its copy was read back by nobody
    assert not step("PALACE3_LIST_KEY").is_done
    assert manager.get("/set-up/keys/SECRET_KEY/").status_code == 404


def test_the_set_up_says_what_is_missing_and_where(manager: Client, world: World, settings: Any) -> None:
    settings.COMMITTEE_ADDRESSES = []
    page = manager.get("/set-up/").text
    for words in ("COMMITTEE_ADDRESSES", "manage.py backup", "no list is active", "/people/", "/sites/"):
        assert words in page
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = True
    english = "Keep one: STARTTLS (587) or TLS (465)."
    assert english in manager.get("/set-up/").text
    with translation.override("zh-hans"):
        seen = step("settings").seen
    assert "EMAIL_USE_TLS：与 EMAIL_USE_SSL 同时设置" in seen
    assert english not in seen
    settings.COMMITTEE_ADDRESSES = ["chair@example.org"]
    assert "COMMITTEE_ADDRESSES" not in manager.get("/set-up/").text
    inspector = Client()
    inspector.force_login(world.inspector)
    assert "/set-up/mail/try/" not in inspector.get("/set-up/").text


def test_the_release_is_on_every_page_and_in_every_act(
    manager: Client, world: World, everything: None
) -> None:
    said = f"release {conf.RELEASE}"
    for address in ("/", "/work-list/", "/nothing-of-this-name/"):
        assert said in manager.get(address).text, address
    assert said in Client().get("/accounts/sign-in/").text
    act = record_act("tests:release:note", by=None, at=NOW)
    assert act.release == conf.RELEASE
    assert not Act.objects.filter(release=None).exists()
