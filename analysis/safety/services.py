"""What this package writes: that serious events left as a file, and that a file was compared with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.models import User
from accounts.permissions import Permission
from analysis.safety.cases import icsr_case_of
from analysis.safety.icsr import icsr_file
from analysis.safety.reconciliation import Reconciliation, file_of, reconciled, record_of
from analysis.safety.serious import SeriousEventLine, serious_events_at
from audit.acts import open_act
from exports.cuts import Cut
from exports.imports.files import read_table
from trials.models import Participant, Site


def sites_to_reconcile(by: User) -> dict[int, str]:
    """Return code by key of the sites whose serious events the person takes out and compares."""
    return dict(Site.objects.open_to(by, Permission.SAFETY_RECONCILE).values_list("pk", "code"))


def take_icsr(*, participant: Participant, line: SeriousEventLine, cut: Cut, by: User, at: datetime) -> bytes:
    """The serious event leaves as an E2B(R3) file, and the act says who took it.

    Refuses: an event that the site has not reported. Locks: nothing.
    """
    content = icsr_file(icsr_case_of(line, cut, made_at=at))
    with open_act("analysis:icsr:take", by=by, at=at, participant=participant, reason=f"AE {line.event_no}"):
        return content


def take_serious_events(*, by: User, at: datetime) -> bytes:
    """The serious events leave as a file for a safety database, and the act says who took it.

    Refuses: nothing. Locks: nothing.
    """
    with open_act("analysis:safety:take", by=by, at=at):
        return file_of(_records(by, at))


def reconcile(*, file: bytes, file_name: str, by: User, at: datetime) -> Reconciliation:
    """The file of a safety database is compared with the serious events on record; the act keeps its digest.

    Refuses: a file that cannot be read, has no key, or names an event twice. Locks: nothing.
    """
    table = read_table(file, name=file_name)
    reason = f"{table.name} SHA-256 {table.digest}"
    with open_act("analysis:safety:reconcile", by=by, at=at, reason=reason):
        return reconciled(_records(by, at), table)


def _records(by: User, at: datetime) -> list[Mapping[str, str | int]]:
    lines = serious_events_at(Cut.of_this_snapshot(), sites_to_reconcile(by))
    return [record_of(line, at=at) for line in lines]
