"""``manage.py survival``: survival analysis of a CSV file, the same code that reports use; no database is asked."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from kernel.errors import Refusal
from kernel.files import OWN_FOLDER, make_own_file
from protocol.statistics.product_limit import LimitScale
from reports.survival.analysis import USUAL_CONFIDENCE, AnalysisChoices, SurvivalAnalysis, analyse
from reports.survival.files import as_json, details, incidence_csv, km_csv, summary
from reports.survival.picture import survival_picture
from reports.survival.refusals import FolderNotUsable, TableNotRead
from reports.survival.table import LARGEST_TIME, SurvivalTable, TableColumns, read_table
from reports.survival.words import notes


class Command(BaseCommand):
    """Writes km.csv, summary.json, details.json, km.svg and, with competing events, cuminc.csv."""

    help = (
        "Survival analysis of a CSV file with one row per participant: curves, medians, log-rank, Cox, restricted "
        "means, cumulative incidence where the event takes values above 1. The methods stand in docs/statistics.md."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--csv", type=Path, required=True, help="the table, UTF-8, with a head")
        parser.add_argument("--time", required=True, help="column of the time from the origin")
        parser.add_argument(
            "--event", required=True, help="column: 0 censored, 1 event, 2 and above competing"
        )
        parser.add_argument("--group", required=True, help="column of the group")
        parser.add_argument("--stratum", help="column by which log-rank, Cox and Gray's test are stratified")
        parser.add_argument(
            "--id", default="id", help="column of the participant, looked at where the table has it"
        )
        parser.add_argument(
            "--ci", choices=[str(scale) for scale in LimitScale], default=str(LimitScale.LOG_LOG)
        )
        parser.add_argument(
            "--confidence", type=_proportion, default=USUAL_CONFIDENCE, help="of limits, such as 0.95"
        )
        parser.add_argument(
            "--tau", type=_span, help="end of the restricted mean; the longest shared time without it"
        )
        parser.add_argument("--at", type=_span, help="a time at which survival and its difference are given")
        parser.add_argument("--omit-missing", action="store_true", help="leave out rows with a blank cell")
        parser.add_argument(
            "--repeated-ids", action="store_true", help="take rows of one id for different people"
        )
        parser.add_argument("--lang", choices=[code for code, _name in settings.LANGUAGES], default="en")
        parser.add_argument(
            "--out", type=Path, required=True, help="folder of the files; made if it is not there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with override(options["lang"]):
            try:
                said = _analysed(options)
            except Refusal as refused:
                raise CommandError(str(refused)) from refused
            for line in said:
                self.stdout.write(line)


def _analysed(options: dict[str, Any]) -> list[str]:
    """Read, reckon, and only then write; what is printed of it."""
    path: Path = options["csv"]
    content = _content(path)
    columns = TableColumns(
        options["time"], options["event"], options["group"], options["stratum"], options["id"]
    )
    table = read_table(
        content,
        columns,
        file=path.name,
        omit_missing=options["omit_missing"],
        repeated_identifiers=options["repeated_ids"],
    )
    analysis = analyse(
        table.observations,
        AnalysisChoices(
            options["confidence"],
            LimitScale(options["ci"]),
            columns.stratum is not None,
            options["tau"],
            options["at"],
        ),
    )
    _write(options["out"], _files(analysis, _source(path, content, table, columns)))
    return [
        *(
            _("{group}: {number} participants, {events} events").format(
                group=name, number=answers.curve.number, events=answers.curve.events
            )
            for name, answers in analysis.groups.items()
        ),
        *notes(analysis, len(table.lines_left_out)),
    ]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise TableNotRead(file=path.name or path, reason=_why(error)) from error


def _source(path: Path, content: bytes, table: SurvivalTable, columns: TableColumns) -> dict[str, Any]:
    """What was analysed: enough to know the table again."""
    return {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(table.observations),
        "lines_left_out": list(table.lines_left_out),
        "columns": {
            "time": columns.time,
            "event": columns.event,
            "group": columns.group,
            "stratum": columns.stratum,
        },
    }


def _files(analysis: SurvivalAnalysis, source: dict[str, Any]) -> dict[str, str | None]:
    """The text of each file; ``None`` of one that this table does not ask for."""
    curves = {name: answers.curve for name, answers in analysis.groups.items()}
    return {
        "km.csv": km_csv(analysis),
        "cuminc.csv": incidence_csv(analysis) if analysis.causes else None,
        "summary.json": as_json(summary(analysis)),
        "details.json": as_json(details(analysis, source)),
        "km.svg": survival_picture(curves, choices=analysis.choices, title=_("Survival by group")) + "\n",
    }


def _write(folder: Path, files: dict[str, str | None]) -> None:
    """The files stand in the folder, for its owner alone; one of an earlier run that is not asked for is gone."""
    try:
        folder.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
        for name, text in files.items():
            if text is None:
                (folder / name).unlink(missing_ok=True)
                continue
            make_own_file(folder / name)
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        raise FolderNotUsable(folder=folder, reason=_why(error)) from error


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _proportion(typed: str) -> float:
    """A number between 0 and 1."""
    value = _number(typed)
    if not 0 < value < 1:
        raise ArgumentTypeError(
            f"{typed} is no confidence level: write a number between 0 and 1, such as 0.95"
        )
    return value


def _span(typed: str) -> float:
    """A time above 0."""
    value = _number(typed)
    if not 0 < value <= LARGEST_TIME:
        raise ArgumentTypeError(f"{typed} is no time: write a number above 0 and not above {LARGEST_TIME}")
    return value


def _number(typed: str) -> float:
    try:
        return float(typed)
    except ValueError:
        return -1.0
