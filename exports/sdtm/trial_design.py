"""The trial itself, from the protocol text: arms, elements, visits, criteria, summary (TA, TE, TV, TI, TS)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from exports.sdtm.forms.eligibility import short_code
from exports.sdtm.records import SdtmRecord
from exports.sdtm.schedule import ARMS, ELEMENTS, EVALUATED, FOLLOWED, SCREEN, TREATED, Schedule, element
from exports.sdtm.standard.tables import TERMINOLOGY
from protocol.loader.schema import Anchoring, TrialFact

YEARS: Final = "P{}Y"
CDISC: Final = "CDISC CT"
# Code, name, value, its code and where that is from; a value that stands nowhere here is worked out in `_known`.
PARAMETERS: Final = (
    ("ACTSUB", "Actual Number of Subjects", "", "", ""),
    ("ADAPT", "Adaptive Design", "N", "C49487", CDISC),
    ("AGEMAX", "Planned Maximum Age of Subjects", "", "", "ISO 8601"),
    ("AGEMIN", "Planned Minimum Age of Subjects", "", "", "ISO 8601"),
    ("COMPTRT", "Comparative Treatment Name", "Chemoradiotherapy and surgery", "", ""),
    ("DCUTDESC", "Data Cutoff Description", "STATE OF THE EXPORT", "", ""),
    ("DCUTDTC", "Data Cutoff Date", "", "", "ISO 8601"),
    ("FCNTRY", "Planned Country of Investigational Sites", "CHN", "", "ISO 3166-1 alpha-3"),
    ("HLTSUBJI", "Healthy Subject Indicator", "N", "C49487", CDISC),
    ("INDIC", "Trial Disease/Condition Indication", "Esophageal squamous cell carcinoma", "", ""),
    ("INTMODEL", "Intervention Model", "PARALLEL", "C82639", CDISC),
    ("INTTYPE", "Intervention Type", "DRUG", "C1909", CDISC),
    ("LENGTH", "Trial Length", "", "", "ISO 8601"),
    ("NARMS", "Planned Number of Arms", "", "", ""),
    ("OBJPRIM", "Trial Primary Objective", "", "", ""),
    ("OUTMSPRI", "Primary Outcome Measure", "", "", ""),
    ("PLANSUB", "Planned Number of Subjects", "", "", ""),
    ("RANDOM", "Trial is Randomized", "Y", "C49488", CDISC),
    ("RANDQT", "Randomization Quotient", "", "", ""),
    ("REGID", "Registry Identifier", "", "", "ClinicalTrials.gov"),
    ("SEXPOP", "Sex of Participants", "BOTH", "C49636", CDISC),
    ("SDTIGVER", "SDTM IG Version", "3.4", "", ""),
    ("SDTMVER", "SDTM Version", "2.0", "", ""),
    ("SPONSOR", "Clinical Study Sponsor", "", "", ""),
    ("SSTDTC", "Study Start Date", "", "", "ISO 8601"),
    ("STRATFCT", "Stratification Factor", "Site; clinical stage group", "", ""),
    ("STYPE", "Study Type", "INTERVENTIONAL", "C98388", CDISC),
    ("TBLIND", "Trial Blinding Schema", "OPEN LABEL", "C49659", CDISC),
    ("TCNTRL", "Control Type", "ACTIVE", "C49649", CDISC),
    ("THERAREA", "Therapeutic Area", "Oncology", "", ""),
    ("TITLE", "Trial Title", "", "", ""),
    ("TPHASE", "Trial Phase Classification", "PHASE III TRIAL", "C15602", CDISC),
    ("TRT", "Investigational Therapy or Treatment", "Camrelizumab", "", ""),
    ("TTYPE", "Trial Type", "EFFICACY", "C49666", CDISC),
    ("TTYPE", "Trial Type", "SAFETY", "C49667", CDISC),
)
UNKNOWN: Final = (("ADDON", "Added on to Existing Treatments"), ("STOPRULE", "Study Stop Rules"))


def trial_design(schedule: Schedule) -> Iterator[SdtmRecord]:
    """Yield the records of the five domains of the design."""
    yield from _arms(schedule)
    for each in ELEMENTS:
        yield _of("TE", ETCD=each.code, ELEMENT=each.name, TESTRL=each.begins, TEENRL=each.ends)
    yield from _visits(schedule)
    yield from criteria(schedule)
    yield from _summary(schedule)


def _of(domain: str, **values: str) -> SdtmRecord:
    return SdtmRecord(domain, "", {name: value for name, value in values.items() if value})


def _arms(schedule: Schedule) -> Iterator[SdtmRecord]:
    for arm in schedule.text.arms:
        codes = (SCREEN, TREATED[arm.code], EVALUATED, FOLLOWED[arm.code])
        for order, code in enumerate(codes, start=1):
            said = element(code)
            yield _of(
                "TA",
                ARMCD=ARMS[arm.code],
                ARM=arm.name.en,
                TAETORD=str(order),
                ETCD=code,
                ELEMENT=said.name,
                TABRANCH=f"Randomized to {ARMS[arm.code]}" if code == SCREEN else "",
                TATRANS=arm.after_neoadjuvant.en[:200] if code == EVALUATED else "",
                EPOCH=said.epoch,
            )


def _visits(schedule: Schedule) -> Iterator[SdtmRecord]:
    for rule in schedule.text.visits:
        arm = rule.arms[0] if len(rule.arms) == 1 else ""
        yield _of(
            "TV",
            VISITNUM=str(schedule.planned[rule.code]),
            VISIT=rule.code,
            VISITDY=schedule.day(rule.code),
            ARMCD=ARMS.get(arm, ""),
            ARM=schedule.text.arm(arm).name.en if arm else "",
            TVSTRL=_in_words(rule.due),
        )
    for code in schedule.repeated:
        yield _of(
            "TV", VISITNUM=schedule.number(code, "1"), VISIT=code, TVSTRL=f"Months by the number of {code}"
        )


def _in_words(due: Anchoring) -> str:
    target = due.target
    parts = (
        [
            f"{number} {unit}"
            for number, unit in (
                (target.months, "months"),
                (target.weeks, "weeks"),
                (target.days, "days"),
            )
            if number is not None
        ]
        if target
        else []
    )
    return f"{' and '.join(parts) or 'at'} from milestone {due.anchor}"


def criteria(schedule: Schedule) -> Iterator[SdtmRecord]:
    """Yield the criteria that the text enforces; their whole words are the text's (TI)."""
    for each in schedule.text.criteria:
        if each.code == "AGE" or not each.enforced:
            continue
        yield _of(
            "TI",
            IETESTCD=short_code(each.code),
            IETEST=each.wording.en[:200],
            IECAT="INCLUSION" if each.kind == "inclusion" else "EXCLUSION",
            TIVERS=schedule.text.version,
        )


def _summary(schedule: Schedule) -> Iterator[SdtmRecord]:
    """Yield the parameters of the summary; what the protocol text does not know has a null flavour or no record."""
    for code, name in UNKNOWN:
        yield _of("TS", TSSEQ="1", TSPARMCD=code, TSPARM=name, TSVALNF="UNK")
    known, told = _known(schedule), Counter[str]()
    for code, name, value, reference, source in PARAMETERS:
        told[code] += 1
        yield _of(
            "TS",
            TSSEQ=str(told[code]),
            TSPARMCD=code,
            TSPARM=name,
            TSVAL=known.get(code, value),
            TSVALCD=known[code] if code == "REGID" else reference,
            TSVCDREF=source,
            TSVCDVER=TERMINOLOGY if source == CDISC else "",
        )


def _known(schedule: Schedule) -> dict[str, str]:
    """Return the values that the protocol text and the export give."""
    fact = schedule.text.fact
    return {
        "ACTSUB": str(sum(1 for _each in schedule.files.subjects)),
        "AGEMAX": YEARS.format(fact("age_max").value),
        "AGEMIN": YEARS.format(fact("age_min").value),
        "DCUTDTC": schedule.files.day,
        "LENGTH": YEARS.format(int(str(fact("follow_up_months_calendar").value)) // 12),
        "NARMS": str(len(schedule.text.arms)),
        "OBJPRIM": f"Compare the strategies: {_words(fact('outcome_primary'))}",
        "OUTMSPRI": _words(fact("outcome_primary")),
        "PLANSUB": str(fact("sample_size").value),
        "RANDQT": _share(str(fact("allocation_ratio").value)),
        "REGID": str(fact("registry_id").value),
        "SPONSOR": _words(fact("sponsor")),
        "SSTDTC": str(fact("start_date").value),
        "TITLE": _words(fact("title_public")),
    }


def _words(fact: TrialFact) -> str:
    return fact.text.en if fact.text else ""


def _share(ratio: str) -> str:
    """Return the share of the first arm, such as 0.5 of 1:1."""
    first, *others = (int(part) for part in ratio.split(":"))
    return str(first / (first + sum(others)))
