"""Nothing that a person without the right to see allocations opens or is sent names an arm (protocol 1.9; ADR 33).

Looked at, in both languages: every address that trial manager, coder, central reviewer and committee may open, for
every participant, visit, query and case of central review; search, lists asked by arm, the trail and its file; mails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Mail
from accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from audit.acts import open_act
from crf import catalogue
from crf.catalogue.central_reviews import CENTRAL_REVIEWS
from crf.central_review.cases import records_of
from crf.engine.checks import Check, Finding, Level
from crf.engine.declaration import FormDeclaration
from crf.models import MessageKind, Query
from crf.queries.sparing import tells_arm
from crf.queries.system import _open, add_message
from crf.store.records import key_of_record
from followup.models import Visit
from followup.services import plan_visits_for
from kernel.scope import EVERYTHING, scope
from protocol import text
from tests.clock import Clock
from tests.demo_trial import UNTIL, Played, played_trial
from tests.integration.crf.test_pages import client_of
from tests.integration.system.test_no_unrendered_token import text_of
from tests.integration.system.test_permission_matrix import LETTERS, MATRIX, addresses
from tests.world import NOW, TODAY, World, screen
from trials.models import Participant
from trials.services import propose_deviation, reveal_arm, set_milestone

ANSWERED = "The second dose was given to this one as well"
# Pages about the trial, which tell what both arms are and nothing about anybody.
OF_THE_TRIAL = {
    *("trials:public", "trials:public-zh", "trials:preview-page", "trials:preview-text"),
    *("trials:draft-text", "trials:text", "exports:api:codebook", "reports:protocol"),
    "analysis:definitions",
}
# What somebody released to the committee is read by arm, and is no page of a participant.
RELEASED = ("committee:",)
BY_ARM = re.compile(r"by-arm|arms-file|^randomization:balance$")


def names_of_arms() -> re.Pattern[str]:
    told = {
        words
        for arm in text.load("1.0").arms
        for both in (arm.label, arm.name, arm.plain)
        for words in (both.en, both.zh)
    }
    return re.compile(
        "|".join(
            [
                r"\b[Aa]rm [12]\b",
                r"第 ?[12] ?组",
                r"""\barm["']?\s*[:=]\s*["']?[12]\b""",
                re.escape(ANSWERED),
                *map(re.escape, sorted(told)),
            ]
        )
    )


def checks() -> Iterator[tuple[FormDeclaration, Check]]:
    for form in catalogue.forms().values():
        for check in form.checks:
            yield form, check


def of_check(form: FormDeclaration, check: Check) -> Query:
    target = check.fields[0] if check.fields else ""
    return Query(form_code=form.code, check_code=check.code, kind="check", target=target, key=check.code)


def test_point_22_every_check_that_names_an_arm_is_known_to() -> None:
    naming = [(form, check) for form, check in checks() if re.search(r"\b[Aa]rm [12]\b", str(check.message))]
    assert len(naming) >= 4
    assert [check.code for form, check in naming if not tells_arm(of_check(form, check))] == []
    assert not tells_arm(of_check(*next(one for one in checks() if one[1].code == "X001")))


def test_point_22_who_is_spared_the_arm_is_spared_its_words() -> None:
    """Whoever sees queries and no allocation is named here, so that a new role is thought about."""
    spared = {
        role
        for role, may in ROLE_PERMISSIONS.items()
        if Permission.QUERY_VIEW in may and Permission.ALLOCATION_VIEW not in may
    }
    assert spared == {Role.TRIAL_MANAGER, Role.CODER}
    assert spared_letters() == set("TKVB")


def test_point_22_what_is_told_by_arm_is_the_statisticians_alone() -> None:
    by_arm = {name: roles for name, (_method, roles) in MATRIX.items() if BY_ARM.search(name)}
    assert len(by_arm) >= 8
    assert {name for name, roles in by_arm.items() if roles != "S"} == set()


def spared_letters() -> set[str]:
    """Return the letters of the table of rights whose roles see no allocation."""
    return {
        letter
        for letter, role in LETTERS.items()
        if Permission.ALLOCATION_VIEW not in ROLE_PERMISSIONS[Role(role)]
    }


@pytest.mark.django_db
def test_point_22_what_follows_from_the_arm_is_not_disguised_and_the_arm_is_not_named(world: World) -> None:
    """The rule of ADR 33: visits and states are shown, the arm itself in no word, value or filter."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        pages = {}
        for arm, visit in (("1", "CRE-1"), ("2", "RST")):
            by: dict[str, Any] = {"by": None, "at": NOW}
            participant = reveal_arm(participant=screen(world), arm=arm, **by)
            for code in ("RAND", "NEO_D1", "NEO_END"):
                set_milestone(participant=participant, code=code, on=TODAY, source="test", **by)
            plan_visits_for(participant=participant, **by)
            pages[visit] = client_of(world.trial_manager).get(participant.get_absolute_url()).text
        listed = client_of(world.trial_manager).get("/participants/").text
    for visit, page in pages.items():
        assert visit in page
        assert names_of_arms().findall(page) == []
    assert names_of_arms().findall(listed) == []
    assert 'name="arm"' not in listed


@pytest.fixture
def played(transactional_db: None, clock: Clock, settings: Any, tmp_path: Any) -> Iterator[Played]:
    clock.go(UNTIL)
    settings.MEDIA_ROOT = tmp_path
    with played_trial() as found:
        yield found


def ask_all(played: Played) -> list[int]:
    """Every check that looks at the arm has asked about a record, and somebody has answered; return the queries."""
    asked = []
    with open_act("crf:query:judge", by=None, at=UNTIL) as act:
        for form, check in checks():
            record = form.model.objects.select_related("participant__site", "visit").first()
            if record is None or not tells_arm(of_check(form, check)):
                continue
            finding = Finding(
                f"look-{check.code}", check.code, Level.SOFT, "check", of_check(form, check).target
            )
            query = _open(key_of_record(form, record), record, finding, act, UNTIL)
            add_message(query, MessageKind.ANSWERED, by=None, at=UNTIL, text=ANSWERED, act=act)
            asked.append(query.pk)
            propose_deviation(
                participant=record.participant, rule="wrong_treatment", key=check.code, detail=str(check.message),
                by=None, at=UNTIL,
            )  # fmt: skip
    return asked


def opened_by(letter: str, played: Played, queries: list[int]) -> Iterator[tuple[str, str]]:
    """Yield name and address of every page and endpoint, for every participant, visit, query and case."""
    numbers = list(Participant.objects.values_list("number", flat=True))
    visits = list(Visit.objects.values_list("participant__number", "pk"))
    cases = [(each.code, row.pk) for each in CENTRAL_REVIEWS.values() for row in records_of(each)]
    parts = dict(addresses())
    for name, (method, roles) in MATRIX.items():
        if method != "get" or not (letter in roles or roles in "*+") or name in OF_THE_TRIAL:
            continue
        if name.startswith(RELEASED):
            continue
        about: list[dict[str, Any]] = [{}]
        if "number" in parts[name]:
            both = "pk" in parts[name]
            about = (
                [{"number": n, "pk": pk} for n, pk in visits] if both else [{"number": n} for n in numbers]
            )
        elif name == "crf:central-review":
            about = [{"review": code, "pk": pk} for code, pk in cases]
        elif name.startswith("crf:") and "pk" in parts[name]:
            about = [{"pk": pk} for pk in queries]
        yield from ((name, played.address(name, **each)) for each in about)
        if about == [{}] and "arm" not in name and roles not in "+":
            yield name, f"{played.address(name)}?arm=1"
    yield from (("search", f"/search/?q={typed}") for typed in (*numbers, "arm", "组"))


def words_of(answer: Any) -> str:
    """Return what a reader sees, out of papers and workbooks too."""
    body: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"%PDF"):
        return text_of(body)
    if body.startswith(b"PK"):
        with ZipFile(BytesIO(body)) as files:
            body = b"\n".join(files.read(name) for name in files.namelist())
    return body.decode(errors="replace")


def told_to(
    letter: str, played: Played, everything: list[tuple[str, str]]
) -> tuple[int, dict[Any, set[str]]]:
    """Open all of it in both languages; return how many pages there were, and those that name an arm."""
    arms, opened, telling = names_of_arms(), 0, {}
    for language in ("en", "zh-hans"):
        client = Client(raise_request_exception=False)
        client.force_login(played.people[letter])
        client.post("/accounts/language/", {"language": language})
        for name, address in everything:
            answer = client.get(address)
            body = words_of(answer)
            opened += answer.status_code == 200
            # A filter that narrows nothing is said again as it was typed, to be kept as a view.
            said_again = body.replace("?arm=1", "").replace('value="arm=1"', "")
            if told := set(arms.findall(said_again)):
                telling[letter, address, language] = told
            if name.startswith("exports:api:") and answer.status_code == 200:
                assert "arm" not in keys_of(json.loads(body)), address
    return opened, telling


def keys_of(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        yield from found
        found = list(found.values())
    for each in found if isinstance(found, list) else ():
        yield from keys_of(each)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_point_22_who_is_spared_the_arm_reads_of_none(played: Played) -> None:
    """Before, eight checks asked "Arm 2 has no camrelizumab before surgery" and the like on the page of queries."""
    arms, telling, opened = names_of_arms(), {}, {}
    letters = sorted(spared_letters())
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        queries = ask_all(played)
        assert len(queries) >= 6
        everything = {letter: [*opened_by(letter, played, queries)] for letter in letters}
    assert any("central-review/" in address for _name, address in everything["V"])
    for letter in letters:
        opened[letter], told = told_to(letter, played, everything[letter])
        telling |= told
    assert telling == {}
    assert opened["T"] > 400
    assert min(opened.values()) > 20, opened
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        people = [played.people[letter] for letter in letters]
        sent = Mail.objects.filter(to__in=people).values_list("subject", "body")
        assert [mail for mail in sent if arms.search(" ".join(mail))] == []

    reader = Client()
    reader.force_login(played.people["D"])
    told = [
        set(arms.findall(reader.get(played.address("crf:query", pk=pk)).content.decode())) for pk in queries
    ]
    assert all(ANSWERED in each for each in told), "who may see allocations reads the words"
    assert any("Arm 2" in each for each in told)


@pytest.mark.django_db
def test_point_11_no_list_of_every_site_is_narrowed_by_the_arm(world: World) -> None:
    """An address with ``arm=1&state=…`` counted an outcome by arm for whoever may see one arm at a time."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        for arm in ("1", "2", "2"):
            reveal_arm(participant=screen(world), arm=arm, by=None, at=NOW)
        counts = {
            (
                role,
                client_of(world.everyone()[role])
                .get(f"/participants/?arm={arm}")
                .context["page"]
                .paginator.count,
            )
            for role in ("data_manager", "monitor", "inspector", "statistician", "coordinator")
            for arm in ("1", "2")
        }
    central = {("data_manager", 3), ("monitor", 3), ("inspector", 3), ("statistician", 3)}
    assert counts == central | {("coordinator", 1), ("coordinator", 2)}
