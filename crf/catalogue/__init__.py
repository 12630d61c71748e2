"""The forms of the trial: an explicit list, one line for each (docs/adding-a-form.md)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from crf.engine.base import declaration_of
from crf.engine.declaration import FormDeclaration, Repeats, combine_forms

CATALOGUE = (
    "crf.catalogue.eligibility.form.Eligibility",
    "crf.catalogue.demographics.form.Demographics",
    "crf.catalogue.medical_history.form.MedicalHistory",
    "crf.catalogue.medication.form.Medication",
    "crf.catalogue.staging.form.Staging",
    "crf.catalogue.vital_signs.form.VitalSigns",
    "crf.catalogue.laboratory.form.Laboratory",
    "crf.catalogue.nutrition.form.Nutrition",
    "crf.catalogue.treatment.form.Treatment",
    "crf.catalogue.progression.form.Progression",
    "crf.catalogue.response.form.ResponseEvaluation",
    "crf.catalogue.surgery.form.Surgery",
    "crf.catalogue.pathology.form.Pathology",
    "crf.catalogue.complications.form.Complications",
    "crf.catalogue.follow_up.form.FollowUp",
    "crf.catalogue.subsequent_therapy.form.SubsequentTherapy",
    "crf.catalogue.survival.form.SurvivalStatus",
    "crf.catalogue.end_of_study.form.EndOfStudy",
    "crf.catalogue.adverse_event.form.AdverseEvent",
    "crf.catalogue.serious_event.form.SeriousEvent",
    "crf.catalogue.pregnancy.form.Pregnancy",
    "crf.catalogue.deviation.form.Deviation",
    "crf.catalogue.quality_of_life.form.QualityOfLife",
    "crf.catalogue.surveillance.form.Surveillance",
)


@cache
def models() -> tuple[Any, ...]:
    """Return the form models in the order of the list; ``crf.models`` calls it so that Django knows them."""
    return tuple(
        getattr(import_module(path), name) for path, name in (line.rsplit(".", 1) for line in CATALOGUE)
    )


@cache
def forms() -> dict[str, FormDeclaration]:
    """Map each form code to its declaration, in the order of the list."""
    return combine_forms(declaration_of(model) for model in models())


@cache
def form(code: str) -> FormDeclaration:
    """Return the declaration of one form; KeyError when the catalogue does not hold it."""
    return forms()[code]


@cache
def screening_forms() -> frozenset[str]:
    """Return the codes of the forms that are filled once for each participant, before randomization."""
    once = (form for form in forms().values() if form.repeats == Repeats.PER_PARTICIPANT)
    return frozenset(form.code for form in once if form.before_randomization)


@cache
def saying_alive() -> tuple[str, ...]:
    """Return the codes of the forms that say whether the participant was alive; a visit for one does not say it."""
    return tuple(form.code for form in forms().values() if form.says_alive)


@cache
def setters_of(milestone: str) -> tuple[FormDeclaration, ...]:
    """Return the forms whose answers can set a milestone."""
    return tuple(form for form in forms().values() if any(rule.code == milestone for rule in form.milestones))


@cache
def readers_of(code: str) -> tuple[FormDeclaration, ...]:
    """Return the forms that must be evaluated again when an answer of form ``code`` changes."""
    return tuple(reader for reader in forms().values() if code in reader.reads_forms)


@cache
def readers_of_context(prefix: str) -> tuple[FormDeclaration, ...]:
    """Return the forms that read something beginning with ``prefix``, such as "milestone.SURG"."""
    return tuple(
        reader for reader in forms().values() if any(read.startswith(prefix) for read in reader.foreign_reads)
    )
