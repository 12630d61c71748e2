"""The engine names no form of the trial: what the trial says of a form stands on its declaration."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from crf import catalogue
from palace3.packages import PACKAGES
from protocol.loader.schema import FORM_CODES

ROOT = Path(__file__).resolve().parents[2]
CODES = FORM_CODES | catalogue.forms().keys()
CODE = re.compile(rf"({'|'.join(sorted(CODES, key=len, reverse=True))})(?:$|[.*:])")
NAME_NO_FORM = tuple(
    f"crf/{room}"
    for room in ("engine", "models", "store", "queries", "recheck.py", "records", "notes", "page", "views")
)
# The trial's text, its forms, people who play it, and what forms become in SDTM, whose domains share their codes.
DECLARE_FORMS = ("protocol", "crf/catalogue", "demo", "exports/sdtm")
# Rules of the trial that read answers of particular forms, and words that only look like a form's code.
MAY_NAME = {
    "crf/trial_rules/todos.py": (
        {"CRE", "FU", "SURV", "AE", "SAE", "EOS"},
        "which answers ask for something by a day",
    ),
    "crf/trial_rules/track.py": (
        {"TREAT", "CRE", "SURG", "FU", "SURV", "AE", "EOS", "PROG", "DM"},
        "which answers move the track; DM is a milestone",
    ),
    "crf/safety/clock_rows.py": (
        {"AE", "SAE", "PREG"},
        "events, pregnancies and reports start and stop the safety clocks",
    ),
    "crf/safety/paper.py": ({"AE", "SAE"}, "the paper of a serious event holds the event and its report"),
    "exports/codebook/items.py": ({"LB"}, "each laboratory test has units and results of its own"),
    "exports/masking.py": (
        {"ELIG", "DM", "MH", "CM", "STAGE", "VS", "LB", "QOL", "AE", "SAE", "PREG", "PROG", "SURV"},
        "forms that both arms are asked alike leave with the arm masked",
    ),
    "reports/person.py": (
        {"ELIG", "STAGE"},
        "sex, age and stage in the line that says who a participant is",
    ),
    "analysis/adam/declarations.py": ({"QOL"}, "the name of a group of endpoints"),
    "analysis/adam/define.py": ({"QOL"}, "the name of a group of endpoints"),
    "analysis/safety/background.py": (
        {"ELIG", "TREAT", "CM", "MH"},
        "what the paper of a serious event says of the participant",
    ),
    "analysis/adam/events.py": ({"AE"}, "a domain of SDTM"),
    "analysis/adam/laboratory.py": ({"LB"}, "a domain of SDTM"),
    "analysis/adam/package.py": ({"DM"}, "a domain of SDTM"),
    "analysis/adam/quality.py": ({"QOL"}, "the words of the scales are those of the form"),
    "analysis/adam/subjects.py": ({"DM"}, "a domain of SDTM"),
    "analysis/definitions.py": ({"AE", "QOL"}, "the names of groups of endpoints"),
    "analysis/facts.py": (
        {"AE", "AS", "CRE", "DV", "EOS", "FU", "PROG", "QOL", "ST", "STAGE", "SURG", "SURV", "TREAT"},
        "endpoints are read from answers of these forms",
    ),
    "analysis/reading.py": (
        {
            "AE",
            "AS",
            "COMP",
            "CRE",
            "DV",
            "FU",
            "PATH",
            "PROG",
            "QOL",
            "ST",
            "STAGE",
            "SURG",
            "SURV",
            "TREAT",
        },
        "the forms that endpoints are read from",
    ),
    "analysis/quality_of_life.py": ({"QOL"}, "the questionnaire whose scales are shown"),
    "committee/reading.py": ({"QOL"}, "questionnaires are counted by themselves"),
    "monitoring/reading.py": (
        {"AE", "DV", "VS"},
        "what a site reports, and what it measures",
    ),
    "analysis/maturity.py": (
        {"CRE", "FU", "QOL", "SURG", "SURV"},
        "what proves life or tells of a death, and the form of a call about vital status",
    ),
    "analysis/safety/cases.py": ({"ELIG", "TREAT"}, "age and sex, and the doses that an ICSR names"),
    "analysis/safety/icsr.py": ({"COMP", "ST"}, "codes of HL7 for a part and a text"),
    "analysis/safety/reading.py": (
        {"AE", "AS", "DV", "QOL", "STAGE"},
        "events, and the forms not read for them",
    ),
    "analysis/safety/serious.py": ({"AE", "SAE"}, "serious events and the reports of the sites"),
    "analysis/stored_operations.py": ({"COMP", "PATH", "ST", "SURG"}, "what is known of one operation"),
    "exports/acrf.py": ({"ST"}, "begins the identifier of the study in ODM"),
    "exports/odm/study.py": ({"ST"}, "begins the identifier of the study"),
    "crf/deviations/settling.py": ({"DV"}, "a confirmed proposal becomes a record of the log"),
    "crf/eligibility/evidence.py": (
        {"ELIG", "STAGE", "DM"},
        "the forms that criteria and strata are read from",
    ),
    "followup/adherence.py": ({"QOL", "CRE", "SURG", "AS", "FU"}, "beginnings of the codes of visits"),
    "reports/course.py": ({"EOS"}, "a milestone, and the form that sets it"),
    "reports/elements.py": ({"CRE", "AS"}, "a report on the elements of evaluations; AS is a kind of them"),
    "reports/questionnaires.py": ({"QOL", "EOS"}, "a report on questionnaires; EOS is a milestone"),
    "reports/vital_status.py": ({"SURV", "FU"}, "a report on the forms that say whether somebody lives"),
    "randomization/wording.py": (
        {"CRE", "SURG", "AS", "FU"},
        "series of visits, as participants call them: some have a form of the same name",
    ),
}


def files() -> Iterator[Path]:
    """Yield the product's files, as paths from the top."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT)
            if "migrations" not in place.parts and not str(place).startswith(DECLARE_FORMS):
                yield place


def codes_in(path: Path) -> set[str]:
    """Return the form codes that stand in the file's texts; docstrings are no code."""
    tree = ast.parse((ROOT / path).read_text())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    )
    return {found[1] for text in texts if (found := CODE.match(text))}


def test_form_codes_are_seen_however_they_are_read() -> None:
    for text, code in {
        "SURV": "SURV",
        "ELIG.birth": "ELIG",
        "CRE*": "CRE",
        "AE:3": "AE",
        "FU*.img": "FU",
    }.items():
        found = CODE.match(text)
        assert found
        assert found[1] == code
    assert not CODE.match("AES")
    assert not CODE.match("CRE1")
    assert not CODE.match("SAE_REPORT")


def test_the_engine_and_the_rooms_around_it_name_no_form() -> None:
    rooms = [path for path in files() if str(path).startswith(NAME_NO_FORM)]
    assert len(rooms) > 50
    named = {str(path): codes for path in rooms if (codes := codes_in(path))}
    assert not named, f"say it on the declaration (class Crf) and ask that: {named}"


def test_elsewhere_only_rules_of_the_trial_name_forms() -> None:
    named = {str(path): codes for path in files() if (codes := codes_in(path))}
    more = {path: codes - MAY_NAME.get(path, (set(), ""))[0] for path, codes in named.items()}
    more = {path: codes for path, codes in more.items() if codes}
    assert not more, f"say it on the declaration (class Crf) and ask that: {more}"


def test_the_list_can_only_shrink() -> None:
    assert not [path for path in MAY_NAME if path.startswith(NAME_NO_FORM)]
    gone = {path: codes - codes_in(Path(path)) for path, (codes, _why) in MAY_NAME.items()}
    assert not any(gone.values()), f"named no longer: take it off, {gone}"
