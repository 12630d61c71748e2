"""The pages of docs/reference/, made from the code so that they cannot disagree with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from crf.catalogue import forms
from crf.engine.codebook import Variable, codebook
from crf.engine.validation_plan import validation_plan
from exports.sdtm.targets import target_of
from kernel.environment import GROUPS
from palace3.endpoint_pages import endpoint_lines, endpoint_title
from palace3.packages import PACKAGES
from palace3.refusals import kinds_of_refusal
from palace3.third_party import third_party
from palace3.traceability import files_of_checks
from palace3.traceability import rows as traced

MADE = "<!-- Made by `make docs` from the code. Change the code, not this page. -->"
CODE_FOLDERS = PACKAGES


def pages(root: Path) -> dict[str, str]:
    """Each page's name and text."""
    return {
        "endpoints.md": page(endpoint_title("en"), endpoint_lines("en")),
        "endpoints.zh-hans.md": page(endpoint_title("zh-hans"), endpoint_lines("zh-hans")),
        "roles.md": page("Who may do what", roles()),
        "forms.md": page("What is recorded", form_list()),
        "environment.md": page("Variables of the environment", environment()),
        "refusals.md": page("What is refused, with the code that the API answers", refusals(root)),
        "third-party.md": page("Packages of others, and their licences", third_party(root)),
        "validation-plan.md": validation_plan(forms().values(), files_of_checks(root)),
        "traceability.md": page(
            "Where each section of the protocol stands in code and tests", traceability(root)
        ),
    }


def page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines]).rstrip() + "\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(heads)
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(plain(cell) for cell in row) + " |"
    yield ""


def plain(cell: str) -> str:
    return str(cell).replace("|", "\\|").replace("\n", " ")


def environment() -> Iterator[str]:
    yield "Everything that differs between installations. Every secret can be given as a file instead: `NAME_FILE`"
    yield "names it, and both at once are refused. *compose* reads its variables from `.env`, made from the same"
    yield "table as this page, and passes them on. `manage.py qualify` compares what is set with what real data need."
    yield ""
    for group, variables in GROUPS.items():
        yield f"## {group}"
        yield ""
        rows = (
            [f"`{one.name}`", one.about, one.default, "secret" if one.secret else "", one.needed_by]
            for one in variables
        )
        yield from table(["variable", "what it says", "without it", "", "for"], rows)


def refusals(root: Path) -> Iterator[str]:
    yield "A code belongs to one kind of refusal and does not change; programs read it, people read the sentence."
    yield ""
    rows = ([f"`{kind.code}`", str(kind.status), kind.message] for kind in kinds_of_refusal(root))
    yield from table(["code", "status", "sentence"], rows)


def roles() -> Iterator[str]:
    yield "A person holds a role at one site or for the whole trial. What a role includes is one literal table,"
    yield "`accounts/permissions.py`."
    yield ""
    roles = [role for role in Role if role in ROLE_PERMISSIONS]
    rows = (
        [f"`{permission.value}`", *("yes" if permission in ROLE_PERMISSIONS[role] else "" for role in roles)]
        for permission in Permission
    )
    yield from table(["permission", *(role.value.replace("_", " ") for role in roles)], rows)


def form_list() -> Iterator[str]:
    for form in forms().values():
        yield f"## {form.code}: {form.title}"
        yield ""
        yield from table(
            ["export name", "question", "type", "unit", "expected", "possible", "class", "CDASH", "SDTM"],
            (variable_row(variable) for variable in codebook(form)),
        )


def variable_row(variable: Variable) -> list[str]:
    name = f"`{variable.variable}`" + (f" ({variable.group})" if variable.group else "")
    kind = variable.type + (", derived" if variable.derived else "") + codes_of(variable)
    return [
        name, variable.label, kind, variable.unit, variable.soft, variable.hard, variable.classification,
        variable.cdash, target_of("_".join(filter(None, (variable.form, variable.group.upper()))), variable.variable),
    ]  # fmt: skip


def codes_of(variable: Variable) -> str:
    return ": " + "; ".join(f"{code} = {label}" for code, label in variable.codes) if variable.codes else ""


def traceability(root: Path) -> Iterator[str]:
    yield "The sections are those of [the protocol](../protocol/README.md). A file of the code stands where it cites"
    yield "the section, a test module where its `CHAPTERS` names it. `make check` fails for a section without a test,"
    yield "unless `palace3/traceability.py` says why it has none yet."
    yield ""
    yield from table(["section", "title", "code", "tests"], traced(root, CODE_FOLDERS))
