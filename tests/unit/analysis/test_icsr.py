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


def test_a_death_names_its_day_and_cause() -> None:
    root = read(FATAL)

    assert next(each for each in walked(root) if plain(each) == "deceasedTime").get("value") == "20260701"
    assert observed(root, "reportedCauseOfDeath").get("code") == "10035742"
    assert observed(root, "resultsInDeath").get("value") == "true"
