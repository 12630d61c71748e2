"""Makes a table and empties the reasons of acts: what a roll-back must undo."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = [("operations", "0002_alarms")]
    operations: ClassVar = [
        migrations.RunSQL("CREATE TABLE planted_table (id int); INSERT INTO planted_table VALUES (1)"),
        migrations.RunSQL("ALTER TABLE audit_act DISABLE TRIGGER USER"),
        migrations.RunSQL("UPDATE audit_act SET reason = 'planted' WHERE reason <> ''"),
    ]
