"""The study definition: everything is read from one version of the protocol text, and from the forms."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from exports.sdtm.schedule import ELEMENTS, EPOCHS, EVALUATED, FOLLOWED, SCREEN, TREATED
from exports.usdm.building import Instance, Instances
from exports.usdm.concepts import form_concepts
from exports.usdm.m11 import M11_TEMPLATE, TemplateSection, sections
from exports.usdm.marking import marked
from exports.usdm.schedule import planned_schedule
from protocol.loader.schema import TreatmentPlan
from protocol.text import ProtocolText, digest_of

USDM_VERSION: Final = "4.0.0"
STUDY: Final = "PALACE-3"
OUTCOMES: Final = (
    "outcome_clinical",
    "outcome_surgical",
    "outcome_safety",
    "outcome_long_term",
    "outcome_qol",
)
ARM_WITH_EXPERIMENT: Final = "1"


def study_definition(text: ProtocolText) -> dict[str, Any]:
    """Return the study definition as the API of the model transports it."""
    make = Instances(text.version)
    document = _document(make, text)
    version = _version(make, text, document)
    return {
        "study": {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{STUDY} {digest_of(text.version)}")),
            "name": STUDY,
            "description": _fact(text, "title_public"),
            "label": text.head.trial.en,
            "versions": [version],
            "documentedBy": [document],
            "instanceType": "Study",
        },
        "usdmVersion": USDM_VERSION,
        "systemName": "PALACE-3 trial system",
        "systemVersion": text.version,
    }


def _fact(text: ProtocolText, code: str) -> str:
    """Return a fact in English, marked where it is not published; nothing where nobody knows it."""
    fact = text.fact(code)
    words = fact.text.en if fact.text else "" if fact.value is None else str(fact.value)
    return marked(words, fact.source) if words else ""


def _version(make: Instances, text: ProtocolText, document: Instance) -> Instance:
    sponsor, registry = _organizations(make, text)
    concepts = form_concepts(make)
    items = [
        make.make(
            "EligibilityCriterionItem",
            name=each.code,
            label=each.code,
            text=marked(each.wording.en, each.source),
        )
        for each in text.criteria
    ]
    interventions = [_intervention(make, each) for each in text.treatments]
    narrative = _narrative(make, text, document)
    documents = [each["id"] for each in document["versions"]]
    return make.make(
        "StudyVersion",
        versionIdentifier=text.version,
        rationale=text.head.summary.en,
        documentVersionIds=documents,
        dateValues=[_effective(make, text)],
        studyIdentifiers=[
            make.make("StudyIdentifier", text=_fact(text, "registry_id"), scopeId=registry["id"]),
            make.make("StudyIdentifier", text=_fact(text, "local_study_id"), scopeId=sponsor["id"]),
        ],
        titles=[
            make.make("StudyTitle", text=_fact(text, "title_paper"), type=make.term("official-title")),
            make.make("StudyTitle", text=_fact(text, "title_public"), type=make.term("public-title")),
            make.make("StudyTitle", text=STUDY, type=make.term("acronym")),
        ],
        organizations=[sponsor, registry],
        eligibilityCriterionItems=items,
        narrativeContentItems=narrative,
        studyInterventions=interventions,
        biomedicalConcepts=list(concepts.values()),
        studyDesigns=[_design(make, text, items, interventions, concepts, documents)],
    )


def _organizations(make: Instances, text: ProtocolText) -> tuple[Instance, Instance]:
    """Return the sponsor and the registry."""
    sponsor = make.make(
        "Organization",
        name=_fact(text, "sponsor"),
        label="Sponsor",
        type=make.term("sponsor"),
        identifierScheme="name",
        identifier=_fact(text, "sponsor"),
        legalAddress=None,
        managedSites=[],
    )
    registry = make.make(
        "Organization",
        name="ClinicalTrials.gov",
        label="Registry",
        type=make.term("registry"),
        identifierScheme="URL",
        identifier="https://clinicaltrials.gov",
        legalAddress=None,
        managedSites=[],
    )
    return sponsor, registry


def _narrative(make: Instances, text: ProtocolText, document: Instance) -> list[Instance]:
    """Return the texts of the sections; each content of the document names its own."""
    contents = [each for version in document["versions"] for each in version["contents"]]
    narrative = [
        make.make("NarrativeContentItem", name=each["name"], text=section.html)
        for each, section in zip(contents, sections(text, "en"), strict=True)
    ]
    for each, item in zip(contents, narrative, strict=True):
        each["contentItemId"] = item["id"]
    return narrative


def _effective(make: Instances, text: ProtocolText) -> Instance:
    return make.make(
        "GovernanceDate",
        name=f"Version {text.version}",
        type=make.term("effective-date"),
        dateValue=text.head.released_on.isoformat(),
        geographicScopes=[make.make("GeographicScope", type=make.term("global"), code=None)],
    )


def _intervention(make: Instances, plan: TreatmentPlan) -> Instance:
    drug = plan.unit is not None and plan.route is not None
    days = ", ".join(map(str, plan.days))
    dose = make.quantity(plan.amount, plan.unit) if plan.amount is not None and plan.unit == "mg" else None
    return make.make(
        "StudyIntervention",
        name=plan.code,
        label=plan.name.en,
        description=marked(plan.dose.en, plan.source),
        role=make.term("experimental" if plan.arms == (ARM_WITH_EXPERIMENT,) else "background"),
        type=make.term("drug" if drug else "radiation"),
        codes=[],
        administrations=[
            make.make(
                "Administration",
                name=plan.code,
                label=plan.dose.en,
                description=f"Days {days}" if days else "",
                duration=make.make(
                    "Duration", text=marked(plan.dose.en, plan.source), quantity=None, durationWillVary=False
                ),
                dose=dose,
                route=make.alias(make.term("intravenous")) if plan.route == "IV" else None,
                frequency=None,
            )
        ],
    )


def _design(
    make: Instances,
    text: ProtocolText,
    items: list[Instance],
    interventions: list[Instance],
    concepts: Any,
    documents: list[str],
) -> Instance:
    epochs = {
        code: make.make("StudyEpoch", name=code, label=code.capitalize(), type=make.term(f"epoch-{code}"))
        for code in EPOCHS
    }
    given = {
        each.code: [
            i["id"] for i, plan in zip(interventions, text.treatments, strict=True) if each.code in plan.arms
        ]
        for each in text.arms
    }
    elements = {each.code: _element(make, each, given) for each in ELEMENTS}
    arms = {each.code: _arm(make, text, each.code) for each in text.arms}
    schedule = planned_schedule(make, text, epochs, concepts)
    criteria = [
        _criterion(make, each.code, each.kind, item) for each, item in zip(text.criteria, items, strict=True)
    ]
    return make.make(
        "InterventionalStudyDesign",
        name=f"{STUDY} design",
        label=_fact(text, "design"),
        description=_fact(text, "comparison"),
        studyType=make.term("interventional"),
        studyPhase=make.alias(make.term("phase")),
        subTypes=[make.term("efficacy"), make.term("safety")],
        intentTypes=[make.term("intent")],
        model=make.term("model"),
        blindingSchema=make.alias(make.term("open")),
        therapeuticAreas=[],
        characteristics=[],
        rationale=_fact(text, "comparison"),
        arms=list(arms.values()),
        epochs=make.chained(list(epochs.values())),
        elements=list(elements.values()),
        studyCells=[
            make.make(
                "StudyCell", armId=arm["id"], epochId=epochs[epoch]["id"], elementIds=[elements[code]["id"]]
            )
            for number, arm in arms.items()
            for epoch, code in zip(
                EPOCHS, (SCREEN, TREATED[number], EVALUATED, FOLLOWED[number]), strict=True
            )
        ],
        encounters=schedule.encounters,
        activities=schedule.activities,
        scheduleTimelines=schedule.timelines,
        studyInterventionIds=[each["id"] for each in interventions],
        objectives=list(_objectives(make, text)),
        population=_population(make, text, criteria),
        eligibilityCriteria=make.chained(criteria),
        documentVersionIds=documents,
    )


def _element(make: Instances, each: Any, given: dict[str, list[str]]) -> Instance:
    arm = next((number for number, code in TREATED.items() if code == each.code), "")
    return make.make(
        "StudyElement",
        name=each.code,
        label=each.name,
        transitionStartRule=make.make("TransitionRule", name=f"{each.code} begins", text=each.begins),
        transitionEndRule=make.make("TransitionRule", name=f"{each.code} ends", text=each.ends),
        studyInterventionIds=given.get(arm, []),
    )


def _arm(make: Instances, text: ProtocolText, code: str) -> Instance:
    arm = text.arm(code)
    return make.make(
        "StudyArm",
        name=f"Arm {code}",
        label=arm.name.en,
        description=marked(f"{arm.label.en}. {arm.after_neoadjuvant.en}", arm.source),
        type=make.term(f"arm-{code}"),
        dataOriginDescription="Data of the participants of the trial",
        dataOriginType=make.term("origin"),
        populationIds=[],
    )


def _criterion(make: Instances, code: str, kind: str, item: Instance) -> Instance:
    return make.make(
        "EligibilityCriterion",
        name=code,
        label=code,
        description="Consent that does not decide" if kind == "optional" else "",
        category=make.term("exclusion" if kind == "exclusion" else "inclusion"),
        identifier=code,
        criterionItemId=item["id"],
    )


def _objectives(make: Instances, text: ProtocolText) -> list[Instance]:
    made = [_objective(make, text, "outcome_primary", "primary")]
    return made + [_objective(make, text, code, "secondary") for code in OUTCOMES]


def _objective(make: Instances, text: ProtocolText, code: str, level: str) -> Instance:
    fact, words = text.fact(code), _fact(text, code)
    aim = f"{_fact(text, 'framework')}: " if level == "primary" else ""
    endpoints = [part.strip() for part in re.split(r"[,;] ", words)] if level != "primary" else [words]
    return make.make(
        "Objective",
        name=code,
        label=fact.name.en,
        text=f"{aim}{words}",
        level=make.term(f"{level}-objective"),
        endpoints=[
            make.make(
                "Endpoint",
                name=f"{code}_{number}",
                label=endpoint,
                text=endpoint,
                purpose="Efficacy" if code != "outcome_safety" else "Safety",
                level=make.term(f"{level}-endpoint"),
            )
            for number, endpoint in enumerate(endpoints, start=1)
        ],
    )


def _population(make: Instances, text: ProtocolText, criteria: list[Instance]) -> Instance:
    def amount(code: str, unit: str = "") -> Instance:
        return make.quantity(float(str(text.fact(code).value)), unit)

    return make.make(
        "StudyDesignPopulation",
        name="Trial population",
        label=_fact(text, "population"),
        description=_fact(text, "sexes"),
        includesHealthySubjects=False,
        plannedEnrollmentNumber=amount("sample_size"),
        plannedCompletionNumber=None,
        plannedSex=[make.term("male"), make.term("female")],
        criterionIds=[each["id"] for each in criteria],
        plannedAge=make.make(
            "Range",
            minValue=amount("age_min", "years"),
            maxValue=amount("age_max", "years"),
            isApproximate=False,
        ),
        cohorts=[],
    )


def _document(make: Instances, text: ProtocolText) -> Instance:
    contents = [_content(make, each) for each in sections(text, "en")]
    language = make.own_code("en", "English")
    return make.make(
        "StudyDefinitionDocument",
        name=f"{STUDY} protocol",
        label=_fact(text, "title_paper"),
        language=language,
        type=make.term("protocol"),
        templateName=M11_TEMPLATE,
        versions=[
            make.make(
                "StudyDefinitionDocumentVersion",
                version=text.version,
                status=make.term("final"),
                dateValues=[],
                contents=make.chained(contents),
            )
        ],
        childIds=[],
    )


def _content(make: Instances, section: TemplateSection) -> Instance:
    return make.make(
        "NarrativeContent",
        name=f"Section {section.number}",
        sectionNumber=section.number,
        sectionTitle=section.title,
        displaySectionNumber=True,
        displaySectionTitle=True,
        childIds=[],
        contentItemId=None,
    )
