"""Exports whose files are worked out together: who makes them is named by the package that knows how (ADR 46)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from exports.cuts import Cut
from exports.formats.kinds import DataFormat
from kernel.errors import Refusal


class ByArmNotYours(Refusal):
    code = "exports.by_arm_not_yours"
    fields = ("data_format",)
    message = _("ADaM data sets compare the arms: they are for the statistician. Choose another format.")
    status = 403


class CasebooksNotYours(Refusal):
    code = "exports.casebooks_not_yours"
    fields = ("data_format",)
    message = _("You may not make casebooks. Choose another format.")
    status = 403


@dataclass(frozen=True)
class PackageOrder:
    """What a package is to hold: the cut and the sites; ``export_zip`` writes every table of it as CSV, once asked."""

    cut: Cut
    sites: tuple[str, ...]
    export_zip: Callable[[], Path]


Packager = Callable[[PackageOrder, Path], Mapping[str, int]]  # files in the folder, with their records
_packagers: dict[DataFormat, Packager] = {}


def package_with(kind: DataFormat, packager: Packager) -> None:
    """Exports in this format are made by ``packager``: an upper package says so once, when the program starts."""
    _packagers[kind] = packager


def packager_of(kind: DataFormat) -> Packager:
    """Return what makes the files of a format."""
    return _packagers[kind]


def refuse_format(data_format: str | None, by: User) -> None:
    """Refuse results by arm, and casebooks, to who may not have them."""
    kind = DataFormat(data_format or DataFormat.CSV)
    if kind.compares_arms and not by.may(Permission.LIST_WATCH):
        raise ByArmNotYours
    if kind.is_printed and not by.may(Permission.CASEBOOK_MAKE):
        raise CasebooksNotYours
