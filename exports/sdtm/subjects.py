"""Domains with one record for each participant, element or visit: DM, SE, SV; and comments (CO)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exports.sdtm.records import OFFSET, SdtmRecord, Supplement
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


def demographics(files: ExportFiles, schedule: Schedule, parts: Iterable[SdtmRecord]) -> Iterator[SdtmRecord]:
    """Yield one record for each subject: the register's facts, and what the forms say of the same record."""
    said: dict[str, SdtmRecord] = {}
    for part in parts:
        whole = said.setdefault(part.subject, SdtmRecord("DM", part.subject, {}))
        whole.values |= part.values
        whole.supplements += part.supplements
    for subject in files.subjects:
        yield _demographics(files, schedule, said.get(subject, SdtmRecord("DM", subject, {})))


def _demographics(files: ExportFiles, schedule: Schedule, said: SdtmRecord) -> SdtmRecord:
    register, days = files.participants[said.subject], files.milestones.get(said.subject, {})
    arm = register["ARM"]
    arms = {"ARMNRS": "SCREEN FAILURE" if register["STATE"] == "SCREEN_FAIL" else "NOT ASSIGNED"}
    if arm:
        arms = {"ARMCD": ARMS[arm], "ARM": schedule.text.arm(arm).name.en}
        if days.get("NEO_D1"):
            arms |= {"ACTARMCD": ARMS[arm], "ACTARM": arms["ARM"]}
        else:
            arms["ARMNRS"] = "ASSIGNED, NOT TREATED"
    last = [days[code] for code in ("EOS", "DEATH") if days.get(code)]
    seen = [row["TOOK_PLACE_ON"] for row in files.by_participant("VISITS").get(said.subject, [])]
    known = {
        "SUBJID": said.subject,
        "RFSTDTC": days.get("NEO_D1", ""),
        "RFENDTC": min(last, default="") if days.get("NEO_D1") else "",
        "RFXSTDTC": days.get("NEO_D1", ""),
        "RFXENDTC": days.get("LASTDOSE", ""),
        "RFICDTC": days.get("ICF", ""),
        "RFPENDTC": max((*last, *seen, days.get("ICF", ""))),
        "SITEID": register["SITEID"],
        "AGEU": "YEARS" if said.values.get("AGE") else "",
        "RACE": "ASIAN" if any(each.qnam == "ETHNICCN" for each in said.supplements) else "",
        "COUNTRY": "CHN",
        **arms,
    }
    said.values = {name: value for name, value in (known | said.values).items() if value}
    said.supplements += [
        Supplement(qnam, label, register[column], is_derived=False)
        for qnam, label, column in (
            ("STRATSIT", "Site as Randomized", "STRAT_SITE"),
            ("STRATSTG", "Clinical Stage Group as Randomized", "STRAT_STAGE"),
            ("PROTVER", "Version of the Protocol", "PROTOCOL_VERSION"),
        )
        if register[column]
    ]
    return said


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


def visits(files: ExportFiles, schedule: Schedule, subjects: frozenset[str]) -> Iterator[SdtmRecord]:
    """Yield the visits that took place, and those that did not and why (SV)."""
    for row in files.rows("VISITS"):
        if row["SUBJID"] not in subjects or row["STATE"] not in ("done", "not_done", "missed"):
            continue
        planned, done = schedule.is_planned(row["VISIT"]), row["STATE"] == "done"
        mode = _contact_mode(files, row["SUBJID"], row["VISIT"], row["VISITSEQ"], row["CONTACT_MODE"])
        values = {
            "SVPRESP": "Y" if planned else "",
            "SVOCCUR": ("Y" if done else "N") if planned else "",
            "SVREASOC": "" if done else row["NOT_DONE_REASON"] or "Missed",
            "SVCNTMOD": MODES.get(mode, ""),
            "SVSTDTC": row["TOOK_PLACE_ON"],
            "SVENDTC": row["TOOK_PLACE_ON"],
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
            day = OFFSET.sub(r"\1", row["SAE_REPORT"])
            yield _comment(row["SUBJID"], row["SAE_NARR"], "SAE SAE_NARR", day, about)


def _comment(subject: str, text: str, reference: str, day: str, about: tuple[tuple[str, str], ...]) -> SdtmRecord:
    pieces = in_pieces(text)
    values = {f"COVAL{number or ''}": piece for number, piece in enumerate(pieces)}
    values |= {"COREF": reference, "CODTC": day}
    return SdtmRecord("CO", subject, {name: value for name, value in values.items() if value}, relations=list(about))


def in_pieces(text: str, most: int = COMMENT_BYTES) -> list[str]:
    """Return the text in pieces of at most so many bytes of UTF-8, cut between words where there are any."""
    left, pieces = " ".join(text.split()), []
    while len(left.encode()) > most:
        piece = left.encode()[:most].decode(errors="ignore")
        whole = piece.rpartition(" ")[0] or piece
        pieces.append(whole)
        left = left[len(whole) :].lstrip()
    return [*pieces, left] if left else pieces
