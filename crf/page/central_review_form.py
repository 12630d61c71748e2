"""What a reviewer types: one code for each question of the review, and a comment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.central_review.cases import ReviewedRecord, ReviewState
from kernel.fields import SeenField, WordsField
from kernel.service_form import ServiceForm


class AnswerReviewForm(ServiceForm):
    """The answer of one reviewer to one central review; who decides between reviewers says why."""

    comment = WordsField(
        label=_("Comment"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Without names and without the arm."),
    )
    seen = SeenField()

    def __init__(self, *args: Any, case: ReviewedRecord, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = case.review.questions
        questions = catalogue.form(case.review.form).questions
        for name in self.asked:
            codes = questions[name].codes
            choices = list(codes.labels.items()) if codes else []
            self.fields[name] = forms.ChoiceField(
                label=questions[name].text, choices=choices, widget=forms.RadioSelect
            )
        self.fields["seen"].initial = case.token
        self.fields["comment"].required = case.state == ReviewState.DISAGREES
        self.order_fields([*self.asked, "comment"])

    def arguments(self) -> dict[str, Any]:
        typed = dict(self.cleaned_data)
        return {"answers": {name: typed.pop(name) for name in self.asked}, **typed}
