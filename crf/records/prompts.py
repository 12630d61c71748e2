"""First answer, prompt, correction: all three are kept (requirements 20; FDA 2024, Q13)."""

from __future__ import annotations

from audit.models import Act
from crf.engine import messages
from crf.engine.evaluation import Evaluation
from crf.engine.submission import Answers
from crf.models import EntryPrompt
from crf.records.change import RecordChange
from crf.store.records import RecordKey

HARD = (":hard", ":future", ":birth", ":death")


def keep_prompts(change: RecordChange, answers: Answers, *, act: Act) -> None:
    """Each prompt that was shown stands, whole, with the answer it was shown for and the one then saved."""
    record_key, record = change.record_key, change.record
    zone = record_key.participant.site.time_zone
    targets = {name: target for target, name in answers.names.items()}
    known = {(one["key"], one["value"]): one for one in answers.prompts if "key" in one and "value" in one}
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
            saved=saved_text(
                record_key, change.after, targets.get(prompt.get("name", ""), prompt.get("name", "")), zone
            ),
            prompted_at=change.at,
            act=act,
        )
        for (key, entered), prompt in known.items()
    )


def saved_text(record_key: RecordKey, outcome: Evaluation, target: str, zone: str) -> str:
    """Return the answer that was saved, as people read it; a row that was left out has none."""
    group, _dot, rest = target.partition(".")
    number, _dot, name = rest.partition(".")
    question = messages.question_at(record_key.form, target)
    if question is None:
        return ""
    rows = {str(row["position"]): row for row in outcome.groups.get(group, ())}
    values = rows.get(number, {}) if rest else outcome.values
    return messages.display(question, values.get(name or target), zone=zone)
