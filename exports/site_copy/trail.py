"""The audit trail of a site's participants as tables: acts, signatures, people, and every version of every row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.utils import translation

from accounts.models import Signature, User
from audit.leaf_format import LeafKeys, kinds_of
from audit.models import Act
from exports.site_copy.proofs import write_proofs
from kernel.clock import with_offset
from reports.acts import in_words
from reports.site_versions import versions_of_site
from trials.models import Participant, Site

ROWS_AT_ONCE: Final = 2000
NAMES_OF_ACTS: Final = ("act_id", "answers_act_id")


def write_trail(folder: Path, site: Site, keys: LeafKeys) -> None:
    """Write the tables of the audit trail into ``folder``, all of the moment that the transaction reads."""
    acts = numbers_of_acts(site)
    _write(folder / "acts.csv", ACT_COLUMNS, _act_rows(acts, site))
    _write(folder / "signatures.csv", SIGNATURE_COLUMNS, _signature_rows(acts, site, keys))
    _write(folder / "people.csv", PERSON_COLUMNS, _person_rows(acts, keys))
    _write(folder / "versions.csv", VERSION_COLUMNS, _version_rows(site, keys))
    write_proofs(folder, site, acts, keys)


def numbers_of_acts(site: Site) -> list[int]:
    """Return the acts about the participants of the site, all that wrote their rows, and those of the close-out."""
    people = Participant.objects.filter(site=site).values("pk")
    closing = Q(site_id=site.pk, verb__startswith="trials:close_out:")
    numbers = set(Act.objects.filter(Q(participant_id__in=people) | closing).values_list("pk", flat=True))
    for _table, rows in versions_of_site(site):
        numbers.update(rows.order_by().values_list(_act_column(rows.model), flat=True).distinct())
    return sorted(numbers)


def _act_column(events: Any) -> str:
    """Return the field of a version that names its act; the answers of a form have one of their own."""
    return (
        "act_id"
        if any(field.attname == "act_id" for field in events._meta.concrete_fields)
        else "answers_act_id"
    )


def _some_at_a_time(numbers: list[int]) -> Iterator[list[int]]:
    return (numbers[start : start + ROWS_AT_ONCE] for start in range(0, len(numbers), ROWS_AT_ONCE))


ACT_COLUMNS: Final = (
    *(
        "ACT",
        "AT",
        "STORED_AT",
        "BY",
        "ROLE",
        "VERB",
        "WORDS_EN",
        "WORDS_ZH",
        "PARTICIPANT",
        "REASON",
        "WITHIN",
    ),
)


def _act_rows(numbers: list[int], site: Site) -> Iterator[tuple[Any, ...]]:
    people = dict(Participant.objects.filter(site=site).values_list("pk", "number"))
    acts = Act.objects.select_related("by").order_by("pk")
    for act in (each for some in _some_at_a_time(numbers) for each in acts.filter(pk__in=some)):
        yield (
            act.pk,
            with_offset(act.at, site.time_zone),
            with_offset(act.stored_at, site.time_zone),
            act.by.username if act.by else "",
            act.role,
            act.verb,
            _worded(act.verb, "en"),
            _worded(act.verb, "zh-hans"),
            people.get(act.participant_id, ""),
            act.reason,
            act.parent_id or "",
        )


def _worded(verb: str, language: str) -> str:
    with translation.override(language):
        return str(in_words(verb))


SIGNATURE_COLUMNS: Final = (
    *("SIGNATURE", "ACT", "SIGNED_AT", "BY", "PRINTED_NAME", "ROLE", "MEANING", "RECORD", "SHA256_OF_RECORD"),
)


def _signature_rows(acts: list[int], site: Site, keys: LeafKeys) -> Iterator[tuple[Any, ...]]:
    kind = Signature._meta.db_table
    signatures = Signature.objects.select_related("by").order_by("act", "pk")
    for each in (each for some in _some_at_a_time(acts) for each in signatures.filter(act__in=some)):
        at = with_offset(each.signed_at, site.time_zone)
        yield (
            *(keys.key(kind, each.pk), each.act_id, at, each.by.username, each.printed_name),
            *(each.role, each.meaning, each.record, each.digest),
        )


PERSON_COLUMNS: Final = ("PERSON", "USERNAME", "PRINTED_NAME")


def _person_rows(acts: list[int], keys: LeafKeys) -> Iterator[tuple[Any, ...]]:
    people: set[int] = set()
    for some in _some_at_a_time(acts):
        people.update(Act.objects.filter(pk__in=some, by__isnull=False).values_list("by", flat=True))
    for user in User.objects.filter(pk__in=people).order_by("username"):
        yield keys.key(User._meta.db_table, user.pk), user.username, user.display_name


VERSION_COLUMNS: Final = ("TABLE", "ROW", "VERSION", "ACT", "KIND", "CONTENT")


def _version_rows(site: Site, keys: LeafKeys) -> Iterator[tuple[Any, ...]]:
    """Yield each version of each row; what the row held stands in CONTENT as JSON, with keys in place of numbers."""
    for table, rows in versions_of_site(site):
        model: Any = rows.model
        act, columns = _act_column(model), kinds_of(model)
        kinds = {f.attname: columns[f.column] for f in model._meta.concrete_fields if f.column in columns}
        for row in rows.values().iterator(ROWS_AT_ONCE):
            named = {name: keys.key(kind, row[name]) for name, kind in kinds.items() if row[name] is not None}
            told = row | named
            content = {name: value for name, value in told.items() if _is_content(name)}
            text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
            yield table, told["pgh_obj_id"], told["pgh_id"], told[act], told["pgh_label"], text


def _is_content(name: str) -> bool:
    return not name.startswith("pgh_") and name not in NAMES_OF_ACTS


def _write(path: Path, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
