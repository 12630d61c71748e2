import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_transfers'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='mail',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='mail',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='update_update',
        ),
        migrations.AddField(
            model_name='mail',
            name='secrets_digest',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='mailevent',
            name='secrets_digest',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='secrets_digest',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='userevent',
            name='secrets_digest',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mail',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_mailevent" ("about", "act_id", "address", "attempts", "created_at", "dropped_at", "id", "key", "kind", "language", "pgh_created_at", "pgh_label", "pgh_obj_id", "secrets_digest", "sent_at", "site_id", "subject", "to_id") VALUES (NEW."about", NEW."act_id", NEW."address", NEW."attempts", NEW."created_at", NEW."dropped_at", NEW."id", NEW."key", NEW."kind", NEW."language", NOW(), \'insert\', NEW."id", NEW."secrets_digest", NEW."sent_at", NEW."site_id", NEW."subject", NEW."to_id"); RETURN NULL;', hash='05ca2a17f9c2e4df41c121b78aac890be19d95f7', operation='INSERT', pgid='pgtrigger_insert_insert_16e31', table='accounts_mail', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mail',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."about" IS DISTINCT FROM (NEW."about") OR OLD."act_id" IS DISTINCT FROM (NEW."act_id") OR OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."attempts" IS DISTINCT FROM (NEW."attempts") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."dropped_at" IS DISTINCT FROM (NEW."dropped_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."secrets_digest" IS DISTINCT FROM (NEW."secrets_digest") OR OLD."sent_at" IS DISTINCT FROM (NEW."sent_at") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."subject" IS DISTINCT FROM (NEW."subject") OR OLD."to_id" IS DISTINCT FROM (NEW."to_id"))', func='INSERT INTO "accounts_mailevent" ("about", "act_id", "address", "attempts", "created_at", "dropped_at", "id", "key", "kind", "language", "pgh_created_at", "pgh_label", "pgh_obj_id", "secrets_digest", "sent_at", "site_id", "subject", "to_id") VALUES (NEW."about", NEW."act_id", NEW."address", NEW."attempts", NEW."created_at", NEW."dropped_at", NEW."id", NEW."key", NEW."kind", NEW."language", NOW(), \'update\', NEW."id", NEW."secrets_digest", NEW."sent_at", NEW."site_id", NEW."subject", NEW."to_id"); RETURN NULL;', hash='49c77638743976e33b3c2dd625a3726dbddfc469', operation='UPDATE', pgid='pgtrigger_update_update_1a3ac', table='accounts_mail', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_userevent" ("access_reset_at", "accountability_accepted_on", "act_id", "display_name", "email", "failed_sign_ins", "id", "identity_checked_on", "is_active", "language", "locked_until", "must_change_password", "pgh_created_at", "pgh_label", "pgh_obj_id", "secrets_digest", "session_key", "totp_confirmed_at", "totp_last_step", "trained_on", "username") VALUES (NEW."access_reset_at", NEW."accountability_accepted_on", NEW."act_id", NEW."display_name", NEW."email", NEW."failed_sign_ins", NEW."id", NEW."identity_checked_on", NEW."is_active", NEW."language", NEW."locked_until", NEW."must_change_password", NOW(), \'insert\', NEW."id", NEW."secrets_digest", NEW."session_key", NEW."totp_confirmed_at", NEW."totp_last_step", NEW."trained_on", NEW."username"); RETURN NULL;', hash='f6bbd9815a8cf83be9ec1afe78567efec9116405', operation='INSERT', pgid='pgtrigger_insert_insert_3867c', table='accounts_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."access_reset_at" IS DISTINCT FROM (NEW."access_reset_at") OR OLD."accountability_accepted_on" IS DISTINCT FROM (NEW."accountability_accepted_on") OR OLD."act_id" IS DISTINCT FROM (NEW."act_id") OR OLD."display_name" IS DISTINCT FROM (NEW."display_name") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."failed_sign_ins" IS DISTINCT FROM (NEW."failed_sign_ins") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."identity_checked_on" IS DISTINCT FROM (NEW."identity_checked_on") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."locked_until" IS DISTINCT FROM (NEW."locked_until") OR OLD."must_change_password" IS DISTINCT FROM (NEW."must_change_password") OR OLD."secrets_digest" IS DISTINCT FROM (NEW."secrets_digest") OR OLD."session_key" IS DISTINCT FROM (NEW."session_key") OR OLD."totp_confirmed_at" IS DISTINCT FROM (NEW."totp_confirmed_at") OR OLD."totp_last_step" IS DISTINCT FROM (NEW."totp_last_step") OR OLD."trained_on" IS DISTINCT FROM (NEW."trained_on") OR OLD."username" IS DISTINCT FROM (NEW."username"))', func='INSERT INTO "accounts_userevent" ("access_reset_at", "accountability_accepted_on", "act_id", "display_name", "email", "failed_sign_ins", "id", "identity_checked_on", "is_active", "language", "locked_until", "must_change_password", "pgh_created_at", "pgh_label", "pgh_obj_id", "secrets_digest", "session_key", "totp_confirmed_at", "totp_last_step", "trained_on", "username") VALUES (NEW."access_reset_at", NEW."accountability_accepted_on", NEW."act_id", NEW."display_name", NEW."email", NEW."failed_sign_ins", NEW."id", NEW."identity_checked_on", NEW."is_active", NEW."language", NEW."locked_until", NEW."must_change_password", NOW(), \'update\', NEW."id", NEW."secrets_digest", NEW."session_key", NEW."totp_confirmed_at", NEW."totp_last_step", NEW."trained_on", NEW."username"); RETURN NULL;', hash='7736f9e3bb4e094642dd4a8d24c2099473fc7450', operation='UPDATE', pgid='pgtrigger_update_update_0e890', table='accounts_user', when='AFTER')),
        ),
    ]
