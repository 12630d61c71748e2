import audit.guards
from crf.models.verification_sql import WORKED_OUT_BY_CALLER, WORKED_OUT_BY_OWNER
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_worked_out"),
        ("crf", "0077_premedication_names_its_drug"),
    ]

    operations = [
        migrations.RunSQL(WORKED_OUT_BY_OWNER, WORKED_OUT_BY_CALLER),
        migrations.AddConstraint(
            model_name="recordverification",
            constraint=audit.guards.WrittenByTriggers(name="crf_recordverification_worked_out"),
        ),
    ]
