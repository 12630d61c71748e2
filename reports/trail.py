"""The audit trail of the whole trial: acts by person, site, participant, form and field, with what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.models import Act
from crf import catalogue
from crf.engine.base import Record
from crf.engine.versions import worded
from crf.queries.sparing import spared_if_naming, telling_the_arm
from crf.store.history import Entry, changes_under
from crf.store.reasons import reasons_under
from kernel.clock import with_offset
from kernel.spreadsheets import Cell
from reports.acts import in_words, role_of
from trials.models import Delegation, Participant, Site

KINDS: Final[dict[str, tuple[str | Promise, tuple[str, ...]]]] = {
    "answers": (_("Answers and states of forms"), ("crf:answers:", "crf:record:", "crf:comment:")),
    "signatures": (_("Signatures"), ("crf:record:sign", "crf:records:sign", "trials:eligibility:decide")),
    "queries": (_("Queries"), ("crf:query:",)),
    "participants": (
        _("Participants and visits"),
        ("trials:participant:", "trials:consent:", "followup:visit"),
    ),
    "randomization": (_("Randomization"), ("randomization:",)),
    "sign-ins": (_("Sign-ins and refusals"), ("accounts:session:", "accounts:signature:")),
    "accounts": (_("Accounts and roles"), ("accounts:person:", "trials:account:", "trials:delegation:")),
    "taken": (_("Exports, casebooks and tokens"), ("exports:", "crf:listing:take", "reports:")),
    "locks": (_("Freezes and locks"), ("crf:data:", "exports:database_lock:")),
    "trail": (_("The audit trail itself"), ("audit:",)),
}
# What of rows outside the forms stands in a line: the column is said in its own words.
SIMPLE: Final[dict[str, type[Any]]] = {
    "accounts:person:": User,
    "trials:site:": Site,
    "trials:delegation:": Delegation,
    "trials:participant:": Participant,
}
NO_CHANGE: Final = {"act", "id", "secrets_digest", "totp_last_step", "session_key", "arm"}


@dataclass(frozen=True)
class TrailFilter:
    """What was chosen; empty means all."""

    person: str = ""
    site: str = ""
    participant: str = ""
    form: str = ""
    field: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None

    def as_query(self) -> dict[str, str]:
        """Return the choice as the address has it, without what is empty."""
        said = {name: str(value) for name, value in vars(self).items() if value}
        return {{"since": "from", "until": "until"}.get(name, name): value for name, value in said.items()}


@dataclass(frozen=True)
class ChangedValue:
    """One value that an act changed: of which form and visit, old and new."""

    place: str
    label: str
    old: str
    new: str
    why: str = ""


@dataclass(frozen=True)
class TrailLine:
    """One act, in words, with what it changed; ``kept_back`` counts answers that the reader has no right to see."""

    act: Act
    words: str
    role: str | Promise
    site: str
    participant: str
    places: tuple[str, ...] = ()
    changes: tuple[ChangedValue, ...] = field(default_factory=tuple)
    kept_back: int = 0


def acts_open_to(user: User) -> QuerySet[Act]:
    """Return the acts of the sites whose trail the person reads, and their own."""
    sites = user.sites_with(Permission.AUDIT_VIEW)
    rows = Act.objects.select_related("by").order_by("-pk")
    return rows if sites is None else rows.filter(Q(site_id__in=sites) | Q(by=user))


def filtered(rows: QuerySet[Act], chosen: TrailFilter) -> QuerySet[Act]:
    """Return the acts that fit the choice."""
    if chosen.person:
        rows = (
            rows.filter(by=None) if chosen.person == "-" else rows.filter(by__username__iexact=chosen.person)
        )
    if chosen.site:
        rows = rows.filter(site_id__in=Site.objects.filter(code=chosen.site).values("pk"))
    if chosen.participant:
        people = Participant.objects.filter(number__iexact=chosen.participant)
        rows = rows.filter(participant_id__in=people.values("pk"))
    if chosen.kind in KINDS:
        begins = Q()
        for verb in KINDS[chosen.kind][1]:
            begins |= Q(verb__startswith=verb)
        rows = rows.filter(begins)
    if chosen.since:
        rows = rows.filter(at__gte=_midnight(chosen.since))
    if chosen.until:
        rows = rows.filter(at__lt=_midnight(chosen.until + timedelta(days=1)))
    return _of_form(rows, chosen)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.TRIAL_TIME_ZONE))


def _of_form(rows: QuerySet[Act], chosen: TrailFilter) -> QuerySet[Act]:
    if chosen.form not in catalogue.forms():
        return rows
    records: Any = Record._meta.get_field("record_events").related_model
    if not chosen.field:
        return rows.filter(pk__in=records.objects.filter(form_code=chosen.form).values("act_id"))
    return rows.filter(pk__in=_acts_that_changed(chosen.form, chosen.field))


def _acts_that_changed(code: str, target: str) -> set[int]:
    """Return the acts that changed one question of a form, named ``question`` or ``table.question``."""
    form = catalogue.forms()[code]
    group, _dot, name = target.rpartition(".")
    model, act = (
        (form.groups[group].model, "act_id") if group in form.groups else (form.model, "answers_act_id")
    )
    asked = form.groups[group].questions if group in form.groups else form.questions
    if name not in asked:
        return set()
    versions: Any = model._meta.get_field("events").related_model
    changed: set[int] = set()
    last: dict[int, Any] = {}
    rows = versions.objects.order_by("pgh_id").values_list("pgh_obj_id", act, name, "missing")
    for row, act_id, value, missing in rows.iterator(2000):
        now = (value, (missing or {}).get(name))
        if last.get(row, (None, None)) != now:
            changed.add(act_id)
        last[row] = now
    return changed


def lines_of(acts: Sequence[Act], reader: User) -> list[TrailLine]:
    """Return the acts with what they changed, as far as the reader may see it."""
    by_number = {act.pk: act for act in acts}
    people = Participant.objects.in_bulk({act.participant_id for act in acts if act.participant_id})
    sites = Site.objects.in_bulk({act.site_id for act in acts if act.site_id})
    places, changes, kept = _of_forms(by_number, reader)
    simple = _of_rows(acts)
    return [
        TrailLine(
            act,
            in_words(act.verb),
            role_of(act),
            sites[act.site_id].code if act.site_id in sites else "",
            people[act.participant_id].number if act.participant_id in people else "",
            tuple(places.get(act.pk, ())),
            (*changes.get(act.pk, ()), *simple.get(act.pk, ())),
            kept.get(act.pk, 0),
        )
        for act in acts
    ]


def _of_forms(
    acts: Mapping[int, Act], reader: User
) -> tuple[dict[int, list[str]], dict[int, list[ChangedValue]], dict[int, int]]:
    versions: Any = Record._meta.get_field("record_events").related_model
    record_versions = versions.objects.filter(act_id__in=acts).select_related("visit", "participant__site")
    places: dict[int, list[str]] = {}
    changes: dict[int, list[ChangedValue]] = {}
    kept: dict[int, int] = {}
    by_form: dict[str, dict[int, Any]] = {}
    for event in record_versions.order_by("pgh_id"):
        by_form.setdefault(event.form_code, {})[event.pgh_obj_id] = event
        named = places.setdefault(event.act_id, [])
        if (place := place_of(event)) not in named:
            named.append(place)
    reasons = reasons_under(acts.values())
    for code, records in by_form.items():
        form = catalogue.forms()[code]
        for record, entry in changes_under(form, list(records), acts=acts, zone=settings.TRIAL_TIME_ZONE):
            act = entry.act
            site = records[record].site_id
            told = reader.may(Permission.ALLOCATION_LIST, site)
            if entry.target in telling_the_arm(form) and not told:
                continue
            if may_read(form, site, reader):
                value = _value(records[record], entry, reasons.get(act.pk, {}))
                changes.setdefault(act.pk, []).append(value if told else _without_names(value))
            else:
                kept[act.pk] = kept.get(act.pk, 0) + 1
    return places, changes, kept


def may_read(form: Any, site_id: int, reader: User) -> bool:
    """Say whether the reader may see answers of the form there, what tells the arm included."""
    return reader.may(form.seen_by, site_id) and reader.may(Permission.ALLOCATION_VIEW, site_id)


def place_of(record: Any) -> str:
    """Return which form it is, and at which visit or which of a log."""
    form = worded(catalogue.forms()[record.form_code], record.protocol_version)
    title = f"{form.code} {form.title}"
    where = record.visit.code if record.visit_id else (f"#{record.sequence}" if record.sequence > 1 else "")
    return f"{title} · {where}" if where else title


def _value(record: Any, entry: Entry, reasons: Mapping[str, str]) -> ChangedValue:
    label = f"{entry.row} · {entry.label}" if entry.row else str(entry.label)
    return ChangedValue(place_of(record), label, entry.old, entry.new, reasons.get(entry.target, ""))


def _without_names(value: ChangedValue) -> ChangedValue:
    """Return a change with nothing that people typed where it names an arm (ADR 55)."""
    old, new, why = (spared_if_naming(each) for each in (value.old, value.new, value.why))
    return replace(value, old=old, new=new, why=why)


def _of_rows(acts: Iterable[Act]) -> dict[int, list[ChangedValue]]:
    """Return what changed in rows outside the forms, column by column."""
    changes: dict[int, list[ChangedValue]] = {}
    verbs = {act.pk: act.verb for act in acts}
    for begin, model in SIMPLE.items():
        under = [pk for pk, verb in verbs.items() if verb.startswith(begin)]
        if under:
            for act_id, change in _columns(model, under):
                changes.setdefault(act_id, []).append(change)
    return changes


def _columns(model: type[Any], acts: list[int]) -> Iterator[tuple[int, ChangedValue]]:
    """Yield each column that changed; of a new row those that hold something."""
    versions: Any = model._meta.get_field("events").related_model
    rows = versions.objects.filter(act_id__in=acts).values_list("pgh_obj_id", flat=True)
    names = {each.name for each in versions._meta.concrete_fields}
    columns = [each for each in model._meta.concrete_fields if each.name in names - NO_CHANGE]
    events = list(versions.objects.filter(pgh_obj_id__in=set(rows)).order_by("pgh_id"))
    named = {column.name: _names(column, events) for column in columns if column.is_relation}
    last: dict[int, Any] = {}
    for event in events:
        before = last.get(event.pgh_obj_id)
        if event.act_id in acts:
            for column in columns:
                old = getattr(before, column.attname) if before else None
                new = getattr(event, column.attname)
                if old != new and (before or new):
                    words = [_text(column, value, named.get(column.name, {})) for value in (old, new)]
                    yield event.act_id, ChangedValue(_said(model), _said(column), *words)
        last[event.pgh_obj_id] = event


def _said(named: Any) -> str:
    words = str(getattr(named, "_meta", named).verbose_name)
    return words[:1].upper() + words[1:]


def _names(column: Any, events: Iterable[Any]) -> dict[Any, str]:
    """Return what the rows that a column leads to are called."""
    rows = column.related_model.objects.in_bulk({getattr(each, column.attname) for each in events} - {None})
    return {key: str(row) for key, row in rows.items()}


def _text(column: Any, value: Any, names: Mapping[Any, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("yes")) if value else str(_("no"))
    if isinstance(value, datetime):
        return with_offset(value, settings.TRIAL_TIME_ZONE)
    choices = {key: str(label) for key, label in column.flatchoices} if column.choices else {}
    return names.get(value) or choices.get(value) or str(value)


COLUMNS: Final = (
    *("ACT", "AT", "STORED_AT", "BY", "ROLE", "SITE", "PARTICIPANT", "VERB", "WHAT", "REASON"),
    *("PLACE", "ITEM", "OLD", "NEW", "REASON_OF_ITEM"),
)


def rows_of_file(lines: Iterable[TrailLine]) -> Iterator[tuple[Cell, ...]]:
    """Yield the trail as rows of a table: one for each changed value, or one for an act that changed none."""
    for line in lines:
        act = line.act
        common = (
            *(act.pk, with_offset(act.at, settings.TRIAL_TIME_ZONE)),
            *(with_offset(act.stored_at, settings.TRIAL_TIME_ZONE), act.by.username if act.by else ""),
            *(act.role, line.site, line.participant, act.verb, line.words, act.reason),
        )
        if not line.changes:
            yield (*common, "; ".join(line.places), "", "", "", "")
        for change in line.changes:
            yield (*common, change.place, change.label, change.old, change.new, change.why)
