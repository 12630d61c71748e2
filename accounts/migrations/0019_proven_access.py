import audit.guards
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0018_proven_identities'),
        ('audit', '0008_proven_access'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='user',
            name='accounts_user_identity',
        ),
        migrations.AddConstraint(
            model_name='mail',
            constraint=audit.guards.WrittenBySystem(name='accounts_mail_settled', settled=True),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=audit.guards.ProvenIdentity(columns=('username', 'email', 'password', 'totp_secret', 'totp_confirmed_at', 'passkeys', 'recovery_codes', 'hospital_accounts', 'display_name', 'is_active', 'must_change_password', 'session_key', 'access_reset_at', 'reset_by_id', 'failed_sign_ins', 'locked_until', 'totp_last_step', 'signed_in_at', 'secrets_digest', 'trained_on', 'training_document', 'trained_for', 'training_months', 'identity_checked_on', 'identity_document', 'accountability_accepted_on', 'proofs_recorded_by_id', 'verified_by_id', 'verified_at'), name='accounts_user_identity'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=audit.guards.ProvenAccess(columns=(), key='username', made=True, name='accounts_user_made', of='account'),
        ),
        migrations.AddConstraint(
            model_name='accessuse',
            constraint=audit.guards.WrittenBySystem(name='accounts_accessuse_own', settled=False),
        ),
        migrations.AddConstraint(
            model_name='browsersession',
            constraint=audit.guards.WrittenBySystem(name='accounts_browsersession_own', settled=False),
        ),
    ]
