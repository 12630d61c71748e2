# What is left to verify is worked out again only where an answer came, went or lost its verification.
from django.db import migrations

from crf.models.verification_sql import FOLLOW


class Migration(migrations.Migration):
    dependencies = [
        ("crf", "0071_events_of_both"),
    ]

    operations = [
        migrations.RunSQL(
            FOLLOW.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), migrations.RunSQL.noop
        ),
    ]
