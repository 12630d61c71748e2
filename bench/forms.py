"""A large form's page and its save, against the plain thing beside them in the same rounds (architecture 11).

Run: ``python -m bench.forms [--participants 100]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg

from bench.databases import Trial, filled, serve, server
from bench.pages import person
from bench.table import HEAD, alternated, row

PAGE, SAVE = 5, 6
LARGE = ("STAGE", "SURG", "TREAT", "ELIG")
FORM = "STAGE"
TWIN = "bench_twin"


def pages(number: str) -> None:
    """The pages of the largest forms against a signed-in page with one indexed query."""
    from django.test import Client

    from crf import catalogue

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(person("coord01"))
    for code in LARGE:
        address = f"/participants/{number}/forms/{code}/"
        assert client.get(address).status_code == 200, address
        ways = {"plain": lambda: client.get("/accounts/"), "form": lambda a=address: client.get(a)}
        taken = alternated(ways, rounds=25)
        ratio = taken["form"] / taken["plain"]
        row(
            f"page of {code} ({len(catalogue.form(code).questions)} questions)",
            f"{ratio:.2f} × a signed-in page ({taken['form']:.1f} ms)",
            f"≤ {PAGE} ×",
            kept=ratio <= PAGE,
        )


def save(trial: Trial, number: str) -> None:
    """A save with checks, audit and triggers against ORM updates of the same row.

    The bare update is of a twin of the table without guards, because the table itself refuses one; the
    update under an act is the least that the table accepts.
    """
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING):
        ways = dict(_ways_to_save(trial, number))
        taken = alternated(ways, rounds=40, warm=5)
    for plain, words, budget in (
        ("bare", "a bare ORM update of the same row in a table without guards", SAVE),
        ("guarded", "an ORM update under an act", None),
    ):
        ratio = taken["whole"] / taken[plain]
        row(
            f"save of {FORM}",
            f"{ratio:.2f} × {words} ({taken['whole']:.1f} and {taken[plain]:.1f} ms)",
            f"≤ {budget} ×" if budget else "",
            kept=ratio <= budget if budget else None,
        )


def save_by_turns(number: str) -> Callable[[], None]:
    """Return the whole save of the form: each call saves another value."""
    from django.db import transaction
    from django.utils import timezone

    from crf import catalogue
    from crf.engine.submission import Answers
    from crf.records.save import save_answers
    from crf.store.records import find_stored_record, record_key_of
    from trials.models import Participant

    by, form, turn = person("coord01"), catalogue.form(FORM), iter(range(100_000))
    with transaction.atomic():
        participant = Participant.objects.select_related("site").get(number=number)
        place = record_key_of(participant=participant, form=form)

    def whole() -> None:
        with transaction.atomic():
            sheet = find_stored_record(place)
            old = sheet.outcome(form)
            values = {n: v for n, v in old.values.items() if not form.questions[n].derived}
            values["liver_suv"] = 2 + Decimal(next(turn) % 7) / 10
            groups = {name: list(rows) for name, rows in old.groups.items()}
            answers = Answers(values, groups, old.missing, reason="bench")
            save_answers(
                record_key=place, answers=answers, version=sheet.record.version, by=by, at=timezone.now()
            )

    return whole


def _ways_to_save(trial: Trial, number: str) -> Iterator[tuple[str, Callable[[], None]]]:
    from django.db import transaction
    from django.utils import timezone

    from audit.acts import open_act
    from crf import catalogue
    from crf.store.records import find_stored_record, record_key_of
    from trials.models import Participant

    by, form, turn = person("coord01"), catalogue.form(FORM), iter(range(100_000))
    with transaction.atomic():
        participant = Participant.objects.select_related("site").get(number=number)
        place = record_key_of(participant=participant, form=form)
        pk = find_stored_record(place).record.pk
    twin, whole = _twin(trial, form.model, pk), save_by_turns(number)

    def update(model: Any, **act: Any) -> None:
        stored = model.objects.get(pk=pk)
        stored.liver_suv = 2 + Decimal(next(turn) % 7) / 10
        for name, value in act.items():
            setattr(stored, name, value)
        stored.save()

    def guarded() -> None:
        with open_act("bench:row:update", by=by, at=timezone.now(), reason="bench") as act:
            update(form.model, act=act, answers_act=act)

    def bare() -> None:
        with transaction.atomic():
            update(twin)

    yield from (("whole", whole), ("guarded", guarded), ("bare", bare))


def _twin(trial: Trial, model: Any, pk: int) -> Any:
    """Return a model over one table with the columns of record and answers, and the row, without guards.

    It is indexed as a table of one form would be that holds all of this by itself: what a save is compared
    with stays what it was before records had a table of their own.
    """
    from django.db import models

    columns: dict[str, Any] = {"id": models.BigIntegerField(primary_key=True)}
    sources = {"id": "r.id"}
    for field in (*model._meta.local_concrete_fields, *model._meta.concrete_fields):
        if field.column not in sources:
            columns[field.column] = models.BigIntegerField(null=True) if field.is_relation else field.clone()
            alias = "a" if field in model._meta.local_concrete_fields else "r"
            sources[field.column] = f'{alias}."{field.column}"'
    selected = ", ".join(f'{source} AS "{column}"' for column, source in sources.items())
    with psycopg.connect(trial.admin, autocommit=True) as admin:
        admin.execute(f"DROP TABLE IF EXISTS {TWIN}")
        admin.execute(
            f"CREATE TABLE {TWIN} AS SELECT {selected} FROM crf_record r "
            f"JOIN {model._meta.db_table} a ON a.id = r.id WHERE r.id = {pk:d}"
        )
        admin.execute(f"ALTER TABLE {TWIN} ADD PRIMARY KEY (id)")
        for indexed in (
            "participant_id",
            "site_id",
            "visit_id",
            "act_id",
            "participant_id, visit_id, sequence",
        ):
            admin.execute(f"CREATE INDEX ON {TWIN} ({indexed})")
        admin.execute(f"GRANT SELECT, UPDATE ON {TWIN} TO palace3_app")
    meta = type("Meta", (), {"db_table": TWIN, "managed": False, "app_label": "bench"})
    return type("Twin", (models.Model,), {**columns, "Meta": meta, "__module__": "bench.forms"})


def staged() -> str:
    """Return a participant of site 01 whose large forms are filled in and not frozen."""
    from django.db import transaction

    from crf import catalogue
    from crf.store.bulk_read import LockQuery, bulk_read
    from kernel.scope import EVERYTHING, scope

    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        stored = catalogue.form(FORM).model.objects.filter(participant__number__startswith="01-")
        treated = catalogue.form("TREAT").model.objects.values("participant")
        for record in stored.filter(participant__in=treated).select_related("participant").order_by("pk"):
            place = record.site_id, record.participant_id, record.visit_id, record.pk
            if not bulk_read([LockQuery("lock", place)])["lock"]:
                return str(record.participant.number)
    raise SystemExit("Every participant of site 01 with these forms is frozen.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=100)
    asked = parser.parse_args()
    with server() as running:
        trial = filled(running, asked.participants)
        serve(trial)
        number = staged()
        print(f"\n{asked.participants} participants\n\n{HEAD}")
        pages(number)
        save(trial, number)


if __name__ == "__main__":
    main()
