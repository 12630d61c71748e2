"""One way to judge an example of a form: what was found, by code, and what was derived."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from crf import catalogue
from crf.engine.checks import in_site_time
from crf.engine.declaration import FormDeclaration
from crf.engine.evaluation import Evaluation, evaluate
from protocol.text import ProtocolText, load
from protocol.values import is_value, value_of

Example = dict[str, Any]
TEXT = load("1.0")


def example_of(
    values: Example, groups: dict[str, list[Example]], context: Example, changes: Example
) -> Example:
    """An example with ``changes``: answers and groups by name, what is read from outside by its dotted name
    with "__" for the dot (``milestone__RAND``), ``form__code`` for another form's answer (``STAGE__ct``)."""
    example = {
        "values": dict(values),
        "groups": {k: list(v) for k, v in groups.items()},
        "context": dict(context),
    }
    for name, value in changes.items():
        outside = name.replace("__", ".")
        if "__" in name or name in context:
            example["context"][outside] = value
        elif isinstance(value, list) and all(isinstance(row, dict) for row in value) and name in groups:
            example["groups"][name] = value
        else:
            example["values"][name] = value
    return example


def exact(answers: Example) -> Example:
    """Answers as the database gives them: no binary fractions."""
    return {k: Decimal(str(v)) if isinstance(v, float) else v for k, v in answers.items()}


def at_site(known: Any, zone: str | None) -> Any:
    """What is known from outside as a form reads it: instants in the time of the site, at any depth."""
    if isinstance(known, dict):
        return {name: at_site(value, zone) for name, value in known.items()}
    if isinstance(known, list):
        return [at_site(each, zone) for each in known]
    return in_site_time(known, zone) if isinstance(known, datetime) and zone else known


def text_values(form: FormDeclaration, text: ProtocolText = TEXT) -> Example:
    """Every value of the protocol text that a form reads."""
    return {read: value_of(text, read) for read in form.foreign_reads if is_value(read)}


def judge(code: str, example: Example) -> Evaluation:
    """What follows from an example of the form ``code``."""
    form = catalogue.form(code)
    return evaluate(
        form,
        values=exact(example["values"]),
        groups={name: [exact(row) for row in rows] for name, rows in example["groups"].items()},
        context=text_values(form) | at_site(example["context"], example["context"].get("site.zone")),
    )


def found(outcome: Evaluation) -> set[str]:
    """The keys of what was found, without what is merely unanswered."""
    return {finding.key for finding in outcome.findings if finding.kind != "required"}


def codes(outcome: Evaluation) -> set[str]:
    """The codes of the checks that failed."""
    return {finding.code for finding in outcome.findings if finding.kind == "check"}
