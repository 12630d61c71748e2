"""What the team is licensed for: releases of dictionaries and their terms; what each verbatim was coded as."""

from __future__ import annotations

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import ActGuard
from audit.models import Audited, audited
from crf.engine.base import Record
from crf.guards import frozen_rows
from trials.lock_guards import DataLockGuard
from trials.models.participants import OfParticipant


class CodingDictionary(models.TextChoices):
    MEDDRA = "meddra", "MedDRA"
    WHODRUG = "whodrug", "WHODrug Global"


@audited()
class GradeText(Audited):
    """What a grade of a CTCAE term means, as the file says that was loaded; the last text counts (protocol 3.6)."""

    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(_("language"), max_length=10)
    term_code = models.CharField(_("MedDRA code of the term"), max_length=8)
    grade = models.CharField(_("grade"), max_length=1)
    text = models.TextField(_("text"))
    digest = models.CharField(_("digest of the file"), max_length=64)

    class Meta:
        verbose_name = _("grade text")
        constraints = (
            ActGuard(name="crf_gradetext_act"),
            models.UniqueConstraint(
                fields=["version", "language", "term_code", "grade"], name="crf_gradetext_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.term_code} {self.grade} ({self.language})"


@audited()
class DictionaryRelease(Audited):
    """One release of a licensed dictionary in one language, with the digest of its files."""

    dictionary = models.CharField(_("dictionary"), max_length=10, choices=CodingDictionary.choices)
    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(_("language"), max_length=10)
    licence = models.CharField(_("licence"), max_length=200)
    digest = models.CharField(_("digest of the files"), max_length=64)
    loaded_at = models.DateTimeField(_("loaded at"))

    class Meta:
        verbose_name = _("release of a dictionary")
        ordering = ("dictionary", "-loaded_at", "-pk")
        constraints = (
            ActGuard(name="crf_dictionaryrelease_act", frozen=True),
            models.UniqueConstraint(
                fields=["dictionary", "version", "language"], name="crf_dictionaryrelease_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_dictionary_display()} {self.version} ({self.language})"


@audited()
class ReleasedTerm(Audited):
    """One term that a verbatim can be coded as, with its place in the dictionary.

    For MedDRA a lowest level term with its preferred term and its primary path; for WHODrug a drug name with the
    preferred name and the ATC classes of its substance. ``folded`` is the name as it is compared.
    """

    release = models.ForeignKey(DictionaryRelease, models.PROTECT, related_name="terms")
    code = models.CharField(_("code"), max_length=20)
    name = models.TextField(_("name"))
    folded = models.TextField()
    is_current = models.BooleanField(_("current"))
    preferred_code = models.CharField(_("code of the preferred term"), max_length=20)
    preferred = models.TextField(_("preferred term"))
    # MedDRA: HLT, HLGT and SOC of the primary path; WHODrug: ATC; each as [code, name].
    classes = models.JSONField(_("classes"))

    class Meta:
        verbose_name = _("term of a dictionary")
        indexes = (
            HashIndex(
                fields=["folded"], name="crf_releasedterm_folded"
            ),  # names of drugs may be too long for a tree
        )
        constraints = (
            ActGuard(name="crf_releasedterm_act", frozen=True),
            models.UniqueConstraint(fields=["release", "code"], name="crf_releasedterm_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


@audited()
class DictionaryInUse(Audited):
    """The version of a dictionary that the trial codes with."""

    dictionary = models.CharField(
        _("dictionary"), max_length=10, choices=CodingDictionary.choices, unique=True
    )
    version = models.CharField(_("version"), max_length=20)

    class Meta:
        verbose_name = _("version of a dictionary in use")
        constraints = (ActGuard(name="crf_dictionaryinuse_act"),)

    def __str__(self) -> str:
        return f"{self.get_dictionary_display()} {self.version}"


@audited()
class CodingSynonym(Audited):
    """Words that coders have coded as a term: they propose it wherever they stand again, until it is retired."""

    dictionary = models.CharField(_("dictionary"), max_length=10, choices=CodingDictionary.choices)
    folded = models.TextField()
    words = models.TextField(_("words"))
    code = models.CharField(_("code"), max_length=20)
    class_code = models.CharField(_("class"), max_length=20, blank=True)
    is_retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("synonym for coding")
        ordering = ("folded", "pk")
        constraints = (
            ActGuard(name="crf_codingsynonym_act"),
            models.UniqueConstraint(fields=["dictionary", "folded"], name="crf_codingsynonym_once"),
        )

    def __str__(self) -> str:
        return f"{self.words} → {self.code}"


class CodedBy(models.TextChoices):
    """How a coder came to a term."""

    CHOSEN = "chosen", _("chosen by the coder")
    NAME = "name", _("the words are its name")
    SYNONYM = "synonym", _("a synonym of the list")
    FORM = "form", _("the term that the form names")
    UPGRADE = "upgrade", _("coded anew at an upgrade")


@audited()
class Coding(OfParticipant):
    """What a coder confirmed for one verbatim; the last one counts, and only while the verbatim is the same.

    It is no answer of the form: the words of the site stay as they are.
    """

    record = models.ForeignKey(Record, models.PROTECT, related_name="codings")
    question = models.CharField(_("question"), max_length=60)
    verbatim = models.TextField(_("words of the site"))
    dictionary = models.CharField(_("dictionary"), max_length=10, choices=CodingDictionary.choices)
    version = models.CharField(_("version"), max_length=20)
    code = models.CharField(_("code"), max_length=20)
    name = models.TextField(_("term"))
    preferred_code = models.CharField(_("code of the preferred term"), max_length=20)
    preferred = models.TextField(_("preferred term"))
    class_code = models.CharField(_("class"), max_length=20, blank=True)
    class_name = models.TextField(_("name of the class"), blank=True)
    classes = models.JSONField(_("classes"))
    how = models.CharField(_("how"), max_length=10, choices=CodedBy.choices)
    coded_at = models.DateTimeField(_("coded at"))

    class Meta(OfParticipant.Meta):
        verbose_name = _("coding")
        ordering = ("coded_at", "pk")
        indexes = (models.Index(fields=["record", "question", "coded_at"]),)
        constraints = (*frozen_rows("coding"), DataLockGuard(name="crf_coding_data_lock"))

    def __str__(self) -> str:
        return f"{self.verbatim} → {self.name}"
