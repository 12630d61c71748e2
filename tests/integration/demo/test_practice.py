"""Practice counts nowhere, because it has a database of its own; passing it is the training record (ADR 57).

requirement 62: what is done there is in no table of the trial, and so in no list, export, count or mail.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils.html import strip_tags

from accounts.models import User
from accounts.permissions import Role
from accounts.services import change_person, create_person
from audit.models import Act
from crf import catalogue
from crf.deviations.deciding import DeviationJudgement, decide_deviation
from crf.eligibility.evidence import current_evidence
from crf.models import Query, QueryState, Record, SignedAs
from crf.queries.services import answer_query, close_query, raise_query
from crf.records.signing import digest_of, sign_records
from crf.records.source_verification import verify_fields
from crf.store.outstanding import unverified_required
from crf.store.records import RecordKey, find_stored_record, key_of_record
from crf.store.verification import answers_of
from demo.practice.preparation import case_of
from demo.practice.services import PASSWORD, set_up_practice
from demo.practice.tour import TOURS
from demo.simulation.answers import demographics
from demo.simulation.form_filler import fill
from followup.models import Visit
from followup.services import record_visit
from kernel.environment import EnvironmentRefused
from kernel.postgresql.purpose import keep_for_practice, refuse_other_purpose
from kernel.postgresql.roles import prepare, url_of
from kernel.scope import EVERYTHING, scope
from randomization.allocation.readiness import readiness
from randomization.models import Allocation, Scheme
from randomization.services import define_scheme, randomize, reject_list
from tests.clock import NOW
from tests.database import PASSWORD as OF_ROLES
from tests.database import name_of_template
from tests.world import World, as_person
from trials import services as trials
from trials.models import ConsentVersion, Participant
from trials.models.people import with_grants
from trials.practice import PRACTISED_ROLES, PassedTour, entry_ticket, learner_of, pass_ticket

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
TRIAL, PRACTICE = "https://trial.example.org", "https://practice.example.org"
KEY = "q8Zr2-Yw0cV1nT5xK7bM3sD9fG4hJ6lP_aE0iU1oRtWzXcVbNm2Q"
Practising = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def practice_database(admin_url: str, test_database: tuple[str, str]) -> Iterator[str]:
    """A database that the server keeps for practice, beside the trial's."""
    name = f"{urlsplit(test_database[1]).path.lstrip('/')}_practice"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}"')
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{name_of_template()}" OWNER palace3_owner')
        prepare(admin_url, name, OF_ROLES, OF_ROLES)
        admin.execute(f"ALTER DATABASE \"{name}\" SET palace3.practice = 'on'")
        yield name
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def practising(settings: Any, practice_database: str) -> Practising:
    """What happens inside happens on the server of practice; around it stands the trial's."""
    settings.PRACTICE_ADDRESS, settings.PRACTICE_TRIAL_ADDRESS, settings.PRACTICE_KEY = PRACTICE, TRIAL, KEY
    ours = {"PALACE3_PRACTICE": False, "ROOT_URLCONF": "palace3.urls", "TEMPLATES": settings.TEMPLATES}
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"].append("demo.practice.tour.tour")
    theirs = {"PALACE3_PRACTICE": True, "ROOT_URLCONF": "demo.practice.urls", "TEMPLATES": templates}

    def turn(to: dict[str, Any], database: str) -> None:
        connection.close()
        connection.settings_dict["NAME"] = database
        for name, value in to.items():
            setattr(settings, name, value)

    @contextmanager
    def there() -> Iterator[None]:
        trial = connection.settings_dict["NAME"]
        turn(theirs, practice_database)
        try:
            with scope(user_id=None, sites=()):
                yield
        finally:
            turn(ours, trial)

    return there


def rows_of(superuser: psycopg.Connection[Any]) -> dict[str, str]:
    """Return a digest of every row of every table of the trial, the list included."""
    tables = superuser.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'allocation')"
    ).fetchall()
    asked = " UNION ALL ".join(
        f"SELECT '{name}', md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {name} t"  # noqa: S608 (names of tables, from the catalogue)
        for (name,) in tables
    )
    return dict(superuser.execute(asked).fetchall())


def newcomer(username: str) -> User:
    user = create_person(username=username, display_name="New Person", by=None, at=NOW)
    change_person(user=user, by=None, at=NOW, must_change_password=False)
    return user


def led_to(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 302, strip_tags(answer.content.decode())[-1500:]
    return str(answer.headers["Location"])


def enter(ticket: str) -> tuple[Client, User, str]:
    client = Client()
    assert led_to(client, f"/practice/enter/?ticket={ticket}") == "/work-list/"
    page = client.get("/work-list/").content.decode()
    user = with_grants(User.objects.get(pk=client.session["_auth_user_id"]), on=NOW.date())
    return client, user, page


def as_coordinator(user: User, number: str) -> None:
    by: Any = {"by": user, "at": NOW}
    with as_person(user), transaction.atomic():
        prepared = Participant.objects.select_related("site").get(number=number)
        own = trials.register_participant(site=prepared.site, **by)
        consent = ConsentVersion.objects.get(site=prepared.site)
        trials.record_consent(
            participant=own, version=consent, signed_on=NOW.date(), sensitive_data=True, **by
        )
        case = case_of(1, consent_on=NOW.date())
        fill(own, "DM", demographics(case, NOW.date()), **by)
        visit = Visit.objects.filter(participant=prepared).awaited().order_by("target").first()
        assert visit
        visit.participant = prepared
        record_visit(visit=visit, took_place_on=NOW.date(), **by)
        answer_query(
            query=Query.objects.get(participant=prepared, key="", state=QueryState.OPEN), text="Yes.", **by
        )


def key_of(number: str) -> RecordKey:
    """Return the key of the participant's demographics."""
    record = Record.objects.select_related("participant__site", "visit").get(
        participant__number=number, form_code="DM"
    )
    return key_of_record(catalogue.form("DM"), record)


def as_investigator(user: User, number: str) -> None:
    by: Any = {"by": user, "at": NOW, "password": PASSWORD}
    with as_person(user):
        with transaction.atomic():
            participant = Participant.objects.select_related("site").get(number=number)
            evidence = current_evidence(participant)
            trials.decide_eligibility(
                participant=participant, eligible=True, evidence=evidence.as_json(), digest=evidence.digest,
                seen_digest=evidence.digest, **by,
            )  # fmt: skip
            ready = readiness(participant, at=NOW)
        randomize(participant=participant, confirmed_stratum=ready.stratum, **by)
        with transaction.atomic():
            key = key_of(number)
            stored = find_stored_record(key)
            assert stored
            seen = {key: (stored.record.version, digest_of(key.form, stored))}
            sign_records(seen=seen, signed_as=SignedAs.CASEBOOK, **by)


def as_data_manager(user: User, number: str) -> None:
    by: Any = {"by": user, "at": NOW}
    with as_person(user), transaction.atomic():
        close_query(query=Query.objects.get(participant__number=number, key=""), text="Settled.", **by)
        raise_query(record_key=key_of(number), text="Is this the source?", **by)


def as_monitor(user: User, number: str) -> None:
    by: Any = {"by": user, "at": NOW}
    with as_person(user), transaction.atomic():
        row = unverified_required(participant__number=number).filter(form_code="DM").get()
        answers = answers_of(catalogue.form("DM"), row.pk)
        seen = {target: answers[target].token for target in row.unverified}
        verify_fields(record_key=key_of(number), seen=seen, **by)
        raise_query(record_key=key_of(number), text="The source says otherwise.", **by)


def as_statistician(user: User, number: str) -> None:
    by: Any = {"by": user, "at": NOW}
    client = Client()
    client.force_login(user)
    with scope(user_id=None, sites=EVERYTHING):
        (scheme,) = Scheme.objects.all()
    assert client.get(f"/randomization/schemes/{scheme.version}/balance/").status_code == 200
    with as_person(user):
        part = define_scheme(name="A scheme of my own", password=PASSWORD, **by)
        reject_list(part=part, reason="practised", **by)
        with transaction.atomic():
            participant = Participant.objects.select_related("site").get(number=number)
        judged = DeviationJudgement(importance="minor", excludes_pp="N")
        decide_deviation(
            participant=participant, number=1, judged=judged, reason="Nothing depends on it.", **by
        )


WALKS = {
    Role.COORDINATOR: as_coordinator,
    Role.INVESTIGATOR: as_investigator,
    Role.DATA_MANAGER: as_data_manager,
    Role.MONITOR: as_monitor,
    Role.STATISTICIAN: as_statistician,
}


@pytest.mark.django_db(transaction=True)
def test_requirement_62_practice_is_in_no_table_of_the_trial_and_passing_it_is_the_training(
    world: World, practising: Practising, superuser: psycopg.Connection[Any]
) -> None:
    assert set(WALKS) == set(PRACTISED_ROLES) == set(TOURS)
    # given people on their first day, with no role: the work list leads to practice, and to nothing else
    browsers, tickets, trained = {}, {}, {}
    for role in PRACTISED_ROLES:
        browsers[role] = Client()
        browsers[role].force_login(newcomer(f"new_{role.value}"))
        place = urlsplit(led_to(browsers[role], f"/practice/go/?role={role.value}"))
        assert f"{place.scheme}://{place.netloc}" == PRACTICE
        (tickets[role],) = parse_qs(place.query)["ticket"]
    at_trial = browsers[Role.COORDINATOR]
    assert "Your first day" in at_trial.get("/work-list/").content.decode()
    assert at_trial.get("/participants/").status_code == 403
    before = rows_of(superuser)
    # when they practise: the page says so, has prepared somebody, and ticks what they did themselves
    with practising():
        with scope(user_id=None, sites=EVERYTHING):
            set_up_practice(at=NOW)
        for role, walk in WALKS.items():
            client, learner, page = enter(tickets[role])
            assert "PRACTICE" in page
            assert "Take the training to the trial" not in page
            (number,) = client.session["tour"]["numbers"]
            assert number.startswith("99-")
            assert number in page
            assert led_to(client, "/practice/done/") == "/work-list/"
            walk(learner, number)
            assert "Take the training to the trial" in client.get("/work-list/").content.decode()
            trained[role] = led_to(client, "/practice/done/")
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            assert (
                Allocation.objects.count() == 3
            )  # the participants of coordinator, investigator, statistician
    # then no row of the trial is another than before: no participant, no place of the list, no mail, no act
    assert rows_of(superuser) == before
    # and the training is on record once the person says so, with its day, version and where it comes from
    for role, back in trained.items():
        assert back.startswith(f"{TRIAL}/practice/passed/?ticket=")
        assert "1.0" in browsers[role].get(back.removeprefix(TRIAL)).content.decode()
        person = User.objects.get(username=f"new_{role.value}")
        assert person.trained_on is None
        (ticket,) = parse_qs(urlsplit(back).query)["ticket"]
        assert browsers[role].post("/practice/passed/", {"ticket": ticket}).status_code == 302
        person.refresh_from_db()
        assert (person.trained_on, person.trained_for) == (NOW.date(), "1.0")
        assert "Practice" in (person.training_document or "")
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            assert Act.objects.filter(verb="trials:practice:pass", by=person).count() == 1
        # and nobody else takes it
        stranger = Client()
        stranger.force_login(world.coordinator)
        assert stranger.post("/practice/passed/", {"ticket": ticket}).status_code == 403
    assert "Your first day" not in at_trial.get("/work-list/").content.decode()


def test_neither_program_works_in_the_database_of_the_other(
    practice_database: str, admin_url: str, test_database: tuple[str, str], settings: Any
) -> None:
    place = connection.settings_dict
    trial, theirs = str(place["NAME"]), {**place, "NAME": practice_database}
    app = url_of(test_database[1], database=practice_database)
    # the trial's program, given the address of practice
    with psycopg.connect(app) as raw, pytest.raises(EnvironmentRefused, match="is for practice"):
        refuse_other_purpose(raw, theirs)
    # the program of practice, given the address of the trial: no connection is handed out
    settings.PALACE3_PRACTICE = True
    with pytest.raises(EnvironmentRefused, match="not for practice"):
        connection.copy().connect()
    settings.PALACE3_PRACTICE = False
    # a database with a trial in it never becomes one for practice, and the application's role changes neither
    with pytest.raises(EnvironmentRefused, match="holds a trial"):
        keep_for_practice(admin_url, trial)
    with psycopg.connect(app, autocommit=True) as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(f'ALTER DATABASE "{practice_database}" RESET palace3.practice')


def test_practice_has_one_way_in_and_the_trial_believes_only_what_practice_signed(
    settings: Any,
) -> None:
    settings.PRACTICE_ADDRESS, settings.PRACTICE_TRIAL_ADDRESS, settings.PRACTICE_KEY = PRACTICE, TRIAL, KEY
    person = newcomer("new_person")
    learner = learner_of(person, Role.COORDINATOR)
    passed = PassedTour(person.pk, Role.COORDINATOR, "1.0", NOW.date())
    entry, late = entry_ticket(learner, at=NOW), entry_ticket(learner, at=NOW - timedelta(minutes=3))
    training, old = pass_ticket(passed, at=NOW), pass_ticket(passed, at=NOW - timedelta(days=8))
    settings.ROOT_URLCONF = "demo.practice.urls"
    for refused in ("", "x", entry[:-1], late, training):
        assert Client().get("/practice/enter/", {"ticket": refused}).status_code == 403
    # no password opens practice, not even of the people who stand there
    for answer in (
        Client().get("/accounts/sign-in/"),
        Client().post("/accounts/sign-in/", {"username": "trial"}),
    ):
        assert answer.headers["Location"] == f"{TRIAL}/practice/"
    assert Client().post("/accounts/sign-in-again/", {"username": "trial"}).status_code == 422
    assert Client().get("/").headers["Location"] == f"{TRIAL}/practice/"
    settings.ROOT_URLCONF = "palace3.urls"
    client = Client()
    client.force_login(person)
    for refused in ("", "x", training[:-1], old, entry):
        assert client.post("/practice/passed/", {"ticket": refused}).status_code == 403
    settings.PRACTICE_ADDRESS = ""
    assert "serves no practice" in client.get("/practice/").content.decode()
    assert client.get("/practice/go/", {"role": "coordinator"}).status_code == 404
    assert client.post("/practice/passed/", {"ticket": training}).status_code == 404
    person.refresh_from_db()
    assert person.trained_on is None
