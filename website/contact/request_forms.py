"""What a centre types about a contact request, and what trial managers type for the readers of the news."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.fields import ClockField, DayField, WordsField, field_of_column
from kernel.service_form import ServiceForm, ServiceModelForm
from trials.models import NewsLetter
from trials.models.requests import CallResult, RequestState, UnsuitableReason

LONGEST_REMARK: Final = 500
ENDINGS: Final = (RequestState.NOT_SUITABLE, RequestState.DECLINED, RequestState.UNREACHED)


def _remark() -> WordsField:
    return WordsField(
        label=_("Remark"),
        required=False,
        max_length=LONGEST_REMARK,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Read by your centre only, and erased with the request. Nothing about health."),
    )


class CallForm(ServiceForm):
    """One call: when, with what result, and when to call again."""

    on = DayField(label=_("Called on"))
    time = ClockField(label=_("At"))
    result = forms.ChoiceField(label=_("Result"), choices=CallResult.choices, widget=forms.RadioSelect)
    again_on = DayField(label=_("Call again on"), required=False)
    remark = _remark()

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def arguments(self) -> dict[str, Any]:
        """Return the call as the service takes it, its time in the zone of the site."""
        typed = dict(self.cleaned_data)
        typed["called_at"] = datetime.combine(typed.pop("on"), typed.pop("time"), tzinfo=self.zone)
        return typed


class InviteForm(ServiceForm):
    remark = _remark()


class EndForm(ServiceForm):
    """How a request ended without screening."""

    how = forms.ChoiceField(
        label=_("How it ended"),
        choices=[(ending.value, ending.label) for ending in ENDINGS],
        widget=forms.RadioSelect,
    )
    reason = forms.ChoiceField(
        label=_("Why not suitable"),
        choices=[("", "–"), *UnsuitableReason.choices],
        required=False,
        help_text=_("Only when the person is not suitable."),
    )
    remark = _remark()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        unsuitable = cleaned.get("how") == RequestState.NOT_SUITABLE
        if unsuitable and not cleaned.get("reason"):
            self.add_error("reason", _("Choose why the person is not suitable."))
        if not unsuitable and cleaned.get("reason"):
            self.add_error(
                "reason", _("A reason belongs to “not suitable” only. Leave it empty or choose that ending.")
            )
        return cleaned


class SureForm(ServiceForm):
    """Nothing to type: the button is the answer."""


class LetterForm(ServiceModelForm):
    approved_on = DayField(label=_("Approved by the ethics committee on"))

    class Meta:
        model = NewsLetter
        fields = ("subject_en", "subject_zh", "text_en", "text_zh", "approved_on", "approval")
        formfield_callback = field_of_column
        widgets = {"text_en": forms.Textarea(attrs={"rows": 8}), "text_zh": forms.Textarea(attrs={"rows": 8})}
