"""First answer, prompt, correction: all three are kept (requirements 20; FDA 2024, Q13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from audit.models import Act
from crf.engine import messages
from crf.engine.evaluation import Evaluation
from crf.models import EntryPrompt
from crf.store.records import RecordKey

MOST = 200


def keep_prompts(
    record_key: RecordKey,
    record: Any,
    outcome: Evaluation,
    prompts: Sequence[Mapping[str, str]],
    *,
    act: Act,
    by: User | None,
    at: datetime,
) -> None:
    """Each prompt that was shown stands with the answer it was shown for and the one then saved."""
    if not prompts:
        return
    zone = record_key.participant.site.time_zone
    known = {
        (prompt["key"], prompt["value"]): prompt
        for prompt in prompts
        if "key" in prompt and "value" in prompt
    }
    EntryPrompt.objects.bulk_create(
        EntryPrompt(
            participant=record_key.participant,
            site_id=record_key.participant.site_id,
            form_code=record_key.form.code,
            record_id=record.pk,
            target=prompt.get("name", "")[:120],
            key=key[:160],
            level=("hard" if key.endswith((":hard", ":future", ":birth", ":death")) else "soft"),
            message=prompt.get("message", "")[:200],
            entered=entered[:200],
            saved=saved_text(record_key, outcome, prompt.get("name", ""), zone)[:200],
            prompted_at=at,
            act=act,
        )
        for (key, entered), prompt in list(known.items())[:MOST]
    )


def saved_text(record_key: RecordKey, outcome: Evaluation, name: str, zone: str) -> str:
    """Return the answer that was saved, as people read it; ``name`` is the place on the page."""
    group, _dash, rest = name.partition("-")
    if rest and group in record_key.form.groups:
        index, _dash, question = rest.partition("-")
        rows = outcome.groups[group]
        if (
            not index.isdecimal()
            or int(index) >= len(rows)
            or question not in record_key.form.groups[group].questions
        ):
            return ""
        return messages.display(
            record_key.form.groups[group].questions[question], rows[int(index)][question], zone=zone
        )
    if name not in record_key.form.questions:
        return ""
    return messages.display(record_key.form.questions[name], outcome.values[name], zone=zone)
