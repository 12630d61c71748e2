from django.db import migrations

from audit.sql import POLICIES_BY_STATEMENT


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0009_worked_out"),
    ]

    operations = [
        migrations.RunSQL(POLICIES_BY_STATEMENT, migrations.RunSQL.noop),
    ]
