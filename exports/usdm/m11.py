"""Sections of the protocol template of ICH M11 that the protocol text can fill, in either language.

Numbers and titles are those of the template as adopted (step 4, 19 November 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from exports.usdm.marking import marked
from exports.usdm.schedule import epoch_of
from protocol.loader.schema import BilingualText
from protocol.text import ProtocolText

M11_TEMPLATE: Final = "ICH M11"
Said = Callable[[BilingualText], str]
OBJECTIVES: Final = ("outcome_primary", "framework")
SECONDARY: Final = (
    *("outcome_clinical", "outcome_surgical", "outcome_safety", "outcome_long_term", "outcome_qol"),
)
FACTS: Final = {
    "1.1": ("title_paper", "registry_id", "sponsor", "phase", "population", "sample_size", "countries"),
    "3.1": OBJECTIVES,
    "3.2": SECONDARY,
    "4.1": ("design", "allocation_ratio", "when_randomized", "comparison", "masking"),
    "4.3": ("stopping_rules",),
    "4.4": ("start_date", "primary_completion", "study_completion_registry", "follow_up_months_needed"),
    "5.1": ("population", "age_min", "age_max", "sexes"),
    "7.2": ("withdrawal_scopes",),
    "8.3": (
        "response_terms",
        "cre1_content",
        "cre2_content",
        "ccr_criteria",
        "uncertain_pathology",
        "regrowth_rule",
    ),
    "10.1": ("framework", "margin_not_derivable"),
    "10.11": ("sample_size", "sample_size_per_arm"),
}
TITLES: Final = {
    "1.1": BilingualText("Protocol Synopsis", "方案概要"),
    "1.3": BilingualText("Schedule of Activities", "活动日程"),
    "3.1": BilingualText("Primary Objective(s) and Associated Estimand(s)", "主要目的及相应估计目标"),
    "3.2": BilingualText("Secondary Objective(s) and Associated Estimand(s)", "次要目的及相应估计目标"),
    "4.1": BilingualText("Description of Trial Design", "试验设计说明"),
    "4.3": BilingualText("Trial Stopping Rules", "试验终止规则"),
    "4.4": BilingualText("Start of Trial and End of Trial", "试验开始与结束"),
    "5.1": BilingualText("Description of Trial Population and Rationale", "试验人群说明及依据"),
    "5.2": BilingualText("Inclusion Criteria", "纳入标准"),
    "5.3": BilingualText("Exclusion Criteria", "排除标准"),
    "6": BilingualText("Trial Intervention and Concomitant Therapy", "试验干预及合并治疗"),
    "7.2": BilingualText("Participant Discontinuation or Withdrawal from the Trial", "受试者终止或退出试验"),
    "8.3": BilingualText("Efficacy Assessments and Procedures", "有效性评估与操作"),
    "10.1": BilingualText("General Considerations", "一般考虑"),
    "10.11": BilingualText("Sample Size Determination", "样本量确定"),
}
UNKNOWN: Final = BilingualText(
    "Not published, not answered by the study team yet.", "未公布，研究团队尚未答复。"
)


@dataclass(frozen=True)
class TemplateSection:
    """One section: its number and title in the template, and its text as HTML."""

    number: str
    title: str
    html: SafeString


def sections(text: ProtocolText, language: str) -> list[TemplateSection]:
    """Return the sections that the text can fill, in order; what is not published says so."""

    def said(words: BilingualText) -> str:
        return words.en if language == "en" else words.zh

    made = {
        **{number: _facts(text, codes, said) for number, codes in FACTS.items()},
        "1.3": _schedule(text, said),
        "5.2": _criteria(text, ("inclusion", "optional"), said),
        "5.3": _criteria(text, ("exclusion",), said),
        "6": _treatments(text, said),
    }
    return [TemplateSection(number, said(title), made[number]) for number, title in TITLES.items()]


def _facts(text: ProtocolText, codes: Iterable[str], said: Said) -> SafeString:
    rows = []
    for code in codes:
        fact = text.fact(code)
        words = said(fact.text) if fact.text else "" if fact.value is None else str(fact.value)
        rows.append((said(fact.name), marked(words, fact.source) if words else said(UNKNOWN)))
    return _set({"terms": rows})


def _criteria(text: ProtocolText, kinds: tuple[str, ...], said: Said) -> SafeString:
    rows = [
        (each.code, marked(said(each.wording), each.source)) for each in text.criteria if each.kind in kinds
    ]
    return _set({"items": rows})


def _treatments(text: ProtocolText, said: Said) -> SafeString:
    rows = (
        (said(each.name), ", ".join(each.arms), marked(said(each.dose), each.source))
        for each in text.treatments
    )
    return _set({"table": list(rows)})


def _schedule(text: ProtocolText, said: Said) -> SafeString:
    rows = (
        (
            rule.code,
            said(rule.name),
            ", ".join(rule.arms),
            epoch_of(rule),
            rule.due.anchor,
            ", ".join(said(text.procedure(each.code).name) for each in rule.procedures),
            ", ".join(each.code for each in rule.forms),
        )
        for rule in text.visits
    )
    return _set({"table": list(rows)})


def _set(rows: dict[str, Any]) -> SafeString:
    """Return the text of a section as HTML: terms with what they mean, numbered items, or a table."""
    return render_to_string("exports/usdm/section.html", rows)
