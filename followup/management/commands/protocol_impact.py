"""``manage.py protocol_impact``: what a later version would change for living participants; nothing is written."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from followup.impact import KINDS, Impact, Total, affected, impacts, in_batches
from followup.services.planning import VisitChange
from kernel.scope import EVERYTHING, scope
from protocol.text import later_than, versions
from trials.models import Site


class Command(BaseCommand):
    """Prints each participant whose visits change, and the totals of each site."""

    help = "Print what a later protocol version would change for living participants. Nothing is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", required=True, help="the version, such as 1.1")
        parser.add_argument("--site", default="", help="the two digits of one site; all sites without it")

    def handle(self, *, to: str, site: str, **options: object) -> None:
        if to not in versions():
            raise CommandError(f"There is no version {to}. These are there: {', '.join(versions())}.")
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            sites = Site.objects.filter(code=site) if site else Site.objects.all()
            if not sites:
                raise CommandError(f"There is no site {site}." if site else "There is no site yet.")
            for each in sites.order_by("code"):
                self._site(each, to, timezone.now())

    def _site(self, site: Site, version: str, at: datetime) -> None:
        self.stdout.write(f"Site {site.code}, version {site.protocol_version}")
        if version not in later_than(site.protocol_version):
            self.stdout.write(
                f"  {version} is not later than the version in force here: nothing would change"
            )
            return
        total = Total()
        people = in_batches(affected(site, version))
        for impact in impacts(people, site=site, version=version, at=at):
            total.add(impact)
            self._participant(impact)
        counted = ", ".join(f"{number} {kind}" for kind, number in total.kinds())
        self.stdout.write(
            f"  {total.people} living participants, {total.touched} with other visits ({counted}); "
            f"{total.must_consent} to consent anew"
        )

    def _participant(self, impact: Impact) -> None:
        for kind in KINDS:
            of_kind = [_shown(change) for change in impact.changes if change.kind == kind]
            if of_kind:
                self.stdout.write(f"  {impact.participant.number} {kind}: {', '.join(of_kind)}")


def _shown(change: VisitChange) -> str:
    window = change.after or change.before
    if window is None or window[0] is None:
        return change.code
    return f"{change.code} {window[0]}..{window[1]}"
