"""What leaves carries the site's own time with its offset, so that a day never turns into the day before.

Looked at: every date-time column of every file of an export, now and as of a past moment; the manifest; every
moment in the API's answers; ``cut_at`` on the page and in the API; numbers in addresses.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.permissions import Permission
from crf import catalogue
from crf.models import Record
from exports.api import shapes
from exports.api.bodies import NotAMoment, moment_in
from exports.cuts import Cut
from exports.forms import ExportForm
from exports.listed.catalogue import BY_NAME, listed_files
from exports.tables import Column, File, by_the_sites_clock, files_of
from kernel.clock import with_offset
from tests.integration.crf.conftest import everything
from tests.integration.crf.test_safety import event, person
from tests.integration.exports.test_api import caller
from tests.integration.exports.test_exports import files, taken
from tests.world import NOW, World
from trials.models import Participant

pytestmark = pytest.mark.django_db
__all__ = ["everything", "person"]

BEFORE_EIGHT = datetime(2026, 6, 20, 23, 30, tzinfo=UTC)
WANTED = "2026-06-21T07:30+08:00"


@pytest.fixture(autouse=True)
def kept_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_point_10_an_instant_leaves_by_the_sites_clock_with_its_offset(
    world: World, person: Participant
) -> None:
    event(world, person, ser_aware=BEFORE_EIGHT)
    (row,) = files(taken(world, forms=["AE"]))["AE.csv"]
    assert row["SER_AWARE"] == WANTED
    form = catalogue.form("AE")
    (record,) = form.model.objects.filter(pk__in=Record.objects.filter(participant=person))
    (shown,) = shapes.records(form, [record], identifying=False, at=None)
    assert shown["answers"]["ser_aware"] == WANTED


CHINA = "Asia/Shanghai"


def test_point_10_an_instant_in_china_is_told_as_its_zone_tells_it() -> None:
    """The short way, without looking the zone up, says the same as the zone; before it China had summer times."""
    told = by_the_sites_clock("t.at", zone_column="t.zone")
    _offset, since = settings.STEADY_OFFSETS[CHINA]
    by_zone = f"""to_char(t.at AT TIME ZONE '{CHINA}', 'YYYY-MM-DD"T"HH24:MI') || '+08:00'"""
    with connection.cursor() as cursor:
        some = "'1988-07-01 00:00Z', '1991-12-31 15:59Z', '1991-12-31 16:00Z', '2026-11-30 04:00Z'"
        cursor.execute(
            f"SELECT {told} FROM (SELECT unnest(ARRAY[{some}]::timestamptz[]) AS at, '{CHINA}' AS zone) t"  # noqa: S608
        )
        assert [text for (text,) in cursor.fetchall()] == [
            "1988-07-01T09:00+09:00",
            "1991-12-31T23:59+08:00",
            "1992-01-01T00:00+08:00",
            "2026-11-30T12:00+08:00",
        ]
        cursor.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {told} <> {by_zone}) FROM (SELECT generate_series("  # noqa: S608
            f"'{since}'::timestamptz, '2060-01-01', '25 hours') AS at, '{CHINA}' AS zone) t"
        )
        number, otherwise = cursor.fetchone()
    assert (number > 20_000, otherwise) == (True, 0)


@pytest.mark.parametrize(
    "typed",
    ["2026-11-20 09:30", "２０２６－１１－２０　０９：３０", "2026年11月20号9时30分", "2026-11-20T01:30Z"],
)
def test_point_10_the_cut_is_asked_for_by_the_trials_clock(world: World, typed: str) -> None:
    sent = {"purpose": "DMC", "data_format": "csv", "forms": ["AE"], "sites": ["01"], "cut_at": typed}
    form = ExportForm(sent, sites=[("01", "01")], cuts=[], at=NOW, may=world.data_manager.may)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["cut_at"] == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert "Asia/Shanghai, UTC+8" in str(form.fields["cut_at"].label)


def test_point_10_a_cut_that_is_not_read_says_how_one_is_typed(world: World) -> None:
    given = {"purpose": "DMC", "forms": ["AE"], "sites": ["01"]}
    for typed, said in (
        ("31/11/2026 10:00", "does not exist"),
        ("the day of the meeting", "such as 2026-11-23 14:30"),
        ("05/03/2026 10:00", "as year-month-day"),
        ("2026-11-20 09:30:17", "seconds out"),
    ):
        form = ExportForm(
            given | {"cut_at": typed}, sites=[("01", "01")], cuts=[], at=NOW, may=world.data_manager.may
        )
        assert said in str(form.errors["cut_at"])


DATE_TIMES = [
    pytest.param(file, column, id=f"{file.name}-{column.header}-{'past' if cut.is_past else 'now'}")
    for cut in (Cut(at=NOW, is_past=False), Cut(at=NOW))
    for file in (
        *listed_files(cut, BY_NAME),
        *(file for form in catalogue.forms().values() for file in files_of(form, cut=cut)),
    )
    for column in file.columns
    if column.type == "date-time"
]


def test_point_10_the_columns_of_instants_are_no_empty_list() -> None:
    headers = {param.values[1].header for param in DATE_TIMES}
    assert headers >= {"CHANGED_AT", "STORED_AT", "SER_AWARE", "SAE_AWARE", "CI_DT"}


@pytest.mark.parametrize(("file", "column"), DATE_TIMES)
def test_point_10_every_column_of_instants_is_by_the_sites_clock(file: File, column: Column) -> None:
    """The SQL of the column, asked of one instant and of a site in Shanghai or west of Greenwich."""
    name = column.sql.split("AT TIME ZONE", 1)[0].rsplit("(", 1)[1].strip()
    asked = column.sql.replace(name, "i.at")
    for zone, wanted in (("Asia/Shanghai", "2026-06-21T07:30"), ("America/St_Johns", "2026-06-20T21:00")):
        with connection.cursor() as cursor:
            source = (
                "(SELECT %s::timestamptz AS at) i, (SELECT %s AS time_zone) s, (SELECT 'settled' AS state) d"
            )
            cursor.execute(f"SELECT {asked} FROM {source}", [BEFORE_EIGHT, zone])  # noqa: S608 (the code's own)
            (left,) = cursor.fetchone()
        assert left.startswith(wanted)
        assert left.endswith({"Asia/Shanghai": "+08:00", "America/St_Johns": "-02:30"}[zone])
        assert datetime.fromisoformat(left) == BEFORE_EIGHT


def test_point_10_when_a_record_was_changed_leaves_by_the_sites_clock(
    world: World, person: Participant
) -> None:
    event(world, person)
    (row,) = files(taken(world, forms=["AE"]))["AE.csv"]
    assert row["CHANGED_AT"] == "2026-07-02T10:00:00+08:00"
    assert row["STORED_AT"].endswith("+08:00")


def test_point_10_every_moment_of_the_register_leaves_with_the_trials_offset(world: World) -> None:
    export = taken(world, forms=["AE"])
    shown = shapes.export_with_manifest(export)
    moments = [
        shown["requested_at"],
        shown["data_as_of"],
        *(export.manifest[n] for n in ("requested_at", "data_as_of")),
    ]
    assert all(moment.endswith("+08:00") for moment in moments), moments
    assert shown["data_as_of"] == export.manifest["data_as_of"]


@pytest.mark.parametrize(
    "sent",
    [
        "2026-10-01T08:00:00+08:00",
        "2026-10-01T00:00Z",
        "２０２６-10-01T08:00:00.000000+08:00",
        "2026年10月1日8时00分+08:00",
    ],
)
def test_point_10_a_programs_moment_is_read_as_peoples_moments_are(sent: str) -> None:
    assert moment_in(sent, "cut_at") == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "sent", ["2026-10-01T08:00:00", "2026-10-01", "٢٠٢٦-10-01T08:00:00Z", "2026-10-01T08:00:60Z", ""]
)
def test_point_10_a_moment_that_is_none_is_refused(sent: str) -> None:
    with pytest.raises(NotAMoment):
        moment_in(sent, "cut_at")


@given(seconds=st.integers(0, 4_000_000_000), micro=st.integers(0, 999_999))
def test_point_10_a_moment_that_left_is_read_back_exactly(seconds: int, micro: int) -> None:
    """What the register shows can be asked for as a cut again, to the microsecond."""
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro)
    assert moment_in(with_offset(at, "Asia/Shanghai"), "cut_at") == at


@pytest.mark.parametrize(("typed", "status"), [("1", 200), ("１", 200), ("١", 404), ("①", 404), ("-1", 404)])
def test_point_10_a_number_in_an_address_is_read_by_the_one_reader(
    world: World, person: Participant, typed: str, status: int
) -> None:
    event(world, person)
    api = caller(world.coordinator, Permission.CRF_VIEW)
    address = f"/api/v1/participants/{person.number}/answers/AE/"
    assert api.get(address, {"sequence": typed}).status_code == status
