"""What is mailed about contact requests and news. No mail repeats anything that a visitor typed.

A mail to a visitor waits in the outbox without an address: it is looked up in the sealed row when the
mail leaves, so that an address erased meanwhile gets nothing, and no version of it was ever kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.mail_words import closing, go_there
from accounts.models import Mail
from accounts.outbox import MailEnvelope
from accounts.permissions import ROLE_PERMISSIONS, SITE_ROLES, Permission, Role
from accounts.services import write_mail
from kernel.clock import local_date
from kernel.days import written
from kernel.scope import scope
from protocol.text import load
from trials.models import ContactIdentity, ContactRequest, Delegation, Site
from website.contact.tokens import ticket_of_request
from website.identity import unseal
from website.public.hours import hours_in_words
from website.public.language import spoken

ACKNOWLEDGED, ARRIVED, LATE = "trials:acknowledged", "trials:request_arrived", "trials:request_late"
HANDLING: Final = tuple(role for role in SITE_ROLES if Permission.CONTACT_HANDLE in ROLE_PERMISSIONS[role])


def acknowledge(request: ContactRequest, *, at: datetime) -> None:
    """The visitor will read that the request arrived, which centre calls and when, and how to take it back."""
    days = load(settings.PROTOCOL_VERSION).setting("contact_call_working_days")
    site = request.site
    lines = [
        _("Your request to the PALACE-3 trial has arrived."),
        _("%(centre)s in %(city)s will call you within %(days)s working days.")
        % {"centre": site.local_name, "city": site.local_city, "days": days},
    ]
    if site.office_hours:
        lines.append(
            _("It calls in its office hours: %(hours)s.") % {"hours": hours_in_words(site.office_hours)}
        )
    lines += [
        _(
            "The reference of your request is %(reference)s. To take it back and have everything erased, open this "
            "address and press the button:"
        )
        % {"reference": request.reference},
        _address_to_take_back(request),
        _("If you did not write to us, somebody mistyped an address: you need not do anything."),
    ]
    write_mail(
        to=None,
        address="",
        kind=ACKNOWLEDGED,
        key=f"{ACKNOWLEDGED}:{request.reference}",
        about=request.reference,
        subject=_("PALACE-3: your request has arrived"),
        body="\n\n".join(lines),
        language=get_language() or "en",
        site=site,
        at=at,
    )


def _address_to_take_back(request: ContactRequest) -> str:
    ticket = ticket_of_request(request.site.code, request.reference)
    place = reverse("trials:contact-back", args=[ticket])
    return f"{settings.PUBLIC_ADDRESS}{place}?lang={spoken(get_language())}"


def envelope_of_acknowledgement(mail: Mail, *, at: datetime) -> MailEnvelope | None:
    """Return where the acknowledgement goes; None once who sent the request was erased."""
    if mail.site_id is None:
        return None
    with scope(user_id=None, sites={mail.site_id}, confided={mail.site_id}):
        contact_identity = ContactIdentity.objects.filter(request__reference=mail.about).first()
        if contact_identity is None:
            return None
        typed = unseal(contact_identity.sealed, bound_to=f"contact request {mail.about} at {mail.site_id}")
    return MailEnvelope(typed["email"]) if typed["email"] else None


def tell_centre(request: ContactRequest, *, at: datetime) -> None:
    """Each of the centre's people who handle requests will read that one waits, and nothing of whom."""
    for person in people_handling(request.site, at=at):
        with override(person.language):
            _write(request, person, ARRIVED, at)


def escalate(request: ContactRequest, *, at: datetime) -> int:
    """The centre's people and the trial managers will read, once each, that nobody has called in time."""
    told = [*people_handling(request.site, at=at), *_trial_managers(request.site, at=at)]
    for person in told:
        with override(person.language):
            _write(request, person, LATE, at)
    return len(told)


def _write(request: ContactRequest, person: Any, kind: str, at: datetime) -> None:
    subject, body = _arrived(request) if kind == ARRIVED else _late(request)
    write_mail(
        to=person,
        address=person.email,
        kind=kind,
        key=f"{kind}:{request.reference}:{person.pk}",
        about=request.reference,
        subject=subject,
        body=f"{subject}.\n\n{body}\n{go_there(request.get_absolute_url())}\n\n{closing()}",
        language=person.language,
        site=request.site,
        at=at,
    )


def _arrived(request: ContactRequest) -> tuple[str, str]:
    return (
        _("%(site)s: call requested") % {"site": request.site},
        _("Sign in and open “Contact requests” on your work list. The number is there, and only there."),
    )


def _late(request: ContactRequest) -> tuple[str, str]:
    day = local_date(request.received_at, request.site.time_zone)
    return (
        _("%(site)s: nobody has called since %(day)s") % {"site": request.site, "day": written(day)},
        _(
            "A contact request has waited longer than it may. The person expects the call: call today, and record "
            "the call under “Contact requests”."
        ),
    )


def still_late(mail: Mail, *, at: datetime) -> tuple[str, str] | None:
    """Return the notice while nobody has called; None as soon as somebody has."""
    waits = ContactRequest.objects.filter(reference=mail.about, state="new").exists()
    return (mail.subject, mail.body) if waits else None


def people_handling(site: Site, *, at: datetime) -> list[Any]:
    """Return who handles the site's requests now, with an address, once each."""
    delegations = Delegation.objects.in_force(on=local_date(at, site.time_zone)).filter(
        site=site, role__in=HANDLING
    )
    return _reachable(delegations)


def _trial_managers(site: Site, *, at: datetime) -> list[Any]:
    delegations = Delegation.objects.in_force(on=local_date(at, site.time_zone))
    return _reachable(delegations.filter(site=None, role=Role.TRIAL_MANAGER))


def _reachable(delegations: Any) -> list[Any]:
    active = delegations.filter(user__is_active=True).exclude(user__email="")
    people = {delegation.user_id: delegation.user for delegation in active.select_related("user")}
    return [people[key] for key in sorted(people)]
