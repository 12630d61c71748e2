"""The form page in a real browser, served without a database: what a person types, sees and keeps."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from playwright.sync_api import expect, sync_playwright

from crf import catalogue
from crf.engine.checks import Check, Level
from crf.engine.codelists import CodeList
from crf.engine.conditions import Is, Over
from crf.engine.declaration import FormSection
from crf.engine.live import live
from crf.engine.questions import QuestionKind
from crf.engine.submission import review
from crf.engine.typed import raw_of
from crf.page.form_page import Links, given_of_review
from crf.page.render import page
from tests.e2e.browser import environment, follow
from tests.unit.crf.judging import text_values
from tests.unit.crf.small import ask, rows, small

ZONE = "Asia/Shanghai"

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

ROOT = Path(__file__).resolve().parents[3]
SEX = CodeList("SEX", {"M": "male", "F": "female"})
TREATMENT = CodeList("TX", {f"t{number}": f"treatment {number}" for number in range(9)})
GROUP = rows(
    "nodes",
    ask("examined", hard=(0, 150), required=True),
    ask("positive", shown_when=Over("examined", 0)),
    ask(
        "share",
        QuestionKind.DECIMAL,
        places=1,
        reads=("examined", "positive"),
        by=lambda examined, positive: 100 * positive / examined,
    ),
)
FORM = small(
    ask("weight", QuestionKind.DECIMAL, places=1, unit="kg", soft=(38, 110), hard=(25, 200), required=True),
    ask("height", QuestionKind.DECIMAL, places=1, unit="cm", hard=(120, 220)),
    ask(
        "bmi",
        QuestionKind.DECIMAL,
        places=1,
        reads=("weight", "height"),
        by=lambda weight, height: weight / (height / 100) ** 2,
    ),
    ask("sex", QuestionKind.CHOICE, codes=SEX),
    ask("pregnant", QuestionKind.CHOICE, shown_when=Is("sex", "F"), required_when=Is("sex", "F")),
    ask("treatment", QuestionKind.CHOICE, codes=TREATMENT),
    ask("colours", QuestionKind.MULTIPLE),
    ask("seen_on", QuestionKind.DATE),
    ask("proposal", QuestionKind.TEXT, reads=("sex",), by=lambda sex: "Y" if sex == "F" else "N"),
    ask("confirmed", QuestionKind.CHOICE, proposed_by="proposal"),
    groups=(GROUP,),
    sections=(
        FormSection("body", "Body", ("weight", "height", "bmi", "sex", "pregnant", "proposal", "confirmed")),
        FormSection("rest", "Rest", ("treatment", "colours", "seen_on")),
        FormSection("lymph", "Nodes", ("nodes",)),
    ),
    checks=(
        Check(
            "X1",
            Level.SOFT,
            ("weight", "height"),
            lambda weight, height: weight < height,
            "Weight exceeds height. Check both.",
            ("weight",),
        ),
    ),
)
CONTEXT = {"today": date(2026, 6, 1), "site.zone": "Asia/Shanghai"}
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Form</title>
<meta name="viewport" content="width=device-width"><meta name="csrf-token" content="t">
<link rel="stylesheet" href="/static/vendor/bootstrap/css/bootstrap.min.css">
<link rel="stylesheet" href="/static/css/palace3.css"><link rel="stylesheet" href="/static/css/crf.css">
<script src="/static/js/app.js" type="module"></script>
<script src="/static/js/crf/main.js" type="module"></script>
</head><body><div id="p3-announce" role="status"></div><main class="p3-main"><h1>Form</h1>{body}</main></body></html>"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'"
)


class Clinic:
    """A server of one page: it keeps the draft and the submission, and can lose its network."""

    def __init__(self, form: Any = FORM) -> None:
        self.context = {**CONTEXT, **text_values(form)}
        self.form, self.saved, self.draft, self.sent, self.version = form, None, None, None, 1
        self.reachable = self.signed_in = True
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=_Quiet)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, environ, start):
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if path.startswith("/static/"):
            return self._file(path.removeprefix("/static/"), start)
        if path in ("/draft", "/derive") and not self.reachable:
            start("503 Service Unavailable", [])
            return [b""]
        if path == "/draft":
            self.draft = json.loads(body)["values"]
            return self._send(start, "application/json", b'{"saved_at": "14:03:22"}')
        if path == "/derive":
            return self._send(
                start,
                "application/json",
                json.dumps(
                    live(
                        self.form,
                        _posted(body),
                        context=self.context,
                        zone="Asia/Shanghai",
                        today=CONTEXT["today"],
                    )
                ).encode(),
            )
        if path == "/save" and not self.signed_in:
            return self._send(
                start,
                "text/html; charset=utf-8",
                SHELL.replace("<h1>Form", "<h1>Sign in").replace("{body}", "").encode(),
            )
        if path == "/save":
            self.sent = _posted(body)
            return self._page(start, self.sent, announce=True)
        return self._page(
            start,
            self.saved or raw_of(self.form, values={}, groups={}, missing={}, zone=ZONE),
            announce=False,
        )

    def _page(self, start, raw, *, announce):
        found = review(self.form, raw, context=self.context, zone=ZONE, today=CONTEXT["today"])
        given = given_of_review(
            found,
            saved=self.saved,
            links=Links(save="/save", draft="/draft", derive="/derive", history="/history"),
            context=self.context,
            version=self.version,
            key="k1",
            announce=announce,
            storage="7:SMALL:1",
            today=CONTEXT["today"].isoformat(),
            zone=ZONE,
        )
        body = render_to_string("crf/partials/form_body.html", {"page": page(self.form, given)})
        return self._send(start, "text/html; charset=utf-8", SHELL.replace("{body}", body).encode())

    def _file(self, name, start):
        path = next(
            (folder / name for folder in (ROOT / "static", ROOT / "assets") if (folder / name).is_file()),
            None,
        )
        if path is None:
            start("404 Not Found", [])
            return [b""]
        kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
        return self._send(start, kinds.get(path.suffix, "text/plain"), path.read_bytes())

    def _send(self, start, kind, body):
        start("200 OK", [("Content-Type", kind), ("Content-Security-Policy", POLICY)])
        return [body]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


def _posted(body: bytes) -> dict[str, list[str]]:
    return parse_qs(body.decode(), keep_blank_values=True) if b"form-data" not in body else _multipart(body)


def _multipart(body: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    boundary = body.split(b"\r\n", 1)[0]
    for part in body.split(boundary)[1:-1]:
        head, _blank, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        found.setdefault(head.decode().split('name="')[1].split('"')[0], []).append(value.decode())
    return found


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            env=environment(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            ],
        )
        yield started
        started.close()


@pytest.fixture
def clinic():
    made = Clinic()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def tab(browser, clinic):
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    opened.goto(clinic.address)
    yield opened
    context.close()
    assert faults == []


def test_a_question_appears_is_required_and_goes_again(tab):
    # given a question that is asked of women only
    assert tab.locator("#q-pregnant").is_hidden()
    # when the answer is female, by the digit of the second choice
    tab.locator("#id-sex").focus()
    tab.keyboard.press("2")
    # then it is asked and required; and goes when the answer is taken back
    assert tab.locator("#q-pregnant").is_visible()
    assert tab.locator("#q-pregnant .p3-req").is_visible()
    tab.keyboard.press("Backspace")
    assert tab.locator("#q-pregnant").is_hidden()


def test_derived_answers_and_findings_come_while_typing(tab):
    tab.fill("#id-weight", "150")
    tab.fill("#id-height", "150")
    tab.locator("#id-height").blur()
    expect(tab.locator("#id-bmi")).to_have_text("66.7")
    tab.wait_for_selector("#note-weight .is-soft")
    notes = tab.locator("#note-weight .p3-q-note").all_inner_texts()
    assert any("outside what is usual" in note for note in notes)
    assert "Weight exceeds height. Check both." in notes
    # the prompt and the answer it was shown for go with the save
    prompts = json.loads(tab.locator('[name="_prompts"]').input_value())
    assert {"weight:soft", "X1"} <= {prompt["key"] for prompt in prompts}
    assert {prompt["value"] for prompt in prompts if prompt["name"] == "weight"} == {"150"}


def test_what_is_missing_is_counted_while_typing_and_led_to(tab):
    # given a form with one required answer, which the first part asks for
    missing = tab.locator("[data-missing] > summary")
    assert missing.inner_text() == "1 required answer is missing"
    body, nodes = (tab.locator(f'[data-part="{part}"] [data-part-missing]') for part in ("body", "rest"))
    assert (body.inner_text(), nodes.is_hidden()) == ("1 missing", True)
    # when it is answered and another question becomes required, without a save
    tab.fill("#id-weight", "70")
    tab.check("#id-sex-1")
    tab.keyboard.press("Tab")
    # then each part says what it lacks, and the link puts the focus there
    expect(body).to_have_attribute("href", "#id-pregnant")
    expect(body).to_have_text("1 missing")
    expect(missing).to_have_text("1 required answer is missing")
    body.click()
    assert tab.evaluate("document.activeElement.name") == "pregnant"
    # and the list over the save bar closes when a link is taken
    missing.click()
    tab.click("[data-missing] a")
    assert tab.evaluate("document.activeElement.name") == "pregnant"
    assert tab.locator("[data-missing]").get_attribute("open") is None
    # and nothing is said once nothing is missing
    tab.check("#id-pregnant")
    expect(tab.locator("[data-missing]")).to_be_hidden()
    expect(body).to_be_hidden()


@pytest.mark.parametrize(("width", "is_open"), [(1280, True), (820, False)])
def test_the_parts_stand_beside_the_form_or_in_one_line(browser, width, is_open):
    hospital = Clinic(catalogue.form("TREAT"))
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto(hospital.address)
    assert (tab.locator("[data-rail]").get_attribute("open") is not None) == is_open
    rail, form = tab.locator("[data-rail]").bounding_box(), tab.locator("#crf-form").bounding_box()
    assert (rail["x"] + rail["width"] <= form["x"]) == is_open
    # and beside the form it stays in sight
    tab.locator("#part-summary").scroll_into_view_if_needed()
    assert (tab.locator("[data-rail]").bounding_box()["y"] >= 0) == is_open
    tab.close()
    hospital.server.shutdown()
    hospital.server.server_close()


def test_a_missing_answer_in_a_row_is_named_with_its_row_and_led_to(browser):
    # given a record whose row lacks an answer
    hospital = Clinic(small(ask("w"), groups=(rows("doses", ask("day"), ask("mg", required=True)),)))
    hospital.saved = raw_of(
        hospital.form, values={}, groups={"doses": [{"position": 1, "day": 3}]}, missing={}, zone=ZONE
    )
    tab = browser.new_page()
    tab.goto(hospital.address)
    assert tab.evaluate("document.activeElement.name") == "doses-0-mg"
    tab.focus("#id-w")
    tab.focus("[data-missing] > summary")
    tab.keyboard.press("Enter")
    assert tab.locator("[data-missing] a").all_inner_texts() == ["Doses 1 · Mg"]
    tab.click("[data-missing] a")
    assert tab.evaluate("document.activeElement.name") == "doses-0-mg"
    tab.close()
    hospital.server.shutdown()
    hospital.server.server_close()


WIDE = rows(
    "doses",
    ask("day", hard=(0, 99)),
    ask("mg", required=True),
    *(ask(f"extra_{number}") for number in range(6)),
    starts_with=({"day": 1}, {"day": 8}, {"day": 15}),
    fixed=True,
)


def clinic_with_a_dose(browser, **choices):
    """A record of three rows, of which one is answered, opened in a browser."""
    hospital = Clinic(small(*(ask(f"w{number}") for number in range(40)), groups=(WIDE,)))
    rows_of = [{"position": 1, "day": 1, "mg": 200}, {"position": 2, "day": 8}, {"position": 3, "day": 15}]
    hospital.saved = raw_of(hospital.form, values={}, groups={"doses": rows_of}, missing={}, zone=ZONE)
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, **choices)
    tab.goto(hospital.address)
    return hospital, tab


def shut(hospital, tab):
    tab.close()
    hospital.server.shutdown()
    hospital.server.server_close()


def test_rows_are_folded_to_a_line_and_the_page_opens_at_the_one_that_is_due(browser):
    # given a record whose first dose is answered
    hospital, tab = clinic_with_a_dose(browser)
    folds = tab.locator("[data-fold]")
    # then the second one is open and has the focus, in sight
    assert [folds.nth(n).get_attribute("open") is not None for n in range(3)] == [False, True, False]
    assert tab.evaluate("document.activeElement.name") == "doses-1-mg"
    box = tab.locator("#id-doses-1-mg").bounding_box()
    assert 0 < box["y"] < 900
    assert folds.nth(0).locator("[data-line]").inner_text() == "Mg: 200"
    assert folds.nth(2).locator("[data-row-missing]").inner_text() == "1 missing"
    # and Enter goes through it to the next one, which opens
    tab.keyboard.type("180")
    tab.locator("#id-doses-1-extra_5").focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.name") == "doses-2-mg"
    expect(folds.nth(1).locator("[data-line]")).to_have_text("Mg: 180")
    # and what is folded is sent with the save
    tab.keyboard.press("Control+s")
    tab.wait_for_url("**/save")
    assert (hospital.sent["doses-0-mg"], hospital.sent["doses-1-mg"]) == (["200"], ["180"])
    shut(hospital, tab)


def test_without_scripts_every_row_is_open(browser):
    hospital, tab = clinic_with_a_dose(browser, java_script_enabled=False)
    for number in range(3):
        assert tab.locator(f"#id-doses-{number}-mg").is_visible()
    shut(hospital, tab)


def test_a_proposal_is_taken_with_one_press(tab):
    tab.check("#id-sex-1")
    expect(tab.locator("#id-proposal")).to_have_text("Y")
    tab.click("[data-accept=proposal]")
    assert tab.locator("#id-confirmed").is_checked()


def test_enter_walks_through_the_form_and_adds_a_row_at_the_end_of_a_table(tab):
    tab.locator("#id-weight").focus()
    tab.keyboard.type("70")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.name") == "height"
    tab.locator("#id-nodes-0-examined").focus()
    tab.keyboard.type("5")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.name") == "nodes-0-positive"
    tab.keyboard.type("2")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.name") == "nodes-1-examined"
    tab.keyboard.press("Alt+n")
    assert tab.evaluate("document.activeElement.name") == "nodes-2-examined"
    expect(tab.locator("#id-nodes-0-share")).to_have_text("40")
    assert tab.locator("#id-nodes-2-examined").get_attribute("aria-label") == "Examined, row 3"


def test_none_stands_alone(tab):
    tab.check("[name=colours][value=red]")
    tab.check("[name=colours][value=none]")
    assert not tab.locator("[name=colours][value=red]").is_checked()
    tab.check("[name=colours][value=blue]")
    assert not tab.locator("[name=colours][value=none]").is_checked()


def test_what_is_typed_is_kept_as_a_draft_every_few_seconds(tab, clinic):
    tab.fill("#id-weight", "7o")
    expect(tab.locator("[data-status]")).to_contain_text("14:03:22", timeout=9000)
    assert clinic.draft["weight"] == ["7o"]
    assert "csrfmiddlewaretoken" not in clinic.draft


def test_without_a_network_this_browser_keeps_it_and_puts_it_back(tab, clinic):
    clinic.reachable = False
    tab.fill("#id-weight", "71")
    tab.fill("#id-nodes-0-examined", "9")
    tab.locator("#id-nodes-0-examined").press("Alt+n")
    tab.fill("#id-nodes-1-examined", "4")
    expect(tab.locator("[data-status]")).to_contain_text("no connection", timeout=9000)
    tab.context.set_offline(True)
    tab.locator("#id-weight").press("Control+s")
    expect(tab.locator("[data-status]")).to_contain_text("nothing is saved yet")
    tab.context.set_offline(False)
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.reload()
    assert tab.locator("#id-weight").input_value() == "71"
    assert tab.locator("#id-nodes-1-examined").input_value() == "4"
    clinic.reachable = True
    expect(tab.locator("[data-status]")).to_contain_text("14:03:22", timeout=9000)
    assert tab.evaluate("localStorage.length") == 0


def test_a_save_that_met_an_ended_session_is_still_there_after_signing_in(tab, clinic):
    clinic.signed_in = False
    tab.fill("#id-weight", "72.5")
    follow(tab, tab.locator("button.btn[name=_action][value=save]"))
    assert tab.inner_text("h1") == "Sign in"
    # when the person has signed in again and opens the form
    clinic.signed_in = True
    tab.goto(clinic.address)
    assert tab.locator("#id-weight").input_value() == "72.5"
    # and nothing stays in the browser once the record has moved on
    clinic.version = 2
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.goto(clinic.address)
    assert tab.locator("#id-weight").input_value() == ""
    assert tab.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_question_that_is_no_longer_asked_says_that_its_answer_is_left_out(tab):
    tab.check("#id-sex-1")
    tab.check("#id-pregnant")
    assert tab.locator("[data-cleared]").is_hidden()
    tab.check("#id-sex")
    expect(tab.locator("[data-cleared]")).to_have_text("No longer asked; left out when you save: Pregnant")


def test_what_a_row_begins_with_is_no_answer_that_is_left_out(browser):
    # given a group that is not asked, whose row begins with its number
    doses = rows("doses", ask("dose"), ask("mg"), starts_with=({"dose": 1},), shown_when=Is("given", "Y"))
    hospital = Clinic(small(ask("given", QuestionKind.CHOICE), groups=(doses,)))
    tab = browser.new_page()
    tab.goto(hospital.address)
    # then nothing is said of it; but what a person typed there is named when it goes
    expect(tab.locator("[data-cleared]")).to_be_hidden()
    tab.check("#id-given")
    tab.fill("#id-doses-0-mg", "200")
    tab.check("#id-given-1")
    row = "Doses 1 – Mg, row 1: 200"
    expect(tab.locator("[data-cleared]")).to_have_text(f"No longer asked; left out when you save: {row}")
    # and the page asks before the row goes
    tab.locator("button.btn[name=_action][value=save]").click()
    expect(tab.locator("[data-vanishing] li")).to_have_text([row])
    tab.locator("[data-keep-rows]").click()
    expect(tab.locator("[data-vanishing]")).to_be_hidden()
    tab.check("#id-given")
    assert tab.locator("#id-doses-0-mg").input_value() == "200"
    tab.close()
    hospital.server.shutdown()
    hospital.server.server_close()


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("5 Mar 2025", "2025-03-05"),
        ("28/11/2025", "2025-11-28"),
        ("２０２５－０３－０５", "2025-03-05"),
        ("20250305", "2025-03-05"),
        ("2025年3月5日", "2025-03-05"),
        ("今天", "2026-06-01"),
        ("today", "2026-06-01"),
    ],
)
def test_a_day_may_be_typed_in_many_ways_and_shows_as_it_is_understood(tab, clinic, typed, understood):
    tab.fill("#id-seen_on", typed)
    tab.keyboard.press("Tab")
    assert tab.locator("#id-seen_on").input_value() == understood
    assert tab.inner_text("#p3-announce") == understood
    tab.keyboard.press("Control+s")
    tab.wait_for_url("**/save")
    assert clinic.sent["seen_on"] == [understood]


def test_a_day_that_could_be_two_is_refused_in_a_sentence(tab):
    tab.fill("#id-seen_on", "03/04/2025")
    tab.keyboard.press("Tab")
    expect(tab.locator("#note-seen_on")).to_have_text(
        "Seen_on: day and month can be taken for each other. Type it as year-month-day."
    )
    assert tab.locator("#id-seen_on").input_value() == "03/04/2025"


def test_without_scripts_today_is_the_day_of_the_server(browser, clinic):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(clinic.address)
    tab.fill("#id-seen_on", "today")
    follow(tab, tab.locator("button.btn[name=_action][value=save]"))
    assert tab.locator("#id-seen_on").input_value() == "2026-06-01"
    context.close()


def test_one_value_that_breaks_two_rules_asks_once(tab, clinic):
    # given a weight that is unusual, and exceeds the height
    tab.fill("#id-weight", "150")
    tab.fill("#id-height", "149")
    tab.locator("#id-height").blur()
    tab.wait_for_selector("#note-weight .is-soft >> nth=1")
    # then one sentence settles both, and both are told so
    assert tab.locator("#note-weight .p3-confirm").count() == 1
    tab.fill("#note-weight .p3-confirm input", "Measured twice")
    tab.keyboard.press("Control+s")
    tab.wait_for_url("**/save")
    assert clinic.sent["_confirm:weight:soft|X1"] == ["Measured twice"]
    # and the page of the server asks once, too
    assert tab.locator("#note-weight .p3-confirm input").input_value() == "Measured twice"
    assert tab.locator("#note-weight .p3-confirm").count() == 1


def test_the_menu_of_a_field_is_worked_by_keyboard(tab, clinic):
    # given a field, its menu one Tab away
    tab.focus("#id-weight")
    tab.keyboard.press("Tab")
    assert tab.locator("#q-weight .p3-more-list").is_hidden()
    tab.keyboard.press("Enter")
    # then it offers a reason for no answer and the history
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.name") == "weight__why"
    tab.keyboard.type("not known")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "/history?field=weight"
    tab.keyboard.press("Control+s")
    tab.wait_for_url("**/save")
    assert clinic.sent["weight__why"] == ["NK"]
    # and a reason that is there is shown, not folded away
    assert tab.locator("[name=weight__why]").is_visible()


def test_leaving_with_unsaved_answers_asks_first(tab):
    asked: list[str] = []
    tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    tab.fill("#id-weight", "71")
    tab.reload()
    assert asked == ["beforeunload"]


def test_a_refused_save_moves_to_the_summary_and_keeps_what_was_typed(tab, clinic):
    tab.fill("#id-weight", "500")
    tab.fill("#id-seen_on", "tomorrow")
    tab.keyboard.press("Control+s")
    tab.wait_for_selector(".p3-errors")
    assert tab.locator("#id-weight").input_value() == "500"
    assert tab.locator("#id-seen_on").input_value() == "tomorrow"
    tab.click(".p3-errors a >> nth=0")
    expect(tab.locator("#id-seen_on")).to_be_focused()
    assert clinic.sent["_key"] == ["k1"]


def test_the_reason_is_asked_when_a_saved_answer_changes(browser, clinic):
    clinic.saved = raw_of(
        FORM,
        values={"weight": Decimal("70.0")},
        groups={"nodes": [{"position": 1, "examined": 3}]},
        missing={},
        zone=ZONE,
    )
    tab = browser.new_page()
    tab.goto(clinic.address)
    assert tab.locator("[data-reason]").is_hidden()
    tab.fill("#id-height", "170")
    assert tab.locator("[data-reason]").is_hidden()
    tab.fill("#id-weight", "71")
    assert tab.locator("[data-reason]").is_visible()
    tab.fill("#id-weight", "70.0")
    assert tab.locator("[data-reason]").is_hidden()
    tab.check("[name=nodes-0-remove]")
    assert tab.locator("[data-reason]").is_visible()
    tab.close()


def said_in(items):
    return [" ".join(text.split()) for text in items.all_inner_texts()]


def test_two_corrections_may_have_a_reason_each(browser, clinic):
    # given a saved form of which two answers are corrected by keyboard
    clinic.saved = raw_of(
        FORM,
        values={"weight": Decimal("70.0"), "sex": "F", "pregnant": "N"},
        groups={"nodes": [{"position": 1, "examined": 3}]},
        missing={},
        zone=ZONE,
    )
    tab = browser.new_page()
    tab.goto(clinic.address)
    tab.fill("#id-weight", "71")
    tab.fill("[name=nodes-0-examined]", "4")
    # then each asks for its reason where it stands, with the usual ones to choose
    own = tab.locator("[data-own]")
    assert said_in(own.locator("label")) == [
        "Reason for the change: Weight 70.0 becomes 71",
        "Reason for the change: Examined, row 1 3 becomes 4",
    ]
    assert tab.locator("#q-weight [data-own] input").get_attribute("list") == "usual-reasons"
    assert "Typing error" in [
        option.get_attribute("value") for option in tab.locator("#usual-reasons option").all()
    ]
    # when one of them is answered there, and one for the rest
    tab.focus("#id-weight")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.type("Typing error")
    tab.fill("#id-_reason", "Misread")
    tab.keyboard.press("Control+s")
    # then both are sent, and stand there when the page comes back
    tab.wait_for_url("**/save")
    assert clinic.sent["_reason"] == ["Misread"]
    assert clinic.sent["_reason:weight"] == ["Typing error"]
    assert tab.locator('[name="_reason:weight"]').input_value() == "Typing error"
    tab.close()


def test_an_answer_that_is_no_longer_asked_is_a_correction_too(browser, clinic):
    clinic.saved = raw_of(FORM, values={"sex": "F", "pregnant": "N"}, groups={}, missing={}, zone=ZONE)
    tab = browser.new_page()
    tab.goto(clinic.address)
    tab.check("#id-sex")
    assert said_in(tab.locator("#q-sex [data-own] label")) == [
        "Reason for the change: Sex female becomes male"
    ]
    assert said_in(tab.locator("[data-own-reasons] label")) == [
        "Reason for the change: Pregnant No becomes no answer"
    ]
    tab.close()


def test_the_page_works_without_scripts(browser, clinic):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(clinic.address)
    tab.fill("#id-weight", "70")
    tab.check("#id-sex")
    tab.fill("#id-nodes-0-examined", "3")
    follow(tab, tab.locator("button.btn[name=_action][value=save]"))
    assert clinic.sent["weight"] == ["70"]
    assert clinic.sent["nodes-0-examined"] == ["3"]
    context.close()


@pytest.mark.parametrize("width", [1200, 820])
def test_axe_finds_nothing(browser, clinic, width):
    clinic.saved = raw_of(
        FORM,
        values={"weight": Decimal(300)},
        groups={"nodes": [{"position": 1, "examined": 300}]},
        missing={"sex": "NK"},
        zone=ZONE,
    )
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto(clinic.address)
    tab.fill("#id-weight", "120")
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.close()


@pytest.mark.parametrize("code", catalogue.forms())
def test_axe_finds_nothing_on_any_form_of_the_trial(browser, code):
    hospital = Clinic(catalogue.form(code))
    tab = browser.new_page(viewport={"width": 820, "height": 1100})
    tab.goto(hospital.address)
    follow(tab, tab.locator("button.btn[name=_action][value=save]"))
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.close()
    hospital.server.shutdown()
    hospital.server.server_close()
