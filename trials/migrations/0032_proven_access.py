import audit.guards
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_proven_access'),
        ('audit', '0008_proven_access'),
        ('trials', '0031_roles_given'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='delegation',
            constraint=audit.guards.ProvenAccess(columns=('user_id', 'site_id', 'role', 'starts_on', 'ends_on', 'granted_by_id', 'ended_at', 'waits_for_confirmation', 'confirmed_by_id', 'confirmed_at', 'signature_id'), key='user_id', made=True, name='trials_delegation_proven', of='identity'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=audit.guards.ProvenAccess(columns=('state',), key='id', made=False, name='trials_site_proven', of='site'),
        ),
        migrations.AlterField(
            model_name='registerentry',
            name='kind',
            field=models.CharField(choices=[('incident', 'Incidents of data and security'), ('system_issue', 'Issues of the system'), ('outage', 'Outages with paper back-up'), ('rehearsal', 'Rehearsals of an outage'), ('provider', 'Service providers and systems'), ('genetic_resources', 'Human genetic resources: filings'), ('cross_border', 'Transfer of data across the border: bases'), ('clock', 'Drift of the clock'), ('certified_copy', 'Certified copies'), ('site_close_out', 'Close-out of sites')], max_length=20, verbose_name='register'),
        ),
        migrations.AlterField(
            model_name='registerentryevent',
            name='kind',
            field=models.CharField(choices=[('incident', 'Incidents of data and security'), ('system_issue', 'Issues of the system'), ('outage', 'Outages with paper back-up'), ('rehearsal', 'Rehearsals of an outage'), ('provider', 'Service providers and systems'), ('genetic_resources', 'Human genetic resources: filings'), ('cross_border', 'Transfer of data across the border: bases'), ('clock', 'Drift of the clock'), ('certified_copy', 'Certified copies'), ('site_close_out', 'Close-out of sites')], max_length=20, verbose_name='register'),
        ),
        migrations.AddConstraint(
            model_name='closeout',
            constraint=audit.guards.NamesItsActor(columns=('asked_by_id', 'confirmed_by_id', 'ended_by_id', 'copy_confirmed_by_id'), name='trials_closeout_actor'),
        ),
        migrations.AddConstraint(
            model_name='newsletter',
            constraint=audit.guards.NamesItsActor(columns=('written_by_id', 'released_by_id'), name='trials_newsletter_actor'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.NamesItsActor(columns=('author_id', 'released_by_id', 'withdrawn_by_id'), name='trials_publictext_actor'),
        ),
        migrations.AddConstraint(
            model_name='registerentry',
            constraint=audit.guards.NamesItsActor(columns=('recorded_by_id', 'approved_by_id'), name='trials_registerentry_actor'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=audit.guards.NamesItsActor(columns=('proposed_by_id', 'accepted_by_id', 'taken_back_by_id', 'confirmed_by_id', 'ended_by_id'), name='trials_transfer_actor'),
        ),
    ]
