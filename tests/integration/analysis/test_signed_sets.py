"""Analysis sets are signed by two roles; non-inferiority has a verdict only from what was signed (decisions E1, E6)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services import WrongPassword
from analysis.models import AnalysisSetSignature
from analysis.non_inferiority import SignedLimits, non_inferiority_of, signed_limits
from analysis.reading import DerivedParticipant, derived_at
from analysis.services import (
    NobodyInSets,
    NotYoursToSignSets,
    SetsMoved,
    SetsSigned,
    SetsUndecided,
    sign_analysis_sets,
)
from analysis.sets import NAMES, AnalysisSet
from analysis.signed_sets import SignedSets, digest_of_sets, members_of, signed_sets
from audit.models import Act
from exports.cuts import Cut
from exports.database_lock.services import checklist_of
from kernel.scope import EVERYTHING, scope
from protocol.endpoints import TimeToEvent
from protocol.facts import ExclusionFacts
from protocol.text import load
from tests.versions import FIRST, shelf
from tests.world import NOW, PASSWORD, World, as_person, screen
from trials import services as trials
from trials.models import Site
from trials.services.confirmations import confirm_values

pytestmark = pytest.mark.django_db
CHAPTERS = ("6.1", "1.8")
SAID = re.compile(r"non-inferior(?!ity)|非劣于")
ROOT = Path(__file__).parents[3]
LIMITS = SignedLimits(margin=0.1, confidence=0.95, missing=())


@pytest.fixture
def randomized(world: World) -> Any:
    participant = screen(world)
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING):
        trials.reveal_arm(participant=participant, arm="2", **by)
        trials.set_milestone(participant=participant, code="RAND", on=date(2026, 11, 9), source="test", **by)
    return participant


def derived() -> list[DerivedParticipant]:
    with scope(user_id=None, sites=EVERYTHING):
        return list(derived_at(Cut.of_this_snapshot(), dict(Site.objects.values_list("pk", "code"))))


def signed(by: Any, *, seen: str | None = None, password: str = PASSWORD) -> AnalysisSetSignature:
    digest = digest_of_sets(members_of(derived())) if seen is None else seen
    with as_person(by):
        return sign_analysis_sets(seen=digest, password=password, by=by, at=NOW)


def test_two_roles_sign_the_same_sets(world: World, randomized: Any) -> None:
    for who in (world.data_manager, world.investigator, world.inspector):
        with pytest.raises(NotYoursToSignSets):
            signed(who)
    with pytest.raises(SetsMoved):
        signed(world.statistician, seen="0" * 64)
    with pytest.raises(WrongPassword):
        signed(world.statistician, password="something else")
    today = members_of(derived())
    first = signed(world.statistician)
    with scope(user_id=None, sites=EVERYTHING):
        assert signed_sets(today) is None
    with pytest.raises(SetsSigned):
        signed(world.statistician)
    second = signed(world.trial_manager)
    assert (first.digest, first.members) == (second.digest, second.members)
    assert first.members[randomized.number]["ITT"] == ""
    assert first.members[randomized.number]["SAFETY"] == "no study treatment given"
    with scope(user_id=None, sites=EVERYTHING):
        both = signed_sets(today)
        assert Act.objects.filter(verb="analysis:sets:sign").count() == 2
    assert both
    assert both.stand


def test_the_lock_of_the_database_asks_for_sets_that_are_signed_as_they_stand(
    world: World, randomized: Any
) -> None:
    def missing() -> int:
        with scope(user_id=None, sites=EVERYTHING):
            computed, _by_hand = checklist_of(None, at=NOW)
        (asked,) = [each for each in computed if each.code == "sets"]
        return asked.failed

    assert missing() == 2
    signed(world.statistician)
    assert missing() == 1
    signed(world.trial_manager)
    assert missing() == 0
    with scope(user_id=None, sites=EVERYTHING):
        trials.set_milestone(
            participant=randomized,
            code="NEO_D1",
            on=date(2026, 11, 10),
            source="test",
            by=world.coordinator,
            at=NOW,
        )
    assert missing() == 2  # what was signed is not what stands


def test_what_changes_after_both_signed_is_shown(world: World, randomized: Any) -> None:
    signed(world.statistician)
    signed(world.trial_manager)
    with scope(user_id=None, sites=EVERYTHING):
        trials.set_milestone(
            participant=randomized,
            code="NEO_D1",
            on=date(2026, 11, 10),
            source="test",
            by=world.coordinator,
            at=NOW,
        )
    client = Client()
    client.force_login(world.statistician)
    page = client.get(reverse("analysis:sets")).content.decode()
    assert "have changed since both signed" in page
    assert re.search(rf"{randomized.number}</a> · Treated \(safety\)", page)


def test_who_moved_in_a_set_of_one_arm_is_for_who_may_see_arms(
    world: World, randomized: Any, monkeypatch: Any
) -> None:
    """Who declared a cCR would be told by the list of what changed since both signed."""
    signed(world.statistician)
    signed(world.trial_manager)
    moved = [(randomized.number, AnalysisSet.COMPLETE_RESPONSE), (randomized.number, AnalysisSet.RESECTED)]
    monkeypatch.setattr(
        "analysis.set_report.signed_sets", lambda today: replace(signed_sets(today), changed=moved)
    )
    for reader, hidden in ((world.trial_manager, True), (world.statistician, False)):
        client = Client()
        client.force_login(reader)
        page = client.get(reverse("analysis:sets")).text
        assert f"{randomized.number}</a> · {NAMES[AnalysisSet.RESECTED]}" in page
        assert (f"{randomized.number}</a> · {NAMES[AnalysisSet.COMPLETE_RESPONSE]}" in page) is not hidden
        assert ("the statistician sees who" in page) is hidden


def test_the_page_signs_what_it_showed(world: World, randomized: Any) -> None:
    client = Client()
    client.force_login(world.trial_manager)
    page = client.get(reverse("analysis:sets")).content.decode()
    seen = re.search(r'name="seen" value="(\w{64})"', page)
    assert seen
    assert "Sign the analysis sets as they stand" in page
    client.force_login(world.statistician)
    whole = client.get(reverse("analysis:sets")).content.decode()
    for text, hidden in ((page, True), (whole, False)):
        assert ("One arm alone can be in this set" in text) is hidden
        assert (f"{NAMES[AnalysisSet.COMPLETE_RESPONSE]}</h2>\n        <span>0 of 1" in text) is not hidden
        assert "Resected" in text
    client.force_login(world.trial_manager)
    answer = client.post(reverse("analysis:sets"), {"seen": seen[1], "password": PASSWORD})
    assert answer.status_code == 302
    page = client.get(reverse("analysis:sets")).content.decode()
    assert "Trial Manager ·" in page
    assert "Sign the analysis sets as they stand" not in page


def test_nobody_and_undecided_deviations_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NobodyInSets):
        signed(world.statistician)
    participant = screen(world)
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    with scope(user_id=None, sites=EVERYTHING):
        trials.reveal_arm(participant=participant, arm="2", **by)
        trials.set_milestone(participant=participant, code="RAND", on=date(2026, 11, 9), source="test", **by)
    (one,) = derived()
    proposed = replace(one.facts, exclusions=(ExclusionFacts(1, "elig", decided=False),))
    monkeypatch.setattr(
        "analysis.services.derived_at", lambda cut, sites: iter([replace(one, facts=proposed)])
    )
    with pytest.raises(SetsUndecided, match="1 participants"):
        signed(world.statistician)


def people(
    one: DerivedParticipant, dead: dict[str, int], *, outside: int = 0
) -> tuple[list[Any], dict[str, str]]:
    """A hundred people in each arm, followed for four years; so many of them die within three."""
    made, arms = [], {}
    for arm in ("1", "2"):
        for number in range(100):
            subject = f"{arm}-{number}"
            died = number < dead[arm]
            days = 100 + number if died else 1461
            excluded = (
                (ExclusionFacts(1, "elig", decided=True),) if arm == "1" and number >= 100 - outside else ()
            )
            facts = replace(one.facts, number=subject, exclusions=excluded)
            survival = TimeToEvent(days, died, one.facts.rand + timedelta(days=days), "death")
            made.append(replace(one, facts=facts, values=replace(one.values, os=survival)))
            arms[subject] = arm
    return made, arms


STANDING = SignedSets({}, (), ())


@pytest.mark.parametrize(
    ("dead", "outside", "shown"),
    [
        ({"1": 30, "2": 40}, 0, True),
        ({"1": 40, "2": 40}, 0, False),
        (
            {"1": 33, "2": 40},
            40,
            False,
        ),  # in the randomized set alone: those who live are left out of the other
        ({"1": 0, "2": 40}, 0, None),
    ],
)
def test_a_verdict_needs_both_sets(
    world: World, randomized: Any, dead: dict[str, int], outside: int, shown: bool | None
) -> None:
    rows, arms = people(derived()[0], dead, outside=outside)
    report = non_inferiority_of(rows, arms, LIMITS, STANDING)
    assert report.shown is shown
    if outside:
        assert [each.answer.shown for each in report.sets] == [True, False]
    if shown is None:
        assert "no death" in str(report.sets[0].why)


@pytest.mark.parametrize(
    ("limits", "sets", "missing"),
    [
        (LIMITS, None, "not signed"),
        (LIMITS, replace(STANDING, changed=(("01-0001", AnalysisSet.PER_PROTOCOL),)), "changed since"),
        (SignedLimits(None, 0.95, ("no margin",)), STANDING, "no margin"),
    ],
)
def test_without_a_signature_nothing_is_compared(
    world: World, randomized: Any, limits: SignedLimits, sets: Any, missing: str
) -> None:
    rows, arms = people(derived()[0], {"1": 30, "2": 40})
    report = non_inferiority_of(rows, arms, limits, sets)
    assert (report.shown, report.sets) == (None, ())
    assert any(missing in each for each in report.missing)


def test_limits_count_once_the_study_team_signed_them(world: World, tmp_path: Path) -> None:
    with as_person(world.trial_manager):
        today = signed_limits(load("1.0"))
    assert (today.margin, today.confidence, len(today.missing)) == (None, None, 2)
    source = FIRST
    for key, value in (("ni_margin", "0.1"), ("confidence_level", "0.95")):
        source = re.sub(
            rf'(key = "{key}"\ntype = "proportion"\n)unknown = true', rf"\g<1>value = {value}", source
        )
    source = source.replace('version = "1.0"', 'version = "2.0"', 1)
    source = source.replace("released_on = 2026-11-01", "released_on = 2026-11-05", 1)
    with shelf(tmp_path, v2_0=source), as_person(world.trial_manager):
        text = load("2.0")
        assert [each.rpartition(" is not ")[2] for each in signed_limits(text).missing] == [
            "confirmed by the study team with a signature"
        ] * 2
        items = ("setting|ni_margin|value", "setting|confidence_level|value")
        seen = {each.item: each.digest for each in text.open_questions() if each.item in items}
        confirm_values(
            version="2.0",
            seen=seen,
            note="approved protocol, page 31",
            password=PASSWORD,
            by=world.trial_manager,
            at=NOW,
        )
        assert signed_limits(text) == SignedLimits(0.1, 0.95, ())


def test_no_page_says_it_without_a_verdict(world: World, randomized: Any) -> None:
    client = Client()
    client.force_login(world.statistician)
    for language in ("en", "zh-hans"):
        client.cookies["django_language"] = language
        page = client.get(reverse("analysis:survival-by-arm")).content.decode()
        assert 'id="non-inferiority"' in page
        assert page.count("<li>") >= 3
        assert not SAID.search(page)
        for name in ("survival", "results", "results-by-arm", "sets", "definitions", "flow-by-arm"):
            assert not SAID.search(client.get(reverse(f"analysis:{name}")).content.decode()), name


def test_one_template_alone_has_the_words() -> None:
    folders = ("analysis", "reports", "exports", "templates", "followup", "crf")
    files = (
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html", ".txt", ".svg")
    )
    said = [path for path in files if SAID.search(path.read_text(encoding="utf-8"))]
    assert said == [ROOT / "templates/analysis/partials/non_inferiority.html"]
    text = said[0].read_text(encoding="utf-8")
    before = text[: SAID.search(text).start()]  # type: ignore[union-attr]
    assert before.rindex("{% elif report.shown %}") > before.rindex("{% elif report.shown is None %}")
