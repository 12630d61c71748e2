"""A report over many participants is the worker's: asked for, followed, kept with its moment, cancelled, failed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from analysis.background import reports, results, services
from analysis.background.results import ReportRequest, WorkEnd, standing_of
from analysis.background.services import work_out_report
from analysis.tasks import work_out
from audit.models import Act
from tests.integration.analysis.test_safety_report import with_event
from tests.integration.crf.conftest import Save, everything, save
from tests.integration.crf.test_consequences import LATER, person
from tests.integration.crf.test_pages import client_of
from tests.world import World
from trials.models import Participant, Site

CHAPTERS = ("6.5",)
pytestmark = pytest.mark.django_db
__all__ = ["everything", "person", "save"]
NOT_YET = "This report is not worked out yet"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Nobody is few enough to be counted at once; what is sent to the worker is kept here."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(services, "MOST_AT_ONCE", -1)
    monkeypatch.setattr(services, "send", lambda name, what, **_more: told.append(what))
    cache.clear()
    return told


def test_every_report_is_asked_for_followed_and_kept_with_its_moment(
    world: World, person: Participant, save: Save, sent: list[dict[str, Any]]
) -> None:
    with_event(person, save)
    statistician = client_of(world.statistician)
    for name in reports.REPORTS:
        address = reverse(f"analysis:{name}")
        assert NOT_YET in statistician.get(address).text, name
        for _twice in range(2):
            assert statistician.post(address, {"step": "work_out"}).status_code == 302, name
        waiting = statistician.get(address).text
        assert re.search(r'<progress value="0" max="1"', waiting), name
        again = re.search(r'hx-get="([^"]+)"', waiting)
        assert again, name
        asked_again = again[1].replace("&amp;", "&")
        assert statistician.get(asked_again, headers={"HX-Request": "true"}).status_code == 204, name
        work_out(sent[-1])
        over = statistician.get(asked_again, headers={"HX-Request": "true"})
        assert over["HX-Refresh"] == "true", name
        page = statistician.get(address)
        if name != "quality-of-life-file":  # a file, as it is
            assert "Data as of" in page.text, name
            assert "Work it out anew" in page.text, name
        assert NOT_YET not in page.text, name
    assert [told["report"] for told in sent] == list(reports.REPORTS)


def test_looks_by_arm_are_on_record_and_nobody_else_reads_what_is_kept(
    world: World, person: Participant, save: Save, sent: list[dict[str, Any]]
) -> None:
    with_event(person, save)
    address = reverse("analysis:safety-by-arm")
    statistician = client_of(world.statistician)
    statistician.post(address, {"step": "work_out"})
    work_out(sent[-1])
    before = Act.objects.filter(verb="analysis:arms:look").count()
    assert before == 1  # that it was asked for
    assert "Arm 1" in statistician.get(address).text
    assert Act.objects.filter(verb="analysis:arms:look").count() == before + 1
    for role in (world.data_manager, world.trial_manager, world.monitor, world.coordinator):
        assert client_of(role).get(address).status_code == 403
        assert client_of(role).post(address, {"step": "work_out"}).status_code == 403
        page = client_of(role).get(reverse("analysis:safety")).text
        assert NOT_YET in page  # the report of both arms is another one


def asked_of(world: World) -> ReportRequest:
    sites = tuple(Site.objects.filter(pk=world.site.pk).values_list("pk", "code"))
    return ReportRequest("safety", sites, "", "en", {"period": "all"})


def test_a_cancelled_a_failed_and_a_silent_one_say_so_and_the_last_result_stays(
    world: World, everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, manager = reverse("analysis:safety") + "?period=all&site=01", client_of(world.trial_manager)
    asked = asked_of(world)

    manager.post(address, {"step": "work_out"})
    manager.post(address, {"step": "cancel"})
    work_out_report(asked=asked, at=LATER)  # the worker comes too late
    assert standing_of(asked).ended is WorkEnd.CANCELLED
    assert "Working it out was cancelled." in manager.get(address).text

    manager.post(address, {"step": "work_out"})
    work_out_report(asked=asked, at=LATER)
    kept = standing_of(asked).result
    assert kept is not None
    assert kept.as_of == LATER

    manager.post(address, {"step": "work_out"})
    with monkeypatch.context() as broken:
        broken.setattr(services, "REPORTS", {})
        with pytest.raises(KeyError):
            work_out_report(asked=asked, at=LATER)
    page = manager.get(address).text
    assert "Working it out failed." in page
    assert "Nobody is randomized yet." in page  # the result before it

    manager.post(address, {"step": "work_out"})
    cache.delete(f"{asked.key}:progress")  # nothing was told for as long as it is kept
    assert "taken to have stopped" in manager.get(address).text
    results.begin(asked, of=3)
    assert "taken to have stopped" not in manager.get(address).text


def test_another_language_site_or_period_is_another_report() -> None:
    first = ReportRequest("safety", ((1, "01"), (2, "02")), "", "en", {"period": "all"})
    others = [
        ReportRequest(first.report, first.sites, "", "zh-hans", first.choices),
        ReportRequest(first.report, first.sites[:1], "", "en", first.choices),
        ReportRequest(first.report, first.sites, "committee 1", "en", first.choices),
        ReportRequest(first.report, first.sites, "", "en", {"period": "neoadjuvant"}),
    ]
    assert len({first.key, *(each.key for each in others)}) == 5
    assert ReportRequest.of(first.as_json()).key == first.key
