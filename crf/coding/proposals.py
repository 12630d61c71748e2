"""What a verbatim could be coded as: proposed from names, synonyms and the term of the form; a person confirms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crf.coding.releases import terms_in_use
from crf.models import CodedBy, CodingDictionary, CodingSynonym, ReleasedTerm
from protocol.ctcae import folded


@dataclass(frozen=True)
class CodingProposal:
    """A term for a verbatim, and where it comes from; ``class_code`` is empty where the coder has to choose one."""

    term: ReleasedTerm
    how: CodedBy
    class_code: str

    @property
    def class_name(self) -> str:
        return dict(self.term.classes).get(self.class_code, "")

    @property
    def is_whole(self) -> bool:
        """Say whether it can be confirmed as it stands."""
        return bool(self.class_code) or not self.term.classes


@dataclass(frozen=True)
class Verbatim:
    """Words to be coded, and the code that the form names for them."""

    words: str
    dictionary: str
    form_code: str = ""


def only_class(term: ReleasedTerm) -> str:
    """Return the class that needs no choice: MedDRA's system organ class, or the only ATC class of a drug."""
    if not term.classes:
        return ""
    is_path = term.release.dictionary == CodingDictionary.MEDDRA
    return str(term.classes[-1][0]) if is_path or len(term.classes) == 1 else ""


def propose(verbatims: Iterable[Verbatim]) -> dict[Verbatim, CodingProposal]:
    """Return a proposal for each verbatim that has one, in a constant number of queries for each dictionary.

    The words that are a term's name come first, then the list of synonyms, then the term that the form names. Words
    that are the name of several terms propose none: a coder chooses.
    """
    proposals: dict[Verbatim, CodingProposal] = {}
    for dictionary in CodingDictionary.values:
        of = [each for each in verbatims if each.dictionary == dictionary]
        if of:
            proposals |= _proposed(dictionary, of)
    return proposals


def _proposed(dictionary: str, verbatims: list[Verbatim]) -> dict[Verbatim, CodingProposal]:
    words = {each: folded(each.words) for each in verbatims}
    terms = terms_in_use(dictionary).filter(is_current=True).select_related("release")
    by_name: dict[str, dict[str, ReleasedTerm]] = {}
    for term in terms.filter(folded__in=set(words.values())):
        by_name.setdefault(term.folded, {}).setdefault(term.code, term)
    listed = CodingSynonym.objects.filter(
        dictionary=dictionary, folded__in=set(words.values()), is_retired=False
    )
    synonyms = {row.folded: row for row in listed}
    codes = {row.code for row in synonyms.values()} | {each.form_code for each in verbatims if each.form_code}
    by_code: dict[str, ReleasedTerm] = {}
    for term in terms.filter(code__in=codes):
        by_code.setdefault(term.code, term)
    proposals = {each: _best(each, words[each], by_name, synonyms, by_code) for each in verbatims}
    return {each: proposal for each, proposal in proposals.items() if proposal}


def _best(
    verbatim: Verbatim,
    words: str,
    by_name: Mapping[str, Mapping[str, ReleasedTerm]],
    synonyms: Mapping[str, CodingSynonym],
    by_code: Mapping[str, ReleasedTerm],
) -> CodingProposal | None:
    named = list(by_name.get(words, {}).values())
    if len(named) == 1:
        known = synonyms.get(words)
        chosen = known.class_code if known and known.code == named[0].code else ""
        return CodingProposal(named[0], CodedBy.NAME, only_class(named[0]) or chosen)
    if (synonym := synonyms.get(words)) and (term := by_code.get(synonym.code)):
        return CodingProposal(term, CodedBy.SYNONYM, synonym.class_code or only_class(term))
    if term := by_code.get(verbatim.form_code):
        return CodingProposal(term, CodedBy.FORM, only_class(term))
    return None
