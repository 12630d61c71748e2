"""What coders make of the sites' words: a small dictionary made of the terms of CTCAE, and some events coded with it.

No licensed dictionary stands here. The terms, their codes and classes are those that NCI publishes with CTCAE 5.0;
the codes of the classes are made up, and the version says what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from crf.coding.batch import CodingBatch
from crf.coding.release_files import ReadTerm
from crf.coding.releases import load_release, use_version
from crf.page.coding import page_of_coding
from demo.simulation.sites import Stage
from kernel.scope import EVERYTHING, scope
from protocol import ctcae

VERSION: Final = "CTCAE 5.0"
LICENCE: Final = "Terms of CTCAE 5.0, for the demonstration only"
CODED: Final = 40


def code_some(stage: Stage, until: datetime) -> None:
    """A dictionary is in use in both languages, and a page of the work list is confirmed."""
    coder, at = stage.central["coder"], until - timedelta(hours=2)
    with scope(user_id=None, sites=EVERYTHING):
        for language in ("en", "zh-hans"):
            digest = hashlib.sha256(f"{VERSION} {language}".encode()).hexdigest()
            said: dict[str, Any] = {"dictionary": "meddra", "version": VERSION, "language": language}
            load_release(**said, licence=LICENCE, terms=_terms(language), digest=digest, at=at)
        use_version(dictionary="meddra", version=VERSION, by=coder, at=at)
        with transaction.atomic():
            _page, lines = page_of_coding(coder, {"item": "AE.ae_term"})
        batch = CodingBatch()
        batch.run([line.tick for line in lines if line.tick][:CODED], by=coder, at=at)


def _terms(language: str) -> Iterator[ReadTerm]:
    classes = {
        soc: f"S{number:02}" for number, soc in enumerate(dict.fromkeys(t.soc for t in ctcae.terms()), 1)
    }
    is_chinese = language != "en"
    for term in ctcae.terms():
        name, soc = (term.name_zh, term.soc_zh) if is_chinese else (term.name, term.soc)
        yield ReadTerm(term.code, name, True, term.code, name, ((classes[term.soc], soc),))
