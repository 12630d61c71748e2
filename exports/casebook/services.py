"""A casebook is made for somebody who may have it, and that it was made is on record."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from audit.acts import open_act
from exports.casebook.paper import Making, casebook_page
from exports.services import refuse_odd_purpose
from kernel.long_paper import set_long_page
from kernel.paper import typesetter
from kernel.snapshot import one_snapshot
from trials.models import Participant


def make_casebook(*, participant: Participant, purpose: str, language: str, by: User, at: datetime) -> bytes:
    """The casebook of the participant as PDF in ``language``, as of one moment; who made it and why is on record.

    What it holds is read in one transaction; the pages are set afterwards, so that no transaction waits for them.
    Refuses: a server that cannot print; no purpose, or a long one.
    """
    typesetter()
    with (
        one_snapshot(),
        open_act("exports:casebook:make", by=by, at=at, participant=participant, reason=purpose) as act,
    ):
        refuse_odd_purpose(purpose)
        made = Making(pk=act.pk, by=by, at=at, reason=act.reason)
        page = casebook_page(participant, reader=by, made=made, language=language)
    return set_long_page(page)
