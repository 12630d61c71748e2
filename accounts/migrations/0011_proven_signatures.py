from django.db import migrations

import audit.guards


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_secret_digests'),
        ('audit', '0004_proven_scope'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='signature',
            constraint=audit.guards.ProvenSignature(name='accounts_signature_proven'),
        ),
    ]
