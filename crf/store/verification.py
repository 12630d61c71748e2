"""Answers as they are compared with source: each with the token of its value, and what was verified of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from audit.models import Act
from crf.engine.declaration import FormDeclaration
from crf.models import FieldVerification, Record


@dataclass(frozen=True)
class FieldAnswer:
    """One answer as the database holds it; ``token`` stands for the value that somebody saw."""

    target: str
    value: Any

    @property
    def token(self) -> str:
        said = json.dumps([self.target, self.value], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def answers_of(form: FormDeclaration, record_id: int) -> dict[str, FieldAnswer]:
    """Return the answers of a record that can be verified: typed and not empty, or missing for a reason."""
    quoted = connection.ops.quote_name
    tables = [("", form.model._meta.db_table, "id")]
    tables += [(name, group.model._meta.db_table, "record_id") for name, group in form.groups.items()]
    sql = " UNION ALL ".join(
        f"SELECT a.target, a.value FROM {quoted(table)} held, crf_answers(to_jsonb(held), %s) a "  # noqa: S608
        f"WHERE held.{column} = %s"
        for _group, table, column in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for group, _table, _column in tables for value in (group, record_id)])
        rows = cursor.fetchall()
    return {
        target: FieldAnswer(target, json.loads(value) if isinstance(value, str) else value)
        for target, value in rows
    }


def verifications_of(records: Iterable[int]) -> dict[tuple[int, str], list[FieldVerification]]:
    """Return what was verified of each answer of the records, the latest first."""
    verifications: dict[tuple[int, str], list[FieldVerification]] = {}
    rows = FieldVerification.objects.filter(record__in=list(records)).select_related("verified_by", "act__by")
    for row in rows.order_by("-pk"):
        verifications.setdefault((row.record_id, row.target), []).append(row)
    return verifications


def settle_verification(records: Iterable[int], *, act: Act) -> None:
    """What is left to verify of the records is worked out anew, and their state follows from it (ADR 37)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT crf_work_out_verification(%s), crf_settle_verified(%s, %s)",
            [list(records)] * 2 + [act.pk],
        )


def put_verified(
    record: Record, answers: Iterable[FieldAnswer], *, by: Any, at: Any, act: Act
) -> list[FieldVerification]:
    """The answers are verified as they are; those that were already stay with whom verified them."""
    standing = set(
        FieldVerification.objects.filter(record_id=record.pk, fell_at=None).values_list("target", flat=True)
    )
    made = [
        FieldVerification(
            participant_id=record.participant_id,
            site_id=record.site_id,
            record_id=record.pk,
            target=answer.target,
            value=answer.value,
            verified_by=by,
            verified_at=at,
            act=act,
        )
        for answer in answers
        if answer.target not in standing
    ]
    return list(FieldVerification.objects.bulk_create(made))
