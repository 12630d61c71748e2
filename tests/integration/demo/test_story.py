"""The synthetic trial holds together: nobody is left in a phase, and forms of past visits are filled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator
from rest_framework.renderers import JSONRenderer

from accounts.models import User
from crf import catalogue
from crf.engine.base import Record
from crf.engine.declaration import FormDeclaration
from crf.engine.questions import ANY_REASON, Question
from crf.models import (
    ExpectedForm,
    FilledBy,
    RecordSignature,
    RecordVerification,
    SignedAs,
    VerificationPlan,
)
from crf.store.expected import differing_forms, stored, worked_out
from crf.store.records import RecordKey, find_record
from demo.simulation.answer_search import QuestionPlace
from demo.simulation.every_question import never_answered
from demo.simulation.trial import play
from exports.api import shapes
from exports.api.components import components
from exports.models import DatabaseLock, Export
from exports.selected.selection import Selection
from exports.services import request_export, write_export
from followup.track_limits import overdue
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from protocol.values import is_value, value_of
from randomization.services import lists
from tests.integration.exports.cells_of_formats import Rows, different_cells, rows_of_csv
from tests.integration.exports.file_shapes import shapes_of
from tests.unit.exports.test_formats import FILES
from trials.models import DataLock, Participant, ScreeningOutcome, Site
from trials.models.participants import Track
from trials.models.people import with_grants

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
UNTIL = datetime(2026, 11, 20, 16, 20, tzinfo=UTC)  # midnight has passed at the sites twenty minutes ago
LIST_SEED = "5200" * 16
PARTIAL = re.compile(r"[12][0-9]{3}(-[0-9]{2}){0,2}")
EVERYBODY = Selection(tables=("CONSENTS",), arm="shown")
FILLED_CELLS = 10_000  # at least: a comparison of empty files would show nothing
CAUGHT_UP_AFTER = timedelta(
    days=200
)  # what was not typed on the day is typed at the next visit, half a year later


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The arms are the same each time: whether ten people show everything is not left to chance."""
    monkeypatch.setattr(lists, "secrets", SimpleNamespace(token_hex=lambda _bytes: LIST_SEED))
    _stage, refused = play(
        participants=10, sites=2, seed=5200, until=UNTIL, tell_progress=lambda done, of: None
    )
    assert refused == []
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        yield


def test_points_08_09_25_the_synthetic_trial_is_whole_and_leaves_nobody_behind(
    played: None, settings: Any, tmp_path: Path
) -> None:
    """One story for all that is asked of it: it takes a minute to play."""
    point_25_nobody_is_left_behind()
    point_08_the_table_of_expected_forms_is_what_is_worked_out()
    point_09_whoever_stands_for_months_in_a_phase_of_weeks_is_an_item()
    every_record_is_what_the_api_describes()
    every_record_is_read_by_its_key_as_django_reads_it()
    point_10_every_question_is_answered_somewhere()
    point_10_the_answers_are_of_every_kind()
    settings.MEDIA_ROOT = tmp_path
    wanted = rows_of_csv(point_4_everybody_and_nobody_leave_the_same_columns_and_types("csv", tmp_path))
    assert sum(bool(cell) for rows in wanted.values() for row in rows for cell in row) > FILLED_CELLS
    point_4_each_choice_of_many_has_a_column(wanted)
    for kind in ("csv-excel", "xlsx", "parquet", "xpt", "sav", "dta"):
        everybody = point_4_everybody_and_nobody_leave_the_same_columns_and_types(kind, tmp_path)
        point_4_every_format_holds_the_cells_of_csv(everybody, wanted, tmp_path / kind)


def point_4_everybody_and_nobody_leave_the_same_columns_and_types(kind: str, folder: Path) -> Export:
    everybody = taken_as(kind, EVERYBODY, forms=list(catalogue.forms()))
    nobody = taken_as(kind, replace(EVERYBODY, until=date(2000, 1, 1)), forms=["ELIG", "AE", "LB"])
    empty = shapes_of(nobody, folder / f"{kind}-nobody")
    assert shapes_of(everybody, folder / f"{kind}-everybody", of=empty) == empty
    assert everybody.rows > nobody.rows
    return everybody


def point_4_each_choice_of_many_has_a_column(wanted: dict[str, Rows]) -> None:
    chosen = set()
    for name, rows in wanted.items():
        places = {column.header: place for place, column in enumerate(FILES[name].columns)}
        for header, place in places.items():
            question, _between, code = header.partition("__")
            for row in rows if code else ():
                codes = filter(None, row[places[question]].split(";"))
                joined = [re.sub(r"[^A-Z0-9]", "_", each.upper()) for each in codes]
                assert row[place] == ("" if not joined else str(int(code in joined))), (name, header, joined)
                chosen.add((question, row[place]))
    assert len({question for question, cell in chosen if cell == "1"}) > 10


def point_4_every_format_holds_the_cells_of_csv(
    export: Export, wanted: dict[str, Rows], folder: Path
) -> None:
    assert list(different_cells(export, wanted, folder)) == []


def taken_as(kind: str, selection: Selection, *, forms: list[str]) -> Export:
    by = User.objects.get(username="data")
    export = request_export(
        forms=forms,
        sites=list(Site.objects.values_list("code", flat=True)),
        purpose="test",
        data_format=kind,
        selection=selection,
        by=with_grants(by, on=UNTIL.date()),
        at=UNTIL,
    )
    return write_export(export=export, at=UNTIL)


def every_record_is_read_by_its_key_as_django_reads_it() -> None:
    """``find_record`` has a statement of its own, and so has to name every column and to read it as its field does."""
    read = 0
    for form in catalogue.forms().values():
        for stored_record in form.model.objects.select_related("participant", "visit"):
            place = RecordKey(
                form, stored_record.participant, stored_record.visit, sequence=stored_record.sequence
            )
            for lock in (False, True):
                record = find_record(place, lock=lock)
                assert record is not None
                assert record.get_deferred_fields() == set()
                assert [
                    (name.attname, getattr(record, name.attname)) for name in form.model._meta.concrete_fields
                ] == [
                    (name.attname, getattr(stored_record, name.attname))
                    for name in form.model._meta.concrete_fields
                ], place.label
            read += 1
            nowhere = RecordKey(form, stored_record.participant, stored_record.visit, sequence=9_999)
            assert find_record(nowhere) is None
    assert read > len(catalogue.forms())


def point_10_every_question_is_answered_somewhere() -> None:
    """Before, 316 of 960 were empty, so that "every format agrees" said nothing of them."""
    never = [
        f"{code}.{place.group + '.' if place.group else ''}{place.name}"
        for code, form in catalogue.forms().items()
        for place in never_answered(form)
        if not is_switched_off(form, place) and not is_proposal(form, place)
    ]
    assert never == []
    for form in catalogue.forms().values():
        for group in form.groups.values():
            assert group.model.objects.filter(removed=False).exists(), (form.code, group.name)


def is_switched_off(form: FormDeclaration, place: QuestionPlace) -> bool:
    """Say whether the question is asked only under a setting of the protocol's text that is off."""
    if place.group:
        return False
    condition, text = form.questions[place.name].shown_when, load("1.0")
    names = [name for name in condition.names() if is_value(name)] if condition else []
    return bool(names) and condition is not None and not condition.holds(lambda name: value_of(text, name))


def is_proposal(form: FormDeclaration, place: QuestionPlace) -> bool:
    """Say whether it is worked out only as long as nobody has answered the question that it proposes for."""
    proposed = [question for question in form.questions.values() if question.proposed_by == place.name]
    return bool(proposed) and proposed[0].name in form.questions[place.name].reads


def point_10_the_answers_are_of_every_kind() -> None:
    reasons: set[str] = set()
    texts: list[str] = []
    for form in catalogue.forms().values():
        for row in form.model.objects.all():
            reasons |= set(row.missing.values())
            texts += [value for name in form.questions if isinstance(value := getattr(row, name), str)]
    assert reasons >= set(ANY_REASON)
    partial = {len(text) for text in texts if PARTIAL.fullmatch(text)}
    assert partial >= {len("2024"), len("2024-02"), len("2024-02-29")}
    assert "2024-02-29" in texts
    assert sum(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts) >= 20
    longest = max(
        question.max_length for form in catalogue.forms().values() for question in every_question(form)
    )
    assert max(map(len, texts)) == longest == catalogue.form("SAE").questions["sae_narr"].max_length
    begun = Record.objects.exclude(state="empty").values("participant")
    assert ScreeningOutcome.objects.exclude(participant__in=begun).exists()


def every_question(form: FormDeclaration) -> list[Question]:
    groups = [question for group in form.groups.values() for question in group.questions.values()]
    return [*form.questions.values(), *groups]


def point_25_nobody_is_left_behind() -> None:
    """Before, one in seven stayed in a treatment of five weeks for a year, and forms stayed empty for good.

    Who was never decided on stood in screening 521 days after it should have ended.
    """
    late = overdue(Participant.objects.all(), on=UNTIL.date())
    assert list(late.values_list("number", "state")) == []
    long_ago = UNTIL.date() - CAUGHT_UP_AFTER
    left = ExpectedForm.objects.unfilled().filter(due_on__lt=long_ago).exclude(participant__state=Track.LOST)
    assert [(each.visit_code, each.form_code, each.state) for each in left] == []
    assert Participant.objects.randomized().exists()
    assert DataLock.objects.standing().exists()
    assert DatabaseLock.objects.current().get().items.count() == 1
    the_monitor_has_verified_and_investigators_have_signed()


def point_08_the_table_of_expected_forms_is_what_is_worked_out() -> None:
    for participant in Participant.objects.select_related("site"):
        assert differing_forms(stored(participant), worked_out(participant)) == [], participant.number
    assert ExpectedForm.objects.filter(filled_by=FilledBy.LOG).exclude(entered_at=None).exists()


def point_09_whoever_stands_for_months_in_a_phase_of_weeks_is_an_item() -> None:
    weeks = {track.code for track in load("1.0").tracks if track.lasts_days}
    months_ago = UNTIL.date() - timedelta(days=120)
    standing = Participant.objects.filter(state__in=weeks, state_since__lt=months_ago)
    items = overdue(Participant.objects.all(), on=UNTIL.date())
    assert {each.number for each in standing} <= {each.number for each in items}


def every_record_is_what_the_api_describes() -> None:
    """The trial that fills every form is where an untrue type would show."""
    whole = {"schemas": components()}
    for code, form in catalogue.forms().items():
        rows = list(form.model.objects.select_related("participant", "visit"))
        described = Draft202012Validator({**whole["schemas"][f"Record_{code}"], "components": whole})
        for identifying in (True, False):
            shown = json.loads(
                JSONRenderer().render(
                    shapes.records(form, rows, identifying=identifying, removed=True, at=None)
                )
            )
            faults = [
                f"{list(fault.absolute_path)}: {fault.message[:200]}"
                for each in shown
                for fault in described.iter_errors(each)
            ]
            assert faults[:5] == [], code


def the_monitor_has_verified_and_investigators_have_signed() -> None:
    """Issue points 16 and 18; the same story, which costs a minute to play."""
    assert VerificationPlan.objects.get().critical
    verified = RecordVerification.objects.filter(record__field_verifications__fell_at=None, left=0)
    assert verified.exists()
    assert RecordVerification.objects.unverified().exists()
    signed = RecordSignature.objects.filter(signed_as=SignedAs.CASEBOOK, fell_at=None)
    assert signed.values("participant").distinct().count() >= 1
