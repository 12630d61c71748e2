"""Propose a short name for every exported column that has none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from crf import catalogue
from exports.cuts import Cut
from exports.formats.short_names import declared_names, with_proposals, write_names
from exports.listed.catalogue import BY_NAME
from exports.writing import files_for


class Command(BaseCommand):
    help = "Propose a name of at most eight characters for every exported file and column that has none."

    def handle(self, *args: Any, **options: Any) -> None:
        cut = Cut(
            at=datetime(2000, 1, 1, tzinfo=UTC), is_past=False
        )  # which columns there are hangs on no moment
        names = with_proposals(
            declared_names(), files_for(list(catalogue.forms().values()), cut, BY_NAME, identifying=True)
        )
        number = len(names) - len(declared_names())
        write_names(names)
        self.stdout.write(f"{number} names proposed. Read them before you commit them.")
