"""Rows of repeating groups: each is known by its identity, so that two people's edits never lose or mix one.

Every repeating group of the catalogue is edited by two people from one base; what the page proposes is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crf.engine.declaration import FormDeclaration, Group
from crf.engine.evaluation import Evaluation
from crf.engine.submission import SavedRows, parse, row_id_at, rows_begun
from crf.engine.typed import raw_of
from crf.page.merge import MINE, differences, merged
from tests.unit.crf.small import ask, rows, small
from tests.unit.crf.test_any_answers import FORMS, ZONE, an_answer

GROUPS = [f"{form.code}.{name}" for form in FORMS.values() for name in form.groups]
NODES = rows("nodes", ask("examined"), ask("positive"))
Row = dict[str, Any]


def evaluation_of(form: FormDeclaration, group: Group, found: list[Row]) -> Evaluation:
    """What stands in one group of a form, with nothing else answered."""
    values = dict.fromkeys(form.questions)
    groups = {name: [] for name in form.groups} | {group.name: found}
    empty: tuple[Any, ...] = ()
    return Evaluation(values, groups, {}, frozenset(), frozenset(), empty, empty, empty, {})


def typed_names(group: Group) -> list[str]:
    given_ = {name for row in group.starts_with for name in row} if group.fixed else set()
    return [name for name, question in group.questions.items() if not question.derived and name not in given_]


def some_row(chance: Random, group: Group) -> Row:
    """A row that says something, with an identity as a browser chooses one."""
    names = typed_names(group)
    row: Row = {"row_id": str(UUID(int=chance.getrandbits(128), version=4)), "missing": {}}
    row |= {name: an_answer(chance, question) for name, question in group.questions.items()}
    row |= {name: None for name in group.questions if name not in names}
    first = group.questions[names[0]]
    while row[names[0]] in (None, [], ""):
        row[names[0]] = an_answer(chance, first)
    return row


def as_stored(form: FormDeclaration, group: Group, found: list[Row], base: list[Row]) -> list[Row]:
    """The rows as a page sends them and the server reads them, so that nothing differs by its spelling alone."""
    raw = raw_of(form, values={}, groups={group.name: found}, missing={}, zone=ZONE)
    saved = {group.name: SavedRows({row["row_id"]: row["position"] for row in base})}
    read = parse(form, raw, zone=ZONE, saved=saved).groups[group.name]
    return [
        {name: row.get(name) for name in (*group.questions, "missing", "row_id", "position")} for row in read
    ]


@dataclass
class Edit:
    """What one person does to the rows that stand: which change, which go, how many are added, in which order."""

    seed: int
    changed: set[int]
    removed: set[int]
    added: int

    def of(self, group: Group, base: list[Row]) -> list[Row]:
        chance = Random(self.seed)
        done = []
        for index, row in enumerate(base):
            if index in self.removed and not group.fixed:
                continue
            new = dict(row)
            if index in self.changed:
                name = chance.choice(typed_names(group))
                new[name] = some_row(chance, group)[name]
            done.append(new)
        done += [some_row(chance, group) for _ in range(0 if group.fixed else self.added)]
        chance.shuffle(done)
        return done


numbers = st.sets(st.integers(0, 3), max_size=3)
edits = st.builds(Edit, st.integers(0, 10**6), numbers, numbers, st.integers(0, 2))


def says(row: Row, group: Group) -> dict[str, Any]:
    return {name: row.get(name) for name in typed_names(group)}


@pytest.mark.parametrize("place", GROUPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(size=st.integers(0, 4), seed=st.integers(0, 10**6), first=edits, second=edits)
def test_point_04_two_edits_of_any_group_merge_without_losing_or_mixing_a_row(
    place: str, size: int, seed: int, first: Edit, second: Edit
) -> None:
    form = FORMS[place.partition(".")[0]]
    group = form.groups[place.partition(".")[2]]
    # given rows on record, and two people who edit them from there
    chance = Random(seed)
    begun = [some_row(chance, group) | row for row in rows_begun(group)]
    sent = begun if group.fixed else [some_row(chance, group) for _ in range(size)]
    base = as_stored(form, group, sent, [])
    second.seed += 10**7
    theirs = as_stored(form, group, first.of(group, base), base)
    mine_typed = second.of(group, base)
    # when the first has saved, the second is refused, and goes on with what the page proposes
    saved = SavedRows(
        {row["row_id"]: row["position"] for row in [*base, *theirs]},
        frozenset(row["position"] for row in base) - {row["position"] for row in theirs},
    )
    raw = raw_of(form, values={}, groups={group.name: mine_typed}, missing={}, zone=ZONE)
    mine = parse(form, raw, zone=ZONE, saved={group.name: saved}).groups[group.name]
    sides = {
        "mine": evaluation_of(form, group, mine),
        "theirs": evaluation_of(form, group, theirs),
    }
    found = differences(form, **sides, began=evaluation_of(form, group, base), zone=ZONE)
    proposed = {conflict.name: conflict.proposed for conflict in found}
    page = merged(form, **sides, choices=proposed, zone=ZONE)
    result = parse(form, page, zone=ZONE, saved={group.name: saved})
    # then nothing is said twice, and each row is made of what was known of this row alone
    assert result.errors == {}
    kept = {row["row_id"]: row for row in result.groups[group.name]}
    was, his, hers = ({row["row_id"]: row for row in side} for side in (base, theirs, mine))
    for row_id in was.keys() | his.keys() | hers.keys():
        expect_row(kept.get(row_id), was.get(row_id), his.get(row_id), hers.get(row_id), group)
    positions = [row["position"] for row in kept.values()]
    assert len(set(positions)) == len(positions)
    assert all(
        kept[row_id]["position"] == saved.numbers[row_id] for row_id in kept.keys() & saved.numbers.keys()
    )


def expect_row(kept: Row | None, was: Row | None, his: Row | None, hers: Row | None, group: Group) -> None:
    """A row stays unless somebody removed it and nobody else changed it; each answer is one of this row's own."""
    if was is None:
        added = his or hers
        assert kept is not None
        assert added is not None
        assert says(kept, group) == says(added, group)
        return
    touched = [side for side in (his, hers) if side is not None and says(side, group) != says(was, group)]
    gone = his is None or hers is None
    assert (kept is None) == (gone and not touched)
    if kept is None:
        return
    if gone:
        assert says(kept, group) == says(touched[0], group)
        return
    for name in typed_names(group):
        answers = {"was": was[name], "his": (his or {})[name], "hers": (hers or {})[name]}
        right = answers["hers"] if answers["hers"] != answers["was"] else answers["his"]
        assert kept[name] == right, name


def node(number: int | None, examined: int | None, row_id: str = "") -> Row:
    return {
        "position": number,
        "row_id": row_id or row_id_at("nodes", number),
        "examined": examined,
        "positive": None,
        "missing": {},
    }


def nodes_of(*found: Row) -> Evaluation:
    return evaluation_of(small(groups=(NODES,)), NODES, list(found))


def test_point_04_rows_that_neither_had_are_two_rows() -> None:
    new = node(2, 7, "6f1c1c1e-0000-4000-8000-000000000001")
    own = node(3, 9, "6f1c1c1e-0000-4000-8000-000000000002")
    sides = {"mine": nodes_of(node(1, 1), own), "theirs": nodes_of(node(1, 1), new)}
    form = small(groups=(NODES,))
    found = differences(form, **sides, began=nodes_of(node(1, 1)), zone=ZONE)
    assert [(each.name, each.mine, each.theirs, each.proposed) for each in found] == [
        ("nodes.2", "not there", "Examined: 7", "theirs"),
        ("nodes.3", "Examined: 9", "not there", "mine"),
    ]
    page = merged(form, **sides, choices={each.name: each.proposed for each in found}, zone=ZONE)
    assert [page[f"nodes-{index}-examined"] for index in range(3)] == [["1"], ["7"], ["9"]]
    assert page["nodes-2-row_id"] == [own["row_id"]]
    assert "nodes-2-position" not in page


def test_point_04_a_removal_against_a_change_is_shown_as_a_conflict() -> None:
    form, base = small(groups=(NODES,)), nodes_of(node(1, 1), node(2, 2))
    changed, gone = nodes_of(node(1, 1), node(2, 5)), nodes_of(node(1, 1))
    (conflict,) = differences(form, mine=gone, theirs=changed, began=base, zone=ZONE)
    assert (conflict.name, conflict.mine, conflict.theirs) == ("nodes.2", "removed", "Examined: 5")
    assert conflict.both_changed
    assert conflict.proposed == "theirs"
    (conflict,) = differences(form, mine=changed, theirs=gone, began=base, zone=ZONE)
    assert (conflict.mine, conflict.theirs, conflict.proposed) == ("Examined: 5", "removed", "mine")
    assert conflict.both_changed


def test_point_04_a_removal_that_is_chosen_is_told_to_the_page() -> None:
    form, base = small(groups=(NODES,)), nodes_of(node(1, 1), node(2, 2))
    page = merged(form, mine=nodes_of(node(1, 1)), theirs=base, choices={"nodes.2": MINE}, zone=ZONE)
    assert page["nodes-1-position"] == ["2"]
    assert page["nodes-1-remove"] == ["1"]
    assert [row["examined"] for row in parse(form, page, zone=ZONE).groups["nodes"]] == [1]


@pytest.mark.parametrize("part", ["position", "row_id"])
def test_point_04_two_rows_of_one_name_are_refused(part: str) -> None:
    same = "3" if part == "position" else "6f1c1c1e-0000-4000-8000-000000000001"
    raw = {f"nodes-{index}-{part}": same for index in (0, 1)} | {
        "nodes-0-examined": "1",
        "nodes-1-examined": "2",
    }
    found = parse(small(groups=(NODES,)), raw, zone=ZONE)
    assert found.errors == {
        "nodes": "Two rows of Nodes have the same row_id or position. Send each row once."
    }


def test_point_04_an_identity_and_the_position_of_the_same_row_are_that_row_twice() -> None:
    saved = {"nodes": SavedRows({"6f1c1c1e-0000-4000-8000-000000000001": 4})}
    raw = {
        "nodes-0-row_id": "6F1C1C1E-0000-4000-8000-000000000001",
        "nodes-1-position": "4",
        "nodes-0-examined": "1",
        "nodes-1-examined": "2",
    }
    assert "nodes" in parse(small(groups=(NODES,)), raw, zone=ZONE, saved=saved).errors


def test_a_row_without_scripts_is_known_by_its_page() -> None:
    form = small(groups=(NODES,))
    typed = {"nodes-1-examined": "3", "_key": "first page"}
    one, again = (parse(form, typed, zone=ZONE).groups["nodes"][0]["row_id"] for _ in range(2))
    (other,) = parse(form, {**typed, "_key": "second page"}, zone=ZONE).groups["nodes"]
    assert one == again
    assert one != other["row_id"]
    assert UUID(one)


def test_a_saved_row_that_was_emptied_is_still_a_row() -> None:
    saved = {"nodes": SavedRows({"6f1c1c1e-0000-4000-8000-000000000001": 4})}
    raw = {"nodes-0-row_id": "6f1c1c1e-0000-4000-8000-000000000001", "nodes-0-examined": ""}
    (row,) = parse(small(groups=(NODES,)), raw, zone=ZONE, saved=saved).groups["nodes"]
    assert row["position"] == 4
