"""Every task as a worker runs it: on what was committed, with a connection of its own, inside no test's transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from analysis.background.results import ReportRequest
from audit.models import AnchorOccasion
from committee.services.packs import request_pack
from crf import catalogue
from exports.casebooks.services import start_casebooks
from exports.kept_cuts.services import take_cut
from exports.services import request_export
from kernel.scope import EVERYTHING, scope
from palace3.celery import app
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import Participant, SiteVersion
from website.services import news

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _kept_in(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("celery.app.task.Task.delay", lambda *_args, **_more: None)


def site_and_day(world: World) -> tuple[Any, ...]:
    return world.site.pk, TODAY.isoformat()


def the_site(world: World) -> tuple[Any, ...]:
    return (world.site.pk,)


def an_export(world: World) -> tuple[Any, ...]:
    with as_person(world.data_manager):
        asked: dict[str, Any] = {"forms": list(catalogue.forms())[:3], "sites": ["01"], "purpose": "test"}
        return (request_export(**asked, by=world.data_manager, at=NOW).pk,)


def casebooks_of_a_trial(world: World) -> tuple[Any, ...]:
    """An export of casebooks that was begun, of a trial without participants."""
    with as_person(world.data_manager):
        asked: dict[str, Any] = {"forms": ["ELIG"], "sites": ["01"], "purpose": "test"}
        export = request_export(**asked, data_format="casebooks", by=world.data_manager, at=NOW)
    with scope(user_id=None, sites=EVERYTHING):
        start_casebooks(export=export, at=NOW)
    return (export.pk,)


def a_pack(world: World) -> tuple[Any, ...]:
    by = {"by": world.statistician, "at": NOW}
    with as_person(world.statistician):
        take_cut(cut_name="committee 1", **by)
        return (request_pack(title="Spring", cut="committee 1", arms="absent", **by).pk,)


def a_report(world: World) -> tuple[Any, ...]:
    return (ReportRequest("survival", ((world.site.pk, world.site.code),), "", "en").as_json(),)


def a_letter(world: World) -> tuple[Any, ...]:
    with as_person(world.trial_manager):
        words = {"subject_en": "News", "subject_zh": "消息", "text_en": "One.", "text_zh": "一。"}
        letter = news.write_letter(
            **words, approved_on=date(2026, 11, 1), approval="EC-1", by=world.trial_manager, at=NOW
        )
    return (letter.pk,)


@transaction.atomic
def a_version(world: World) -> tuple[Any, ...]:
    """An approval is enough: the task looks whether the version is in force."""
    row = {"site": world.site, "version": "1.0", "approved_on": TODAY}
    with scope(user_id=None, sites=EVERYTHING):
        from audit.acts import open_act

        with open_act("tests:version:approve", by=None, at=NOW, site=world.site) as act:
            return (SiteVersion.objects.create(**row, act=act).pk,)


def a_site_copy(world: World) -> tuple[Any, ...]:
    """The close-out of a site without participants, and the copy that the site keeps."""
    manager, second = world.trial_manager, world.investigator
    with as_person(manager), transaction.atomic():
        trials.move_site(site=world.site, to="closed", by=manager, at=NOW, reason="recruitment is over")
        told: dict[str, Any] = {"count": lambda site: {}, "password": PASSWORD, "at": NOW}
        asked = trials.ask_close_out(site=world.site, keeper=None, reason="over", by=manager, **told)
    with as_person(second), transaction.atomic():
        closed = trials.confirm_close_out(close_out=asked, by=second, **told)
        return (trials.ask_copy(close_out=closed, by=second, at=NOW).pk,)


def a_participant(_world: World) -> tuple[Any, ...]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return (Participant.objects.earliest("pk").pk,)


def an_occasion(_world: World) -> tuple[Any, ...]:
    return (AnchorOccasion.EXPORT.value,)


def nothing(_world: World) -> tuple[Any, ...]:
    return ()


ARGUMENTS: dict[str, Callable[[World], tuple[Any, ...]]] = {
    "accounts:send_mail": nothing,
    "analysis:work_out": a_report,
    "audit:alarm": nothing,
    "audit:anchor": an_occasion,
    "audit:seal": nothing,
    "audit:verify": nothing,
    "committee:look_after": nothing,
    "committee:make": a_pack,
    "crf:attachments": nothing,
    "crf:catch_up": a_participant,
    "crf:judge_day": nothing,
    "crf:judge_day_of_site": the_site,
    "crf:compare_expected": nothing,
    "crf:run_checks": nothing,
    "crf:verify_derived": nothing,
    "exports:casebooks": casebooks_of_a_trial,
    "exports:look_after": nothing,
    "exports:site_copies": nothing,
    "exports:site_copy": a_site_copy,
    "exports:take_due": nothing,
    "exports:write": an_export,
    "followup:carry_version": a_version,
    "followup:carry_versions": nothing,
    "followup:escalate": nothing,
    "followup:escalate_site": site_and_day,
    "followup:remind": nothing,
    "followup:remind_site": site_and_day,
    "followup:roll": nothing,
    "followup:roll_site": site_and_day,
    "monitoring:work_out": nothing,
    "notices:second_person": nothing,
    "operations:alarm": nothing,
    "operations:dead_man": nothing,
    "operations:hand_over": nothing,
    "randomization:alarm": nothing,
    "randomization:sweep": nothing,
    "trials:compare_identities": nothing,
    "trials:escalate_requests": nothing,
    "trials:forget": nothing,
    "trials:send_letter": a_letter,
}


def test_rare_01_every_task_stands_here() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith(("celery.", "tests:"))}
    assert ours == set(ARGUMENTS)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_rare_01_a_task_reads_no_policed_table_outside_a_transaction(name: str, world: World) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = screen(world)
        told: dict[str, Any] = {"participant": participant, "by": world.coordinator, "at": NOW}
        trials.set_milestone(code="NEO_D1", on=TODAY, source="test", **told)
    arguments, failed = ARGUMENTS[name](world), []

    def run() -> None:
        try:
            app.tasks[name](*arguments)
        except BaseException as fault:
            failed.append(fault)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failed
