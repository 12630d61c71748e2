"""The shapes that the API takes and answers, by name: a table, to which each address adds its own.

Those of records are made from the declarations of the forms (``exports.api.components``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crf import catalogue
from crf.check_review.yields import NUMBERS as YIELDS
from crf.engine.base import RecordState
from crf.engine.checks import Level
from exports.api.described import (
    DAY,
    DIGEST,
    KEY,
    MOMENT,
    NUMBER,
    PARTICIPANT_NUMBER,
    TEXT,
    Schema,
    array_of,
    members,
    named,
    one_of_codes,
    or_null,
)
from exports.formats.kinds import DataFormat
from exports.imports.models import CellOutcome, ImportState
from exports.listed.catalogue import BY_NAME
from exports.models import ArmShown, ExportState
from exports.selected.selection import SELECTABLE
from followup.models import VisitState
from reports.completeness import MEASURES, QUARTILES, TREND
from reports.verification import NUMBERS as VERIFIED
from trials.models.participants import Track

_WINDOW: Final[Schema] = {"type": "array", "items": or_null(DAY), "minItems": 2, "maxItems": 2}
_MOVED: Final = members(
    {
        "visit": TEXT,
        "kind": TEXT,
        "before": or_null(_WINDOW),
        "after": or_null(_WINDOW),
    }
)
_MEDIAN: Final[Schema] = {"type": ["number", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SITE_VISIT_FORM: Final[Mapping[str, Schema]] = {"site": TEXT, "visit": TEXT, "form": TEXT}
_EXPORT: Final[Mapping[str, Schema]] = {
    "id": KEY,
    "state": one_of_codes(ExportState.values),
    "purpose": TEXT,
    "requested_by": TEXT,
    "requested_at": MOMENT,
    "data_as_of": or_null(MOMENT),
    "cut": {**TEXT, "description": "The name of the cut, empty where it has none"},
    "forms": array_of(TEXT),
    "sites": array_of(TEXT),
    "rows": _COUNT,
    "sha256": DIGEST,
    "language": TEXT,
    "format": one_of_codes(DataFormat.values),
    "selection": {"type": "object", "description": "What narrows it, and how the arm is told"},
}
_SELECTING: Final[Mapping[str, Schema]] = {
    **{name: array_of(TEXT) for name in ("participants", "visits")},
    "states": array_of(one_of_codes(SELECTABLE)),
    "since": or_null(DAY),
    "until": or_null(DAY),
    "tables": array_of(one_of_codes(BY_NAME)),
    "arm": one_of_codes(ArmShown.values),
    "identifying": {"type": "boolean"},
}
_IMPORT: Final[Mapping[str, Schema]] = {
    "id": KEY,
    "state": one_of_codes(ImportState.values),
    **dict.fromkeys(("form", "site", "file_name"), TEXT),
    "sha256": DIGEST,
    "mapping_name": TEXT,
    "counts": members(dict.fromkeys(CellOutcome.values, _COUNT)),
    "requested_by": TEXT,
    "requested_at": MOMENT,
    "finished_at": or_null(MOMENT),
}

NAMED: Final[Mapping[str, Schema]] = {
    "Refusal": members(
        {
            "detail": {**TEXT, "description": "What is so and what to do, in the language of the call"},
            "code": {**TEXT, "examples": ["crf.reason_needed"]},
            "errors": {
                "type": "object",
                "additionalProperties": TEXT,
                "description": "A sentence for each answer that cannot be taken, by its name",
            },
            "moved": array_of(named("MovedVisit")),
            "seen_plan": {**TEXT, "description": "What to send once somebody has read which visits move"},
        },
        optional=("code", "errors", "moved", "seen_plan"),
    ),
    "MovedVisit": _MOVED,
    "Participant": members(
        {
            "number": PARTICIPANT_NUMBER,
            "site": TEXT,
            "state": one_of_codes(Track.values),
            "arm": or_null(TEXT),
            "registered_on": DAY,
            "protocol_version": TEXT,
            "protocol_digest": TEXT,
        },
        optional=("arm",),
    ),
    "Visit": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "code": TEXT,
            "occurrence": NUMBER,
            "state": one_of_codes(VisitState.values),
            **dict.fromkeys(("target", "opens", "closes", "took_place_on"), or_null(DAY)),
            "timing": TEXT,
            "contact_mode": or_null(TEXT),
            "source_keeper": or_null(TEXT),
            "forms": array_of(TEXT),
        }
    ),
    "Finding": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "site": TEXT,
            "form": TEXT,
            "visit": or_null(TEXT),
            "sequence": NUMBER,
            "check": TEXT,
            "question": TEXT,
            "text": TEXT,
            "found_at": MOMENT,
            "gone_at": or_null(MOMENT),
        }
    ),
    "Query": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "site": TEXT,
            "form": TEXT,
            "visit": or_null(TEXT),
            "sequence": or_null(NUMBER),
            "question": TEXT,
            "check": TEXT,
            "text": TEXT,
            "state": TEXT,
            "resolution": TEXT,
            "assigned_role": or_null(TEXT),
            "assigned_to": or_null(TEXT),
            "opened_at": MOMENT,
            "closed_at": or_null(MOMENT),
        }
    ),
    "QueryAgeing": members(
        {
            "site": TEXT,
            **dict.fromkeys(("open", "answered", "to_review"), _COUNT),
            "ages": array_of(members({"from": NUMBER, "to": or_null(NUMBER), "queries": _COUNT})),
            "oldest_days": or_null(NUMBER),
            **dict.fromkeys(("raised", "closed"), _COUNT),
            **dict.fromkeys(("median_days_to_answer", "median_days_to_close"), _MEDIAN),
        }
    ),
    "CheckYield": members(
        {
            "form": TEXT,
            "check": TEXT,
            "level": one_of_codes(Level),
            **dict.fromkeys(YIELDS, _COUNT),
            "marks": array_of(members({"mark": TEXT, "plan_version": or_null(TEXT), "reason": TEXT})),
        }
    ),
    "CompletenessCell": members({**_SITE_VISIT_FORM, "expected": _COUNT, **dict.fromkeys(MEASURES, _COUNT)}),
    "CompletenessMonth": members({"site": TEXT, "month": TEXT, **dict.fromkeys(TREND, _COUNT)}),
    "DaysToEntry": members(
        {"site": TEXT, "forms": _COUNT, **{f"days_at_{percent}_percent": _COUNT for percent in QUARTILES}}
    ),
    "VerificationCell": members({**_SITE_VISIT_FORM, **dict.fromkeys(VERIFIED, _COUNT)}),
    "CentralReview": members(
        {
            "review": TEXT,
            "form": TEXT,
            "participant": TEXT,
            "site": TEXT,
            "record": KEY,
            "state": TEXT,
            "answers_given": _COUNT,
            "answers_fallen": _COUNT,
            "since": MOMENT,
            "days": NUMBER,
            "result": or_null({"type": "object"}),
        }
    ),
    "Milestone": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "site": TEXT,
            "milestone": TEXT,
            **dict.fromkeys(("on", "earliest", "latest"), or_null(DAY)),
            "result": TEXT,
            "source": TEXT,
            "form": TEXT,
        }
    ),
    "RecordSignature": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "site": TEXT,
            "form": TEXT,
            "visit_code": or_null(TEXT),
            "record": KEY,
            "version": NUMBER,
            "signed_as": or_null(TEXT),
            "by": TEXT,
            "role": TEXT,
            "meaning": TEXT,
            "signed_at": MOMENT,
            "digest": DIGEST,
            "fell_at": or_null(MOMENT),
        }
    ),
    "DeviationDecision": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "site": TEXT,
            "record": KEY,
            "deviation": NUMBER,
            "importance": TEXT,
            "excludes_from_per_protocol": TEXT,
            "reason": TEXT,
            "decided_at": MOMENT,
        }
    ),
    "Act": members(
        {
            "id": NUMBER,
            "act": TEXT,
            "by": or_null(TEXT),
            "role": TEXT,
            "site": or_null(TEXT),
            "participant": or_null(TEXT),
            "at": MOMENT,
            "stored_at": MOMENT,
            "reason": TEXT,
        }
    ),
    "TrailLine": members(
        {
            "id": NUMBER,
            "act": {**TEXT, "description": "The verb of the act"},
            "words": {**TEXT, "description": "The act in words, in the language of the call"},
            "by": or_null(TEXT),
            **dict.fromkeys(("role", "site", "participant"), TEXT),
            "at": MOMENT,
            "stored_at": MOMENT,
            "reason": TEXT,
            "places": {**array_of(TEXT), "description": "Which form, which visit"},
            "changes": array_of(members(dict.fromkeys(("place", "item", "old", "new", "reason"), TEXT))),
            "kept_back": {**_COUNT, "description": "Changed answers that the caller has no right to see"},
        }
    ),
    "Import": members(_IMPORT),
    "ImportWithCells": members(
        {
            **_IMPORT,
            "mapping": {"type": "object"},
            "cells": array_of(
                members(
                    {
                        "line": NUMBER,
                        **dict.fromkeys(("participant", "record", "target", "text", "stored"), TEXT),
                        "outcome": one_of_codes(CellOutcome.values),
                        "said": TEXT,
                    }
                )
            ),
        }
    ),
    "Listing": members(
        {
            "id": KEY,
            **dict.fromkeys(("name", "owner"), TEXT),
            "shared": {"type": "boolean"},
            "form": TEXT,
            "columns": array_of(TEXT),
            "created_at": MOMENT,
        }
    ),
    "ListingRows": members(
        {
            "columns": array_of(TEXT),
            "rows": array_of(array_of({"type": ["string", "number", "null"]})),
            "next": or_null(NUMBER),
        }
    ),
    "Attachment": members(
        {
            "id": KEY,
            "participant": PARTICIPANT_NUMBER,
            "form": TEXT,
            "visit": or_null(KEY),
            "sequence": NUMBER,
            "kind": TEXT,
            "name": or_null(TEXT),
            "media_type": TEXT,
            "bytes": NUMBER,
            "pages": or_null(NUMBER),
            "sha256": DIGEST,
            "attached_by": TEXT,
            "attached_at": MOMENT,
            "replaces": or_null(KEY),
            "ending": or_null(TEXT),
            "ended_by": or_null(TEXT),
            "ended_at": or_null(MOMENT),
            "ending_reason": or_null(TEXT),
        }
    ),
    "Form": members(
        {
            "code": TEXT,
            "title": TEXT,
            "version": NUMBER,
            "repeats": TEXT,
            "variables": array_of({"type": "object"}),
        }
    ),
    "ExportChoice": members(
        {
            "purpose": TEXT,
            "forms": array_of(one_of_codes(catalogue.forms())),
            "sites": array_of(TEXT),
            "cut_at": or_null(MOMENT),
            "cut": TEXT,
            "cut_name": TEXT,
            "language": TEXT,
            "format": one_of_codes(DataFormat.values),
            "leaves_country": {"type": "boolean"},
            **_SELECTING,
        },
        optional=(
            *("forms", "sites", "cut_at", "cut", "cut_name", "language", "format", "leaves_country"),
            *_SELECTING,
        ),
    ),
    "Cut": members({"name": TEXT, "data_as_of": MOMENT, "read_by": TEXT}),
    "Export": members(_EXPORT),
    "ExportWithManifest": members(
        {
            **_EXPORT,
            "progress": or_null({"type": "object"}),
            "failure": TEXT,
            "deleted_at": or_null(MOMENT),
            "manifest": {"type": "object"},
        }
    ),
    "Allocation": members(
        {
            "participant": PARTICIPANT_NUMBER,
            "number": TEXT,
            "arm": TEXT,
            "stage_group": TEXT,
            "stage_group_corrected": or_null(TEXT),
            "stage_group_marked": or_null(TEXT),
            "site": TEXT,
            "randomized_at": MOMENT,
            "certificate": {},
        }
    ),
    "AllocationAwaited": members(
        {
            "participant": PARTICIPANT_NUMBER,
            "stratum": TEXT,
            "unmet": array_of(members({"code": TEXT, "text": TEXT})),
        }
    ),
    "EmptyRecord": members(
        {
            "participant": PARTICIPANT_NUMBER,
            "form": TEXT,
            "state": {"const": "empty"},
            "version": {"const": 0},
            "answers": members({}),
        }
    ),
    "Saved": members(
        {
            "sequence": NUMBER,
            "version": NUMBER,
            "state": one_of_codes(RecordState),
            "queries_opened": _COUNT,
            "moved": array_of(named("MovedVisit")),
        }
    ),
}
