"""Amendment 1: the file of version 1.1 that the trial manager is handed, and the trial that it comes to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from followup.models import Visit
from followup.services import plan_visits_for
from kernel.scope import EVERYTHING, scope
from protocol.text import read_from
from tests.versions import FIRST
from tests.world import NOW, PASSWORD, TODAY, World, as_person, screen
from trials import services as trials
from trials.models import Participant, Site

LIMIT = 'key = "neoadjuvant_platelets_min"\ntype = "int"\nvalue = {}\n'
MONTH_12 = (
    'code = "AS-12"\nseries = "surveillance"\narms = ["1", "2"]\nname = {{ en = "Surveillance, month 12", '
)
MONTH_12 += 'zh = "主动监测，第 12 个月" }}\ndue.anchor = "NEO_END"\ndue.source = "SANO"\n'
MONTH_12 += 'due.target = {{ {}, source = "SANO" }}'
SUMMARY = "First version: the public record, with defaults where nothing is published"
SUMMARY_ZH = "第一版：依据公开资料编写，未公布之处采用默认值"
# A visit, a dose, a limit, a criterion and a text; in both languages where there are words.
CHANGES = (
    ('version = "1.0"', 'version = "1.1"'),
    ("released_on = 2026-11-01", "released_on = 2026-11-12"),
    (SUMMARY, "Amendment 1: a later month 12, a higher dose, a higher limit of platelets, a wider criterion"),
    (SUMMARY_ZH, "修正案 1：第 12 个月访视推后，剂量提高，血小板限值提高，一项排除标准扩大"),
    (MONTH_12.format("months = 12"), MONTH_12.format("months = 12, weeks = 2")),
    ("200 mg IV, days 1 and 22", "240 mg IV, days 1 and 22"),
    ("200 mg 静脉滴注", "240 mg 静脉滴注"),
    ("amount = 200", "amount = 240"),
    (LIMIT.format(75), LIMIT.format(90)),
    ("pregnant or breast-feeding", "pregnant, breast-feeding or planning a pregnancy"),
    ("妊娠或哺乳期", "妊娠、哺乳期或计划妊娠"),
    ("All; no healthy volunteers", "All sexes; no healthy volunteers"),
    ("不限；不接受健康志愿者", "性别不限；不接受健康志愿者"),
)


def version_1_1() -> str:
    """The whole file of version 1.1."""
    text = FIRST
    for old, new in CHANGES:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@dataclass
class AmendmentDay:
    """Two sites on 1.0 and four people; a folder of versions that the file can be put into; a broker and its worker."""

    world: World
    folder: Path
    draft: Path
    decided: Participant
    treated: Participant
    watched: Participant
    elsewhere: Participant

    def install(self) -> None:
        """The file is there beside the versions in use, and the process starts again with it."""
        shutil.copytree(self.folder, self.installed)
        shutil.copy(self.draft, self.installed)
        read_from(self.installed)

    @property
    def installed(self) -> Path:
        """The folder of versions once the file is in it; a process reads a folder once."""
        return self.folder.with_name("installed")


def begin(world: World, tmp_path: Path) -> AmendmentDay:
    """Somebody decided on, somebody on treatment and somebody in surveillance at site 01; the latter at 02 as well."""
    folder, draft = tmp_path / "versions", tmp_path / "1.1.toml"
    folder.mkdir()
    (folder / "1.0.toml").write_text(FIRST, encoding="utf-8")
    draft.write_text(version_1_1(), encoding="utf-8")
    read_from(folder)
    with scope(user_id=None, sites=EVERYTHING):
        people = [
            decided_on(world),
            randomized(world, world.site, {"RAND": date(2026, 11, 10), "NEO_D1": date(2026, 11, 16)}),
            randomized(world, world.site, WATCHED),
            randomized(world, world.other_site, WATCHED),
        ]
    return AmendmentDay(world, folder, draft, *people)


WATCHED = {
    "RAND": date(2025, 11, 10),
    "NEO_D1": date(2025, 11, 17),
    "NEO_END": date(2025, 12, 18),
    "CRE1": date(2026, 1, 22),
    "CRE2": date(2026, 3, 5),
    "CCR": date(2026, 3, 5),
}


@transaction.atomic
def decided_on(world: World) -> Participant:
    participant = screen(world)
    with as_person(world.investigator):
        trials.decide_eligibility(
            participant=participant,
            eligible=True,
            evidence={"criteria": [], "verdict": True},
            digest="a" * 64,
            seen_digest="a" * 64,
            password=PASSWORD,
            by=world.investigator,
            at=NOW,
        )
    return participant


@transaction.atomic
def randomized(world: World, site: Site, known: dict[str, date]) -> Participant:
    by: dict[str, Any] = {"by": world.coordinator, "at": NOW}
    participant = screen(world, site=site)
    trials.reveal_arm(participant=participant, arm="1", **by)
    for code, day in known.items():
        trials.set_milestone(participant=participant, code=code, on=day, source="test", **by)
    tracks = (
        ("NEOADJUVANT", "AWAIT_CRE1", "AWAIT_CRE2", "SURVEILLANCE") if "CCR" in known else ("NEOADJUVANT",)
    )
    for track in tracks:
        trials.move_track(participant=participant, to=track, on=TODAY, **by)
    participant.refresh_from_db()
    plan_visits_for(participant=participant, **by)
    return participant


def month_12(participant: Participant) -> tuple[date | None, date | None]:
    """Return the window of the visit that the amendment moves."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        visit = Visit.objects.get(participant=participant, code="AS-12")
    return visit.opens, visit.closes


def follows(participant: Participant) -> str:
    """Return the version that the participant follows, as it is stored."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return Participant.objects.values_list("protocol_version", flat=True).get(pk=participant.pk)
