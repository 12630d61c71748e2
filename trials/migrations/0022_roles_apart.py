import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import trials.guards


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_secret_digests'),
        ('audit', '0002_anchors'),
        ('trials', '0021_cancelled_losses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(trials.guards.ROLES_APART, trials.guards.DROP_ROLES_APART),
        pgtrigger.migrations.RemoveTrigger(
            model_name='delegation',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='delegation',
            name='update_update',
        ),
        migrations.AddField(
            model_name='delegation',
            name='signature',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature'),
        ),
        migrations.AddField(
            model_name='delegationevent',
            name='signature',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_delegationevent" ("act_id", "confirmed_at", "confirmed_by_id", "ended_at", "ends_on", "granted_by_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "signature_id", "site_id", "starts_on", "user_id", "waits_for_confirmation") VALUES (NEW."act_id", NEW."confirmed_at", NEW."confirmed_by_id", NEW."ended_at", NEW."ends_on", NEW."granted_by_id", NEW."id", NOW(), \'insert\', NEW."id", NEW."role", NEW."signature_id", NEW."site_id", NEW."starts_on", NEW."user_id", NEW."waits_for_confirmation"); RETURN NULL;', hash='ba42c699ca99693c410d82e8a5b8381612c91955', operation='INSERT', pgid='pgtrigger_insert_insert_01ae7', table='trials_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_delegationevent" ("act_id", "confirmed_at", "confirmed_by_id", "ended_at", "ends_on", "granted_by_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "signature_id", "site_id", "starts_on", "user_id", "waits_for_confirmation") VALUES (NEW."act_id", NEW."confirmed_at", NEW."confirmed_by_id", NEW."ended_at", NEW."ends_on", NEW."granted_by_id", NEW."id", NOW(), \'update\', NEW."id", NEW."role", NEW."signature_id", NEW."site_id", NEW."starts_on", NEW."user_id", NEW."waits_for_confirmation"); RETURN NULL;', hash='88fcb36ae6f9ff189846dfe4bcc77f8a7fe14eed', operation='UPDATE', pgid='pgtrigger_update_update_029a1', table='trials_delegation', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=trials.guards.RolesApart(name='trials_delegation_roles_apart', pairs=(('trial_manager', 'coordinator'), ('trial_manager', 'investigator'), ('trial_manager', 'statistician'), ('trial_manager', 'monitor'), ('statistician', 'coordinator'), ('statistician', 'investigator'), ('statistician', 'monitor'), ('statistician', 'data_manager'), ('data_manager', 'coordinator'), ('data_manager', 'investigator'), ('monitor', 'coordinator'), ('monitor', 'investigator'), ('inspector', 'coordinator'), ('inspector', 'investigator'), ('inspector', 'monitor'), ('inspector', 'data_manager'), ('inspector', 'trial_manager'), ('inspector', 'statistician'), ('coder', 'coordinator'), ('coder', 'investigator'))),
        ),
    ]
