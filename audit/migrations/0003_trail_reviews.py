import audit.guards
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_anchors'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TrailReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('filters', models.JSONField(default=dict, verbose_name='filter')),
                ('every_days', models.PositiveSmallIntegerField(verbose_name='every how many days')),
                ('first_on', models.DateField(verbose_name='first due on')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
            ],
            options={
                'verbose_name': 'review of the audit trail',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='TrailReviewEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('filters', models.JSONField(default=dict, verbose_name='filter')),
                ('every_days', models.PositiveSmallIntegerField(verbose_name='every how many days')),
                ('first_on', models.DateField(verbose_name='first due on')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='audit.trailreview')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TrailReviewResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('done_at', models.DateTimeField(verbose_name='done at')),
                ('up_to_act', models.BigIntegerField(verbose_name='up to act')),
                ('lines', models.PositiveIntegerField(verbose_name='acts read')),
                ('outcome', models.CharField(choices=[('nothing', 'nothing to follow up'), ('followed', 'something is followed up')], max_length=10, verbose_name='outcome')),
                ('note', models.TextField(verbose_name='what was seen and done')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='results', to='audit.trailreview')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'result of a review of the audit trail',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='TrailReviewResultEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('done_at', models.DateTimeField(verbose_name='done at')),
                ('up_to_act', models.BigIntegerField(verbose_name='up to act')),
                ('lines', models.PositiveIntegerField(verbose_name='acts read')),
                ('outcome', models.CharField(choices=[('nothing', 'nothing to follow up'), ('followed', 'something is followed up')], max_length=10, verbose_name='outcome')),
                ('note', models.TextField(verbose_name='what was seen and done')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='audit.trailreviewresult')),
                ('review', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.trailreview')),
                ('reviewer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='trailreview',
            constraint=audit.guards.ActGuard(frozen=False, name='audit_trailreview_act'),
        ),
        migrations.AddConstraint(
            model_name='trailreview',
            constraint=models.CheckConstraint(condition=models.Q(('every_days__gt', 0)), name='audit_trailreview_comes_round'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trailreview',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "audit_trailreviewevent" ("act_id", "ended_at", "every_days", "filters", "first_on", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."act_id", NEW."ended_at", NEW."every_days", NEW."filters", NEW."first_on", NEW."id", NEW."name", NOW(), \'insert\', NEW."id"); RETURN NULL;', hash='0d81f003d536848b8213d0a193e33bcc018974d3', operation='INSERT', pgid='pgtrigger_insert_insert_0bf40', table='audit_trailreview', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trailreview',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "audit_trailreviewevent" ("act_id", "ended_at", "every_days", "filters", "first_on", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."act_id", NEW."ended_at", NEW."every_days", NEW."filters", NEW."first_on", NEW."id", NEW."name", NOW(), \'update\', NEW."id"); RETURN NULL;', hash='f6d5e4b225ad19548abb37fbdc8a69033c0bcf1f', operation='UPDATE', pgid='pgtrigger_update_update_8149b', table='audit_trailreview', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='trailreviewevent',
            constraint=audit.guards.AppendOnly(name='audit_trailreviewevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='trailreviewresult',
            constraint=audit.guards.ActGuard(frozen=True, name='audit_trailreviewresult_act'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trailreviewresult',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "audit_trailreviewresultevent" ("act_id", "done_at", "id", "lines", "note", "outcome", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "reviewer_id", "up_to_act") VALUES (NEW."act_id", NEW."done_at", NEW."id", NEW."lines", NEW."note", NEW."outcome", NOW(), \'insert\', NEW."id", NEW."review_id", NEW."reviewer_id", NEW."up_to_act"); RETURN NULL;', hash='7be4f3b5572fcb3e0e87037fdc27dc723f8d5854', operation='INSERT', pgid='pgtrigger_insert_insert_855d6', table='audit_trailreviewresult', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trailreviewresult',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "audit_trailreviewresultevent" ("act_id", "done_at", "id", "lines", "note", "outcome", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "reviewer_id", "up_to_act") VALUES (NEW."act_id", NEW."done_at", NEW."id", NEW."lines", NEW."note", NEW."outcome", NOW(), \'update\', NEW."id", NEW."review_id", NEW."reviewer_id", NEW."up_to_act"); RETURN NULL;', hash='6439d10e4242662c41c992b50e313bba828afd68', operation='UPDATE', pgid='pgtrigger_update_update_bf23e', table='audit_trailreviewresult', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='trailreviewresultevent',
            constraint=audit.guards.AppendOnly(name='audit_trailreviewresultevent_trail'),
        ),
    ]
