"""One value of the protocol text, under the name by which rules read it (protocol 1, 2 and 7).

A rule of the catalogue holds no number that stands for a value of the text: it reads ``setting.gfr_cap``,
``fact.rt_fractions``, ``treatment.CARBOPLATIN.amount`` or ``schedule.SURG-1.closes``, and an amended
text reaches it.
"""

from __future__ import annotations

from collections.abc import Callable

from protocol.loader.schema import Scalar
from protocol.text import ProtocolText

Value = Scalar | None


def value_of(text: ProtocolText, read: str) -> Value:
    """The value that ``read`` names; None while it is unknown, KeyError when the text has none of that name."""
    head, _dot, name = read.partition(".")
    return READERS[head](text, name)


def is_value(read: str) -> bool:
    """Whether ``read`` names a value of the protocol text."""
    return read.partition(".")[0] in READERS


def _setting(text: ProtocolText, key: str) -> Value:
    """A setting; ``opt_lab`` says whether the site criterion OPT-LAB is switched on."""
    if key.startswith("opt_"):
        return text.criterion(key.upper().replace("_", "-")).enforced
    return text.setting(key)


def _fact(text: ProtocolText, code: str) -> Value:
    return text.fact(code).value


def _treatment(text: ProtocolText, name: str) -> Value:
    """The amount of one dose, the planned days, or the number of doses."""
    code, _dot, part = name.partition(".")
    plan = text.treatment(code)
    return {"amount": plan.amount, "days": plan.days, "doses": len(plan.days)}[part]


def _schedule(text: ProtocolText, name: str) -> Value:
    """The day after its anchor on which the window of a visit opens or closes."""
    code, _dot, part = name.partition(".")
    window = text.visit(code).due.window
    return {"opens": window.opens, "closes": window.closes}[part]


READERS: dict[str, Callable[[ProtocolText, str], Value]] = {
    "setting": _setting,
    "fact": _fact,
    "treatment": _treatment,
    "schedule": _schedule,
}
