"""What is typed when somebody is registered, and about who may be registered twice (ADR 56)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kernel.fields import DayField, WordsField
from kernel.service_form import ServiceForm
from trials.identity import CARD_END, TypedIdentity, identity_is_asked, plain_card_end
from trials.models import SamePersonOutcome, Site
from trials.services.same_person import NoIdentityTyped


class IdentityForm(ServiceForm):
    """Who a participant is, typed to notice a second registration and kept as keyed digests alone (ADR 56)."""

    needs_identity: ClassVar[bool] = True

    surname = WordsField(
        label=_("Surname, as on the identity card"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    born_on = DayField(label=_("Day of birth"), required=False)
    card_end = WordsField(
        label=_("Last four signs of the identity card"),
        max_length=8,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "All three may stay empty. They are not kept: the system keeps codes made from them with a key outside "
            "the database, and nobody can read a name from these. If another centre registered the same person, both "
            "centres are told to ask the study centre."
        ),
    )

    def clean_card_end(self) -> str:
        """Four signs as they are printed, or none."""
        typed = plain_card_end(self.cleaned_data["card_end"])
        if typed and not CARD_END.fullmatch(typed):
            raise forms.ValidationError(_("Type the last four signs: digits, the last one perhaps an X."))
        return typed

    def clean(self) -> dict[str, Any]:
        """A day of birth with a surname or a card; on the page of registering, nothing at all as well."""
        cleaned = super().clean() or {}
        typed = [bool(cleaned.get(name)) for name in ("born_on", "surname", "card_end")]
        is_whole = typed[0] and any(typed[1:])
        if not self.errors and not is_whole and (self.needs_identity or any(typed)):
            self.add_error(None if self.needs_identity else "born_on", str(NoIdentityTyped()))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """Return what was typed as one value, so that nothing else reads its parts."""
        typed = dict(self.cleaned_data)
        surname, born_on, card_end = (typed.pop(name, None) for name in ("surname", "born_on", "card_end"))
        identity = TypedIdentity(born_on, surname or "", card_end or "") if born_on else None
        return {**typed, "identity": identity}


class SettleSamePersonForm(ServiceForm):
    outcome = forms.ChoiceField(
        label=_("What was found"), choices=SamePersonOutcome.choices, widget=forms.RadioSelect
    )
    reason = WordsField(
        label=_("On what this rests"),
        max_length=200,
        help_text=_("Both sites may read it: no number of a participant, and no name."),
    )


class RegisterForm(IdentityForm):
    needs_identity = False
    field_order = ("site", "surname", "born_on", "card_end")

    site: Any = forms.ModelChoiceField(label=_("Site"), queryset=None, empty_label=None)

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not identity_is_asked():
            for name in ("surname", "born_on", "card_end"):
                del self.fields[name]
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
