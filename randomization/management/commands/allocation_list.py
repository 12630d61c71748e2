"""The list on the command line: simulate without a database, define from a file, the rest as its owner."""

from __future__ import annotations

import csv
import getpass
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.files import make_own_file
from kernel.scope import EVERYTHING, scope
from protocol.text import load
from randomization.allocation.documents import envelopes_pdf
from randomization.allocation_list import unseal
from randomization.allocation_list.keys import list_keys
from randomization.models import AllocationError, Envelope, EnvelopeState, ListPart
from randomization.scheme.blocks import BlockSize, Design, DesignError, stratum_slots
from randomization.scheme.scheme_file import SchemeFileError, read_scheme
from randomization.scheme.sealing import ListKeyError, SealError, new_key
from randomization.services import activate_list, define_scheme
from randomization.services.envelopes import register_printed
from randomization.services.lists import DESIGN_FAULTS, default_blocks, stage_groups
from trials.models import Site
from trials.models.people import with_grants
from trials.models.sites import SiteState

COLUMNS = ("stratum", "sequence", "block", "block_size", "arm", "participant", "at")
CAME_BACK = (EnvelopeState.RETURNED, EnvelopeState.DESTROYED)
COIN_COLUMNS = ("turn", "coin")  # of a list that minimizes
MARK_COLUMNS = ("true_stage", "errors")  # what the register of errors says of the allocation
MOST_PLACES = 1_000_000  # of one simulated stratum: a stratum is held in memory


class Command(BaseCommand):
    help = "Simulate a list; define a scheme; export its used part, open it at the end, extend it, or change its key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        doing = parser.add_subparsers(dest="doing", required=True)
        simulate = doing.add_parser("simulate", help="write the list that a seed gives; no database")
        simulate.add_argument("--seed", type=_named_seed, required=True, help="any text or number")
        simulate.add_argument("--per-stratum", type=_whole(0, MOST_PLACES), required=True)
        simulate.add_argument("--out", default="-", help="a CSV file, - for standard output")
        simulate.add_argument("--scheme", default="PALACE3-A", help="name of the scheme, part of the stream")
        simulate.add_argument("--sites", type=_whole(1, 99), default=6)
        simulate.add_argument("--blocks", nargs="+", default=[], help="sizes, such as 4 6 or 4:1 6:2")
        define = doing.add_parser("define", help="draft a scheme from a file and ask for its first list")
        define.add_argument("--file", type=Path, required=True, help="TOML: name, places_per_stratum, blocks")
        define.add_argument("--as", dest="person", required=True, help="user name of the statistician")
        define.add_argument("--password-from-stdin", action="store_true")
        for name, said in (
            ("export", "the used part as CSV, for the statistician"),
            ("open", "the whole list, and the proof that all of it was followed; at the end of the trial"),
        ):
            made = doing.add_parser(name, help=said)
            made.add_argument("--out", default="-")
            made.add_argument("--as", dest="person", required=True, help="user name; the look is recorded")
            made.add_argument(
                "--second", default="", help="user name of a second person, while sites recruit"
            )
            made.add_argument("--reason", required=True)
        envelopes = doing.add_parser("envelopes", help="print a site's coming places, to be sealed in paper")
        envelopes.add_argument("--site", required=True, help="two digits")
        envelopes.add_argument("--per-stratum", type=int, default=4)
        envelopes.add_argument(
            "--out", required=True, help="a PDF file; print it, seal the envelopes, delete it"
        )
        envelopes.add_argument("--as", dest="person", required=True)
        envelopes.add_argument("--reason", required=True)
        allow = doing.add_parser("allow-minimization", help="as the owner: lists of coins may be stored")
        allow.add_argument("--as", dest="person", required=True, help="user name; the act is recorded")
        allow.add_argument("--reason", required=True)
        allow.add_argument("--off", action="store_true", help="no further list of coins may be stored")
        doing.add_parser("rotate", help="seal everything again under the first key of the key file")
        doing.add_parser("new-key", help="print a fresh key entry").add_argument("--id", default="k1")
        extend = doing.add_parser("extend", help="activate an extension that was asked for")
        extend.add_argument("--list", dest="label", required=True, help="such as 1C")
        extend.add_argument("--as", dest="person", required=True, help="user name of the second person")
        extend.add_argument("--password-from-stdin", action="store_true")

    def handle(self, *args: Any, doing: str, **options: Any) -> None:
        try:
            getattr(self, f"_{doing.replace('-', '_')}")(options)
        except DesignError as fault:
            raise CommandError(str(DESIGN_FAULTS[fault.code])) from fault
        except (Refusal, SealError, ListKeyError, unseal.NotTheOwner) as refused:
            raise CommandError(str(refused)) from refused

    def _simulate(self, options: dict[str, Any]) -> None:
        blocks = tuple(_block(word) for word in options["blocks"]) or default_blocks()
        design = Design(
            options["scheme"], ratio=load(settings.PROTOCOL_VERSION).randomization.ratio, blocks=blocks
        )
        strata = [
            f"{site:02d}/{stage}" for site in range(1, options["sites"] + 1) for stage in stage_groups()
        ]
        seed, count = options["seed"], options["per_stratum"]
        rows = (
            (slot.stratum, slot.sequence, slot.block, slot.block_size, slot.arm, "", "")
            for stratum in strata
            for slot in stratum_slots(design, seed=seed, stratum=stratum, count=count)
        )
        _write(rows, options["out"], self.stdout)

    def _define(self, options: dict[str, Any]) -> None:
        try:
            wanted = read_scheme(options["file"].read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, SchemeFileError) as unreadable:
            raise CommandError(str(unreadable)) from unreadable
        password, now = _password(options), timezone.now()
        person = _person(options["person"], at=now)
        with scope(user_id=person.pk, sites=EVERYTHING):
            asked = define_scheme(**vars(wanted), by=person, password=password, at=now)
        self.stdout.write(
            f"Scheme {asked.scheme.name} is drafted and its list {asked.label} asked for: "
            f"{len(asked.strata)} strata. A second person activates it on the page."
        )

    def _export(self, options: dict[str, Any]) -> None:
        parts = _opened(options, "export", at=timezone.now())
        marks = _marks()
        rows = [_row(slot, marks) for slot in _in_order(parts) if slot.at is not None]
        _write(rows, options["out"], self.stdout, header=_header(rows))

    def _open(self, options: dict[str, Any]) -> None:
        parts = _opened(options, "open", at=timezone.now())
        marks = _marks()
        rows = [_row(slot, marks) for slot in _in_order(parts)]
        _write(rows, options["out"], self.stdout, header=_header(rows))
        say = self.stderr.write
        for part in parts:
            used = sum(slot.at is not None for slot in part.places)
            verdict = "PROVED" if part.proved else "NOT PROVED"
            say(f"list {part.label}: {verdict}, {used} of {len(part.places)} places used, root {part.root}")
            for slot in part.places:
                for fault in slot.faults:
                    say(f"  {slot.stratum} place {slot.sequence} {slot.participant}: {fault}")
        broken = unseal.unfollowed_order(parts, on_paper=_on_paper())
        say("every stratum was followed in order" if not broken else f"order broken in {', '.join(broken)}")
        for error in _errors():
            say(f"error on record: {error}")
        if broken or not all(part.proved for part in parts):
            raise CommandError(
                "The list was not followed as it was committed to. What differs is named above."
            )

    def _envelopes(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        person = _record_look(options, f"envelopes of site {options['site']}", at=now)
        with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
            site = Site.objects.filter(code=options["site"]).first()
            out = set(Envelope.objects.exclude(state__in=CAME_BACK).values_list("number", flat=True))
        slots = unseal.next_places(
            list_keys(), site=options["site"], per_stratum=options["per_stratum"], on_paper=out
        )
        if not slots or site is None:
            raise CommandError(f"Site {options['site']} has no coming places.")
        today = local_date(now, settings.TRIAL_TIME_ZONE).isoformat()
        with owned(Path(options["out"])) as file, scope(user_id=person.pk, sites=EVERYTHING):
            file.write_bytes(envelopes_pdf(slots, site=options["site"], printed_on=today))
            register_printed(site=site, places=slots, by=person, at=now)
        self.stdout.write(
            f"{len(slots)} envelopes. Print, seal, hand over against signature, delete the file. Their places are "
            "given to nobody on line until the register of envelopes says that they came back or were destroyed."
        )

    def _rotate(self, options: dict[str, Any]) -> None:
        ring = list_keys()
        changed = unseal.rotate(ring)
        self.stdout.write(f"{changed} seals are under key {ring.current} now.")

    def _allow_minimization(self, options: dict[str, Any]) -> None:
        now, on = timezone.now(), not options["off"]
        person = _person(options["person"], at=now)
        if not person.may(Permission.SCHEME_ACTIVATE):
            raise CommandError("A statistician or the trial manager answers for the method of allocation.")
        with unseal.owner_cursor():
            pass  # not the owner: refused before anything is recorded
        with (
            scope(user_id=person.pk, sites=EVERYTHING),
            open_act("randomization:minimization:switch", by=person, at=now, reason=options["reason"]),
        ):
            unseal.switch_minimization(on=on, turned_by=person.username, reason=options["reason"])
        self.stdout.write(
            "Lists of coins may be stored. The protocol text decides as well: minimisation_on."
            if on
            else "No further list of coins may be stored. Schemes that are active go on."
        )

    def _new_key(self, options: dict[str, Any]) -> None:
        self.stdout.write(new_key(options["id"]))

    def _extend(self, options: dict[str, Any]) -> None:
        password, at = _password(options), timezone.now()
        person = _person(options["person"], at=at)
        with scope(user_id=person.pk, sites=EVERYTHING):
            part = _part(options["label"])
            seed, sizes = unseal.seed_for_extension(list_keys(), scheme=part.scheme.name, strata=part.strata)
            unseal.admit_extension(part_id=part.pk, admitted_by=person.username)
            activate_list(part=part, by=person, password=password, at=at, seed=seed, after=sizes)
            made = _part(options["label"])
        self.stdout.write(f"List {made.label} is in force: {made.places} places, root {made.root}")


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number of that range from the command line."""

    def read(word: str) -> int:
        if word.isascii() and word.isdigit() and len(word) < 10 and least <= int(word) <= most:
            return int(word)
        raise ArgumentTypeError(f"{word!r} is not a whole number from {least} to {most}.")

    return read


def _named_seed(word: str) -> str:
    if not word.strip():
        raise ArgumentTypeError("the seed is empty: name one, so that the file can be made again.")
    return word


def _block(word: str) -> BlockSize:
    size, _colon, weight = word.partition(":")
    try:
        return BlockSize(int(size), int(weight or 1))
    except ValueError:
        raise CommandError("Write block sizes as whole numbers, such as 4 6 or 4:1 6:2.") from None


def _password(options: dict[str, Any]) -> str:
    return sys.stdin.readline().rstrip("\n") if options["password_from_stdin"] else getpass.getpass()


def _person(username: str, *, at: datetime) -> User:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"Nobody signs in as {username}.")
    return with_grants(user, on=local_date(at, settings.TRIAL_TIME_ZONE))


def _part(label: str) -> ListPart:
    with transaction.atomic():
        for part in ListPart.objects.select_related("scheme"):
            if part.label == label:
                return part
    raise CommandError(f"There is no list {label}.")


def _opened(options: dict[str, Any], how: str, *, at: datetime) -> list[unseal.OpenPart]:
    """Every list, opened; that it was, by whom and why, is recorded first."""
    _record_look(options, how, at=at)
    _refuse_while_recruiting(options, at=at)
    return list(unseal.opened_parts(list_keys()))


def _record_look(options: dict[str, Any], how: str, *, at: datetime) -> User:
    person = _person(options["person"], at=at)
    if not person.may(Permission.SCHEME_ACTIVATE):
        raise CommandError(
            f"{person.username} is no statistician or trial manager: the list is not theirs to open."
        )
    with (
        scope(user_id=person.pk, sites=EVERYTHING),
        open_act("randomization:list:look", by=person, at=at, reason=f"{how}: {options['reason']}"),
    ):
        return person


def _refuse_while_recruiting(options: dict[str, Any], *, at: datetime) -> None:
    """While a site may still randomize, a second person who is named answers for the look as well."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        recruiting = ", ".join(Site.objects.filter(state=SiteState.ACTIVE).values_list("code", flat=True))
    if not recruiting:
        return
    if not options["second"] or options["second"] == options["person"]:
        raise CommandError(
            f"Sites still recruit: {recruiting}. Whoever reads the list now could tell what is given next. Two "
            "statisticians or trial managers answer for it: name the other one with --second."
        )
    _record_look({**options, "person": options["second"]}, "second person", at=at)


@contextmanager
def owned(file: Path) -> Iterator[Path]:
    """A file that its owner alone reads, empty at first."""
    try:
        make_own_file(file)
    except OSError as error:
        raise CommandError(f"The file {file} cannot be written: {error.strerror}.") from error
    yield file


def _in_order(parts: list[unseal.OpenPart]) -> list[unseal.OpenPlace]:
    return sorted((slot for part in parts for slot in part.places), key=lambda p: (p.stratum, p.sequence))


def _on_paper() -> set[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return set(Envelope.objects.values_list("number", flat=True))


def _errors() -> list[str]:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        allocation_errors = (
            AllocationError.objects.standing().select_related("participant").order_by("recorded_at")
        )
        return [
            f"{error.participant.number} {error.get_kind_display()}: {error.detail}"
            + (f" (true stage group {error.strat_stage_true})" if error.strat_stage_true else "")
            for error in allocation_errors
        ]


Marks = dict[str, tuple[str, str]]


def _marks() -> Marks:
    """The true stage group and the kinds of errors that stand about each randomization number."""
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        allocation_errors = AllocationError.objects.standing().order_by("recorded_at")
        marks: Marks = {}
        for number, kind, stage in allocation_errors.values_list(
            "allocation__number", "kind", "strat_stage_true"
        ):
            true_stage, kinds = marks.get(number, ("", ""))
            marks[number] = (stage or true_stage, f"{kinds} {kind}".strip())
    return marks


def _row(place: unseal.OpenPlace, marks: Marks) -> tuple[Any, ...]:
    at = place.at.isoformat() if place.at else ""
    block = (place.block, place.block_size) if place.held is None else ("", "")
    row = (place.stratum, place.sequence, *block, place.arm, place.participant, at)
    row += marks.get(place.number, ("", ""))
    return row if place.held is None else (*row, place.held.turn or "", place.held.coin)


def _header(rows: list[tuple[Any, ...]]) -> tuple[str, ...]:
    whole = (*COLUMNS, *MARK_COLUMNS)
    return (*whole, *COIN_COLUMNS) if any(len(row) > len(whole) for row in rows) else whole


def _write(
    rows: Iterable[tuple[Any, ...]], out: str, screen: Any, *, header: tuple[str, ...] = COLUMNS
) -> None:
    if out == "-":
        _csv(screen, header, rows)
        return
    with owned(Path(out)) as path, path.open("w", encoding="utf-8", newline="") as file:
        _csv(file, header, rows)


def _csv(file: TextIO, header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
