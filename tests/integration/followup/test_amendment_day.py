"""The day of an amendment as docs/amendments.md orders it: a real worker, committed data, two sites, one opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import Client

from accounts.models import User
from crf.links import form_url
from crf.store.context import FormContext
from demo.servers.broker import EmbeddedBroker
from kernel.scope import EVERYTHING, scope
from palace3.celery import app
from protocol.text import read_from
from tests.amendment_day import AmendmentDay, begin, follows, month_12
from tests.integration.palace3.test_worker import Worker, broker, eventually, start_worker
from tests.world import NOW, World
from trials.models import EligibilityDecision, SiteVersion

__all__ = ["broker", "start_worker"]

CHAPTERS = ("1.3", "1.4", "2.2")

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

VERSION = "/protocol/versions/1.1/sites/01/"
LETTER = {"approved_on": "2026-11-18", "reference": "EC 2026-17", "letter_on": "2026-11-19"}


@pytest.fixture
def day(
    world: World, broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[AmendmentDay]:
    """The trial on the morning of the day; tasks go to a broker, and no worker runs yet."""
    made = begin(world, tmp_path)
    monkeypatch.setenv("PROTOCOL_FOLDER", str(made.installed))
    settings.PROTOCOL_FOLDER = str(made.folder)

    def sent(task: Any, *arguments: Any) -> None:
        with app.connection_for_write(broker.url) as connection:
            app.send_task(task.name, args=arguments, connection=connection)

    monkeypatch.setattr("celery.app.task.Task.delay", sent)
    yield made
    read_from()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_rare_06_the_day_of_an_amendment(day: AmendmentDay, start_worker: Callable[[str], Worker]) -> None:
    manager, before = client_of(day.world.trial_manager), month_12(day.watched)
    _tries_the_draft(day)
    day.install()
    _reads_what_changes(day, manager)
    _records_consent_text_and_approval(day, manager)
    opened = manager.post(f"{VERSION}open/", {"reason": "Amendment 1"}, follow=True)
    assert "3 participants are still to be taken over" in opened.text
    worker = start_worker("worker")
    assert eventually(lambda: _carried() is not None, within=90), worker.log.read_text()
    _the_people_of_the_site_follow(day, before)
    _what_is_due_then(day, manager)
    _the_other_site_is_as_it_was(day, before)


def _tries_the_draft(day: AmendmentDay) -> None:
    """Before the file reaches the installation: it is refused while it is wrong, and said whole once it is right."""
    right = day.draft.read_text(encoding="utf-8")
    day.draft.write_text(right.replace("amount = 240", "amount = 250"), encoding="utf-8")
    with pytest.raises(CommandError, match=r"1\.1\.toml, line \d+: the amount of CAMRELIZUMAB is 250"):
        printed("protocol_check", str(day.draft))
    day.draft.write_text(right, encoding="utf-8")
    said = printed("protocol_check", str(day.draft))
    for words in ("can follow 1.0", "AS-12", "12 months and 2 weeks", "200 mg", "240 mg", "75", "90"):
        assert words in said
    assert follows(day.watched) == "1.0"


def _reads_what_changes(day: AmendmentDay, manager: Client) -> None:
    said = printed("protocol_impact", "--to", "1.1")
    assert f"{day.watched.number} moved: AS-12" in said
    page = manager.get(f"{VERSION}amendment/").text
    for words in ("planning a pregnancy", "12 months and 2 weeks", "240 mg", "All sexes", day.decided.number):
        assert words in page
    assert manager.get(f"{VERSION}amendment-zh-hans.pdf").content.startswith(b"%PDF")


def _records_consent_text_and_approval(day: AmendmentDay, manager: Client) -> None:
    text = {"label": "1.1", "approved_on": "2026-11-18"}
    assert manager.post("/sites/01/consent-versions/new/", text).status_code == 302
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        consent = day.world.site.consent_versions.get(label="1.1").pk
    assert manager.post(f"{VERSION}open/", {"reason": "Amendment 1"}).status_code == 409
    assert manager.post(f"{VERSION}approve/", LETTER | {"consent": consent}).status_code == 302


def _carried() -> Any:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return SiteVersion.objects.values_list("carried_at", flat=True).get()


def _the_people_of_the_site_follow(day: AmendmentDay, before: tuple[date | None, date | None]) -> None:
    assert {follows(each) for each in (day.decided, day.treated, day.watched)} == {"1.1"}
    assert all(
        old and new == old + timedelta(weeks=2)
        for old, new in zip(before, month_12(day.watched), strict=True)
    )
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        decision = EligibilityDecision.objects.get(participant=day.decided)
        assert "The site follows version 1.1 of the protocol now." in decision.lapse_cause
        day.treated.refresh_from_db()
        context = FormContext(day.treated, at=NOW)
        assert context.context_value("setting.neoadjuvant_platelets_min") == 90
        assert context.context_value("treatment.CAMRELIZUMAB.amount") == 240


def _what_is_due_then(day: AmendmentDay, manager: Client) -> None:
    page = manager.get(VERSION).text
    assert "Every living participant of the site follows the version since" in page
    assert "Still to sign consent version 1.1" in page
    coordinator = client_of(day.world.coordinator)
    assert coordinator.get("/work-list/").text.count("The new consent text is to be signed") == 3
    assert "240 mg on days 1, 22" in coordinator.get(form_url(day.treated.number, "TREAT")).text
    evidence = client_of(day.world.investigator).get(f"/participants/{day.decided.number}/eligibility/").text
    assert "planning a pregnancy" in evidence
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        consent = day.world.site.consent_versions.get(label="1.1").pk
    refused = {"version": consent, "asked_on": "2026-11-20", "follows": "stays"}
    coordinator.post(f"/participants/{day.watched.number}/consent/refused/", refused)
    signed = {"version": consent, "signed_on": "2026-11-20", "sensitive_data": "on"}
    coordinator.post(f"/participants/{day.treated.number}/consent/", signed)
    assert coordinator.get("/work-list/").text.count("The new consent text is to be signed") == 1


def _the_other_site_is_as_it_was(day: AmendmentDay, before: tuple[date | None, date | None]) -> None:
    assert (follows(day.elsewhere), month_12(day.elsewhere)) == ("1.0", before)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        day.elsewhere.refresh_from_db()
        context = FormContext(day.elsewhere, at=NOW)
        assert context.context_value("setting.neoadjuvant_platelets_min") == 75
    page = client_of(day.world.stranger).get(form_url(day.elsewhere.number, "TREAT")).text
    assert "200 mg on days 1, 22" in page
