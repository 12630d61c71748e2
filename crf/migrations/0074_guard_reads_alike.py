# The guard is printed alike before a dump and after its restore.
from django.db import migrations

from crf.models.verification_sql import COMPLETED_TRIGGER


class Migration(migrations.Migration):
    dependencies = [
        ("crf", "0073_attachments"),
    ]

    operations = [
        migrations.RunSQL(COMPLETED_TRIGGER, migrations.RunSQL.noop),
    ]
