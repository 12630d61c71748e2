"""Mails that ask for something lead to the page where it is done, with days that nobody misreads and their zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Mail
from followup.models import Visit
from followup.services import update_visit_states
from notices.services.reminders import remind_site
from notices.services.site_notices import write_site_notices
from palace3.packages import PACKAGES
from tests.integration.followup.conftest import noon
from tests.world import OPENED_ON, World
from trials.models import Participant
from trials.services import fulfil_checklist_item

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = "https://palace3.example.org"
ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
ASKS_NOTHING = {  # who asked for a call needs no account; a root is kept, not acted upon
    "accounts/services.py",
    "trials/services/people.py",  # who is invited cannot sign in yet; the link is all there is
    "website/contact/news_mails.py",
    "committee/services/sharing.py",  # a recipient without an account; the link is all there is
    "trials/services/break_glass.py",  # says to telephone: whoever reads it may have to doubt the pages
}
Make = Callable[..., Participant]


@pytest.fixture(autouse=True)
def public_address(settings: Any) -> None:
    settings.PUBLIC_ADDRESS = ADDRESS


def test_point_24_whoever_writes_mails_knows_the_way_to_the_page() -> None:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    writers = {str(file.relative_to(ROOT)) for file in files if "write_mail(" in file.read_text()}
    texts = {"notices/services/reminders.py": "notices/digest_text.py",
             "notices/services/escalations.py": "notices/escalation_text.py"}  # fmt: skip
    for writer in writers - ASKS_NOTHING:
        assert "go_there(" in (ROOT / texts.get(writer, writer)).read_text(), writer


def test_point_24_a_reminder_leads_to_the_work_list(world: World, randomized: Make, everywhere: None) -> None:
    person = randomized()
    with transaction.atomic():
        closes = Visit.objects.get(participant=person, code="N1").closes
    assert closes is not None
    on = closes + timedelta(days=1)
    update_visit_states(site=world.site, on=on, at=noon(on))
    remind_site(site=world.site, on=on, at=noon(on))
    body = Mail.objects.filter(to=world.coordinator, kind__startswith="followup").latest("pk").body
    assert f"Sign in and do it here: {ADDRESS}/work-list/" in body
    assert "Asia/Shanghai, UTC+8" in body
    assert f"{closes.day} {closes:%b %Y}" in body
    assert not ISO_DAY.search(body)


def test_point_24_an_approval_that_expires_leads_to_its_site(world: World, everywhere: None) -> None:
    expires, on = date(2027, 3, 31), date(2027, 3, 1)
    fulfil_checklist_item(
        site=world.site,
        kind="ethics",
        done_on=OPENED_ON,
        expires_on=expires,
        by=None,
        at=noon(date(2026, 11, 20)),
    )
    write_site_notices(site=world.site, on=on, at=noon(on))
    mail = Mail.objects.filter(kind="followup:expiry").latest("pk")
    assert mail.subject == "01 Riverside Hospital: Ethics approval expires on 31 Mar 2027"
    assert f"{ADDRESS}/sites/01/" in mail.body
