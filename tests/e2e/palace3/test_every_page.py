"""Every page of the program, in both languages, as somebody who may see it.

The pages are those of the permission matrix, so that a new address is walked from its first day. Each is opened
in a browser, one in English, the next in Chinese: axe finds nothing, nothing is wider than a tablet's window, no
script and no policy complains, and no token of a template is left. In the other language its text is read without a
browser. With ``PALACE3_LOOK=folder`` each is opened in both, and kept as pictures.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as conf
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from accounts.models import User
from audit.acts import open_act
from committee.services.sharing import ticket_of
from crf import catalogue
from crf.attachments.services import SentFile, attach_file
from crf.catalogue.adverse_event.form import AdverseEvent
from crf.deviations.settling import confirm_deviation
from crf.engine.declaration import Repeats
from crf.models import AttachmentKind, ClockName, SafetyClock
from crf.records.drafts import keep_draft
from crf.store.records import record_key_of
from demo.simulation.oversight import report_to_committee
from demo.simulation.sites import PASSWORD
from demo.simulation.typed_pdf import typed_pdf
from exports.imports.services import preview_import
from followup.models import CalendarFeed, DataCut, Visit
from followup.services import make_feed, record_contact_attempt, withdraw_participant
from kernel.row_keys import key_of
from kernel.scope import EVERYTHING, scope
from monitoring.models import MonitoringFinding
from protocol import text
from randomization.models import Envelope
from tests.clock import Clock
from tests.demo_trial import UNTIL, Played, played_trial
from tests.e2e.conftest import TABLET, WIDE
from tests.integration.system.test_permission_matrix import MATRIX
from trials.models import ContactRequest, Delegation, NewsLetter, Participant, PublicText, ReferenceRange
from trials.models.participants import TERMINAL
from trials.models.people import confided_to, sites_of
from trials.services import open_loss
from trials.services.confirmations import confirm_values
from trials.services.participants import propose_deviation, register_participant

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LOOK = os.environ.get("PALACE3_LOOK")
LANGUAGES = ("en", "zh-hans")
TOKENS = re.compile(r"</\w+>|\{\{|\}\}|\{%|%\}|\{#|#\}|⟦|⟧|%\(\w+\)s|\{[a-z_]+\}")
UNREAD = re.compile(r"<(script|style|template)\b.*?</\1>", re.DOTALL)

# What is fetched by a GET and is no page: files, and what programs read.
FILES = {
    "trials:delegation-log",
    "trials:site-document",
    "analysis:quality-of-life-file",
    "monitoring:board-file",
    "analysis:flow-paper",
    "analysis:flow-picture",
    "analysis:flow-table",
    "analysis:safety-arms-file",
    "analysis:safety-file",
    "analysis:maturity-arms-file",
    "analysis:maturity-file",
    "analysis:reconciliation-file",
    "analysis:serious-file",
    "analysis:serious-icsr",
    "analysis:serious-paper",
    "accounts:session",
    "work-counts",
    "crf:attachment",
    "crf:blank",
    "crf:terms",
    "exports:filled-form",
    "exports:codebook-file",
    "crf:grades",
    "exports:database-lock-certificate",
    "exports:site-lock-certificate",
    "followup:amendment-file",
    "followup:feed-file",
    "trials:anchor-file",
    "trials:registers-file",
    "trials:robots",
    "trials:sitemap",
    "randomization:certificate",
    "randomization:certificate-pdf",
    "randomization:root-pdf",
    "randomization:visit-card",
    "reports:completeness-file",
    "reports:report-file",
    "reports:trail-file",
    "reports:verification-file",
    "trials:request-receipt",
}
# What a page fetches to put into itself: it is looked at where it stands.
PARTS = {"followup:messages"}
# Which participant, form or row an address is about, where the one that is furthest has no such page.
ABOUT: dict[str, dict[str, Any]] = {
    **{key: {"pk": "pack"} for key in ("committee:pack", "committee:release", "committee:share")},
    "committee:shared": {"ticket": "ticket"},
    "help-role": {"slug": "trial_manager"},
    "monitoring:finding": {"pk": "finding"},
    "monitoring:indicator": {"slug": "late-entry"},
    "monitoring:range": {"slug": "late-entry"},
    "analysis:flow-box": {"slug": "followed"},
    "crf:assess": {"number": "alarmed", "event": "serious"},
    "crf:remove-attachment": {"pk": "file"},
    "crf:upload": {"pk": "waiting"},
    "crf:mark-check": {"check": "X002", "kind": "retired"},
    "crf:withdraw-range": {"pk": "range"},
    "crf:code-words": {"pk": "worded", "item": "AE.ae_term"},
    "crf:decide-deviation": {"number": "departed", "sequence": "departure"},
    "crf:settle-deviation": {"pk": "deviation"},
    "exports:data": {"file_name": "AE"},
    "exports:import": {"pk": "import"},
    "exports:import-take": {"pk": "import"},
    "exports:import-discard": {"pk": "import"},
    "exports:access-end": {"kind": "feed", "pk": "calendar"},
    "followup:cancel-cut": {"pk": "cut"},
    "followup:move-cut": {"pk": "cut"},
    "followup:cancel-attempt": {"number": "leaver", "pk": "attempt"},
    "followup:cancel-loss": {"number": "leaver", "pk": "loss"},
    "followup:cancel-withdrawal": {"number": "leaver", "pk": "withdrawal"},
    "followup:correct-withdrawal": {"number": "leaver", "pk": "withdrawal"},
    "randomization:envelope-not-opened": {"number": "envelope"},
    "randomization:void-envelope": {"number": "envelope"},
    "randomization:move-envelope": {"number": "envelope"},
    "randomization:open-envelope": {"number": "envelope"},
    "randomization:randomize": {"number": "newcomer"},
    "reports:protocol-value": {"key": "value"},
    "reports:protocol-withdraw": {"pk": "confirmation"},
    "trials:confirm-delegation": {"pk": "delegation"},
    "trials:consent": {"number": "newcomer"},
    "trials:refuse-consent": {"number": "newcomer"},
    "trials:letter": {"pk": "letter"},
    "trials:preview-text": {"pk": "text"},
    "trials:new-register-entry": {"register": "incident"},
    "trials:request": {"reference": "new"},
    "trials:request-call": {"reference": "new"},
    "trials:request-close": {"reference": "called"},
    "trials:request-erase": {"reference": "new"},
    "trials:request-invite": {"reference": "called"},
    "trials:request-screen": {"reference": "invited"},
}
# Who reads a page that the first of its readers has not got: the serious event, or finding, may be of another site.
READERS = {"crf:assess": "T", "monitoring:finding": "T"}
# Pages that explain placeholders in braces, and pages whose language is that of their address or recipient.
BRACES = {"trials:draft-text", "trials:text", "exports:api"}
OF_ONE_LANGUAGE = {
    "committee:shared",
    "trials:public",
    "trials:public-zh",
    "trials:preview-page",
    "trials:preview-text",
}
# What the played trial has no subject for: no death to review, no ticket of a reader, no closing of a scheme or of
# a site, no error, no transfer, nobody registered twice.
NOT_PLAYED = {
    **dict.fromkeys(
        ("trials:contact-back", "trials:contact-sent", "trials:news-confirm", "trials:news-leave"), 404
    ),
    "accounts:first-password": 410,  # without the ticket of a link
    # No address of practice is named (tests/integration/demo/test_practice.py).
    **dict.fromkeys(("trials:practice-go", "trials:practice-passed"), 404),
    # No file of hospitals is named: none of these is offered (tests/integration/accounts/test_hospitals.py).
    **dict.fromkeys(
        (
            "accounts:hospitals",
            "accounts:hospital-go",
            "accounts:hospital-back",
            "accounts:hospital-factor",
            "accounts:hospital-leave",
        ),
        404,
    ),
    "crf:central-review": 404,
    **dict.fromkeys(("randomization:confirm-close", "randomization:end-close", "randomization:reject"), 404),
    **dict.fromkeys(("randomization:correct-error", "randomization:withdraw-error"), 404),
    **dict.fromkeys(("trials:close-out", "trials:confirm-close-out", "trials:end-close-out"), 404),
    **dict.fromkeys(("trials:transfer", "trials:accept-transfer", "trials:confirm-transfer"), 404),
    **dict.fromkeys(("trials:end-transfer", "trials:take-acceptance-back"), 404),
    "trials:settle-same-person": 404,
    **dict.fromkeys(("trials:ask-copy", "trials:confirm-copy"), 404),
    **dict.fromkeys(("reports:record-review", "reports:change-review", "reports:end-review"), 404),
    **dict.fromkeys(("trials:approve-register-entry", "trials:close-register-entry"), 404),
}
REFUSED = {403: "/people/new/", 404: "/there/is/no/such/page/"}


@pytest.fixture
def played(transactional_db: None, clock: Clock, settings: Any, tmp_path: Any) -> Iterator[Played]:
    clock.go(UNTIL)
    settings.MEDIA_ROOT = tmp_path
    with played_trial() as found:
        yield found


@pytest.fixture
def known(played: Played) -> dict[str, Any]:
    """Beside the played trial: somebody new, a deviation to settle, and a draft that somebody else's save met."""
    coordinator = played.people["C"]
    with scope(user_id=coordinator.pk, sites=EVERYTHING), transaction.atomic():
        person = Participant.objects.select_related("site").get(number=played.number)
        newcomer = register_participant(site=person.site, by=coordinator, at=UNTIL)
        proposed = propose_deviation(
            participant=person, rule="eligibility", key="look", detail="I-1", by=coordinator, at=UNTIL
        )
        departed = propose_deviation(
            participant=person, rule="eligibility", key="seen", detail="I-2", by=coordinator, at=UNTIL
        )
        assert proposed
        assert departed
        confirmed_one = confirm_deviation(proposal=departed, reason="It was", by=coordinator, at=UNTIL)
        elig = record_key_of(participant=person, form="ELIG", visit=None, sequence=1)
        keep_draft(
            record_key=elig,
            page="window-1",
            raw={"_version": ["0"], "sex": ["F"]},
            version=0,
            by=coordinator,
            at=UNTIL,
        )
        file, waiting = (
            attach_file(
                record_key=elig,
                sent=SentFile(typed_pdf([line]), f"{key}.pdf", AttachmentKind.LABORATORY),
                key=key,
                by=coordinator,
                at=UNTIL,
            )
            for key, line in (("clean", "Hb 120"), ("named", "Patient name: made up"))
        )
        second = User.objects.get(username="stats2")
        pack, share = report_to_committee(by=played.people["S"], second=second, at=UNTIL)
        staying = Participant.objects.filter(site=person.site).exclude(state__in=TERMINAL).exclude(arm="")
        leaver = staying.latest("pk")
        withdrawal = withdraw_participant(
            participant=leaver, on=UNTIL.date(), quality_of_life=True, by=coordinator, at=UNTIL
        )
        with open_act("followup:participant:lost", by=coordinator, at=UNTIL, participant=leaver) as act:
            loss = open_loss(participant=leaver, on=UNTIL.date(), act=act)
        attempt = record_contact_attempt(
            participant=leaver, on=UNTIL.date(), route="phone", result="no_answer", by=coordinator, at=UNTIL
        )
        with open_act("randomization:envelope:print", by=None, at=UNTIL, site=person.site) as act:
            envelope = Envelope.objects.create(
                site=person.site, number="R1A-000001", stratum="01/II", sequence=90, printed_at=UNTIL, act=act
            )
        with open_act("followup:datacut:announce", by=None, at=UNTIL) as act:
            cut = DataCut.objects.create(number=90, on=date(2027, 3, 1), purpose="committee", act=act)
        visits = {
            code: visit.pk for visit in Visit.objects.filter(participant=person) for code in visit.forms
        }
        asked = next(each for each in text.load("1.0").open_questions() if each.confirmable)
        [confirmed] = confirm_values(
            version=text.load("1.0").version, seen={asked.item: asked.digest}, note="The protocol, page 1",
            password=PASSWORD, by=played.people["T"], at=UNTIL,
        )  # fmt: skip
        make_feed(user=coordinator, at=UNTIL)
        clocks = SafetyClock.objects.exclude(kind=ClockName.PREGNANCY).running()
        clock = clocks.select_related("participant").latest("pk")
        found = {
            "pack": pack.pk,
            "ticket": ticket_of(share),
            "alarmed": clock.participant.number,
            "serious": clock.event_no,
            "value": asked.key,
            "file": file.pk,
            "waiting": waiting.pk,
            "confirmation": confirmed.pk,
            "newcomer": newcomer.number,
            "leaver": leaver.number,
            "withdrawal": withdrawal.pk,
            "loss": loss.pk,
            "attempt": attempt.pk,
            "envelope": envelope.number,
            "cut": cut.pk,
            "calendar": CalendarFeed.objects.get().pk,
            "delegation": Delegation.objects.filter(site=person.site).latest("pk").pk,
            "worded": AdverseEvent.objects.exclude(ae_term=None).latest("pk").pk,
            "deviation": proposed.pk,
            "import": preview_import(
                form="MH",
                file=f"SUBJID,mh_text,mh_ongo\n{person.number},Gout,Y\n".encode(),
                file_name="history.csv",
                mapping="",
                by=coordinator,
                at=UNTIL,
            ).pk,
            "range": ReferenceRange.objects.filter(site=person.site).earliest("pk").pk,
            "departed": person.number,
            "departure": confirmed_one.deviation_no,
            "visits": visits,
            "finding": MonitoringFinding.objects.filter(followed_at=None).earliest("pk").pk,
            "letter": NewsLetter.objects.latest("pk").pk,
            "text": PublicText.objects.latest("pk").pk,
        }
    with (
        scope(user_id=coordinator.pk, sites=sites_of(coordinator), confided=confided_to(coordinator)),
        transaction.atomic(),
    ):
        return found | dict(ContactRequest.objects.order_by("pk").values_list("state", "reference"))


def test_every_page_is_sound(
    played: Played, known: dict[str, Any], browser: Browser, live_server: Any
) -> None:
    # given every page of the trial, and who may see it
    walked = list(pages(played, known))
    assert {name for name, _address, _letter, _status in walked} >= pages_of_the_matrix()
    # when each is opened in one language, and read in the other
    found: dict[str, list[str]] = {}
    eyes = {each: Eyes(browser, live_server.url, each, played.people) for each in LANGUAGES}
    for number, (name, address, letter, status) in enumerate(walked):
        looked_at = LANGUAGES[number % len(LANGUAGES)]
        for language in LANGUAGES:
            if language == looked_at or LOOK:
                faults = eyes[language].look(name, address, letter, status, axe=language == looked_at)
            else:
                faults = read(name, address, played.people.get(letter), status, language)
            if faults:
                found[f"{name} {address} ({language})"] = faults
    for each in eyes.values():
        each.close()
    # then nothing is wrong with any, and none hides from the walk among the files
    assert not found, "\n".join(f"{page}: {faults}" for page, faults in found.items())
    for name in FILES:
        assert_no_page(played, name)


def pages_of_the_matrix() -> set[str]:
    """Return every address that shows a page; the endpoints of the API are read by programs."""
    got = {name for name, (method, _roles) in MATRIX.items() if method == "get"}
    return {name for name in got - FILES - PARTS if not name.startswith("exports:api:")} | {"exports:api"}


def pages(played: Played, known: dict[str, Any]) -> Iterator[tuple[str, str, str, int]]:
    """Yield name, address, reader and expected status of every page; "" reads without signing in."""
    for name in sorted(pages_of_the_matrix() - {"exports:api"}):
        about = {part: known.get(value, value) for part, value in ABOUT.get(name, {}).items()}
        allowed = MATRIX[name][1]
        letter = READERS.get(name) or {"+": "", "*": "C"}.get(allowed, allowed[0])
        yield name, played.address(name, **about), letter, NOT_PLAYED.get(name, 200)
    yield "exports:api", reverse("exports:api"), "C", 200
    for letter in "IMDTSX":
        yield "home", reverse("home"), letter, 200
        yield "participant", played.address("participant"), letter, 200
    for code, form in catalogue.forms().items():
        at_visit = known["visits"].get(code, played.keys["followup"])
        visit = f"?visit={key_of('visit', at_visit)}" if form.repeats == Repeats.PER_VISIT else ""
        for letter in "CD":  # who answers, and who reads and asks
            yield "crf:form", played.address("crf:form", code=code) + visit, letter, 200
    yield "participant", played.address("participant", number=known["newcomer"]), "C", 200
    for status, address in REFUSED.items():
        yield str(status), address, "C", status


def read(name: str, address: str, person: User | None, status: int, language: str) -> list[str]:
    """Return what is wrong with the page as it is sent to ``person``, who reads ``language``."""
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(person)
    client.cookies[conf.LANGUAGE_COOKIE_NAME] = language
    answered = client.get(address, follow=True)  # as a browser does
    found = [] if answered.status_code == status else [f"answered {answered.status_code}"]
    text = UNREAD.sub(" ", answered.text)
    found += tokens_in(strip_tags(text), name)
    if name not in OF_ONE_LANGUAGE and not re.search(rf'<html lang="{language[:2]}', text):
        found.append("not in the reader's language")
    return found


def tokens_in(text: str, name: str) -> list[str]:
    """Return the tokens of templates that are left in the text that people read."""
    return sorted(
        token
        for token in set(TOKENS.findall(text))
        if name not in BRACES or token[-2:] in {"{{", "}}", "{%", "%}", "{#", "#}"} or token[0] in "⟦⟧%<"
    )


class Eyes:
    """A browser in one language, in which everybody is signed in, each in a window of their own."""

    def __init__(self, browser: Browser, base: str, language: str, people: dict[str, User]) -> None:
        self.browser, self.base, self.language, self.people = browser, base, language, people
        self.windows: dict[str, Page] = {}
        self.said: list[str] = []

    def look(self, name: str, address: str, letter: str, status: int, *, axe: bool) -> list[str]:
        """Return what is wrong with the page."""
        page = self.windows.get(letter) or self._window(letter)
        self.windows[letter] = page
        self.said.clear()
        answered = page.goto(address)
        found = [] if answered and answered.status == status else [f"answered {answered and answered.status}"]
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            found.append(f"wider than {TABLET['width']} px")
        found += tokens_in(page.locator("body").inner_text(), name)
        spoken = page.evaluate("document.documentElement.lang.toLowerCase()")
        if name not in OF_ONE_LANGUAGE and not spoken.startswith(self.language[:2]):
            found.append("not in the reader's language")
        if LOOK:
            kept = re.sub(r"\W+", "-", f"{name}{address}".strip("/"))
            page.screenshot(path=Path(LOOK) / f"{kept}-{letter}-{self.language}.png", full_page=True)
        if axe:
            page.set_viewport_size(WIDE)  # type: ignore[arg-type]
            found += [
                f"{each['id']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
                for each in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            ]
            page.set_viewport_size(TABLET)  # type: ignore[arg-type]
        return found + [text for text in self.said if f"status of {status}" not in text]

    def _window(self, letter: str) -> Page:
        context: BrowserContext = self.browser.new_context(viewport=TABLET, base_url=self.base)  # type: ignore[arg-type]
        cookies = {conf.LANGUAGE_COOKIE_NAME: self.language}
        if letter:
            agent = context.new_page().evaluate("navigator.userAgent")
            client = Client(headers={"User-Agent": agent})
            client.force_login(self.people[letter])
            cookies[conf.SESSION_COOKIE_NAME] = client.cookies[conf.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": n, "value": v, "url": self.base} for n, v in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

    def close(self) -> None:
        for page in self.windows.values():
            page.context.close()


def assert_no_page(played: Played, name: str) -> None:
    client = Client(raise_request_exception=False)
    allowed = MATRIX[name][1]
    client.force_login(played.people["C" if allowed in {"*", "+"} else allowed[0]])
    answered = client.get(played.address(name))
    kind = answered.headers["Content-Type"]
    assert answered.status_code == 404 or not kind.startswith("text/html"), name
    answered.close()
