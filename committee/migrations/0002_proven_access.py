import audit.guards
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0008_proven_access'),
        ('committee', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='packshare',
            constraint=audit.guards.ProvenAccess(columns=('pack_id', 'part', 'recipient', 'email', 'key', 'passcode', 'secrets_digest', 'shared_by_id', 'shared_at', 'expires_at', 'tries', 'revoked_at', 'revoked_by_id'), key='shared_by_id', made=True, name='committee_share_proven', of='identity'),
        ),
        migrations.AddConstraint(
            model_name='committeepack',
            constraint=audit.guards.NamesItsActor(columns=('requested_by_id', 'released_by_id'), name='committee_committeepack_actor'),
        ),
    ]
