"""Versions of the protocol at a site: approved there, opened there, followed by its participants."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from protocol.text import later_than, load
from trials import lapse_causes
from trials.models import ConsentVersion, Participant, Site, SiteVersion
from trials.models.participants import TERMINAL, Track
from trials.services.decisions import lapse_decision
from trials.services.version_texts import keep_text

ENDED = TERMINAL - {Track.LOST}


class VersionNotLater(Refusal):
    code = "trials.version_not_later"
    message = _("Site {site} follows version {current} of the protocol; {wanted} is not a later version.")
    status = 422


class ApprovalInFuture(Refusal):
    code = "trials.approval_in_future"
    fields = ("approved_on",)
    message = _("The approval is dated {day}, which has not come yet. Check the date on the letter.")
    status = 422


class ApprovalBeforeText(Refusal):
    code = "trials.approval_before_text"
    fields = ("approved_on",)
    message = _(
        "Version {version} is dated {released}; a committee cannot have approved it on {day}. Check the date and "
        "the version on the letter."
    )
    status = 422


class ApprovalWithoutLetter(Refusal):
    code = "trials.approval_without_letter"
    message = _(
        "Enter the reference and the date of the committee's letter: an approval is known by its letter."
    )
    status = 422


class LetterNotAfterApproval(Refusal):
    code = "trials.letter_not_after_approval"
    fields = ("letter_on",)
    message = _(
        "The letter is dated {letter}, which is before the approval of {day}. Check both on the letter."
    )
    status = 422


class ConsentTextOlder(Refusal):
    code = "trials.consent_text_older"
    fields = ("consent",)
    message = _(
        "Consent text {label} was approved on {text_day}, before version {version} was on {day}. Choose the text that "
        "was approved with it; record that text at the site first if it is missing here."
    )
    status = 422


class ConsentOfAnotherSite(Refusal):
    code = "trials.consent_of_another_site"
    fields = ("consent",)
    message = _("The new consent text is not one of site {site}.")
    status = 422


class VersionOpen(Refusal):
    code = "trials.version_open"
    message = _("Version {version} is in force at site {site} already; its approval is no longer changed.")


class ApprovalMissing(Refusal):
    code = "trials.approval_missing"
    message = _(
        "Version {version} cannot be opened at site {site}: the date on which its ethics committee approved it is "
        "not on record. Record the approval first."
    )


def record_version_approval(
    *,
    site: Site,
    version: str,
    approved_on: date,
    reference: str,
    letter_on: date,
    consent: ConsentVersion | None = None,
    by: User | None,
    at: datetime,
    reason: str = "",
) -> SiteVersion:
    """The site's ethics committee approved ``version`` on ``approved_on``; a later call corrects it until it opens.

    Refuses: a version that is in force or not later; an approval without its letter, before the text, or still to
    come; a consent text of another site, or one approved before the version was. Locks: the site.
    """
    with open_act("trials:version:approve", by=by, at=at, site=site, reason=reason) as act:
        locked = Site.objects.select_for_update().get(pk=site.pk)
        refuse_unless_later(locked, version)
        today = local_date(at, locked.time_zone)
        _refuse_impossible_days(version, approved_on, letter_on, today=today)
        if not reference.strip():
            raise ApprovalWithoutLetter
        if consent is not None:
            _refuse_other_text(consent, locked, version, approved_on)
        site_version, _made = SiteVersion.objects.update_or_create(
            site=locked,
            version=version,
            defaults={
                "approved_on": approved_on,
                "reference": reference,
                "letter_on": letter_on,
                "consent": consent,
                "act": act,
            },
        )
    return site_version


def _refuse_impossible_days(version: str, approved_on: date, letter_on: date, *, today: date) -> None:
    for day in (approved_on, letter_on):
        if day > today:
            raise ApprovalInFuture(day=day.isoformat())
    released = load(version).head.released_on
    if approved_on < released:
        raise ApprovalBeforeText(version=version, released=released.isoformat(), day=approved_on.isoformat())
    if letter_on < approved_on:
        raise LetterNotAfterApproval(letter=letter_on.isoformat(), day=approved_on.isoformat())


def _refuse_other_text(consent: ConsentVersion, site: Site, version: str, approved_on: date) -> None:
    """A new consent text belongs to the amendment: the committee approved it with the version, or after it."""
    if consent.site_id != site.pk:
        raise ConsentOfAnotherSite(site=site.code)
    if consent.approved_on < approved_on:
        raise ConsentTextOlder(
            label=consent.label,
            text_day=consent.approved_on.isoformat(),
            version=version,
            day=approved_on.isoformat(),
        )


def refuse_unless_later(site: Site, version: str) -> None:
    """Refuse a version that does not follow the one in force at the site."""
    if SiteVersion.objects.filter(site=site, version=version, opened_on__isnull=False).exists():
        raise VersionOpen(version=version, site=site.code)
    if version not in later_than(site.protocol_version):
        raise VersionNotLater(site=site.code, current=site.protocol_version, wanted=version)


def open_site_version(*, site: Site, version: str, by: User, at: datetime, reason: str) -> SiteVersion:
    """The site follows ``version`` from today on, and so does whoever registers there (requirement 49).

    Refuses: a version that is not approved, or not later than the site's. Locks: the site.
    """
    with open_act("trials:version:open", by=by, at=at, site=site, reason=reason) as act:
        locked = Site.objects.select_for_update().get(pk=site.pk)
        refuse_unless_later(locked, version)
        today = local_date(at, locked.time_zone)
        site_version = SiteVersion.objects.select_for_update().filter(site=locked, version=version).first()
        if site_version is None or not site_version.may_open_on(today):
            raise ApprovalMissing(version=version, site=locked.code)
        keep_text(version, act=act)
        site_version.opened_on, site_version.act = today, act
        site_version.save(update_fields=["opened_on", "act"])
        locked.protocol_version, locked.act = version, act
        locked.save(update_fields=["protocol_version", "act"])
    return site_version


def follow_version(*, participant: Participant, version: str, by: User | None, at: datetime) -> Participant:
    """The participant follows ``version``; a decision on eligibility taken before lapses. The caller plans anew.

    Locks: the participant.
    """
    with open_act("trials:version:follow", by=by, at=at, participant=participant) as act:
        locked = Participant.objects.lock(participant.pk)
        locked.protocol_version, locked.act = version, act
        locked.save(update_fields=["protocol_version", "act"])
        if locked.state == Track.SCREENED:
            cause, values = lapse_causes.VERSION_FOLLOWED, {"version": version}
            lapse_decision(participant=locked, cause=cause, values=values, by=by, at=at)
    return locked


def note_carried(*, site_version: SiteVersion, by: User | None, at: datetime) -> SiteVersion:
    """Every living participant of the site follows the version.

    Locks: the version at its site.
    """
    with open_act("trials:version:carried", by=by, at=at, site=site_version.site) as act:
        locked = SiteVersion.objects.select_for_update().get(pk=site_version.pk)
        if locked.carried_at is None:
            locked.carried_at, locked.act = at, act
            locked.save(update_fields=["carried_at", "act"])
    return locked
