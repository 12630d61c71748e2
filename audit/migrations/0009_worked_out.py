from django.db import migrations

from audit.sql import DROP_WORKED_OUT_ALONE, WORKED_OUT_ALONE


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0008_proven_access"),
    ]

    operations = [
        migrations.RunSQL(WORKED_OUT_ALONE, DROP_WORKED_OUT_ALONE),
    ]
