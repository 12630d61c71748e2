"""What is typed about sites, people and participants in screening."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import ROLE_LABELS, SITE_ROLES, Role
from accounts.series import SigningField
from kernel.days import in_chinese
from kernel.fields import DayField, PasswordField, WholeNumberField, WordsField, field_of_column
from kernel.service_form import ForeseeingForm, ServiceForm, ServiceModelForm
from protocol.text import load, versions
from trials.models import ConsentVersion, Site
from trials.models.participants import AfterRefusal, DeclineReason, ScreenFailureReason


def _reason(label: Any = None, **more: Any) -> WordsField:
    return WordsField(label=label or _("Reason"), max_length=200, **more)


def _version_trained_for() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("Trained for version of the protocol"),
        choices=lambda: [
            ("", _("Not said: the one in force on that day")),
            *((each, each) for each in versions()),
        ],
        required=False,
        empty_value=None,
    )


def _months_of_training() -> WholeNumberField:
    return WholeNumberField(
        label=_("Holds for how many months"),
        required=False,
        min_value=0,
        max_value=MOST_MONTHS,
        help_text=_(
            "Empty: as long as the trial's setting says, which the study team confirms. 0: without end."
        ),
    )


def _password() -> SigningField:
    return SigningField(label=_("Your password, to sign"))


MOST_MONTHS = 240


class SiteForm(ServiceModelForm):
    class Meta:
        model = Site
        fields = (
            "code",
            "name",
            "name_zh",
            "city",
            "city_zh",
            "time_zone",
            "planned_participants",
            "languages_spoken",
            "office_hours",
            "telephone",
            "emergency_telephone",
            "enrolment_cap",
        )
        help_texts = {"code": _("Two digits. It begins the number of every participant of the site.")}
        formfield_callback = field_of_column
        widgets = {"time_zone": forms.Select(choices=[(zone, zone) for zone in settings.SITE_TIME_ZONES])}


class ChangeSiteForm(SiteForm):
    reason = _reason(_("Reason for the change"))

    class Meta(SiteForm.Meta):
        fields = SiteForm.Meta.fields[1:]  # type: ignore[assignment]  # the code never changes


class ChecklistForm(ServiceForm):
    done_on = DayField(label=_("In place since"))
    expires_on = DayField(
        label=_("Expires on"), required=False, help_text=_("Leave empty when it does not expire.")
    )
    reference = WordsField(
        label=_("Reference"), max_length=80, required=False, help_text=_("Number or place of the document.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        done, expires = cleaned.get("done_on"), cleaned.get("expires_on")
        if done and expires and expires <= done:
            self.add_error("expires_on", _("It expires before it begins. Check both dates."))
        return cleaned


class MoveSiteForm(ServiceForm):
    reason = _reason()


class CloseOutForm(ServiceForm):
    """Who keeps the follow-up, why, and the signature."""

    keeper: Any = forms.ModelChoiceField(
        label=_("Keeper of the follow-up"),
        queryset=None,
        required=False,
        empty_label=_("Nobody is left to be followed"),
        help_text=_(
            "A site whose people have a role here: it goes on with the contacts of the living participants."
        ),
    )
    reason = _reason()
    password = _password()

    def __init__(self, *args: Any, keepers: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keeper"].queryset = keepers  # type: ignore[attr-defined]

    @property
    def chosen_keeper(self) -> Site | None:
        """The keeper that was chosen on the page, once it was sent."""
        return self.cleaned_data.get("keeper") if self.is_bound and self.is_valid() else None


class ConfirmCloseOutForm(ServiceForm):
    password = _password()


class AskCopyForm(ServiceForm):
    """Nothing is typed: the button asks for a copy of the records for the site."""


class EndCloseOutForm(ServiceForm):
    reason = _reason()


class TransferForm(ServiceForm):
    """To which site, from which day, and why; the sites are those of the whole trial."""

    receiving = forms.ChoiceField(label=_("Receiving site"))
    on = DayField(
        label=_("Day of the transfer"), help_text=_("Today or later. It is confirmed on that day or later.")
    )
    reason = _reason(help_text=_("Why the participant goes on there. Both sites and the sponsor read it."))

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sites = {str(site.pk): site for site in sites}
        self.fields["receiving"].choices = [("", "–"), *((pk, str(site)) for pk, site in self.sites.items())]  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        return {**self.cleaned_data, "receiving": self.sites[self.cleaned_data["receiving"]]}


class TransferStepForm(ServiceForm):
    """The page has said what the step does; the button does it."""


class EndTransferForm(ServiceForm):
    reason = _reason(help_text=_("Both sites and the sponsor read it."))


class TakeBackForm(ServiceForm):
    reason = _reason(help_text=_("Both sites and the sponsor read it."))


class ConsentVersionForm(ServiceForm):
    label = WordsField(label=_("Version"), max_length=20, help_text=_("As printed on the consent form."))
    approved_on = DayField(label=_("Approved on"), help_text=_("The version before ends on this day."))


PROOFS = (
    *("trained_on", "training_document", "trained_for", "training_months"),
    *("identity_checked_on", "identity_document"),
)


class InvitationForm(ServiceForm):
    """Nothing is typed: the button sends the invitation."""


class VerifyProofsForm(ServiceForm):
    """Nothing is typed: the button says that the documents were seen."""


class PersonForm(ServiceModelForm):
    username = WordsField(
        label=_("User name"),
        max_length=40,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9._-]{2,39}$", _("Use 3 to 40 small letters, digits, dots or dashes.")
            )
        ],
        help_text=_("It is never given to anybody else, not even later."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    password = PasswordField(
        label=_("First password"),
        strip=True,
        widget=forms.TextInput,
        required=False,
        empty_value=None,
        min_length=12,
        max_length=200,
        help_text=_(
            "Leave it empty: you can mail an invitation, and they choose their own. Or at least 12 characters, handed "
            "over in person; they change it after the first sign-in."
        ),
    )

    trained_for = _version_trained_for()
    training_months = _months_of_training()

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "language", *PROOFS)
        formfield_callback = field_of_column

    def validate_unique(self) -> None:
        """Left to the service, which says what to do."""


class FirstManagerForm(PersonForm):
    """One of the first two people, entered at the server: nobody is there yet who could verify a document."""

    password = PasswordField(label=_("First password"), strip=True, min_length=12, max_length=200)
    trained_for = training_months = None  # type: ignore[assignment]

    class Meta(PersonForm.Meta):
        fields = ("username", "display_name", "email", "language", "trained_on", "identity_checked_on")  # type: ignore[assignment]


class AdministratorForm(FirstManagerForm):
    """The first person of an installation, who chooses the password by a link."""

    password = None  # type: ignore[assignment]

    class Meta(PersonForm.Meta):
        fields = ("username", "display_name", "email", "language", "trained_on", "identity_checked_on")  # type: ignore[assignment]


class ChangePersonForm(ServiceModelForm):
    reason = _reason(_("Reason for the change"))
    trained_for = _version_trained_for()
    training_months = _months_of_training()

    class Meta:
        model = User
        fields = ("display_name", "email", *PROOFS)
        formfield_callback = field_of_column


class ResetForm(ServiceForm):
    password = PasswordField(
        label=_("New first password"), min_length=12, max_length=200, strip=True, widget=forms.TextInput
    )
    reason = _reason()


class CloseAccountForm(ServiceForm):
    reason = _reason()


class DelegationForm(ServiceForm):
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, ROLE_LABELS[role]) for role in Role])
    site: Any = forms.ModelChoiceField(
        label=_("Site"),
        queryset=None,
        required=False,
        empty_label=_("The whole trial"),
        help_text=_("Coordinators and investigators work at one site; other roles for the whole trial."),
    )
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"), required=False, help_text=_("Leave empty when no end is known."))
    reason = _reason(
        required=False, help_text=_("Asked of who is to see the arm in lists; else as you like.")
    )

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("role") in SITE_ROLES and not cleaned.get("site"):
            self.add_error("site", _("This role is held at one site. Choose it."))
        begins, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if begins and ends and ends < begins:
            self.add_error("ends_on", _("The last day lies before the first. Check both dates."))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        return self.cleaned_data | {"role": Role(self.cleaned_data["role"])}


class ConfirmDelegationForm(ServiceForm):
    """Nothing is typed: the button says it."""


class SignDelegationForm(ServiceForm):
    password = _password()


class EndDelegationForm(ServiceForm):
    on = DayField(
        label=_("Last day"), help_text=_("Today: the role ends at once, also in a session that is open.")
    )
    reason = _reason()


class ConsentForm(ServiceForm):
    version: Any = forms.ModelChoiceField(
        label=_("Version of the consent form"), queryset=None, empty_label=None
    )
    signed_on = DayField(label=_("Signed on"))
    sensitive_data = forms.BooleanField(
        label=_("Separate consent to the use of sensitive health data"),
        required=False,
        help_text=_("Asked for by the law on personal information. Without it nothing more may be recorded."),
    )
    biobank = forms.BooleanField(label=_("Consent to extra samples"), required=False)
    register_lookup = forms.BooleanField(
        label=_("Consent to look up vital status in registers after a withdrawal"), required=False
    )

    def __init__(self, *args: Any, versions: QuerySet[ConsentVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]


class ConsentRefusalForm(ServiceForm):
    version: Any = forms.ModelChoiceField(
        label=_("Version of the consent form"), queryset=None, empty_label=None
    )
    asked_on = DayField(label=_("Asked on"), help_text=_("The day on which the participant answered."))
    follows = forms.ChoiceField(
        label=_("What follows"), choices=AfterRefusal.choices, widget=forms.RadioSelect
    )
    reason = WordsField(
        label=_("Reason for the change"),
        max_length=200,
        required=False,
        help_text=_("Only when an answer on record is corrected."),
    )

    def __init__(self, *args: Any, versions: QuerySet[ConsentVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]


class ScreenFailureForm(ServiceForm):
    on = DayField(label=_("Screening ended on"))
    reason = forms.ChoiceField(
        label=_("Reason"), choices=ScreenFailureReason.choices, widget=forms.RadioSelect
    )
    criteria = forms.MultipleChoiceField(
        label=_("Criteria that were not met"), required=False, widget=forms.CheckboxSelectMultiple
    )
    detail = WordsField(
        label=_("Detail"),
        max_length=200,
        required=False,
        help_text=_("No names, no numbers from the hospital."),
    )

    def __init__(self, *args: Any, version: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["criteria"].choices = criteria_of(version)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("reason") == ScreenFailureReason.CRITERION and not cleaned.get("criteria"):
            self.add_error("criteria", _("Tick each criterion that was not met."))
        if cleaned.get("reason") == ScreenFailureReason.OTHER and not cleaned.get("detail"):
            self.add_error("detail", _("Say in a few words what the reason was."))
        return cleaned


def criteria_of(version: str) -> list[tuple[str, str]]:
    """Return code and wording of each criterion of the protocol, in the reader's language."""
    chinese = in_chinese()
    return [
        (each.code, f"{each.code} · {each.wording.zh if chinese else each.wording.en}")
        for each in load(version).criteria
        if each.enforced
    ]


class DeclineForm(ServiceForm):
    on = DayField(label=_("Declined on"))
    reason = forms.ChoiceField(label=_("Reason"), choices=DeclineReason.choices, widget=forms.RadioSelect)
    detail = WordsField(label=_("Detail"), max_length=200, required=False)

    def arguments(self) -> dict[str, Any]:
        return {"criteria": []} | self.cleaned_data


class WithdrawalForm(ForeseeingForm):
    on = DayField(label=_("Withdrawn on"))
    study_drug = forms.BooleanField(label=_("No more study drug"), required=False)
    procedures = forms.BooleanField(label=_("No more surveillance procedures"), required=False)
    quality_of_life = forms.BooleanField(label=_("No more quality-of-life questionnaires"), required=False)
    all_contact = forms.BooleanField(
        label=_("No more contact at all"),
        required=False,
        help_text=_("Ends every visit; what was recorded stays."),
    )
    reason = _reason(required=False)


class WithdrawalCorrectionForm(WithdrawalForm):
    reason = _reason()


class WithdrawalCancelForm(ForeseeingForm):
    reason = _reason()


class RegisterEntryForm(ServiceForm):
    """An entry of a register, whichever it is."""

    subject = WordsField(label=_("What it is about"), max_length=200)
    site = forms.ModelChoiceField(
        label=_("Site"),
        queryset=Site.objects.none(),
        required=False,
        help_text=_("Leave empty for the whole trial."),
    )
    began_on = DayField(label=_("Since"))
    until = DayField(label=_("In force until"), required=False)
    reference = WordsField(
        label=_("Number or document"),
        max_length=80,
        required=False,
        help_text=_("For example the number of the filing, or of the paper on which was recorded meanwhile."),
    )
    account = WordsField(
        label=_("What happened, and what was done"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5})
    )
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none(), to_field_name="username")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields
        choices["site"].queryset = Site.objects.order_by("code")
        choices["owner"].queryset = User.objects.filter(is_active=True).order_by("display_name")


class ApproveEntryForm(ServiceForm):
    """The second person stands for a filing or basis."""

    password = PasswordField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CloseEntryForm(ServiceForm):
    """What an entry of a register came to."""

    outcome = WordsField(label=_("Outcome"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    closed_on = DayField(label=_("Closed on"))
