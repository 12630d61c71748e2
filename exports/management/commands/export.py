"""Take an export from the command line: the register knows it as it knows one that a page asked for."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from argparse import ArgumentParser
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from exports.casebooks.services import make_casebooks, start_casebooks
from exports.formats.kinds import DataFormat
from exports.listed.catalogue import BY_NAME
from exports.models import ArmShown, Export, ExportState
from exports.sdtm.files.writing import PackageFormat, write_package
from exports.selected.selection import SELECTABLE, Selection
from exports.services import hand_out, request_export, write_export
from kernel.commands import new_folder, typed_day
from kernel.errors import Refusal
from kernel.files import make_own_file
from kernel.reading import UnreadableError, moment
from kernel.row_keys import row_key
from kernel.scope import EVERYTHING, scope
from trials.commands import person_named
from trials.models import Site
from trials.models.people import own_scope

LANGUAGES = {"zh": "zh-hans"} | {code: code for code, _name in settings.LANGUAGES}
ALSO_CALLED = {"dataset-json": PackageFormat.DATASET_JSON.value}
WAIT_SECONDS = 600  # for a worker that has begun to write it


class Command(BaseCommand):
    help = "Take an export into a folder and print its manifest; the register keeps who took it, when and what for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as", dest="person", required=True, help="user name of who takes it")
        parser.add_argument("--purpose", required=True, help="kept in the register of exports")
        parser.add_argument("--out", type=Path, required=True, help="a folder that is new or empty")
        kinds = [*DataFormat.values, *PackageFormat.values, *ALSO_CALLED]
        parser.add_argument("--format", choices=kinds, default=DataFormat.CSV.value)
        parser.add_argument(
            "--metadata-only", action="store_true", help="ODM: definitions without any answer"
        )
        parser.add_argument("--audit", action="store_true", help="ODM: every version of every answer")
        parser.add_argument(
            "--signature", action="store_true", help="ODM: signatures; they stand in every file with answers"
        )
        parser.add_argument(
            "--clinical", action="store_true", help="ODM: answers and queries, as without --metadata-only"
        )
        parser.add_argument("--forms", nargs="+", default=[], help="codes of forms; every form without it")
        parser.add_argument("--sites", nargs="+", default=[], help="two digits each; every site without it")
        parser.add_argument(
            "--as-of", help="a past moment with its offset, such as 2026-10-01T08:00:00+08:00"
        )
        parser.add_argument(
            "--cut", default="", metavar="NAME", help="a named cut, exported as it was read first"
        )
        parser.add_argument("--cut-name", default="", metavar="NAME", help="name the moment that is read")
        parser.add_argument(
            "--leaves-country",
            action="store_true",
            help="the data leave mainland China: a basis must be in force",
        )
        parser.add_argument("--participants", nargs="+", default=[], help="numbers; everybody without it")
        parser.add_argument("--visits", nargs="+", default=[], help="codes of visits; every one without it")
        parser.add_argument("--states", nargs="+", default=[], choices=SELECTABLE, help="of records")
        parser.add_argument("--since", type=typed_day, help="changed last on this day or later")
        parser.add_argument("--until", type=typed_day, help="changed last on this day or before")
        parser.add_argument(
            "--tables", nargs="*", choices=list(BY_NAME), help="beside the forms; the usual without it"
        )
        parser.add_argument(
            "--arm", choices=ArmShown.values, default="", help="by right; shown for who may take it"
        )
        parser.add_argument(
            "--identifying", action="store_true", help="answers that could say who somebody is, by right"
        )
        parser.add_argument("--lang", choices=LANGUAGES, default="en", help="of labels and code lists")

    def handle(self, *args: Any, **options: Any) -> None:
        options["format"] = ALSO_CALLED.get(options["format"], options["format"])
        with new_folder(options["out"]) as out:
            try:
                manifest = self._taken(options, out)
            except Refusal as refused:
                raise CommandError(str(refused)) from refused
        self.stdout.write(json.dumps(manifest, indent=2, ensure_ascii=False))

    def _taken(self, options: dict[str, Any], out: Path) -> dict[str, Any]:
        now = timezone.now()
        person, sites = who_takes(options["person"], options["sites"], now)
        cut_at = _cut(options["as_of"])
        packaged = PackageFormat(options["format"]) if options["format"] in PackageFormat.values else None
        if packaged and (options["forms"] or options["lang"] != "en"):
            raise CommandError("An SDTM package holds every form, in English. Leave --forms and --lang out.")
        selection = _selection(options)
        if packaged and (selection.narrows or selection.arm not in ("", ArmShown.SHOWN)):
            raise CommandError(
                "An SDTM package holds whole participants and says the arm of everybody: it is narrowed by --sites and "
                "--participants alone."
            )
        with own_scope(person):
            export = request_export(
                forms=options["forms"] or list(catalogue.forms()),
                sites=sites,
                purpose=options["purpose"],
                cut_at=cut_at,
                cut=options["cut"],
                cut_name=options["cut_name"],
                leaves_country=options["leaves_country"],
                language=LANGUAGES[options["lang"]],
                data_format=DataFormat.CSV.value if packaged else _format(options),
                selection=replace(selection, arm=ArmShown.SHOWN.value) if packaged else selection,
                by=person,
                at=now,
            )
            with scope(user_id=None, sites=EVERYTHING):  # as a worker does
                done = _written(export, now)
            path = hand_out(export=done, by=person, at=now)
        if packaged:
            return dict(write_package(path, out, packaged))
        _unpack(path, out)
        return dict(done.manifest)


def _selection(options: dict[str, Any]) -> Selection:
    tables = options["tables"]
    return Selection(
        participants=tuple(options["participants"]),
        visits=tuple(options["visits"]),
        states=tuple(options["states"]),
        since=options["since"],
        until=options["until"],
        tables=None if tables is None else tuple(tables),
        arm=options["arm"],
        identifying=options["identifying"],
    )


def _format(options: dict[str, Any]) -> str:
    """Return the format with what an ODM file is to hold; refuse what no other format knows."""
    kind, alone, audit = options["format"], options["metadata_only"], options["audit"]
    if not (alone or audit or options["signature"] or options["clinical"]):
        return str(kind)
    if kind not in (DataFormat.ODM132, DataFormat.ODM20):
        raise CommandError(
            f"--metadata-only, --audit, --signature and --clinical are for ODM; {kind} has none."
        )
    if alone and (audit or options["signature"] or options["clinical"]):
        raise CommandError("--metadata-only is a file without answers. Leave the other options out.")
    return f"{kind}-def" if alone else f"{kind}-all" if audit else str(kind)


def who_takes(name: str, codes: list[str], now: datetime) -> tuple[User, list[str]]:
    """Return the person, and the codes of the sites whose data they take; refuse who may not."""
    person = person_named(name, now)
    with own_scope(person), transaction.atomic():
        sites = list(Site.objects.open_to(person, Permission.EXPORT_TAKE).values_list("code", flat=True))
    if not sites:
        raise CommandError(f"{name} may not take exports.")
    if closed := sorted(set(codes) - set(sites)):
        raise CommandError(f"{name} may not take data of {', '.join(closed)}.")
    return person, sorted(set(codes) or set(sites))


def _cut(said: str | None) -> datetime | None:
    try:
        return moment(said) if said else None
    except UnreadableError as unread:
        raise CommandError(f"{said} is no moment. Write it as 2026-10-01T08:00:00+08:00.") from unread


def _written(export: Export, now: datetime) -> Export:
    """Return the export once it is written, by this process or by a worker that was quicker."""
    is_printed = DataFormat(export.data_format or DataFormat.CSV).is_printed
    if is_printed:
        start_casebooks(export=export, at=now)
    for _second in range(WAIT_SECONDS):
        if is_printed:
            while make_casebooks(export=export, at=now):
                pass
            with transaction.atomic():
                export = Export.objects.select_related("requested_by").get(pk=export.pk)
        done = write_export(export=export, at=now)
        if done.state == ExportState.DONE:
            return done
        if done.state in (ExportState.FAILED, ExportState.CANCELLED):
            raise CommandError(f"Export {row_key(export)} is not written: {done.get_failure_display()}")
        time.sleep(1)
        with transaction.atomic():
            export = Export.objects.select_related("requested_by").get(pk=export.pk)
    raise CommandError(
        f"Export {row_key(export)} is not written after {WAIT_SECONDS} seconds: see the register."
    )


def _unpack(path: Path, out: Path) -> None:
    """The files of the export stand in the folder, and only the account that runs this reads them."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                make_own_file(out / name)
                with archive.open(name) as content, (out / name).open("wb") as target:
                    shutil.copyfileobj(content, target)
    except OSError as fault:
        raise CommandError(f"{out} does not hold the whole export: {fault.strerror}. Remove it.") from fault
