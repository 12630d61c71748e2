"""How the service does, in one line and one exit code, as Nagios, Zabbix and health checks read them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from operations.watching import ASKED, Reading, WatchLevel, readings

# Unknown is no reason to sleep, but what is known to be broken comes first.
WORST_LAST = (WatchLevel.OK, WatchLevel.WARNING, WatchLevel.UNKNOWN, WatchLevel.CRITICAL)


class Command(BaseCommand):
    help = "Print one line; end with 0 (fine), 1 (warning), 2 (critical) or 3 (unknown), as Nagios and Zabbix read it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", action="append", default=[], choices=list(ASKED), metavar="READING")

    def handle(self, *args: Any, **options: Any) -> None:
        taken = readings(at=timezone.now(), only=frozenset(options["only"]))
        worst = max((each.level for each in taken), key=WORST_LAST.index)
        odd = [each for each in taken if each.level is not WatchLevel.OK] or taken
        said = "; ".join(f"{each.name}: {each.seen}" for each in odd)
        figures = " ".join(_figure(each) for each in taken if each.value is not None)
        self.stdout.write(f"PALACE3 {worst.name} - {said} | {figures}")
        if worst is not WatchLevel.OK:
            raise SystemExit(int(worst))


def _figure(reading: Reading) -> str:
    return f"{reading.name}={reading.value:g}"
