"""Central monitoring: exact limits, findings with owner and outcome, ranges of the study team, a site's own only."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from audit.acts import open_act
from audit.models import Act
from crf import catalogue
from crf.models import ExpectedForm
from kernel.clock import local_date
from monitoring.indicators import BY_CODE, FACTORS, INDICATORS, Signal, SiteCount
from monitoring.models import AcceptableRange, FindingKind, MonitoringFinding, SiteIndicator
from monitoring.reading import READERS, counts_of
from monitoring.services import (
    QUIET_AFTER_OUTCOME,
    FollowedUpAlready,
    NoteMissing,
    RangeReversed,
    RangeWithoutEnd,
    ranges,
    record_outcome,
    set_range,
    take_finding,
    work_out,
)
from tests.demo_trial import UNTIL, Played, played_trial
from tests.integration.crf.conftest import everything
from tests.integration.crf.test_consequences import LATER
from tests.integration.crf.test_pages import client_of
from tests.world import TODAY, ZONE, World
from trials.models import Site

pytestmark = pytest.mark.django_db
__all__ = ["everything"]
TODAY_THERE = local_date(UNTIL, ZONE)


def counted(code: str, count: int, exposure: int, pooled: tuple[int, int]) -> SiteCount:
    return SiteCount(BY_CODE[code], count, Decimal(exposure), pooled[0], Decimal(pooled[1]))


def test_every_indicator_is_read_and_every_factor_is_one_of_them(world: World, everything: None) -> None:
    assert set(READERS) == {each.code for each in INDICATORS}
    assert {each.code for each in FACTORS} <= set(READERS)
    for code in READERS:
        assert counts_of(code, today=TODAY) == {}, f"{code} of nobody"


@pytest.mark.parametrize(
    ("count", "exposure", "signal"),
    # The same 60 % against 20 % over all: 3 of 5 is no news, 12 of 20 is, and of nothing nothing is said.
    [(3, 5, Signal.INSIDE), (9, 20, Signal.WARNING), (12, 20, Signal.ACTION), (0, 0, Signal.NONE)],
)
def test_a_small_site_is_not_called_unusual_for_a_few(count: int, exposure: int, signal: Signal) -> None:
    assert counted("late-entry", count, exposure, (200, 1000)).signal is signal


def test_only_the_side_that_is_worth_a_look_counts() -> None:
    assert counted("late-entry", 0, 200, (200, 1000)).signal is Signal.INSIDE  # nobody minds early entry
    assert counted("visit-adherence", 0, 200, (200, 1000)).signal is Signal.ACTION
    assert counted("adverse-events", 0, 25, (200, 1000)).signal is Signal.WARNING  # 5 expected, none told
    assert counted("adverse-events", 30, 40, (200, 1000)).signal is Signal.ACTION


def test_a_range_is_breached_by_exact_limits_and_not_by_a_percentage() -> None:
    few, many = (counted("vital-status", n, n + n // 9, (n, n + n // 9)) for n in (9, 900))
    assert not few.breaches(Decimal(95), None)  # 90 % of ten
    assert many.breaches(Decimal(95), None)  # 90 % of a thousand
    assert not many.breaches(None, Decimal(95))


def seen(world: World, code: str, count: int, exposure: int) -> MonitoringFinding:
    """A finding at site 01 as a night would open it."""
    with open_act("monitoring:finding:open", by=None, at=LATER, site=world.site) as act:
        made: MonitoringFinding = MonitoringFinding.objects.create(
            site=world.site,
            indicator=code,
            kind=FindingKind.SITE,
            seen_count=count,
            seen_exposure=exposure,
            opened_at=LATER,
            due_on=LATER.date() + timedelta(days=14),
            owner_role="monitor",
            act=act,
        )
    return made


def test_a_finding_is_taken_and_ends_with_who_when_and_what_was_found(world: World, everything: None) -> None:
    finding = seen(world, "odd-hours", 12, 20)
    assert take_finding(finding=finding, by=world.monitor, at=LATER).owner == world.monitor
    with pytest.raises(NoteMissing):
        record_outcome(finding=finding, outcome="explained", note=" ", by=world.monitor, at=LATER)
    done = record_outcome(
        finding=finding, outcome="explained", note="Night shift enters.", by=world.data_manager, at=LATER
    )
    assert (done.owner, done.followed_by, done.followed_at) == (world.monitor, world.data_manager, LATER)
    with pytest.raises(FollowedUpAlready):
        record_outcome(finding=finding, outcome="visit", note="Again", by=world.monitor, at=LATER)
    assert Act.objects.get(verb="monitoring:finding:follow").site_id == world.site.pk
    with (
        pytest.raises(DatabaseError, match="outcome_is_whole"),
        open_act("monitoring:finding:follow", by=world.monitor, at=LATER, site=world.site) as act,
    ):
        MonitoringFinding.objects.filter(pk=finding.pk).update(note="", act=act)


def test_a_finding_stands_on_the_work_list_of_who_owns_it_until_its_outcome(
    world: World, everything: None, clock: Any
) -> None:
    finding = seen(world, "odd-hours", 12, 20)  # the role that owns it is the monitor's

    def on_list(person: Any) -> bool:
        return finding.get_absolute_url() in client_of(person).get(reverse("home")).text

    assert on_list(world.monitor)
    assert not any(
        map(on_list, (world.data_manager, world.trial_manager, world.coordinator, world.statistician))
    )
    take_finding(finding=finding, by=world.data_manager, at=LATER)
    assert on_list(world.data_manager)
    assert not on_list(world.monitor)
    record_outcome(finding=finding, outcome="explained", note="Night shift.", by=world.monitor, at=LATER)
    assert not on_list(world.data_manager)


def test_a_default_is_marked_until_the_study_team_sets_its_range(
    world: World, everything: None, clock: Any
) -> None:
    manager, address = client_of(world.trial_manager), reverse("monitoring:range", args=["late-entry"])
    assert manager.get(reverse("monitoring:board")).text.count("to be confirmed") == len(FACTORS)
    refused = manager.post(address, {"lowest": "", "highest": "", "reason": "Meeting 4"})
    assert refused.status_code == 422
    assert manager.post(address, {"lowest": "", "highest": "12,5x", "reason": "Meeting 4"}).status_code == 422
    assert manager.post(address, {"lowest": "", "highest": "12.5", "reason": "Meeting 4"}).status_code == 302
    (now,) = [each for each in ranges() if each.factor.code == "late-entry"]
    assert (now.lowest, now.highest, now.is_set) == (None, Decimal("12.50"), True)
    assert manager.get(reverse("monitoring:board")).text.count("to be confirmed") == len(FACTORS) - 1
    again = {"factor": "late-entry", "reason": "x", "by": world.trial_manager, "at": LATER}
    with pytest.raises(RangeWithoutEnd):
        set_range(lowest=None, highest=None, **again)
    with pytest.raises(RangeReversed):
        set_range(lowest=Decimal(3), highest=Decimal(2), **again)
    assert AcceptableRange.objects.get().events.count() == 1
    assert client_of(world.data_manager).get(address).status_code == 403


def test_a_site_sees_its_own_numbers_and_findings_alone(world: World, everything: None, clock: Any) -> None:
    with transaction.atomic():
        for site, count in ((world.site, 12), (world.other_site, 3)):
            SiteIndicator.objects.create(
                site=site,
                indicator="odd-hours",
                count=count,
                exposure=20,
                pooled_count=15,
                pooled_exposure=40,
                worked_out_at=LATER,
            )
    finding = seen(world, "odd-hours", 12, 20)
    own, monitor = client_of(world.investigator), client_of(world.monitor)
    pages = [
        client.get(reverse("monitoring:indicator", args=["odd-hours"])).text for client in (own, monitor)
    ]
    assert [page.count('<th scope="row">') for page in pages] == [1, 2]
    assert [page.count("<circle") for page in pages] == [1, 2]
    file = own.get(reverse("monitoring:board-file")).content.decode("utf-8-sig")
    assert [row["SITE"] for row in csv.DictReader(io.StringIO(file))] == ["01"]
    assert finding.get_absolute_url() in own.get(reverse("monitoring:board")).text
    page = own.get(finding.get_absolute_url())
    assert page.status_code == 200
    assert "Record the outcome" not in page.text
    assert own.post(finding.get_absolute_url(), {"outcome": "explained", "note": "x"}).status_code == 200
    assert MonitoringFinding.objects.get().followed_at is None
    assert own.post(reverse("monitoring:take", args=[finding.pk])).status_code == 403
    assert monitor.post(reverse("monitoring:take", args=[finding.pk])).status_code == 302
    told = {"outcome": "explained", "note": "Night shift enters."}
    assert monitor.post(finding.get_absolute_url(), told).status_code == 302
    assert "Night shift enters." in own.get(finding.get_absolute_url()).text


@pytest.fixture
def played(transactional_db: None, clock: Any, settings: Any, tmp_path: Path) -> Iterator[Played]:
    settings.MEDIA_ROOT = tmp_path
    with played_trial() as trial:
        yield trial


Recount = dict[int, tuple[int, int]]


def summed(told: Iterator[tuple[int, bool]]) -> Recount:
    """Return how many of each site are so, of how many."""
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for site, is_so in told:
        counts[site][0] += is_so
        counts[site][1] += 1
    return {site: (count, exposure) for site, (count, exposure) in counts.items()}


def late_forms() -> Iterator[tuple[int, bool]]:
    for form in ExpectedForm.objects.filter(is_waived=False).select_related("site"):
        entered = form.entered_at and local_date(form.entered_at, form.site.time_zone)
        if entered or form.due_on < TODAY_THERE:
            yield form.site_id, entered is None or entered > form.due_on


def late_hours() -> Iterator[tuple[int, bool]]:
    zones = dict(Site.objects.values_list("pk", "time_zone"))
    for act in Act.objects.filter(verb="crf:answers:save", role__in=("coordinator", "investigator")):
        hour = act.at.astimezone(ZoneInfo(zones[act.site_id or 0])).hour
        yield act.site_id or 0, hour < 6 or hour > 21


def round_pressures() -> Iterator[tuple[int, bool]]:
    for row in catalogue.form("VS").model.objects.exclude(state="empty"):
        yield from ((row.site_id, each % 5 == 0) for each in (row.sbp, row.dbp) if each is not None)


def alike_pairs() -> Iterator[tuple[int, bool]]:
    rows = [
        row for row in catalogue.form("VS").model.objects.exclude(state="empty") if None not in signs(row)
    ]
    for one, other in combinations(rows, 2):
        if one.site_id == other.site_id and one.participant_id != other.participant_id:
            yield one.site_id, signs(one) == signs(other)


def signs(row: Any) -> tuple[Any, ...]:
    return (row.sbp, row.dbp, row.hr, row.temp)


# Each indicator counted once more in plain Python, row by row.
RECOUNTED = {
    "late-entry": late_forms,
    "odd-hours": late_hours,
    "digit-preference": round_pressures,
    "alike-values": alike_pairs,
}


@pytest.mark.slow
def test_a_night_counts_the_demonstration_and_opens_each_finding_once(
    played: Played, everything: None
) -> None:
    work_out(at=UNTIL)
    with transaction.atomic():
        kept = {(row.indicator, row.site_id) for row in SiteIndicator.objects.all()}
        assert {code for code, _site in kept} >= {
            *("late-entry", "query-rate", "adverse-events", "visit-adherence", "digit-preference"),
            *("odd-hours", "vital-status"),
        }
        before = MonitoringFinding.objects.count()
        for code, told in RECOUNTED.items():
            rows = SiteIndicator.objects.filter(indicator=code)
            again = summed(told())
            assert {row.site_id: (row.count, int(row.exposure)) for row in rows} == again, code
            assert again, code
    assert work_out(at=UNTIL) == 0
    with transaction.atomic():
        assert MonitoringFinding.objects.count() == before
    shown = client_of(played.people["D"]).get(reverse("monitoring:board"))
    assert shown.status_code == 200
    assert not {"nan", "inf"} & set(re.findall(r"[a-z]+", shown.text.lower()))


def test_a_planted_site_is_found_once_and_not_again_soon_after_its_outcome(
    world: World, everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = {"odd-hours": {world.site.pk: (50, Decimal(60)), world.other_site.pk: (10, Decimal(600))}}
    monkeypatch.setattr("monitoring.services.counts_of", lambda code, *, today: planted.get(code, {}))
    assert work_out(at=LATER) == 1
    finding = MonitoringFinding.objects.get()
    assert (finding.site, finding.indicator, finding.owner_role) == (world.site, "odd-hours", "monitor")
    assert finding.highest is not None
    assert finding.seen is not None
    assert finding.seen > finding.highest
    assert work_out(at=LATER + timedelta(days=1)) == 0
    record_outcome(finding=finding, outcome="visit", note="Asked at the site.", by=world.monitor, at=LATER)
    assert work_out(at=LATER + QUIET_AFTER_OUTCOME - timedelta(days=1)) == 0
    assert work_out(at=LATER + QUIET_AFTER_OUTCOME + timedelta(days=1)) == 1


def test_a_breach_of_all_sites_together_is_a_finding_of_the_factor_s_owner(
    world: World, everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = {"vital-status": {world.site.pk: (300, Decimal(500)), world.other_site.pk: (302, Decimal(500))}}
    monkeypatch.setattr("monitoring.services.counts_of", lambda code, *, today: low.get(code, {}))
    assert work_out(at=LATER) == 3
    whole = MonitoringFinding.objects.get(site=None)
    assert (whole.kind, whole.owner_role, whole.lowest) == (FindingKind.FACTOR, "data_manager", Decimal(95))
    assert client_of(world.investigator).get(whole.get_absolute_url()).status_code == 404
