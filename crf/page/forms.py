"""What is typed into the pages of steps with a record; those of queries are in query_forms.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.series import SigningField
from crf import catalogue
from crf.deviations.deciding import DeviationJudgement
from crf.deviations.settling import LOG
from crf.engine.messages import display
from crf.engine.submission import AnswerUnreadableError, read_answer
from crf.models import CausalityCode, Exclusion, Expectedness, Importance
from crf.safety.assessment import SeriousCase, SponsorJudgement
from crf.safety.clock_rows import REPORT_FORM
from crf.store.records import NEW
from kernel.fields import DayField, InstantInput, SeenField, WholeNumberField, WordsField
from kernel.reading import row_number
from kernel.service_form import ServiceForm
from trials.models import Participant

VERSION: Final = re.compile(r"[0-9]{1,9}")


class NoteForm(ServiceForm):
    """A private working note, about a question where there are some to choose from."""

    target = forms.ChoiceField(label=_("About"), required=False)
    text = WordsField(
        label=_("Your note"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "For your eyes only, and an inspector’s. Not source data: what is a fact belongs into a form."
        ),
    )

    def __init__(self, *args: object, targets: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if targets:
            self.fields["target"].choices = [("", _("the whole form")), *targets]  # type: ignore[attr-defined]
        else:
            del self.fields["target"]


class StepForm(ServiceForm):
    """A step with a record, and the version that was read."""

    version = WordsField(widget=forms.HiddenInput, required=False)

    def clean_version(self) -> int:
        """What is no version is never the one in force, and the service says so."""
        typed = self.cleaned_data["version"]
        return int(typed) if VERSION.fullmatch(typed) else -1


class SignStepForm(StepForm):
    """The step that a password signs."""

    password = SigningField(label=_("Your password"), required=False)


class UnlockForm(StepForm):
    """The step that needs a reason."""

    reason = WordsField(label=_("Why"), required=False, max_length=500)


class LockStepForm(StepForm):
    """A freeze, a lock or the end of either; the button says which. A site is locked under a password."""

    step = forms.ChoiceField(
        choices=[("freeze", ""), ("lock", ""), ("end", "")], widget=forms.HiddenInput, required=False
    )
    reason = WordsField(label=_("Why"), required=False, max_length=500)
    password = SigningField(label=_("Your password"), required=False)

    def clean_version(self) -> int | None:  # type: ignore[override]  # only a form has a version
        return super().clean_version() if self.cleaned_data["version"] else None


class LockSeveralForm(ServiceForm):
    """The participants of a site that are locked together, or not at all."""

    participants = forms.ModelMultipleChoiceField(Participant.objects.none(), required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["participants"].queryset = people  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        return {"people": list(self.cleaned_data["participants"])}


class OverrideForm(ServiceForm):
    """A value outside the possible range that is let pass, typed as the site will type it."""

    target = forms.ChoiceField(label=_("Question"))
    value = WordsField(label=_("Value exactly as it will be typed"), max_length=40)
    reason = WordsField(label=_("Why it is right"), max_length=500)

    def __init__(
        self, *args: Any, targets: list[tuple[str, str]], questions: Any, zone: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions, self.zone = questions, zone
        self.fields["target"].choices = [("", "–"), *targets]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not {"target", "value"} <= cleaned.keys():
            return cleaned
        question = self.questions[cleaned["target"]]
        try:
            cleaned["value"] = read_answer(question, [cleaned["value"]], zone=self.zone)
        except AnswerUnreadableError as error:
            self.add_error("value", str(error))
        return cleaned


VERDICTS: Final = [
    ("eligible", _("I have read the evidence and approve the participant as eligible")),
    ("not_eligible", _("I have read the evidence; the participant is not eligible")),
]


class DecisionForm(ServiceForm):
    """The investigator's decision on eligibility, with the digest of what was on the page.

    Without ``may_approve`` the page offers to sign only that the participant is not eligible; who approves all the
    same is refused by the service, with its reason.
    """

    verdict = forms.ChoiceField(
        label=_("Decision"),
        choices=VERDICTS,
        widget=forms.RadioSelect,
    )
    note = WordsField(
        label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    password = SigningField(label=_("Your password"))
    seen_digest = SeenField(max_length=64)

    def __init__(self, *args: Any, answerable: Iterable[str], may_approve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answerable = {f"answer-{code}": code for code in answerable} if may_approve else {}
        if not may_approve:
            self.fields["verdict"].widget.choices = VERDICTS[1:]
        for name, code in self.answerable.items():
            self.fields[name] = self._answer_field(code)
        self.order_fields([*self.answerable, *self.fields])

    def _answer_field(self, code: str) -> WordsField:
        return WordsField(
            label=gettext("%(code)s: why does it not stand in the way?") % {"code": code},
            help_text=_("The history does not tell. Your reason is signed and kept with the evidence."),
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 2}),
        )

    def arguments(self) -> dict[str, Any]:
        typed = dict(self.cleaned_data)
        answers = {code: typed.pop(name) for name, code in self.answerable.items()}
        return {"eligible": typed.pop("verdict") == "eligible", "answers": answers} | typed


def _kept(case: SeriousCase, zone: str) -> dict[str, Any]:
    """Return what the form starts with: the last assessment; days only while the case is as grave as it was then."""
    before = case.judged[-1] if case.judged else {}
    kept = {name: value for name, value in before.items() if name != "susar"}
    kept |= {"susar": "yes" if before["susar"] else "no"} if before else {}
    known = kept.get("known_at") or case.reported
    if before and before["urgent"] is not case.urgent:
        known = case.last_reported
        kept |= {"authority_on": None, "follow_up_on": None}
    return kept | {"known_at": f"{known.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if known else ""}


class AssessmentForm(ServiceForm):
    """The sponsor's judgement of one serious event, and its signature."""

    expectedness = forms.ChoiceField(
        label=_("Expected by the reference safety information"),
        choices=Expectedness.choices,
        widget=forms.RadioSelect,
    )
    reference = WordsField(
        label=_("Reference safety information"), max_length=80, help_text=_("Document and version.")
    )
    causality = forms.ChoiceField(
        label=_("Relation to what the trial does, by the sponsor"),
        choices=CausalityCode.choices,
        widget=forms.RadioSelect,
    )
    susar = forms.TypedChoiceField(
        label=_("Is it a SUSAR?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text=_(
            "By the rule: serious, unexpected and related, possible or more; of investigator and sponsor, the more "
            "cautious one counts. If you judge otherwise, say why in the note."
        ),
    )
    known_at = WordsField(
        label=_("Since when does the sponsor know that it is a SUSAR, as it stands now?"),
        required=False,
        max_length=40,
        widget=InstantInput,
        help_text=_(
            "Day 0. As 2026-03-05 14:30, by the clock of the site. Not when the event began: when what makes it "
            "serious, unexpected and related was known, or, if it has become fatal or life-threatening, when that was."
        ),
    )
    authority_on = DayField(label=_("Reported to authority on"), required=False)
    follow_up_on = DayField(
        label=_("Follow-up reported to the authority on"),
        required=False,
        help_text=_("Of a fatal or life-threatening SUSAR."),
    )
    note = WordsField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    reason = WordsField(label=_("Why is it assessed again?"), max_length=500)
    password = SigningField(label=_("Your password"))

    def __init__(self, typed: Any = None, *, case: SeriousCase, zone: str) -> None:
        super().__init__(typed, initial=_kept(case, zone))
        self.zone = zone
        if not case.judged:
            del self.fields["reason"]

    def clean_known_at(self) -> datetime | None:
        """Read the moment as the forms read one: by the clock of the site."""
        question, typed = catalogue.form(REPORT_FORM).questions["sae_report"], self.cleaned_data["known_at"]
        try:
            moment: datetime | None = read_answer(question, [typed] if typed else [], zone=self.zone)
        except AnswerUnreadableError as error:
            raise forms.ValidationError(str(error)) from error
        return moment

    def arguments(self) -> dict[str, Any]:
        """Return the judgement, and what signs it."""
        typed = dict(self.cleaned_data)
        signed = {name: typed.pop(name) for name in ("password", "reason") if name in typed}
        return {"judged": SponsorJudgement(**typed)} | signed


class SettleDeviationForm(ServiceForm):
    """Whether what a rule found is a deviation, and under which number it stands on the log."""

    confirmed = forms.TypedChoiceField(
        label=_("Is it a deviation?"),
        choices=[("yes", _("Yes, it is a deviation")), ("no", _("No, it is not"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    deviation = forms.TypedChoiceField(
        label=_("On the log"),
        coerce=int,
        empty_value=NEW,  # type: ignore[arg-type]  # as ``coerce`` gives it
        required=False,
        help_text=_("A deviation that is on the log already is not recorded a second time."),
    )
    reason = WordsField(label=_("Why"), max_length=500)

    def __init__(self, *args: Any, on_log: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = catalogue.form(LOG).questions["dv_cat"]
        choices = [(NEW, str(_("as a new record")))]
        for record in on_log:
            what = display(category, record.dv_cat, zone="UTC")
            choices.append((record.sequence, f"{record.sequence} · {record.dv_dt or ''} · {what}"))
        self.fields["deviation"].choices = choices  # type: ignore[attr-defined]


class DecideDeviationForm(ServiceForm):
    """The central decision on one deviation; what stands, else what the rule proposes, is chosen already."""

    importance = forms.ChoiceField(
        label=_("Importance"), choices=Importance.choices, widget=forms.RadioSelect
    )
    excludes_pp = forms.ChoiceField(
        label=_("Does it exclude the participant from the per-protocol set?"),
        choices=Exclusion.choices,
        widget=forms.RadioSelect,
    )
    reason = WordsField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Needed where you decide otherwise than the rule proposes, or than was decided before. Without the arm."
        ),
    )

    def __init__(
        self,
        typed: Any,
        *,
        proposed: tuple[str | None, str | None],
        stands: tuple[str | None, str | None],
        decides_set: bool,
    ) -> None:
        chosen = [now or rule or "" for now, rule in zip(stands, proposed, strict=True)]
        super().__init__(typed, initial=dict(zip(("importance", "excludes_pp"), chosen, strict=True)))
        for name, choices, rule in (
            ("importance", Importance, proposed[0]),
            ("excludes_pp", Exclusion, proposed[1]),
        ):
            if rule:
                said = gettext("By the rule: %(proposal)s.") % {"proposal": choices(rule).label}
                self.fields[name].help_text = said
        if not decides_set:
            del self.fields["excludes_pp"]

    def arguments(self) -> dict[str, Any]:
        typed = dict(self.cleaned_data)
        return {"reason": typed.pop("reason"), "judged": DeviationJudgement(**typed)}


class CodeWordsForm(ServiceForm):
    """A term for the words that the coder has before them, and the ATC class where there are several."""

    code = WordsField(max_length=20, widget=forms.HiddenInput, label=_("Term"))
    class_code = WordsField(max_length=20, required=False, widget=forms.HiddenInput, label=_("Class"))
    seen = WordsField(max_length=16, widget=forms.HiddenInput)


class UseVersionForm(ServiceForm):
    """The version of a dictionary that the trial codes with."""

    release = forms.ChoiceField(label=_("Code with"))

    def __init__(self, *args: Any, releases: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = {(each.dictionary, each.version): each.get_dictionary_display() for each in releases}
        choices = [(f"{name}:{version}", f"{title} {version}") for (name, version), title in versions.items()]
        self.fields["release"].choices = choices  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        dictionary, version = self.cleaned_data["release"].split(":", 1)
        return {"dictionary": dictionary, "version": version}


class PlanForm(ServiceForm):
    """The next version of the plan of source verification."""

    participants_percent = WholeNumberField(
        label=_("Participants verified in full, in percent"), min_value=0, max_value=100, initial=20
    )
    site_percents = WordsField(
        label=_("Other shares of participants, by site"),
        help_text=_("For example “01: 30, 04: 50”."),
        required=False,
        max_length=400,
    )
    others_percent = WholeNumberField(
        label=_("Other fields of the other participants, in percent"), min_value=0, max_value=100, initial=10
    )
    seed = WordsField(label=_("Seed of the draw"), max_length=64, required=False)
    reason = WordsField(label=_("Why"), max_length=500, required=False)

    def __init__(self, *args: Any, before: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if before is not None:
            for name in ("participants_percent", "others_percent", "seed"):
                self.fields[name].initial = getattr(before, name)
            pairs = sorted(before.site_percents.items())
            self.fields["site_percents"].initial = ", ".join(f"{code}: {share}" for code, share in pairs)

    def clean_site_percents(self) -> dict[str, int]:
        typed = self.cleaned_data["site_percents"].replace("，", ",").replace("：", ":")
        shares = {}
        for part in filter(None, (each.strip() for each in typed.split(","))):
            code, _colon, share = (each.strip() for each in part.partition(":"))
            percent = row_number(share)
            if percent is None:
                raise forms.ValidationError(gettext("Write a site and its share, for example “01: 30”."))
            shares[code] = percent
        return shares


class SignLotForm(ServiceForm):
    """The password under which a lot is signed; what is ticked stands beside each record."""

    password = SigningField(label=_("Your password"), required=False)
