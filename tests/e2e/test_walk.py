"""The main job on real input: a participant of each arm, from the first contact to a finished follow-up visit.

Everything is typed into the pages by the person whose work it is; what time brings is brought by the clock.
At the end the data manager takes an export, and the file is compared with what was typed.
"""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from crf import catalogue
from crf.engine.codebook import Variable, codebook
from crf.engine.questions import Classification
from demo.simulation import answers, later_answers
from demo.simulation.answers import Case, Sent
from demo.simulation.profiles import tell
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from randomization.scheme.blocks import Design, stratum_slots
from randomization.services import activate_list, define_scheme
from randomization.services.lists import default_blocks
from tests.clock import Clock
from tests.e2e.browser import examine, follow, give_password, is_chinese, save_form, sign_in, speak, type_form
from tests.e2e.conftest import TABLET, WIDE
from tests.world import PASSWORD, World, as_person, build_world
from trials.models import Participant

CHAPTERS = ("2.2", "2.3")

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BEGINS = datetime(2025, 11, 3, 2, tzinfo=UTC)
CONSENT_ON = date(2025, 11, 3)
SCHEME = "PALACE3-A"
VISIT_OF_EVALUATION = {"1": "CRE-1", "2": "RST"}


@dataclass
class Walk:
    """One participant on the way: who is at the browser, what has been typed."""

    world: World
    clock: Clock
    page: Page
    case: Case
    looks: bool = False
    number: str = ""
    typed: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    groups: dict[str, dict[str, list[Sent]]] = field(default_factory=dict)

    @property
    def home(self) -> str:
        return f"/participants/{self.number}/"

    def look(self, name: str) -> None:
        """The page that is open is clean in both languages: on a tablet in one, wide in the other."""
        if not self.looks:
            return
        for language, size in (("zh-hans", TABLET), ("en", WIDE)):
            speak(self.page, language)
            self.page.reload()
            assert language == "en" or is_chinese(self.page), name
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            examine(self.page, f"{name}-{language}-{size['width']}")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def fill(self, code: str, address: str, sent: Sent) -> None:
        """The form is typed and saved, and complete."""
        self.page.goto(address)
        self.typed[code] = type_form(self.page, code, sent)
        self.groups[code] = sent.get("groups", {})
        save_form(self.page)
        shown = self.page.get_by_role("button", name="Save, and change these visits")
        if shown.count():
            follow(self.page, shown)
        expect(self.page.locator(".p3-head")).to_contain_text("Complete")


@pytest.fixture
def begin(
    transactional_db: None,
    clock: Clock,
    tasks_at_once: None,
    open_page: Callable[..., Page],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> Callable[..., Walk]:
    """Opens the trial on the first day, with a list whose next place is of the arm that is wanted."""
    settings.MEDIA_ROOT = tmp_path
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")

    def begun(arm: str, **more: Any) -> Walk:
        clock.go(BEGINS - timedelta(days=30))
        monkeypatch.setattr("tests.world.NOW", clock.now())
        world = build_world()
        set_up_list(world, arm, at=clock.now())
        clock.go(BEGINS)
        dice = random.Random(5)
        story = replace(tell(dice, consent_on=CONSENT_ON), ending="randomized", tumour_gone=True)
        person = replace(story.person, birth="1961-04-17", sex="M", nodes=1, t="T3", smoker="former")
        whole = replace(story, person=person, distant_after=None, regrows_after=None, diligence=0.99)
        return Walk(world, clock, open_page(), Case(whole, dice), **more)

    return begun


def set_up_list(world: World, arm: str, *, at: datetime) -> None:
    """A list is in force in which the first place of every stratum of site 01 is of ``arm``."""
    with as_person(world.statistician):
        part = define_scheme(
            name=SCHEME, places_per_stratum=24, by=world.statistician, password=PASSWORD, at=at
        )
    design = Design(scheme=SCHEME, ratio=load("1.0").randomization.ratio, blocks=default_blocks())
    own = [stratum for stratum in part.strata if stratum.startswith("01")]
    seed = next(
        seed
        for seed in (f"{n:064x}" for n in range(10_000))
        if all(stratum_slots(design, seed=seed, stratum=s, count=1)[0].arm == arm for s in own)
    )
    with as_person(world.second_statistician):
        activate_list(part=part, by=world.second_statistician, password=PASSWORD, at=at, seed=seed)


@pytest.mark.parametrize("arm", ["1", "2"])
def test_a_participant_is_carried_through_the_trial(begin: Callable[..., Walk], arm: str) -> None:
    # given an active site, and a list whose next place is of the arm
    walk = begin(arm, looks=arm == "1")
    # when the coordinator registers, consents and screens a participant
    registers_and_consents(walk)
    screens(walk)
    # and the investigator reads the evidence, signs, and randomizes
    decides(walk)
    randomizes(walk, arm)
    # and treatment is given, and the response evaluated at its visit
    treats(walk)
    evaluates(walk, VISIT_OF_EVALUATION[arm])
    # then the export of the data manager holds exactly what was typed
    files = takes_export(walk)
    compare(walk, files, VISIT_OF_EVALUATION[arm])


def registers_and_consents(walk: Walk) -> None:
    page = walk.page
    page.goto("/accounts/sign-in/")
    walk.look("sign-in")
    speak(page, "en")
    sign_in(page, "coordinator", then="/participants/")
    follow(page, page.get_by_role("link", name="Register a participant"))
    walk.look("register")
    page.get_by_role("button", name="Give the next number").click()
    page.wait_for_url("**/consent/")
    walk.number = page.url.split("/")[-3]
    walk.look("consent")
    page.get_by_label("Signed on").fill(CONSENT_ON.isoformat())
    page.get_by_label("Separate consent to the use of sensitive health data").check()
    page.get_by_role("button", name="Record the consent").click()
    page.wait_for_url(f"**{walk.home}")


def screens(walk: Walk) -> None:
    walk.clock.to_day(CONSENT_ON + timedelta(days=4))
    sign_in(walk.page, "coordinator", then=walk.home)
    walk.look("participant-in-screening")
    on = walk.clock.now().date()
    for code, words in (
        ("ELIG", answers.eligibility),
        ("STAGE", answers.staging),
        ("DM", answers.demographics),
    ):
        sent = words(walk.case, on)
        walk.fill(code, f"{walk.home}forms/{code}/", sent)
        walk.look(f"form-{code}")
    for code, record in answers.history(walk.case, sent["answers"], on):
        walk.fill(code, f"{walk.home}forms/{code}/?record=0", record)


def decides(walk: Walk) -> None:
    page = walk.page
    sign_in(page, "investigator", then=f"{walk.home}eligibility/")
    walk.look("eligibility")
    # the evidence names value, source and verdict of every criterion
    table = page.get_by_role("table")
    for code in ("I-1", "I-2", "I-3", *(f"E-{n}" for n in range(1, 9))):
        expect(table).to_contain_text(code)
    page.get_by_label("I have read the evidence and approve").check()
    give_password(page, "investigator", "not the one")
    follow(page, page.get_by_role("button", name="Sign the decision"))
    expect(page.locator(".p3-errors, .p3-alert.tone-stop, .alert-danger").first).to_be_visible()
    page.get_by_label("I have read the evidence and approve").check()
    give_password(page, "investigator")
    page.get_by_role("button", name="Sign the decision").click()
    page.wait_for_url(f"**{walk.home}")


def randomizes(walk: Walk, arm: str) -> None:
    page = walk.page
    page.goto(f"{walk.home}randomize/")
    walk.look("randomize")
    page.get_by_label("The site and the stage group above are right").check()
    give_password(page, "investigator")
    page.get_by_role("button", name="Randomize now").click()
    page.wait_for_url(f"**{walk.home}allocation/")
    walk.look("allocation")
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert Participant.objects.get(number=walk.number).arm == arm
    walk.case.arm, walk.case.randomized_on = arm, walk.clock.now().date()
    # the visits are planned in the same transaction, and stand on the page
    page.goto(walk.home)
    expect(page.locator(".p3-phase").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("Neoadjuvant day 1")
    walk.look("participant-randomized")


def treats(walk: Walk) -> None:
    case = walk.case
    assert case.randomized_on
    case.neo_d1 = case.randomized_on + timedelta(days=7)
    case.neo_end = case.neo_d1 + timedelta(days=30)
    walk.clock.to_day(case.neo_d1)
    sign_in(walk.page, "coordinator", then="/work-list/")
    walk.look("work-list")
    records_visit(walk, "N1", case.neo_d1)
    walk.clock.to_day(case.neo_end + timedelta(days=1))
    sign_in(walk.page, "coordinator")
    walk.fill("TREAT", f"{walk.home}forms/TREAT/", answers.treatment(case, case.neo_end))
    walk.look("form-TREAT")


def records_visit(walk: Walk, code: str, on: date) -> None:
    page = walk.page
    page.goto(walk.home)
    row = page.locator("table.p3-matrix th[scope=row] a", has_text=code).first
    if not row.is_visible():  # its phase is folded
        row.locator("xpath=ancestor::details[contains(@class, 'p3-phase')][last()]/summary").click()
    follow(page, row)
    walk.look(f"visit-{code}")
    page.get_by_label("Took place on").fill(on.isoformat())
    follow(page, page.get_by_role("button", name="Record the visit"))
    page.goto(page.url.replace("took-place/", ""))
    expect(page.locator(".p3-facts")).to_contain_text("Took place on")


def evaluates(walk: Walk, visit: str) -> None:
    assert walk.case.neo_end
    on = walk.case.neo_end + timedelta(weeks=5)
    walk.clock.to_day(on)
    sign_in(walk.page, "coordinator")
    records_visit(walk, visit, on)
    address = walk.page.locator(".p3-work a", has_text="CRE").first.get_attribute("href")
    assert address
    walk.fill("CRE", address, later_answers.evaluation(walk.case, on, visit))
    walk.look("form-CRE")
    walk.page.goto(walk.home)
    walk.look("participant-evaluated")


def takes_export(walk: Walk) -> dict[str, Any]:
    page = walk.page
    sign_in(page, "data_manager", then="/exports/new/")
    walk.look("export-new")
    page.get_by_label("Purpose").fill("comparison with what was typed")
    page.get_by_role("button", name="Take the export").click()
    page.wait_for_url(lambda address: "/new/" not in address)
    walk.look("export")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(coming.value.path()) as archive:
        found: dict[str, Any] = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
            if name.endswith(".csv")
        }
        found["manifest.json"] = json.loads(archive.read("manifest.json"))
    return found


def compare(walk: Walk, files: dict[str, Any], visit: str) -> None:
    """Every answer that was typed stands in the file of its form, under the keys of its participant.

    What could identify a person is left out.
    """
    for told in files["manifest.json"]["files"]:
        assert told["expected"] == told["written"]
        assert len(files[told["file"]]) == told["written"], told["file"]
    for code, typed in walk.typed.items():
        (row,) = files[f"{code}.csv"]
        assert row["SITEID"] == "01"
        assert row["SUBJID"] == walk.number
        assert code != "CRE" or row["VISIT"] == visit
        variables = codebook(catalogue.form(code))
        compare_row(code, "", row, typed, variables)
        for group, rows in walk.groups[code].items():
            kept = files[f"{code}_{group.upper()}.csv"]
            assert len(kept) == len(rows), (code, group)
            for index, row_kept in enumerate(kept):
                prefix = f"{group}-{index}-"
                own = {
                    name.removeprefix(prefix): text for name, text in typed.items() if name.startswith(prefix)
                }
                compare_row(code, group, row_kept, own, variables)


def compare_row(
    code: str, group: str, row: dict[str, str], typed: dict[str, list[str]], variables: list[Variable]
) -> None:
    own = {variable.name: variable for variable in variables if variable.group == group}
    for name, texts in typed.items():
        if name in own:
            if own[name].classification == Classification.IDENTIFYING:
                assert own[name].variable not in row
                continue
            kept = row[own[name].variable]
            assert same(kept, texts, own[name].type), (code, group, name, kept, texts)
    assert set(own) & set(typed) == {name for name in typed if "-" not in name}


def same(kept: str, typed: list[str], kind: str) -> bool:
    """Say whether the file has what was typed, however the file writes it."""
    if kind == "codes":
        return sorted(kept.split(";")) == sorted(typed)
    if kind == "date-time":
        at_site = datetime.fromisoformat(typed[0]).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        return datetime.fromisoformat(kept) == at_site
    try:
        return Decimal(kept) == Decimal(typed[0])
    except InvalidOperation:
        return kept == typed[0]
