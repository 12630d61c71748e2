"""One serious event as an ICSR: a message of ICH E2B(R3) in the element order of its implementation guide. Pure.

What the trial does not know is left out, or says so by its null flavour: docs/safety-report.md lists both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

HL7: Final = "urn:hl7-org:v3"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
ICH: Final = "2.16.840.1.113883.3.989.2.1"
MEDDRA: Final = "2.16.840.1.113883.6.163"
COUNTRIES: Final = "1.0.3166.1.2.2"
INTERACTION: Final = "2.16.840.1.113883.1.6"
OBSERVED: Final = f"{ICH}.1.19"
SERIOUSNESS: Final = (
    ("death", "34", "resultsInDeath"),
    ("life", "21", "isLifeThreatening"),
    ("hospital", "33", "requiresInpatientHospitalization"),
    ("disability", "35", "resultsInPersistentOrSignificantDisability"),
    ("congenital", "12", "congenitalAnomalyBirthDefect"),
    ("important", "26", "otherMedicallyImportantCondition"),
)
OUTCOMES: Final = {
    "recovered": "1",
    "recovering": "2",
    "not_recovered": "3",
    "sequelae": "4",
    "fatal": "5",
    "unknown": "0",
}
# What the form calls delayed or omitted has no code of its own.
ACTIONS: Final = {"stopped": "1", "reduced": "2", "none": "4", "na": "9"}
SEXES: Final = {"M": "1", "F": "2"}
STUDY_REPORT, CLINICAL_TRIAL = "2", "1"
PHYSICIAN, OTHER_ORGANISATION, HEALTH_PROFESSIONAL = "1", "6", "3"
SUSPECT: Final = "1"


@dataclass(frozen=True)
class IcsrDrug:
    """A drug of the trial that was given before the event began."""

    code: str
    name: str
    first: date | None
    last: date | None
    doses: str
    action: str = ""
    investigator: str = ""


@dataclass(frozen=True)
class IcsrCase:
    """What one message says; texts are in the language of the source, days partial as they were answered."""

    country: str
    study: str
    study_number: str
    registration: str
    sponsor: str
    receiver: str
    number: str
    event_no: int
    version: int
    made_at: datetime
    first_received: datetime
    last_received: datetime
    susar: bool | None
    sex: str
    age: int | None
    term: str
    language: str
    llt_code: str
    dictionary_version: str
    began: str
    ended: str
    criteria: frozenset[str]
    outcome: str
    died_on: str
    narrative: str
    sponsor_relation: str
    drugs: Sequence[IcsrDrug] = field(default_factory=tuple)

    @property
    def report_id(self) -> str:
        """Return the unique identifier of the case (C.1.1): the same in each version of it."""
        return f"{self.country}-PALACE3-{self.number}-AE{self.event_no}"

    def uid(self, what: str) -> str:
        """Return an identifier within the message, the same whenever it is made."""
        return str(uuid5(NAMESPACE_URL, f"{self.report_id}/{what}"))


def icsr_file(case: IcsrCase) -> bytes:
    """Return the batch with its one message, as UTF-8."""
    register_namespace("", HL7)
    register_namespace("xsi", XSI)
    root = Element(_q("MCCI_IN200100UV01"), {"ITSVersion": "XML_1.0"})
    root.set(f"{{{XSI}}}schemaLocation", f"{HL7} MCCI_IN200100UV01.xsd")
    _id(root, f"{ICH}.3.22", f"{case.report_id}-{case.version}")
    _add(root, "creationTime", value=_instant(case.made_at))
    _add(root, "responseModeCode", code="D")
    _id(root, INTERACTION, "MCCI_IN200100UV01", tag="interactionId")
    _add(root, "name", code="1", codeSystem=f"{ICH}.1.1")
    _message(root, case)
    _device(root, "receiver", "RCV", f"{ICH}.3.14", case.receiver)
    _device(root, "sender", "SND", f"{ICH}.3.13", case.sponsor)
    indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="utf-8")


def _message(root: Element, case: IcsrCase) -> None:
    message = _add(root, "PORR_IN049016UV")
    _id(message, f"{ICH}.3.1", case.report_id)
    _add(message, "creationTime", value=_instant(case.made_at))
    _id(message, INTERACTION, "PORR_IN049016UV", tag="interactionId")
    _add(message, "processingCode", code="P")
    _add(message, "processingModeCode", code="T")
    _add(message, "acceptAckCode", code="AL")
    _device(message, "receiver", "RCV", f"{ICH}.3.12", case.receiver)
    _device(message, "sender", "SND", f"{ICH}.3.11", case.sponsor)
    act = _add(message, "controlActProcess", classCode="CACT", moodCode="EVN")
    _add(act, "code", code="PORR_TE049016UV", codeSystem="2.16.840.1.113883.1.18")
    _add(act, "effectiveTime", value=_instant(case.made_at))  # C.1.2
    subject = _add(act, "subject", typeCode="SUBJ")
    _investigation(_add(subject, "investigationEvent", classCode="INVSTG", moodCode="EVN"), case)


def _investigation(event: Element, case: IcsrCase) -> None:
    _id(event, f"{ICH}.3.1", case.report_id)  # C.1.1
    _id(event, f"{ICH}.3.2", case.report_id)  # C.1.8.1
    _add(event, "code", code="PAT_ADV_EVNT", codeSystem="2.16.840.1.113883.5.4")
    _add(event, "text", said=case.narrative)  # H.1
    _add(event, "statusCode", code="active")
    _add(_add(event, "effectiveTime"), "low", value=_instant(case.first_received))  # C.1.4
    _add(event, "availabilityTime", value=_instant(case.last_received))  # C.1.5
    component = _add(event, "component", typeCode="COMP")
    _assessment(_add(component, "adverseEventAssessment", classCode="INVSTG", moodCode="EVN"), case)
    _claim(event, "1", "additionalDocumentsAvailable", value=False)  # C.1.6.1
    _claim(event, "23", "localCriteriaForExpedited", value=case.susar)  # C.1.7
    _first_sender(event)
    _primary_source(event, case)
    _sender(event, case)
    _characteristic(event, "1", "ichReportType", code=STUDY_REPORT, codeSystem=f"{ICH}.1.2")  # C.1.3
    _characteristic(event, "2", "otherCaseIds", nullFlavor="NI")  # C.1.9.1


def _assessment(assessment: Element, case: IcsrCase) -> None:
    role = _add(_add(assessment, "subject1", typeCode="SBJ"), "primaryRole", classCode="INVSBJ")
    _patient(role, case)
    _study(role, case)
    if case.age is not None:
        _observation(role, "3", "age", "PQ", value=str(case.age), unit="a")  # D.2.2
    _history_not_told(role)
    if case.died_on:
        _death(role, case)
    _reaction(role, case)
    if case.drugs:
        _drugs(role, case)
    for drug in case.drugs:
        _role_of_drug(assessment, case, drug)  # G.k.1
    for drug in case.drugs:
        _relation(assessment, case, drug, drug.investigator, "investigator", HEALTH_PROFESSIONAL)
        _relation(assessment, case, drug, case.sponsor_relation, "sponsor", "1")


def _patient(role: Element, case: IcsrCase) -> None:
    player = _add(role, "player1", classCode="PSN", determinerCode="INSTANCE")
    _add(player, "name", nullFlavor="MSK")  # D.1: initials are not collected
    sex = SEXES.get(case.sex)
    known = {"code": sex, "codeSystem": "1.0.5218"} if sex else {"nullFlavor": "UNK"}
    _add(player, "administrativeGenderCode", **known)  # D.5
    if case.died_on:
        _add(player, "deceasedTime", value=_day(case.died_on))  # D.9.1
    identity = _add(player, "asIdentifiedEntity", classCode="IDENT")
    _id(identity, f"{ICH}.3.10", case.number)  # D.1.1.4
    _add(identity, "code", code="4", codeSystem=f"{ICH}.1.4", displayName="investigation")


def _study(role: Element, case: IcsrCase) -> None:
    study = _add(
        _add(role, "subjectOf1", typeCode="SBJ"), "researchStudy", classCode="CLNTRL", moodCode="EVN"
    )
    _id(study, f"{ICH}.3.5", case.study_number)  # C.5.3
    _add(study, "code", code=CLINICAL_TRIAL, codeSystem=f"{ICH}.1.8")  # C.5.4
    _add(study, "title", said=case.study)  # C.5.2
    registered = _add(study, "authorization", typeCode="AUTH")
    registration = _add(registered, "studyRegistration", classCode="ACT", moodCode="EVN")
    _id(registration, f"{ICH}.3.6", case.registration)  # C.5.1.r.1


def _history_not_told(role: Element) -> None:
    about = _add(_add(role, "subjectOf2", typeCode="SBJ"), "organizer", classCode="CATEGORY", moodCode="EVN")
    name = "relevantMedicalHistoryAndConcurrentConditions"
    _add(about, "code", code="1", codeSystem=f"{ICH}.1.20", displayName=name)
    text = _add(_add(about, "component", typeCode="COMP"), "observation", classCode="OBS", moodCode="EVN")
    _add(text, "code", code="18", codeSystem=OBSERVED, displayName="historyAndConcurrentConditionText")
    _value(text, "ED", nullFlavor="UNK")  # D.7.2


def _death(role: Element, case: IcsrCase) -> None:
    cause = _observation(role, "32", "reportedCauseOfDeath", "CE", **_meddra(case))  # D.9.2.r
    _add(cause, "originalText", said=case.term)
    _observation(role, "5", "autopsyPerformed", "BL", nullFlavor="UNK")  # D.9.3


def _reaction(role: Element, case: IcsrCase) -> None:
    reaction = _add(_add(role, "subjectOf2", typeCode="SBJ"), "observation", classCode="OBS", moodCode="EVN")
    _add(reaction, "id", root=case.uid("reaction"))
    _add(reaction, "code", code="29", codeSystem=OBSERVED, displayName="reaction")
    _period(reaction, _day(case.began), _day(case.ended))  # E.i.4, E.i.5
    value = _value(reaction, "CE", **_meddra(case))  # E.i.2.1
    _add(value, "originalText", said=case.term, language=case.language)  # E.i.1.1
    place = _add(_add(reaction, "location", typeCode="LOC"), "locatedEntity", classCode="LOCE")
    located = _add(place, "locatedPlace", classCode="COUNTRY", determinerCode="INSTANCE")
    _add(located, "code", code=case.country, codeSystem=COUNTRIES)  # E.i.9
    for criterion, code, name in SERIOUSNESS:  # E.i.3.2
        told = {"value": "true"} if criterion in case.criteria else {"nullFlavor": "NI"}
        _about_reaction(reaction, code, name, "BL", **told)
    outcome = OUTCOMES.get(case.outcome, OUTCOMES["unknown"])
    _about_reaction(reaction, "27", "outcome", "CE", code=outcome, codeSystem=f"{ICH}.1.11")  # E.i.7
    _about_reaction(reaction, "24", "medicalConfirmationByHealthProfessional", "BL", value="true")  # E.i.8


def _about_reaction(reaction: Element, what: str, name: str, kind: str, **told: str) -> None:
    related = _add(reaction, "outboundRelationship2", typeCode="PERT")
    told_of = _add(related, "observation", classCode="OBS", moodCode="EVN")
    _add(told_of, "code", code=what, codeSystem=OBSERVED, displayName=name)
    _value(told_of, kind, **told)


def _drugs(role: Element, case: IcsrCase) -> None:
    given = _add(_add(role, "subjectOf2", typeCode="SBJ"), "organizer", classCode="CATEGORY", moodCode="EVN")
    _add(given, "code", code="4", codeSystem=f"{ICH}.1.20", displayName="drugInformation")
    for drug in case.drugs:
        component = _add(given, "component", typeCode="COMP")
        _drug(_add(component, "substanceAdministration", classCode="SBADM", moodCode="EVN"), case, drug)


def _drug(administration: Element, case: IcsrCase, drug: IcsrDrug) -> None:
    _add(administration, "id", root=case.uid(drug.code))
    consumable = _add(administration, "consumable", typeCode="CSM")
    kind = _add(
        _add(consumable, "instanceOfKind", classCode="INST"),
        "kindOfProduct",
        classCode="MMAT",
        determinerCode="KIND",
    )
    _add(kind, "name", said=drug.name)  # G.k.2.2
    ingredient = _add(kind, "ingredient", classCode="ACTI")
    substance = _add(ingredient, "ingredientSubstance", classCode="MMAT", determinerCode="KIND")
    _add(substance, "name", said=drug.name)  # G.k.2.3.r.1
    dosage = _add(administration, "outboundRelationship2", typeCode="COMP")
    dose = _add(dosage, "substanceAdministration", classCode="SBADM", moodCode="EVN")
    _add(dose, "text", said=drug.doses)  # G.k.4.r.8
    _period(dose, _day(drug.first), _day(drug.last))  # G.k.4.r.4, G.k.4.r.5
    if drug.action:
        caused = _add(administration, "inboundRelationship", typeCode="CAUS")
        action = _add(caused, "act", classCode="ACT", moodCode="EVN")
        _add(action, "code", code=ACTIONS.get(drug.action, "0"), codeSystem=f"{ICH}.1.15")  # G.k.8


def _role_of_drug(assessment: Element, case: IcsrCase, drug: IcsrDrug) -> None:
    judged = _causality(assessment, "20", "interventionCharacterization")
    _value(judged, "CE", code=SUSPECT, codeSystem=f"{ICH}.1.13")
    _product(judged, case, drug)


def _relation(
    assessment: Element, case: IcsrCase, drug: IcsrDrug, relation: str, source: str, author: str
) -> None:
    """Say what one side judged of the drug and the event (G.k.9.i.2); nothing where it judged nothing."""
    if not relation:
        return
    judged = _causality(assessment, "39", "causality")
    _value(judged, "ST", said=relation)  # G.k.9.i.2.r.3
    _add(_add(judged, "methodCode"), "originalText", said="not, unlikely, possible, probable, definite")
    by = _add(_add(judged, "author", typeCode="AUT"), "assignedEntity", classCode="ASSIGNED")
    _add(_add(by, "code", code=author, codeSystem=f"{ICH}.1.21"), "originalText", said=source)
    reaction = _add(judged, "subject1", typeCode="SUBJ")
    effect = _add(reaction, "adverseEffectReference", classCode="OBS", moodCode="EVN")
    _add(effect, "id", root=case.uid("reaction"))
    _product(judged, case, drug)


def _causality(assessment: Element, code: str, name: str) -> Element:
    component = _add(assessment, "component", typeCode="COMP")
    judged = _add(component, "causalityAssessment", classCode="OBS", moodCode="EVN")
    _add(judged, "code", code=code, codeSystem=OBSERVED, displayName=name)
    return judged


def _product(judged: Element, case: IcsrCase, drug: IcsrDrug) -> None:
    used = _add(judged, "subject2", typeCode="SUBJ")
    _add(_add(used, "productUseReference", classCode="SBADM", moodCode="EVN"), "id", root=case.uid(drug.code))


def _claim(event: Element, code: str, name: str, *, value: bool | None) -> None:
    told = _add(
        _add(event, "component", typeCode="COMP"), "observationEvent", classCode="OBS", moodCode="EVN"
    )
    _add(told, "code", code=code, codeSystem=OBSERVED, displayName=name)
    _value(told, "BL", **({"nullFlavor": "NI"} if value is None else {"value": str(value).lower()}))


def _first_sender(event: Element) -> None:
    entity = _source(_add(event, "outboundRelationship", typeCode="SPRT"), "1", "initialReport")
    _add(entity, "code", code="2", codeSystem=f"{ICH}.1.3")  # C.1.8.2: no authority


def _primary_source(event: Element, case: IcsrCase) -> None:
    related = _add(event, "outboundRelationship", typeCode="SPRT")
    _add(related, "priorityNumber", value="1")  # C.2.r.5
    entity = _source(related, "2", "sourceReport")
    person = _add(entity, "assignedPerson", classCode="PSN", determinerCode="INSTANCE")
    _add(_add(person, "name"), "family", nullFlavor="MSK")  # C.2.r.1: who reported stays at the site
    _add(_add(person, "asQualifiedEntity", classCode="QUAL"), "code", code=PHYSICIAN, codeSystem=f"{ICH}.1.6")
    located = _add(person, "asLocatedEntity", classCode="LOCE")
    place = _add(located, "location", classCode="COUNTRY", determinerCode="INSTANCE")
    _add(place, "code", code=case.country, codeSystem=COUNTRIES)  # C.2.r.3


def _source(related: Element, code: str, name: str) -> Element:
    report = _add(related, "relatedInvestigation", classCode="INVSTG", moodCode="EVN")
    _add(report, "code", code=code, codeSystem=f"{ICH}.1.22", displayName=name)
    act = _add(
        _add(report, "subjectOf2", typeCode="SUBJ"), "controlActEvent", classCode="CACT", moodCode="EVN"
    )
    return _add(_add(act, "author", typeCode="AUT"), "assignedEntity", classCode="ASSIGNED")


def _sender(event: Element, case: IcsrCase) -> None:
    act = _add(
        _add(event, "subjectOf1", typeCode="SUBJ"), "controlActEvent", classCode="CACT", moodCode="EVN"
    )
    entity = _add(_add(act, "author", typeCode="AUT"), "assignedEntity", classCode="ASSIGNED")
    _add(entity, "code", code=OTHER_ORGANISATION, codeSystem=f"{ICH}.1.7")  # C.3.1
    department = _organization(entity)  # its name would be C.3.3.1
    organization = _organization(_add(department, "assignedEntity", classCode="ASSIGNED"))
    _add(organization, "name", said=case.sponsor)  # C.3.2


def _organization(entity: Element) -> Element:
    return _add(entity, "representedOrganization", classCode="ORG", determinerCode="INSTANCE")


def _characteristic(event: Element, what: str, name: str, **told: str) -> None:
    about = _add(event, "subjectOf2", typeCode="SUBJ")
    characteristic = _add(about, "investigationCharacteristic", classCode="OBS", moodCode="EVN")
    _add(characteristic, "code", code=what, codeSystem=f"{ICH}.1.23", displayName=name)
    _value(characteristic, "CE" if "code" in told else "BL", **told)


def _observation(role: Element, what: str, name: str, kind: str, **told: str) -> Element:
    about = _add(_add(role, "subjectOf2", typeCode="SBJ"), "observation", classCode="OBS", moodCode="EVN")
    _add(about, "code", code=what, codeSystem=OBSERVED, displayName=name)
    return _value(about, kind, **told)


def _meddra(case: IcsrCase) -> dict[str, str]:
    if not case.llt_code:
        return {"nullFlavor": "NI"}
    return {"code": case.llt_code, "codeSystem": MEDDRA, "codeSystemVersion": case.dictionary_version}


def _period(parent: Element, first: str, last: str) -> None:
    if not first and not last:
        return
    period = _add(parent, "effectiveTime")
    period.set(f"{{{XSI}}}type", "IVL_TS")
    for name, day in (("low", first), ("high", last)):
        if day:
            _add(period, name, value=day)


def _device(parent: Element, tag: str, kind: str, root: str, who: str) -> None:
    device = _add(_add(parent, tag, typeCode=kind), "device", classCode="DEV", determinerCode="INSTANCE")
    _id(device, root, who)


def _id(parent: Element, root: str, extension: str, *, tag: str = "id") -> None:
    _add(parent, tag, root=root, extension=extension)


def _value(parent: Element, kind: str, said: str = "", **told: str) -> Element:
    value = _add(parent, "value", said=said, **told)
    value.set(f"{{{XSI}}}type", kind)
    return value


def _add(parent: Element, tag: str, said: str = "", **attributes: str) -> Element:
    element = SubElement(parent, _q(tag), attributes)
    if said:
        element.text = said
    return element


def _q(tag: str) -> str:
    return f"{{{HL7}}}{tag}"


def _day(day: date | str | None) -> str:
    """Return a day, or as much of it as is known, as HL7 writes it."""
    return str(day or "").replace("-", "")


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S%z")
