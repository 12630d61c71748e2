"""Everything that anybody can open, searched for coming arms that were planted (requirement 23).

Every place that nobody has yet is sealed again with an arm that no trial has, ``ZQX-KV-W``. Whatever unseals a
coming place, in a page, an API answer, a log line, an error, a mail, a PDF or an export, would show it; so
would the place's number, its salt, or the order of the arms that its seed gives.
"""

from __future__ import annotations

import io
import json
import logging
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Mail, User
from accounts.permissions import Permission
from accounts.second_factor import code_at
from accounts.services import change_person
from crf import catalogue
from exports.living_access.services import make_token
from exports.selected.selection import Selection
from exports.services import request_export, write_export
from kernel.row_keys import key_of
from kernel.scope import EVERYTHING, scope
from randomization.allocation_list.functions import place_binding
from randomization.allocation_list.keys import list_keys
from randomization.models import ListPart
from randomization.scheme.blocks import Design, stratum_slots
from randomization.scheme.generation import salt_of
from randomization.scheme.sealing import arm_content, seal
from randomization.services import activate_list, define_scheme, randomize
from tests.clock import clock_time
from tests.integration.randomization.test_pages import printed
from tests.integration.system.test_permission_matrix import address_of, addresses, sample
from tests.world import NOW, PASSWORD, World, as_person

CHAPTERS = ("1.9",)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = "planted-seed-5f3a9c"
PLANTED = "ZQX-KV-W"  # too long to be met in a random token
SIGNS_OUT = {"accounts:sign-out", "accounts:sign-in-again", "accounts:sign-in", "accounts:password"}
STREAMED = {"exports:schema", "exports:api"}  # the description of the API: no data
SITE_PEOPLE = ("coordinator", "investigator")
PRINTED = {"randomization:certificate-pdf", "randomization:visit-card", "randomization:root-pdf"}
WRITERS = (
    "investigator",
    "data_manager",
    "statistician",
)  # they also send empty forms, to see what is refused


@pytest.fixture
def part(world: World) -> ListPart:
    """The first list, from a seed that the test knows."""
    with as_person(world.statistician):
        asked = define_scheme(
            name="PALACE3-A", places_per_stratum=80, by=world.statistician, password=PASSWORD, at=NOW
        )
        return activate_list(part=asked, by=world.second_statistician, password=PASSWORD, at=NOW, seed=SEED)


@pytest.fixture
def used(world: World, part: ListPart, eligible: Any) -> str:
    """A trial in which three were randomized; the number of the first."""
    given = []
    for _ in range(3):
        participant = eligible()
        with as_person(world.investigator):
            given.append(
                randomize(
                    participant=participant,
                    confirmed_stratum="01/III",
                    by=world.investigator,
                    password=PASSWORD,
                    at=NOW,
                )
            )
    return str(given[0].participant.number)


@pytest.fixture
def secrets(used: str, part: ListPart, superuser: Any) -> set[str]:
    """What must be nowhere: it is planted into the coming places, or known from their seed."""
    superuser.execute("SET session_replication_role = replica")
    coming = superuser.execute(
        "SELECT t.name, s.sequence, s.number, s.stratum_id FROM allocation.slot AS s "
        "JOIN allocation.stratum AS t ON t.id = s.stratum_id WHERE s.participant_id IS NULL ORDER BY 1, 2"
    ).fetchall()
    found = {PLANTED, SEED, SEED.encode().hex()}
    for stratum, sequence, number, stratum_id in coming:
        salt = salt_of(SEED, stratum, sequence)
        again = seal(
            list_keys(), arm_content(PLANTED, salt), bound=place_binding("PALACE3-A", stratum, sequence)
        )
        superuser.execute(
            "UPDATE allocation.slot SET sealed = %s WHERE stratum_id = %s AND sequence = %s",
            [again.blob, stratum_id, sequence],
        )
        found |= {number, salt.hex(), again.blob.hex()}
    superuser.execute("SET session_replication_role = origin")
    return found | set(coming_orders(part))


def coming_orders(part: ListPart) -> Iterator[str]:
    """The next twelve arms of each stratum, however they might be written in a row."""
    for stratum in part.strata:
        arms = [
            p.arm for p in stratum_slots(Design("PALACE3-A"), seed=SEED, stratum=stratum, count=12, after=3)
        ]
        yield from (joint.join(arms) for joint in ("", ",", ", ", " ", '", "', "\n"))


def signed_in(user: User, *, language: str = "en") -> Client:
    now = clock_time()
    with scope(user_id=None, sites=EVERYTHING):
        change_person(
            user=user, by=None, at=now, totp_secret="A" * 32, totp_confirmed_at=now, language=language
        )
    # Signing in on the page keeps the person's language in a cookie; a forced sign-in has to say it.
    client = Client(raise_request_exception=False, headers={"accept-language": language})
    client.force_login(user)
    return client


def every_address(world: World, number: str, part: ListPart, export: int) -> Iterator[tuple[str, str]]:
    values = sample(world, number) | {"label": part.label}
    for name, parts in addresses():
        if name in STREAMED:
            continue
        pk = part.pk if name.startswith("randomization:") else export if "export" in name else 1
        yield name, address_of(name, parts, values | {"pk": pk})


def words_of(content: bytes) -> str:
    """What can be read in an answer: text as it is, PDFs and archives opened."""
    if content.startswith(b"%PDF"):
        return printed(content)
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(words_of(archive.read(name)) for name in archive.namelist())
    return content.decode("utf-8", "replace")


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.fixture
def export(world: World, used: str, settings: Any, tmp_path: Any, monkeypatch: Any) -> int:
    """An export of every form of every site, written."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("exports.services.send", lambda name, pk, **more: None)
    now = clock_time()
    with as_person(world.data_manager):
        asked = request_export(
            forms=list(catalogue.forms()),
            sites=["01", "02"],
            purpose="leak",
            selection=Selection(arm="shown"),
            by=world.data_manager,
            at=now,
        )
        return int(write_export(export=asked, at=now).pk)


def test_no_page_pdf_error_log_or_mail_shows_a_coming_place(
    world: World, used: str, part: ListPart, export: int, secrets: set[str], caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = {}
    for who, person in world.everyone().items():
        client = signed_in(person)
        for name, address in every_address(world, used, part, export):
            if who in WRITERS or name not in PRINTED:
                seen[f"{who} {name}"] = words_of(body_of(client.get(address)))
            if who in WRITERS and name not in SIGNS_OUT:
                seen[f"{who} posts {name}"] = words_of(body_of(client.post(address)))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        seen["mails"] = "\n".join(f"{m.subject}\n{m.body}" for m in Mail.objects.all())
    seen["log"] = log_of(caplog.records)
    assert "certificate" in seen["investigator randomization:certificate-pdf"].lower()
    assert "<svg" in seen["statistician randomization:balance"]
    assert shown(secrets, seen) == []


def test_no_export_or_api_answer_shows_a_coming_place(
    world: World, used: str, part: ListPart, export: int, secrets: set[str]
) -> None:
    seen = {}
    manager = signed_in(world.data_manager)
    zipped = body_of(manager.post(f"/exports/{key_of('export', export)}/download/"))
    assert zipped.startswith(b"PK")
    seen["export"] = words_of(zipped)
    assert used in seen["export"]
    now = clock_time()
    for who, person in world.everyone().items():
        scopes = [permission for permission in Permission if person.may(permission)]
        with scope(user_id=None, sites=EVERYTHING):
            _token, secret = make_token(
                name=who,
                scopes=scopes,
                expires_at=now + timedelta(days=1),
                password=PASSWORD,
                code=code_at(person, now),
                by=person,
                at=now,
            )
        api = Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
        for name, address in every_address(world, used, part, export):
            if name.startswith("exports:api:"):
                for method in ("get", "post", "put"):
                    answer = getattr(api, method)(address, **({"data": {}} if method == "get" else JSON))
                    seen[f"{who} {method} {name}"] = words_of(body_of(answer))
    given = json.loads(seen["investigator get exports:api:allocation"])
    assert given["certificate"]["slot"]["arm"] in ("1", "2")
    assert shown(secrets, seen) == []


JSON: dict[str, Any] = {"data": {}, "content_type": "application/json"}


def test_a_seal_that_does_not_fit_shows_nothing_in_page_or_log(
    world: World, used: str, eligible: Any, secrets: set[str], superuser: Any, caplog: Any
) -> None:
    """The planted arm is no arm of the trial: allocating it stops loudly, and does not name it."""
    participant = eligible()
    typed = {"confirmed_stratum": "01/III", "strata_right": "on", "password": PASSWORD}
    answer = signed_in(world.investigator).post(f"/participants/{participant.number}/randomize/", typed)
    assert answer.status_code == 409
    assert "does not open" in answer.text
    taken = superuser.execute(
        "SELECT number FROM randomization_allocation WHERE participant_id = %s", [participant.pk]
    ).fetchone()[0]
    said = answer.text + log_of(caplog.records)
    assert shown(secrets - {taken}, {"said": said}) == []


def log_of(records: Iterable[logging.LogRecord]) -> str:
    """Return all that the records say and carry but clocks and timings, whose digits hold anything by chance."""
    return "\n".join(
        f"{record.getMessage()} {record.exc_text or ''} "
        f"{[value for name, value in vars(record).items() if name != 'args' and not isinstance(value, float)]}"
        for record in records
    )


def shown(secrets: set[str], seen: dict[str, str]) -> list[str]:
    return [where for where, text in seen.items() if any(secret in text for secret in secrets)]


def test_the_search_would_find_a_planted_arm(secrets: set[str]) -> None:
    assert shown(secrets, {"here": f"arm {PLANTED}", "there": "nothing"}) == ["here"]


BLOCK = re.compile(r"block[ _-]?sizes?|permuted blocks?|blocks? of|区组", re.IGNORECASE)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_nothing_that_site_people_can_reach_states_block_sizes(
    world: World, used: str, part: ListPart, export: int, language: str
) -> None:
    """Where a page of theirs speaks of blocks at all, no number stands near."""
    stated = []
    for who in SITE_PEOPLE:
        person = getattr(world, who)
        client = signed_in(person, language=language)
        for name, address in every_address(world, used, part, export):
            text = re.sub(r"<[^>]+>|\s+", " ", words_of(body_of(client.get(address))))
            for found in BLOCK.finditer(text):
                near = text[max(0, found.start() - 60) : found.end() + 60]
                if re.search(r"(?<![\d.])(4|6|four|six|mixed)(?![\d.])", near, re.IGNORECASE):
                    stated.append(f"{who} {name}: …{near}…")
    assert stated == []
