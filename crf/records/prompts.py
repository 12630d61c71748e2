"""First answer, prompt, correction: all three are kept (requirements 20; FDA 2024, Q13)."""

from __future__ import annotations

from collections.abc import Iterable

from audit.models import Act
from crf.engine import messages
from crf.engine.evaluation import Evaluation
from crf.engine.submission import Prompt
from crf.models import EntryPrompt
from crf.records.change import RecordChange
from crf.store.records import RecordKey

HARD = (":hard", ":future", ":birth", ":death")


def keep_prompts(change: RecordChange, prompts: Iterable[Prompt], *, act: Act) -> None:
    """Each prompt that was shown stands, whole, with the answer it was shown for and the one then saved."""
    record_key, record = change.record_key, change.record
    zone = record_key.participant.site.time_zone
    known = {(one["key"], one["value"]): one for one in prompts if "key" in one and "value" in one}
    EntryPrompt.objects.bulk_create(
        EntryPrompt(
            participant=record_key.participant,
            site_id=record_key.participant.site_id,
            record_id=record.pk,
            target=prompt.get("name", ""),
            key=key,
            level="hard" if key.endswith(HARD) else "soft",
            message=prompt.get("message", ""),
            entered=entered,
            saved=saved_text(record_key, change.after, prompt.get("name", ""), zone),
            prompted_at=change.at,
            act=act,
        )
        for (key, entered), prompt in known.items()
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
