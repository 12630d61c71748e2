"""Answers of another form typed into this one by a press, for browsers without scripts; nothing is saved."""

from __future__ import annotations

from typing import Any

from crf.engine.submission import raw_of_post
from crf.page.editor import RecordEditor
from crf.page.form_page import FormPage
from crf.page.taken import known_answers

TAKE = "take "  # and the name of the question


def take_over(editor: RecordEditor, data: Any) -> FormPage:
    """Return the page with the answer that another form has; it is kept as a draft, as anything typed is.

    A question for which no other form has an answer stays as it is.
    """
    raw, name = raw_of_post(data), data["_action"].removeprefix(TAKE)
    if known := known_answers(editor.form, editor.form_context, zone=editor.zone).get(name):
        raw[name] = list(known.typed)
        raw.pop(f"{name}__why", None)
    review = editor.review(raw)
    editor.keep(review)
    return editor.page_of(review, announce=False)
