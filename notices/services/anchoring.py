"""The chained digest of the trail goes out: to investigators, to addresses outside, to a folder.

What is held by somebody whom the owner of the database cannot reach proves history up to it (requirement 40, ADR 43).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.mail_words import closing, go_there, page_link
from accounts.models import User
from accounts.permissions import Role
from accounts.services import write_mail
from audit.acts import open_act
from audit.anchors import document_of, sign_anchor
from audit.models import Act, Anchor, AnchorOccasion, Seal
from audit.seals import seal_batch
from audit.verify import unsealed, verify
from followup.models import DataCut
from kernel.clock import local_date
from trials.models import Delegation

ANCHOR: Final = "audit:anchor"
LATE: Final = "audit:late"
MOST: Final = 40
TOLD_OF_ANCHORS: Final = (Role.INVESTIGATOR, Role.TRIAL_MANAGER)


def verify_and_anchor(*, at: datetime) -> Anchor | None:
    """The night's verification is done, and its result goes out with the chained digest of that moment.

    The verification reads only. On the night after a data cut the digest is that of the cut.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        findings = [str(finding) for finding in verify()]
        yesterday = local_date(at, settings.TRIAL_TIME_ZONE) - timedelta(days=1)
        is_cut = DataCut.objects.standing().filter(on=yesterday).exists()
    return send_anchor(
        occasion=AnchorOccasion.CUT if is_cut else AnchorOccasion.NIGHT, findings=findings, at=at
    )


def send_anchor(
    *, occasion: AnchorOccasion, at: datetime, findings: list[str] | None = None
) -> Anchor | None:
    """The chained digest of everything sealed by now is signed, kept, and on its way to everybody who holds copies.

    ``findings`` are those of a verification just done; None when there was none. None is returned where nothing is
    sealed. Locks: the sealing of acts.
    """
    while seal_batch(at=at) is not None:
        pass
    with transaction.atomic():
        last = Seal.objects.order_by("-last_act").defer("leaves").first()
        if last is None:
            return None
        anchor = Anchor(
            occasion=occasion,
            made_at=at,
            last_act=last.last_act,
            acts=Act.objects.filter(pk__lte=last.last_act).count(),
            chain=last.chain,
            findings=None if findings is None else len(findings),
        )
        sign_anchor(anchor)
        anchor.save(force_insert=True)
        keep_outside(anchor)
        with open_act("audit:anchor:send", by=None, at=at):
            for person in holders(TOLD_OF_ANCHORS, at=at):
                _write(anchor, findings, person, person.email, person.language, at=at)
            for address in settings.ANCHOR_ADDRESSES:
                _write(anchor, findings, None, address, "en", at=at)
    return anchor


def keep_outside(anchor: Anchor) -> None:
    """A file with the copy stands in the folder of the settings; one that stands there already is not touched."""
    if settings.ANCHOR_FOLDER:
        path = Path(settings.ANCHOR_FOLDER) / f"anchor-{anchor.last_act:012d}-{anchor.chain[:12]}.json"
        if not path.exists():
            with path.open("x", encoding="utf-8") as file:
                json.dump(document_of(anchor), file, indent=1, sort_keys=True)


def holders(roles: Iterable[Role], *, at: datetime) -> list[User]:
    """Return the people with a mail address who hold one of the roles anywhere, once each."""
    on = local_date(at, settings.TRIAL_TIME_ZONE)
    rows = Delegation.objects.in_force(on=on).filter(role__in=list(roles), user__is_active=True)
    people = {row.user_id: row.user for row in rows.select_related("user") if row.user.email}
    return [people[key] for key in sorted(people)]


def _write(
    anchor: Anchor, findings: list[str] | None, to: User | None, address: str, language: str, *, at: datetime
) -> None:
    key = to.pk if to else hashlib.sha256(address.encode()).hexdigest()[:20]
    with override(language):
        subject, body = _words(anchor, findings)
    write_mail(
        to=to,
        address=address,
        kind=ANCHOR,
        key=f"{ANCHOR}:{anchor.pk}:{key}",
        subject=subject,
        body=body,
        language=language,
        site=None,
        at=at,
    )


def _words(anchor: Anchor, findings: list[str] | None) -> tuple[str, str]:
    subject = _("PALACE-3: digest of the audit trail up to act %(last)s") % {"last": anchor.last_act}
    if findings:
        subject = ngettext(
            "PALACE-3: the audit trail was touched, %(number)s finding",
            "PALACE-3: the audit trail was touched, %(number)s findings",
            len(findings),
        ) % {"number": len(findings)}
    lines = [
        _(
            "Keep this message. Whoever holds it can prove that no act up to this one was changed, removed or added "
            "later, not even by whoever runs the database."
        ),
        *_result(findings),
        json.dumps(document_of(anchor), indent=1, sort_keys=True),
        _("How a copy is checked, and all earlier ones: %(address)s")
        % {"address": page_link(reverse("trials:anchors"))},
        closing(),
    ]
    return subject, "\n\n".join(lines)


def _result(findings: list[str] | None) -> list[str]:
    if findings is None:
        return []
    if not findings:
        return [
            _("Tonight's verification has found nothing: acts, versions, secrets and guards are untouched.")
        ]
    more = len(findings) - MOST
    listed = [*findings[:MOST], *([_("and %(number)s more") % {"number": more}] if more > 0 else [])]
    return [_("Tonight's verification names:"), "\n".join(listed)]


def alarm_of_late_seals(*, at: datetime) -> int:
    """Trial managers are told, once a day, that acts wait for their seal too long; say how many people were."""
    with transaction.atomic():
        waiting = unsealed()
        if not waiting.is_late:
            return 0
        told = 0
        with open_act("audit:seal:alarm", by=None, at=at):
            for person in holders([Role.TRIAL_MANAGER], at=at):
                with override(person.language):
                    subject = _("PALACE-3: the audit trail is not being sealed")
                    body = _(
                        "%(number)s acts wait for their seal, the oldest for %(minutes)s minutes. Until they are "
                        "sealed, nothing but triggers protects them. Look at the background tasks, and tell whoever "
                        "runs the system."
                    ) % {"number": waiting.number, "minutes": int(waiting.age.total_seconds() // 60)}
                    text = f"{body}\n\n{go_there(reverse('followup:tasks'))}\n\n{closing()}"
                mail = write_mail(
                    to=person,
                    address=person.email,
                    kind=LATE,
                    key=f"{LATE}:{local_date(at, settings.TRIAL_TIME_ZONE).isoformat()}:{person.pk}",
                    subject=subject,
                    body=text,
                    language=person.language,
                    site=None,
                    at=at,
                )
                told += mail is not None
    return told
