"""What is asked before an export is taken."""

from __future__ import annotations

from typing import Any

from django.forms import (
    CharField,
    CheckboxSelectMultiple,
    DateField,
    DateTimeField,
    Form,
    MultipleChoiceField,
)
from django.utils.translation import gettext_lazy as _

from accounts.permissions import permission_label
from crf import catalogue
from trials.forms import DayInput


class ExportForm(Form):
    """Forms, sites, moment and purpose of an export."""

    purpose = CharField(
        label=_("Purpose"),
        max_length=200,
        help_text=_("Kept in the register of exports, for example “monthly data review”."),
    )
    forms = MultipleChoiceField(label=_("Forms"), widget=CheckboxSelectMultiple)
    sites = MultipleChoiceField(label=_("Sites"), widget=CheckboxSelectMultiple)
    cut_at = DateTimeField(
        label=_("Data as of (UTC)"),
        required=False,
        help_text=_("Leave empty for now. An earlier moment shows the data as they stood then."),
    )

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = [(code, f"{code} {form.title}") for code, form in catalogue.forms().items()]
        for name, choices in (("forms", codes), ("sites", sites)):
            field: Any = self.fields[name]
            field.choices = choices
            field.initial = [code for code, _label in choices]


class TokenForm(Form):
    """What a token is for, what it opens, and until when."""

    name = CharField(label=_("What it is for"), max_length=80)
    expires_on = DateField(label=_("Valid until"), widget=DayInput())
    scopes = MultipleChoiceField(
        label=_("Rights"),
        widget=CheckboxSelectMultiple,
        help_text=_("Give a program only what it needs. It never gets more than you hold yourself."),
    )

    def __init__(self, *args: Any, rights: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["scopes"]
        field.choices = [(right, permission_label(right)) for right in rights]
