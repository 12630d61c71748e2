from __future__ import annotations

from django.db import migrations

from randomization.allocation_list import paper_schema


class Migration(migrations.Migration):

    dependencies = [
        ("randomization", "0005_openings_before_participants"),
    ]

    operations = [
        migrations.RunSQL(paper_schema.FIRST_FREE_PLACE, migrations.RunSQL.noop),
    ]
