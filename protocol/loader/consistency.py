"""Whether the parts of a protocol text agree with each other; what does not is refused with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from protocol.loader.parse import TextLocation
from protocol.loader.schema import ARM_CODES, FORM_CODES, Anchoring, Scalar, Setting, VisitRule
from protocol.windows import dates_of

if TYPE_CHECKING:
    from protocol.text import ProtocolText

COLLECTIONS = (
    *("facts", "conflicts", "criteria", "arms", "treatments", "settings", "milestones", "tracks"),
    *("procedures", "triggers", "reasons"),
)
KEPT = (*("facts", "arms", "treatments", "settings", "milestones", "tracks", "procedures", "reasons"),)
CRITERION_KINDS = frozenset(("inclusion", "exclusion", "optional"))
PROCEDURE_KINDS = frozenset(("drug", "radiotherapy", "surgery", "response", "assessment", "qol", "contact"))
SETTING_TYPES = {"bool": bool, "int": int, "number": float, "proportion": float, "text": str, "list": tuple}
# Every month-end and month-start over a leap year: where calendar months are shortest and longest.
ANCHORS = tuple(date(2023 + n // 12, n % 12 + 1, day) for n in range(24) for day in (1, 28))


# What a setting asks the study team may be said by a row of the schedule as well: the row is what is followed.
SAID_TWICE: dict[str, tuple[str, Callable[[ProtocolText], int | None]]] = {
    "sae_report_hours": ("the trigger SAE", lambda text: text.trigger("SAE").hours),
    "pregnancy_report_hours": ("the trigger PREGNANCY", lambda text: text.trigger("PREGNANCY").hours),
    "susar_fatal_days": ("the trigger SUSAR_FATAL", lambda text: text.trigger("SUSAR_FATAL").days),
    "susar_other_days": ("the trigger SUSAR_OTHER", lambda text: text.trigger("SUSAR_OTHER").days),
    "repeat_biopsy_days": ("the trigger REPEAT_BIOPSY", lambda text: text.trigger("REPEAT_BIOPSY").days),
    "sweep_months": ("the visit SWEEP", lambda text: text.visit("SWEEP").every_months),
    "cre2_late_limit_days": ("the visit CRE-2", lambda text: text.visit("CRE-2").latest_day),
    "surgery_arm2_deviation_days": ("the visit SURG-2", lambda text: text.visit("SURG-2").latest_day),
    "screening_window_days": ("the window of SCR", lambda text: -(text.visit("SCR").due.window.opens or 0)),
    "start_within_days": ("the window of N1", lambda text: text.visit("N1", "1").due.window.closes),
}


def check(text: ProtocolText, top: TextLocation) -> None:
    """Return when every name exists, every code is unique and no windows of one series overlap."""
    _check_codes(text, top)
    _check_facts(text, top)
    _check_settings(text, top)
    _check_names(text, top)
    for index, rule in enumerate(text.visits):
        _check_visit(text, rule, top.at("visits", index))
    _check_rows(text, top)
    _check_overlaps(text, top)
    _check_tracks(text, top)
    _check_said_twice(text, top)


def check_next(earlier: ProtocolText, later: ProtocolText, top: TextLocation) -> None:
    """Return when ``later`` can take over from ``earlier``: nothing that records already name is missing from it.

    Visits, criteria and triggers may go; forms already filled and visits that took place name the rest.
    """
    if later.head.released_on < earlier.head.released_on:
        top.at("head", "released_on").refuse(
            f"Version {later.version} is older than version {earlier.version}, which comes before it."
        )
    for collection in KEPT:
        kept = {item.code for item in getattr(later, collection)}
        for item in getattr(earlier, collection):
            if item.code not in kept:
                top.at(collection).refuse(
                    f"{item.code} of {collection} stands in version {earlier.version} and is missing here."
                )


def _check_codes(text: ProtocolText, top: TextLocation) -> None:
    for collection in COLLECTIONS:
        seen: set[str] = set()
        for index, item in enumerate(getattr(text, collection)):
            if item.code in seen:
                top.at(collection, index).refuse(f"{item.code} stands twice in {collection}.")
            seen.add(item.code)


def _check_facts(text: ProtocolText, top: TextLocation) -> None:
    for index, fact in enumerate(text.facts):
        if (fact.value is not None) + (fact.text is not None) + fact.unknown != 1:
            top.at("facts", index).refuse(
                f"{fact.code} must have exactly one of value, text, or unknown = true."
            )


def _check_settings(text: ProtocolText, top: TextLocation) -> None:
    for index, setting in enumerate(text.settings):
        place = top.at("settings", index)
        if setting.type not in SETTING_TYPES:
            place.at("type").refuse(f"The type {setting.type!r} is not one of {', '.join(SETTING_TYPES)}.")
        if setting.unknown == (setting.value is not None):
            place.refuse(f"{setting.key} must have either a value or unknown = true.")
        if not setting.unknown and not _fits(setting):
            place.at("value").refuse(
                f"{setting.key} must be of type {setting.type}, one of its choices if any."
            )
        if setting.type == "proportion" and setting.value is not None:
            _check_proportion(setting.key, setting.value, place.at("value"))


def _check_proportion(key: str, value: Scalar, place: TextLocation) -> None:
    """A percentage or a number of points where a proportion stands would decide the trial wrongly (protocol 6.1)."""
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        place.refuse(f"{key} is {value}. It is a proportion between 0 and 1: write 0.15 for 15 points.")


def _fits(setting: Setting) -> bool:
    kind = SETTING_TYPES[setting.type]
    fits = type(setting.value) is kind or (kind is float and type(setting.value) is int)
    return fits and (not setting.choices or setting.value in setting.choices)


def _check_names(text: ProtocolText, top: TextLocation) -> None:
    for index, criterion in enumerate(text.criteria):
        _each((criterion.kind,), CRITERION_KINDS, top.at("criteria", index, "kind"), "criterion kind")
    for index, procedure in enumerate(text.procedures):
        _each((procedure.kind,), PROCEDURE_KINDS, top.at("procedures", index, "kind"), "procedure kind")
    for index, treatment in enumerate(text.treatments):
        _each(treatment.arms, ARM_CODES, top.at("treatments", index, "arms"), "arm")
    for index, milestone in enumerate(text.milestones):
        _each(filter(None, (milestone.form,)), FORM_CODES, top.at("milestones", index, "form"), "form")
    for index, trigger in enumerate(text.triggers):
        _each(trigger.forms, FORM_CODES, top.at("triggers", index, "forms"), "form")


def _each(names: Iterable[str], known: Iterable[str], place: TextLocation, thing: str) -> None:
    for name in names:
        if name not in known:
            place.refuse(f"The {thing} {name} does not exist.")


def _check_visit(text: ProtocolText, rule: VisitRule, place: TextLocation) -> None:
    _each(rule.arms, ARM_CODES, place.at("arms"), "arm")
    _each(rule.merges_with, {other.code for other in text.visits}, place.at("merges_with"), "visit")
    for key, named, known, thing in (
        ("forms", rule.forms, FORM_CODES, "form"),
        ("procedures", rule.procedures, {procedure.code for procedure in text.procedures}, "procedure"),
    ):
        for entry in named:
            _each((entry.code,), known, place.at(key, entry.source), thing)
    for key, due in (("due", rule.due), ("until_known", rule.until_known)):
        if due is not None:
            _check_anchoring(text, rule, due, place.at(key))


def _check_anchoring(text: ProtocolText, rule: VisitRule, due: Anchoring, place: TextLocation) -> None:
    _each((due.anchor,), {milestone.code for milestone in text.milestones}, place.at("anchor"), "milestone")
    short = sum(unit is not None for unit in (due.target.days, due.target.weeks))
    if short > 1 or not (short or due.target.months is not None):
        place.at("target").refuse(
            f"The target of {rule.code} must be given in days, in weeks, or in months with days or weeks beside them."
        )
    window = due.window
    given = tuple(edge is not None for edge in (window.opens, window.closes, window.before, window.after))
    if given not in ((True, True, False, False), (False, False, True, True)):
        place.at("window").refuse(f"The window of {rule.code} needs opens and closes, or before and after.")
    dates = dates_of(due, ANCHORS[0])
    if not dates.opens <= dates.target <= dates.closes:
        place.at("window").refuse(f"The target of {rule.code} lies outside its window.")


def _rows(text: ProtocolText) -> Iterator[tuple[str, int, VisitRule]]:
    for index, rule in enumerate(text.visits):
        for arm in rule.arms:
            yield arm, index, rule


def _check_rows(text: ProtocolText, top: TextLocation) -> None:
    seen: set[tuple[str, str]] = set()
    for arm, index, rule in _rows(text):
        if (arm, rule.code) in seen:
            top.at("visits", index).refuse(f"{rule.code} stands twice in the schedule of arm {arm}.")
        seen.add((arm, rule.code))


def _check_overlaps(text: ProtocolText, top: TextLocation) -> None:
    for (arm, _, first), (other_arm, index, second) in combinations(_rows(text), 2):
        same = (arm, first.series, first.due.anchor) == (other_arm, second.series, second.due.anchor)
        if same and any(_overlap(first.due, second.due, anchor_on) for anchor_on in ANCHORS):
            top.at("visits", index, "due", "window").refuse(
                f"The window of {second.code} overlaps that of {first.code} in the series {first.series}."
            )


def _overlap(first: Anchoring, second: Anchoring, anchor_on: date) -> bool:
    one, other = dates_of(first, anchor_on), dates_of(second, anchor_on)
    return one.opens <= other.closes and other.opens <= one.closes


def _check_tracks(text: ProtocolText, top: TextLocation) -> None:
    known = {track.code for track in text.tracks}
    terminal = {track.code for track in text.tracks if track.terminal}
    for index, move in enumerate(text.moves):
        place = top.at("moves", index)
        _each((move.start,), known, place.at("start"), "track")
        _each((move.to,), known, place.at("to"), "track")
        _each(move.arms, ARM_CODES, place.at("arms"), "arm")
        if move.start in terminal:
            place.at("start").refuse(f"{move.start} is terminal and cannot be left.")
    for index, track in enumerate(text.tracks):
        place = top.at("tracks", index)
        _each(track.ends_at, {rule.code for rule in text.visits}, place.at("ends_at"), "visit")
        if (bool(track.ends_at), track.open_ended, track.terminal).count(True) != 1:
            place.refuse(
                f"{track.code} must name the visits it ends at (ends_at), be open_ended, or be terminal."
            )
        if bool(track.ends_at) != (track.lasts_days is not None):
            place.refuse(
                f"{track.code} must say for how many days it lasts (lasts_days) just when it ends at visits."
            )
        if track.awaits is not None:
            _each((track.awaits,), {each.code for each in text.milestones}, place.at("awaits"), "milestone")


def _check_said_twice(text: ProtocolText, top: TextLocation) -> None:
    for index, setting in enumerate(text.settings):
        if setting.key not in SAID_TWICE:
            continue
        where, said_by = SAID_TWICE[setting.key]
        with suppress(KeyError):  # a version may drop a visit or a trigger
            said = said_by(text)
            if said != setting.value:
                top.at("settings", index, "value").refuse(
                    f"{setting.key} is {setting.value}, and {where} says {said}: give both the same."
                )
