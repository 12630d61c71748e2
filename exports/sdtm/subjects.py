"""Domains with one record for each participant, element or visit: DM, SE, SV; and comments (CO)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exports.sdtm.records import OFFSET, QualifierOrigin, SdtmRecord, Supplement
from exports.sdtm.schedule import ARMS, Schedule, element
from exports.sdtm.sources import ExportFiles

MODES = {
    "centre": "IN PERSON",
    "local_hospital": "IN PERSON",
    "home": "IN PERSON",
    "telephone": "TELEPHONE CALL",
    "video": "REMOTE AUDIO VIDEO",
}
COMMENT_BYTES = 200
WHOLE_DAY = len("2026-01-01")


def first_days(records: Iterable[SdtmRecord]) -> Mapping[tuple[str, str, str], str]:
    """Map each visit that a record is of to the first day that its records name."""
    days: dict[tuple[str, str, str], str] = {}
    for record in records:
        day = record.values.get(f"{record.domain}DTC", "")[:WHOLE_DAY]
        key = record.subject, *record.place
        if record.place[0] and len(day) == WHOLE_DAY:
            days[key] = min(day, days.get(key, day))
    return days


def last_days(records: Iterable[SdtmRecord]) -> Mapping[str, str]:
    """Map each subject to the last day that a record of what was seen names."""
    days: dict[str, str] = {}
    for record in records:
        for name, value in record.values.items():
            if name.endswith("DTC") and record.domain not in ("DV", "CO") and len(value) >= WHOLE_DAY:
                days[record.subject] = max(value[:WHOLE_DAY], days.get(record.subject, ""))
    return days


def demographics(
    files: ExportFiles, schedule: Schedule, parts: Iterable[SdtmRecord], last: Mapping[str, str]
) -> Iterator[SdtmRecord]:
    """Yield one record for each subject: the register's facts, and what the forms say of the same record."""
    said: dict[str, SdtmRecord] = {}
    for part in parts:
        whole = said.setdefault(part.subject, SdtmRecord("DM", part.subject, {}))
        whole.values |= part.values
        whole.supplements += part.supplements
    for subject in files.subjects:
        part = said.get(subject, SdtmRecord("DM", subject, {}))
        yield _demographics(files, schedule, part, last.get(subject, ""))


def _demographics(files: ExportFiles, schedule: Schedule, said: SdtmRecord, seen: str) -> SdtmRecord:
    register, days = files.participants[said.subject], files.milestones.get(said.subject, {})
    arm = register["ARM"]
    arms = {"ARMNRS": "SCREEN FAILURE" if register["STATE"] == "SCREEN_FAIL" else "NOT ASSIGNED"}
    is_treated = bool(arm and days.get("NEO_D1"))
    if arm:
        arms = {"ARMCD": ARMS[arm], "ARM": schedule.text.arm(arm).name.en}
        if not is_treated:
            arms["ARMNRS"] = "ASSIGNED, NOT TREATED"
        elif change := _change_of_strategy(files, said.subject):
            arms |= {"ARMNRS": "UNPLANNED TREATMENT", "ACTARMUD": change}
        else:
            arms |= {"ACTARMCD": ARMS[arm], "ACTARM": arms["ARM"]}
    over = min((days[code] for code in ("EOS", "DEATH") if days.get(code)), default="")
    last = max(seen, over, days.get("ICF", ""))
    known = {
        "SUBJID": said.subject,
        "RFSTDTC": days.get("NEO_D1", ""),
        "RFENDTC": (over or last) if is_treated else "",
        "RFXSTDTC": days.get("NEO_D1", ""),
        "RFXENDTC": days.get("LASTDOSE", ""),
        "RFICDTC": days.get("ICF", ""),
        "RFPENDTC": last,
        "SITEID": register["SITEID"],
        "AGEU": "YEARS" if said.values.get("AGE") else "",
        "RACE": "ASIAN" if any(each.qnam == "ETHNICCN" for each in said.supplements) else "",
        "COUNTRY": "CHN",
        **arms,
    }
    said.values = {name: value for name, value in (known | said.values).items() if value}
    said.supplements += of_register(files, said.subject)
    return said


def of_register(files: ExportFiles, subject: str) -> Iterator[Supplement]:
    """Yield what the trial has assigned to a subject; without a randomization number where arms are masked."""
    register = files.participants[subject]
    [allocation] = files.by_participant("ALLOCATIONS").get(subject, [{}])
    for qnam, label, value in (
        ("RANDNO", "Randomization Number", allocation.get("NUMBER", "")),
        ("STRATSIT", "Site as Randomized", register["STRAT_SITE"]),
        ("STRATSTG", "Clinical Stage Group as Randomized", register["STRAT_STAGE"]),
        ("PROTVER", "Version of the Protocol", register["PROTOCOL_VERSION"]),
    ):
        if value:
            yield Supplement(qnam, label, value, QualifierOrigin.ASSIGNED)


def _change_of_strategy(files: ExportFiles, subject: str) -> str:
    """Return in words what was received instead of the allocated strategy, where a crossover is on record."""
    for row in files.by_participant("DV").get(subject, []):
        if row["DV_CAT"] == "crossover":
            left, taken = (
                files.question("DV", name).in_words(row[name]) for name in ("DV_CROSS_FROM", "DV_CROSS_TO")
            )
            return f"Allocated: {left}. Received: {taken}."
    return ""


def elements(files: ExportFiles, schedule: Schedule) -> Iterator[SdtmRecord]:
    """Yield the elements that each subject passed through (SE)."""
    for subject in files.subjects:
        for order, stay in enumerate(schedule.stays(subject), start=1):
            said = element(stay.code)
            values = {
                "ETCD": stay.code,
                "ELEMENT": said.name,
                "TAETORD": str(order),
                "EPOCH": said.epoch,
                "SESTDTC": stay.begins,
                "SEENDTC": stay.ends,
            }
            yield SdtmRecord("SE", subject, {name: value for name, value in values.items() if value})


def visits(
    files: ExportFiles,
    schedule: Schedule,
    subjects: frozenset[str],
    first: Mapping[tuple[str, str, str], str],
) -> Iterator[SdtmRecord]:
    """Yield the visits that took place, and those that did not and why (SV).

    A visit that nobody recorded took place on the first day that its forms name.
    """
    for row in files.rows("VISITS"):
        key = row["SUBJID"], row["VISIT"], row["VISITSEQ"]
        done = row["STATE"] == "done" or key in first
        if row["SUBJID"] not in subjects or not (done or row["STATE"] in ("not_done", "missed")):
            continue
        day = (row["TOOK_PLACE_ON"] or first.get(key, "")) if done else ""
        planned = schedule.is_planned(row["VISIT"])
        mode = _contact_mode(files, row["SUBJID"], row["VISIT"], row["VISITSEQ"], row["CONTACT_MODE"])
        values = {
            "SVPRESP": "Y" if planned else "",
            "SVOCCUR": ("Y" if done else "N") if planned else "",
            "SVREASOC": "" if done else row["NOT_DONE_REASON"] or "Missed",
            "SVCNTMOD": MODES.get(mode, ""),
            "SVSTDTC": day,
            "SVENDTC": day,
            "SVUPDES": "" if planned else "Unscheduled visit",
        }
        yield SdtmRecord(
            "SV",
            row["SUBJID"],
            {name: value for name, value in values.items() if value},
            place=(row["VISIT"], row["VISITSEQ"]),
        )


def _contact_mode(files: ExportFiles, subject: str, visit: str, occurrence: str, told: str) -> str:
    """Return how the visit was made; where the visit does not say it, the follow-up form does."""
    kinds = {"clinic": "centre", "phone": "telephone", "family": "telephone"}
    for row in files.by_participant("FU").get(subject, []):
        if not told and (row["VISIT"], row["VISITSEQ"]) == (visit, occurrence):
            return kinds.get(row["CONTACT"], "")
    return told


def comments(files: ExportFiles, subjects: frozenset[str]) -> Iterator[SdtmRecord]:
    """Yield what sites said beside answers, and the narratives of serious events, in pieces (CO)."""
    for row in files.rows("COMMENTS"):
        if row["SUBJID"] in subjects:
            reference = f"{row['FORM']} {row['VISIT']} {row['QUESTION']}".replace("  ", " ").strip()
            yield _comment(row["SUBJID"], row["COVAL"], reference, OFFSET.sub(r"\1", row["CODTC"]), ())
    for row in files.rows("SAE"):
        if row["SUBJID"] in subjects and row["SAE_NARR"]:
            about = (("AE", row["AE_NO"]),)
            yield _comment(row["SUBJID"], row["SAE_NARR"], "SAE SAE_NARR", "", about)


def _comment(
    subject: str, text: str, reference: str, day: str, about: tuple[tuple[str, str], ...]
) -> SdtmRecord:
    pieces = in_pieces(text)
    values = {f"COVAL{number or ''}": piece for number, piece in enumerate(pieces)}
    values |= {"COREF": reference, "CODTC": day}
    return SdtmRecord(
        "CO", subject, {name: value for name, value in values.items() if value}, relations=list(about)
    )


def in_pieces(text: str, most: int = COMMENT_BYTES) -> list[str]:
    """Return the text in pieces of at most so many bytes of UTF-8, cut between words where there are any."""
    left, pieces = " ".join(text.split()), []
    while len(left.encode()) > most:
        piece = left.encode()[:most].decode(errors="ignore")
        whole = piece.rpartition(" ")[0] or piece
        pieces.append(whole)
        left = left[len(whole) :].lstrip()
    return [*pieces, left] if left else pieces
