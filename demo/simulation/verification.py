"""The monitor of the synthetic trial verifies by the plan, and investigators sign: the oldest records first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from crf import catalogue
from crf.models import Query, SignedAs
from crf.records.signing import digest_of, sign_records
from crf.records.source_verification import change_plan, verify_fields
from crf.store.outstanding import unsigned, unverified_required
from crf.store.records import find_stored_record, key_of_record
from crf.store.verification import answers_of
from demo.simulation.sites import PASSWORD, Stage
from kernel.scope import EVERYTHING, scope

SITES_VISITED: Final = 3
RECORDS_A_VISIT: Final = 25


def plan_verification(stage: Stage, *, at: datetime) -> None:
    """The plan is in force before the first participant is registered."""
    change_plan(
        participants_percent=20,
        others_percent=10,
        site_percents={},
        seed="PALACE-3 demonstration",
        reason="First version of the monitoring plan.",
        by=stage.central["data"],
        at=at,
    )


def verify_some(stage: Stage, until: datetime) -> None:
    """The monitor has been at the first sites, each some days before ``until``."""
    for days, place in enumerate(stage.places[:SITES_VISITED], start=3):
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            rows = unverified_required(site=place.site).select_related(
                "record__participant__site", "record__visit"
            )
            for row in rows.order_by("participant__number", "record")[:RECORDS_A_VISIT]:
                form = catalogue.forms()[row.form_code]
                answers = answers_of(form, row.pk)
                verify_fields(
                    record_key=key_of_record(form, row.record),
                    seen={target: answers[target].token for target in row.unverified},
                    by=stage.central["monitor"],
                    at=until - timedelta(days=days),
                )


def sign_some(stage: Stage, until: datetime) -> None:
    """The investigators of the first sites have signed a casebook: the first about which no query is open."""
    for place in stage.places[:SITES_VISITED]:
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            rows = unsigned(site=place.site).select_related("participant__site", "visit")
            asked = rows.filter(pk__in=Query.objects.living().values("record_id")).values("participant")
            ready = rows.exclude(participant__in=asked).order_by("participant__number")
            first = ready.values_list("participant", flat=True).first()
            seen = {}
            for record in rows.filter(participant=first).order_by("pk"):
                key = key_of_record(catalogue.forms()[record.form_code], record)
                if stored := find_stored_record(key):
                    seen[key] = (record.version, digest_of(key.form, stored))
            if seen:
                told: Any = {"by": place.investigator, "at": until - timedelta(days=2), "password": PASSWORD}
                sign_records(seen=seen, signed_as=SignedAs.CASEBOOK, **told)
