"""Queries and deviations whose words would tell the arm, before a reader who is spared it (protocol 1.9).

The trial manager sees both and no allocation. What a query asks, and what people answer, is not shown where the
check or the question that it is about looks at the arm: it would say which one it is. So would the code of such a
check, which stands in the codebook with its words: it is spared with them, and nobody keeps or counts rows by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.engine.checks import Check
from crf.engine.conditions import Condition
from crf.engine.declaration import FormDeclaration
from crf.models import ListedFinding, Query
from kernel.errors import Refusal
from protocol.deviations import names_an_arm

ARM = "participant.arm"


class CheckCountsByArm(Refusal):
    code = "crf.check_counts_by_arm"
    message = gettext_lazy(
        "Rows are not kept by the check {check}: it looks at the arm, and they would be counted by it. Choose the form "
        "instead."
    )
    status = 422


def is_spared(query: Query | ListedFinding, reader: User) -> bool:
    """Say whether the words of the query, or of the listed finding, are kept from the reader."""
    return not reader.may(Permission.ALLOCATION_VIEW, query.site_id) and tells_arm(query)


def is_spared_in_lists(query: Query | ListedFinding, reader: User) -> bool:
    """Say whether the words are kept from the reader where many are listed (ADR 55)."""
    return not reader.may(Permission.ALLOCATION_LIST, query.site_id) and tells_arm(query)


def code_in_lists(row: Query | ListedFinding, reader: User) -> str:
    """Return the code of the check as lists show it to the reader: none of one that looks at the arm (ADR 55)."""
    return "" if is_spared_in_lists(row, reader) else row.check_code


def refuse_check_of_arm(check: str | None) -> None:
    """Refuse to keep rows by a check that looks at the arm: a list counts them, and no list is on record."""
    if check in {code for _form, code in checks_looking_at_the_arm()}:
        raise CheckCountsByArm(check=check)


@cache
def checks_looking_at_the_arm() -> frozenset[tuple[str, str]]:
    """Return form and code of every check that looks at the arm, or at what is asked by it."""
    return frozenset(
        (code, check.code)
        for code, form in catalogue.forms().items()
        for check in form.checks
        if not names_looking_at_the_arm(code).isdisjoint(_names_of(check))
    )


def spared_words() -> str:
    """Return what stands in the place of the words."""
    return _("The words would tell the arm. Who may see allocations reads them.")


def spared_if_naming(words: str) -> str:
    """Return words as a list shows them to who is not told the arm there: those that name one are kept back."""
    return spared_words() if names_an_arm(words) else words


def words_tell_arm(detail: str) -> bool:
    """Say whether the words that a deviation keeps are those of a check that looks at the arm."""
    return detail in _words_looking_at_the_arm()


@cache
def _words_looking_at_the_arm() -> frozenset[str]:
    with override(None):  # deviations keep the words of the source
        return frozenset(
            str(message)
            for code, form in catalogue.forms().items()
            for check in form.checks
            if not names_looking_at_the_arm(code).isdisjoint(_names_of(check))
            for message in (check.message, *check.formerly.values())
        )


def tells_arm(query: Query | ListedFinding) -> bool:
    """Say whether the check that asked or found, or what it is about, looks at the arm."""
    form = catalogue.forms().get(query.form_code)
    if form is None:
        return False
    about = query.target.partition(".")[0]
    if about in names_looking_at_the_arm(form.code) or (
        not query.check_code and about in telling_the_arm(form)
    ):
        return True
    return (form.code, query.check_code) in checks_looking_at_the_arm()


@cache
def names_looking_at_the_arm(code: str) -> frozenset[str]:
    """Return the arm itself, and the questions and groups of a form that are asked, or derived, by the arm."""
    form = catalogue.form(code)
    sections = (name for part in form.sections if ARM in _in(part.shown_when) for name in part.fields)
    return frozenset({ARM, *sections, *_asked_by_arm(form)})


def reads_arm_of_many(reader: User, right: Permission, told_by: Permission) -> bool:
    """Say whether ``told_by`` tells the reader the arm of everybody whom they reach with ``right``."""
    reached, told = reader.sites_with(right), reader.sites_with(told_by)
    return told is None or (reached is not None and reached <= told)


@cache
def without_the_arm(form: FormDeclaration) -> FormDeclaration:
    """Return the form without the answers that are derived from the arm: nobody types them."""
    return _without(form, saying_the_arm(form))


@cache
def listed_without_the_arm(form: FormDeclaration) -> FormDeclaration:
    """Return the form as it is read without the arm: without every answer that says it."""
    return _without(form, telling_the_arm(form))


def _without(form: FormDeclaration, told: frozenset[str]) -> FormDeclaration:
    if not told:
        return form
    kept = {name: question for name, question in form.questions.items() if name not in told}
    sections = (
        replace(part, fields=tuple(name for name in part.fields if name not in told))
        for part in form.sections
    )
    return replace(form, questions=kept, sections=tuple(sections))


@cache
def saying_the_arm(form: FormDeclaration) -> frozenset[str]:
    """Return the answers of the form that are worked out from the arm."""
    names = names_looking_at_the_arm(form.code) & form.questions.keys()
    return frozenset(name for name in names if form.questions[name].derived)


@cache
def telling_the_arm(form: FormDeclaration) -> frozenset[str]:
    """Return the answers of the form that say the arm: worked out from it, or chosen from the codes of one that is.

    The strategy that somebody received instead of the allocated one says which one was allocated.
    """
    said = saying_the_arm(form)
    codes = [form.questions[name].codes for name in said if form.questions[name].codes]
    chosen = (name for name, each in form.questions.items() if any(each.codes is told for told in codes))
    return said | frozenset(chosen)


def typed_telling_the_arm(form: FormDeclaration) -> frozenset[str]:
    """Return the answers of the form that say the arm and that people type."""
    return telling_the_arm(form) - saying_the_arm(form)


def _asked_by_arm(form: FormDeclaration) -> Iterator[str]:
    for name, question in form.questions.items():
        if ARM in {*question.reads, *_in(question.shown_when), *_in(question.required_when)}:
            yield name
    for name, group in form.groups.items():
        if ARM in {*_in(group.shown_when), *_in(group.required_when)}:
            yield name


def _names_of(check: Check) -> set[str]:
    return {*check.reads, *check.fields, *_in(check.when)}


def _in(condition: Condition | None) -> set[str]:
    return set(condition.names()) if condition else set()
