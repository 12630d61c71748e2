"""The E2B(R3) file: well-formed, in the order of the implementation guide, silent about what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree.ElementTree import Element, fromstring

import pytest

from analysis.safety.icsr import HL7, XSI, IcsrCase, IcsrDrug, icsr_file

CHAPTERS = ("2.6", "3.6")

# The order of the children that the implementation guide (chapter 4 and its schema) gives, of what we write.
ORDER = {
    "MCCI_IN200100UV01": "id creationTime responseModeCode interactionId name PORR_IN049016UV receiver sender",
    "PORR_IN049016UV": "id creationTime interactionId processingCode processingModeCode acceptAckCode receiver sender "
    "controlActProcess",
    "controlActProcess": "code effectiveTime subject",
    "investigationEvent": "id code text statusCode effectiveTime availabilityTime component outboundRelationship "
    "subjectOf1 subjectOf2",
    "adverseEventAssessment": "subject1 component",
    "primaryRole": "player1 subjectOf1 subjectOf2",
    "player1": "name administrativeGenderCode birthTime deceasedTime asIdentifiedEntity",
    "researchStudy": "id code title authorization",
    "observation": "id code effectiveTime value location outboundRelationship2",
    "organizer": "code component",
    "substanceAdministration": "id text effectiveTime consumable outboundRelationship2 inboundRelationship",
    "kindOfProduct": "name ingredient",
    "causalityAssessment": "code value methodCode author subject1 subject2",
    "observationEvent": "code value",
    "relatedInvestigation": "code subjectOf2",
    "assignedEntity": "code assignedPerson representedOrganization",
    "representedOrganization": "name assignedEntity",
    "assignedPerson": "name asQualifiedEntity asLocatedEntity",
    "investigationCharacteristic": "code value",
}
CASE = IcsrCase(
    country="CN",
    study="PALACE3",
    study_number="RTS-022",
    registration="NCT06339060",
    sponsor="Sponsor",
    receiver="R",
    number="01-0001",
    event_no=3,
    version=2,
    made_at=datetime(2026, 7, 1, 2, 0, tzinfo=UTC),
    first_received=datetime(2026, 6, 21, 20, 0, tzinfo=UTC),
    last_received=datetime(2026, 6, 25, 20, 0, tzinfo=UTC),
    susar=True,
    sex="F",
    age=62,
    term="肺炎 <both & lobes>",
    language="zho",
    llt_code="10035742",
    dictionary_version="27.0",
    began="2026-06",
    ended="",
    criteria=frozenset(("hospital", "life")),
    outcome="recovering",
    died_on="",
    narrative="Cough.",
    sponsor_relation="possible",
    drugs=(
        IcsrDrug(
            "CAMRELIZUMAB", "Camrelizumab", date(2026, 5, 10), date(2026, 5, 31), "d", "stopped", "probable"
        ),
    ),
)


def read(case: IcsrCase) -> Element:
    return fromstring(icsr_file(case))  # noqa: S314 (our own file)


def plain(element: Element) -> str:
    return element.tag.removeprefix(f"{{{HL7}}}")


def walked(element: Element) -> Iterator[Element]:
    yield element
    for child in element:
        yield from walked(child)


def observed(root: Element, name: str) -> Element:
    each = next(each for each in walked(root) if any(child.get("displayName") == name for child in each))
    value = each.find(f"{{{HL7}}}value")
    assert value is not None
    return value


FATAL = replace(
    CASE, criteria=frozenset(("death",)), outcome="fatal", died_on="2026-07-01", ended="2026-07-01"
)


@pytest.mark.parametrize(
    "case", [CASE, FATAL, replace(CASE, drugs=(), age=None, sex="", llt_code="", susar=None)]
)
def test_children_stand_in_the_order_of_the_guide(case: IcsrCase) -> None:
    root = read(case)

    assert plain(root) == "MCCI_IN200100UV01"
    for element in walked(root):
        order = ORDER.get(plain(element), "").split()
        places = [order.index(plain(child)) for child in element if order]
        assert places == sorted(places), plain(element)


def test_what_is_known_is_said_with_its_codes() -> None:
    root = read(CASE)
    ids = [each.get("extension") for each in walked(root) if plain(each) == "id"]

    assert ids.count("CN-PALACE3-01-0001-AE3") == 3
    assert {"01-0001", "NCT06339060", "RTS-022"} <= set(ids)
    assert observed(root, "isLifeThreatening").get("value") == "true"
    assert observed(root, "resultsInDeath").get("nullFlavor") == "NI"
    assert observed(root, "outcome").get("code") == "2"
    assert observed(root, "age").attrib == {"value": "62", "unit": "a", f"{{{XSI}}}type": "PQ"}
    assert observed(root, "localCriteriaForExpedited").get("value") == "true"
    reaction = observed(root, "reaction")
    assert (reaction.get("code"), reaction[0].text) == ("10035742", "肺炎 <both & lobes>")
    relations = [
        each.text for each in walked(root) if plain(each) == "value" and each.get(f"{{{XSI}}}type") == "ST"
    ]
    assert relations == ["probable", "possible"]
    assert [each.get("value") for each in walked(root) if plain(each) == "low"] == [
        "20260621200000+0000",
        "202606",
        "20260510",
    ]


def test_references_meet_their_drug_and_reaction_and_the_file_is_the_same_twice() -> None:
    root = read(CASE)
    named = {
        each.get("root") for each in walked(root) if plain(each) == "id" and each.get("extension") is None
    }

    assert named == {CASE.uid("reaction"), CASE.uid("CAMRELIZUMAB")}
    assert icsr_file(CASE) == icsr_file(CASE)


def test_what_is_not_known_has_a_null_flavour_and_no_value() -> None:
    silent = replace(CASE, age=None, sex="", llt_code="", susar=None, drugs=(), began="")
    root = read(silent)

    assert observed(root, "localCriteriaForExpedited").get("nullFlavor") == "NI"
    assert observed(root, "reaction").get("nullFlavor") == "NI"
    assert not any(each.get("nullFlavor") and each.get("value") for each in walked(root))
    assert not any(child.get("displayName") == "drugInformation" for each in walked(root) for child in each)


ICH = "2.16.840.1.113883.3.989.2.1"
EVENT = "PORR_IN049016UV/controlActProcess/subject/investigationEvent"
ROLE = f"{EVENT}/component/adverseEventAssessment/subject1/primaryRole"
REACTION = f"{ROLE}/subjectOf2/observation[code/@code=29]"
JUDGED = f"{EVENT}/component/adverseEventAssessment/component/causalityAssessment"
AUTHOR = "subjectOf2/controlActEvent/author/assignedEntity"
SOURCE = f"{EVENT}/outboundRelationship/relatedInvestigation[code/@code=2]/{AUTHOR}"
SENDER = f"{EVENT}/subjectOf1/controlActEvent/author/assignedEntity"
DRUG = f"{ROLE}/subjectOf2/organizer[code/@code=4]/component/substanceAdministration"
# What ICH asks of every report of a study (conformance "required", or required by another answer of ours): where it
# stands, in what it is coded or numbered, and by which null flavours alone it may be silent: as the public tables of
# data elements of the implementation guide say it.
REQUIRED = (
    ("N.1.1", "name", f"codeSystem={ICH}.1.1", ""),
    ("N.1.2", "id", f"root={ICH}.3.22", ""),
    ("N.1.3", "sender/device/id", f"root={ICH}.3.13", ""),
    ("N.1.4", "receiver/device/id", f"root={ICH}.3.14", ""),
    ("N.1.5", "creationTime", "value", ""),
    ("N.2.r.1", "PORR_IN049016UV/id", f"root={ICH}.3.1", ""),
    ("N.2.r.2", "PORR_IN049016UV/sender/device/id", f"root={ICH}.3.11", ""),
    ("N.2.r.3", "PORR_IN049016UV/receiver/device/id", f"root={ICH}.3.12", ""),
    ("N.2.r.4", "PORR_IN049016UV/creationTime", "value", ""),
    ("C.1.1", f"{EVENT}/id[@root='{ICH}.3.1']", "extension", ""),
    ("C.1.2", "PORR_IN049016UV/controlActProcess/effectiveTime", "value", ""),
    (
        "C.1.3",
        f"{EVENT}/subjectOf2/investigationCharacteristic[code/@code=1]/value",
        f"codeSystem={ICH}.1.2",
        "",
    ),
    ("C.1.4", f"{EVENT}/effectiveTime/low", "value", ""),
    ("C.1.5", f"{EVENT}/availabilityTime", "value", ""),
    ("C.1.6.1", f"{EVENT}/component/observationEvent[code/@code=1]/value", "value", ""),
    ("C.1.7", f"{EVENT}/component/observationEvent[code/@code=23]/value", "value", "NI"),
    ("C.1.8.1", f"{EVENT}/id[@root='{ICH}.3.2']", "extension", ""),
    (
        "C.1.8.2",
        f"{EVENT}/outboundRelationship/relatedInvestigation[code/@code=1]/{AUTHOR}/code",
        f"codeSystem={ICH}.1.3",
        "",
    ),
    ("C.1.9.1", f"{EVENT}/subjectOf2/investigationCharacteristic[code/@code=2]/value", "value", "NI"),
    ("C.2.r.1.4", f"{SOURCE}/assignedPerson/name/family", "text", "MSK ASKU NASK UNK"),
    ("C.2.r.3", f"{SOURCE}/assignedPerson/asLocatedEntity/location/code", "codeSystem=1.0.3166.1.2.2", ""),
    ("C.2.r.4", f"{SOURCE}/assignedPerson/asQualifiedEntity/code", f"codeSystem={ICH}.1.6", "UNK"),
    ("C.2.r.5", f"{EVENT}/outboundRelationship/priorityNumber", "value=1", ""),
    ("C.3.1", f"{SENDER}/code", f"codeSystem={ICH}.1.7", ""),
    ("C.3.2", f"{SENDER}/representedOrganization/assignedEntity/representedOrganization/name", "text", ""),
    (
        "C.5.1.r.1",
        f"{ROLE}/subjectOf1/researchStudy/authorization/studyRegistration/id",
        f"root={ICH}.3.6",
        "ASKU NASK",
    ),
    ("C.5.2", f"{ROLE}/subjectOf1/researchStudy/title", "text", "ASKU NASK"),
    ("C.5.3", f"{ROLE}/subjectOf1/researchStudy/id", f"root={ICH}.3.5", "ASKU NASK"),
    ("C.5.4", f"{ROLE}/subjectOf1/researchStudy/code", f"codeSystem={ICH}.1.8", ""),
    ("D.1", f"{ROLE}/player1/name", "text", "MSK ASKU NASK UNK NA"),
    ("D.1.1.4", f"{ROLE}/player1/asIdentifiedEntity[code/@code=4]/id", f"root={ICH}.3.10", "MSK"),
    ("D.5", f"{ROLE}/player1/administrativeGenderCode", "codeSystem=1.0.5218", "MSK UNK ASKU NASK"),
    (
        "D.7.2",
        f"{ROLE}/subjectOf2/organizer[code/@code=1]/component/observation[code/@code=18]/value",
        "text",
        "MSK ASKU NASK UNK",
    ),
    ("E.i.1.1", f"{REACTION}/value/originalText", "language", ""),
    ("E.i.2.1", f"{REACTION}/value", "codeSystem=2.16.840.1.113883.6.163", ""),
    *(
        (
            f"E.i.3.2{letter}",
            f"{REACTION}/outboundRelationship2/observation[code/@code={code}]/value",
            "value",
            "NI",
        )
        for letter, code in zip("abcdef", (34, 21, 33, 35, 12, 26), strict=True)
    ),
    (
        "E.i.7",
        f"{REACTION}/outboundRelationship2/observation[code/@code=27]/value",
        f"codeSystem={ICH}.1.11",
        "",
    ),
    ("E.i.9", f"{REACTION}/location/locatedEntity/locatedPlace/code", "codeSystem=1.0.3166.1.2.2", ""),
    ("G.k.1", f"{JUDGED}[code/@code=20]/value", f"codeSystem={ICH}.1.13", ""),
    ("G.k.2.2", f"{DRUG}/consumable/instanceOfKind/kindOfProduct/name", "text", ""),
    ("G.k.9.i.2.r.1", f"{JUDGED}[code/@code=39]/author/assignedEntity/code/originalText", "text", ""),
    ("G.k.9.i.2.r.2", f"{JUDGED}[code/@code=39]/methodCode/originalText", "text", ""),
    ("G.k.9.i.2.r.3", f"{JUDGED}[code/@code=39]/value", "text", ""),
    ("H.1", f"{EVENT}/text", "text", ""),
)
LONGEST = {
    "N.1.2": 100,
    "C.1.1": 100,
    "C.5.2": 2000,
    "C.5.3": 50,
    "D.1.1.4": 20,
    "G.k.9.i.2.r.3": 60,
    "H.1": 100_000,
}


def at(element: Element, path: str) -> list[Element]:
    """Return what stands at a path; ``[code/@code=29]`` keeps what is coded so, ``[@root='x']`` what has the root."""
    step, _slash, rest = path.partition("/") if "[" not in path.partition("/")[0] else _first(path)
    tag, _bracket, test = step.partition("[")
    fit = [each for each in element if plain(each) == tag and _keeps(each, test.rstrip("]"))]
    return [deeper for each in fit for deeper in at(each, rest)] if rest else fit


def _first(path: str) -> tuple[str, str, str]:
    end = path.index("]") + 1
    return path[:end], "/", path[end + 1 :]


def _keeps(element: Element, test: str) -> bool:
    if not test:
        return True
    name, _is, wanted = test.partition("=")
    if name == "@root":
        return element.get("root") == wanted.strip("'")
    code = element.find(f"{{{HL7}}}code")
    return code is not None and code.get("code") == wanted


@pytest.mark.parametrize("case", [CASE, FATAL, replace(CASE, age=None, sex="", susar=None)])
def test_what_ich_requires_stands_where_it_is_read_and_is_silent_only_as_it_may_be(case: IcsrCase) -> None:
    """C.3.2, the sender's organisation, stood where a department is read (C.3.3.1)."""
    root = read(case)
    for number, path, told, silences in REQUIRED:
        there = at(root, path)
        assert there, f"{number} is missing at {path}"
        for element in there:
            if silent := element.get("nullFlavor"):
                assert silent in silences.split(), f"{number} may not be silent by {silent}"
                continue
            name, _is, value = told.partition("=")
            said = (element.text if name == "text" else element.get(name)) or ""
            assert said.strip(), f"{number} says nothing"
            assert not value or said == value, f"{number} is coded in {said}"
            assert len(element.get("extension") or element.text or "") <= LONGEST.get(number, 10**6), number
    (batch, made, created) = (
        at(root, path)[0] for path in ("creationTime", "PORR_IN049016UV/creationTime", REQUIRED[10][1])
    )
    assert batch.get("value") == made.get("value") == created.get("value") == "20260701020000+0000"
    (message,), (case_id,) = at(root, "PORR_IN049016UV/id"), at(root, f"{EVENT}/id[@root='{ICH}.3.1']")
    assert message.get("extension") == case_id.get("extension"), "N.2.r.1 is C.1.1"
    assert root.get(f"{{{XSI}}}schemaLocation") == f"{HL7} MCCI_IN200100UV01.xsd"


def test_a_department_of_the_sender_is_not_made_up() -> None:
    assert at(read(CASE), f"{SENDER}/representedOrganization/name") == []


def test_a_death_names_its_day_and_cause() -> None:
    root = read(FATAL)

    assert next(each for each in walked(root) if plain(each) == "deceasedTime").get("value") == "20260701"
    assert observed(root, "reportedCauseOfDeath").get("code") == "10035742"
    assert observed(root, "resultsInDeath").get("value") == "true"
