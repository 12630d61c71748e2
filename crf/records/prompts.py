"""First answer, prompt, correction: all three are kept (requirements 20; FDA 2024, Q13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from audit.models import Act
from crf.engine import messages
from crf.engine.evaluation import Outcome
from crf.models import EntryPrompt
from crf.store.records import Place

MOST = 200


def keep_prompts(
    place: Place,
    record: Any,
    outcome: Outcome,
    prompts: Sequence[Mapping[str, str]],
    *,
    act: Act,
    by: User | None,
    at: datetime,
) -> None:
    """Each prompt that was shown stands with the answer it was shown for and the one then saved."""
    if not prompts:
        return
    zone = place.participant.site.time_zone
    known = {
        (prompt["key"], prompt["value"]): prompt
        for prompt in prompts
        if "key" in prompt and "value" in prompt
    }
    EntryPrompt.objects.bulk_create(
        EntryPrompt(
            participant=place.participant,
            site_id=place.participant.site_id,
            form_code=place.form.code,
            record_id=record.pk,
            target=prompt.get("name", "")[:120],
            key=key[:160],
            level=("hard" if key.endswith((":hard", ":future", ":birth", ":death")) else "soft"),
            message=prompt.get("message", "")[:200],
            entered=entered[:200],
            saved=saved_text(place, outcome, prompt.get("name", ""), zone)[:200],
            prompted_at=at,
            act=act,
        )
        for (key, entered), prompt in list(known.items())[:MOST]
    )


def saved_text(place: Place, outcome: Outcome, name: str, zone: str) -> str:
    """Return the answer that was saved, as people read it; ``name`` is the place on the page."""
    group, _dash, rest = name.partition("-")
    if rest and group in place.form.groups:
        index, _dash, question = rest.partition("-")
        rows = outcome.groups[group]
        if (
            not index.isdecimal()
            or int(index) >= len(rows)
            or question not in place.form.groups[group].questions
        ):
            return ""
        return messages.shown(place.form.groups[group].questions[question], rows[int(index)][question], zone)
    if name not in place.form.questions:
        return ""
    return messages.shown(place.form.questions[name], outcome.values[name], zone)
