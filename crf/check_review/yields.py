"""What each check has brought: how often it fired, led to a change, or was confirmed as it is (protocol 3.17)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from crf import catalogue
from crf.check_review.services import may_be_marked
from crf.engine.checks import Check, Level, check_of
from crf.engine.declaration import FormDeclaration
from crf.engine.messages import range_text, rule_in_general
from crf.engine.questions import Question
from crf.models import CheckMark, EntryPrompt, ListedFinding, MarkKind, Query, QueryState, Resolution
from crf.queries.sparing import checks_looking_at_the_arm
from kernel.units import unit_in_print

NUMBERS = ("fired", "changed", "confirmed", "to_review", "settled", "obsolete", "open", "typed", "corrected")
_OPEN = Q(state=QueryState.OPEN) | Q(state=QueryState.ANSWERED, resolution="")
_COUNTED = {
    "fired": Count("pk"),
    "changed": Count("pk", filter=Q(resolution=Resolution.CORRECTED)),
    "confirmed": Count("pk", filter=Q(resolution=Resolution.CONFIRMED)),
    "to_review": Count("pk", filter=Q(state=QueryState.ANSWERED, resolution=Resolution.CONFIRMED)),
    "settled": Count("pk", filter=Q(resolution=Resolution.SETTLED)),
    "obsolete": Count("pk", filter=Q(resolution=Resolution.OBSOLETE)),
    "open": Count("pk", filter=_OPEN),
}
Place = tuple[str, str]
LEVELS = {
    Level.HARD: gettext_lazy("stops the save"),
    Level.SOFT: gettext_lazy("asks"),
    Level.LISTING: gettext_lazy("only listed"),
    Level.INCOMPLETE: gettext_lazy("keeps the form incomplete"),
}


@dataclass
class CheckYield:
    """One check of one form with its numbers and marks.

    ``typed`` counts how often it spoke while somebody typed, ``corrected`` how often another answer was then saved.
    A check that looks at the arm is counted for nobody here: its numbers are those of one arm, and no list leaves a
    record of who looked (ADR 55).
    """

    form: FormDeclaration
    check: str
    level: Level
    text: str
    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    marks: list[CheckMark] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Return the name by which the page links to it."""
        return f"{self.form.code}-{self.check}".replace(":", "-").replace(".", "-")

    @property
    def level_in_words(self) -> str:
        return str(LEVELS[self.level])

    @property
    def looks_at_arm(self) -> bool:
        return (self.form.code, self.check) in checks_looking_at_the_arm()

    @property
    def fired(self) -> bool:
        """Say whether it spoke at all; of a check that is not counted, that it may have."""
        return self.looks_at_arm or bool(self.numbers["fired"] or self.numbers["typed"])

    @property
    def shown_numbers(self) -> tuple[int, ...]:
        return tuple(self.numbers[name] for name in NUMBERS)

    @property
    def may_be_marked(self) -> bool:
        return may_be_marked(self.form.code, self.check)

    @property
    def free_marks(self) -> list[tuple[str, str]]:
        """Return the marks that the check can be given."""
        has = {mark.kind for mark in self.marks}
        return [(kind.value, str(kind.label)) for kind in MarkKind if kind not in has]


def yields_of(user: User, *, form: str = "", site: str = "") -> list[CheckYield]:
    """Return every declared check, and every usual range that spoke or is marked, form by form."""
    yields = {(each.form.code, each.check): each for each in _declared(form)}
    for place, numbers in _numbers(user, form=form, site=site).items():
        each = yields.get(place) or _of_question(*place)
        if each is not None and not each.looks_at_arm:
            yields[place] = each
            for name, number in numbers.items():
                each.numbers[name] += number
    marks = CheckMark.objects.standing().select_related("set_by")
    for mark in marks.filter(form_code=form) if form else marks:
        place = (mark.form_code, mark.check_code)
        if each := yields.get(place) or _of_question(*place):
            yields.setdefault(place, each).marks.append(mark)
    order = list(catalogue.forms())
    return sorted(yields.values(), key=lambda each: (order.index(each.form.code), each.check))


def _declared(form: str) -> Iterator[CheckYield]:
    for code, declared in catalogue.forms().items():
        if form in ("", code):
            for check in declared.checks:
                yield CheckYield(declared, check.code, check.level, _text_of(check))


def _text_of(check: Check) -> str:
    return rule_in_general(check.message)


def _of_question(form_code: str, check: str) -> CheckYield | None:
    """Return what is found at a single question, such as "weight:soft"; None for what is no check any more."""
    form = catalogue.forms().get(form_code)
    target, _colon, kind = check.partition(":")
    if form is None or not kind:
        return None
    group, _dot, name = target.partition(".")
    questions = form.groups[group].questions if group in form.groups else form.questions
    question = questions.get(name or group)
    if question is None:
        return None
    level = Level.SOFT if kind in ("soft", "proposal") else Level.HARD
    return CheckYield(form, check, level, _about_question(question, kind))


def _about_question(question: Question, kind: str) -> str:
    said = {
        "soft": _("{label}: outside what is usual ({range})"),
        "hard": _("{label}: outside what is possible ({range})"),
        "proposal": _("{label}: differs from what the answers lead to"),
        "offered": _("{label}: not offered here"),
        "future": _("{label}: in the future"),
        "birth": _("{label}: before birth"),
        "death": _("{label}: after death"),
    }.get(kind, "{label}")
    bounds = question.hard if kind == "hard" else question.soft
    return said.format(label=question.text, range=range_text(bounds, unit_in_print(question.unit)))


def _numbers(user: User, *, form: str, site: str) -> dict[Place, dict[str, int]]:
    here = {"site__code": site} if site else {}
    by_place: dict[Place, dict[str, int]] = defaultdict(lambda: dict.fromkeys(NUMBERS, 0))
    for place, numbers in (*_of_queries(user, here), *_of_prompts(user, here), *_of_listings(user, here)):
        if form in ("", place[0]):
            for name, number in numbers.items():
                by_place[place][name] += number
    return by_place


def _of_queries(user: User, here: Mapping[str, str]) -> Iterator[tuple[Place, dict[str, int]]]:
    rows: QuerySet[Any] = Query.objects.open_to(user, Permission.FINDING_VIEW).filter(**here)
    asked = rows.exclude(key="").order_by()
    for kind, name in (("check", "check_code"), ("", "key")):
        of_kind = asked.filter(kind="check") if kind else asked.exclude(kind="check")
        for row in of_kind.values("form_code", "kind", name).annotate(**_COUNTED):
            check = check_of(row["kind"], row.get("check_code", ""), row.get("key", ""))
            yield (row["form_code"], check), {each: row[each] for each in _COUNTED}


def _of_prompts(user: User, here: Mapping[str, str]) -> Iterator[tuple[Place, dict[str, int]]]:
    rows: QuerySet[Any] = EntryPrompt.objects.open_to(user, Permission.FINDING_VIEW).filter(**here)
    counted = rows.order_by().values("record__form_code", "key")
    counted = counted.annotate(typed=Count("pk"), corrected=Count("pk", filter=~Q(saved=F("entered"))))
    for row in counted:
        code, declared = row["record__form_code"], row["key"].partition(":")[0]
        form = catalogue.forms().get(code)
        is_rule = form is not None and any(check.code == declared for check in form.checks)
        check = check_of("check" if is_rule else "", declared, row["key"])
        yield (code, check), {"typed": row["typed"], "corrected": row["corrected"]}


def _of_listings(user: User, here: Mapping[str, str]) -> Iterator[tuple[Place, dict[str, int]]]:
    rows: QuerySet[Any] = ListedFinding.objects.open_to(user, Permission.FINDING_VIEW).filter(**here)
    counted = rows.order_by().values("record__form_code", "check_code")
    for row in counted.annotate(fired=Count("pk"), changed=Count("pk", filter=Q(gone_at__isnull=False))):
        numbers = {"fired": row["fired"], "changed": row["changed"], "open": row["fired"] - row["changed"]}
        yield (row["record__form_code"], row["check_code"]), numbers
