import audit.guards
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_proven_access'),
        ('audit', '0008_proven_access'),
        ('randomization', '0010_void_envelopes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='listpart',
            constraint=audit.guards.NamesItsActor(columns=('asked_by_id', 'activated_by_id', 'rejected_by_id'), name='randomization_listpart_actor'),
        ),
        migrations.AddConstraint(
            model_name='schemeclosing',
            constraint=audit.guards.NamesItsActor(columns=('asked_by_id', 'confirmed_by_id', 'ended_by_id'), name='randomization_schemeclosing_actor'),
        ),
    ]
