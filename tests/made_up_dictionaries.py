"""Tiny dictionaries in the layout of MedDRA's and WHODrug's releases. Every code, word and class is made up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def llt(code: str, name: str, preferred: str, *, current: str = "Y") -> str:
    return f"{code}${name}${preferred}$$$$$$${current}$$"


def hierarchy(codes: str, names: str, *, primary: str = "Y") -> str:
    return f"{codes}${names}$Mad$$93000001${primary}$"


PATH = "90000001$91000001$92000001$93000001"
MEDDRA: Mapping[str, str] = MappingProxyType(
    {
        "llt.asc": "\n".join(
            (
                llt("90000001", "Nose discolouration", "90000001"),
                llt("90000011", "Blue nose", "90000001"),
                llt("90000012", "Azure nose", "90000001", current="N"),
                llt("90000002", "Nose ringing", "90000002"),
                llt("10016288", "Feverish nose", "90000002"),
            )
        ),
        "mdhier.asc": "\n".join(
            (
                hierarchy(PATH, "Nose discolouration$Nose colours$Nose disorders$Disorders of made-up noses"),
                hierarchy("90000001$91000009$92000009$93000009", "Nose discolouration$X$Y$Z", primary="N"),
                hierarchy(
                    "90000002$91000002$92000001$93000001",
                    "Nose ringing$Nose sounds$Nose disorders$Disorders of made-up noses",
                ),
            )
        ),
    }
)
# The next version: one term has another name and another preferred term, one is no longer current.
MEDDRA_NEXT: Mapping[str, str] = MappingProxyType(
    {
        "llt.asc": "\n".join(
            (
                llt("90000001", "Nose discolouration", "90000001"),
                llt("90000011", "Bluish nose", "90000002"),
                llt("90000002", "Nose ringing", "90000002", current="N"),
                llt("10016288", "Feverish nose", "90000002"),
            )
        ),
        "mdhier.asc": MEDDRA["mdhier.asc"],
    }
)
MEDDRA_ZH: Mapping[str, str] = MappingProxyType(
    {
        "llt.asc": "\n".join(
            (llt("90000001", "虚构鼻变色", "90000001"), llt("90000011", "虚构蓝鼻", "90000001"))
        ),
        "mdhier.asc": hierarchy(PATH, "虚构鼻变色$虚构鼻色$虚构鼻病$虚构鼻类疾病"),
    }
)


def dd(drug: str, salt: str, name_number: str, name: str) -> str:
    return f"{drug}{salt}{name_number}".ljust(30) + name


def dda(drug: str, salt: str, name_number: str, atc: str) -> str:
    return f"{drug}{salt}{name_number}5261{atc:<7} "


WHODRUG: Mapping[str, str] = MappingProxyType(
    {
        "DD.txt": "\n".join(
            (
                dd("900001", "01", "001", "Nasamide"),
                dd("900001", "01", "002", "Nasofix"),
                dd("900002", "01", "001", "Rhinolol"),
                dd("900003", "01", "001", "Twin"),
                dd("900004", "01", "001", "Twin"),
            )
        ),
        "DDA.txt": "\n".join(
            (
                dda("900001", "01", "001", "Z01AA01"),
                dda("900001", "01", "001", "Z02B"),
                dda("900002", "01", "001", "Z03AA"),
            )
        ),
        "INA.txt": "Z01AA015nasamide\nZ02B   3OTHER NOSE DRUGS\n",
    }
)


def write_release(folder: Path, texts: Mapping[str, str]) -> str:
    """Write the files of a release into a folder of their own."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)
