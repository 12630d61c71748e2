import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0008_cuts_and_jobs'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='apitoken',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='apitoken',
            name='update_update',
        ),
        migrations.AddField(
            model_name='apitoken',
            name='secrets_digest',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='apitokenevent',
            name='secrets_digest',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apitoken',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "exports_apitokenevent" ("act_id", "created_at", "expires_at", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scopes", "secrets_digest", "user_id") VALUES (NEW."act_id", NEW."created_at", NEW."expires_at", NEW."id", NEW."name", NOW(), \'insert\', NEW."id", NEW."revoked_at", NEW."scopes", NEW."secrets_digest", NEW."user_id"); RETURN NULL;', hash='d93bdeab2bf992eb1608a8df5dc7ecdcb6dd0fb3', operation='INSERT', pgid='pgtrigger_insert_insert_eb9d8', table='exports_apitoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apitoken',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."act_id" IS DISTINCT FROM (NEW."act_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."scopes" IS DISTINCT FROM (NEW."scopes") OR OLD."secrets_digest" IS DISTINCT FROM (NEW."secrets_digest") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))', func='INSERT INTO "exports_apitokenevent" ("act_id", "created_at", "expires_at", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "scopes", "secrets_digest", "user_id") VALUES (NEW."act_id", NEW."created_at", NEW."expires_at", NEW."id", NEW."name", NOW(), \'update\', NEW."id", NEW."revoked_at", NEW."scopes", NEW."secrets_digest", NEW."user_id"); RETURN NULL;', hash='cfb1d7bfbbcad620b215e33bd5f348cbd06d8f64', operation='UPDATE', pgid='pgtrigger_update_update_6cf13', table='exports_apitoken', when='AFTER')),
        ),
    ]
