"""Pages, the form, saving and exporting, against the plain thing beside them in the same run (design.md, 11).

Run: ``python -m bench.budgets [--participants 120] [--walk 60]``. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.house import filled_trial

ROUNDS = 15


def median_ms(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the median of ``rounds`` timed calls in milliseconds, after two that do not count."""
    for _warm in range(2):
        work()
    times = []
    for _round in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def pages(line: Callable[..., None]) -> None:
    """Queries and server time of the pages people open most."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from palace3.kernel.scope import EVERYTHING, scope
    from trials.models import Participant

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(_user("data"))
    number = _busiest()
    with scope(user_id=None, sites=EVERYTHING):
        people = _count(Participant)
    for name, address in (
        ("participants list", "/participants/"),
        ("participant page", f"/participants/{number}/"),
        ("work list", "/work-list/"),
        ("queries", "/queries/"),
    ):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        line(
            f"{name}, {people} participants",
            f"{len(seen)} queries",
            f"{median_ms(lambda a=address: client.get(a)):.1f} ms",
        )


def form_page(line: Callable[..., None]) -> None:
    """A large form's page against a signed-in page with one indexed query."""
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(_user("coord01"))
    number = _busiest("01")
    plain = median_ms(lambda: client.get("/accounts/"))
    for code in ("STAGE", "SURG", "TREAT"):
        large = median_ms(lambda c=code: client.get(f"/participants/{number}/forms/{c}/"))
        line(f"form page {code}", f"{large / plain:.2f} × a signed-in page", "budget ≤ 5")


def save(line: Callable[..., None]) -> None:
    """A save with checks, audit and triggers against a bare ORM update of the same row."""
    from django.db import transaction
    from django.utils import timezone

    from audit.acts import act
    from crf import catalogue
    from crf.services import Answers, find_sheet, place_of, save_answers
    from palace3.kernel.scope import EVERYTHING, scope
    from trials.models import Participant

    by, number, form = _user("coord01"), _busiest("01"), catalogue.form("STAGE")
    with scope(user_id=None, sites=EVERYTHING):
        participant = _read(lambda: Participant.objects.select_related("site").get(number=number))
        place = place_of(participant=participant, form=form)
        turn = iter(range(10_000))

        def whole() -> None:
            with transaction.atomic():
                sheet = find_sheet(place)
                assert sheet is not None
                old = sheet.outcome(form)
                values = {n: v for n, v in old.values.items() if not form.questions[n].derived}
                values["suvmax"] = 10 + next(turn) % 7
                groups = {name: list(rows) for name, rows in old.groups.items()}
                answers = Answers(values, groups, old.missing, reason="bench")
                save_answers(
                    place=place, answers=answers, version=sheet.record.version, by=by, at=timezone.now()
                )

        def bare() -> None:
            with (
                transaction.atomic(),
                act("bench:row:update", by=by, at=timezone.now(), reason="bench") as written,
            ):
                row = form.model.objects.get(participant=participant)
                row.suvmax, row.act = 10 + next(turn) % 7, written
                row.save()

        saved, updated = median_ms(whole), median_ms(bare)
    line("save STAGE (96 questions)", f"{saved / updated:.2f} × an ORM update under an act", "budget ≤ 6")


def export(line: Callable[..., None]) -> None:
    """The zip of every form against COPY of the same tables."""
    from django.db import connection, transaction
    from django.utils import timezone

    from crf import catalogue
    from exports.services import request_export, write_export
    from palace3.kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):

        def whole() -> None:
            export = request_export(
                forms=list(catalogue.forms()),
                sites=[f"{n:02d}" for n in range(1, 7)],
                purpose="bench",
                by=_user("data"),
                at=timezone.now(),
            )
            write_export(export=export, at=timezone.now())

        def plain() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                for form in catalogue.forms().values():
                    with cursor.cursor.copy(
                        f"COPY {form.model._meta.db_table} TO STDOUT (FORMAT csv)"
                    ) as copy:
                        for _chunk in copy:
                            pass

        from exports import services

        services._send = lambda pk: None  # noqa: SLF001 (no worker here)
        ratio = median_ms(plain, 5) / median_ms(whole, 5)
    line("export of every form", f"{ratio:.2f} × COPY's speed (zip, groups, counts, digests)", "budget ≥ 0.3")


def _user(name: str) -> Any:
    from django.utils import timezone

    from accounts.models import User
    from trials.people import with_grants

    return with_grants(User.objects.get(username=name), on=timezone.now().date())


def _busiest(site: str = "") -> str:
    from django.db.models import Count

    from palace3.kernel.scope import EVERYTHING, scope
    from trials.models import Participant

    with scope(user_id=None, sites=EVERYTHING):
        rows = Participant.objects.filter(number__startswith=site).annotate(n=Count("visits")).order_by("-n")
        return str(_read(lambda: rows[0]).number)


def _read(work: Callable[[], Any]) -> Any:
    from django.db import transaction

    with transaction.atomic():
        return work()


def _count(model: Any) -> int:
    return int(_read(model.objects.count))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--participants", type=int, default=120)
    parser.add_argument("--walk", type=int, default=60, help="walked one by one; the rest is copied")
    asked = parser.parse_args()
    with filled_trial(asked.participants, asked.walk):
        print("| what | measured | budget |\n|---|---|---|")

        def line(*cells: str) -> None:
            print("| " + " | ".join(cells) + " |", flush=True)

        for measure in (pages, form_page, save, export):
            measure(line)


if __name__ == "__main__":
    main()
