"""What happens to records by night. Each task takes ids and may run twice with the same result."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crf.attachments.services import look_after_files
from crf.locks.services import catch_up_participant
from crf.records.expected import compare_expected_forms
from crf.records.overnight import judge_new_day, report_checks, report_differences
from kernel.tasks import send, task
from trials.models import Participant, Site


@task(name="crf:judge_day")
def judge_day() -> None:
    """The records of every site agree with the new calendar day."""
    with transaction.atomic():
        sites = list(Site.objects.order_by("code").values_list("pk", flat=True))
    for site_id in sites:
        send("crf:judge_day_of_site", site_id)


@task(name="crf:judge_day_of_site")
def judge_day_of_site(site_id: int) -> None:
    """The records of the site agree with its calendar day."""
    with transaction.atomic():
        site = Site.objects.get(pk=site_id)
    judge_new_day(site=site, at=timezone.now())


@task(name="crf:verify_derived")
def verify_all_derived() -> None:
    """Every stored derived answer and query is compared with a fresh evaluation."""
    report_differences(zone=settings.TRIAL_TIME_ZONE, at=timezone.now())


@task(name="crf:compare_expected")
def compare_expected() -> None:
    """The table of expected forms is compared with a fresh computation; the run fails when it differed."""
    compare_expected_forms()


@task(name="crf:run_checks")
def run_all_checks() -> None:
    """Queries and listed findings of all stored data are as the checks of today judge them."""
    report_checks(zone=settings.TRIAL_TIME_ZONE, at=timezone.now())


@task(name="crf:attachments")
def look_after_attachments() -> None:
    """Files that nobody answered for are gone, and every stored file is compared with its digest."""
    look_after_files(at=timezone.now())


@task(name="crf:catch_up")
def catch_up_after_lock(participant_id: int) -> None:
    """Version, visits and derived answers of the participant are as they would be without the lock that ended."""
    with transaction.atomic():
        participant = Participant.objects.get(pk=participant_id)
    catch_up_participant(participant=participant, by=None, at=timezone.now())
