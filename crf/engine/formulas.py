"""Conditions as formulas over the names of questions: ``ct_done = Y``, ``pet_dm in (suspect, proven)``."""

from __future__ import annotations

from typing import Any

from crf.engine.conditions import Condition


def formula(condition: Condition | None) -> str:
    """Return the condition as a formula; "" where nothing is asked for."""
    return _formula(condition.as_json()) if condition else ""


def _formula(part: list[Any]) -> str:
    match part:
        case ["is", name, [value]]:
            return f"{name} = {_value(value)}"
        case ["is", name, values]:
            return f"{name} in ({', '.join(map(_value, values))})"
        case ["has", name, codes]:
            return f"{name} has {' or '.join(map(_value, codes))}"
        case ["answered", name]:
            return f"{name} is answered"
        case ["over", name, limit]:
            return f"{name} > {limit}"
        case ["under", name, limit]:
            return f"{name} < {limit}"
        case ["same", name, other]:
            return f"{name} = {other}"
        case ["not", negated]:
            return f"not ({_formula(negated)})"
        case [("all" | "any") as word, parts]:
            joint = " and " if word == "all" else " or "
            return joint.join(_in_brackets(each) for each in parts)
    raise ValueError(f"no formula for {part!r}")


def _in_brackets(part: list[Any]) -> str:
    return f"({_formula(part)})" if part[0] in {"all", "any"} else _formula(part)


def _value(value: Any) -> str:
    return {True: "Y", False: "N"}.get(value, str(value)) if isinstance(value, bool) else str(value)
