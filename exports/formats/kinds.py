"""Which formats there are, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class DataFormat(models.TextChoices):
    CSV = "csv", _("CSV, with scripts that read it in R, Python, SAS and Stata")
    CSV_EXCEL = "csv-excel", _("CSV for Excel: no cell is run as a formula")
    XLSX = "xlsx", _("Excel workbooks (.xlsx)")
    PARQUET = "parquet", _("Parquet")
    XPT = "xpt", _("SAS transport, version 5 (.xpt)")
    SAV = "sav", _("SPSS (.sav)")
    DTA = "dta", _("Stata (.dta)")
    ODM132 = "odm132", _("CDISC ODM-XML 1.3.2: definitions, and answers as they stand")
    ODM132_ALL = "odm132-all", _("CDISC ODM-XML 1.3.2: definitions, and every version of the answers")
    ODM132_DEF = "odm132-def", _("CDISC ODM-XML 1.3.2: definitions alone")
    ODM20 = "odm20", _("CDISC ODM-XML 2.0: definitions, and answers as they stand")
    ODM20_ALL = "odm20-all", _("CDISC ODM-XML 2.0: definitions, and every version of the answers")
    ODM20_DEF = "odm20-def", _("CDISC ODM-XML 2.0: definitions alone")
    ACRF = "acrf", _("Annotated CRF: every blank form with its variables (PDF)")
    ADAM = "adam", _("ADaM: analysis data sets by arm, with Define-XML and scripts (for the statistician)")
    CASEBOOKS = "casebooks", _("Casebooks: everything about each participant on paper, a file each (PDF/A)")
    USDM = "usdm", _("USDM 4.0 study definition (JSON), and sections of the protocol by ICH M11")

    @property
    def is_document(self) -> bool:
        """Say whether it is one document, not a file for each table."""
        return self.value.startswith("odm") or self is DataFormat.ACRF

    @property
    def is_package(self) -> bool:
        """Say whether it is files that are worked out together, not one for each table of the database."""
        return self in (DataFormat.ADAM, DataFormat.USDM)

    @property
    def is_printed(self) -> bool:
        """Say whether it is a paper for each participant, made one by one from the records as they stand."""
        return self is DataFormat.CASEBOOKS

    @property
    def compares_arms(self) -> bool:
        """Say whether it shows results by arm, which is for who may see them alone."""
        return self is DataFormat.ADAM

    @property
    def has_no_answers(self) -> bool:
        """Say whether it holds definitions alone: what is asked, and nothing of anybody."""
        return self.value.endswith("-def") or self in (DataFormat.ACRF, DataFormat.USDM)


@dataclass(frozen=True)
class FormatLimits:
    """What a cell, a name and a label of a format hold at most: bytes of UTF-8, or characters (``in_characters``).

    ``None`` is no limit. Sources: SAS TS-140 (version 5), Stata's file format 118, SPSS's limits of a system file,
    Excel's specifications and limits.
    """

    text: int | None = None
    name: int | None = None
    label: int | None = None
    code_label: int | None = None
    in_characters: bool = False

    def whole(self, text: str, most: int | None) -> bool:
        """Say whether the format holds the text as it is."""
        return most is None or self._size(text) <= most

    def shortened(self, text: str, most: int | None) -> str:
        """Return as much of the text's beginning as the format holds; no character is cut in two."""
        if most is None or self._size(text) <= most:
            return text
        if self.in_characters:
            return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore")
        return text.encode()[:most].decode(errors="ignore")

    def _size(self, text: str) -> int:
        return len(text.encode("utf-16-le")) // 2 if self.in_characters else len(text.encode())


LIMITS: Final = {
    DataFormat.CSV: FormatLimits(),
    DataFormat.CSV_EXCEL: FormatLimits(text=32_766, in_characters=True),  # one is left for the apostrophe
    DataFormat.XLSX: FormatLimits(text=32_767, in_characters=True),
    DataFormat.PARQUET: FormatLimits(),
    DataFormat.XPT: FormatLimits(text=200, name=8, label=40),
    DataFormat.SAV: FormatLimits(text=32_767, name=64, label=256, code_label=120),
    # ReadStat holds 2,045 for Stata too, but writes no file where an empty cell is in the same column
    DataFormat.DTA: FormatLimits(text=2_044, name=32, label=80, code_label=32_000),
}
