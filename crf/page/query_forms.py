"""What is typed into the pages of queries and of checks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.fields import SeenField, WordsField
from kernel.service_form import ServiceForm

LONGEST_WORDS = 1000
Choices = list[tuple[str, str]]


class WordsForm(ServiceForm):
    """A few words; whether they are needed is the service's to say."""

    text = WordsField(
        label=_("Your words"),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(WordsForm):
    """The same words, as the reason why an answer is right."""

    def arguments(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["text"]}


class AssigneeForm(ServiceForm):
    """To whom a query is assigned."""

    assignee = forms.ChoiceField(label=_("Assigned to"), required=False)

    def __init__(self, *args: object, assignees: Choices, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].choices = assignees  # type: ignore[attr-defined]


class GeneralAskForm(AssigneeForm, WordsForm):
    """A question about a visit or a participant."""

    field_order: tuple[str, ...] = ("text", "assignee")


class AskForm(GeneralAskForm):
    """A question about one answer of a form, a row, or the form as a whole."""

    target = forms.ChoiceField(label=_("About"), required=False)
    field_order = ("target", "text", "assignee")

    def __init__(self, *args: object, targets: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [("", _("the whole form")), *targets]  # type: ignore[attr-defined]


class BulkForm(ServiceForm):
    """One step with many rows, and what was shown that it would do."""

    seen = SeenField(max_length=64)

    def arguments(self) -> dict[str, Any]:
        return {"seen": self.cleaned_data["seen"]}


class MarkForm(ServiceForm):
    """Why a check is marked, and to which version of the data validation plan that belongs."""

    reason = WordsField(
        label=_("Why"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    plan_version = WordsField(label=_("Version of the data validation plan"), required=False, max_length=20)


class EndMarkForm(ServiceForm):
    """Why a mark of a check is taken away."""

    reason = WordsField(
        label=_("Why"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
