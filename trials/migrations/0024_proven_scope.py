from django.db import migrations

import audit.guards
from trials.guards import WIDENED_BY_CALLER, WIDENED_BY_OWNER
from trials.transfer_guards import MOVE, MOVE_PROVEN


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_proven_scope'),
        ('trials', '0023_committee'),
    ]

    operations = [
        migrations.RunSQL(WIDENED_BY_OWNER, WIDENED_BY_CALLER),
        migrations.RunSQL(MOVE_PROVEN, MOVE.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION')),
        migrations.AddConstraint(
            model_name='contactidentity',
            constraint=audit.guards.ErasedUnderAct(name='trials_contactidentity_erased', verbs=('trials:request:erase', 'trials:request:expire')),
        ),
    ]
