"""Why a step with a query is refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import Forbidden, Refusal


class NotYourStep(Forbidden):
    code = "crf.not_your_step"
    message = _("Your role does not include this step with queries at this site.")


class WordsNeeded(Refusal):
    code = "crf.words_needed"
    fields = ("text",)
    message = _("Write what you want to say; a query without words helps nobody.")
    status = 422


class WordsTooMany(Refusal):
    code = "crf.words_too_many"
    fields = ("text",)
    message = _("Your words have {number} characters, and {most} are kept. Say it in fewer words.")
    status = 422


class QueryClosed(Refusal):
    code = "crf.query_closed"
    message = _("This query is closed. Ask again if it is not settled.")


class NoSuchQuestion(Refusal):
    code = "crf.no_such_question"
    fields = ("target",)
    message = _("The form {form} has no question “{target}”. Choose a question of the form.")
    status = 422


class OnlyForChecks(Refusal):
    code = "crf.only_for_checks"
    message = _("A person asked this. Answer it; the person who asked closes it.")


class NoSuchAssignee(Refusal):
    code = "crf.no_such_assignee"
    fields = ("assignee",)
    message = _("Nobody of that name or role handles queries of this site. Choose somebody of the list.")
    status = 422


class WordsUnreadable(Refusal):
    code = "crf.words_unreadable"
    fields = ("text",)
    message = _("This holds a character that cannot be stored. Type it again.")
    status = 422
