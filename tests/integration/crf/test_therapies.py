"""The log of subsequent anticancer therapy: contacts ask for it, and what forms held before is in it (decision D3)."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.db import transaction

from audit.acts import open_act
from audit.models import Act
from crf import catalogue
from crf.catalogue.follow_up.form import FollowUpTreatment
from crf.models import Query, QueryState
from crf.records.verification import verify_derived
from followup.services import add_unscheduled_visit
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save
from tests.integration.crf.migrating import PlainEditor
from tests.integration.crf.test_consequences import SYSTEM, person, randomized, screened_on_paper
from tests.integration.crf.test_judged_again import ALIVE, NOW
from tests.unit.crf.examples import follow_up
from tests.world import World, screen
from trials.models import Participant

CHAPTERS = ("3.12", "3.13")
pytestmark = pytest.mark.django_db
__all__ = ["person"]

migration = import_module("crf.migrations.0016_therapies_in_their_log")
RELAPSE, LATER = date(2026, 10, 1), date(2026, 11, 2)
RELAPSED = {
    "dz_status": "proven",
    "rec_yn": "Y",
    "rec_type": ["distant"],
    "rec_dt_first_suspect": RELAPSE,
    "rec_dt_proof": RELAPSE,
    "rec_method": "histology",
    "n_lesions": 2,
    "resectable": "N",
}
SITES = {"rec_site": [{"position": 1, "organ": "liver"}]}


def contact(person: Participant, save: Save, form: str, day: date, **said: Any) -> Any:
    visit = add_unscheduled_visit(participant=person, took_place_on=day, forms=[form], why="x", **SYSTEM)
    save(person, form, visit=visit, **said)
    return catalogue.form(form).model.objects.get(participant=person, visit=visit)


def asked(record: Any, check: str) -> bool:
    return Query.objects.filter(record=record, check_code=check).exclude(state=QueryState.CLOSED).exists()


def test_point_15_every_contact_after_an_event_asks_for_therapy_and_the_log_answers(
    person: Participant, save: Save
) -> None:
    screened_on_paper(person, save)
    randomized(person, arm="2")
    before = contact(person, save, "SURV", date(2026, 9, 1), values={"status_dt": date(2026, 9, 1), **ALIVE})
    assert (before.st_due, before.state) == (None, "complete")
    told = {**follow_up.VALUES, "fu_dt": RELAPSE, "img_any": "N", "post_tx_any": "Y", **RELAPSED}
    first = contact(person, save, "FU", RELAPSE, values=told, groups=SITES)
    assert asked(first, "FU-12")
    swept = contact(
        person, save, "SURV", LATER, values={"status_dt": LATER, **ALIVE, "dz_now": "distant", "st_any": "Y"}
    )
    assert (swept.st_due, asked(swept, "SURV-09")) == (True, True)
    save(person, "ST", values={"st_kind": "io", "st_class": ["pd1"], "st_start": "2026-10-20"})
    assert not asked(swept, "SURV-09")
    assert asked(first, "FU-12"), "it began after that contact"
    therapy = catalogue.form("ST").model.objects.get(participant=person)
    assert not asked(therapy, "ST-02")
    assert list(verify_derived([person], at=NOW)) == []


@pytest.mark.django_db(transaction=True)
def test_point_15_rows_of_follow_up_forms_are_copied_to_the_log(
    world: World, save: Save, superuser: Any
) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = screen(world, signed_on=date(2026, 4, 28))
        randomized(participant, arm="2")
        record = contact(
            participant, save, "FU", LATER, values={**follow_up.VALUES, "fu_dt": LATER, "img_any": "N"}
        )
        with open_act("test:row:write", participant=participant, **SYSTEM) as act:
            about = {"record": record, "site": world.site, "act": act}
            FollowUpTreatment.objects.create(
                position=1,
                tx_kind="chemo",
                tx_drug="docetaxel",
                tx_start="2026-09",
                tx_line=2,
                missing={"tx_end": "NK"},
                **about,
            )
            FollowUpTreatment.objects.create(position=2, tx_kind="io", tx_start="2026-07-30", **about)
            FollowUpTreatment.objects.create(position=3, tx_kind="rt", removed=True, **about)
    for _again in range(2):
        with superuser.transaction():
            migration.copy_to_the_log(None, PlainEditor(superuser))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        log = list(catalogue.form("ST").model.objects.filter(participant=participant).order_by("sequence"))
        seen = [(row.sequence, row.st_kind, row.st_class, row.st_regimen, row.st_start) for row in log]
        assert seen == [
            (1, "io", None, None, "2026-07-30"),
            (2, "chemo", ["chemo"], "docetaxel", "2026-09"),
        ]
        assert (log[1].missing, log[1].st_line, log[1].state) == ({"st_end": "NK"}, 2, "in_progress")
        act = Act.objects.get(verb="crf:record:upgrade")
        assert act.reason == migration.REASON
        assert {row.act_id for row in log} == {act.pk}
        assert [event.answers_act_id for row in log for event in row.events.all()] == [act.pk, act.pk]
        assert FollowUpTreatment.objects.count() == 3
