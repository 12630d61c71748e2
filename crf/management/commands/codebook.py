"""``manage.py codebook --format csv``: every item that is recorded, one on each line, in both languages."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from io import StringIO

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from crf import catalogue
from crf.engine.codebook import Variable, codebook
from crf.engine.conditions import All
from crf.engine.declaration import FormDeclaration
from crf.engine.formulas import formula
from crf.engine.questions import Question

COLUMNS = (
    *("form", "group", "item", "label_en", "label_zh", "type", "unit", "code_list", "expected", "possible"),
    *("condition", "required", "derived", "classification", "cdash", "sdtm"),
)


class Command(BaseCommand):
    """Prints the items of every form, or of those that are named, in the order of the form."""

    help = "Print every item: form, name, label in English and Chinese, type, unit, codes, ranges, condition, class."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "forms", nargs="*", metavar="FORM", help="codes of forms; all where none is named"
        )
        parser.add_argument("--format", choices=["csv"], default="csv")

    def handle(self, *, forms: list[str], **options: object) -> None:
        if unknown := sorted(set(forms) - catalogue.forms().keys()):
            raise CommandError(
                f"There is no form {', '.join(unknown)}. The forms are: {', '.join(catalogue.forms())}."
            )
        output = StringIO()
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(COLUMNS)
        for code in forms or catalogue.forms():
            writer.writerows(_lines(catalogue.form(code)))
        self.stdout.write(output.getvalue(), ending="")


def _lines(form: FormDeclaration) -> Iterator[list[str]]:
    with override("en"):
        english = codebook(form)
    with override("zh-hans"):
        chinese = codebook(form)
    for variable, translated in zip(english, chinese, strict=True):
        question = _question(form, variable)
        yield _line(variable, translated.label, question, _shown_when(form, variable, question))


def _question(form: FormDeclaration, variable: Variable) -> Question:
    asked = form.groups[variable.group].questions if variable.group else form.questions
    return asked[variable.name]


def _shown_when(form: FormDeclaration, variable: Variable, question: Question) -> str:
    """Return when the question is shown; one of a table only where the table is."""
    whole = form.groups[variable.group].shown_when if variable.group else None
    conditions = [each for each in (whole, question.shown_when) if each is not None]
    return formula(All(*conditions) if len(conditions) > 1 else next(iter(conditions), None))


def _line(variable: Variable, label_zh: str, question: Question, shown_when: str) -> list[str]:
    asked = formula(question.required_when)
    required = f"when {asked}" if asked and not question.required else variable.required
    return [
        variable.form,
        variable.group,
        variable.name,
        variable.label,
        label_zh,
        variable.type,
        variable.unit,
        "; ".join(f"{code} = {label}" for code, label in variable.codes),
        variable.soft,
        variable.hard,
        shown_when,
        required,
        "yes" if variable.derived else "no",
        variable.classification,
        variable.cdash,
        variable.sdtm,
    ]
