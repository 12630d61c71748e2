"""A casebook is made for somebody who may have it, and that it was made is on record."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import User
from audit.acts import open_act
from exports.casebook.content import casebook_of
from exports.services import refuse_odd_purpose
from kernel.snapshot import one_snapshot
from randomization.allocation.documents import NoPrinting
from trials.models import Participant


def make_casebook(*, participant: Participant, purpose: str, language: str, by: User, at: datetime) -> bytes:
    """The casebook of the participant as PDF in ``language``, as of one moment; who made it and why is on record.

    What it holds is read in one transaction; the pages are set afterwards, so that no transaction waits for them.
    Refuses: a server that cannot print; no purpose, or a long one.
    """
    try:
        from weasyprint import HTML  # loads the system's text engine: only when a PDF is asked for
    except OSError as missing:
        raise NoPrinting from missing
    with (
        one_snapshot(),
        open_act("exports:casebook:make", by=by, at=at, participant=participant, reason=purpose) as act,
        translation.override(language),
    ):
        refuse_odd_purpose(purpose)
        context = {"book": casebook_of(participant, user=by, at=at), "made": act, "language": language}
        page = render_to_string("exports/pdf/casebook.html", context)
    return bytes(HTML(string=page).write_pdf())
