import audit.guards
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from randomization.allocation_list import admission, minimization_schema, schema

# The stored functions look up by index and plan once, however small the tables were when they were planned.
PLANNED_ONCE = "".join(
    f"ALTER FUNCTION allocation.{name} SET enable_seqscan = off; "
    f"ALTER FUNCTION allocation.{name} SET plan_cache_mode = force_generic_plan;"
    for name in ("own_act", "take_next_slot", "reveal")
)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_initial'),
        ('audit', '0001_initial'),
        ('trials', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Allocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=12, unique=True, verbose_name='randomization number')),
                ('stratum', models.CharField(max_length=20, verbose_name='stratum as randomized')),
                ('sequence', models.PositiveIntegerField()),
                ('strat_site', models.CharField(max_length=2, verbose_name='site as randomized')),
                ('strat_stage', models.CharField(max_length=4, verbose_name='clinical stage group as randomized')),
                ('randomized_at', models.DateTimeField(verbose_name='randomized at')),
                ('revealed_at', models.DateTimeField(null=True, verbose_name='arm revealed at')),
                ('arm', models.CharField(max_length=1, null=True, verbose_name='arm')),
                ('certificate', models.JSONField(null=True, verbose_name='certificate')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.eligibilitydecision')),
                ('participant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='allocation', to='trials.participant')),
                ('randomized_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='randomized by')),
                ('signature', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site')),
            ],
            options={
                'verbose_name': 'allocation',
                'ordering': ('randomized_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='AllocationError',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('in_error', 'Randomized in error: never meant to be'), ('ineligible', 'Found not to be eligible after randomization'), ('wrong_stratum', 'Randomized in the wrong stratum'), ('wrong_treatment', 'Treatment of the other arm given'), ('outage', 'Emergency envelope used during an outage')], max_length=16, verbose_name='what happened')),
                ('found_on', models.DateField(verbose_name='found on')),
                ('detail', models.TextField(verbose_name='how it happened')),
                ('action', models.TextField(verbose_name='what was done')),
                ('strat_stage_true', models.CharField(blank=True, max_length=4, verbose_name='true clinical stage group')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('allocation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='errors', to='randomization.allocation')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.participant')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site')),
            ],
            options={
                'verbose_name': 'randomization error',
                'ordering': ('-recorded_at',),
            },
        ),
        migrations.CreateModel(
            name='AllocationErrorEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('in_error', 'Randomized in error: never meant to be'), ('ineligible', 'Found not to be eligible after randomization'), ('wrong_stratum', 'Randomized in the wrong stratum'), ('wrong_treatment', 'Treatment of the other arm given'), ('outage', 'Emergency envelope used during an outage')], max_length=16, verbose_name='what happened')),
                ('found_on', models.DateField(verbose_name='found on')),
                ('detail', models.TextField(verbose_name='how it happened')),
                ('action', models.TextField(verbose_name='what was done')),
                ('strat_stage_true', models.CharField(blank=True, max_length=4, verbose_name='true clinical stage group')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('allocation', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='randomization.allocation')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='randomization.allocationerror')),
                ('recorded_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ListPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(26)], verbose_name='list')),
                ('kind', models.CharField(choices=[('first', 'First list'), ('sites', 'New sites'), ('extension', 'Extension of strata')], max_length=10, verbose_name='kind')),
                ('strata', models.JSONField(verbose_name='strata')),
                ('places_per_stratum', models.PositiveIntegerField(verbose_name='places per stratum')),
                ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                ('activated_at', models.DateTimeField(null=True, verbose_name='activated at')),
                ('root', models.CharField(max_length=64, null=True, verbose_name='Merkle root')),
                ('places', models.PositiveIntegerField(default=0, verbose_name='places')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('activated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by')),
                ('activating_signature', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('asking_signature', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
            ],
            options={
                'verbose_name': 'list',
                'ordering': ('scheme', 'number'),
            },
        ),
        migrations.CreateModel(
            name='AllocationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('number', models.CharField(max_length=12, verbose_name='randomization number')),
                ('stratum', models.CharField(max_length=20, verbose_name='stratum as randomized')),
                ('sequence', models.PositiveIntegerField()),
                ('strat_site', models.CharField(max_length=2, verbose_name='site as randomized')),
                ('strat_stage', models.CharField(max_length=4, verbose_name='clinical stage group as randomized')),
                ('randomized_at', models.DateTimeField(verbose_name='randomized at')),
                ('revealed_at', models.DateTimeField(null=True, verbose_name='arm revealed at')),
                ('arm', models.CharField(max_length=1, null=True, verbose_name='arm')),
                ('certificate', models.JSONField(null=True, verbose_name='certificate')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('decision', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.eligibilitydecision')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='randomization.allocation')),
                ('randomized_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='randomized by')),
                ('signature', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
                ('part', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='randomization.listpart', verbose_name='list')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='allocation',
            name='part',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='randomization.listpart', verbose_name='list'),
        ),
        migrations.CreateModel(
            name='Scheme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField(unique=True, verbose_name='version')),
                ('name', models.CharField(max_length=40, unique=True, verbose_name='name')),
                ('algorithm', models.CharField(max_length=40, verbose_name='generator')),
                ('ratio', models.CharField(max_length=20, verbose_name='ratio')),
                ('stages', models.JSONField(verbose_name='clinical stage groups')),
                ('places_per_stratum', models.PositiveIntegerField(verbose_name='places per stratum')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('closed', 'Closed')], default='draft', max_length=10, verbose_name='state')),
                ('defined_at', models.DateTimeField(verbose_name='defined at')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('defined_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='defined by')),
            ],
            options={
                'verbose_name': 'randomization scheme',
                'ordering': ('-version',),
            },
        ),
        migrations.CreateModel(
            name='ListPartEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(26)], verbose_name='list')),
                ('kind', models.CharField(choices=[('first', 'First list'), ('sites', 'New sites'), ('extension', 'Extension of strata')], max_length=10, verbose_name='kind')),
                ('strata', models.JSONField(verbose_name='strata')),
                ('places_per_stratum', models.PositiveIntegerField(verbose_name='places per stratum')),
                ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                ('activated_at', models.DateTimeField(null=True, verbose_name='activated at')),
                ('root', models.CharField(max_length=64, null=True, verbose_name='Merkle root')),
                ('places', models.PositiveIntegerField(default=0, verbose_name='places')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('activated_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by')),
                ('activating_signature', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
                ('asked_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('asking_signature', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='randomization.listpart')),
                ('scheme', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='randomization.scheme')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='listpart',
            name='scheme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='randomization.scheme'),
        ),
        migrations.CreateModel(
            name='SchemeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('algorithm', models.CharField(max_length=40, verbose_name='generator')),
                ('ratio', models.CharField(max_length=20, verbose_name='ratio')),
                ('stages', models.JSONField(verbose_name='clinical stage groups')),
                ('places_per_stratum', models.PositiveIntegerField(verbose_name='places per stratum')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('closed', 'Closed')], default='draft', max_length=10, verbose_name='state')),
                ('defined_at', models.DateTimeField(verbose_name='defined at')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('defined_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='defined by')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='randomization.scheme')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='allocationerror',
            constraint=audit.guards.ActGuard(frozen=True, name='randomization_allocationerror_act'),
        ),
        migrations.AddConstraint(
            model_name='allocationerror',
            constraint=audit.guards.SiteScoped(column='site_id', name='randomization_allocationerror_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='allocationerror',
            constraint=audit.guards.SameSite(column='participant_id', name='randomization_allocationerror_same_site'),
        ),
        migrations.AddConstraint(
            model_name='allocationerror',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'wrong_stratum'), models.Q(('strat_stage_true', ''), _negated=True)), models.Q(models.Q(('kind', 'wrong_stratum'), _negated=True), ('strat_stage_true', '')), _connector='OR'), name='randomization_error_stratum'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='allocationerror',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "randomization_allocationerrorevent" ("act_id", "action", "allocation_id", "detail", "found_on", "id", "kind", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_at", "recorded_by_id", "site_id", "strat_stage_true") VALUES (NEW."act_id", NEW."action", NEW."allocation_id", NEW."detail", NEW."found_on", NEW."id", NEW."kind", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."recorded_at", NEW."recorded_by_id", NEW."site_id", NEW."strat_stage_true"); RETURN NULL;', hash='88428d710f50b5a4ebc679688eb8e44635f88782', operation='INSERT', pgid='pgtrigger_insert_insert_a451d', table='randomization_allocationerror', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='allocationerror',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "randomization_allocationerrorevent" ("act_id", "action", "allocation_id", "detail", "found_on", "id", "kind", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_at", "recorded_by_id", "site_id", "strat_stage_true") VALUES (NEW."act_id", NEW."action", NEW."allocation_id", NEW."detail", NEW."found_on", NEW."id", NEW."kind", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."recorded_at", NEW."recorded_by_id", NEW."site_id", NEW."strat_stage_true"); RETURN NULL;', hash='da89a72cf236cc44cd3db20594676c8c5c3b4ddd', operation='UPDATE', pgid='pgtrigger_update_update_ccd04', table='randomization_allocationerror', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='allocationerrorevent',
            constraint=audit.guards.AppendOnly(name='randomization_allocationerrorevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='allocationerrorevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='randomization_allocationerrorevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='allocationevent',
            constraint=audit.guards.AppendOnly(name='randomization_allocationevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='allocationevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='randomization_allocationevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.ActGuard(frozen=False, name='randomization_allocation_act'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SiteScoped(column='site_id', name='randomization_allocation_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SameSite(column='participant_id', name='randomization_allocation_same_site'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SetOnce(column='arm', name='randomization_allocation_arm_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SetOnce(column='certificate', name='randomization_allocation_certificate_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SetOnce(column='number', name='randomization_allocation_number_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SetOnce(column='participant_id', name='randomization_allocation_participant_id_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SetOnce(column='stratum', name='randomization_allocation_stratum_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=audit.guards.SetOnce(column='sequence', name='randomization_allocation_sequence_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=models.UniqueConstraint(fields=('part', 'stratum', 'sequence'), name='randomization_place_once'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('arm', None), ('certificate', None), ('revealed_at', None)), models.Q(('arm__in', ['1', '2']), ('certificate__isnull', False), ('revealed_at__isnull', False)), _connector='OR'), name='randomization_allocation_revealed'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='allocation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "randomization_allocationevent" ("act_id", "arm", "certificate", "decision_id", "id", "number", "part_id", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "randomized_at", "randomized_by_id", "revealed_at", "sequence", "signature_id", "site_id", "strat_site", "strat_stage", "stratum") VALUES (NEW."act_id", NEW."arm", NEW."certificate", NEW."decision_id", NEW."id", NEW."number", NEW."part_id", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."randomized_at", NEW."randomized_by_id", NEW."revealed_at", NEW."sequence", NEW."signature_id", NEW."site_id", NEW."strat_site", NEW."strat_stage", NEW."stratum"); RETURN NULL;', hash='cdbd172104644e6dfc87755b9dc253c5df61f6b3', operation='INSERT', pgid='pgtrigger_insert_insert_c7596', table='randomization_allocation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='allocation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "randomization_allocationevent" ("act_id", "arm", "certificate", "decision_id", "id", "number", "part_id", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "randomized_at", "randomized_by_id", "revealed_at", "sequence", "signature_id", "site_id", "strat_site", "strat_stage", "stratum") VALUES (NEW."act_id", NEW."arm", NEW."certificate", NEW."decision_id", NEW."id", NEW."number", NEW."part_id", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."randomized_at", NEW."randomized_by_id", NEW."revealed_at", NEW."sequence", NEW."signature_id", NEW."site_id", NEW."strat_site", NEW."strat_stage", NEW."stratum"); RETURN NULL;', hash='b514015949b4b118bb321e4d92c04e17308d9019', operation='UPDATE', pgid='pgtrigger_update_update_4539b', table='randomization_allocation', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='scheme',
            constraint=audit.guards.ActGuard(frozen=False, name='randomization_scheme_act'),
        ),
        migrations.AddConstraint(
            model_name='scheme',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'active', 'closed'])), name='randomization_scheme_state'),
        ),
        migrations.AddConstraint(
            model_name='scheme',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('state',), name='randomization_scheme_one_active'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scheme',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "randomization_schemeevent" ("act_id", "algorithm", "defined_at", "defined_by_id", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "places_per_stratum", "ratio", "stages", "state", "version") VALUES (NEW."act_id", NEW."algorithm", NEW."defined_at", NEW."defined_by_id", NEW."id", NEW."name", NOW(), \'insert\', NEW."id", NEW."places_per_stratum", NEW."ratio", NEW."stages", NEW."state", NEW."version"); RETURN NULL;', hash='5426343a58873a64f3d4a6890934f11bf2f34dd8', operation='INSERT', pgid='pgtrigger_insert_insert_f4477', table='randomization_scheme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scheme',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "randomization_schemeevent" ("act_id", "algorithm", "defined_at", "defined_by_id", "id", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "places_per_stratum", "ratio", "stages", "state", "version") VALUES (NEW."act_id", NEW."algorithm", NEW."defined_at", NEW."defined_by_id", NEW."id", NEW."name", NOW(), \'update\', NEW."id", NEW."places_per_stratum", NEW."ratio", NEW."stages", NEW."state", NEW."version"); RETURN NULL;', hash='3a60fdf998c69bd5fafdc58a57785a133db7abbf', operation='UPDATE', pgid='pgtrigger_update_update_eb01c', table='randomization_scheme', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='listpartevent',
            constraint=audit.guards.AppendOnly(name='randomization_listpartevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=audit.guards.ActGuard(frozen=False, name='randomization_listpart_act'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=audit.guards.SetOnce(column='activated_at', name='randomization_listpart_activated_once'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=audit.guards.SetOnce(column='root', name='randomization_listpart_root_once'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=models.UniqueConstraint(fields=('scheme', 'number'), name='randomization_listpart_once'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('activated_at', None), ('activated_by', None), ('activating_signature', None), ('root', None)), models.Q(('activated_at__isnull', False), ('activating_signature__isnull', False), ('activated_by__isnull', False), ('places__gt', 0), ('root__regex', '^[0-9a-f]{64}$')), _connector='OR'), name='randomization_listpart_activation'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=models.CheckConstraint(condition=models.Q(('activated_by', models.F('asked_by')), _negated=True), name='randomization_listpart_two_people'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='listpart',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "randomization_listpartevent" ("act_id", "activated_at", "activated_by_id", "activating_signature_id", "asked_at", "asked_by_id", "asking_signature_id", "id", "kind", "number", "pgh_created_at", "pgh_label", "pgh_obj_id", "places", "places_per_stratum", "root", "scheme_id", "strata") VALUES (NEW."act_id", NEW."activated_at", NEW."activated_by_id", NEW."activating_signature_id", NEW."asked_at", NEW."asked_by_id", NEW."asking_signature_id", NEW."id", NEW."kind", NEW."number", NOW(), \'insert\', NEW."id", NEW."places", NEW."places_per_stratum", NEW."root", NEW."scheme_id", NEW."strata"); RETURN NULL;', hash='a0d9d0980a8fba818cbf897cc01ecda5aabbebc9', operation='INSERT', pgid='pgtrigger_insert_insert_2df11', table='randomization_listpart', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='listpart',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "randomization_listpartevent" ("act_id", "activated_at", "activated_by_id", "activating_signature_id", "asked_at", "asked_by_id", "asking_signature_id", "id", "kind", "number", "pgh_created_at", "pgh_label", "pgh_obj_id", "places", "places_per_stratum", "root", "scheme_id", "strata") VALUES (NEW."act_id", NEW."activated_at", NEW."activated_by_id", NEW."activating_signature_id", NEW."asked_at", NEW."asked_by_id", NEW."asking_signature_id", NEW."id", NEW."kind", NEW."number", NOW(), \'update\', NEW."id", NEW."places", NEW."places_per_stratum", NEW."root", NEW."scheme_id", NEW."strata"); RETURN NULL;', hash='74bc1fa53a45cd58f4d9c61d95931df6b5b8ebf0', operation='UPDATE', pgid='pgtrigger_update_update_7562a', table='randomization_listpart', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='schemeevent',
            constraint=audit.guards.AppendOnly(name='randomization_schemeevent_trail'),
        ),
        migrations.RunSQL(schema.CREATE, schema.DROP),
        migrations.RunSQL(f"SET ROLE palace3_allocator; {PLANNED_ONCE} RESET ROLE;", migrations.RunSQL.noop),
        migrations.RunSQL(minimization_schema.CREATE, minimization_schema.DROP),
        migrations.RunSQL(admission.CREATE, admission.DROP),
    ]
