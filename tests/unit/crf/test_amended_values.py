"""Whatever number an amended text gives, each rule that reads it judges by it (protocol 0.1, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from crf import catalogue
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation, evaluate
from crf.engine.help import places
from crf.trial_rules.todos import Asking
from protocol.loader.carried import CARRIED_OUT_ONLY_AS
from protocol.loader.consistency import SAID_TWICE
from protocol.text import load
from protocol.values import Value, is_value, value_of
from tests.architecture.test_settings_are_followed import (
    CARRIED_BY_VISITS,
    CHOSEN_BY_ANALYSES,
    FOR_PEOPLE,
    REPOSITORY,
)
from tests.unit.crf.examples import (
    adverse_event,
    eligibility,
    laboratory,
    response,
    serious_event,
    surgery,
    survival,
    treatment,
)
from tests.unit.crf.judging import Example, judge, text_values
from tests.unit.crf.test_any_answers import outside, some_answers, some_rows

CHAPTERS = ("7.3", "7.9", "7.10")
TEXT = load("1.0")
MOST_ROUNDS = 1000
SKIPPED_CRE1 = {
    "cre_type": "UNS",
    "cre_dt": date(2026, 7, 14),
    "cre_outcome": "CCR_SO_FAR",
    "visit_code": "UNS",
}
LIFE = [{**serious_event.EVENT, "ser_crit": ["hospital", "life"]}]
LATE_TOXICITY = adverse_event.example(
    ae_st="2027-03-01",
    ae_en="2027-03-09",
    ae_kind="none",
    cre_rel="N",
    serious="N",
    irae="N",
    irae_type=None,
    rel_rt="not",
    rel_camre="not",
    rel_chemo="not",
    grade="2",
    **{"AS*": [{"as_dt": date(2027, 3, 10), "as_sten": "none", "as_late_lung": "Y"}]},
)
LATE_SERIOUS = adverse_event.example(
    ae_st="2026-08-20",
    ae_en="2026-08-25",
    ae_kind="none",
    irae="N",
    irae_type=None,
    rel_rt="not",
    rel_camre="not",
    rel_chemo="not",
)
LOW = laboratory.row("PLAT", "40", "10^9/L")
NEAR = [{"sequence": 1, "ae_st": "2026-06-03", "ae_en": None, "grade": "3"}]
UNKNOWN_AT_A_CUT = survival.example(
    status_dt=date(2029, 11, 2),
    today=date(2029, 11, 9),
    vital="unknown",
    dz_now=None,
    visit__code="SWEEP-C1",
    visit__target=date(2029, 10, 30),
    visit__opens=date(2029, 10, 16),
    **{"FU*": [{"fu_dt": date(2029, 6, 5), "alive": "Y", "dz_status": "ned"}]},
)
AIMED = {  # records that random answers hardly ever come to
    "AE": [LATE_TOXICITY, LATE_SERIOUS],
    "CRE": [
        response.example(),
        response.example(bx_adequate="superficial"),
        response.at_cre1(),
        response.example(**{"CRE*": [SKIPPED_CRE1]}),
    ],
    "ELIG": [eligibility.example()],
    "LB": [laboratory.of(LOW), laboratory.of(LOW, **{"AE*": NEAR})],
    "SAE": [
        serious_event.judged(sae_ec=date(2026, 7, 8)),
        serious_event.judged(sae_ec=date(2026, 7, 8), **{"AE*": LIFE}),
    ],
    "SURG": [surgery.example()],
    "SURV": [UNKNOWN_AT_A_CUT],
    "TREAT": [treatment.example(rt_fx=treatment.fractions(treatment.MONDAY))],
}


def only_told(form: FormDeclaration) -> set[str]:
    """What a help text says and no rule reads: ``test_help_of_versions.py`` sees it change there."""
    told = {name for each in (*form.all_questions(), *form.groups.values()) for name in places(each.help)}
    asked = {name for condition, _names in form.conditions() for name in condition.names()}
    ruled = {read for each in (*form.all_questions(), *form.checks) for read in each.reads}
    return told - asked - ruled


READ = [
    (form.code, read)
    for form in catalogue.forms().values()
    for read in sorted(form.foreign_reads - only_told(form))
    if is_value(read) and value_of(TEXT, read) is not None
]


def others(read: str) -> Iterator[Value]:
    """Values that an amended text could give instead: far below and far above, or the other choice."""
    value = value_of(TEXT, read)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (0, value + 1000)
    elif isinstance(value, tuple):
        numbers = all(str(each).isdigit() for each in value)
        yield tuple(int(each) + 1 for each in value) if numbers else value[1:]
    else:
        choices = TEXT.setting_entry(read.removeprefix("setting.")).choices
        yield from (choice for choice in choices if choice != value)


def said(outcome: Evaluation) -> Any:
    """What follows from answers: derived values, findings, what is asked."""
    findings = {(finding.key, finding.level) for finding in outcome.findings}
    return outcome.values, outcome.groups, findings, outcome.visible, outcome.milestones


def is_noticed(form: FormDeclaration, read: str, chance: Random) -> bool:
    """Whether some record of the form is judged otherwise under one of the other values."""
    context = {name: outside(chance, name) for name in sorted(form.foreign_reads)} | text_values(form)
    answers = {"values": some_answers(chance, form.questions), "groups": some_rows(chance, form)}
    before = said(evaluate(form, **answers, context=context))
    return any(
        said(evaluate(form, **answers, context=context | {read: value})) != before for value in others(read)
    )


def is_noticed_in(code: str, read: str, example: Example) -> bool:
    """Whether an aimed record is judged otherwise under one of the other values."""
    amended = [{**example, "context": {**example["context"], read: value}} for value in others(read)]
    return any(said(judge(code, each)) != said(judge(code, example)) for each in amended)


@pytest.mark.parametrize(("code", "read"), READ)
def test_another_value_is_noticed_by_a_rule(code: str, read: str) -> None:
    if any(is_noticed_in(code, read, example) for example in AIMED.get(code, ())):
        return
    chance = Random(f"{code} {read}")
    form = catalogue.form(code)
    assert any(is_noticed(form, read, chance) for _ in range(MOST_ROUNDS)), "no rule follows it"


def test_a_value_that_the_text_lacks_stops_the_rule() -> None:
    form = catalogue.form("SURG")
    with pytest.raises(KeyError):
        evaluate(form, values={}, context={name: None for name in form.foreign_reads if not is_value(name)})
    with pytest.raises(KeyError):
        value_of(TEXT, "setting.nobody_asked_for_this")
    with pytest.raises(KeyError):
        value_of(TEXT, "treatment.CARBOPLATIN.colour")


# Numbers that no form reads: the file that follows them (a database or a clock stands behind each).
FOLLOWED_BY = {
    **dict.fromkeys(("lost_attempts", "lost_days", "lost_routes"), "followup/contacts.py"),
    "sweep_without_contact_days": "followup/history.py",
    "visit_due_before_closing_days": "followup/history.py",
    "visit_escalates_days": "notices/services/reminders.py",
    "todo_escalates_days": "notices/sources/todos.py",
    **dict.fromkeys(("training_valid_months", "training_grace_days"), "trials/training.py"),
    **dict.fromkeys(
        (
            *("query_escalates_days", "decision_escalates_days"),
            *("form_escalates_days", "deviation_escalates_days"),
        ),
        "notices/sources/records.py",
    ),
    "form_due_days": "crf/engine/declaration.py",
    "form_due_days_survival": "crf/catalogue/survival/form.py",
    "form_due_days_operation": "crf/catalogue/surgery/form.py",
    "susar_follow_up_days": "crf/safety/clock_rows.py",
    "minimisation_biased_coin": "randomization/services/minimizing.py",
    "vital_status_known_target_percent": "reports/vital_status.py",
    "contact_call_working_days": "website/services/escalating.py",
    "contact_erase_days": "website/services/erasing.py",
    "contact_erase_open_days": "website/services/erasing.py",
    "news_confirm_days": "website/services/news.py",
    "news_keep_days": "website/services/news.py",
    "salvage_r0_within_days": "analysis/rules.py",
    "qol_meaningful_change": "analysis/rules.py",
}


def test_every_number_of_a_setting_is_followed() -> None:
    """By a form (each is changed above), by a service, by a row of the schedule, or by people alone."""
    read = {read.removeprefix("setting.") for _code, read in READ}
    numbers = {setting.key for setting in TEXT.settings if type(setting.value) in (int, float)}
    named = FOR_PEOPLE | CARRIED_BY_VISITS | CHOSEN_BY_ANALYSES | set(CARRIED_OUT_ONLY_AS) | set(SAID_TWICE)
    assert numbers - read - named == FOLLOWED_BY.keys()


@pytest.mark.parametrize(("key", "file"), FOLLOWED_BY.items())
def test_a_service_reads_it_from_the_text(key: str, file: str) -> None:
    assert f'"{key}"' in (REPOSITORY / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("trigger", ["CRE_POSITIVE", "REPEAT_BIOPSY", "SUSPICION", "RECURRENCE", "DEATH"])
def test_a_to_do_is_due_by_the_days_of_its_trigger(trigger: str) -> None:
    later = replace(
        TEXT,
        triggers=tuple(
            replace(each, days=(each.days or 0) + 1) if each.code == trigger else each
            for each in TEXT.triggers
        ),
    )
    on = date(2026, 8, 3)
    due = [Asking(text, lambda _code: ()).due(trigger, on) for text in (TEXT, later)]
    assert (due[1] - due[0]).days == 1
    with pytest.raises(KeyError):
        Asking(TEXT, lambda _code: ()).due("WINDOW_ENDING", on)
