"""What the owner of the database may try, and who names it: ``verify_audit``, or the digest that went out before."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from accounts.services import set_password, write_mail
from audit.acts import open_act
from audit.anchors import document_of, faults_against, is_signed, sign_anchor
from audit.models import Act, Anchor, Seal
from exports.living_access.services import make_token
from kernel.scope import EVERYTHING, scope
from tests.database import as_program
from tests.integration.audit.test_seals import findings, seal_everything
from tests.world import NOW, PASSWORD, TODAY, as_person, screen
from tests.world_database import committed_world
from trials import services
from trials.models.people import with_grants

pytestmark = pytest.mark.django_db(transaction=True)

REPLICA, ORIGIN = "SET session_replication_role = replica; ", "; RESET session_replication_role"
LAST_CITY = "(SELECT max(pgh_id) FROM trials_siteevent)"

# What is done behind the back of all guards, and what names it.
ATTACKS = {
    "alter a version": (f"UPDATE trials_siteevent SET city = 'X' WHERE pgh_id = {LAST_CITY}", ": altered"),  # noqa: S608
    "alter an act": ("UPDATE audit_act SET reason = 'X' WHERE reason = 'Moved'", ": altered"),
    "delete an act": ("DELETE FROM audit_act WHERE reason = 'Moved'", "audit_act row"),
    "delete a version": (f"DELETE FROM trials_siteevent WHERE pgh_id = {LAST_CITY}", ": removed"),  # noqa: S608
    "delete a row": ("DELETE FROM trials_consent", "trials_consent row"),
    "delete the seals": (
        "DELETE FROM audit_seal; UPDATE audit_act SET stored_at = stored_at - interval '1 hour'",
        "acts unsealed, the oldest for 1:0",
    ),
    "delete one seal": ("DELETE FROM audit_seal WHERE first_act = 1", ": begins at act"),
    "alter a version with its digest in the seal": (
        (
            f"UPDATE trials_siteevent SET city = 'X' WHERE pgh_id = {LAST_CITY}; UPDATE audit_seal s SET leaves = "  # noqa: S608
            "jsonb_set(s.leaves, ARRAY['trials_siteevent', r.pgh_id::text], to_jsonb(encode(sha256(convert_to("
            "jsonb_strip_nulls(to_jsonb(r))::text, 'UTF8')), 'hex'))) FROM trials_siteevent r "
            f"WHERE r.pgh_id = {LAST_CITY} AND s.leaves -> 'trials_siteevent' ? r.pgh_id::text"
        ),
        ": the seal does not fit its own chain",
    ),
    "alter the chained digest of a seal": (
        "UPDATE audit_seal SET chain = repeat('0', 64) WHERE first_act = 1",
        ": the seal does not fit its own chain",
    ),
    "alter how the rows of a seal are spelled": (
        "UPDATE audit_seal SET leaf_format = NULL WHERE first_act = 1",
        ": the seal does not fit its own chain",
    ),
    "insert a row without a version": (
        (
            "INSERT INTO trials_site SELECT (jsonb_populate_record(NULL::trials_site, to_jsonb(s) || "
            '\'{"id": 99, "code": "99"}\')).* FROM trials_site s LIMIT 1'
        ),
        "trials_site row 99: has no version",
    ),
    "insert under act 0": (
        (
            "INSERT INTO audit_act (id, verb, role, at, reason, request_id, transaction) "
            "VALUES (0, 'x:y:z', '', now(), '', '', 0)"
        ),
        "audit_act row 0: under act 0, outside every seal",
    ),
    "insert a version under act -1": (
        (
            "INSERT INTO trials_siteevent SELECT (jsonb_populate_record(NULL::trials_siteevent, to_jsonb(e) || "
            '\'{"pgh_id": -1, "act_id": -1}\')).* FROM trials_siteevent e LIMIT 1'
        ),
        "trials_siteevent row -1: under act -1, outside every seal",
    ),
    "insert a version under an act to come": (
        (
            "INSERT INTO trials_siteevent SELECT (jsonb_populate_record(NULL::trials_siteevent, to_jsonb(e) || "
            '\'{"pgh_id": 9, "act_id": 99999999}\')).* FROM trials_siteevent e LIMIT 1'
        ),
        "trials_siteevent row 9: its act 99999999 does not exist",
    ),
    "insert a version under an act whose seal holds none of its table": (
        (
            "INSERT INTO trials_consentevent SELECT (jsonb_populate_record(NULL::trials_consentevent, to_jsonb(e) || "
            "jsonb_build_object('pgh_id', 9001, 'act_id', (SELECT max(id) FROM audit_act)))).* "
            "FROM trials_consentevent e LIMIT 1"
        ),
        "trials_consentevent row 9001: slipped in",
    ),
    "reorder two acts": (
        "UPDATE audit_act a SET verb = b.verb, at = b.at FROM audit_act b WHERE a.id + b.id = 3 AND a.id < 3",
        "audit_act row 1: altered",
    ),
    "a password swapped": (
        "UPDATE accounts_user SET password = 'md5$a$b'",
        "password or totp_secret changed outside",
    ),
    "a second factor swapped": ("UPDATE accounts_user SET totp_secret = 'JBSW'", "changed outside the trail"),
    "a password swapped and back": (
        (
            "UPDATE accounts_user SET password = password || 'x'; "
            "UPDATE accounts_user SET password = left(password, -1)"
        ),
        "accounts_user row 1: written again without a version",
    ),
}


@pytest.fixture
def history() -> Any:
    world = committed_world()
    screen(world)
    seal_everything()
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=world.site, by=world.trial_manager, at=NOW, reason="Moved", city="Suzhou")
    seal_everything()
    return world


def anchor_now() -> Anchor:
    last = Seal.objects.order_by("-last_act")[0]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        acts = Act.objects.filter(pk__lte=last.last_act).count()
    anchor = Anchor(occasion="night", made_at=NOW, last_act=last.last_act, acts=acts, chain=last.chain)
    sign_anchor(anchor)
    return anchor


def as_owner(superuser: psycopg.Connection[Any], statements: str) -> None:
    """All triggers are passed over, and nothing of the guards themselves is written."""
    superuser.execute(f"{REPLICA}{statements}{ORIGIN}")  # type: ignore[call-overload]  # a text of the table


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_named(history: Any, superuser: psycopg.Connection[Any], attack: str) -> None:
    statements, named = ATTACKS[attack]
    assert findings() == []
    as_owner(superuser, statements)
    seen = findings()
    assert any(named in line for line in seen), seen


def test_a_token_or_a_mail_that_is_made_another_is_named(
    history: Any, superuser: psycopg.Connection[Any]
) -> None:
    """Whoever knows another secret would open what the token opens, or have somebody follow another link."""
    told: dict[str, Any] = {
        "name": "R",
        "scopes": [Permission.PARTICIPANT_VIEW],
        "expires_at": NOW + timedelta(days=1),
    }
    with as_person(history.coordinator):
        make_token(**told, password=PASSWORD, by=with_grants(history.coordinator, on=TODAY), at=NOW)
    words = {"subject": "S", "body": "B", "language": "en", "kind": "accounts:test", "key": "one"}
    with scope(user_id=None, sites=EVERYTHING), open_act("accounts:test:mail", by=None, at=NOW):
        write_mail(to=history.coordinator, address="a@example.org", site=None, at=NOW, **words)
    seal_everything()
    assert findings() == []
    as_owner(
        superuser, "UPDATE exports_apitoken SET digest = repeat('0', 64); UPDATE accounts_mail SET body = 'X'"
    )
    seen = findings()
    for named in ("exports_apitoken row 1: digest", "accounts_mail row 1: body"):
        assert any(line.startswith(f"{named} changed outside the trail") for line in seen), seen


def test_triggers_off_and_on_again_leave_a_trace(history: Any, superuser: psycopg.Connection[Any]) -> None:
    """Everything is as it was, but PostgreSQL knows that the triggers were written since the last seal."""
    superuser.execute(
        "ALTER TABLE trials_site DISABLE TRIGGER USER; ALTER TABLE trials_site ENABLE TRIGGER USER"
    )
    (seen,) = findings()
    assert "written anew without a migration" in seen
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=history.site, by=history.trial_manager, at=NOW, reason="On", city="Wuxi")
    seal_everything()
    assert findings() == [
        seen.replace("seen now", f"seen after act {Seal.objects.latest('last_act').last_act}")
    ]


def test_a_whole_rewrite_with_new_seals_is_named_by_the_anchor(
    history: Any, superuser: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """Rows, versions and acts are rewritten in one transaction and sealed anew: of one piece, and not the old."""
    anchor = anchor_now()
    copy = tmp_path / "anchor.json"
    copy.write_text(json.dumps(document_of(anchor)), "utf-8")
    call_command("verify_audit", against=str(copy), public_key=anchor.public_key, stdout=StringIO())
    call_command("verify_audit", against=anchor.chain, stdout=StringIO())

    as_owner(
        superuser,
        "DELETE FROM audit_seal; UPDATE audit_act SET reason = 'invented' WHERE reason = 'Moved'; "
        "UPDATE trials_site SET city = 'Wuhan'; UPDATE trials_siteevent SET city = 'Wuhan'",
    )
    seal_everything()

    assert findings() == []  # nothing inside the database tells
    for given in (str(copy), anchor.chain):
        refused = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("verify_audit", against=given, stdout=StringIO(), stderr=refused)
        assert ended.value.code == 1
        assert "history before it was written anew" in refused.getvalue()


def test_a_copy_that_was_changed_is_no_proof(history: Any) -> None:
    anchor = anchor_now()
    document = document_of(anchor)
    assert is_signed(document)
    forged = {**document, "anchor": {**document["anchor"], "acts": 1}}
    assert not is_signed(forged)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert list(faults_against(json.dumps(document))) == []
        assert "the copy bears no signature that fits it" in list(faults_against(json.dumps(forged)))
        another = list(faults_against(json.dumps(document), public_key="AAAA"))
        assert another == ["the copy is signed with another key than the one given"]
        assert list(faults_against("not a copy")) == [
            "this is neither a chained digest nor a copy of an anchor"
        ]


def test_no_row_keeps_sealing_from_going_on(history: Any, app_sql: psycopg.Connection[Any]) -> None:
    """One INSERT with an end far ahead stopped sealing for ever (review of 28 November, F8)."""
    with app_sql.transaction():
        as_program(app_sql)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="ends at an act that exists"):
            app_sql.execute(
                "INSERT INTO audit_seal (first_act, last_act, sealed_at, leaves, root, chain) "
                "SELECT max(last_act) + 1, 9000000000000000000, now(), '{}', '', '' FROM audit_seal"
            )
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=history.site, by=history.trial_manager, at=NOW, reason="On", city="Wuxi")
    seal_everything()
    assert findings() == []


def test_unsealed_acts_are_stated(history: Any) -> None:
    with scope(user_id=None, sites=EVERYTHING):
        services.change_site(site=history.site, by=history.trial_manager, at=NOW, reason="On", city="Wuxi")
        set_password(user=history.coordinator, password="long enough indeed", by=None, at=NOW)
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert "2 acts are not sealed yet" in said.getvalue()


def test_the_trail_holds_a_keyed_digest_of_each_secret(history: Any) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        set_password(user=history.coordinator, password="long enough indeed", by=None, at=NOW)
        versions: Any = User.objects.get(pk=history.coordinator.pk).events  # type: ignore[attr-defined]
        digests = list(versions.order_by("pgh_id").values_list("secrets_digest", flat=True))
    assert len(digests[-1]) == 64
    assert digests[-1] != digests[0]
