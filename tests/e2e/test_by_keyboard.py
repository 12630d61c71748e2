"""The main task of each role with the keyboard alone, and what the tasks of every day take (docs/tasks.md).

One trial serves them all: what one person does is there for the next. The mouse is never used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from playwright.sync_api import Locator, Page, expect

from accounts import services as accounts
from accounts.permissions import Role
from committee.models import CommitteePack, FileKind, PackPart, PackView
from committee.paper import MadeFile
from committee.services import packs
from crf.coding.releases import use_version
from crf.engine.base import RecordState
from crf.engine.submission import Answers
from crf.models import Coding, FieldVerification, Query, Record, ReviewerAnswer
from crf.records.save import save_answers
from crf.store.records import record_key_of
from demo.simulation.typed_pdf import typed_pdf
from exports.kept_cuts.services import take_cut
from followup.services import plan_visits_for, update_visit_states
from kernel.scope import EVERYTHING, scope
from tests.e2e.crf.test_record_pages import page_of
from tests.integration.crf.test_central_review import DIED
from tests.integration.crf.test_coding import load
from tests.integration.crf.test_consequences import numbered, randomized, visit
from tests.integration.system.test_tasks_counted import TABLE
from tests.made_up_dictionaries import MEDDRA
from tests.unit.crf.examples import demographics, staging, treatment
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, World, screen
from tests.world_database import committed_world
from trials import services as trials
from trials.models import Delegation, Participant

__all__ = ["page_of"]  # fixture
CHAPTERS = ("0.1",)
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIRST_DOSE = TODAY - timedelta(days=28)


@dataclass
class Keyboard:
    """One person at the keys: what is pressed besides what is typed, and what is loaded after the first page."""

    page: Page
    keys: int = 0
    loads: int = 0

    def __post_init__(self) -> None:
        self.page.on("load", lambda _page: self._loaded())

    def _loaded(self) -> None:
        self.loads += 1

    def start(self, path: str) -> None:
        """The page that the person begins at, which does not count."""
        self.page.goto(path)
        self.keys = self.loads = 0

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def leave(self, key: str) -> None:
        """Press what opens another page, and wait for it."""
        with self.page.expect_navigation():
            self.press(key)

    def reach(self, place: Locator, key: str = "Tab", most: int = 120) -> None:
        """Go on with Tab until the focus is on ``place``."""
        handle = place.first.element_handle(timeout=5_000)
        for _press in range(most):
            if self.page.evaluate("place => document.activeElement === place", handle):
                return
            self.press(key)
        focused = self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        raise AssertionError(f"{self.page.url}: {place} is not reached by {key}; the focus is on {focused}")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def leave_by(self, link: Locator) -> None:
        """Go on to the link or button, and take it."""
        self.reach(link)
        self.leave("Enter")

    def skip(self) -> None:
        """The first Tab of a page offers to pass over the menu."""
        self.reach(self.page.locator(".p3-skip"))
        self.press("Enter")

    def search(self, words: str) -> None:
        """Ctrl+K, the words, Enter: the first that fits is open."""
        self.press("Control+k")
        self.type(words)
        expect(self.page.locator(f'#p3-find [data-for="{words}"]')).to_be_attached()
        self.leave("Enter")


@pytest.fixture
def world() -> World:
    return committed_world()


@pytest.fixture
def treated(world: World) -> Participant:
    """In arm 1, with staging and demography complete, and four of five doses recorded."""
    person = screen(world, signed_on=date(2026, 10, 5))
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        trials.reveal_arm(participant=person, arm="1", **by)
        for code, day in (("RAND", FIRST_DOSE - timedelta(days=3)), ("NEO_D1", FIRST_DOSE)):
            trials.set_milestone(participant=person, code=code, on=day, source="test", **by)
        plan_visits_for(participant=person, **by)
        person.refresh_from_db()
    doses = [
        treatment.chemotherapy(
            number,
            adm_dt=FIRST_DOSE + timedelta(days=7 * number - 7),
            nabp_dt=FIRST_DOSE + timedelta(days=7 * number - 7),
        )
        for number in range(1, 5)
    ]
    started = datetime.combine(FIRST_DOSE, time(10), ZoneInfo("Asia/Shanghai"))
    infusion = treatment.camrelizumab(1, ci_dt=started.astimezone(UTC))
    groups = numbered({**treatment.GROUPS, "chemo": [*doses, {"dose_no": 5}], "camre": [infusion]})
    said: dict[str, dict[str, Any]] = {
        "STAGE": {"values": staging.VALUES, "groups": numbered(staging.GROUPS)},
        "DM": {"values": demographics.VALUES, "groups": numbered(demographics.GROUPS)},
        "TREAT": {"values": {}, "groups": groups},
    }
    with scope(user_id=None, sites=EVERYTHING):
        for code, answers in said.items():
            with transaction.atomic():
                place = record_key_of(participant=person, form=code)
                save_answers(record_key=place, answers=Answers(**answers), version=0, **by)
        update_visit_states(site=world.site, on=TODAY, at=NOW)
    return person


@pytest.fixture
def proposed(world: World) -> Delegation:
    """A role that another trial manager granted, and nobody has confirmed."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        second = accounts.create_person(
            username="second_manager", display_name="Second Manager", email="second@example.org",
            trained_on=OPENED_ON, identity_checked_on=OPENED_ON, accountability_accepted_on=OPENED_ON, by=None, at=NOW,
        )  # fmt: skip
        trials.delegate(user=second, role=Role.TRIAL_MANAGER, site=None, starts_on=OPENED_ON, by=None, at=NOW)
        return trials.delegate(
            user=world.coder, role=Role.MONITOR, site=None, starts_on=TODAY, by=second, at=NOW
        )


@pytest.fixture
def died(world: World, tmp_path: Path) -> Participant:
    """A participant of site 02 who died: a coder codes the words of the site, a reviewer answers of what."""
    person = screen(world, signed_on=date(2026, 4, 28), site=world.other_site)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        load(tmp_path, MEDDRA)
        use_version(dictionary="meddra", version="1.0", by=world.coder, at=NOW)
        place = record_key_of(participant=person, form="SURV", visit=visit(randomized(person), "SWEEP-06"))
        said = Answers(values={**DIED, "cod_text": "Blue nose"})
        save_answers(record_key=place, answers=said, version=0, by=world.stranger, at=NOW)
    return person


@pytest.fixture
def released(world: World, monkeypatch: pytest.MonkeyPatch) -> CommitteePack:
    """A pack of one page that its second person has released."""
    page = MadeFile(PackPart.OPEN, FileKind.PDF, "en", typed_pdf(["Accrual (made up)"]))
    monkeypatch.setattr(packs, "facts_of", lambda _pack: ())
    monkeypatch.setattr(packs, "files_of", lambda *_pack, **_at: [page])
    with scope(user_id=None, sites=EVERYTHING):
        take_cut(cut_name="Spring", by=world.statistician, at=NOW)
        pack = packs.request_pack(title="Spring", cut="Spring", arms="absent", by=world.statistician, at=NOW)
        packs.make_pack(pack=pack, at=NOW)
        return packs.release_pack(pack=pack, password=PASSWORD, by=world.second_statistician, at=NOW)


@pytest.fixture
def seen(world: World) -> Iterator[None]:
    with scope(user_id=None, sites=EVERYTHING):
        yield


def test_each_role_does_its_main_task_by_the_keyboard_alone(
    world: World,
    treated: Participant,
    proposed: Delegation,
    died: Participant,
    released: CommitteePack,
    seen: None,
    page_of: Callable[..., Page],
    tmp_path: Path,
) -> None:
    def at_keys(user: Any) -> Keyboard:
        return Keyboard(page_of(user))

    counted: dict[str, tuple[int, int | None]] = {
        "record dose 5": coordinator_records_dose_five(at_keys(world.coordinator), treated),
        "record a serious event": coordinator_records_a_serious_event(at_keys(world.coordinator), treated),
        "raise a query about an answer": data_manager_raises_a_query(at_keys(world.data_manager), treated),
        "verify a form": monitor_verifies(at_keys(world.monitor), treated),
    }
    investigator_signs(at_keys(world.investigator), treated)
    trial_manager_confirms_a_role(at_keys(world.trial_manager), proposed)
    trial_manager_begins_a_site(at_keys(world.trial_manager), tmp_path)
    statistician_takes_a_report(at_keys(world.statistician))
    inspector_reads_the_trail(at_keys(world.inspector), treated)
    coder_codes_words(at_keys(world.coder), died)
    reviewer_answers(at_keys(world.reviewer), died)
    committee_member_takes_a_pack(at_keys(world.committee), released)
    assert counted == told_by_the_table()


def told_by_the_table() -> dict[str, tuple[int, int | None]]:
    """Return pages and keys of each task, as docs/tasks.md has them; None where Tab leads through a whole page."""
    _first, _mark, second = TABLE.read_text().partition("| by keyboard ")
    rows = [line.strip("| \n").split(" | ") for line in second.partition("\n\n")[0].splitlines()[2:]]
    return {row[0]: (int(row[2]), int(row[3]) if row[3].isdigit() else None) for row in rows}


def row_of(person: Participant, form: str) -> Record:
    with transaction.atomic():
        return Record.objects.get(participant=person, form_code=form)


def coordinator_records_dose_five(keys: Keyboard, person: Participant) -> tuple[int, int]:
    """The form opens at the dose that is due; Enter goes from answer to answer, Ctrl+S saves."""
    keys.start("/work-list/")
    keys.search(f"{person.number} TREAT")
    expect(keys.page.locator('[name="chemo-4-given"]').first).to_be_focused()
    to_the_dose = keys.keys
    for answer in ("1", str(TODAY), "2", "210"):
        keys.type(answer)
        keys.press("Enter")
    keys.leave("Control+s")
    expect(keys.page.locator('[name="chemo-4-carbo_mg"]')).to_have_value("210.0")
    assert row_of(person, "TREAT").version == 2
    return keys.loads, to_the_dose + 1


def coordinator_records_a_serious_event(keys: Keyboard, person: Participant) -> tuple[int, None]:
    """Serious and saved: the clock runs, and the way to the report stands on the page."""
    keys.start("/work-list/")
    keys.search(f"{person.number} AE")
    keys.skip()
    keys.leave_by(keys.page.locator("main").get_by_role("link", name="Add a record"))
    keys.reach(keys.page.locator('[name="serious"]'))
    keys.type("1")
    keys.leave("Control+s")
    expect(keys.page.get_by_role("link", name="Write the report")).to_be_visible()
    return keys.loads, None


def data_manager_raises_a_query(keys: Keyboard, person: Participant) -> tuple[int, int]:
    """Alt+Q asks on the page of the form; typing chooses the question."""
    keys.start("/work-list/")
    keys.search(f"{person.number} STAGE")
    keys.press("Alt+q")
    keys.reach(keys.page.get_by_label("About"), "Shift+Tab")
    keys.type("Largest wall")
    keys.press("Tab")
    keys.type("Which report?")
    keys.press("Control+Enter")
    expect(keys.page.locator("#p3-announce")).to_contain_text("is raised")
    with transaction.atomic():
        assert Query.objects.filter(participant=person, form_code="STAGE", target="eus_mm").exists()
    return keys.loads, keys.keys


def monitor_verifies(keys: Keyboard, person: Participant) -> tuple[int, None]:
    """Alt+A ticks what was compared in a section, the arrow goes on, Ctrl+S saves."""
    keys.start("/work-list/")
    keys.search(f"{person.number} DM")
    keys.skip()
    keys.leave_by(keys.page.locator("main").get_by_role("link", name="Source verification"))
    keys.reach(keys.page.locator('input[name^="tick:"]'))
    keys.press("Alt+a")
    keys.leave("Control+s")
    with transaction.atomic():
        assert FieldVerification.objects.filter(participant=person, verified_by__username="monitor").exists()
    return keys.loads, None


def investigator_signs(keys: Keyboard, person: Participant) -> None:
    """Everything that waits of the participant, with one password."""
    keys.start("/work-list/")
    keys.skip()
    keys.leave_by(keys.page.locator('a[href*="/signing/lot/"]'))
    keys.reach(keys.page.get_by_label("Your password"))
    keys.type(PASSWORD)
    keys.leave("Enter")
    assert row_of(person, "DM").state == RecordState.SIGNED


def trial_manager_confirms_a_role(keys: Keyboard, delegation: Delegation) -> None:
    keys.start("/work-list/")
    keys.skip()
    keys.leave_by(keys.page.locator('main a[href*="/confirm"]'))
    keys.leave_by(keys.page.get_by_role("button", name="Confirm it"))
    with transaction.atomic():
        delegation.refresh_from_db()
    assert delegation.confirmed_at is not None


def trial_manager_begins_a_site(keys: Keyboard, folder: Path) -> None:
    """Each form leads back to the steps, of which the next one is marked; the field of the letter is reached too."""
    letter = folder / "approval.pdf"
    letter.write_bytes(typed_pdf(["Approval of the ethics committee (made up)"]))
    keys.start("/work-list/")
    keys.search("New site")
    said = {
        "code": "07",
        "name": "Lakeside Hospital",
        "name_zh": "湖畔医院",
        "city": "Wuhan",
        "city_zh": "武汉",
    }
    for name, words in (*said.items(), ("planned_participants", "40")):
        keys.reach(keys.page.locator(f'[name="{name}"]'))
        keys.type(words)
    keys.leave("Enter")
    step = keys.page.locator('[aria-current="step"] a.btn-primary')
    keys.skip()
    keys.leave_by(step)
    keys.reach(keys.page.get_by_label("Reason"))
    keys.type("The contract is being drawn up")
    keys.leave_by(keys.page.locator("main form button[type=submit]"))
    keys.skip()
    keys.leave_by(step)
    keys.reach(keys.page.locator('[name="done_on"]'))
    keys.type("2026-10-01")
    keys.reach(keys.page.locator('[name="expires_on"]'))
    keys.type("2027-10-01")
    keys.reach(keys.page.locator('[name="file"]'))
    keys.page.locator('[name="file"]').set_input_files(letter)  # the dialog behind it is the browser's own
    keys.leave_by(keys.page.locator("main form button[type=submit]"))
    expect(keys.page.locator("main")).to_contain_text("3 of 11 steps done")
    expect(keys.page.locator("main")).to_contain_text("approval.pdf")


def statistician_takes_a_report(keys: Keyboard) -> None:
    keys.start("/work-list/")
    keys.search("Reports")
    keys.reach(keys.page.get_by_role("link", name="CSV"))
    with keys.page.expect_download() as taken:
        keys.press("Enter")
    assert taken.value.suggested_filename.startswith("PALACE-3_")


def inspector_reads_the_trail(keys: Keyboard, person: Participant) -> None:
    """The slash leads to the filter of the page."""
    keys.start("/work-list/")
    keys.search("Audit trail")
    keys.press("/")
    keys.reach(keys.page.get_by_label("Participant", exact=True))
    keys.type(person.number)
    keys.leave("Enter")
    expect(keys.page.locator("main")).to_contain_text("Data Manager")


def coder_codes_words(keys: Keyboard, person: Participant) -> None:
    """Words of a site, looked for in the dictionary, coded as the term chosen."""
    keys.start("/work-list/")
    keys.search("Coding")
    keys.skip()
    keys.leave_by(keys.page.locator('main a[href*="/coding/records/"]'))
    keys.skip()
    keys.reach(keys.page.get_by_label("Word or code"))
    keys.type("nose ringing")  # Tab has marked what stood there
    keys.leave("Enter")
    keys.skip()
    keys.leave_by(keys.page.get_by_role("row", name="Nose ringing").first.get_by_role("button"))
    expect(keys.page.locator("main")).to_contain_text("The words are coded.")
    with transaction.atomic():
        assert Coding.objects.get(participant=person).name == "Nose ringing"


def reviewer_answers(keys: Keyboard, person: Participant) -> None:
    """What the participant died of, without the arm; arrows choose."""
    keys.start("/work-list/")
    keys.skip()
    keys.leave_by(keys.page.locator('main a[href*="/central-review/COD/"]'))
    keys.skip()
    keys.reach(keys.page.locator('[name="cod"]'))
    keys.reach(keys.page.locator('[name="cod"][value="cardiovascular"]'), "ArrowDown")
    keys.leave_by(keys.page.get_by_role("button", name="Record the answer"))
    with transaction.atomic():
        assert ReviewerAnswer.objects.get(participant=person).answers == {"cod": "cardiovascular"}


def committee_member_takes_a_pack(keys: Keyboard, pack: CommitteePack) -> None:
    """The file comes with the reader's name on it, and that it was read is on record."""
    keys.start("/work-list/")
    keys.search("Committee packs")
    keys.skip()
    keys.leave_by(keys.page.locator("main").get_by_role("link", name=pack.title))
    keys.skip()
    keys.reach(keys.page.locator("main").get_by_role("button", name="PDF"))
    with keys.page.expect_download() as taken:
        keys.press("Enter")
    assert taken.value.suggested_filename == f"PALACE-3_pack_{pack.pk}_open_en.pdf"
    with transaction.atomic():
        assert PackView.objects.filter(by__username="committee").count() == 1
