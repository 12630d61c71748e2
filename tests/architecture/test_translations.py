"""Every text has its Chinese translation, with the same placeholders and one name for a thing; the catalogue holds
no others.
"""

from __future__ import annotations

import re
from pathlib import Path

from palace3.translations import Catalogue, faults, texts_of_project, translation_of

ROOT = Path(__file__).resolve().parents[2]


def test_every_text_is_translated() -> None:
    assert faults(Catalogue(ROOT), texts_of_project(ROOT)) == []


# One name a thing: what stands on the left was written once beside what stands on the right.
MENDED = {
    "生存状况": "生存随访表",
    "生存表单": "生存随访表",
    "生存状态表": "生存随访表",
    "重复咬取活检": "深凿活检（bite-on-bite）",
    "申办方": "申办者",
    "原始资料": "源文件",
    "送检淋巴结": "检出淋巴结",
    "代食管器官": "替代器官",
    "首选术语": "首选语",
    "粒细胞缺乏性发热": "发热性中性粒细胞减少",
    "在世受试者": "在组受试者",
    "与源数据核查": "与源数据核对",
    "入选资格决定": "入排决定",
    "提议的方案偏离": "待确认的方案偏离",
    "累及管周范围": "累及食管周径",
    "由机会决定": "由随机分配（像抽签一样）决定",
    "安全性时限": "SAE 报告时限",
    "晚期毒性": "远期毒性",
    "参与者": "受试者",
    "审计追踪": "稽查轨迹",
    "试验经理": "项目经理",
}


def test_a_thing_has_one_name_in_chinese() -> None:
    texts = [
        ROOT / "locale/zh_Hans/LC_MESSAGES/django.po",
        *sorted((ROOT / "protocol/versions").glob("*.toml")),
        *sorted((ROOT / "website").rglob("*.toml")),
        *sorted((ROOT / "palace3/help").glob("*.toml")),
        *sorted((ROOT / "templates").rglob("*.html")),
    ]
    spelled = [
        f"{path.relative_to(ROOT)}: {old} is {new}"
        for path in texts
        for old, new in MENDED.items()
        if old in path.read_text(encoding="utf-8")
    ]
    assert not spelled, "\n".join(spelled)


# Days and times are written closed (2026年5月7日, 8时30分); a letter, number or code stands apart from the words.
HAN = "[\u4e00-\u9fff]"
CLOSED_UP = re.compile(rf"{HAN}[0-9A-Za-z]|[0-9A-Za-z](?![年月日号点]|时(?!间)|分(?!钟)){HAN}")
DAY = re.compile(r"年\d{1,2}月|月\d{1,2}日|[日号]\d{1,2}[时点]|[时点]\d{1,2}分")
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


# What templates write themselves is the same in both languages, so that no sign of one language may be among it.
BY_ITSELF = re.compile(r"(?<=[}>]):(?:</\w+>)? (?=[{<_])")
SPOKEN = re.compile(r'visually-hidden">$|visually-hidden">[^<]*$|aria-label="[^>]*$')
NO_TEXT = re.compile(
    r"\{%\s*blocktranslate.*?\{%\s*endblocktranslate\s*%\}|<(style|script)>.*?</\1>", re.DOTALL
)


def test_what_is_kept_in_english_is_told_in_the_readers_language() -> None:
    """Before, papers printed what a signature means in English whatever the language of the paper."""
    kept = re.compile(r"{{[^}]*\b(?:meaning|lapse_cause)\b[^}]*}}")
    templates = sorted((ROOT / "templates").rglob("*.html"))
    assert [path.name for path in templates if kept.search(path.read_text(encoding="utf-8"))] == []


def test_no_template_writes_a_colon_that_chinese_readers_see() -> None:
    """The colon after a label is a text of its own, for Chinese has another one; what is only spoken has no shape."""
    seen = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = NO_TEXT.sub("", path.read_text(encoding="utf-8"))
        places = [match.start() for match in BY_ITSELF.finditer(text)]
        seen += [
            f"{path.relative_to(ROOT)}: {text[max(0, place - 60) : place + 20]}"
            for place in places
            if not SPOKEN.search(text[max(0, place - 160) : place])
        ]
    assert seen == []


def test_letters_and_numbers_stand_apart_from_chinese_words() -> None:
    texts = [translation_of(entry) for entry in Catalogue(ROOT).file]
    closed = [text for text in texts if CLOSED_UP.search(DAY.sub("", PLACE.sub("…", text)))]
    assert closed == []
