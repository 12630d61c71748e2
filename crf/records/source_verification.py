"""Fields are verified against source, one by one, and a form as a whole; the plan is changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from crf import catalogue
from crf.engine.base import RecordState
from crf.models import FieldVerification, VerificationPlan
from crf.records.signing import NothingThere, NotInYourRole
from crf.store.records import RecordKey, find_record
from crf.store.verification import answers_of, put_verified, settle_verification
from kernel.clock import local_date
from kernel.errors import Forbidden, Refusal
from trials.models import Participant, Site


class NotYourPlan(Forbidden):
    code = "crf.not_your_plan"
    message = _("The plan of source verification is changed by data management. Nothing was changed.")


class PlanReasonNeeded(Refusal):
    code = "crf.plan_reason_needed"
    fields = ("reason",)
    message = _("Say why the plan is made or changed.")
    status = 422


class ShareImpossible(Refusal):
    code = "crf.share_impossible"
    fields = ("participants_percent", "others_percent", "site_percents")
    message = _(
        "A share is a whole number of percent from 0 to 100, for a site that exists. Correct “{share}”."
    )
    status = 422


class SeedNeeded(Refusal):
    code = "crf.seed_needed"
    fields = ("seed",)
    message = _("The plan needs a seed, by which others can draw the same again. Type one.")
    status = 422


class RecordIsLocked(Refusal):
    code = "crf.verification_of_locked"
    message = _("{record} is locked, and its verification stays as it is.")


@dataclass(frozen=True)
class VerifiedFields:
    """How many fields were verified, and taken back; ``changed`` names those that are not as they were shown."""

    verified: int
    taken_back: int
    changed: tuple[str, ...]


def verify_fields(
    *,
    record_key: RecordKey,
    seen: Mapping[str, str],
    taken_back: Collection[str] = (),
    by: User,
    at: datetime,
) -> VerifiedFields:
    """The monitor has compared the fields with their source, each as it was shown, and takes others back.

    ``seen`` holds the token of the value that was shown for each field. A field that has changed since is left out
    and named. The state of the record follows: verified once every field that the plan requires is (ADR 37).

    Refuses: who may not; a record that is not there, or is locked. Locks: the participant, then the record.
    """
    with open_act("crf:fields:verify", by=by, at=at, participant=record_key.participant) as act:
        if not by.may(Permission.CRF_VERIFY, record_key.participant.site):
            raise NotInYourRole
        Participant.objects.lock(record_key.participant.pk)
        record: Any = find_record(record_key, lock=True)
        if record is None or record.state == RecordState.EMPTY:
            raise NothingThere(record=record_key.label)
        if record.state == RecordState.LOCKED:
            raise RecordIsLocked(record=record_key.label)
        now = answers_of(record_key.form, record.pk)
        same = [now[target] for target, token in seen.items() if target in now and now[target].token == token]
        made = put_verified(record, same, by=by, at=at, act=act)
        standing = FieldVerification.objects.filter(record_id=record.pk, fell_at=None)
        gone = standing.filter(target__in=set(taken_back) - set(seen)).update(fell_at=at, act=act)
        settle_verification([record.pk], act=act)
    compared = {answer.target for answer in same}
    return VerifiedFields(len(made), gone, tuple(target for target in seen if target not in compared))


def critical_fields() -> dict[str, list[str]]:
    """Return the critical fields of each form, as the forms declare them."""
    return {form.code: sorted(form.critical) for form in catalogue.forms().values() if form.critical}


def plan_in_force() -> VerificationPlan | None:
    """Return the last version of the plan, or None: then every field is verified."""
    return VerificationPlan.objects.filter(ends_on=None).first()


def plan_versions() -> Any:
    """Return every version of the plan, the last one first."""
    return VerificationPlan.objects.select_related("made_by")


def change_plan(
    *,
    participants_percent: int,
    others_percent: int,
    site_percents: Mapping[str, int],
    seed: str,
    reason: str,
    by: User,
    at: datetime,
) -> VerificationPlan:
    """The plan has a new version, with the critical fields that the forms declare now; what is left follows from it.

    Who was drawn stays drawn. Refuses: who does not lock data centrally; a share that is none; a plan without a seed
    or reason. Locks: the plan that was in force.
    """
    if not by.may(Permission.VERIFICATION_PLAN, None):
        raise NotYourPlan
    if not reason.strip():
        raise PlanReasonNeeded
    if not seed.strip():
        raise SeedNeeded
    day = local_date(at, settings.TRIAL_TIME_ZONE)
    with open_act("crf:verification:plan", by=by, at=at, reason=reason) as act:
        _refuse_shares(participants_percent, others_percent, site_percents)
        before = VerificationPlan.objects.select_for_update().filter(ends_on=None).first()
        if before is not None:
            before.ends_on, before.act = day, act
            before.save(update_fields=["ends_on", "act"])
        plan = VerificationPlan.objects.create(
            number=before.number + 1 if before else 1,
            participants_percent=participants_percent,
            others_percent=others_percent,
            site_percents=dict(site_percents),
            seed=seed.strip(),
            critical=critical_fields(),
            reason=reason.strip(),
            made_by=by,
            starts_on=day,
            act=act,
        )
        _follow_plan(act.pk)
    return plan


def _refuse_shares(participants: int, others: int, sites: Mapping[str, int]) -> None:
    known = set(Site.objects.values_list("code", flat=True))
    for name, share in {"": participants, " ": others, **sites}.items():
        if not 0 <= share <= 100 or (name.strip() and name not in known):
            raise ShareImpossible(share=f"{name.strip()} {share}".strip())


def _follow_plan(act: int) -> None:
    """What is left of every record is worked out anew, and the states follow."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT crf_work_out_verification(array_agg(id)), crf_settle_verified(array_agg(id), %s) FROM crf_record",
            [act],
        )
