"""Records that belong together (RELREC), and comments about a record (CO)."""

from __future__ import annotations

from collections.abc import Mapping

from exports.sdtm.records import SdtmRecord

Row = dict[str, str]
BY_LINK = (("TU", "TR", "LNKID"), ("CE", "PR", "GRPID"), ("EC", "EX", "LNKID"))
"""Pairs of domains whose records share a link: one relation for the whole data sets, by that variable."""


def relation_rows(domains: Mapping[str, list[SdtmRecord]]) -> list[Row]:
    """Return the pairs of records that answers join, and the relations of whole data sets."""
    rows: list[Row] = []
    numbered = {domain: _by_number(domain, records) for domain, records in domains.items()}
    for domain, records in domains.items():
        if domain == "CO":
            continue
        for record in records:
            for other, number in record.relations:
                about = numbered[other].get((record.subject, number))
                if about is not None and about is not record:
                    rows += _pair(record, domain, about, other)
    rows += _laboratory(domains)
    for one, many, by in BY_LINK:
        if _linked(domains, one + by) & _linked(domains, many + by):
            name = f"{one}{many}"
            rows += [_of_dataset(one + by, "ONE", name), _of_dataset(many + by, "MANY", name)]
    return rows


def _by_number(domain: str, records: list[SdtmRecord]) -> Mapping[tuple[str, str], SdtmRecord]:
    """Map subject and number (--SPID) to the record, the first where several have the number."""
    numbered: dict[tuple[str, str], SdtmRecord] = {}
    for record in records:
        numbered.setdefault((record.subject, record.values.get(f"{domain}SPID", "")), record)
    return numbered


def _pair(record: SdtmRecord, domain: str, about: SdtmRecord, other: str) -> list[Row]:
    own, theirs = record.values[f"{domain}SEQ"], about.values[f"{other}SEQ"]
    name = f"{domain}{own}{other}{theirs}"
    return [_of_record(record.subject, domain, own, name), _of_record(record.subject, other, theirs, name)]


def _of_record(subject: str, domain: str, number: str, name: str) -> Row:
    return {"RDOMAIN": domain, "USUBJID": subject, "IDVAR": f"{domain}SEQ", "IDVARVAL": number, "RELID": name}


def _of_dataset(link: str, kind: str, name: str) -> Row:
    return {"RDOMAIN": link[:2], "IDVAR": link, "RELTYPE": kind, "RELID": name}


def _linked(domains: Mapping[str, list[SdtmRecord]], link: str) -> set[tuple[str, str]]:
    records = domains[link[:2]]
    return {(record.subject, record.values[link]) for record in records if record.values.get(link)}


def _laboratory(domains: Mapping[str, list[SdtmRecord]]) -> list[Row]:
    """Return the pairs of adverse events and the results that show them."""
    shown: dict[tuple[str, str, str], list[SdtmRecord]] = {}
    for result in domains["LB"]:
        test, day = result.values.get("LBTESTCD", ""), result.values.get("LBDTC", "")[:10]
        shown.setdefault((result.subject, test, day), []).append(result)
    return [
        row
        for event in domains["AE"]
        if event.shown_by[0]
        for result in shown.get((event.subject, *event.shown_by), ())
        for row in _pair(event, "AE", result, "LB")
    ]


def comment_rows(comments: list[SdtmRecord], events: list[SdtmRecord], study: str) -> list[Row]:
    """Return the comments; one about an adverse event names its record."""
    rows, numbered = [], _by_number("AE", events)
    for comment in comments:
        row = {"STUDYID": study, "DOMAIN": "CO", "USUBJID": f"{study}-{comment.subject}", **comment.values}
        for domain, number in comment.relations:
            about = numbered.get((comment.subject, number)) if domain == "AE" else None
            if about is not None:
                row |= {"RDOMAIN": domain, "IDVAR": f"{domain}SEQ", "IDVARVAL": about.values[f"{domain}SEQ"]}
        rows.append(row)
    return rows
