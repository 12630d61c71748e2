"""What is asked before an export is taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.forms import (
    BooleanField,
    BoundField,
    CheckboxSelectMultiple,
    ChoiceField,
    HiddenInput,
    MultipleChoiceField,
    PasswordInput,
)
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.forms import code_field
from accounts.permissions import Permission, permission_label
from accounts.series import SigningField
from crf import catalogue
from crf.engine.base import RecordState
from exports.compare.services import COMMON
from exports.database_lock.models import HandItem
from exports.database_lock.services import STEPS
from exports.formats.kinds import DataFormat
from exports.listed.catalogue import TABLES, USUAL
from exports.models import ArmShown, KeptCut, Rhythm
from exports.selected.selection import SELECTABLE, Selection, planned_visits
from kernel.clock import end_of_day
from kernel.days import written_moment, zone_in_words
from kernel.fields import DayField, InstantField, PasswordField, SeenField, WordsField
from kernel.service_form import ServiceForm

Rights = Callable[[Permission], bool]


class SelectingForm(ServiceForm):
    """What of the chosen forms and sites leaves: participants, visits, days, states, tables, and the arm."""

    participants = WordsField(
        label=_("Participants"),
        required=False,
        help_text=_("Numbers, with spaces between them. Empty: everybody at the chosen sites."),
    )
    visits = MultipleChoiceField(
        label=_("Visits"),
        required=False,
        widget=CheckboxSelectMultiple,
        help_text=_(
            "None: all. Records that are of no visit, such as logs, leave only without a choice here."
        ),
    )
    states = MultipleChoiceField(
        label=_("States of records"), required=False, widget=CheckboxSelectMultiple, help_text=_("None: all.")
    )
    since = DayField(
        label=_("Changed from"),
        required=False,
        help_text=_("Rows that were changed last on this day or later, by the calendar of the trial."),
    )
    until = DayField(label=_("Changed until"), required=False)
    tables = MultipleChoiceField(
        label=_("Tables beside the forms"), required=False, widget=CheckboxSelectMultiple
    )
    tables_offered = BooleanField(required=False, initial=True, widget=HiddenInput)
    arm = ChoiceField(
        label=_("Arm"),
        required=False,
        help_text=_(
            "Masked leaves out what only one arm has and what people typed; the codebook shows it, and the manifest "
            "names it. What happened to whom can still suggest the arm."
        ),
    )
    identifying = BooleanField(
        label=_("With answers that could say who a participant is"),
        required=False,
        help_text=_("That you take them, and what for, is put on record."),
    )
    narrowing = (
        "participants",
        "visits",
        "states",
        "since",
        "until",
        "tables",
        "tables_offered",
        "identifying",
    )

    def __init__(self, *args: Any, sites: list[tuple[str, str]], may: Rights, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = [(code, f"{code} {form.title}") for code, form in catalogue.forms().items()]
        usual = ("", _("As usual: shown in files of whole records alone, which have no other form"))
        arms = [*([] if may(Permission.ALLOCATION_LIST) else [usual]), *ArmShown.choices]
        if not may(Permission.EXPORT_ARM):
            arms = ArmShown.choices[1:][::-1]
        offered: dict[str, list[tuple[Any, Any]]] = {
            "forms": codes,
            "sites": [*sites],
            "visits": [(code, code) for code in planned_visits()],
            "states": [(state, RecordState(state).label) for state in SELECTABLE],
            "tables": [(table.name, f"{table.name} {table.title}") for table in TABLES],
            "arm": list(arms),
        }
        for name, choices in offered.items():
            field: Any = self.fields[name]
            field.choices = choices
        for name in ("forms", "sites"):
            self.fields[name].initial = [code for code, _label in offered[name]]
        self.fields["tables"].initial = list(USUAL)
        if not may(Permission.EXPORT_IDENTIFYING):
            del self.fields["identifying"]

    @property
    def chosen_first(self) -> list[BoundField]:
        """The fields that stand in the open."""
        shown = [field for field in self if field.name not in self.narrowing]
        return sorted(shown, key=lambda field: field.name == "arm")  # the arm comes last

    @property
    def chosen_beside(self) -> list[BoundField]:
        """The fields that narrow what leaves."""
        return [field for field in self if field.name in self.narrowing]

    @property
    def is_narrowed(self) -> bool:
        """Say whether something narrows already, or is refused there."""
        return self.is_bound and any(field.errors for field in self.chosen_beside)

    def arguments(self) -> dict[str, Any]:
        """Return what was typed, with what narrows as one selection."""
        typed = super().arguments()
        tables, offered = tuple(typed.pop("tables")), typed.pop("tables_offered")
        usual = set(tables) == set(USUAL) or (not tables and not offered)
        numbers = re.split(r"[\s,;，；、]+", typed.pop("participants").strip())
        selection = Selection(
            participants=tuple(filter(None, numbers)),
            visits=tuple(typed.pop("visits")),
            states=tuple(typed.pop("states")),
            since=typed.pop("since"),
            until=typed.pop("until"),
            tables=None if usual else tables,
            arm=typed.pop("arm"),
            identifying=typed.pop("identifying", False),
        )
        return {**typed, "selection": selection}


def leaving_field() -> BooleanField:
    """Return the question whether the data leave the country."""
    return BooleanField(
        label=_("The data leave mainland China"),
        required=False,
        help_text=_(
            "Then a filing of human genetic resources and a basis must be in force in the registers."
        ),
    )


class ExportForm(SelectingForm):
    """Forms, sites, moment and purpose of an export."""

    purpose = WordsField(
        label=_("Purpose"),
        max_length=200,
        help_text=_("Kept in the register of exports, for example “monthly data review”."),
    )
    data_format = ChoiceField(
        label=_("Format"),
        choices=DataFormat.choices,
        initial=DataFormat.CSV,
        help_text=_(
            "Codebook and code lists are CSV files beside tables. ODM-XML and the annotated CRF are one document."
        ),
    )
    leaves_country = leaving_field()
    forms = MultipleChoiceField(label=_("Forms"), required=False, widget=CheckboxSelectMultiple)
    sites = MultipleChoiceField(label=_("Sites"), widget=CheckboxSelectMultiple)
    cut = ChoiceField(
        label=_("Named cut"),
        required=False,
        help_text=_("A cut that has a name is exported as it was read first, byte for byte."),
    )
    cut_at = InstantField(
        zone=settings.TRIAL_TIME_ZONE,
        required=False,
        help_text=_(
            "Leave empty for the data as they stand now. An earlier moment shows them as they stood then."
        ),
    )
    cut_name = WordsField(
        label=_("Name for this cut"),
        required=False,
        max_length=80,
        help_text=_("For example “committee 3”. It is then offered here, and can be compared with others."),
    )

    def __init__(self, *args: Any, cuts: list[KeptCut], at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["cut"]
        choice.choices = [("", _now("None: now, or the moment below")), *map(_offered, cuts)]
        zone = zone_in_words(settings.TRIAL_TIME_ZONE, at=at)
        self.fields["cut_at"].label = _now("Data as of ({zone})").format(zone=zone)


class SavedExportForm(SelectingForm):
    """A choice of what an export holds, to be taken again, by hand or by a rhythm."""

    name = WordsField(label=_("Name"), max_length=80, help_text=_("For example “monthly review”."))
    purpose = WordsField(
        label=_("Purpose"), max_length=200, help_text=_("Kept in the register with each export of it.")
    )
    leaves_country = leaving_field()
    rhythm = ChoiceField(
        label=_("Taken"),
        choices=Rhythm.choices,
        initial=Rhythm.NEVER,
        help_text=_("By the calendar of the trial. You have a mail when it is ready."),
    )
    data_format = ChoiceField(label=_("Format"), choices=DataFormat.choices, initial=DataFormat.CSV)
    forms = MultipleChoiceField(label=_("Forms"), required=False, widget=CheckboxSelectMultiple)
    sites = MultipleChoiceField(label=_("Sites"), widget=CheckboxSelectMultiple)


def _offered(kept: KeptCut) -> tuple[str, str]:
    moment = written_moment(kept.cut_at.astimezone(ZoneInfo(settings.TRIAL_TIME_ZONE)))
    return kept.name, f"{kept.name} · {moment}"


class ComparisonForm(ServiceForm):
    """Which two cuts are compared, in which form and at which site."""

    before = ChoiceField(label=_("Earlier cut"))
    after = ChoiceField(label=_("Later cut"))
    form = ChoiceField(label=_("Form"), required=False)
    site = ChoiceField(label=_("Site"), required=False)

    def __init__(self, *args: Any, sites: list[tuple[str, str]], cuts: list[KeptCut], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sites = [code for code, _name in sites]
        offered = [_offered(kept) for kept in cuts]
        forms = [(code, f"{code} {form.title}") for code, form in catalogue.forms().items()]
        every, common = ("", _now("All")), (COMMON, _now("Tables that every export holds"))
        for name, choices in (
            ("before", offered[::-1]),
            ("after", offered),
            ("form", [every, common, *forms]),
            ("site", [every, *sites]),
        ):
            field: Any = self.fields[name]
            field.choices = choices

    @property
    def chosen_sites(self) -> list[str]:
        """The sites that are compared: the one chosen, else every one that the person may take data of."""
        return [self.cleaned_data["site"]] if self.cleaned_data["site"] else self.sites


class ComparisonFileForm(ServiceForm):
    """What the file of a comparison is taken for."""

    purpose = WordsField(
        label=_("Purpose"), max_length=200, help_text=_("Kept in the audit trail with who took the file.")
    )


class NameCutForm(ServiceForm):
    """The name of a cut that has none."""

    cut_name = WordsField(label=_("Name for this cut"), max_length=80)


class TakeCutForm(NameCutForm):
    """The name under which the present moment is kept."""

    is_atomic = False


class DatabaseLockForm(ServiceForm):
    """One step with the lock of the database; the button says which."""

    step = ChoiceField(choices=[(each, "") for each in STEPS], widget=HiddenInput)
    seen = SeenField(max_length=64, required=False)
    item = ChoiceField(
        choices=[("", ""), *((each.value, "") for each in HandItem)], widget=HiddenInput, required=False
    )
    reason = WordsField(label=_("Purpose, reason or note"), required=False, max_length=200)
    password = SigningField(label=_("Your password"), required=False)


class CasebookForm(ServiceForm):
    """What a casebook is made for, and in which language."""

    purpose = WordsField(
        label=_("Purpose"),
        max_length=200,
        help_text=_("Kept in the audit trail, for example “archive of the site”."),
    )
    language = ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class TokenForm(ServiceForm):
    """What a token is for, what it opens, and until when."""

    name = WordsField(label=_("What it is for"), max_length=80)
    expires_on = DayField(label=_("Valid to the end of"))
    scopes = MultipleChoiceField(
        label=_("Rights"),
        widget=CheckboxSelectMultiple,
        help_text=_("Give a program only what it needs. It never gets more than you hold yourself."),
    )

    leaves_country = leaving_field()
    password = PasswordField(
        label=_("Password"),
        widget=PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_(
            "A token acts as you. Type your password, so that nobody makes one at a screen left open."
        ),
    )
    code = code_field(required=False, help_text=_("Six digits, if your account has a second factor."))

    def __init__(self, *args: Any, rights: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["scopes"]
        field.choices = [(right, permission_label(right)) for right in rights]

    def arguments(self) -> dict[str, Any]:
        """Return the token as the service takes it: valid until the day is over where the trial is run."""
        typed = self.cleaned_data
        until = end_of_day(typed["expires_on"], settings.TRIAL_TIME_ZONE)
        scopes = [Permission(right) for right in typed["scopes"]]
        return {
            "name": typed["name"],
            "scopes": scopes,
            "expires_at": until,
            "leaves_country": typed["leaves_country"],
            "password": typed["password"],
            "code": typed["code"],
        }


class EndAccessForm(ServiceForm):
    """Why the token or calendar address of somebody is revoked."""

    reason = WordsField(label=_("Reason"), max_length=200)


class ExportViewForm(ServiceForm):
    """What the table that is seen is exported for, and in which format."""

    purpose = WordsField(
        label=_("Purpose"), max_length=200, help_text=_("Kept in the register with each export of it.")
    )
    data_format = ChoiceField(
        label=_("Format"),
        choices=[(kind.value, kind.label) for kind in DataFormat if not kind.is_document],
        initial=DataFormat.CSV,
    )


class SaveViewForm(ServiceForm):
    """Under which name the table that is seen is kept, and what for."""

    name = WordsField(label=_("Name"), max_length=80, help_text=_("For example “adverse events of grade 3”."))
    purpose = WordsField(
        label=_("Purpose"), max_length=200, help_text=_("Kept in the register with each export of it.")
    )
