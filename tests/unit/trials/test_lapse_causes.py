"""Why a decision on eligibility lapsed is told in the reader's language, under whichever words it was kept."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from trials.lapse_causes import told

CHAPTERS = ("3.3",)


@pytest.mark.parametrize(
    ("kept", "english", "chinese"),
    [
        (
            "An answer on the form DM was changed.",
            "An answer on the form DM was changed.",
            "表单 DM 中有一项填写内容已修改。",
        ),
        ("A new decision took its place.", "A new decision took its place.", "已由新的入排决定取代。"),
        ("replaced by a new decision", "A new decision took its place.", "已由新的入排决定取代。"),
        (
            "the site follows protocol version 2.0 now",
            "The site follows version 2.0 of the protocol now.",
            "中心现已执行方案版本 2.0。",
        ),
        (
            "表单 DM 中有一项填写内容已修改。",
            "表单 DM 中有一项填写内容已修改。",
            "表单 DM 中有一项填写内容已修改。",
        ),
        ("", "", ""),
    ],
)
def test_a_cause_is_told_in_the_readers_language(kept: str, english: str, chinese: str) -> None:
    with override("en"):
        assert told(kept) == english
    with override("zh-hans"):
        assert told(kept) == chinese
