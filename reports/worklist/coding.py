"""The section about words that wait to be coded."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from crf.coding.worklist import listed, words_of
from kernel.pagination import MOST
from reports.worklist.sections import SHOWN, WorkItem, WorkListSection


def words_to_code(user: User, today: date) -> WorkListSection:
    """Return the words that nobody has coded, or that changed since, each with the page on which it is coded.

    They come from several forms, so that no window counts them: a bounded list does, in the same question.
    """
    rows = list(listed(user, {}, {})[: MOST + 1])
    items = [
        WorkItem(
            words.number,
            f"{words.words} · {words.item.form.title}",
            reverse("crf:code-words", args=[words.record_id, words.item.key]),
        )
        for words in words_of(rows[:SHOWN])
    ]
    return WorkListSection(
        _("Words to code"),
        "journal-check",
        _("No words wait to be coded."),
        items,
        len(rows),
        reverse("crf:coding"),
    )
