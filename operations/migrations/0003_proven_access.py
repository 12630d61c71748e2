import audit.guards
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0008_proven_access'),
        ('operations', '0002_alarms'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='alarm',
            constraint=audit.guards.WrittenBySystem(name='operations_alarm_own', settled=False),
        ),
        migrations.AddConstraint(
            model_name='heartbeat',
            constraint=audit.guards.WrittenBySystem(name='operations_heartbeat_own', settled=False),
        ),
        migrations.AddConstraint(
            model_name='unsenttask',
            constraint=audit.guards.WrittenBySystem(name='operations_unsenttask_own', settled=False),
        ),
    ]
