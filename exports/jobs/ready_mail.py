"""The mail to whoever saved an export that is taken by itself: it is ready, or it was stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.mail_words import go_there
from accounts.services import write_mail
from exports.models import Export, ExportState

EXPORT_READY: Final = "exports.ready"


def tell_ready(export: Export, *, at: datetime) -> None:
    """Who saved the export has a mail about how it ended; one that was asked for by hand is followed on its page."""
    if export.definition is None or not export.requested_by.email:
        return
    person = export.requested_by
    with override(person.language):
        done = export.state == ExportState.DONE
        subject = _("Your export “{name}” is ready") if done else _("Your export “{name}” was stopped")
        what = _("It can be downloaded on its page.") if done else _("Its page says why, and what to do.")
        write_mail(
            to=person,
            address=person.email,
            kind=EXPORT_READY,
            key=f"{EXPORT_READY}:{export.pk}",
            subject=subject.format(name=export.definition.name),
            body=f"{what}\n\n{go_there(export.get_absolute_url())}\n",
            language=person.language,
            site=None,
            at=at,
        )
