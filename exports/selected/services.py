"""What may be selected is asked before an export is on the register: rights, formats, and the letters of the arms."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from audit.acts import open_act, record_act
from crf import catalogue
from exports.cuts import Cut
from exports.formats.kinds import DataFormat
from exports.listed.catalogue import BY_NAME
from exports.models import ArmLetters, ArmShown, Export, ExportDefinition
from exports.packages import refuse_format
from exports.selected.narrowing import as_it_leaves, refuse_counting_by_arm
from exports.selected.selection import (
    Selection,
    UnknownTable,
    refuse_odd_selection,
    refuse_odd_view,
)
from exports.tables import File, files_of
from kernel.errors import Refusal
from kernel.punctuation import listed
from kernel.row_keys import row_key
from kernel.turns import wait_for_turn
from trials.models import Site

LETTERS: Final = "exports:arm-letters"
WORDS: Final = {
    "visits": _("visits"),
    "states": _("states"),
    "since": _("changed from"),
    "until": _("changed until"),
    "tables": _("tables"),
    "identifying": _("identifying answers"),
    "view": _("view of a table"),
}


class ExportWithArmNotYours(Refusal):
    code = "exports.arm_not_yours"
    fields = ("arm",)
    message = _("You have no right to take the arm. Take the export with the arm masked or absent.")
    status = 403


class IdentifyingNotYours(Refusal):
    code = "exports.identifying_not_yours"
    fields = ("identifying",)
    message = _("You have no right to take answers that could say who a participant is.")
    status = 403


class NotInThisFormat(Refusal):
    code = "exports.not_in_this_format"
    fields = ("data_format",)
    message = _(
        "{format} holds whole records with the arm: it is narrowed by forms, sites and participants alone. Leave out: "
        "{parts}."
    )
    status = 422


def settled_selection(
    chosen: Selection, *, sites: Collection[str], data_format: str, by: User, at: datetime
) -> Selection:
    """The selection is as the register keeps it: in order, the arm told as the person may have it.

    Refuses: what does not exist; the arm or identifying answers for who has no right to take them; what a document
    cannot be narrowed by. Locks: the letters of the arms, where they are drawn.
    """
    refuse_odd_selection(chosen, sites)
    kind = DataFormat(data_format)
    may_show = by.may(Permission.EXPORT_ARM)
    arm = chosen.arm or _usual_arm(kind, by)
    if arm == ArmShown.SHOWN and not may_show:
        raise ExportWithArmNotYours
    if kind.is_printed:
        _refuse_narrowed(replace(chosen, identifying=False), kind, arm)
        chosen = replace(chosen, identifying=True)  # a casebook holds every answer
    if chosen.identifying and not by.may(Permission.EXPORT_IDENTIFYING):
        raise IdentifyingNotYours
    if chosen.view is not None:
        file = file_named(chosen.view.file, Cut(at=at), identifying=chosen.identifying)
        refuse_odd_view(chosen.view, as_it_leaves(file, arm))
        refuse_counting_by_arm(chosen.view, file)
    if kind.is_document or kind.is_package:
        _refuse_narrowed(chosen, kind, "" if kind.has_no_answers else arm)
    if arm == ArmShown.MASKED:
        draw_letters(at=at)
    return replace(chosen, arm=arm).ordered()


def _usual_arm(kind: DataFormat, by: User) -> str:
    """Return how the arm is told where nobody said it: shown in files of whole records, which have it, and by right."""
    whole = kind.is_printed or kind.is_document or kind.is_package
    usual = by.may(Permission.EXPORT_ARM) and (whole or by.may(Permission.ALLOCATION_LIST))
    return (ArmShown.SHOWN if usual else ArmShown.ABSENT).value


def _refuse_narrowed(chosen: Selection, kind: DataFormat, arm: str) -> None:
    parts = [str(WORDS[name]) for name in chosen.narrows]
    if kind.is_package and chosen.participants:
        parts.append(str(_("participants")))
    if arm in (ArmShown.MASKED, ArmShown.ABSENT):
        parts.append(str(_("arm {shown}")).format(shown=arm))
    if parts:
        raise NotInThisFormat(format=kind.label, parts=listed(parts))


def file_named(name: str, cut: Cut, *, identifying: bool = False) -> File:
    """Return the table or the file of a form with the name.

    Refuses: a name that no file of an export bears.
    """
    if name in BY_NAME:
        return BY_NAME[name].make(cut)
    form = catalogue.forms().get(name.partition("_")[0])
    files = files_of(form, cut=cut, identifying=identifying) if form else iter(())
    made = next((file for file in files if file.name == name), None)
    if made is None:
        raise UnknownTable(name=name, known=listed(BY_NAME))
    return made


def draw_letters(*, at: datetime) -> ArmLetters:
    """Which arm is called A is drawn once, and is the same in every masked export from then on.

    Locks: the turn of whoever draws them.
    """
    wait_for_turn(LETTERS)
    drawn = ArmLetters.objects.first()
    if drawn is None:
        with open_act("exports:arm_letters:draw", by=None, at=at) as act:
            drawn = ArmLetters.objects.create(arm_of_a=secrets.choice("12"), drawn_at=at, act=act)
    return drawn


def note_identifying(export: Export, *, by: User, at: datetime) -> None:
    """It is on record that somebody asked for answers that could say who participants are, and what for."""
    if Selection.of(export.selection).identifying:
        record_act("exports:identifying:take", by=by, at=at, reason=f"{row_key(export)}: {export.purpose}")


def refuse_file_of(export: Export | ExportDefinition, by: User) -> None:
    """Refuse what an export holds to whom it would tell more than they may take."""
    refuse_format(export.data_format, by)
    selection = Selection.of(export.selection)
    kind = DataFormat(export.data_format or DataFormat.CSV)
    if selection.arm == ArmShown.SHOWN and not kind.has_no_answers and not by.may(Permission.EXPORT_ARM):
        raise ExportWithArmNotYours
    if selection.identifying and not by.may(Permission.EXPORT_IDENTIFYING):
        raise IdentifyingNotYours


def may_take(export: Export | ExportDefinition, by: User) -> bool:
    """Say whether the person may take all that the export holds; whose account is closed takes nothing."""
    if not by.is_active:
        return False
    sites = Site.objects.open_to(by, Permission.EXPORT_TAKE).filter(code__in=export.site_codes)
    if sites.count() != len(set(export.site_codes)):
        return False
    try:
        refuse_file_of(export, by)
    except Refusal:
        return False
    return True
