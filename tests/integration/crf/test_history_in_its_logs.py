"""Rows of DM are copied to the logs of diseases and medication, once (protocol 3.3, decision C8)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import transaction

from audit.acts import open_act
from audit.models import Act
from crf import catalogue
from crf.catalogue.demographics.form import DemographicsDisease, DemographicsMedication
from crf.records.verification import verify_derived
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.conftest import Save, record_at
from tests.integration.crf.migrating import PlainEditor
from tests.unit.crf.examples import demographics
from tests.world import NOW, World, screen

CHAPTERS = ("3.3",)
migration = import_module("crf.migrations.0022_history_in_its_logs")
SYSTEM: dict[str, Any] = {"by": None, "at": NOW}


@pytest.mark.django_db(transaction=True)
def test_rows_of_dm_are_copied_to_the_logs(world: World, save: Save, superuser: Any) -> None:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        participant = screen(world)
        save(participant, "DM", values=demographics.VALUES)
        record = record_at(participant, "DM")
        with open_act("test:row:write", participant=participant, **SYSTEM) as act:
            about = {"record": record, "site": world.site, "act": act}
            DemographicsDisease.objects.create(position=1, mh_text="gout", mh_ongo="Y", **about)
            DemographicsDisease.objects.create(
                position=2, mh_text="stroke", missing={"mh_ongo": "NK"}, **about
            )
            DemographicsDisease.objects.create(position=3, mh_text="typed in error", removed=True, **about)
            DemographicsMedication.objects.create(
                position=1,
                cm_trt="allopurinol",
                cm_start="2019",
                cm_ongo="Y",
                cm_indc="mh",
                cm_indc_txt="gout",
                **about,
            )
    for _again in range(2):
        with superuser.transaction():
            migration.copy_to_the_logs(None, PlainEditor(superuser))
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        diseases = catalogue.form("MH").model.objects.filter(participant=participant).order_by("sequence")
        assert [(row.sequence, row.mh_text, row.mh_ongo, row.missing, row.state) for row in diseases] == [
            (1, "gout", "Y", {}, "complete"),
            (2, "stroke", None, {"mh_ongo": "NK"}, "complete"),
        ]
        [drug] = catalogue.form("CM").model.objects.filter(participant=participant)
        assert (drug.cm_trt, drug.cm_indc_txt, drug.state) == ("allopurinol", "gout", "in_progress")
        act = Act.objects.get(verb="crf:record:upgrade")
        assert {row.act_id for row in (*diseases, drug)} == {act.pk}
        assert (DemographicsDisease.objects.count(), DemographicsMedication.objects.count()) == (3, 1)
        assert list(verify_derived([participant], at=NOW)) == []
