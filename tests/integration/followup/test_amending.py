"""A later version of the protocol: approved, opened and carried site by site (architecture 3; requirement 49)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from crf.eligibility.evidence import limits_of
from crf.store.context import FormContext
from followup.impact import affected, impacts, in_batches, to_consent_anew, with_what_is_known
from followup.models import Visit, VisitState
from followup.services import (
    migrate_participants,
    open_version,
    plan_visits_for,
    preview_version,
    record_visit,
)
from protocol.text import load
from tests.integration.followup.conftest import noon
from tests.versions import LETTER, amended, shelf
from tests.world import NOW, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import Participant, SiteVersion
from trials.services.decisions import live_decision
from trials.services.versions import (
    ApprovalInFuture,
    ApprovalMissing,
    ConsentOfAnotherSite,
    VersionNotLater,
    VersionOpen,
)

CHAPTERS = ("2.2",)

pytestmark = pytest.mark.django_db

Make = Callable[..., Participant]
LATER = noon(date(2028, 3, 20))


@pytest.fixture(autouse=True)
def _two_versions(tmp_path: Path) -> Iterator[None]:
    """Version 2.0: another calendar, an older oldest age, a looser rule for biopsies."""
    second = amended()
    second = second.replace("value = 75\n", "value = 80\n", 1)
    for old, new in (
        ("18-75", "18-80"),
        ("18 and 75", "18 and 80"),
        ("18–75", "18–80"),
        ("18 至 75", "18 至 80"),
    ):
        second = second.replace(old, new, 1)
    second = second.replace('key = "bite_on_bite_min"', 'key = "bite_on_bite_min" # amended', 1)
    with shelf(tmp_path, v2_0=second):
        yield


def by(world: World, at: Any = NOW) -> dict[str, Any]:
    return {"by": world.trial_manager, "at": at}


def approve(world: World, *, on: date = TODAY, at: Any = NOW, **more: Any) -> SiteVersion:
    return trials.record_version_approval(
        site=world.site, version="2.0", approved_on=on, **{**LETTER, **more}, **by(world, at)
    )


def in_surveillance(world: World, participant: Participant) -> Participant:
    """cCR on 2027-02-25; month 12 took place, month 16 was missed, and it is March 2028 (month 15½ of 2026-12)."""
    known = {"NEO_D1": date(2026, 11, 16), "NEO_END": date(2026, 12, 15), "LASTDOSE": date(2026, 12, 15)}
    known |= {"CRE1": date(2027, 1, 20), "CRE2": date(2027, 2, 25), "CCR": date(2027, 2, 25)}
    at: dict[str, Any] = {"by": world.coordinator, "at": LATER}
    for code, day in known.items():
        trials.set_milestone(participant=participant, code=code, on=day, source="test", **at)
    for track in ("NEOADJUVANT", "AWAIT_CRE1", "AWAIT_CRE2", "SURVEILLANCE"):
        trials.move_track(participant=participant, to=track, on=date(2027, 2, 25), **at)
    participant.refresh_from_db()
    plan_visits_for(participant=participant, **at)
    visit = Visit.objects.get(participant=participant, code="AS-12")
    record_visit(visit=visit, took_place_on=date(2027, 12, 16), **at)
    return participant


def plan_of(participant: Participant) -> dict[str, tuple[str, date | None, date | None]]:
    rows = Visit.objects.filter(participant=participant, code__startswith="AS-").current()
    return {visit.code: (visit.state, visit.opens, visit.closes) for visit in rows}


def open_and_carry(world: World, at: Any = LATER) -> int:
    opened = open_version(site=world.site, version="2.0", reason="Amendment 1 approved", **by(world, at))
    return migrate_participants(site_version=opened, at=at)


def test_a_site_without_an_approval_stays_on_the_old_version(world: World, everywhere: None) -> None:
    with pytest.raises(ApprovalMissing, match="Record the approval first"):
        open_version(site=world.site, version="2.0", reason="x", **by(world))
    world.site.refresh_from_db()
    assert world.site.protocol_version == "1.0"
    assert screen(world).protocol_version == "1.0"


def test_an_approval_says_which_version_and_when(world: World, everywhere: None) -> None:
    with pytest.raises(ApprovalInFuture):
        approve(world, on=date(2026, 11, 21))
    with pytest.raises(VersionNotLater):
        trials.record_version_approval(
            site=world.site, version="1.0", approved_on=TODAY, **LETTER, **by(world)
        )
    theirs = world.other_site.consent_versions.get()
    with pytest.raises(ConsentOfAnotherSite):
        approve(world, consent=theirs)
    approve(world, on=date(2026, 11, 18), reference="EC 17")
    assert approve(world, reference="EC 18").reference == "EC 18"
    assert SiteVersion.objects.get().approved_on == TODAY


def test_the_approval_of_a_version_in_force_stays(world: World, everywhere: None) -> None:
    approve(world)
    open_version(site=world.site, version="2.0", reason="Amendment 1", **by(world))
    with pytest.raises(VersionOpen):
        approve(world, on=date(2026, 11, 1))


def test_one_site_moves_and_the_other_stays(world: World, everywhere: None, randomized: Make) -> None:
    here, there = randomized(), randomized(site=world.other_site)
    approve(world)
    assert open_and_carry(world, NOW) == 1
    for each in (here, there):
        each.refresh_from_db()
    assert (here.protocol_version, there.protocol_version) == ("2.0", "1.0")
    assert (screen(world).protocol_version, screen(world, site=world.other_site).protocol_version) == (
        "2.0",
        "1.0",
    )


def test_what_has_not_happened_is_planned_by_the_new_calendar(
    world: World, everywhere: None, randomized: Make
) -> None:
    participant = in_surveillance(world, randomized())
    before = plan_of(participant)
    assert (before["AS-12"][0], before["AS-06"][0]) == (VisitState.DONE, VisitState.MISSED)
    approve(world, at=LATER)
    seen = {
        (c.code, c.kind)
        for c in preview_version(participant=participant, version="2.0", on=date(2028, 3, 20))
    }
    assert open_and_carry(world) == 1
    after = plan_of(participant)
    assert after["AS-12"] == before["AS-12"], "what took place never moves"
    assert after["AS-06"] == before["AS-06"], "a window that was missed stays missed"
    assert set(after) == {
        *("AS-06", "AS-09", "AS-12", "AS-15", "AS-18", "AS-21", "AS-24", "AS-30", "AS-36", "AS-42"),
        *("AS-48", "AS-54", "AS-60"),
    }
    assert ("AS-16", "dropped") in seen
    assert {code for code, kind in seen if kind == "added"} == set(after) - set(before)


def test_nothing_is_asked_for_that_was_over_before_the_version_came(
    world: World, everywhere: None, randomized: Make
) -> None:
    """Opened in month 20: months 15 and 18 of the new calendar are not asked for, month 16 of the old stays."""
    participant = in_surveillance(world, randomized())
    august = noon(date(2028, 8, 1))
    approve(world, at=august)
    before = plan_of(participant)
    assert open_and_carry(world, august) == 1
    after = plan_of(participant)
    assert after["AS-16"][1:] == before["AS-16"][1:]
    assert not {"AS-15", "AS-18", "AS-20"} & set(after)
    participant.refresh_from_db()
    assert not plan_visits_for(participant=participant, by=None, at=august), "planning again changes nothing"


def test_the_history_of_each_plan_is_kept(world: World, everywhere: None, randomized: Make) -> None:
    participant = in_surveillance(world, randomized())
    approve(world, at=LATER)
    open_and_carry(world)
    kept = Visit.objects.get(participant=participant, code="AS-16")
    trail: Any = kept
    states = list(trail.events.order_by("pgh_id").values_list("state", "act__verb", "act__reason"))
    assert states[-1] == ("cancelled", "followup:visits:plan", "protocol version 2.0")
    assert Participant.objects.get(pk=participant.pk).act.verb == "trials:version:follow"


def test_a_run_that_died_is_carried_on_and_a_second_run_changes_nothing(
    world: World, everywhere: None, randomized: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [randomized() for _ in range(3)]
    approve(world)
    opened = open_version(site=world.site, version="2.0", reason="Amendment 1", **by(world))
    from followup.services import amending

    planned: list[int] = []

    def dies_at_the_third(**call: Any) -> Any:
        planned.append(call["participant"].pk)
        if len(planned) == 3:
            raise RuntimeError("the machine went down")
        return plan_visits_for(**call)

    monkeypatch.setattr(amending, "plan_visits_for", dies_at_the_third)
    with pytest.raises(RuntimeError):
        migrate_participants(site_version=opened, at=NOW, batch=1)
    monkeypatch.undo()
    opened.refresh_from_db()
    assert opened.carried_at is None
    assert [Participant.objects.get(pk=p.pk).protocol_version for p in people] == ["2.0", "2.0", "1.0"]
    migrate_participants(site_version=opened, at=NOW, batch=1)
    assert {Participant.objects.get(pk=p.pk).protocol_version for p in people} == {"2.0"}
    opened.refresh_from_db()
    assert opened.carried_at == NOW
    assert migrate_participants(site_version=opened, at=NOW) == 0


def test_who_ended_keeps_their_version(world: World, everywhere: None, randomized: Make) -> None:
    dead, lost = randomized(), randomized()
    for participant, track in ((dead, "DEAD"), (lost, "LOST")):
        trials.move_track(participant=participant, to=track, on=TODAY, **by(world))
    approve(world)
    open_and_carry(world, NOW)
    dead.refresh_from_db()
    lost.refresh_from_db()
    assert (dead.protocol_version, lost.protocol_version) == ("1.0", "2.0")


def test_a_decision_taken_under_the_old_criteria_lapses(world: World, everywhere: None) -> None:
    participant = screen(world)
    with as_person(world.investigator):
        evidence = {"criteria": [], "verdict": "eligible"}
        trials.decide_eligibility(
            participant=participant,
            eligible=False,
            evidence=evidence,
            digest="a" * 64,
            seen_digest="a" * 64,
            password="correct horse battery",
            by=world.investigator,
            at=NOW,
        )
    approve(world)
    open_and_carry(world, NOW)
    assert live_decision(participant) is None


def test_the_version_of_the_participant_is_what_every_rule_reads(
    world: World, everywhere: None, randomized: Make
) -> None:
    first, second = load("1.0"), load("2.0")
    assert (limits_of(first).age_to, limits_of(second).age_to) == (75, 80)
    participant = randomized()
    approve(world)
    open_and_carry(world, NOW)
    participant.refresh_from_db()
    assert FormContext(participant, at=NOW).context_value("participant.protocol_version") == "2.0"


def test_who_must_consent_anew_is_known(world: World, everywhere: None, randomized: Make) -> None:
    signed, unsigned = randomized(), randomized()
    text = trials.add_consent_version(site=world.site, label="2.0", approved_on=TODAY, **by(world))
    version = approve(world, consent=text)
    trials.record_consent(participant=signed, version=text, signed_on=TODAY, sensitive_data=True, **by(world))
    assert list(to_consent_anew(Participant.objects.all(), version)) == [unsigned]
    people = with_what_is_known(affected(world.site, "2.0"))
    found = {i.participant: i.must_consent for i in impacts(people, site=world.site, version="2.0", at=NOW)}
    assert found == {signed: False, unsigned: True}


def test_the_preview_costs_the_same_for_many(
    world: World, everywhere: None, randomized: Make, django_assert_max_num_queries: Any
) -> None:
    for _number in range(4):
        randomized()
    with django_assert_max_num_queries(7):
        people = in_batches(affected(world.site, "2.0"))
        assert len(list(impacts(people, site=world.site, version="2.0", at=NOW))) == 4


def test_the_command_prints_what_would_change_and_writes_nothing(
    world: World, everywhere: None, randomized: Make
) -> None:
    participant = in_surveillance(world, randomized())
    out, before = StringIO(), plan_of(participant)
    call_command("protocol_impact", "--to", "2.0", "--site", "01", stdout=out)
    said = out.getvalue()
    assert f"{participant.number} added: AS-15" in said.replace("AS-15 2028-03-01..2028-03-29", "AS-15")
    assert f"{participant.number} dropped: " in said
    assert "1 living participants, 1 with other visits" in said
    assert "Site 02" not in said
    assert plan_of(participant) == before
    for arguments, sentence in (
        (["--to", "3.0"], "There is no version 3.0. These are there: 1.0, 2.0."),
        (["--to", "2.0", "--site", "77"], "There is no site 77."),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("protocol_impact", *arguments)


# ---- What the database refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("trials_site", "protocol_version = '2.0'"),
        ("trials_participant", "protocol_version = '2.0'"),
    ],
)
def test_the_database_refuses_a_version_that_is_not_open_there(
    world: World, everywhere: None, table: str, change: str
) -> None:
    from django.db import connection

    from audit.acts import open_act

    screen(world)
    approve(world)
    with pytest.raises(DatabaseError, match="is not"), transaction.atomic():
        with open_act("test:version:force", by=None, at=NOW) as act, connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {change}, act_id = %s", [act.pk])  # noqa: S608


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ("opened_on = approved_on - 1", "approved_first"),
        ("carried_at = now()", "opened_first"),
    ],
)
def test_the_database_refuses_an_opening_before_its_approval(
    world: World, everywhere: None, change: str, guard: str
) -> None:
    from django.db import connection

    from audit.acts import open_act

    approve(world)
    with pytest.raises(DatabaseError, match=guard), transaction.atomic():
        with open_act("test:version:force", by=None, at=NOW) as act, connection.cursor() as cursor:
            cursor.execute(f"UPDATE trials_siteversion SET {change}, act_id = %s", [act.pk])  # noqa: S608


def test_the_database_keeps_what_an_opening_rests_on(world: World, everywhere: None) -> None:
    from django.db import connection

    from audit.acts import open_act

    approve(world)
    open_version(site=world.site, version="2.0", reason="Amendment 1", **by(world))
    with pytest.raises(DatabaseError, match="set once"), transaction.atomic():
        with open_act("test:version:force", by=None, at=NOW) as act, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE trials_siteversion SET approved_on = approved_on - 9, act_id = %s", [act.pk]
            )


def test_another_sites_versions_do_not_exist(world: World, everywhere: None) -> None:
    approve(world)
    with as_person(world.stranger):
        assert not SiteVersion.objects.exists()


def test_a_version_needs_an_act(world: World, everywhere: None, app_sql: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error, match="does not name the act"):
        app_sql.execute(
            "INSERT INTO trials_siteversion (site_id, version, approved_on, reference, act_id) "
            "VALUES (1, '2.0', '2026-01-01', '', 1)"
        )


def test_a_version_is_not_opened_before_the_day_of_its_approval(world: World, everywhere: None) -> None:
    approve(world)
    with pytest.raises(ApprovalMissing):
        open_version(site=world.site, version="2.0", reason="x", **by(world, NOW - timedelta(days=2)))


def test_a_version_that_is_not_in_force_takes_nobody_over(
    world: World, everywhere: None, randomized: Make
) -> None:
    """A task that comes late, after a still later version was opened, or too early, leaves everybody where they are."""
    participant = randomized()
    approved = approve(world)
    assert migrate_participants(site_version=approved, at=LATER) == 0
    participant.refresh_from_db()
    assert participant.protocol_version == "1.0"
    approved.refresh_from_db()
    assert approved.carried_at is None


def test_carrying_twice_keeps_when_everybody_was_carried(
    world: World, everywhere: None, randomized: Make
) -> None:
    randomized()
    approve(world)
    assert open_and_carry(world, NOW) == 1
    opened = SiteVersion.objects.get()
    first = opened.carried_at
    assert migrate_participants(site_version=opened, at=LATER) == 0
    opened.refresh_from_db()
    assert opened.carried_at == first


def test_opening_a_version_sends_its_task(
    world: World,
    everywhere: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("followup.tasks.carry_one_version.delay", sent.append)
    approve(world)
    with django_capture_on_commit_callbacks(execute=True):
        opened = open_version(site=world.site, version="2.0", reason="Amendment 1", **by(world))
    assert sent == [opened.pk]
