"""What is typed into the page of a comment."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from crf.records.comments import LONGEST_COMMENT
from kernel.fields import WordsField
from kernel.service_form import ServiceForm


class CommentForm(ServiceForm):
    """A comment on one answer."""

    target = forms.ChoiceField(label=_("About"))
    text = WordsField(
        label=_("Comment"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "It is kept with your name, shown to everybody who sees the form, and leaves with exports. Names and other "
            "identifying words do not belong here."
        ),
    )

    def __init__(self, *args: object, targets: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = targets  # type: ignore[attr-defined]
