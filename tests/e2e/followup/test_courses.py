"""Courses that leave the usual path, at the browser, in both languages, with worker and beat (protocol 2.5, 3.16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect

from crf.engine.submission import Answers
from crf.links import form_url
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from demo.servers.broker import EmbeddedBroker
from followup.models import Visit
from followup.services import plan_visits_for, record_contact_attempt
from followup.services.planning import shown
from kernel.scope import EVERYTHING, scope
from tests.e2e.browser import examine, follow
from tests.e2e.processes import beat, sent_to_broker
from tests.e2e.trials.test_rare_days import signed_in, submit
from tests.integration.palace3.test_worker import Worker, broker, eventually, send, start_worker
from tests.unit.crf.examples import response
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant
from trials.models.participants import Track

ROLLED = re.compile(r"followup:roll_site\[.*succeeded")
CALLS = (("phone", date(2026, 8, 10)), ("family", date(2026, 9, 10)), ("phone", date(2026, 10, 15)))

CHAPTERS = ("2.2", "2.5", "3.7", "3.13", "3.16")

__all__ = ["beat", "broker", "sent_to_broker", "start_worker"]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Start, Open = Callable[[str], Worker], Callable[..., Page]

SAYS = {
    "en": {
        "follows": "The visits would change like this",
        "moves": "Not saved yet: these visits would change",
        "withdrew": "Withdrew on 18 Nov 2026 from: all contact.",
        "in part": "Withdrew on 18 Nov 2026 from: quality of life.",
        "lost": "Lost to follow-up since 18 Nov 2026.",
        "found": "Lost to follow-up on 18 Nov 2026, reached again on 19 Nov 2026.",
        "died": "Died on 2 Nov 2026.",
        "planned": "1 visit is planned now: SURG-1",
    },
    "zh-hans": {
        "follows": "访视将发生以下变动",
        "moves": "尚未保存：以下访视将改变",
        "withdrew": "于 2026-11-18 退出：所有联系。",
        "in part": "于 2026-11-18 退出：生活质量。",
        "lost": "自 2026-11-18 起失访。",
        "found": "2026-11-18 失访，2026-11-19 重新取得联系。",
        "died": "于 2026-11-02 死亡。",
        "planned": "新计划 1 次访视：SURG-1",
    },
}

TREATED = {"RAND": date(2026, 5, 8), "NEO_D1": date(2026, 5, 11), "NEO_END": date(2026, 6, 9)}
WATCHED = TREATED | {"CRE1": date(2026, 7, 14), "CRE2": date(2026, 8, 25), "CCR": date(2026, 8, 25)}
AT_CRE1 = {**response.VALUES, **response.at_cre1()["values"]}
WISH = {"mdt_dt": "2026-07-20", "mdt_dec": "surveillance", "pt_dec": "asks_surgery", "pt_reason": "Fear."}
REFUSAL = {"mdt_dt": "2026-07-20", "mdt_dec": "surgery", "pt_dec": "declines_surgery", "pt_reason": "Fear."}


def made(arm: str, milestones: dict[str, date], track: str, world: World) -> Participant:
    """Somebody of an arm whose course is known up to here."""
    participant = screen(world, signed_on=date(2026, 4, 28))
    by: Any = {"participant": participant, "by": None, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        trials.reveal_arm(arm=arm, **by)
        for code, on in milestones.items():
            clear = "clear" if code in {"CRE1", "CRE2"} else ""
            trials.set_milestone(code=code, on=on, source="test", result=clear, **by)
        trials.correct_track(to=track, on=max(milestones.values()), **by)
        participant.refresh_from_db()
        plan_visits_for(**by)
    return participant


def evaluated(participant: Participant, visit: str, world: World, **answers: Any) -> None:
    """The evaluation is on record, with a decision that the participant accepts."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        place = record_key_of(participant=participant, form="CRE", visit=visit_of(participant, visit))
        save_answers(
            record_key=place,
            answers=Answers(values={**AT_CRE1, **answers}),
            version=NEW,
            key="",
            by=world.coordinator,
            at=NOW,
        )


def visit_of(participant: Participant, code: str) -> Visit:
    visit: Visit = Visit.objects.get(participant=participant, code=code)
    return visit


def awaited(participant: Participant, **limits: date) -> set[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        visits = Visit.objects.awaited().filter(participant=participant, **limits)
        return set(visits.values_list("code", flat=True))


def address_of(participant: Participant, form: str, visit: str) -> str:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return form_url(participant.number, form, visit_id=visit_of(participant, visit).pk)


def types(page: Page, answers: dict[str, str]) -> None:
    """The answers stand on the open form, whatever kind of field asks for them."""
    for name, text in answers.items():
        field = page.locator(f'main [name="{name}"]')
        kind = field.first.evaluate("field => field.type")
        if kind == "checkbox":
            field.check()
        elif kind == "radio":
            field.and_(page.locator(f'[value="{text}"]')).check()
        elif kind == "select-one":
            field.select_option(text)
        else:
            field.fill(text)


def confirms(page: Page, answers: dict[str, str], words: str, name: str) -> None:
    """What follows is shown, nothing is done yet, and the second press does it."""
    types(page, answers)
    submit(page)
    expect(page.locator("main")).to_contain_text(words)
    examine(page, name)
    submit(page)


def saves(page: Page, address: str, answers: dict[str, str], words: str, name: str) -> None:
    """The form is saved once the visits that it moves were read."""
    chooses(page, address, answers)
    moves = page.locator('section[aria-labelledby="plan-moves"]')
    expect(moves).to_contain_text(words)
    examine(page, name)
    follow(page, moves.locator("button[type=submit]"))
    assert page.locator(".p3-errors").count() == 0, page.locator(".p3-errors").inner_text()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_rare_10_and_11_courses_at_the_browser(
    world: World, broker: EmbeddedBroker, beat: Path, start_worker: Start, open_page: Open, language: str
) -> None:
    worker, says = start_worker("worker"), SAYS[language]
    leaving, lost, dying = (made("1", WATCHED, Track.SURVEILLANCE, world) for _ in range(3))
    wishing, crossing = (made("1", TREATED, Track.AWAIT_CRE1, world) for _ in range(2))
    declining = made("2", TREATED, Track.AWAIT_RESTAGE, world)
    evaluated(wishing, "CRE-1", world)
    evaluated(crossing, "CRE-1", world)
    evaluated(crossing, "CRE-2", world, **response.VALUES)
    evaluated(declining, "RST", world, mdt_dt=date(2026, 7, 20), mdt_dec="surgery", cre_outcome=None)
    page = signed_in(open_page(), "coordinator", language)
    page.set_default_timeout(20_000)
    withdraws_and_is_corrected(page, leaving, says, language)
    is_lost_and_found(page, lost, world, says, language)
    dies(page, dying, says, language)
    asks_for_surgery(page, wishing, says, language)
    declines_surgery(page, declining, says, language)
    crosses_over(page, crossing, says)
    people = (leaving, lost, dying, wishing, declining, crossing)
    before = {each.pk: awaited(each) for each in people}
    for each in (lost, crossing):  # reached, or seen, so near the sweep that it need not ask
        before[each.pk] -= {"SWEEP-06"}
    send(broker, "followup:roll")  # what beat sends every hour
    assert eventually(lambda: len(ROLLED.findall(worker.log.read_text())) >= 2, within=60), (
        worker.log.read_text()
    )
    assert eventually(lambda: "beat: Starting" in beat.read_text(), within=60), beat.read_text()
    for each in people:
        assert awaited(each) == before[each.pk], each.number
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            each.refresh_from_db()
            assert shown(plan_visits_for(participant=each, by=None, at=NOW)) == []


def withdraws_and_is_corrected(page: Page, patient: Participant, says: dict[str, str], language: str) -> None:
    """Every contact is refused; then it proves to have been the questionnaires alone."""
    before, over = awaited(patient), awaited(patient, closes__lt=date(2026, 11, 18))
    page.goto(reverse("followup:withdraw", args=[patient.number]))
    confirms(page, {"on": "2026-11-18", "all_contact": "on"}, says["follows"], f"course-withdraws-{language}")
    expect(page.locator("main")).to_contain_text(says["withdrew"])
    assert awaited(patient) == over
    follow(page, page.locator("main a[href$='/correct/']").first)
    types(page, {"quality_of_life": "on", "reason": "Only the questionnaires"})
    page.locator('main [name="all_contact"]').uncheck()
    confirms(page, {}, says["follows"], f"course-withdrawal-corrected-{language}")
    expect(page.locator("main")).to_contain_text(says["in part"])
    assert awaited(patient) == before


def is_lost_and_found(
    page: Page, patient: Participant, world: World, says: dict[str, str], language: str
) -> None:
    """Nobody reaches them by two routes over two months; then somebody does."""
    before = awaited(patient)
    for route, on in CALLS:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            record_contact_attempt(
                participant=patient, on=on, route=route, result="no_answer", by=world.coordinator, at=NOW
            )
    page.goto(reverse("followup:contacts", args=[patient.number]))
    follow(page, page.locator(f'a[href="{reverse("followup:lost", args=[patient.number])}"]').first)
    confirms(page, {"on": "2026-11-18"}, says["follows"], f"course-lost-{language}")
    page.goto(patient.get_absolute_url())
    expect(page.locator("main")).to_contain_text(says["lost"])
    to_come = awaited(patient, closes__gte=date(2026, 11, 18))
    assert {code.split("-")[0] for code in to_come} == {"SWEEP", "OS36"}
    page.goto(reverse("followup:contacts", args=[patient.number]))
    reached = {"on": "2026-11-19", "route": "phone", "result": "reached"}
    confirms(page, reached, says["follows"], f"course-found-{language}")
    page.goto(patient.get_absolute_url())
    expect(page.locator("main")).to_contain_text(says["found"])
    assert awaited(patient) == before


def dies(page: Page, patient: Participant, says: dict[str, str], language: str) -> None:
    """The family tells of the death at the next sweep."""
    over = awaited(patient, closes__lt=date(2026, 11, 2))
    told = {"status_dt": "2026-11-10", "vital": "dead", "v_source": "family", "death_dt": "2026-11-02"}
    saves(page, address_of(patient, "SURV", "SWEEP-06"), told, says["moves"], f"course-death-{language}")
    page.goto(patient.get_absolute_url())
    expect(page.locator("main")).to_contain_text(says["died"])
    examine(page, f"course-dead-{language}")
    assert awaited(patient) == over


def asks_for_surgery(page: Page, patient: Participant, says: dict[str, str], language: str) -> None:
    """After a clear CRE-1 the participant asks for the operation: CRE-2 stays until it is done; and thinks again."""
    before, address = awaited(patient), address_of(patient, "CRE", "CRE-1")
    chooses(page, address, WISH)
    expect(page.locator("body")).to_contain_text(says["planned"])
    assert {"SURG-1", "CRE-2"} <= awaited(patient)
    saves(page, address, {"pt_dec": "accepts"}, says["moves"], f"course-wish-{language}")
    assert awaited(patient) == before


def declines_surgery(page: Page, patient: Participant, says: dict[str, str], language: str) -> None:
    """At the restaging the participant declines the operation that the MDT advises: surveillance opens."""
    assert "SURG-2" in awaited(patient)
    saves(page, address_of(patient, "CRE", "RST"), REFUSAL, says["moves"], f"course-declines-{language}")
    assert "SURG-2" not in awaited(patient)
    assert {"AS-09", "AS-60"} <= awaited(patient)


def crosses_over(page: Page, patient: Participant, says: dict[str, str]) -> None:
    """With a complete response at CRE-2, the participant asks for the operation."""
    chooses(page, address_of(patient, "CRE", "CRE-2"), WISH | {"mdt_dt": "2026-09-01"})
    expect(page.locator("body")).to_contain_text(says["planned"])
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert visit_of(patient, "SURG-1").reason == "CROSSOVER_TO_SURGERY"


def chooses(page: Page, address: str, answers: dict[str, str]) -> None:
    """The answers are typed into the form that is on record, with a reason, and saved."""
    page.goto(address)
    types(page, answers)
    reason = page.locator('[name="_reason"]')
    if reason.is_visible():  # asked for where a saved answer changes
        reason.fill("Decided anew")
    follow(page, page.locator("#crf-form button[type=submit].btn-primary").last)
    assert page.locator(".p3-errors").count() == 0, page.locator(".p3-errors").inner_text()
