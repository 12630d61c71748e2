"""Tests, units and results as hospital systems write them, line by line (protocol 3.4 G).

``test<TAB>result<TAB>unit``, with anything behind it, or a column of results alone. A line that is not understood
is told by its number and with its words; none is guessed. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from protocol.laboratory import MOST_LINES, TESTS, read_result

NAMES: Final = MappingProxyType(
    {
        "HGB": ("hb", "hgb", "haemoglobin", "hemoglobin", "血红蛋白", "血红蛋白浓度", "血红蛋白测定"),
        "WBC": (
            "wbc",
            "white cells",
            "white blood cells",
            "leukocytes",
            "白细胞",
            "白细胞计数",
            "白细胞数目",
        ),
        "NEUT": (
            "neut",
            "neut#",
            "neu#",
            "anc",
            "neutrophils",
            "中性粒细胞",
            "中性粒细胞计数",
            "中性粒细胞绝对值",
            "中性粒细胞数目",
        ),
        "LYM": (
            "lym",
            "lym#",
            "lymph#",
            "alc",
            "lymphocytes",
            "淋巴细胞",
            "淋巴细胞计数",
            "淋巴细胞绝对值",
            "淋巴细胞数目",
        ),
        "PLAT": ("plt", "plat", "platelets", "血小板", "血小板计数", "血小板数目"),
        "ALT": ("alt", "gpt", "sgpt", "丙氨酸氨基转移酶", "谷丙转氨酶"),
        "AST": ("ast", "got", "sgot", "天门冬氨酸氨基转移酶", "天冬氨酸氨基转移酶", "谷草转氨酶"),
        "BILI": ("bili", "tbil", "tbili", "total bilirubin", "bilirubin, total", "bilirubin", "总胆红素"),
        "ALP": ("alp", "alkaline phosphatase", "碱性磷酸酶"),
        "GGT": ("ggt", "γ-gt", "r-gt", "谷氨酰转肽酶", "γ-谷氨酰转移酶", "γ-谷氨酰转肽酶", "谷氨酰转移酶"),
        "ALB": ("alb", "albumin", "白蛋白"),
        "CREAT": ("cr", "crea", "creat", "scr", "creatinine", "肌酐", "血肌酐"),
        "CREATCLR": ("ccr", "crcl", "creatinine clearance", "肌酐清除率"),
        "UREA": ("urea", "bun", "尿素", "尿素氮"),
        "SODIUM": ("na", "na+", "sodium", "钠", "血钠"),
        "K": ("k", "k+", "potassium", "钾", "血钾"),
        "CL": ("cl", "cl-", "chloride", "氯", "血氯"),
        "CA": ("ca", "ca2+", "calcium", "钙", "血钙", "总钙"),
        "MG": ("mg", "mg2+", "magnesium", "镁", "血镁"),
        "GLUC": ("glu", "gluc", "glucose", "葡萄糖", "血糖", "空腹血糖"),
        "LDH": ("ldh", "lactate dehydrogenase", "乳酸脱氢酶"),
        "CK": ("ck", "cpk", "creatine kinase", "肌酸激酶"),
        "TROPONI": (
            "ctni",
            "tni",
            "hs-tni",
            "hs-ctni",
            "troponin i",
            "肌钙蛋白i",
            "超敏肌钙蛋白i",
            "高敏肌钙蛋白i",
        ),
        "TROPONT": (
            "ctnt",
            "tnt",
            "hs-tnt",
            "hs-ctnt",
            "troponin t",
            "肌钙蛋白t",
            "超敏肌钙蛋白t",
            "高敏肌钙蛋白t",
        ),
        "BNPPRONT": (
            "nt-probnp",
            "ntprobnp",
            "n末端b型钠尿肽前体",
            "n端-b型钠尿肽前体",
            "氨基末端脑钠肽前体",
        ),
        "TSH": ("tsh", "s-tsh", "促甲状腺激素", "促甲状腺素"),
        "T4FR": ("ft4", "free t4", "游离甲状腺素", "游离t4"),
        "T3FR": ("ft3", "free t3", "游离三碘甲状腺原氨酸", "游离t3"),
        "CORT": ("cort", "cor", "cortisol", "皮质醇"),
        "ACTH": ("acth", "促肾上腺皮质激素"),
        "LIPASET": ("lip", "lps", "lipase", "脂肪酶"),
        "AMYLASE": ("amy", "ams", "amylase", "淀粉酶"),
        "CRP": ("crp", "hs-crp", "c-reactive protein", "c反应蛋白", "超敏c反应蛋白"),
        "PCT": ("pct", "procalcitonin", "降钙素原"),
        "INR": ("inr", "国际标准化比值"),
        "APTT": ("aptt", "活化部分凝血活酶时间"),
        "HBSAG": ("hbsag", "乙肝表面抗原", "乙型肝炎表面抗原"),
        "HBVDNA": ("hbv dna", "hbv-dna", "hbvdna", "乙肝病毒dna", "乙型肝炎病毒dna"),
        "HCAB": ("anti-hcv", "hcv-ab", "hcvab", "丙肝抗体", "丙型肝炎抗体", "丙型肝炎病毒抗体"),
        "HIVAB": ("hiv", "anti-hiv", "hiv antibody", "hiv抗体", "艾滋病抗体", "hivag/ab"),
        "SCCAG": ("scc", "scca", "scc antigen", "鳞状细胞癌抗原", "鳞癌抗原", "鳞状上皮细胞癌抗原"),
        "CEA": ("cea", "癌胚抗原"),
        "UPROT": ("pro", "u-pro", "urine protein", "尿蛋白", "尿蛋白质"),
        "CTDNA": ("ctdna", "循环肿瘤dna"),
    }
)
SPELLINGS: Final = MappingProxyType(
    {
        "10^9/L": (
            "10^9/l",
            "x10^9/l",
            "*10^9/l",
            "×10^9/l",
            "10e9/l",
            "10*9/l",
            "g/l cells",
            "10⁹/l",
            "×10⁹/l",
        ),
        "10^3/uL": ("10^3/ul", "k/ul", "×10^3/ul", "x10^3/ul", "10³/ul"),
        "/uL": ("/ul", "cells/ul", "/mm3"),
        "U/L": ("u/l", "iu/l"),
        "ukat/L": ("ukat/l",),
        "ug/L": ("ug/l", "mcg/l"),
        "umol/L": ("umol/l",),
        "mL/min": ("ml/min",),
        "ng/L": ("ng/l",),
        "s": ("s", "sec", "秒"),
        "ratio": ("ratio", "", "inr", "1"),
        "IU/mL": ("iu/ml",),
        "mIU/L": ("miu/l", "mu/l"),
        "uIU/mL": ("uiu/ml", "uu/ml"),
    }
)
BLANKS, SEPARATOR = re.compile(r"\s+"), re.compile(r"\t|;|\|| {2,}")
TRAILING_CODE = re.compile(r"\s*[(（\[][A-Za-z0-9#+γ/ -]+[)）\]]\s*$")


class Why(StrEnum):
    """Why a line is not taken over."""

    TEST = "test"
    RESULT = "result"
    UNIT = "unit"
    TWICE = "twice"
    TOO_MANY = "too_many"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says, or why it is not understood; ``number`` counts from 1."""

    number: int
    text: str
    test: str = ""
    result: str = ""
    unit: str = ""
    why: Why | None = None


def _folded(word: str) -> str:
    return BLANKS.sub(" ", word.strip().replace("μ", "u").replace("µ", "u")).lower()


_BY_NAME: Final = {_folded(name): code for code, names in NAMES.items() for name in (code, *names)}


def code_named(word: str) -> str | None:
    """The test that a word stands for; a short name in brackets behind it is tried too: 白细胞计数(WBC)."""
    whole = _folded(word)
    if whole in _BY_NAME:
        return _BY_NAME[whole]
    bracket = TRAILING_CODE.search(whole)
    if bracket is None:
        return None
    inside, before = bracket.group().strip(" ()（）[]"), whole[: bracket.start()].strip()
    return _BY_NAME.get(before) or _BY_NAME.get(inside)


def unit_named(test: str, word: str) -> str | None:
    """The unit of the test that a word stands for."""
    whole = _folded(word).replace(" ", "")
    for unit in TESTS[test].factors:
        if whole in (_folded(unit).replace(" ", ""), *SPELLINGS.get(unit, ())):
            return unit
    return None


def cells(text: str) -> list[str]:
    """The parts of a line, between tabs, semicolons, strokes or two blanks."""
    return [part.strip() for part in SEPARATOR.split(text.strip())]


def read_lines(lines: Iterable[str], *, order: Sequence[str] = ()) -> list[Line]:
    """What each line says; a column of results alone takes the tests in ``order``. Empty lines say nothing.

    The text is in plain signs. In a column an empty line stands for a test without a result.
    """
    typed = list(lines)
    while typed and not typed[-1].strip():
        typed.pop()
    column = all(len(cells(line)) == 1 and not code_named(line) for line in typed)
    return list(_column(typed, order) if column else _lines(typed))


def _column(typed: list[str], order: Sequence[str]) -> Iterator[Line]:
    for number, text in enumerate(typed, start=1):
        if not text.strip():
            continue
        if number > len(order):
            yield Line(number, text, why=Why.TOO_MANY)
        elif read_result(order[number - 1], text) is None:
            yield Line(number, text, order[number - 1], why=Why.RESULT)
        else:
            yield Line(number, text, order[number - 1], text.strip())


def _lines(typed: list[str]) -> Iterator[Line]:
    seen: set[str] = set()
    for number, text in enumerate(typed, start=1):
        if not text.strip():
            continue
        line = _line(number, text) if number <= MOST_LINES else Line(number, text, why=Why.TOO_MANY)
        if line.why is None and line.test in seen:
            line = Line(number, text, line.test, why=Why.TWICE)
        seen |= {line.test} if line.why is None else set()
        yield line


def _line(number: int, text: str) -> Line:
    parts = cells(text)
    test = code_named(parts[0])
    if test is None:
        return Line(number, text, why=Why.TEST)
    result = next(iter(parts[1:]), "")
    if read_result(test, result) is None:
        return Line(number, text, test, why=Why.RESULT)
    if TESTS[test].codes:
        return Line(number, text, test, result)
    units = [unit for part in parts[2:] if (unit := unit_named(test, part)) is not None and part]
    if not units and any(parts[2:]):
        return Line(number, text, test, why=Why.UNIT)
    return Line(number, text, test, result, units[0] if units else "")
