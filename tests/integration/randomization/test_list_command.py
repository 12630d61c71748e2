"""`manage.py allocation_list`: simulate, export, open, extend, rotate."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.models import Act
from kernel.scope import EVERYTHING, scope
from randomization.models import Allocation, ListPart
from randomization.scheme.blocks import Design, allocation_list
from randomization.scheme.sealing import new_key
from randomization.services import (
    Mistake,
    ask_for_places,
    look_at_design,
    randomize,
    record_allocation_error,
)
from tests.world import NOW, PASSWORD, TODAY, as_person

CHAPTERS = ("1.9",)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(test_database: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs where the owner's address is known."""
    monkeypatch.setenv("DATABASE_OWNER_URL", test_database[0])


def run(*words: str) -> tuple[list[dict[str, str]], str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("allocation_list", *words, stdout=out, stderr=err)
    text = out.getvalue()
    return list(csv.DictReader(io.StringIO(text))), err.getvalue() + text


def look(doing: str) -> tuple[list[dict[str, str]], str]:
    second = ("--second", "second_statistician")
    return run(doing, "--as", "statistician", *second, "--reason", "final analysis")


@pytest.fixture
def five(world, part, eligible) -> list[Allocation]:
    given = []
    for _ in range(5):
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
    return given


def test_simulate_writes_the_list_that_a_seed_gives(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "list.csv"
    run("simulate", "--seed", "s1", "--per-stratum", "25", "--out", str(file))
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["stratum", "sequence", "block", "block_size", "arm", "participant", "at"]
    assert Counter(row["stratum"] for row in rows) == {
        f"{site:02d}/{stage}": 25 for site in range(1, 7) for stage in ("II", "III", "IVA")
    }
    expected = allocation_list(
        Design("PALACE3-A"), seed="s1", strata={row["stratum"] for row in rows}, per_stratum=25
    )
    assert [(r["stratum"], int(r["sequence"]), r["arm"]) for r in rows] == [
        (p.stratum, p.sequence, p.arm) for p in expected
    ]


def test_simulate_refuses_blocks_that_cannot_be() -> None:
    with pytest.raises(CommandError, match="whole numbers"):
        run("simulate", "--seed", "1", "--per-stratum", "4", "--blocks", "four")
    with pytest.raises(CommandError):
        run("simulate", "--seed", "1", "--per-stratum", "4", "--blocks", "5")


def test_without_the_owners_address_nothing_is_opened(world, part, monkeypatch) -> None:
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
        look("export")


def test_export_gives_the_used_part_and_records_the_look(five, owner) -> None:
    rows, _said = look("export")
    assert [(r["stratum"], r["sequence"], r["arm"], r["participant"]) for r in rows] == [
        (a.stratum, str(a.sequence), a.arm, a.participant.number) for a in five
    ]
    assert all(row["block_size"] in ("4", "6") and row["at"] for row in rows)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        recorded = Act.objects.filter(verb="randomization:list:look", by__username="statistician").last()
    assert (recorded.by.username, recorded.reason) == ("statistician", "export: final analysis")


def test_rare_09_open_proves_the_list_and_names_true_strata(world, five, owner) -> None:
    with as_person(world.data_manager):
        record_allocation_error(
            allocation=five[0],
            mistake=Mistake("in_error", TODAY, "pressed for the wrong person", "kept in follow-up"),
            by=world.data_manager,
            at=NOW,
        )
        record_allocation_error(
            allocation=five[0],
            mistake=Mistake("wrong_stratum", TODAY, "CT read again", "told", "IVA"),
            by=world.data_manager,
            at=NOW,
        )
    rows, said = look("open")
    marked = {row["participant"]: (row["true_stage"], row["errors"]) for row in rows if row["errors"]}
    assert marked == {five[0].participant.number: ("IVA", "in_error wrong_stratum")}
    assert "(true stage group IVA)" in said
    assert len(rows) == 6 * 80
    assert "list 1A: PROVED, 5 of 480 places used" in said
    assert "every stratum was followed in order" in said
    assert f"error on record: {five[0].participant.number}" in said


def test_open_names_what_was_tampered_with(five, owner, superuser) -> None:
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE randomization_allocation SET arm = CASE arm WHEN '1' THEN '2' ELSE '1' END WHERE id = %s",
        [five[1].pk],
    )
    superuser.execute(
        "UPDATE allocation.slot AS a SET sealed = b.sealed FROM allocation.slot AS b, allocation.stratum AS t "
        "WHERE t.id = a.stratum_id AND t.name = '02/II' AND b.stratum_id = t.id "
        "AND a.sequence IN (7, 8) AND b.sequence = 15 - a.sequence"
    )
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="not followed"):
        call_command(
            "allocation_list",
            "open",
            "--as",
            "statistician",
            "--second",
            "second_statistician",
            "--reason",
            "x",
            stdout=out,
            stderr=err,
        )
    said = err.getvalue()
    assert f"01/III place 2 {five[1].participant.number}: the participant was told another arm" in said
    assert "02/II place 7 : the seal does not open" in said


def test_a_key_is_changed_place_by_place_and_the_list_stays_the_same(
    world, five, owner, settings, eligible, superuser
) -> None:
    before, _said = look("open")
    old = settings.PALACE3_LIST_KEY
    new = new_key("k2")
    settings.PALACE3_LIST_KEY = f"{new},{old}"
    _rows, said = run("rotate")
    assert f"{6 * 80 + 3} seals are under key k2 now" in said
    settings.PALACE3_LIST_KEY = new
    after, _said = look("open")
    assert after == before
    keys = superuser.execute("SELECT DISTINCT key_id FROM allocation.slot").fetchall()
    assert keys == [("k2",)]
    participant = eligible()
    with as_person(world.investigator):
        sixth = randomize(
            participant=participant,
            confirmed_stratum="01/III",
            by=world.investigator,
            password=PASSWORD,
            at=NOW,
        )
    assert sixth.sequence == 6


def test_an_extension_goes_on_in_the_middle_of_the_block(world, part, five, owner, monkeypatch) -> None:
    with as_person(world.statistician):
        asked = ask_for_places(
            scheme=part.scheme, strata=["01/III"], by=world.statistician, password=PASSWORD, at=NOW
        )
    before, _said = look("open")
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    _rows, said = run("extend", "--list", asked.label, "--as", "second_statistician", "--password-from-stdin")
    assert "List 1B is in force: 80 places" in said
    after, said = look("open")
    assert "list 1A: PROVED" in said
    assert "list 1B: PROVED" in said
    extended = [row for row in after if row["stratum"] == "01/III"]
    assert [int(row["sequence"]) for row in extended] == list(range(1, 161))
    assert [row for row in after if row["stratum"] != "01/III"] == [
        row for row in before if row["stratum"] != "01/III"
    ]
    for block in {row["block"] for row in extended} - {extended[-1]["block"]}:
        rows = [row for row in extended if row["block"] == block]
        assert len(rows) == int(rows[0]["block_size"])
        assert Counter(row["arm"] for row in rows)["1"] * 2 == len(rows)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert ListPart.objects.get(number=1).root == part.root


def test_a_fresh_key_is_printed() -> None:
    _rows, said = run("new-key", "--id", "k9")
    assert said.startswith("k9:")


def envelopes(out: Path, site: str = "01") -> None:
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="no text engine for PDFs here")
    run(
        "envelopes", "--site", site, "--per-stratum", "2", "--out", str(out), "--as", "statistician",
        "--reason", "outage plan",
    )  # fmt: skip


def test_envelopes_are_printed_from_the_same_list(world, part, owner, tmp_path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    file = tmp_path / "envelopes.pdf"
    envelopes(file)
    assert file.stat().st_mode & 0o077 == 0
    printed = pdfium.PdfDocument(str(file))
    assert len(printed) == 2 + 3 * 2 * 2  # hand-over sheet and log of openings come first
    pages = [page.get_textpage().get_text_range().split() for page in printed]
    assert [words[-1] for words in pages[:2]] == ["1", "2"]
    assert not [words for words in pages[2:] if words[-1].isdigit()], "no number of the pile on an envelope"
    printed.close()
    with pytest.raises(CommandError, match="no coming places"):
        envelopes(tmp_path / "none.pdf", site="99")


@pytest.mark.parametrize("doing", ["export", "open"])
def test_rare_09_the_list_is_opened_by_two_while_sites_recruit(five, owner, tmp_path, doing) -> None:
    file = tmp_path / "list.csv"
    told = (doing, "--out", str(file), "--reason", "x", "--as")
    with pytest.raises(CommandError, match="coordinator is no statistician or trial manager"):
        run(*told, "coordinator")
    for second in ((), ("--second", "statistician"), ("--second", "coordinator")):
        with pytest.raises(CommandError, match=r"Sites still recruit: 01, 02|coordinator is no statistician"):
            run(*told, "statistician", *second)
    assert not file.exists()
    file.touch(mode=0o644)
    run(*told, "statistician", "--second", "trial_manager")
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().startswith("stratum,")


def test_rare_07_printed_envelopes_stand_in_the_register(world, part, owner, tmp_path, superuser) -> None:
    envelopes(tmp_path / "one.pdf")
    envelopes(tmp_path / "two.pdf")
    rows = superuser.execute(
        "SELECT stratum, array_agg(sequence ORDER BY sequence), min(state) "
        "FROM randomization_envelope GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert rows == [(f"01/{stage}", [1, 2, 3, 4], "printed") for stage in ("II", "III", "IVA")]


SCHEME = (
    'name = "PALACE3-F"\nplaces_per_stratum = 30\n[[blocks]]\nsize = 4\n[[blocks]]\nsize = 6\nweight = 2\n'
)


def define(file: Path, monkeypatch: Any, password: str = PASSWORD) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    return run("define", "--file", str(file), "--as", "statistician", "--password-from-stdin")[1]


def test_a_scheme_is_defined_by_a_file_and_its_sizes_are_sealed(world, tmp_path, monkeypatch) -> None:
    file = tmp_path / "scheme.toml"
    file.write_text(SCHEME, encoding="utf-8")
    assert "Scheme PALACE3-F is drafted and its list 1A asked for: 6 strata" in define(file, monkeypatch)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        part = ListPart.objects.select_related("scheme", "asked_by").get()
    assert (part.asked_by.username, part.places_per_stratum, part.activated_at) == ("statistician", 30, None)
    with as_person(world.statistician):
        design = look_at_design(scheme=part.scheme, by=world.statistician, at=NOW)
    assert [(block.size, block.weight) for block in design.blocks] == [(4, 1), (6, 2)]


@pytest.mark.parametrize(
    ("text", "password", "says"),
    [
        (SCHEME.replace("size = 4", "size = 5"), PASSWORD, "not a multiple"),
        (SCHEME.replace("name", "title", 1), PASSWORD, "title is unknown"),
        (SCHEME, "wrong", "password does not match"),
    ],
)
def test_a_file_that_cannot_be_or_a_wrong_signature_defines_nothing(
    world, tmp_path, monkeypatch, text, password, says
) -> None:
    file = tmp_path / "scheme.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=says):
        define(file, monkeypatch, password)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        assert not ListPart.objects.exists()
