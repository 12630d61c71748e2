"""A laboratory file that a coordinator has previewed: one of its results differs from what was typed from paper."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from django.db import transaction

from crf import catalogue
from demo.simulation.sites import SiteWithPeople, Stage
from exports.imports.services import preview_import
from kernel.scope import EVERYTHING, scope

HEAD = ("SUBJID", "VISIT", "LB_DT", "LB_TEST", "LB_RES", "LB_UNIT")
TYPED_WRONG = 1  # the row of which the paper and the file say different things


def preview_some(stage: Stage, until: datetime) -> None:
    """The first site with laboratory results has a preview of the file of one visit."""
    at = until - timedelta(hours=3)
    for place in stage.places:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            if file := _file_of(place):
                preview_import(
                    form="LB",
                    file=file,
                    file_name="central-laboratory.csv",
                    mapping="",
                    mapping_name="Central laboratory",
                    by=place.coordinator,
                    at=at,
                )
                return


def _file_of(place: SiteWithPeople) -> bytes:
    """Return the results of one visit as a laboratory would send them; one of them is another than the typed one."""
    form = catalogue.forms()["LB"]
    records = form.model.objects.filter(participant__site=place.site, lb_done="Y", visit__isnull=False)
    record = records.select_related("participant", "visit").order_by("pk").first()
    if record is None:
        return b""
    rows = form.groups["tests"].model.objects.filter(record=record, removed=False, lb_res__isnull=False)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for number, row in enumerate(rows.order_by("position")[:12]):
        result = f"{row.lb_res}0" if number == TYPED_WRONG else row.lb_res
        writer.writerow(
            (record.participant.number, record.visit.code, record.lb_dt, row.lb_test, result, row.lb_unit)
        )
    return text.getvalue().encode()
