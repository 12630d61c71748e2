"""Files beside a record in a real browser: chosen, asked about, attached, downloaded, replaced, removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from demo.simulation.typed_pdf import typed_pdf
from tests.e2e.browser import follow
from tests.e2e.crf.test_record_pages import look, page_of, saved, trial
from tests.integration.crf.test_saving import stage
from tests.unit.crf.test_attachment_files import from_camera
from tests.world import World
from trials.models import Participant

__all__ = ["page_of", "trial"]  # fixtures
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def send(page: Page, path: Path) -> None:
    """The form at hand is filled in and sent."""
    page.get_by_label("Kind of document").select_option("pathology")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_label("I have looked at every page").check()
    follow(page, page.get_by_role("button", name="Attach the file"))


def test_point_11_a_file_is_attached_asked_about_replaced_and_removed(
    trial: tuple[World, Participant], page_of: Callable[..., Page], tmp_path: Path
) -> None:
    # given a saved form, and a report that names somebody, one that does not, and a picture
    world, participant = trial
    saved(participant, world.coordinator, 0, **stage())
    report, named, photo = tmp_path / "病理报告.pdf", tmp_path / "named.pdf", tmp_path / "photo.jpg"
    report.write_bytes(typed_pdf(["Pathology report", "R0"]))
    named.write_bytes(typed_pdf(["Patient name: made up"]))
    photo.write_bytes(from_camera())
    page = page_of(world.coordinator, 820)
    address = f"/participants/{participant.number}/forms/STAGE/"
    page.goto(address)
    # when the first is sent without a word on its kind, then whole
    page.get_by_text("Attach a file", exact=True).click()
    look(page, "files-form")
    follow(page, page.get_by_role("button", name="Attach the file"))
    expect(page.get_by_role("heading", name="Please look at these answers")).to_be_visible()
    look(page, "files-refused")
    send(page, report)
    # then it stands beside the form and comes back as it was
    files = page.locator("#files")
    expect(files.get_by_role("link", name="病理报告.pdf").first).to_be_visible()
    look(page, "files-attached")
    with page.expect_download() as download:
        files.get_by_role("link", name="病理报告.pdf").first.click()
    assert download.value.suggested_filename == "病理报告.pdf"
    assert Path(download.value.path()).read_bytes() == report.read_bytes()
    # when the one that names somebody is sent
    page.get_by_text("Attach a file", exact=True).click()
    send(page, named)
    # then the program asks, and what is taken back is gone
    expect(page.get_by_text("is not attached yet")).to_be_visible()
    look(page, "files-question")
    follow(page, page.get_by_role("button", name="Take the file back"))
    expect(page.locator("#files")).not_to_contain_text("named.pdf")
    # when the report is replaced by the picture, and the picture removed
    follow(page, page.locator("#files").get_by_role("link", name="Replace"))
    page.get_by_label("Why it is replaced").fill("A better copy")
    look(page, "files-replace")
    send(page, photo)
    expect(page.locator("#files")).to_contain_text("A better copy")
    follow(page, page.locator("#files").get_by_role("link", name="Remove"))
    page.get_by_label("Why").fill("Of another participant")
    look(page, "files-remove")
    follow(page, page.get_by_role("button", name="Remove the file"))
    # then all of it is told, also to who reads in Chinese on a wide page
    expect(page.locator("#files")).to_contain_text("Of another participant")
    look(page, "files-ended")
    manager: Any = page_of(world.data_manager)
    manager.context.add_cookies(
        [{"name": "django_language", "value": "zh-hans", "url": page.url.split("/participants")[0]}]
    )
    manager.goto(address)
    expect(manager.locator("#files")).to_contain_text("仅其所属中心可打开的文件")
    look(manager, "files-read")
    manager.goto(f"/participants/{participant.number}/files/")
    look(manager, "files-list")
