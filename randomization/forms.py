"""What is typed about randomization. Nothing typed here ever states an arm or a stratum to be used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.series import SigningField
from kernel import reading
from kernel.errors import Refusal
from kernel.fields import ClockField, DayField, SeenField, WholeNumberField, WordsField
from kernel.service_form import ServiceForm
from protocol.text import load
from randomization.models import EnvelopeState, ErrorKind, Scheme
from randomization.scheme.blocks import BlockSize, Design, DesignError
from randomization.services import EmergencyEnvelope, Mistake
from randomization.services.envelopes import MOVES
from randomization.services.lists import DEFAULT_PLACES, DESIGN_FAULTS, default_blocks, stage_groups
from randomization.services.minimizing import refuse_unless_allowed
from trials.models import Site


def _password() -> SigningField:
    return SigningField(label=_("Your password, to sign"))


class _OwnTransactions(ServiceForm):
    """The services of randomization open transactions of their own: randomize() commits twice."""

    is_atomic = False


class RandomizeForm(_OwnTransactions):
    """The stratum that was read and confirmed, and the password."""

    confirmed_stratum = SeenField()
    strata_right = forms.BooleanField(
        label=_("The site and the stage group above are right for this participant"),
        error_messages={"required": _("Compare them with the forms, then tick.")},
    )
    too_old_reason = WordsField(
        label=_("Why the participant is randomized although screening is too old"),
        required=False,
        max_length=300,
        help_text=_("Signed with the randomization; a deviation is proposed with it."),
    )
    envelope = WordsField(
        label=_("Number on the emergency envelope"),
        required=False,
        max_length=12,
        read=reading.hyphened,
        help_text=_("Only after an outage, when an envelope was opened. Otherwise leave it empty."),
    )
    opened_on = DayField(label=_("Envelope opened on"), required=False)
    opened_at = ClockField(
        label=_("At what time, by the clock of the site"),
        required=False,
    )
    opened_by = WordsField(
        label=_("By which persons (role)"),
        required=False,
        max_length=120,
        help_text=_(
            "Randomization counts from this moment. The day on which you enter it is kept beside it."
        ),
    )
    password = _password()

    def __init__(self, *args: Any, openings: Mapping[str, EmergencyEnvelope], **kwargs: Any) -> None:
        """``openings`` are on record already: their day, hour and persons need not be typed again."""
        super().__init__(*args, **kwargs)
        self.openings = openings

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if typed.get("envelope") and self._opening_on_record(typed) is None:
            for name in ("opened_on", "opened_at", "opened_by"):
                if name not in self.errors and not typed.get(name) and typed.get(name) != time(0):
                    self.add_error(name, _("Say when the envelope was opened, and by whom."))
        return typed

    def _opening_on_record(self, typed: dict[str, Any]) -> EmergencyEnvelope | None:
        """Return what the register says of the envelope, unless something was typed beside its number."""
        is_typed = typed.get("opened_on") or typed.get("opened_at") is not None or typed.get("opened_by")
        return None if is_typed else self.openings.get(typed["envelope"].strip().upper())

    def arguments(self) -> dict[str, Any]:
        """Return the stratum, the password and the envelope that was used, if one was."""
        typed = self.cleaned_data
        opened = None
        if typed["envelope"]:
            opened = self._opening_on_record(typed) or EmergencyEnvelope(
                typed["envelope"], typed["opened_on"], typed["opened_at"], typed["opened_by"]
            )
        return {
            "confirmed_stratum": typed["confirmed_stratum"],
            "password": typed["password"],
            "envelope": opened,
            "too_old_reason": typed["too_old_reason"],
        }


class OpeningForm(ServiceForm):
    """When an envelope was opened in an outage, and by which persons."""

    opened_on = DayField(label=_("Envelope opened on"))
    opened_at = ClockField(label=_("At what time, by the clock of the site"))
    opened_by = WordsField(label=_("By which persons (role)"), max_length=120)
    reason = WordsField(
        label=_("Reason for the change"),
        max_length=200,
        required=False,
        help_text=_("Only when an opening that is on record is corrected."),
    )


class NotOpenedForm(ServiceForm):
    reason = WordsField(label=_("Reason"), max_length=200)


class VoidForm(ServiceForm):
    """Why an envelope is void, or is not; ``wanted`` is what the page that was read asked for."""

    wanted = forms.ChoiceField(choices=[("void", "void"), ("not_void", "not_void")], widget=forms.HiddenInput)
    reason = WordsField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Why it was opened, and who decided that nobody is randomized with it."),
    )


class EnvelopeForm(ServiceForm):
    """Where an envelope is now."""

    to = forms.ChoiceField(label=_("The envelope is now"), widget=forms.RadioSelect)
    on = DayField(label=_("Since"))
    reason = WordsField(label=_("Signed for by, or why"), max_length=200)

    def __init__(self, *args: Any, state: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(to.value, to.label) for to in EnvelopeState if to in MOVES[EnvelopeState(state)]]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class SignForm(_OwnTransactions):
    password = _password()


class RandomizationReasonForm(_OwnTransactions):
    reason = WordsField(label=_("Reason"), max_length=200)


class CloseSchemeForm(RandomizationReasonForm):
    password = _password()


class BlocksField(forms.Field):
    """Block sizes with their weights, written ``4 6`` or ``4:1 6:2``."""

    def to_python(self, value: Any) -> tuple[BlockSize, ...]:
        text = reading.plain(str(value or ""))
        try:
            return tuple(self._read(word) for word in text.replace(",", " ").split())
        except ValueError:
            raise forms.ValidationError(
                _("Write block sizes as whole numbers, such as 4 6, or with weights, such as 4:1 6:2.")
            ) from None

    def _read(self, word: str) -> BlockSize:
        size, _colon, weight = word.partition(":")
        return BlockSize(int(size), int(weight or 1))

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return " ".join(
                str(block.size) if block.weight == 1 else f"{block.size}:{block.weight}" for block in value
            )
        return value


class DesignForm(_OwnTransactions):
    """What a statistician chooses; ratio and strata stand in the protocol text."""

    name = WordsField(label=_("Name of the scheme"), max_length=40, initial="PALACE3-A")
    blocks = BlocksField(
        label=_("Block sizes"),
        initial=default_blocks,
        help_text=_("For statisticians only. Sealed on saving; no page of a site shows them."),
    )
    places_per_stratum = WholeNumberField(
        label=_("Places per stratum"), min_value=8, max_value=5000, initial=DEFAULT_PLACES
    )

    def clean_blocks(self) -> tuple[BlockSize, ...]:
        """Sizes that cannot give a list are refused in words, beside the field."""
        blocks: tuple[BlockSize, ...] = self.cleaned_data["blocks"]
        try:
            Design(scheme="checked", ratio=load(settings.PROTOCOL_VERSION).randomization.ratio, blocks=blocks)
        except DesignError as fault:
            raise forms.ValidationError(DESIGN_FAULTS[fault.code]) from fault
        return blocks


class DefineForm(DesignForm):
    method = forms.ChoiceField(
        label=_("Method"),
        choices=(("blocks", _("Permuted blocks")), ("minimization", _("Minimization"))),
        required=False,
        help_text=_("Minimization has no blocks; it allocates only after it was switched on."),
    )
    password = _password()

    def clean_method(self) -> str:
        """Blocks, unless the other was chosen and may be."""
        method = self.cleaned_data["method"] or "blocks"
        if method == "minimization":
            try:
                refuse_unless_allowed()
            except Refusal as off:
                raise forms.ValidationError(str(off)) from off
        return str(method)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if Scheme.objects.filter(name=name).exists():
            raise forms.ValidationError(_("A scheme has this name already. Choose another."))
        return name


class SimulationForm(DesignForm):
    participants = WholeNumberField(label=_("Participants"), min_value=10, max_value=2000, initial=356)
    sites = WholeNumberField(label=_("Sites"), min_value=1, max_value=60, initial=6)
    thin = WholeNumberField(
        label=_("Weight of the thinnest stage group"),
        min_value=1,
        max_value=10,
        initial=2,
        help_text=_("Out of 10 for stage II, 10 for stage III and this for stage IVA."),
    )
    trials = WholeNumberField(label=_("Simulated trials"), min_value=10, max_value=5000, initial=2000)
    seed = WordsField(label=_("Seed of the simulation"), max_length=60, initial="1")
    method = forms.ChoiceField(
        label=_("Method"),
        choices=(("blocks", _("Permuted blocks")), ("minimization", _("Minimization (switched off)"))),
    )


class SitesForm(_OwnTransactions):
    """Sites that have no list yet."""

    sites: forms.ModelMultipleChoiceField[Site] = forms.ModelMultipleChoiceField(
        label=_("Sites"), queryset=None, widget=forms.CheckboxSelectMultiple
    )
    password = _password()

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].queryset = sites  # type: ignore[attr-defined]


class PlacesForm(_OwnTransactions):
    """Strata that run low."""

    strata = forms.MultipleChoiceField(label=_("Strata"), widget=forms.CheckboxSelectMultiple)
    password = _password()

    def __init__(self, *args: Any, strata: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["strata"].choices = [(name, name) for name in strata]  # type: ignore[attr-defined]


class MistakeForm(_OwnTransactions):
    kind = forms.ChoiceField(label=_("What happened"), choices=ErrorKind.choices)
    found_on = DayField(label=_("Found on"))
    detail = WordsField(label=_("How it happened"), widget=forms.Textarea(attrs={"rows": 3}))
    action = WordsField(label=_("What was done"), widget=forms.Textarea(attrs={"rows": 3}))
    strat_stage_true = forms.ChoiceField(
        label=_("True clinical stage group"),
        required=False,
        help_text=_("Only for a wrong stratum. The one that was used is kept beside it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *((stage, stage) for stage in stage_groups())]
        self.fields["strat_stage_true"].choices = choices  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        return {"mistake": Mistake(**self.cleaned_data)}


class MistakeCorrectionForm(MistakeForm):
    """What the mark is to say, and why it is corrected; its kind stays."""

    reason = WordsField(label=_("Reason for the change"), max_length=200)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept_kind = kind
        del self.fields["kind"]
        if kind != ErrorKind.WRONG_STRATUM:
            del self.fields["strat_stage_true"]

    def arguments(self) -> dict[str, Any]:
        typed = dict(self.cleaned_data)
        reason = typed.pop("reason")
        return {"mistake": Mistake(kind=self.kept_kind, **typed), "reason": reason}
