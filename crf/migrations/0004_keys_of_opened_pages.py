"""A save's key belongs to one content, and a draft to one opened page."""

from __future__ import annotations

from typing import ClassVar

import django.core.serializers.json
from django.db import migrations, models

PLACE = ["owner", "participant", "form_code", "visit", "sequence"]

# The policies show rows of a table to nobody without a scope, not to its owner either: a default that is worked out
# for each row gives every draft a page of its own all the same.
PAGES = "ALTER TABLE crf_draft ADD COLUMN page varchar(64) NOT NULL DEFAULT md5(random()::text || clock_timestamp()::text)"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("crf", "0003_safety_clocks_keep_their_first_due_moment")]

    operations: ClassVar = [
        migrations.RunSQL(
            [PAGES, "ALTER TABLE crf_draft ALTER COLUMN page DROP DEFAULT"],
            "ALTER TABLE crf_draft DROP COLUMN page",
            state_operations=[
                migrations.AddField("draft", "page", models.CharField(max_length=64, default=""), False)
            ],
        ),
        migrations.RemoveConstraint("draft", "crf_draft_place"),
        migrations.AddConstraint(
            "draft",
            models.UniqueConstraint(fields=[*PLACE, "page"], nulls_distinct=False, name="crf_draft_place"),
        ),
        migrations.AddField("savekey", "digest", models.CharField(max_length=64, default=""), False),
        migrations.AddField(
            "savekey",
            "answer",
            models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
        ),
    ]
