"""People who asked for a call, and readers of the news: invented, through the services that the pages call."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, Final

from demo.simulation.sites import SiteWithPeople, Stage
from kernel.scope import EVERYTHING, scope
from trials.models import ContactRequest, NewsReader
from trials.models.people import confided_to, sites_of
from trials.models.requests import UnsuitableReason
from website.contact.forms import Typed
from website.contact.news_mails import ticket_of
from website.services import erasing, news
from website.services import requests as services

# No such people: the names are those of a textbook's first lesson, the numbers of a range kept for examples.
NAMES: Final = (
    ("小明", "测试"),
    ("小红", "样例"),
    ("Sample", "Caller"),
    ("小刚", "示例"),
    ("Example", "Relative"),
)
MESSAGES: Final = ("", "晚上六点以后方便接听。", "Please call in the morning.", "我替父亲询问。", "")
LANGUAGES: Final = ("普通话", "普通话", "English", "粤语", "四川话")
ENDINGS: Final = (
    "new",
    "late",
    "called",
    "again",
    "invited",
    "screened",
    "declined",
    "age",
    "unreached",
    "erased",
)
# Somebody is still to do something for them, and would be long late if they had asked months ago.
GOING_ON: Final = frozenset({"called", "invited", "screened"})


def let_people_ask(place: SiteWithPeople, *, until: datetime, dice: random.Random) -> None:
    """A site that is open has requests in every state."""
    if place.consent is not None:
        for number, ending in enumerate(ENDINGS):
            _ask(place, number, ending, until, dice)


def _ask(place: SiteWithPeople, number: int, ending: str, until: datetime, dice: random.Random) -> None:
    first, last = NAMES[number % len(NAMES)]
    spread = dice.uniform(6, 60)
    days = {"new": 0.1, "late": 9.0, "again": 2.0}.get(ending, spread / 4 if ending in GOING_ON else spread)
    at = until - timedelta(days=days)
    letters = "".join(dice.choices("ABCDEFGHJKMNPQRSTUVWXYZ23456789", k=8))
    phone = f"1380013{int(place.site.code):02d}{number:02d}"
    typed = Typed(
        first_name=first,
        last_name=last,
        email=f"caller{place.site.code}{number}@demo.invalid" if number % 3 else "",
        phone=f"+86{phone}",
        phone_typed=phone,
        language=LANGUAGES[number % len(LANGUAGES)],
        message=MESSAGES[number % len(MESSAGES)],
    )
    made = services.receive_request(
        site_code=place.site.code, typed=typed, reference=f"{letters[:4]}-{letters[4:]}", at=at
    )
    if made is not None and ending not in {"new", "late"}:
        _go_on(place, made, ending, at)


def _go_on(place: SiteWithPeople, request: ContactRequest, ending: str, asked_at: datetime) -> None:
    person = place.coordinator
    with scope(user_id=person.pk, sites=sites_of(person), confided=confided_to(person)):
        called_at = asked_at + timedelta(hours=20)
        by: dict[str, Any] = {"request": request, "by": person}
        result = {"again": "later", "unreached": "no_answer"}.get(ending, "reached")
        again_on = (called_at + timedelta(days=3)).date() if ending == "again" else None
        services.record_call(**by, called_at=called_at, result=result, again_on=again_on, at=called_at)
        then = called_at + timedelta(hours=26)
        if ending in {"invited", "screened"}:
            services.invite(**by, at=called_at)
        if ending == "screened":
            services.screen(**by, at=then)
        elif ending in {"declined", "unreached"}:
            services.close_request(**by, how=ending, at=then)
        elif ending in set(UnsuitableReason):
            services.close_request(**by, how="not_suitable", reason=ending, at=then)
        elif ending == "erased":
            erasing.erase_on_request(**by, at=then)


def read_news(stage: Stage, until: datetime) -> None:
    """A few readers are signed up, and one letter waits for release."""
    at = until - timedelta(days=40)
    for number in range(6):
        news.ask_for_news(
            email=f"reader{number}@demo.invalid", language="zh-hans" if number % 3 else "en", at=at
        )
    with news.as_nobody():
        tickets = [ticket_of(reader) for reader in NewsReader.objects.order_by("pk")[:5]]
    for ticket in tickets:
        news.confirm_news(ticket=ticket, at=at + timedelta(hours=1))
    manager = stage.central["trial"]
    with scope(user_id=manager.pk, sites=EVERYTHING):
        news.write_letter(
            subject_en="A further centre is open",
            subject_zh="又有一家中心开始招募",
            text_en="Since this month a further centre takes part. The page about the trial names all of them.",
            text_zh="自本月起，又有一家中心参加本试验。试验介绍页面列有全部中心。",
            approved_on=(until - timedelta(days=10)).date(),
            approval="DEMO-2026-07",
            by=manager,
            at=until - timedelta(days=2),
        )
