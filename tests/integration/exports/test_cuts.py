"""An export is of one moment, whole: what stood then, joined as it stood then, and the same when taken again."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crf import catalogue
from crf.engine.submission import Answers
from crf.records.save import save_answers
from crf.store.records import NEW, find_stored_record, record_key_of
from exports.cuts import Cut, plan_for_many
from exports.listed.catalogue import BY_NAME
from exports.models import Export
from exports.services import path_of, request_export, write_export
from exports.writing import files_for
from followup.services.planning import plan_visits_for
from kernel.scope import EVERYTHING, scope
from tests.integration.exports.test_exports import files, kept_in, taken
from tests.world import NOW, World, screen
from trials import services as trials
from trials.models import Participant, Site

__all__ = ["kept_in"]

pytestmark = pytest.mark.usefixtures("_no_broker")

FORMS = ["ELIG", "STAGE"]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MADE = {"CODEBOOK.csv", "CODELISTS.csv"}


@pytest.fixture
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.services.send", lambda *args, **more: None)


def database_moment() -> datetime:
    """The moment by the database's own clock, by which it says when something was stored."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def digests(export: Export) -> dict[str, str]:
    return {one["file"]: one["sha256"] for one in export.manifest["files"]}


def again(world: World, cut_at: datetime) -> Export:
    return taken(world, forms=FORMS, cut_at=cut_at, at=cut_at + timedelta(days=1))


class History:
    """A trial that goes on, step by step."""

    def __init__(self, world: World) -> None:
        self.world, self.steps = world, 0
        self.participant = screen(world)

    def go_on(self, step: str) -> None:
        self.steps += 1
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            getattr(self, step)()

    def somebody_new(self) -> None:
        site = (self.world.site, self.world.other_site)[self.steps % 2]
        self.participant = screen(self.world, site=site)

    def answered(self) -> None:
        self._save({"station": "7"}, {"station": "8"})

    def row_removed(self) -> None:
        self._save({"station": "7"})

    def _save(self, *rows: dict[str, Any]) -> None:
        key = record_key_of(participant=self.participant, form="STAGE", visit=None)
        stored = find_stored_record(key)
        save_answers(
            record_key=key,
            answers=Answers(
                values={"ct": ("T2", "T3")[self.steps % 2]},
                groups={"node": [{"position": n, **row} for n, row in enumerate(rows, 1)]},
                reason="Read again",
            ),
            version=stored.record.version if stored else NEW,
            key="",
            by=None,
            at=NOW,
        )

    def arm_given(self) -> None:
        if Participant.objects.get(pk=self.participant.pk).arm is None:
            trials.reveal_arm(participant=self.participant, arm="2", by=None, at=NOW)

    def milestone_moved(self) -> None:
        day = date(2026, 11, 3) + timedelta(days=self.steps)
        for code in ("RAND", "NEO_D1"):
            trials.set_milestone(
                participant=self.participant,
                code=code,
                on=day,
                source="test",
                by=None,
                at=NOW,
            )

    def visits_planned(self) -> None:
        plan_visits_for(participant=self.participant, by=None, at=NOW)

    def site_number_changed(self) -> None:
        site = Site.objects.order_by("pk").first()
        assert site is not None
        trials.change_site(
            site=site, by=self.world.trial_manager, at=NOW, reason="Moved", city=f"Town {self.steps}"
        )


STEPS = [name for name in vars(History) if not name.startswith("_") and name != "go_on"]


@pytest.mark.django_db
@settings(
    max_examples=3,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=7))
def test_point_20_a_cut_at_the_moment_of_each_act_is_what_stood_then(world: World, steps: list[str]) -> None:
    history, stood = History(world), []
    for step in ["answered", "arm_given", "milestone_moved", "visits_planned", *steps]:
        history.go_on(step)
        stood.append((database_moment(), digests(taken(world, forms=FORMS))))
    for moment, then in stood:
        assert digests(again(world, moment)) == then


@pytest.mark.django_db
def test_point_20_a_moment_before_the_trial_holds_nobody(world: World) -> None:
    history = History(world)
    for step in STEPS:
        history.go_on(step)
    rows = files(again(world, LONG_AGO))
    assert {name: len(rows) for name, rows in rows.items() if name not in MADE and rows} == {}
    assert {name for name, rows in rows.items() if rows} == MADE


@pytest.mark.django_db
def test_point_20_an_arm_given_after_the_cut_is_not_in_it(world: World) -> None:
    history = History(world)
    history.go_on("visits_planned")
    before = database_moment()
    history.go_on("arm_given")
    history.go_on("milestone_moved")
    history.go_on("somebody_new")
    then = files(again(world, before))
    assert [(row["SUBJID"], row["ARM"], row["STATE"]) for row in then["PARTICIPANTS.csv"]] == [
        ("01-0001", "", "SCREENED")
    ]
    assert [row["MILESTONE"] for row in then["MILESTONES.csv"]] == ["ICF"]
    now = files(taken(world, forms=FORMS))
    assert {row["ARM"] for row in now["PARTICIPANTS.csv"]} == {"", "2"}
    assert "RAND" in {row["MILESTONE"] for row in now["MILESTONES.csv"]}


@pytest.mark.django_db
def test_point_20_the_source_of_a_milestone_is_named_by_keys_that_leave(world: World) -> None:
    history = History(world)
    history.go_on("answered")
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        record = find_stored_record(
            record_key_of(participant=history.participant, form="STAGE", visit=None)
        ).record
        trials.set_milestone(
            participant=history.participant,
            code="NEO_END",
            on=date(2026, 11, 9),
            source="form",
            source_form="STAGE",
            source_record=record.pk,
            by=None,
            at=NOW,
        )
    (row,) = (
        row for row in files(taken(world, forms=FORMS))["MILESTONES.csv"] if row["MILESTONE"] == "NEO_END"
    )
    named = {name: row[name] for name in row if name.startswith("SOURCE")}
    assert named == {
        "SOURCE": "form",
        "SOURCE_FORM": "STAGE",
        "SOURCE_VISIT": "",
        "SOURCE_VISITSEQ": "",
        "SOURCE_FORMSEQ": "1",
    }


def in_a_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_point_20_a_cut_taken_again_is_the_same_though_a_save_was_open_across_it(world: World) -> None:
    """Stored before the export, committed after it: it was not seen then, and is not seen again."""
    history = History(world)
    history.go_on("answered")
    stored, go = threading.Event(), threading.Event()

    def hang_open() -> None:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            history.row_removed()
            trials.register_participant(site=world.other_site, by=world.stranger, at=NOW)
            stored.set()
            go.wait(30)

    thread = in_a_thread(hang_open)
    assert stored.wait(30)
    first = taken(world, forms=FORMS)
    go.set()
    thread.join()
    for step in ("somebody_new", "answered", "arm_given", "site_number_changed"):
        history.go_on(step)
    second = again(world, first.cut_at)
    assert digests(second) == digests(first)
    assert (first.manifest["read_by"], second.manifest["read_by"]) == ("snapshot", "snapshot")
    assert digests(taken(world, forms=FORMS)) != digests(first)
    by_moment = again(world, first.cut_at + timedelta(microseconds=1))
    assert by_moment.manifest["read_by"] == "moment of storing"
    assert "02-0001" in {row["SUBJID"] for row in files(by_moment)["PARTICIPANTS.csv"]}


@pytest.mark.django_db(transaction=True)
def test_point_20_now_is_the_moment_of_the_snapshot_that_was_read(world: World) -> None:
    """Asked for, then an answer changed, then written: the files hold the answer, and their moment is after it."""
    history = History(world)
    with scope(user_id=None, sites=EVERYTHING):
        asked = request_export(
            forms=FORMS,
            sites=["01"],
            purpose="late worker",
            by=world.data_manager,
            at=NOW + timedelta(minutes=1),
        )
        assert asked.cut_at is None
        history.go_on("answered")
        answered_at = database_moment()
        done = write_export(export=asked, at=NOW + timedelta(minutes=2))
    assert done.cut_at > answered_at
    assert len(files(done)["STAGE.csv"]) == 1
    with zipfile.ZipFile(path_of(done)) as archive:
        said = json.loads(archive.read("manifest.json"))["data_as_of"]
    assert datetime.fromisoformat(said) == done.cut_at
    assert said.endswith("+08:00")
    history.go_on("row_removed")
    assert digests(again(world, done.cut_at)) != {}
    assert {k: v for k, v in digests(again(world, done.cut_at)).items() if k == "STAGE_NODE.csv"} == {
        k: v for k, v in digests(done).items() if k == "STAGE_NODE.csv"
    }


@pytest.mark.django_db
@pytest.mark.parametrize("is_past", [True, False])
def test_no_export_goes_through_everybody_for_each_row(world: World, is_past: bool) -> None:
    """PostgreSQL expects a row or two and not thousands: a nested loop would take the square of the trial's size."""
    screen(world)
    with transaction.atomic(), connection.cursor() as cursor:
        cut = Cut.of_moment(database_moment()) if is_past else Cut.of_this_snapshot()
        plan_for_many()
        cursor.execute(
            "SET LOCAL enable_seqscan = off"
        )  # so that a table without rows is asked by its index too
        looped = set()
        for file in files_for(list(catalogue.forms().values()), cut, BY_NAME):
            cursor.execute(f"EXPLAIN (FORMAT JSON) {file.select}", {"sites": ["01"]})
            looped |= {
                file.name for inner in inner_of_loops(cursor.fetchone()[0][0]["Plan"]) if reads_whole(inner)
            }
    # What one row holds is unfolded, or rows are joined by more than that something is equal.
    assert looped <= {"ELIGIBILITY_EVIDENCE", "ADJUDICATION", "AUDIT_TRAIL"}


OF_THE_OTHER_ROW = re.compile(
    r"\b(?:id|pgh_obj_id|record_id|participant_id) = (?:[a-z]\w*\.|CASE|\(?InitPlan)"
)
SMALL = (
    "accounts_user",
    "trials_consentversion",
    "trials_consentversionevent",
)  # some dozens, however many participants


def inner_of_loops(plan: Any) -> Iterator[Any]:
    """Yield what each nested loop of a plan does again and again."""
    for part in plan.get("Plans", ()):
        if plan["Node Type"] == "Nested Loop" and part["Parent Relationship"] == "Inner":
            yield part
        yield from inner_of_loops(part)


def reads_whole(plan: Any) -> bool:
    """Say whether a part of a plan goes through a table, where it does not ask for what the other row names."""
    is_large = "Relation Name" in plan and plan["Relation Name"] not in SMALL
    asked = " ".join(plan.get(name, "") for name in ("Index Cond", "Recheck Cond", "Filter"))
    own = is_large and not OF_THE_OTHER_ROW.search(asked)
    below = (p for p in plan.get("Plans", ()) if p["Parent Relationship"] not in ("InitPlan", "SubPlan"))
    return own or any(map(reads_whole, below))
