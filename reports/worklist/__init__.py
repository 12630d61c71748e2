"""What a person has to do today: sections by what their roles include, in a constant number of queries.

A section is a function ``(user, today) -> WorkListSection`` in the module of its topic, named in ``BUILDERS`` or
``LAST_BUILDERS``: what stands before and after those who are in screening.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from accounts.models import User
from accounts.permissions import Permission
from protocol.text import versions
from reports.worklist.central_review import central_reviews
from reports.worklist.coding import words_to_code
from reports.worklist.differences import DIFFERENCES, derived_differences
from reports.worklist.forms import (
    drafts,
    forms_to_fill_in,
    forms_to_sign,
    queries_to_answer,
    queries_to_close,
)
from reports.worklist.participants import (
    deviations,
    deviations_to_decide,
    overdue_states,
    screening_sections,
    to_consent_anew,
)
from reports.worklist.safety import clocks, to_assess
from reports.worklist.same_person import SAME_PERSON, same_person
from reports.worklist.second_person import OPENED_ENVELOPES, opened_envelopes, second_person
from reports.worklist.sections import OTHER_WORK, Builder, WorkListSection
from reports.worklist.sites import contact_requests, sites, strata, training
from reports.worklist.visits import todos, visit_sections


def work_for(
    user: User, *, today: date, at: datetime, waiting: Collection[str] = ()
) -> list[WorkListSection]:
    """Return the sections of the person's work list, in the order in which they matter.

    ``waiting`` names the kinds of things of which something waits for the person and mostly nothing does.
    """
    screened = screening_sections(user)
    sections = [clocks(user, at)] if user.may(Permission.SAFETY_VIEW) else []
    if user.may(Permission.SAFETY_ASSESS):
        sections.append(to_assess(user, today))
    sections += [screened[name] for name in ("decide", "randomize") if name in screened]
    sections += visit_sections(user, today) if user.may(Permission.VISIT_RECORD) else []
    sections += [build(user, today) for permission, build in BUILDERS if user.may(permission)]
    sections += [_but_for(screened)] if "screening" in screened else []
    sections += [build(user, today) for permission, build in LAST_BUILDERS if user.may(permission)]
    if len(versions()) > 1 and user.may(Permission.CONSENT_RECORD):
        sections.append(to_consent_anew(user))
    first = [second_person(user, waiting)]
    if OPENED_ENVELOPES in waiting:
        first.append(opened_envelopes(user))
    if DIFFERENCES in waiting:
        first.append(derived_differences(user, today))
    if SAME_PERSON in waiting:
        first.append(same_person(user, today))
    first += [each.build(user, today) for each in OTHER_WORK if each.name in waiting]
    return [*(section for section in first if section.total), *sections]


def _but_for(screened: Mapping[str, WorkListSection]) -> WorkListSection:
    """Return who is in screening, but for those with whom the person goes on by themselves."""
    own = {
        item.number for name in ("decide", "randomize") if name in screened for item in screened[name].items
    }
    section = screened["screening"]
    items = [item for item in section.items if item.number not in own or not item.waits]
    return replace(section, items=items, stands=len(section.items))


BUILDERS: Final[tuple[tuple[Permission, Builder], ...]] = (
    (Permission.CONTACT_HANDLE, contact_requests),
    (Permission.CRF_EDIT, forms_to_fill_in),
    (Permission.CRF_LOCK, forms_to_fill_in),
    (Permission.CRF_EDIT, overdue_states),
    (Permission.CRF_LOCK, overdue_states),
    (Permission.CRF_EDIT, todos),
    (Permission.QUERY_ANSWER, queries_to_answer),
    (Permission.QUERY_CLOSE, queries_to_close),
    (Permission.CRF_SIGN, forms_to_sign),
    (Permission.CRF_EDIT, drafts),
    (Permission.CODING_DECIDE, words_to_code),
)
LAST_BUILDERS: Final[tuple[tuple[Permission, Builder], ...]] = (
    (Permission.CRF_EDIT, deviations),
    (Permission.DEVIATION_JUDGE, deviations_to_decide),
    (Permission.CENTRAL_REVIEW_ANSWER, central_reviews),
    (Permission.CRF_LOCK, central_reviews),
    (Permission.SITE_MANAGE, sites),
    (Permission.PERSON_DELEGATE, training),
    (Permission.ALLOCATION_CORRECT, strata),
)
