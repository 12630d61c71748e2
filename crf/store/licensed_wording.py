"""Licensed wording of questionnaires: loaded by the sponsor, shown on pages and blank forms (protocol 3.14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from audit.acts import open_act
from crf.catalogue import form as form_of_code
from crf.engine.declaration import FormDeclaration
from crf.models import QuestionnaireText
from kernel.errors import Refusal
from kernel.punctuation import listed

LONGEST = 500


class ItemUnknown(Refusal):
    code = "crf.item_unknown"
    message = _("The file names {items}, which the form {form} does not have. Check the file.")


class ItemsMissing(Refusal):
    code = "crf.items_missing"
    message = _("The file has no text for {items}. A questionnaire is loaded as a whole.")


class WordingTooLong(Refusal):
    code = "crf.wording_too_long"
    message = _("The text of {items} is longer than 500 characters. Check the file.")


class LicenceNeeded(Refusal):
    code = "crf.licence_needed"
    message = _("Say under which licence the text is used.")


def load_wordings(
    *, form_code: str, language: str, texts: Mapping[str, str], licence: str, digest: str, at: datetime
) -> int:
    """The form speaks the licensed words in ``language``; say how many texts are new or changed.

    Whoever may run commands on the server loads them: the act is the system's and names the licence.
    """
    form = form_of_code(form_code)
    _refuse_unless_whole(form, texts, licence)
    with open_act("crf:wording:load", by=None, at=at, reason=licence) as act:
        questionnaire_texts = {
            row.item: row for row in QuestionnaireText.objects.filter(form_code=form_code, language=language)
        }
        changed = 0
        for item, text in texts.items():
            row = questionnaire_texts.get(item) or QuestionnaireText(
                form_code=form_code, language=language, item=item
            )
            if row.text == text and row.licence == licence:
                continue
            row.text, row.licence, row.digest, row.act = text, licence, digest, act
            row.save()
            changed += 1
    return changed


def _refuse_unless_whole(form: FormDeclaration, texts: Mapping[str, str], licence: str) -> None:
    licensed = [name for name, question in form.questions.items() if question.licensed]
    known = {*licensed, *(section.name for section in form.sections)}
    if not licence.strip():
        raise LicenceNeeded
    if unknown := [item for item in texts if item not in known]:
        raise ItemUnknown(items=listed(unknown), form=form.code)
    if missing := [item for item in licensed if not texts.get(item, "").strip()]:
        raise ItemsMissing(items=listed(missing))
    if long := [item for item, text in texts.items() if len(text) > LONGEST]:
        raise WordingTooLong(items=listed(long))


def wordings_of(form: FormDeclaration, language: str) -> dict[str, str]:
    """Return the licensed words of a form in ``language``, by question or part; nothing where none are loaded."""
    if not any(question.licensed for question in form.questions.values()):
        return {}
    questionnaire_texts = QuestionnaireText.objects.filter(form_code=form.code, language=language)
    return dict(questionnaire_texts.values_list("item", "text"))
