import audit.guards
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0008_proven_access'),
        ('exports', '0017_leaving_of_saved_exports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=audit.guards.ProvenAccess(columns=('user_id', 'name', 'digest', 'secrets_digest', 'scopes', 'created_at', 'expires_at', 'revoked_at'), key='user_id', made=True, name='exports_apitoken_proven', of='identity'),
        ),
        migrations.AddConstraint(
            model_name='databaselock',
            constraint=audit.guards.NamesItsActor(columns=('begun_by_id', 'unlock_asked_by_id', 'unlocked_by_id'), name='exports_databaselock_actor'),
        ),
    ]
