"""The whole package of SDTM data sets, made from the files of one export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Final

from django.utils.translation import gettext_lazy as _

from exports.sdtm.baseline import flag_baseline
from exports.sdtm.disposition import keep_first_ends
from exports.sdtm.forms.catalogue import mappings
from exports.sdtm.records import SdtmRecord, Supplement, is_number, records_of
from exports.sdtm.relations import comment_rows, relation_rows
from exports.sdtm.schedule import Schedule
from exports.sdtm.sources import ExportFiles
from exports.sdtm.standard.tables import GUIDE, StandardVariable, domains, lists_of, variables
from exports.sdtm.subjects import comments, demographics, elements, first_days, in_pieces, last_days, visits
from exports.sdtm.trial_design import trial_design
from kernel.errors import Refusal
from protocol.text import ProtocolText

STUDY: Final = "PALACE-3"
LONGEST: Final = 200
LONGEST_LABEL: Final = 40
DESIGN: Final = ("TA", "TE", "TV", "TI", "TS")
WITH_RECORDS_OF_ANY: Final = ("CO", "RELREC")
QUALIFIERS: Final = (
    "STUDYID",
    "RDOMAIN",
    "USUBJID",
    "IDVAR",
    "IDVARVAL",
    "QNAM",
    "QLABEL",
    "QVAL",
    "QORIG",
    "QEVAL",
)
Row = dict[str, str]


class TermMissing(Refusal):
    code = "exports.sdtm_term_missing"
    message = _("The value “{value}” of {variable} is not in the list {terms}, which may not be extended.")


@dataclass
class Dataset:
    """One data set: its variables in the order of the guide, and its rows as texts."""

    name: str
    domain: str
    label: str
    variables: tuple[StandardVariable, ...]
    rows: list[Row]
    keys: tuple[str, ...]
    sources: dict[str, set[str]] = field(default_factory=dict)

    @property
    def is_supplement(self) -> bool:
        """Say whether these are the supplemental qualifiers of a domain."""
        return self.name.startswith("SUPP")

    def length(self, name: str) -> int:
        """Return the longest value of a variable in bytes; at least one."""
        return max((len(row.get(name, "").encode()) for row in self.rows), default=0) or 1


@dataclass(frozen=True)
class SdtmPackage:
    """All data sets with the export and the protocol text that they are made from."""

    files: ExportFiles
    text: ProtocolText

    @cached_property
    def schedule(self) -> Schedule:
        """Return the planned visits and elements."""
        return Schedule(self.files, self.text)

    def day_of_visit(self, record: SdtmRecord) -> str:
        """Return the day on which the visit of a record took place; empty where it has none."""
        visit = self.files.visits.get((record.subject, *record.place), {})
        return visit.get("TOOK_PLACE_ON", "")

    @cached_property
    def datasets(self) -> Mapping[str, Dataset]:
        """Map the name of each data set to it: the design first, then domains, then qualifiers and relations."""
        return _datasets(self)


def _datasets(package: SdtmPackage) -> Mapping[str, Dataset]:
    by_domain: dict[str, list[SdtmRecord]] = {code: [] for code in domains() if code != "SUPPQUAL"}
    for record in _all_records(package):
        by_domain[record.domain].append(record)
    numbered = {code: _numbered(package, code, records) for code, records in by_domain.items()}
    links = relation_rows(numbered)
    made = {
        code: _dataset(code, [_row(package, record) for record in records])
        for code, records in numbered.items()
        if code not in WITH_RECORDS_OF_ANY
    }
    made["CO"] = _dataset("CO", comment_rows(numbered["CO"], numbered["AE"], STUDY))
    made["RELREC"] = _dataset("RELREC", [_identified(row) for row in links])
    for code in domains():
        if code in made and (rows := list(_supplement_rows(numbered[code]))):
            made[f"SUPP{code}"] = _supplement(code, rows)
    made = {name: dataset for name, dataset in made.items() if dataset.rows}
    for dataset in made.values():
        _refuse_unknown_terms(dataset)
    return made


def _all_records(package: SdtmPackage) -> Iterator[SdtmRecord]:
    files, schedule = package.files, package.schedule
    subjects = frozenset(files.subjects)
    made = [record for mapping in mappings().values() for record in records_of(files, mapping, subjects)]
    parts = [record for record in made if record.domain == "DM"]
    others = [record for record in made if record.domain != "DM"]
    others += elements(files, schedule)
    others += visits(files, schedule, subjects, first_days(others))
    yield from others
    yield from demographics(files, schedule, parts, last_days(others))
    yield from comments(files, subjects)
    yield from trial_design(schedule)


def _numbered(package: SdtmPackage, code: str, records: list[SdtmRecord]) -> list[SdtmRecord]:
    """Return the records complete and in the order of their keys, each with its number within the subject."""
    known = variables()[code]
    for record in records:
        _complete(package, record, known)
        _shorten(record)
    keep_first_ends(code, records)
    if f"{code}LOBXFL" in known:
        flag_baseline(code, records, package.files.milestones)
    keys = domains()[code].keys
    records.sort(
        key=lambda record: (record.subject, *(_sortable(record.values.get(key, "")) for key in keys))
    )
    if f"{code}SEQ" in known and code not in DESIGN:
        for _subject, group in groupby(records, key=lambda record: record.subject):
            for number, record in enumerate(group, start=1):
                record.values[f"{code}SEQ"] = str(number)
    return records


def _sortable(value: str) -> tuple[float, str]:
    return (float(value), "") if is_number(value) else (0.0, value)


def _complete(package: SdtmPackage, record: SdtmRecord, known: Mapping[str, StandardVariable]) -> None:
    """The record has its visit, epoch and study days, where its domain has a place for them."""
    code, values, schedule = record.domain, record.values, package.schedule
    visit, occurrence = record.place
    if visit and "VISITNUM" in known and code != "TV":
        values["VISITNUM"], values["VISIT"] = schedule.number(visit, occurrence), visit
        if "VISITDY" in known and (day := schedule.day(visit)):
            values["VISITDY"] = day
    if code in DESIGN or not record.subject:
        return
    known_days = (values.get(f"{code}{ending}", "") for ending in ("STDTC", "DTC", "ENDTC"))
    begun = next(filter(None, known_days), "") or package.day_of_visit(record)
    if (
        "EPOCH" in known
        and begun
        and not values.get("EPOCH")
        and (epoch := schedule.epoch(record.subject, begun))
    ):
        values["EPOCH"] = epoch
    reference = package.files.milestones.get(record.subject, {}).get("NEO_D1", "")
    for day, when in (
        (f"{code}DY", f"{code}DTC"),
        (f"{code}STDY", f"{code}STDTC"),
        (f"{code}ENDY", f"{code}ENDTC"),
    ):
        if day in known and (number := study_day(values.get(when, ""), reference)):
            values[day] = number


def study_day(when: str, reference: str) -> str:
    """Return the study day: 1 for the day of the first treatment, -1 for the day before; none of a day not known."""
    try:
        apart = (date.fromisoformat(when[:10]) - date.fromisoformat(reference)).days
    except ValueError:
        return ""
    return str(apart + 1 if apart >= 0 else apart)


def _shorten(record: SdtmRecord) -> None:
    """A text of more than 200 bytes goes on in supplemental qualifiers, cut between words; nothing is lost."""
    if record.domain == "CO":
        return
    for name, value in list(record.values.items()):
        if len(value.encode()) > LONGEST:
            first, *more = in_pieces(value)
            record.values[name] = first
            record.supplements += [
                Supplement(f"{name[:7]}{number}", f"{name}, Continued {number}", piece)
                for number, piece in enumerate(more, start=1)
            ]


def _identified(row: Row) -> Row:
    identified = {"STUDYID": STUDY, **row}
    if subject := row.get("USUBJID"):
        identified["USUBJID"] = f"{STUDY}-{subject}"
    return identified


def _row(package: SdtmPackage, record: SdtmRecord) -> Row:
    values = {"STUDYID": STUDY, "DOMAIN": record.domain, **record.values}
    if record.subject:
        values["USUBJID"] = f"{STUDY}-{record.subject}"
    if record.domain == "IE":
        words = {row["IETESTCD"]: row["IETEST"] for row in _criteria(package)}
        values["IETEST"] = words.get(values["IETESTCD"], values["IETEST"])
    return values


def _criteria(package: SdtmPackage) -> list[Row]:
    from exports.sdtm.trial_design import criteria

    return [record.values for record in criteria(package.schedule)]


def _dataset(code: str, rows: list[Row]) -> Dataset:
    """Return a data set: the variables that the guide requires or expects, and those that have a value."""
    domain = domains()[code]
    valued = {name for row in rows for name in row}
    days = valued | {each.name for each in variables()[code].values() if each.core in ("Req", "Exp")}
    chosen = tuple(
        variable
        for variable in _ordered(code, valued)
        if variable.core in ("Req", "Exp") or variable.name in valued or _goes_with(variable.name, days)
    )
    return Dataset(code, code, domain.label, chosen, rows, domain.keys)


def _goes_with(name: str, valued: set[str]) -> bool:
    """Say whether a variable stands beside one that has values: a study day beside its day, the epoch beside both."""
    days = (f"{name.removesuffix('DY')}DTC",) if name.endswith("DY") else ()
    if name == "EPOCH":
        return any(each.endswith("DTC") for each in valued)
    return any(each in valued for each in days)


def _ordered(code: str, valued: set[str]) -> Iterator[StandardVariable]:
    """Yield the variables in the order of the guide; comments go on in as many pieces as there are."""
    for variable in variables()[code].values():
        yield variable
        if variable.name == "COVAL":
            pieces = sorted((name for name in valued if name[5:].isdigit()), key=lambda name: int(name[5:]))
            yield from (
                replace(variable, name=name, label=f"Comment {name[5:]}", core="Perm") for name in pieces
            )


def _supplement_rows(records: Iterable[SdtmRecord]) -> Iterator[Row]:
    for record in records:
        number = record.values.get(f"{record.domain}SEQ", "")
        told: set[str] = set()
        for supplement in record.supplements:
            for qnam, label, piece in _pieces(supplement):
                if qnam in told:
                    continue
                told.add(qnam)
                yield {
                    "STUDYID": STUDY,
                    "RDOMAIN": record.domain,
                    "USUBJID": f"{STUDY}-{record.subject}",
                    "IDVAR": f"{record.domain}SEQ" if number else "",
                    "IDVARVAL": number,
                    "QNAM": qnam,
                    "QLABEL": label,
                    "QVAL": piece,
                    "QORIG": supplement.origin.value,
                    "QEVAL": "",
                }


def _pieces(supplement: Supplement) -> Iterator[tuple[str, str, str]]:
    for number, piece in enumerate(in_pieces(supplement.value)):
        ending = str(number) if number else ""
        label = (
            f"{supplement.label[: LONGEST_LABEL - 1 - len(ending)]} {ending}" if ending else supplement.label
        )
        yield f"{supplement.qnam[: 8 - len(ending)]}{ending}", label, piece


def _supplement(code: str, rows: list[Row]) -> Dataset:
    domain = domains()["SUPPQUAL"]
    chosen = tuple(variables()["SUPPQUAL"][name] for name in QUALIFIERS)
    return Dataset(f"SUPP{code}", code, f"Supplemental Qualifiers for {code}", chosen, rows, domain.keys)


def _refuse_unknown_terms(dataset: Dataset) -> None:
    for variable in dataset.variables:
        terms = lists_of("SUPPQUAL" if dataset.is_supplement else dataset.domain, variable.name)
        if not terms or any(each.is_extensible for each in terms):
            continue
        for value in {row.get(variable.name, "") for row in dataset.rows} - {""}:
            if not any(each.holds(value) for each in terms):
                raise TermMissing(
                    value=value, variable=f"{dataset.name}.{variable.name}", terms=terms[0].name
                )


__all__ = ["GUIDE", "Dataset", "SdtmPackage", "TermMissing", "study_day"]
