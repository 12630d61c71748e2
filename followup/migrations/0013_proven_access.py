import audit.guards
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_proven_access'),
        ('audit', '0008_proven_access'),
        ('followup', '0012_undescribed_visits'),
        ('trials', '0031_roles_given'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='calendarfeed',
            constraint=audit.guards.ProvenAccess(columns=('user_id', 'digest', 'made_at', 'revoked_at'), key='user_id', made=True, name='followup_feed_proven', of='identity'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=audit.guards.WrittenBySystem(name='followup_escalation', settled=False),
        ),
        migrations.AddConstraint(
            model_name='notificationchoice',
            constraint=audit.guards.ProvenAccess(columns=('user_id', 'from_hour', 'without'), key='user_id', made=True, name='followup_choice_proven', of='identity'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=audit.guards.WrittenBySystem(name='followup_reminder', settled=False),
        ),
        migrations.AddConstraint(
            model_name='taskrun',
            constraint=audit.guards.WrittenBySystem(name='followup_taskrun', settled=False),
        ),
    ]
