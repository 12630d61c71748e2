"""What is asked before an export is taken."""

from __future__ import annotations

from typing import Any

from django.forms import CharField, CheckboxSelectMultiple, DateTimeField, Form, MultipleChoiceField
from django.utils.translation import gettext_lazy as _

from crf import catalogue


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
