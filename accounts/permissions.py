"""Who may do what: one literal table, asked everywhere in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Self

from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from kernel.errors import Forbidden

if TYPE_CHECKING:
    from accounts.models import User


class Permission(StrEnum):
    """What a role can include, as NOUN_VERB."""

    SITE_VIEW = "site_view"
    SITE_MANAGE = "site_manage"
    SITE_CONFIRM = "site_confirm"
    PERSON_VIEW = "person_view"
    PERSON_DELEGATE = "person_delegate"
    PERSON_CONFIRM = "person_confirm"
    PARTICIPANT_VIEW = "participant_view"
    PARTICIPANT_REGISTER = "participant_register"
    PARTICIPANT_TRANSFER = "participant_transfer"
    TRANSFER_END = "transfer_end"
    CONSENT_RECORD = "consent_record"
    ELIGIBILITY_VIEW = "eligibility_view"
    ELIGIBILITY_DECIDE = "eligibility_decide"
    ALLOCATION_REQUEST = "allocation_request"
    ALLOCATION_VIEW = "allocation_view"
    ALLOCATION_LIST = "allocation_list"
    ALLOCATION_CORRECT = "allocation_correct"
    ENVELOPE_VOID = "envelope_void"
    SCHEME_DEFINE = "scheme_define"
    SCHEME_ACTIVATE = "scheme_activate"
    LIST_WATCH = "list_watch"
    CRF_VIEW = "crf_view"
    IDENTIFYING_VIEW = "identifying_view"
    CRF_EDIT = "crf_edit"
    CRF_VERIFY = "crf_verify"
    VERIFICATION_PLAN = "verification_plan"
    CRF_SIGN = "crf_sign"
    CRF_LOCK = "crf_lock"
    ATTACHMENT_VIEW = "attachment_view"
    ATTACHMENT_ADD = "attachment_add"
    ATTACHMENT_REMOVE = "attachment_remove"
    ATTACHMENT_TAKE = "attachment_take"
    DATABASE_LOCK_VIEW = "database_lock_view"
    DATABASE_LOCK_SIGN = "database_lock_sign"
    DERIVED_JUDGE = "derived_judge"
    RANGE_RECORD = "range_record"
    FINDING_VIEW = "finding_view"
    CHECK_MANAGE = "check_manage"
    DEVIATION_VIEW = "deviation_view"
    DEVIATION_RECORD = "deviation_record"
    DEVIATION_JUDGE = "deviation_judge"
    ANALYSIS_SET_DECIDE = "analysis_set_decide"
    ANALYSIS_SET_SIGN = "analysis_set_sign"
    CODING_VIEW = "coding_view"
    CODING_DECIDE = "coding_decide"
    CENTRAL_REVIEW_VIEW = "central_review_view"
    CENTRAL_REVIEW_ANSWER = "central_review_answer"
    QUERY_VIEW = "query_view"
    QUERY_RAISE = "query_raise"
    QUERY_ANSWER = "query_answer"
    QUERY_CLOSE = "query_close"
    VISIT_VIEW = "visit_view"
    VISIT_RECORD = "visit_record"
    DATA_CUT_ANNOUNCE = "data_cut_announce"
    SAFETY_VIEW = "safety_view"
    SAFETY_ASSESS = "safety_assess"
    SAFETY_RECONCILE = "safety_reconcile"
    EXPORT_VIEW = "export_view"
    EXPORT_TAKE = "export_take"
    EXPORT_ARM = "export_arm"
    EXPORT_IDENTIFYING = "export_identifying"
    CASEBOOK_MAKE = "casebook_make"
    AUDIT_VIEW = "audit_view"
    AUDIT_REVIEW = "audit_review"
    PROTOCOL_VIEW = "protocol_view"
    PROTOCOL_CONFIRM = "protocol_confirm"
    TASK_WATCH = "task_watch"
    CONTACT_HANDLE = "contact_handle"
    TEXT_VIEW = "text_view"
    TEXT_DRAFT = "text_draft"
    TEXT_APPROVE = "text_approve"
    NOTE_KEEP = "note_keep"
    PACK_VIEW = "pack_view"
    PACK_READ_ARMS = "pack_read_arms"
    PACK_MAKE = "pack_make"
    MONITORING_VIEW = "monitoring_view"
    MONITORING_FOLLOW = "monitoring_follow"
    MONITORING_SET = "monitoring_set"
    TOKEN_MANAGE = "token_manage"  # noqa: S105 (a right, not a secret)


class Role(StrEnum):
    """What a person is, at one site or for the whole trial."""

    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    MONITOR = "monitor"
    DATA_MANAGER = "data_manager"
    TRIAL_MANAGER = "trial_manager"
    STATISTICIAN = "statistician"
    INSPECTOR = "inspector"
    CODER = "coder"
    REVIEWER = "reviewer"
    COMMITTEE = "committee"
    ARM_READER = "arm_reader"


ROLE_LABELS: Final = {
    Role.COORDINATOR: _("Coordinator"),
    Role.INVESTIGATOR: _("Investigator"),
    Role.MONITOR: _("Monitor"),
    Role.DATA_MANAGER: _("Data manager"),
    Role.TRIAL_MANAGER: _("Trial manager"),
    Role.STATISTICIAN: _("Statistician"),
    Role.INSPECTOR: _("Inspector"),
    Role.CODER: _("Coder"),
    Role.REVIEWER: _("Central reviewer"),
    Role.COMMITTEE: _("Member of the data monitoring committee"),
    Role.ARM_READER: _("Reader of the arm in lists"),
}

PERMISSION_LABELS: Final = {
    Permission.SITE_VIEW: _("see sites"),
    Permission.SITE_MANAGE: _("open, change and close sites"),
    Permission.SITE_CONFIRM: _("confirm the close-out of a site"),
    Permission.PERSON_VIEW: _("see people and delegations"),
    Permission.PERSON_DELEGATE: _("create accounts and delegate roles"),
    Permission.PERSON_CONFIRM: _("confirm roles that somebody else delegated"),
    Permission.PARTICIPANT_VIEW: _("see participants"),
    Permission.PARTICIPANT_REGISTER: _("register participants"),
    Permission.PARTICIPANT_TRANSFER: _("propose and accept the transfer of a participant"),
    Permission.TRANSFER_END: _("withdraw or refuse the transfer of a participant"),
    Permission.CONSENT_RECORD: _("record consent, screen failure and withdrawal"),
    Permission.ELIGIBILITY_VIEW: _("see the evidence on eligibility"),
    Permission.ELIGIBILITY_DECIDE: _("decide on eligibility"),
    Permission.ALLOCATION_REQUEST: _("randomize"),
    Permission.ALLOCATION_VIEW: _("see allocations made"),
    Permission.ALLOCATION_LIST: _("see the arm in lists of participants"),
    Permission.ALLOCATION_CORRECT: _("record errors of randomization"),
    Permission.ENVELOPE_VOID: _("declare an opened envelope void"),
    Permission.SCHEME_DEFINE: _("define randomization schemes"),
    Permission.SCHEME_ACTIVATE: _("activate randomization lists"),
    Permission.LIST_WATCH: _("see balance by arm"),
    Permission.CRF_VIEW: _("read answers"),
    Permission.IDENTIFYING_VIEW: _("read answers that could say who a participant is, by a program"),
    Permission.CRF_EDIT: _("save answers"),
    Permission.CRF_VERIFY: _("verify forms"),
    Permission.VERIFICATION_PLAN: _("change the plan of source verification"),
    Permission.CRF_SIGN: _("sign forms"),
    Permission.CRF_LOCK: _("freeze, lock and unlock data"),
    Permission.ATTACHMENT_VIEW: _("see and download files attached to records"),
    Permission.ATTACHMENT_ADD: _("attach files to records, and replace them"),
    Permission.ATTACHMENT_REMOVE: _("remove files attached to records"),
    Permission.ATTACHMENT_TAKE: _("take all attached files of a participant out of the system"),
    Permission.DATABASE_LOCK_VIEW: _("see the lock of the database"),
    Permission.DATABASE_LOCK_SIGN: _("prepare, sign and end the lock of the database"),
    Permission.DERIVED_JUDGE: _("have derived answers worked out again"),
    Permission.RANGE_RECORD: _("record reference ranges of laboratories"),
    Permission.FINDING_VIEW: _("see listed findings"),
    Permission.CHECK_MANAGE: _("retire checks, and have their confirmations looked at"),
    Permission.DEVIATION_VIEW: _("see protocol deviations"),
    Permission.DEVIATION_RECORD: _("record deviations, and confirm or dismiss what is proposed as one"),
    Permission.DEVIATION_JUDGE: _("decide how important a deviation is"),
    Permission.ANALYSIS_SET_DECIDE: _("decide which deviations exclude from the per-protocol set"),
    Permission.ANALYSIS_SET_SIGN: _("see and sign analysis sets"),
    Permission.CODING_VIEW: _("see how words are coded"),
    Permission.CODING_DECIDE: _("code words in the dictionaries"),
    Permission.CENTRAL_REVIEW_VIEW: _("see central reviews"),
    Permission.CENTRAL_REVIEW_ANSWER: _("answer central reviews, without the arm"),
    Permission.QUERY_VIEW: _("see queries"),
    Permission.QUERY_RAISE: _("raise queries"),
    Permission.QUERY_ANSWER: _("answer queries"),
    Permission.QUERY_CLOSE: _("close queries"),
    Permission.VISIT_VIEW: _("see visits"),
    Permission.VISIT_RECORD: _("record visits and contacts"),
    Permission.DATA_CUT_ANNOUNCE: _("announce data cuts"),
    Permission.SAFETY_VIEW: _("see serious adverse events"),
    Permission.SAFETY_ASSESS: _("assess serious adverse events"),
    Permission.SAFETY_RECONCILE: _("take serious events out for a safety database, and compare with it"),
    Permission.EXPORT_VIEW: _("see the register of exports"),
    Permission.EXPORT_TAKE: _("take exports"),
    Permission.EXPORT_ARM: _("take exports that show the arm"),
    Permission.EXPORT_IDENTIFYING: _("take answers that could say who a participant is in exports"),
    Permission.CASEBOOK_MAKE: _("make casebooks of participants"),
    Permission.AUDIT_VIEW: _("read the audit trail"),
    Permission.AUDIT_REVIEW: _("plan and record reviews of the audit trail"),
    Permission.PROTOCOL_VIEW: _("read protocol text and codebook"),
    Permission.PROTOCOL_CONFIRM: _("confirm protocol values"),
    Permission.TASK_WATCH: _("watch background tasks"),
    Permission.CONTACT_HANDLE: _("handle contact requests"),
    Permission.TEXT_VIEW: _("see public texts and their versions"),
    Permission.TEXT_DRAFT: _("draft public texts"),
    Permission.TEXT_APPROVE: _("approve public texts"),
    Permission.NOTE_KEEP: _("keep private working notes"),
    Permission.PACK_VIEW: _("read committee packs that were released, their open part"),
    Permission.PACK_READ_ARMS: _("read the closed part of committee packs"),
    Permission.PACK_MAKE: _("make, release and share committee packs"),
    Permission.MONITORING_VIEW: _("see central monitoring"),
    Permission.MONITORING_FOLLOW: _("record what became of a finding of central monitoring"),
    Permission.MONITORING_SET: _("set acceptable ranges of central monitoring"),
    Permission.TOKEN_MANAGE: _("make and revoke own tokens"),
}

_P = Permission
_READ = frozenset(
    {
        _P.SITE_VIEW,
        _P.PARTICIPANT_VIEW,
        _P.CRF_VIEW,
        _P.DEVIATION_VIEW,
        _P.QUERY_VIEW,
        _P.VISIT_VIEW,
        _P.PROTOCOL_VIEW,
        _P.TOKEN_MANAGE,
    }
)
_AT_SITE = _READ | {
    _P.PERSON_VIEW,
    _P.IDENTIFYING_VIEW,
    _P.ELIGIBILITY_VIEW,
    _P.ALLOCATION_VIEW,
    _P.ALLOCATION_LIST,
    _P.PARTICIPANT_REGISTER,
    _P.CONSENT_RECORD,
    _P.CRF_EDIT,
    _P.ATTACHMENT_VIEW,
    _P.ATTACHMENT_ADD,
    _P.ATTACHMENT_REMOVE,
    _P.RANGE_RECORD,
    _P.DEVIATION_RECORD,
    _P.QUERY_ANSWER,
    _P.VISIT_RECORD,
    _P.SAFETY_VIEW,
    _P.AUDIT_VIEW,
    _P.CONTACT_HANDLE,
    _P.NOTE_KEEP,
}

ROLE_PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.COORDINATOR: frozenset(_AT_SITE),
    Role.INVESTIGATOR: _AT_SITE
    | {
        _P.MONITORING_VIEW,
        _P.SITE_CONFIRM,
        _P.PERSON_CONFIRM,
        _P.PARTICIPANT_TRANSFER,
        _P.TRANSFER_END,
        _P.ELIGIBILITY_DECIDE,
        _P.ALLOCATION_REQUEST,
        _P.CRF_SIGN,
        _P.CASEBOOK_MAKE,
    },
    Role.MONITOR: _READ
    | {
        _P.MONITORING_VIEW,
        _P.MONITORING_FOLLOW,
        _P.PERSON_VIEW,
        _P.ELIGIBILITY_VIEW,
        _P.ALLOCATION_VIEW,
        _P.CRF_VERIFY,
        _P.ATTACHMENT_VIEW,
        _P.FINDING_VIEW,
        _P.DEVIATION_RECORD,
        _P.SAFETY_VIEW,
        _P.NOTE_KEEP,
        _P.QUERY_RAISE,
        _P.QUERY_CLOSE,
        _P.CASEBOOK_MAKE,
        _P.AUDIT_VIEW,
        _P.AUDIT_REVIEW,
    },
    Role.DATA_MANAGER: _READ
    | {
        _P.MONITORING_VIEW,
        _P.MONITORING_FOLLOW,
        _P.ELIGIBILITY_VIEW,
        _P.ALLOCATION_VIEW,
        _P.ALLOCATION_CORRECT,
        _P.NOTE_KEEP,
        _P.QUERY_RAISE,
        _P.QUERY_CLOSE,
        _P.CRF_LOCK,
        _P.ATTACHMENT_VIEW,
        _P.ATTACHMENT_TAKE,
        _P.VERIFICATION_PLAN,
        _P.DATABASE_LOCK_VIEW,
        _P.DATABASE_LOCK_SIGN,
        _P.FINDING_VIEW,
        _P.CHECK_MANAGE,
        _P.DERIVED_JUDGE,
        _P.RANGE_RECORD,
        _P.DEVIATION_RECORD,
        _P.DEVIATION_JUDGE,
        _P.CODING_VIEW,
        _P.CODING_DECIDE,
        _P.CENTRAL_REVIEW_VIEW,
        _P.DATA_CUT_ANNOUNCE,
        _P.SAFETY_VIEW,
        _P.SAFETY_RECONCILE,
        _P.EXPORT_VIEW,
        _P.EXPORT_TAKE,
        _P.EXPORT_ARM,
        _P.EXPORT_IDENTIFYING,
        _P.CASEBOOK_MAKE,
        _P.AUDIT_VIEW,
        _P.AUDIT_REVIEW,
    },
    Role.TRIAL_MANAGER: frozenset(
        {
            _P.PACK_VIEW,
            _P.MONITORING_VIEW,
            _P.MONITORING_FOLLOW,
            _P.MONITORING_SET,
            _P.DATABASE_LOCK_VIEW,
            _P.DATABASE_LOCK_SIGN,
            _P.ANALYSIS_SET_SIGN,
            _P.SITE_VIEW,
            _P.TRANSFER_END,
            _P.SITE_MANAGE,
            _P.SITE_CONFIRM,
            _P.PERSON_VIEW,
            _P.PERSON_DELEGATE,
            _P.PERSON_CONFIRM,
            _P.PARTICIPANT_VIEW,
            _P.VISIT_VIEW,
            _P.SAFETY_VIEW,
            _P.SAFETY_ASSESS,
            _P.SAFETY_RECONCILE,
            _P.DEVIATION_VIEW,
            _P.DEVIATION_RECORD,
            _P.DEVIATION_JUDGE,
            _P.QUERY_VIEW,
            _P.PROTOCOL_VIEW,
            _P.PROTOCOL_CONFIRM,
            _P.SCHEME_ACTIVATE,
            _P.TASK_WATCH,
            _P.DATA_CUT_ANNOUNCE,
            _P.TEXT_VIEW,
            _P.TEXT_DRAFT,
            _P.TEXT_APPROVE,
            _P.AUDIT_VIEW,
            _P.AUDIT_REVIEW,
            _P.TOKEN_MANAGE,
        }
    ),
    Role.STATISTICIAN: _READ
    | {
        _P.PACK_VIEW,
        _P.PACK_READ_ARMS,
        _P.PACK_MAKE,
        _P.MONITORING_VIEW,
        _P.DATABASE_LOCK_VIEW,
        _P.DATABASE_LOCK_SIGN,
        _P.ALLOCATION_VIEW,
        _P.ALLOCATION_LIST,
        _P.SCHEME_DEFINE,
        _P.ENVELOPE_VOID,
        _P.SCHEME_ACTIVATE,
        _P.LIST_WATCH,
        _P.DEVIATION_JUDGE,
        _P.ANALYSIS_SET_DECIDE,
        _P.ANALYSIS_SET_SIGN,
        _P.CENTRAL_REVIEW_VIEW,
        _P.EXPORT_VIEW,
        _P.EXPORT_TAKE,
        _P.EXPORT_ARM,
    },
    Role.INSPECTOR: _READ
    | {
        _P.PACK_VIEW,
        _P.MONITORING_VIEW,
        _P.ATTACHMENT_VIEW,
        _P.DATABASE_LOCK_VIEW,
        _P.PERSON_VIEW,
        _P.ELIGIBILITY_VIEW,
        _P.ALLOCATION_VIEW,
        _P.FINDING_VIEW,
        _P.CODING_VIEW,
        _P.CENTRAL_REVIEW_VIEW,
        _P.SAFETY_VIEW,
        _P.EXPORT_VIEW,
        _P.AUDIT_VIEW,
        _P.TASK_WATCH,
        _P.TEXT_VIEW,
    },
    Role.CODER: frozenset(
        {
            _P.SITE_VIEW,
            _P.PARTICIPANT_VIEW,
            _P.CODING_VIEW,
            _P.CODING_DECIDE,
            _P.QUERY_VIEW,
            _P.QUERY_RAISE,
            _P.QUERY_CLOSE,
            _P.PROTOCOL_VIEW,
            _P.TOKEN_MANAGE,
        }
    ),
    # No page of a participant: visits and states would tell what the arm is.
    Role.REVIEWER: frozenset(
        {_P.CENTRAL_REVIEW_VIEW, _P.CENTRAL_REVIEW_ANSWER, _P.PROTOCOL_VIEW, _P.TOKEN_MANAGE}
    ),
    # What somebody released to the committee, and nothing else: no page, list, program or count.
    Role.COMMITTEE: frozenset({_P.PACK_VIEW, _P.PACK_READ_ARMS}),
    # Given beside a central role, to whoever has to see the arm of many at once; opens no page by itself (ADR 55).
    Role.ARM_READER: frozenset({_P.ALLOCATION_LIST}),
}

SITE_ROLES: Final = frozenset({Role.COORDINATOR, Role.INVESTIGATOR})
CENTRAL_ROLES: Final = frozenset(Role) - SITE_ROLES
# Given beside another role alone: nothing is asked of, or owned by, who holds nothing else.
ADDED_ROLES: Final = frozenset({Role.ARM_READER})
# Asked of these roles everywhere; with real data of every role (settings.SECOND_FACTOR_OF_EVERYBODY).
SECOND_FACTOR_ROLES: Final = frozenset(
    {Role.INVESTIGATOR, Role.DATA_MANAGER, Role.TRIAL_MANAGER, Role.STATISTICIAN, Role.COMMITTEE}
)


def permission_label(right: str) -> str:
    """Return a right in words; the right itself while it has none."""
    return str(PERMISSION_LABELS.get(Permission(right), right))


@dataclass(frozen=True)
class Grant:
    """A role held now, at the site with this id, or at every site when ``site_id`` is None."""

    role: Role
    site_id: int | None

    def includes(self, permission: Permission) -> bool:
        return permission in ROLE_PERMISSIONS[self.role]

    def reaches(self, site_id: int | None) -> bool:
        return self.site_id is None or self.site_id == site_id


class SiteQuerySet(models.QuerySet[Any]):
    """Rows that carry a site, narrowed to the sites where a person holds a permission."""

    site_path = "site_id"

    def open_to(self, user: User, permission: Permission) -> Self:
        """Return the rows that ``user`` may reach with ``permission``; none when it is nowhere theirs."""
        sites = user.sites_with(permission)
        if sites is None:
            return self.all()
        return self.filter(**{f"{self.site_path}__in": sites})


View = Callable[..., HttpResponseBase]


def requires(permission: Permission, *others: Permission) -> Callable[[View], View]:
    """Let a signed-in person through who holds ``permission``, or one of ``others``, anywhere; answer 403 to others.

    The rows they may reach with it are the business of ``open_to``.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in_first(request)
            for each in (permission, *others):
                if request.user.may(each):
                    return view(request, *args, **kwargs)
            raise Forbidden

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.asks_one_of = (permission, *others)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _sign_in_first(request: HttpRequest) -> HttpResponseBase:
    """Answer 401 to a page's own request, so that it can ask for the password in place; else go and sign in."""
    if "HX-Request" in request.headers or request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=401)
    from django.contrib.auth.views import redirect_to_login  # loads the user model, which imports this file

    return redirect_to_login(request.get_full_path())
