"""Objects of another site, tried at every address and parameter that names one, are answered as nobody's are.

Looked at: each address that a coordinator may open and that carries a row number, a site or a version at a site, by
GET and POST, below a participant of one's own as well; each list, asked by each name that stands for an object; each
form that is sent without an object in its address. A new address with a row number fails until a table names it.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission, Role
from audit.acts import open_act
from audit.models import Act, TrailReview
from crf.engine.submission import Answers
from crf.listings.definition import ListingDefinition
from crf.listings.services import save_listing
from crf.models import Query, SavedListing, WorkingNote
from crf.notes.services import write_note
from crf.queries.services import raise_query
from crf.records.save import save_answers
from crf.store.records import NEW, record_key_of
from exports.imports.models import DataImport
from exports.living_access.services import make_token
from exports.models import ApiToken
from followup.models import ContactAttempt, Visit
from followup.services import plan_visits_for, record_contact_attempt, withdraw_participant
from kernel.postgresql.roles import url_of
from kernel.row_keys import key_of
from kernel.scope import EVERYTHING, scope
from monitoring.models import MonitoringFinding
from protocol.reference_lines import read_range_lines
from reports.services import plan_review
from tests.database import ADMIN
from tests.integration.crf.test_saving import stage
from tests.integration.exports.test_imports import lab, previewed
from tests.integration.monitoring.test_central_monitoring import seen as finding
from tests.integration.system.test_permission_matrix import (
    ABOUT_SITES,
    COMMITTING,
    MATRIX,
    addresses,
    sample,
)
from tests.integration.trials.contact_world import receive
from tests.integration.trials.test_gates import given, person
from tests.integration.trials.test_registers import entry
from tests.world import NOW, OPENED_ON, PASSWORD, TODAY, World, as_person, screen
from trials.models import (
    Delegation,
    DeviationProposal,
    LossToFollowUp,
    Participant,
    ReferenceRange,
    Withdrawal,
)
from trials.models.closing import SiteCopy
from trials.models.registers import RegisterEntry, RegisterKind
from trials.services import delegate, open_loss, propose_deviation
from trials.services.copies import ask_living_copy
from trials.services.laboratory import add_reference_ranges

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PARTS = dict(addresses())
KINDS: dict[str, type[models.Model]] = {
    "crf:settle-note": WorkingNote,
    "crf:settle-deviation": DeviationProposal,
    **dict.fromkeys(("crf:query", "crf:query-answer", "crf:query-confirm", "crf:query-assign"), Query),
    **dict.fromkeys(
        ("followup:visit", "followup:took-place", "followup:describe", "followup:not-done"), Visit
    ),
    **dict.fromkeys(("followup:propose", "crf:nothing-new", "crf:lock-visit", "crf:verify-visit"), Visit),
    "followup:cancel-attempt": ContactAttempt,
    "followup:cancel-loss": LossToFollowUp,
    **dict.fromkeys(("followup:correct-withdrawal", "followup:cancel-withdrawal"), Withdrawal),
    "crf:withdraw-range": ReferenceRange,
    "exports:token-revoke": ApiToken,
    **dict.fromkeys(("exports:import", "exports:import-take", "exports:import-discard"), DataImport),
    "exports:api:import": DataImport,
}
# Of the whole trial or of a person, or tried where such a row is made.
ELSEWHERE = {
    "trials:anchor-file": "public",
    "trials:transfer": "integration/followup/test_transfer.py",
    "trials:site-document": "integration/trials/test_site_set_up.py",
    **dict.fromkeys(
        ("crf:attachment", "crf:remove-attachment", "crf:upload", "crf:take-upload-back"),
        "integration/crf/test_attachments.py",
    ),
    "exports:api:attachment-file": "integration/crf/test_attachments.py",
    **dict.fromkeys(
        ("crf:listing", "crf:change-listing", "crf:archive-listing", "crf:review-rows"),
        "integration/crf/test_listings.py",
    ),
    "exports:api:listing-rows": "integration/crf/test_listings.py",
    # These commit by themselves.
    **dict.fromkeys(
        ("exports:api:import-take", "exports:api:import-discard"), "integration/exports/test_imports.py"
    ),
}
# Of an investigator or a monitor who is at one site, where a coordinator has no right: walked by them.
THEIRS: dict[str, type[models.Model] | str] = {
    **dict.fromkeys(("trials:confirm-copy", "exports:download-copy"), SiteCopy),
    **dict.fromkeys(("trials:approve-register-entry", "trials:close-register-entry"), RegisterEntry),
    "trials:confirm-delegation": Delegation,
    "crf:ask-visit": Visit,
    "crf:note-ask": WorkingNote,
    **dict.fromkeys(("crf:query-close", "crf:query-again"), Query),
    **dict.fromkeys(("monitoring:finding", "monitoring:take"), MonitoringFinding),
    **dict.fromkeys(("reports:record-review", "reports:change-review", "reports:end-review"), TrailReview),
    **dict.fromkeys(
        ("trials:accept-transfer", "trials:take-acceptance-back", "trials:end-transfer"),
        "between two sites: integration/followup/test_transfer.py",
    ),
}
# Their participant's own page opens once an envelope was used for them: integration/randomization/test_envelopes.py.
NEEDS_AN_ENVELOPE = {
    *("randomization:move-envelope", "randomization:open-envelope", "randomization:envelope-not-opened"),
}
OBJECTS = {"pk", "number", "reference", "site", "token", "ticket", "username"}
ASKED_BY = ("site", "participant", "number", "q", "visit", "record", "query", "term", "of", "replaces")
OF_THE_API = ("site", "participant", "number", "visit", "query")
NOBODYS: dict[str, Any] = {"pk": 2**31 - 7, "code": "77", "site": "77", "reference": "ZZZZ-9999"}
BY: dict[str, Any] = {"by": None, "at": NOW}
REFERENCE = "ABCD-2345"


def of_a_coordinator(name: str) -> bool:
    return MATRIX[name][1] == "*" or "C" in MATRIX[name][1]


def about_a_site(name: str) -> bool:
    return name.startswith(ABOUT_SITES) and "code" in PARTS[name]


@pytest.fixture
def theirs(world: World) -> dict[str, Any]:
    """A participant of site 01 with one object of each kind, and one of site 02 beside it."""
    rows: dict[Any, int] = {}
    with scope(user_id=None, sites=EVERYTHING):
        own = screen(world, site=world.other_site)
        first = screen(world)
        for participant in (own, first):
            plan_visits_for(participant=participant, by=None, at=NOW)
            key = record_key_of(participant=participant, form="ELIG")
            raise_query(record_key=key, text="Please look", by=world.data_manager, at=NOW)
            told: dict[str, Any] = {"rule": "wrong_treatment", "key": "look", "detail": "x"}
            propose_deviation(participant=participant, by=None, at=NOW, **told)
        left = screen(world)
        of_conduct(world, first, left)
        for kind in {*KINDS.values()} - {WorkingNote, ApiToken, DataImport}:
            manager: Any = kind._default_manager
            rows[kind] = manager.filter(site=world.site).earliest("pk").pk
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with as_person(world.coordinator):
        rows[WorkingNote] = write_note(participant=first, text="Ring again", **by).pk
        line = f"{first.number},SCR,Y,2026-01-08,HGB,12.9,g/dL,"
        rows[DataImport] = previewed(world, lab(line)).pk
        rights = [Permission.PARTICIPANT_VIEW]
        ends = NOW + timedelta(days=30)
        token, _secret = make_token(name="x", scopes=rights, expires_at=ends, password=PASSWORD, **by)
        rows[ApiToken] = token.pk
    request = receive(reference=REFERENCE)
    return {"participant": first, "own": own, "rows": rows, "request": request}


def of_conduct(world: World, first: Participant, left: Participant) -> None:
    """Somebody rang the first and could not reach them, the other one withdrew, and the laboratory has a range."""
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    record_contact_attempt(participant=first, on=TODAY, route="phone", result="no_answer", **by)
    with open_act("followup:participant:lost", participant=first, **BY) as act:
        open_loss(participant=first, on=TODAY, act=act)
    withdraw_participant(participant=left, on=TODAY, procedures=True, **by)
    read = list(read_range_lines(["ALT\tU/L\t9-50"]))
    add_reference_ranges(site=world.site, laboratory="", since=date(2026, 1, 1), lines=read, **BY)


def client_as(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def client_of(world: World) -> Client:
    return client_as(world.stranger)


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def address(name: str, values: dict[str, Any]) -> str:
    filled = sample(None, "") | values  # type: ignore[arg-type]
    return reverse(name, kwargs={part: filled[part] for part in PARTS[name]})


def test_every_address_with_a_row_number_is_tried() -> None:
    carrying = {name for name in MATRIX if "pk" in PARTS[name] and of_a_coordinator(name)}
    assert carrying == set(KINDS) | {name for name in carrying if name in ELSEWHERE}


def objects(theirs: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each address of a coordinator that names an object, with what it is called at the other site."""
    numbers = [theirs["participant"].number, theirs["own"].number]
    for name in filter(of_a_coordinator, MATRIX):
        if name in KINDS:
            row = {"pk": theirs["rows"][KINDS[name]]}
            below = "number" in PARTS[name]
            yield from ((name, row | {"number": number} if below else row) for number in numbers[: 1 + below])
        elif about_a_site(name):
            yield name, {"code": "01"}
        elif "site" in PARTS[name]:
            yield name, {"site": "01"}
        elif "reference" in PARTS[name]:
            yield name, {"reference": REFERENCE}


def test_an_object_of_another_site_is_answered_as_nobodys(world: World, theirs: dict[str, Any]) -> None:
    client, reached, asked = client_of(world), {}, 0
    number = theirs["participant"].number
    for name, named in objects(theirs):
        nobodys = named | {key: NOBODYS[key] for key in named if key in NOBODYS}
        for method in ("get", "post"):
            said = address(name, named)
            answer = getattr(client, method)(said)
            missing = getattr(client, method)(address(name, nobodys))
            asked += 1
            told = number in body_of(answer).replace(said, "")
            if answer.status_code < 400 or answer.status_code != missing.status_code or told:
                reached[name, method, *named.values()] = (answer.status_code, missing.status_code, told)
    assert reached == {}
    assert asked > 40


def letters_of(name: str) -> set[str]:
    return {"C"} if of_a_coordinator(name) else {"I", "M"} & set(MATRIX[name][1])


def test_every_address_of_an_investigator_or_a_monitor_with_a_row_number_is_tried() -> None:
    carrying = {name for name in MATRIX if "pk" in PARTS[name] and letters_of(name) & {"I", "M"}}
    assert carrying == set(THEIRS)


@pytest.fixture
def others(world: World, theirs: dict[str, Any]) -> dict[str, Any]:
    """What stands at site 01 for an investigator or a monitor, beside what stands there for a coordinator."""
    by: dict[str, Any] = {"by": world.trial_manager, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING):
        theirs["rows"] |= {
            SiteCopy: ask_living_copy(site=world.site, by=world.investigator, at=NOW).pk,
            RegisterEntry: entry(world, RegisterKind.CROSS_BORDER, site=world.site, reference="1").pk,
            Delegation: given(world, person("newcomer"), Role.COORDINATOR, world.site).pk,
            MonitoringFinding: finding(world, "odd-hours", 12, 20).pk,
            TrailReview: plan_review(
                name="One",
                every_days=7,
                first_on=TODAY,
                filters={"participant": theirs["participant"].number},
                **by,
            ).pk,
        }
    return theirs


def test_an_object_of_another_site_is_answered_as_nobodys_to_an_investigator_and_a_monitor(
    world: World, others: dict[str, Any]
) -> None:
    """Where a coordinator has no right, the one refusal for all would hide what another role is told."""
    with scope(user_id=None, sites=EVERYTHING):
        monitor = person("monitor_of_two")
        delegate(user=monitor, role=Role.MONITOR, site=world.other_site, starts_on=OPENED_ON, by=None, at=NOW)
    walkers = {"I": User.objects.get(username="other_investigator"), "M": monitor}
    number, own = others["participant"].number, others["own"].number
    reached, asked = {}, 0
    for name in MATRIX:
        for letter in letters_of(name) & set(walkers):
            if name in COMMITTING or isinstance(THEIRS.get(name), str):
                continue
            client = client_as(walkers[letter])
            named: dict[str, Any] = {"pk": others["rows"][THEIRS[name]]} if name in THEIRS else {}
            named |= {"number": number} if "number" in PARTS[name] else {}
            named |= {"code": "01"} if about_a_site(name) else {}
            if not named:
                continue
            below = [named, named | {"number": own}] if {"number", "pk"} <= set(PARTS[name]) else [named]
            for each in below:
                nobodys = {key: NOBODYS.get(key, "99-9999") for key in each}
                for method in ("get", "post"):
                    said = address(name, each)
                    answer = getattr(client, method)(said)
                    missing = getattr(client, method)(address(name, nobodys))
                    asked += 1
                    told = number in body_of(answer).replace(said, "")
                    if answer.status_code < 400 or answer.status_code != missing.status_code or told:
                        reached[name, letter, method] = (answer.status_code, missing.status_code, told)
            right = address(name, each | {"number": own}) if "number" in named and "pk" not in named else ""
            if right and MATRIX[name][0] == "get" and name not in NEEDS_AN_ENVELOPE:
                assert client.get(right).status_code not in {403, 404}, (
                    name,
                    letter,
                    "while one's own opens",
                )
    assert reached == {}
    assert asked > 60


def test_what_is_shared_or_planned_tells_a_site_of_no_participant_of_another(
    world: World, others: dict[str, Any]
) -> None:
    """A planned review of the trail has no site of its own, and its filter may name anybody."""
    number = others["participant"].number
    addresses = [reverse("reports:trail-reviews"), reverse("reports:trail"), reverse("crf:listings")]
    assert number in client_as(world.data_manager).get(addresses[0]).content.decode()
    for who in (world.stranger, User.objects.get(username="other_investigator")):
        texts = [client_as(who).get(each).content.decode() for each in addresses]
        assert [number in text for text in texts] == [False] * 3


def test_a_list_asked_by_an_object_of_another_site_tells_nothing(
    world: World, theirs: dict[str, Any]
) -> None:
    client, told = client_of(world), []
    first: Participant = theirs["participant"]
    other = {
        "site": "01",
        "visit": key_of("visit", theirs["rows"][Visit]),
        "query": key_of("query", theirs["rows"][Query]),
    }
    named = {key: str(other.get(key, first.number)) for key in ASKED_BY}
    asked = 0
    for name, (method, _roles) in MATRIX.items():
        if method != "get" or not of_a_coordinator(name) or OBJECTS & set(PARTS[name]) or about_a_site(name):
            continue
        by_api = name.startswith("exports:api:")
        for by in [{key: named[key]} for key in OF_THE_API] if by_api else [named]:
            answer = client.get(address(name, {"kind": "csv"}), by)
            asked += 1
            body = body_of(answer)
            # What was typed stands in a page's fields and in a refusal; a link or a row tells of somebody.
            shown = f"/{first.number}/" if not by_api else first.number
            if answer.status_code >= 500 or (answer.status_code == 200 and shown in body):
                told.append((name, by, answer.status_code))
    assert told == []
    assert asked > 60


def test_no_form_sent_with_objects_of_another_site_leaves_an_act_there(
    world: World, theirs: dict[str, Any]
) -> None:
    client = client_of(world)
    first: Participant = theirs["participant"]
    with scope(user_id=None, sites=EVERYTHING):
        last = Act.objects.latest("pk").pk
    said = {
        "site": [str(world.site.pk), "01"],
        "participant": first.number,
        "participants": str(first.pk),
        "number": first.number,
        "row": key_of("query", theirs["rows"][Query]),
        "assignee": world.coordinator.username,
        "text": "Said by somebody of another site",
        "reason": "Said by somebody of another site",
        "password": PASSWORD,
    }
    sent = 0
    for name in MATRIX:
        if not of_a_coordinator(name) or OBJECTS & set(PARTS[name]) or name in COMMITTING:
            continue
        if name.startswith("accounts:"):
            continue  # one's own account; signing out would end the look
        answer = client.post(
            address(name, {"code": "01", "kind": "answer"}), said | {"once": secrets.token_hex(16)}
        )
        assert answer.status_code < 500, name
        sent += 1
    assert sent > 40
    with scope(user_id=None, sites=EVERYTHING):
        later = Act.objects.filter(pk__gt=last, by=world.stranger)
        assert [a.verb for a in later if a.site_id == world.site.pk or a.participant_id == first.pk] == []


# Acts are numbered without gaps, and how many there are goes out with each night's digest (ADR 43, ADR 58).
COUNTED_IN_PUBLIC = ("audit_act_id_seq",)
FAR = re.compile(r"(?<![\w.])7\d{8}(?!\w)")


@pytest.fixture
def far_numbers(world: World) -> Iterator[None]:
    """Rows that are made from now on have numbers of nine digits, which nothing else on a page has."""
    there, far = (
        url_of(os.environ[ADMIN], database=connection.settings_dict["NAME"]),
        "SELECT setval(%s::regclass, %s, %s)",
    )
    with psycopg.connect(there, autocommit=True) as admin:
        kept = admin.execute(
            "SELECT 'public.' || sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences "
            "WHERE schemaname = 'public' AND sequencename <> ALL (%s) ORDER BY 1",
            [list(COUNTED_IN_PUBLIC)],
        ).fetchall()
        for n, (name, _last, _called) in enumerate(kept):
            admin.execute(far, [name, 700_000_000 + n * 100_000, True])
        yield
        for row in kept:
            admin.execute(far, row)


def of_a_listing(world: World, theirs: dict[str, Any]) -> User:
    """A listing of one's own shows a record and the rows in it; return a person who came late to the site."""
    with scope(user_id=None, sites=EVERYTHING):
        key = record_key_of(participant=theirs["participant"], form="STAGE")
        save_answers(
            record_key=key,
            answers=Answers(**stage()),
            version=NEW,
            by=world.coordinator,
            at=NOW,
        )
        asked = ListingDefinition(sources=("STAGE.node", "ELIG"), columns=("STAGE.node.station",))
        listing = save_listing(name="One", definition=asked, is_shared=False, by=world.coordinator, at=NOW)
        theirs["rows"][SavedListing] = listing.pk
        late = person("late_colleague")
        about: dict[str, Any] = {"site": world.site, "starts_on": OPENED_ON, "by": None, "at": NOW}
        delegate(user=late, role=Role.COORDINATOR, **about)
        return late


def test_no_address_page_or_answer_tells_a_site_a_number_that_counts_other_sites(
    far_numbers: None, world: World, theirs: dict[str, Any]
) -> None:
    """What the coordinator and the investigator of a site open of their own: the pages, and the API."""
    number, told, opened = theirs["participant"].number, set(), 0
    late = of_a_listing(world, theirs)
    central = client_as(world.data_manager).get(reverse("crf:lock-participants", args=["01"]))
    assert FAR.search(body_of(central)), "where numbers stay, the look sees them"
    for walker, letter in ((world.coordinator, "C"), (world.investigator, "I")):
        client = client_as(walker)
        for name, (method, roles) in MATRIX.items():
            if method != "get" or not (roles == "*" or letter in roles):
                continue
            named: dict[str, Any] = {"number": number, "reference": REFERENCE, "code": "ELIG"}
            named |= {"code": "01"} if about_a_site(name) else {}
            kind = SavedListing if name == "crf:listing" else KINDS.get(name)
            named |= {"pk": theirs["rows"][kind]} if kind else {}
            answer = client.get(address(name, named))
            opened += answer.status_code == 200
            shown = body_of(answer) + answer.headers.get("Location", "")
            told |= {(name, shown[max(0, one.start() - 40) : one.end() + 5]) for one in FAR.finditer(shown)}
    form = client_as(late).get(reverse("crf:form", args=[number, "STAGE"]))
    assert form.status_code == 200
    told |= {("what the browser keeps", one[0]) for one in FAR.finditer(body_of(form))}
    assert told == set()
    assert opened > 120
