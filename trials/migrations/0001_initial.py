import audit.guards
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import trials.guards
import trials.version_guards
from django.conf import settings
from django.db import migrations, models

from trials import guards, version_guards

# What anybody may know of a site: a function that answers with these columns and nothing else (ADR 16).
PUBLIC_SITES = """
CREATE FUNCTION trials_public_sites()
RETURNS TABLE (
    code varchar, name varchar, name_zh varchar, city varchar, city_zh varchar, state varchar, time_zone varchar,
    latitude numeric, longitude numeric, languages_spoken varchar, office_hours varchar
)
LANGUAGE plpgsql SECURITY INVOKER
AS $$
DECLARE
    held text := coalesce(current_setting('app.sites', true), '');
BEGIN
    PERFORM set_config('app.sites', '*', true);
    RETURN QUERY
        SELECT s.code, s.name, s.name_zh, s.city, s.city_zh, s.state, s.time_zone,
               s.latitude, s.longitude, s.languages_spoken, s.office_hours
        FROM public.trials_site AS s
        ORDER BY s.code;
    PERFORM set_config('app.sites', held, true);
END $$;
"""
# What was erased leaves the pages of the table within minutes, not at some later sweep.
ERASED_SOON = """
ALTER TABLE trials_contactidentity SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE trials_newsreader SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
"""
ERASED_AS_USUAL = """
ALTER TABLE trials_contactidentity RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE trials_newsreader RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('audit', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(guards.FUNCTIONS, guards.DROP_FUNCTIONS),
        migrations.RunSQL(version_guards.FUNCTIONS, version_guards.DROP_FUNCTIONS),
        migrations.CreateModel(
            name='ChecklistItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ethics', 'Ethics approval'), ('contract', 'Contract signed'), ('initiation', 'Initiation visit held'), ('delegation', 'Delegation log signed'), ('training', 'Training of the team')], max_length=12, verbose_name='item')),
                ('done_on', models.DateField(verbose_name='done on')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='expires on')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
            ],
        ),
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.CharField(max_length=120, verbose_name='value')),
                ('digest', models.CharField(max_length=64, verbose_name='digest of the value')),
                ('version', models.CharField(max_length=10, verbose_name='protocol version')),
                ('shown_en', models.TextField()),
                ('shown_zh', models.TextField()),
                ('note', models.CharField(max_length=200, verbose_name='basis')),
                ('signed_by', models.CharField(max_length=80, verbose_name='confirmed by')),
                ('confirmed_at', models.DateTimeField(verbose_name='confirmed at')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn at')),
                ('withdrawn_by', models.CharField(blank=True, max_length=80, verbose_name='withdrawn by')),
                ('withdrawal_reason', models.CharField(blank=True, max_length=200, verbose_name='why it was withdrawn')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('signature', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
            ],
            options={
                'verbose_name': 'confirmation',
                'ordering': ('-confirmed_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='ConfirmationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('item', models.CharField(max_length=120, verbose_name='value')),
                ('digest', models.CharField(max_length=64, verbose_name='digest of the value')),
                ('version', models.CharField(max_length=10, verbose_name='protocol version')),
                ('shown_en', models.TextField()),
                ('shown_zh', models.TextField()),
                ('note', models.CharField(max_length=200, verbose_name='basis')),
                ('signed_by', models.CharField(max_length=80, verbose_name='confirmed by')),
                ('confirmed_at', models.DateTimeField(verbose_name='confirmed at')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn at')),
                ('withdrawn_by', models.CharField(blank=True, max_length=80, verbose_name='withdrawn by')),
                ('withdrawal_reason', models.CharField(blank=True, max_length=200, verbose_name='why it was withdrawn')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.confirmation')),
                ('signature', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ConsentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label', models.CharField(max_length=20, verbose_name='version')),
                ('approved_on', models.DateField(verbose_name='approved on')),
                ('ended_on', models.DateField(blank=True, null=True, verbose_name='replaced on')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
            ],
            options={
                'ordering': ('-approved_on',),
            },
        ),
        migrations.CreateModel(
            name='ContactRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=9, unique=True, verbose_name='reference')),
                ('state', models.CharField(choices=[('new', 'New'), ('called', 'Called'), ('invited', 'Invited to the centre'), ('screened', 'In screening'), ('not_suitable', 'Not suitable'), ('declined', 'Does not want to take part'), ('unreached', 'Could not be reached'), ('erased', 'Erased on request')], default='new', max_length=12, verbose_name='state')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed')),
                ('reason', models.CharField(blank=True, choices=[('other_disease', 'Another disease'), ('too_advanced', 'The disease has spread too far'), ('treated', 'Treatment has begun or is finished'), ('age', 'Younger than 18 or older than 75'), ('too_far', 'The visits cannot be kept from where the person lives'), ('misuse', 'Not about the trial'), ('other', 'Another reason')], max_length=15, verbose_name='reason')),
                ('erased_at', models.DateTimeField(null=True, verbose_name='identity erased')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
            ],
            options={
                'verbose_name': 'contact request',
                'ordering': ('received_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='ContactAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('called_at', models.DateTimeField(verbose_name='called at')),
                ('result', models.CharField(choices=[('reached', 'Spoke with the person'), ('later', 'Asked to be called at another time'), ('no_answer', 'No answer'), ('wrong_number', "The number does not work or is somebody else's")], max_length=12, verbose_name='result')),
                ('again_on', models.DateField(blank=True, null=True, verbose_name='call again on')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='trials.contactrequest')),
            ],
            options={
                'ordering': ('called_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('coordinator', 'Coordinator'), ('investigator', 'Investigator'), ('monitor', 'Monitor'), ('data_manager', 'Data manager'), ('trial_manager', 'Trial manager'), ('statistician', 'Statistician'), ('inspector', 'Inspector')], max_length=20, verbose_name='role')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'delegation',
            },
        ),
        migrations.CreateModel(
            name='NewsLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_en', models.CharField(max_length=120, verbose_name='subject in English')),
                ('subject_zh', models.CharField(max_length=120, verbose_name='subject in Chinese')),
                ('text_en', models.TextField(max_length=6000, verbose_name='text in English')),
                ('text_zh', models.TextField(max_length=6000, verbose_name='text in Chinese')),
                ('approved_on', models.DateField(verbose_name='approved by the ethics committee on')),
                ('approval', models.CharField(max_length=80, verbose_name='number of the approval')),
                ('written_at', models.DateTimeField(verbose_name='written')),
                ('released_at', models.DateTimeField(null=True, verbose_name='released')),
                ('mails', models.PositiveIntegerField(default=0, verbose_name='sent to')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'news letter',
                'ordering': ('-written_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='NewsLetterEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('subject_en', models.CharField(max_length=120, verbose_name='subject in English')),
                ('subject_zh', models.CharField(max_length=120, verbose_name='subject in Chinese')),
                ('text_en', models.TextField(max_length=6000, verbose_name='text in English')),
                ('text_zh', models.TextField(max_length=6000, verbose_name='text in Chinese')),
                ('approved_on', models.DateField(verbose_name='approved by the ethics committee on')),
                ('approval', models.CharField(max_length=80, verbose_name='number of the approval')),
                ('written_at', models.DateTimeField(verbose_name='written')),
                ('released_at', models.DateTimeField(null=True, verbose_name='released')),
                ('mails', models.PositiveIntegerField(default=0, verbose_name='sent to')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.newsletter')),
                ('released_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('written_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='NewsReader',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('sealed', models.BinaryField()),
                ('language', models.CharField(max_length=10)),
                ('key', models.CharField(max_length=32, unique=True)),
                ('asked_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [audit.guards.SystemRows(name='trials_newsreader_nobodys'), audit.guards.MayDelete(name='trials_newsreader_deletable')],
            },
        ),
        migrations.CreateModel(
            name='PageConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('confirmed_at', models.DateTimeField(verbose_name='confirmed at')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('signature', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
            ],
            options={
                'verbose_name': 'confirmation of the public page',
                'ordering': ('-confirmed_at',),
            },
        ),
        migrations.CreateModel(
            name='PageConfirmationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('confirmed_at', models.DateTimeField(verbose_name='confirmed at')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.pageconfirmation')),
                ('signature', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=8, unique=True, verbose_name='participant')),
                ('state', models.CharField(choices=[('SCREENED', 'In screening'), ('SCREEN_FAIL', 'Screen failure'), ('RANDOMISED', 'Randomized'), ('NEVER_TREATED', 'Never treated'), ('NEOADJUVANT', 'Neoadjuvant treatment'), ('AWAIT_CRE1', 'Waiting for CRE-1'), ('AWAIT_CRE2', 'Waiting for CRE-2'), ('REFUSED_WORKUP', 'Work-up refused'), ('SURVEILLANCE', 'Active surveillance'), ('AWAIT_RESTAGE', 'Waiting for restaging'), ('SURGERY_PLANNED', 'Surgery planned'), ('REFUSED_SURGERY', 'Surgery refused'), ('OPERATED', 'Operated'), ('NOT_RESECTED', 'Explored, not resected'), ('NONSURGICAL_SALVAGE', 'Non-surgical salvage'), ('FOLLOW_UP', 'Follow-up'), ('PROGRESSION', 'Progression'), ('DISTANT', 'Distant disease'), ('RECURRENCE', 'Recurrence'), ('SURVIVAL_ONLY', 'Survival follow-up only'), ('DEAD', 'Dead'), ('LOST', 'Lost to follow-up'), ('WITHDRAWN', 'Withdrawn before randomization'), ('WITHDRAWN_ALL', 'Withdrawn from all contact'), ('COMPLETED', 'Completed')], default='SCREENED', max_length=20, verbose_name='state')),
                ('state_since', models.DateField(verbose_name='in this state since')),
                ('arm', models.CharField(blank=True, max_length=1, null=True, verbose_name='arm')),
                ('protocol_version', models.CharField(default='1.0', max_length=10, verbose_name='protocol version')),
                ('registered_on', models.DateField(verbose_name='registered on')),
                ('came_by_request', models.BooleanField(default=False, verbose_name='came through the public page')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
            ],
            options={
                'verbose_name': 'participant',
                'ordering': ('number',),
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, verbose_name='milestone')),
                ('on', models.DateField(null=True, verbose_name='on')),
                ('result', models.CharField(blank=True, max_length=20, verbose_name='result')),
                ('source', models.CharField(max_length=20, verbose_name='source')),
                ('source_form', models.CharField(blank=True, max_length=8, verbose_name='form it was read from')),
                ('source_record', models.BigIntegerField(null=True, verbose_name='record it was read from')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='trials.participant')),
            ],
            options={
                'ordering': ('on', 'code'),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='EligibilityDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('eligible', models.BooleanField(verbose_name='eligible')),
                ('evidence', models.JSONField(verbose_name='evidence')),
                ('digest', models.CharField(max_length=64, verbose_name='digest of the evidence')),
                ('decided_at', models.DateTimeField(verbose_name='decided at')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('lapsed_at', models.DateTimeField(blank=True, null=True, verbose_name='lapsed at')),
                ('lapse_cause', models.TextField(blank=True, verbose_name='why it lapsed')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('signature', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='trials.participant')),
            ],
            options={
                'ordering': ('-decided_at',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DeviationProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=20, verbose_name='rule')),
                ('key', models.CharField(max_length=200)),
                ('detail', models.TextField(verbose_name='what was found')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values of the text')),
                ('found_on', models.DateField(verbose_name='found on')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('confirmed', 'Confirmed'), ('dismissed', 'Not a deviation')], default='proposed', max_length=10, verbose_name='state')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='trials.participant')),
            ],
            options={
                'ordering': ('-found_on', '-pk'),
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='contactrequest',
            name='participant',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.participant', verbose_name='participant'),
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signed_on', models.DateField(verbose_name='signed on')),
                ('sensitive_data', models.BooleanField(default=False, verbose_name='consent to the use of sensitive health data')),
                ('biobank', models.BooleanField(default=False, verbose_name='consent to extra samples')),
                ('register_lookup', models.BooleanField(default=False, verbose_name='consent to look up vital status after withdrawal')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='trials.consentversion', verbose_name='consent version')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='trials.participant')),
            ],
            options={
                'verbose_name': 'consent',
                'ordering': ('-signed_on', '-pk'),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PublicText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block', models.CharField(max_length=40, verbose_name='block')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('body', models.TextField(max_length=4000, verbose_name='text')),
                ('drafted_at', models.DateTimeField(verbose_name='drafted at')),
                ('released_at', models.DateTimeField(null=True, verbose_name='released at')),
                ('ethics_approved_on', models.DateField(null=True, verbose_name='approved by the ethics committee on')),
                ('ethics_reference', models.CharField(max_length=80, null=True, verbose_name='number of the ethics approval')),
                ('protocol_version', models.CharField(max_length=10, null=True, verbose_name='protocol version that filled it')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn at')),
                ('withdrawn_because', models.TextField(max_length=400, null=True, verbose_name='reason')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('signature', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.signature')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'public text',
                'ordering': ('block', 'language', '-number'),
            },
        ),
        migrations.CreateModel(
            name='PublicTextEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('block', models.CharField(max_length=40, verbose_name='block')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('body', models.TextField(max_length=4000, verbose_name='text')),
                ('drafted_at', models.DateTimeField(verbose_name='drafted at')),
                ('released_at', models.DateTimeField(null=True, verbose_name='released at')),
                ('ethics_approved_on', models.DateField(null=True, verbose_name='approved by the ethics committee on')),
                ('ethics_reference', models.CharField(max_length=80, null=True, verbose_name='number of the ethics approval')),
                ('protocol_version', models.CharField(max_length=10, null=True, verbose_name='protocol version that filled it')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn at')),
                ('withdrawn_because', models.TextField(max_length=400, null=True, verbose_name='reason')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('author', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.publictext')),
                ('released_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('signature', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
                ('withdrawn_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ScreeningOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('declined', models.BooleanField(default=False, verbose_name='eligible but declined')),
                ('reason', models.CharField(choices=[('criterion', 'A criterion was not met'), ('consent_withdrawn', 'Consent withdrawn'), ('progression', 'Progression'), ('death', 'Death'), ('administrative', 'Administrative'), ('other', 'Other'), ('wants_surgery', 'Wants surgery'), ('wants_surveillance', 'Wants surveillance'), ('no_trial', 'Wants no trial'), ('physician', "Physician's decision"), ('other_decline', 'Other reason for declining')], max_length=20, verbose_name='reason')),
                ('criteria', models.JSONField(blank=True, default=list, verbose_name='criteria not met')),
                ('detail', models.CharField(blank=True, max_length=200, verbose_name='detail')),
                ('on', models.DateField(verbose_name='on')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='trials.participant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SendingMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['digest', 'at'], name='trials_send_digest_b33236_idx')],
                'constraints': [audit.guards.MayDelete(name='trials_sendingmark_deletable')],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=2, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('name_zh', models.CharField(max_length=120, verbose_name='name in Chinese')),
                ('city', models.CharField(max_length=60, verbose_name='city')),
                ('city_zh', models.CharField(max_length=60, verbose_name='city in Chinese')),
                ('time_zone', models.CharField(default='Asia/Shanghai', max_length=40, verbose_name='time zone')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('set_up', 'In set-up'), ('active', 'Active'), ('suspended', 'Suspended'), ('closed', 'Closed')], default='planned', max_length=10, verbose_name='state')),
                ('planned_participants', models.PositiveIntegerField(default=0, verbose_name='planned participants')),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True, verbose_name='latitude')),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True, verbose_name='longitude')),
                ('languages_spoken', models.CharField(blank=True, max_length=120, verbose_name='languages spoken')),
                ('office_hours', models.CharField(blank=True, max_length=120, verbose_name='office hours')),
                ('protocol_version', models.CharField(default='1.0', max_length=10, verbose_name='protocol version in force')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
            ],
            options={
                'verbose_name': 'site',
                'ordering': ('code',),
            },
        ),
        migrations.CreateModel(
            name='ScreeningOutcomeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('declined', models.BooleanField(default=False, verbose_name='eligible but declined')),
                ('reason', models.CharField(choices=[('criterion', 'A criterion was not met'), ('consent_withdrawn', 'Consent withdrawn'), ('progression', 'Progression'), ('death', 'Death'), ('administrative', 'Administrative'), ('other', 'Other'), ('wants_surgery', 'Wants surgery'), ('wants_surveillance', 'Wants surveillance'), ('no_trial', 'Wants no trial'), ('physician', "Physician's decision"), ('other_decline', 'Other reason for declining')], max_length=20, verbose_name='reason')),
                ('criteria', models.JSONField(blank=True, default=list, verbose_name='criteria not met')),
                ('detail', models.CharField(blank=True, max_length=200, verbose_name='detail')),
                ('on', models.DateField(verbose_name='on')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.screeningoutcome')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='screeningoutcome',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site'),
        ),
        migrations.CreateModel(
            name='ParticipantEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('number', models.CharField(max_length=8, verbose_name='participant')),
                ('state', models.CharField(choices=[('SCREENED', 'In screening'), ('SCREEN_FAIL', 'Screen failure'), ('RANDOMISED', 'Randomized'), ('NEVER_TREATED', 'Never treated'), ('NEOADJUVANT', 'Neoadjuvant treatment'), ('AWAIT_CRE1', 'Waiting for CRE-1'), ('AWAIT_CRE2', 'Waiting for CRE-2'), ('REFUSED_WORKUP', 'Work-up refused'), ('SURVEILLANCE', 'Active surveillance'), ('AWAIT_RESTAGE', 'Waiting for restaging'), ('SURGERY_PLANNED', 'Surgery planned'), ('REFUSED_SURGERY', 'Surgery refused'), ('OPERATED', 'Operated'), ('NOT_RESECTED', 'Explored, not resected'), ('NONSURGICAL_SALVAGE', 'Non-surgical salvage'), ('FOLLOW_UP', 'Follow-up'), ('PROGRESSION', 'Progression'), ('DISTANT', 'Distant disease'), ('RECURRENCE', 'Recurrence'), ('SURVIVAL_ONLY', 'Survival follow-up only'), ('DEAD', 'Dead'), ('LOST', 'Lost to follow-up'), ('WITHDRAWN', 'Withdrawn before randomization'), ('WITHDRAWN_ALL', 'Withdrawn from all contact'), ('COMPLETED', 'Completed')], default='SCREENED', max_length=20, verbose_name='state')),
                ('state_since', models.DateField(verbose_name='in this state since')),
                ('arm', models.CharField(blank=True, max_length=1, null=True, verbose_name='arm')),
                ('protocol_version', models.CharField(default='1.0', max_length=10, verbose_name='protocol version')),
                ('registered_on', models.DateField(verbose_name='registered on')),
                ('came_by_request', models.BooleanField(default=False, verbose_name='came through the public page')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.participant')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='participant',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='participants', to='trials.site'),
        ),
        migrations.CreateModel(
            name='MilestoneEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('code', models.CharField(max_length=12, verbose_name='milestone')),
                ('on', models.DateField(null=True, verbose_name='on')),
                ('result', models.CharField(blank=True, max_length=20, verbose_name='result')),
                ('source', models.CharField(max_length=20, verbose_name='source')),
                ('source_form', models.CharField(blank=True, max_length=8, verbose_name='form it was read from')),
                ('source_record', models.BigIntegerField(null=True, verbose_name='record it was read from')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.milestone')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='milestone',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site'),
        ),
        migrations.CreateModel(
            name='EligibilityDecisionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('eligible', models.BooleanField(verbose_name='eligible')),
                ('evidence', models.JSONField(verbose_name='evidence')),
                ('digest', models.CharField(max_length=64, verbose_name='digest of the evidence')),
                ('decided_at', models.DateTimeField(verbose_name='decided at')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('lapsed_at', models.DateTimeField(blank=True, null=True, verbose_name='lapsed at')),
                ('lapse_cause', models.TextField(blank=True, verbose_name='why it lapsed')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.eligibilitydecision')),
                ('signature', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.signature')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='eligibilitydecision',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site'),
        ),
        migrations.CreateModel(
            name='DeviationProposalEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('rule', models.CharField(max_length=20, verbose_name='rule')),
                ('key', models.CharField(max_length=200)),
                ('detail', models.TextField(verbose_name='what was found')),
                ('values', models.JSONField(blank=True, default=dict, verbose_name='values of the text')),
                ('found_on', models.DateField(verbose_name='found on')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('confirmed', 'Confirmed'), ('dismissed', 'Not a deviation')], default='proposed', max_length=10, verbose_name='state')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.deviationproposal')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='deviationproposal',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site'),
        ),
        migrations.CreateModel(
            name='DelegationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('role', models.CharField(choices=[('coordinator', 'Coordinator'), ('investigator', 'Investigator'), ('monitor', 'Monitor'), ('data_manager', 'Data manager'), ('trial_manager', 'Trial manager'), ('statistician', 'Statistician'), ('inspector', 'Inspector')], max_length=20, verbose_name='role')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('granted_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.delegation')),
                ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='delegation',
            name='site',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to='trials.site'),
        ),
        migrations.CreateModel(
            name='ContactRequestEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('reference', models.CharField(max_length=9, verbose_name='reference')),
                ('state', models.CharField(choices=[('new', 'New'), ('called', 'Called'), ('invited', 'Invited to the centre'), ('screened', 'In screening'), ('not_suitable', 'Not suitable'), ('declined', 'Does not want to take part'), ('unreached', 'Could not be reached'), ('erased', 'Erased on request')], default='new', max_length=12, verbose_name='state')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed')),
                ('reason', models.CharField(blank=True, choices=[('other_disease', 'Another disease'), ('too_advanced', 'The disease has spread too far'), ('treated', 'Treatment has begun or is finished'), ('age', 'Younger than 18 or older than 75'), ('too_far', 'The visits cannot be kept from where the person lives'), ('misuse', 'Not about the trial'), ('other', 'Another reason')], max_length=15, verbose_name='reason')),
                ('erased_at', models.DateTimeField(null=True, verbose_name='identity erased')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.contactrequest')),
                ('participant', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant', verbose_name='participant')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='contactrequest',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contact_requests', to='trials.site'),
        ),
        migrations.CreateModel(
            name='ContactIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.BinaryField()),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='identity', to='trials.contactrequest')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site')),
            ],
        ),
        migrations.CreateModel(
            name='ContactAttemptEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('called_at', models.DateTimeField(verbose_name='called at')),
                ('result', models.CharField(choices=[('reached', 'Spoke with the person'), ('later', 'Asked to be called at another time'), ('no_answer', 'No answer'), ('wrong_number', "The number does not work or is somebody else's")], max_length=12, verbose_name='result')),
                ('again_on', models.DateField(blank=True, null=True, verbose_name='call again on')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.contactattempt')),
                ('request', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.contactrequest')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='contactattempt',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site'),
        ),
        migrations.CreateModel(
            name='ConsentVersionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('label', models.CharField(max_length=20, verbose_name='version')),
                ('approved_on', models.DateField(verbose_name='approved on')),
                ('ended_on', models.DateField(blank=True, null=True, verbose_name='replaced on')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.consentversion')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='consentversion',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_versions', to='trials.site'),
        ),
        migrations.CreateModel(
            name='ConsentEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('signed_on', models.DateField(verbose_name='signed on')),
                ('sensitive_data', models.BooleanField(default=False, verbose_name='consent to the use of sensitive health data')),
                ('biobank', models.BooleanField(default=False, verbose_name='consent to extra samples')),
                ('register_lookup', models.BooleanField(default=False, verbose_name='consent to look up vital status after withdrawal')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.consent')),
                ('version', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.consentversion', verbose_name='consent version')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='consent',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site'),
        ),
        migrations.CreateModel(
            name='ChecklistItemEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('ethics', 'Ethics approval'), ('contract', 'Contract signed'), ('initiation', 'Initiation visit held'), ('delegation', 'Delegation log signed'), ('training', 'Training of the team')], max_length=12, verbose_name='item')),
                ('done_on', models.DateField(verbose_name='done on')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='expires on')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.checklistitem')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='checklistitem',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checklist', to='trials.site'),
        ),
        migrations.CreateModel(
            name='SiteEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('code', models.CharField(max_length=2, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('name_zh', models.CharField(max_length=120, verbose_name='name in Chinese')),
                ('city', models.CharField(max_length=60, verbose_name='city')),
                ('city_zh', models.CharField(max_length=60, verbose_name='city in Chinese')),
                ('time_zone', models.CharField(default='Asia/Shanghai', max_length=40, verbose_name='time zone')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('set_up', 'In set-up'), ('active', 'Active'), ('suspended', 'Suspended'), ('closed', 'Closed')], default='planned', max_length=10, verbose_name='state')),
                ('planned_participants', models.PositiveIntegerField(default=0, verbose_name='planned participants')),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True, verbose_name='latitude')),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True, verbose_name='longitude')),
                ('languages_spoken', models.CharField(blank=True, max_length=120, verbose_name='languages spoken')),
                ('office_hours', models.CharField(blank=True, max_length=120, verbose_name='office hours')),
                ('protocol_version', models.CharField(default='1.0', max_length=10, verbose_name='protocol version in force')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SiteVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=10, verbose_name='protocol version')),
                ('approved_on', models.DateField(verbose_name='approved by the ethics committee on')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('opened_on', models.DateField(null=True, verbose_name='in force since')),
                ('carried_at', models.DateTimeField(null=True, verbose_name='everybody follows it since')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('consent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.consentversion', verbose_name='new consent')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='trials.site')),
            ],
            options={
                'verbose_name': 'version at a site',
                'ordering': ('site__code', 'approved_on', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='SiteVersionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('version', models.CharField(max_length=10, verbose_name='protocol version')),
                ('approved_on', models.DateField(verbose_name='approved by the ethics committee on')),
                ('reference', models.CharField(blank=True, max_length=80, verbose_name='reference')),
                ('opened_on', models.DateField(null=True, verbose_name='in force since')),
                ('carried_at', models.DateTimeField(null=True, verbose_name='everybody follows it since')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('consent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.consentversion', verbose_name='new consent')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.siteversion')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='on')),
                ('study_drug', models.BooleanField(default=False, verbose_name='study drug')),
                ('procedures', models.BooleanField(default=False, verbose_name='surveillance procedures')),
                ('quality_of_life', models.BooleanField(default=False, verbose_name='quality of life')),
                ('all_contact', models.BooleanField(default=False, verbose_name='all contact')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('act', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.act')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='trials.participant')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trials.site')),
            ],
            options={
                'ordering': ('on', 'pk'),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WithdrawalEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('on', models.DateField(verbose_name='on')),
                ('study_drug', models.BooleanField(default=False, verbose_name='study drug')),
                ('procedures', models.BooleanField(default=False, verbose_name='surveillance procedures')),
                ('quality_of_life', models.BooleanField(default=False, verbose_name='quality of life')),
                ('all_contact', models.BooleanField(default=False, verbose_name='all contact')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('act', models.ForeignKey(db_constraint=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='audit.act')),
                ('participant', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.participant')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='trials.withdrawal')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='trials.site')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='confirmation',
            index=models.Index(fields=['item'], name='trials_conf_item_d8af39_idx'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_confirmation_act'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=audit.guards.SetOnce(column='item', name='trials_confirmation_item_once'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=audit.guards.SetOnce(column='digest', name='trials_confirmation_digest_once'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=audit.guards.SetOnce(column='signature_id', name='trials_confirmation_signature_once'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=audit.guards.SetOnce(column='withdrawn_at', name='trials_confirmation_withdrawn_once'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('item', 'digest'), name='trials_confirmation_one_living'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawal_reason', ''), ('withdrawn_at', None), ('withdrawn_by', '')), models.Q(('withdrawn_at__isnull', False), models.Q(('withdrawal_reason', ''), _negated=True), models.Q(('withdrawn_by', ''), _negated=True)), _connector='OR'), name='trials_confirmation_withdrawal_whole'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='confirmation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_confirmationevent" ("act_id", "confirmed_at", "digest", "id", "item", "note", "pgh_created_at", "pgh_label", "pgh_obj_id", "shown_en", "shown_zh", "signature_id", "signed_by", "version", "withdrawal_reason", "withdrawn_at", "withdrawn_by") VALUES (NEW."act_id", NEW."confirmed_at", NEW."digest", NEW."id", NEW."item", NEW."note", NOW(), \'insert\', NEW."id", NEW."shown_en", NEW."shown_zh", NEW."signature_id", NEW."signed_by", NEW."version", NEW."withdrawal_reason", NEW."withdrawn_at", NEW."withdrawn_by"); RETURN NULL;', hash='fe502d91464558a7dde0f1f7dbbafd41416ac8a1', operation='INSERT', pgid='pgtrigger_insert_insert_e5a59', table='trials_confirmation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='confirmation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_confirmationevent" ("act_id", "confirmed_at", "digest", "id", "item", "note", "pgh_created_at", "pgh_label", "pgh_obj_id", "shown_en", "shown_zh", "signature_id", "signed_by", "version", "withdrawal_reason", "withdrawn_at", "withdrawn_by") VALUES (NEW."act_id", NEW."confirmed_at", NEW."digest", NEW."id", NEW."item", NEW."note", NOW(), \'update\', NEW."id", NEW."shown_en", NEW."shown_zh", NEW."signature_id", NEW."signed_by", NEW."version", NEW."withdrawal_reason", NEW."withdrawn_at", NEW."withdrawn_by"); RETURN NULL;', hash='743c35beaed6cd31638671787ca0f769fc61ed03', operation='UPDATE', pgid='pgtrigger_update_update_c243b', table='trials_confirmation', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='confirmationevent',
            constraint=audit.guards.AppendOnly(name='trials_confirmationevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='newsletter',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_newsletter_act'),
        ),
        migrations.AddConstraint(
            model_name='newsletter',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('released_at', None), ('released_by', None)), models.Q(('released_at__isnull', False), ('released_by__isnull', False)), _connector='OR'), name='trials_newsletter_released_pair'),
        ),
        migrations.AddConstraint(
            model_name='newsletter',
            constraint=models.CheckConstraint(condition=models.Q(('released_by', None), models.Q(('released_by', models.F('written_by')), _negated=True), _connector='OR'), name='trials_newsletter_two_people'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='newsletter',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_newsletterevent" ("act_id", "approval", "approved_on", "id", "mails", "pgh_created_at", "pgh_label", "pgh_obj_id", "released_at", "released_by_id", "subject_en", "subject_zh", "text_en", "text_zh", "written_at", "written_by_id") VALUES (NEW."act_id", NEW."approval", NEW."approved_on", NEW."id", NEW."mails", NOW(), \'insert\', NEW."id", NEW."released_at", NEW."released_by_id", NEW."subject_en", NEW."subject_zh", NEW."text_en", NEW."text_zh", NEW."written_at", NEW."written_by_id"); RETURN NULL;', hash='0de97e092690d522b2e2e9e9cbd15f1f35086a40', operation='INSERT', pgid='pgtrigger_insert_insert_eba26', table='trials_newsletter', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='newsletter',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_newsletterevent" ("act_id", "approval", "approved_on", "id", "mails", "pgh_created_at", "pgh_label", "pgh_obj_id", "released_at", "released_by_id", "subject_en", "subject_zh", "text_en", "text_zh", "written_at", "written_by_id") VALUES (NEW."act_id", NEW."approval", NEW."approved_on", NEW."id", NEW."mails", NOW(), \'update\', NEW."id", NEW."released_at", NEW."released_by_id", NEW."subject_en", NEW."subject_zh", NEW."text_en", NEW."text_zh", NEW."written_at", NEW."written_by_id"); RETURN NULL;', hash='56330ec19398b1f32c9a878fd6610e6786fe2d1e', operation='UPDATE', pgid='pgtrigger_update_update_ebdb8', table='trials_newsletter', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='newsletterevent',
            constraint=audit.guards.AppendOnly(name='trials_newsletterevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='pageconfirmation',
            constraint=audit.guards.ActGuard(frozen=True, name='trials_pageconfirmation_act'),
        ),
        migrations.AddConstraint(
            model_name='pageconfirmation',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='trials_pageconfirmation_spoken'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pageconfirmation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_pageconfirmationevent" ("act_id", "confirmed_at", "id", "language", "pgh_created_at", "pgh_label", "pgh_obj_id", "signature_id") VALUES (NEW."act_id", NEW."confirmed_at", NEW."id", NEW."language", NOW(), \'insert\', NEW."id", NEW."signature_id"); RETURN NULL;', hash='cdb5413554387e7103fc4eef72dffb86191fb0c3', operation='INSERT', pgid='pgtrigger_insert_insert_a3d47', table='trials_pageconfirmation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pageconfirmation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_pageconfirmationevent" ("act_id", "confirmed_at", "id", "language", "pgh_created_at", "pgh_label", "pgh_obj_id", "signature_id") VALUES (NEW."act_id", NEW."confirmed_at", NEW."id", NEW."language", NOW(), \'update\', NEW."id", NEW."signature_id"); RETURN NULL;', hash='1b142cd287ab6c8e02b7515dd6c4354307215e56', operation='UPDATE', pgid='pgtrigger_update_update_6bc76', table='trials_pageconfirmation', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='pageconfirmationevent',
            constraint=audit.guards.AppendOnly(name='trials_pageconfirmationevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_publictext_act'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=models.UniqueConstraint(fields=('block', 'language', 'number'), name='trials_publictext_once'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='trials_publictext_spoken'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ethics_approved_on', None), ('ethics_reference', None), ('protocol_version', None), ('released_at', None), ('released_by', None), ('signature', None)), models.Q(('ethics_approved_on__isnull', False), ('ethics_reference__isnull', False), ('protocol_version__isnull', False), ('released_at__isnull', False), ('released_by__isnull', False), ('signature__isnull', False)), _connector='OR'), name='trials_publictext_released_whole'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=models.CheckConstraint(condition=models.Q(('released_by', None), models.Q(('released_by', models.F('author')), _negated=True), _connector='OR'), name='trials_publictext_second_person'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_because', None), ('withdrawn_by', None)), models.Q(('released_at__isnull', False), ('withdrawn_at__isnull', False), ('withdrawn_because__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='trials_publictext_withdrawn_whole'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='block', name='trials_publictext_once_block'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='language', name='trials_publictext_once_language'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='number', name='trials_publictext_once_number'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='title', name='trials_publictext_once_title'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='body', name='trials_publictext_once_body'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='author_id', name='trials_publictext_once_author_id'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='drafted_at', name='trials_publictext_once_drafted_at'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='released_by_id', name='trials_publictext_once_released_by_id'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='released_at', name='trials_publictext_once_released_at'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='ethics_approved_on', name='trials_publictext_once_ethics_approved_on'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='ethics_reference', name='trials_publictext_once_ethics_reference'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='protocol_version', name='trials_publictext_once_protocol_version'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='signature_id', name='trials_publictext_once_signature_id'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='withdrawn_by_id', name='trials_publictext_once_withdrawn_by_id'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='withdrawn_at', name='trials_publictext_once_withdrawn_at'),
        ),
        migrations.AddConstraint(
            model_name='publictext',
            constraint=audit.guards.SetOnce(column='withdrawn_because', name='trials_publictext_once_withdrawn_because'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='publictext',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_publictextevent" ("act_id", "author_id", "block", "body", "drafted_at", "ethics_approved_on", "ethics_reference", "id", "language", "number", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_version", "released_at", "released_by_id", "signature_id", "title", "withdrawn_at", "withdrawn_because", "withdrawn_by_id") VALUES (NEW."act_id", NEW."author_id", NEW."block", NEW."body", NEW."drafted_at", NEW."ethics_approved_on", NEW."ethics_reference", NEW."id", NEW."language", NEW."number", NOW(), \'insert\', NEW."id", NEW."protocol_version", NEW."released_at", NEW."released_by_id", NEW."signature_id", NEW."title", NEW."withdrawn_at", NEW."withdrawn_because", NEW."withdrawn_by_id"); RETURN NULL;', hash='7dde272eda2c0580aa7b0bdde8d43bf01c07ed03', operation='INSERT', pgid='pgtrigger_insert_insert_e452e', table='trials_publictext', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='publictext',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_publictextevent" ("act_id", "author_id", "block", "body", "drafted_at", "ethics_approved_on", "ethics_reference", "id", "language", "number", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_version", "released_at", "released_by_id", "signature_id", "title", "withdrawn_at", "withdrawn_because", "withdrawn_by_id") VALUES (NEW."act_id", NEW."author_id", NEW."block", NEW."body", NEW."drafted_at", NEW."ethics_approved_on", NEW."ethics_reference", NEW."id", NEW."language", NEW."number", NOW(), \'update\', NEW."id", NEW."protocol_version", NEW."released_at", NEW."released_by_id", NEW."signature_id", NEW."title", NEW."withdrawn_at", NEW."withdrawn_because", NEW."withdrawn_by_id"); RETURN NULL;', hash='bd964ab65105da860474ae4c03fa76c796021f8f', operation='UPDATE', pgid='pgtrigger_update_update_db03a', table='trials_publictext', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='publictextevent',
            constraint=audit.guards.AppendOnly(name='trials_publictextevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_site_act'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=audit.guards.SiteScoped(column='id', name='trials_site_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=trials.version_guards.SiteVersionGuard(name='trials_site_version'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^[0-9]{2}$')), name='trials_site_code'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'set_up', 'active', 'suspended', 'closed'])), name='trials_site_state'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='site',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_siteevent" ("act_id", "city", "city_zh", "code", "id", "languages_spoken", "latitude", "longitude", "name", "name_zh", "office_hours", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_participants", "protocol_version", "state", "time_zone") VALUES (NEW."act_id", NEW."city", NEW."city_zh", NEW."code", NEW."id", NEW."languages_spoken", NEW."latitude", NEW."longitude", NEW."name", NEW."name_zh", NEW."office_hours", NOW(), \'insert\', NEW."id", NEW."planned_participants", NEW."protocol_version", NEW."state", NEW."time_zone"); RETURN NULL;', hash='cf2fee2f293075a5468e1ad4c44faf82ac6d0a1c', operation='INSERT', pgid='pgtrigger_insert_insert_c50e4', table='trials_site', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='site',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_siteevent" ("act_id", "city", "city_zh", "code", "id", "languages_spoken", "latitude", "longitude", "name", "name_zh", "office_hours", "pgh_created_at", "pgh_label", "pgh_obj_id", "planned_participants", "protocol_version", "state", "time_zone") VALUES (NEW."act_id", NEW."city", NEW."city_zh", NEW."code", NEW."id", NEW."languages_spoken", NEW."latitude", NEW."longitude", NEW."name", NEW."name_zh", NEW."office_hours", NOW(), \'update\', NEW."id", NEW."planned_participants", NEW."protocol_version", NEW."state", NEW."time_zone"); RETURN NULL;', hash='f33c07679896daffe0bdd3cab41fd36c6775acd5', operation='UPDATE', pgid='pgtrigger_update_update_5ce93', table='trials_site', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='screeningoutcomeevent',
            constraint=audit.guards.AppendOnly(name='trials_screeningoutcomeevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='screeningoutcomeevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_screeningoutcomeevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='screeningoutcome',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_screeningoutcome_act'),
        ),
        migrations.AddConstraint(
            model_name='screeningoutcome',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_screeningoutcome_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='screeningoutcome',
            constraint=audit.guards.SameSite(column='participant_id', name='trials_screeningoutcome_same_site'),
        ),
        migrations.AddConstraint(
            model_name='screeningoutcome',
            constraint=models.UniqueConstraint(fields=('participant',), name='trials_outcome_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='screeningoutcome',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_screeningoutcomeevent" ("act_id", "criteria", "declined", "detail", "id", "on", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "site_id") VALUES (NEW."act_id", NEW."criteria", NEW."declined", NEW."detail", NEW."id", NEW."on", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."reason", NEW."site_id"); RETURN NULL;', hash='d6888430bf82c37c09fe6bf8e3a50dad324a7e9d', operation='INSERT', pgid='pgtrigger_insert_insert_faa5f', table='trials_screeningoutcome', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='screeningoutcome',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_screeningoutcomeevent" ("act_id", "criteria", "declined", "detail", "id", "on", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "site_id") VALUES (NEW."act_id", NEW."criteria", NEW."declined", NEW."detail", NEW."id", NEW."on", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."reason", NEW."site_id"); RETURN NULL;', hash='031d9db93b74d4bfa60ece8bf543f27dc640e919', operation='UPDATE', pgid='pgtrigger_update_update_2f049', table='trials_screeningoutcome', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='participantevent',
            constraint=audit.guards.AppendOnly(name='trials_participantevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='participantevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_participantevent_scope', own=''),
        ),
        migrations.AddIndex(
            model_name='participant',
            index=models.Index(fields=['site', 'state'], name='trials_part_site_id_1a6270_idx'),
        ),
        migrations.AddIndex(
            model_name='participant',
            index=models.Index(fields=['site', 'state', 'arm'], name='trials_part_site_id_c67adb_idx'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_participant_act'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_participant_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=trials.version_guards.ParticipantVersionGuard(name='trials_participant_version'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=audit.guards.SetOnce(column='arm', name='trials_participant_arm_once'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=audit.guards.SetOnce(column='number', name='trials_participant_number_once'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=audit.guards.SetOnce(column='site_id', name='trials_participant_site_once'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('arm', None), ('arm__in', ['1', '2']), _connector='OR'), name='trials_participant_arm'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['SCREENED', 'SCREEN_FAIL', 'RANDOMISED', 'NEVER_TREATED', 'NEOADJUVANT', 'AWAIT_CRE1', 'AWAIT_CRE2', 'REFUSED_WORKUP', 'SURVEILLANCE', 'AWAIT_RESTAGE', 'SURGERY_PLANNED', 'REFUSED_SURGERY', 'OPERATED', 'NOT_RESECTED', 'NONSURGICAL_SALVAGE', 'FOLLOW_UP', 'PROGRESSION', 'DISTANT', 'RECURRENCE', 'SURVIVAL_ONLY', 'DEAD', 'LOST', 'WITHDRAWN', 'WITHDRAWN_ALL', 'COMPLETED'])), name='trials_participant_state'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='participant',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_participantevent" ("act_id", "arm", "came_by_request", "id", "number", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_version", "registered_on", "site_id", "state", "state_since") VALUES (NEW."act_id", NEW."arm", NEW."came_by_request", NEW."id", NEW."number", NOW(), \'insert\', NEW."id", NEW."protocol_version", NEW."registered_on", NEW."site_id", NEW."state", NEW."state_since"); RETURN NULL;', hash='fe1ab9ca719de9c2c65425f331708ccd3e510ead', operation='INSERT', pgid='pgtrigger_insert_insert_15771', table='trials_participant', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='participant',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_participantevent" ("act_id", "arm", "came_by_request", "id", "number", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_version", "registered_on", "site_id", "state", "state_since") VALUES (NEW."act_id", NEW."arm", NEW."came_by_request", NEW."id", NEW."number", NOW(), \'update\', NEW."id", NEW."protocol_version", NEW."registered_on", NEW."site_id", NEW."state", NEW."state_since"); RETURN NULL;', hash='78d34a01c142d35c5731103f5f2cb1c5baad4bd9', operation='UPDATE', pgid='pgtrigger_update_update_a78e7', table='trials_participant', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='milestoneevent',
            constraint=audit.guards.AppendOnly(name='trials_milestoneevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='milestoneevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_milestoneevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_milestone_act'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_milestone_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=audit.guards.SameSite(column='participant_id', name='trials_milestone_same_site'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.UniqueConstraint(fields=('participant', 'code'), name='trials_milestone_once'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('source_form', ''), ('source_record', None)), models.Q(models.Q(('source_form', ''), _negated=True), ('source_record__isnull', False)), _connector='OR'), name='trials_milestone_record_whole'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='milestone',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_milestoneevent" ("act_id", "code", "id", "on", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "result", "site_id", "source", "source_form", "source_record") VALUES (NEW."act_id", NEW."code", NEW."id", NEW."on", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."result", NEW."site_id", NEW."source", NEW."source_form", NEW."source_record"); RETURN NULL;', hash='c54e6b2bd1f438868ebd996ba7586086f8c30de9', operation='INSERT', pgid='pgtrigger_insert_insert_7f24b', table='trials_milestone', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='milestone',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_milestoneevent" ("act_id", "code", "id", "on", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "result", "site_id", "source", "source_form", "source_record") VALUES (NEW."act_id", NEW."code", NEW."id", NEW."on", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."result", NEW."site_id", NEW."source", NEW."source_form", NEW."source_record"); RETURN NULL;', hash='ee810f4786a324b1dca2878134f1d011432201ed', operation='UPDATE', pgid='pgtrigger_update_update_faeb2', table='trials_milestone', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='eligibilitydecisionevent',
            constraint=audit.guards.AppendOnly(name='trials_eligibilitydecisionevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='eligibilitydecisionevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_eligibilitydecisionevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='eligibilitydecision',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_eligibilitydecision_act'),
        ),
        migrations.AddConstraint(
            model_name='eligibilitydecision',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_eligibilitydecision_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='eligibilitydecision',
            constraint=audit.guards.SameSite(column='participant_id', name='trials_eligibilitydecision_same_site'),
        ),
        migrations.AddConstraint(
            model_name='eligibilitydecision',
            constraint=models.UniqueConstraint(condition=models.Q(('lapsed_at', None)), fields=('participant',), name='trials_decision_one_live'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='eligibilitydecision',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_eligibilitydecisionevent" ("act_id", "decided_at", "digest", "eligible", "evidence", "id", "lapse_cause", "lapsed_at", "note", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "signature_id", "site_id") VALUES (NEW."act_id", NEW."decided_at", NEW."digest", NEW."eligible", NEW."evidence", NEW."id", NEW."lapse_cause", NEW."lapsed_at", NEW."note", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."signature_id", NEW."site_id"); RETURN NULL;', hash='75a7784d3e32c2726ee0276b5edf4935fc0c2bbd', operation='INSERT', pgid='pgtrigger_insert_insert_9895c', table='trials_eligibilitydecision', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='eligibilitydecision',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_eligibilitydecisionevent" ("act_id", "decided_at", "digest", "eligible", "evidence", "id", "lapse_cause", "lapsed_at", "note", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "signature_id", "site_id") VALUES (NEW."act_id", NEW."decided_at", NEW."digest", NEW."eligible", NEW."evidence", NEW."id", NEW."lapse_cause", NEW."lapsed_at", NEW."note", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."signature_id", NEW."site_id"); RETURN NULL;', hash='01fa988e80e38e8eb33126cf58eade968d2cb97e', operation='UPDATE', pgid='pgtrigger_update_update_98da2', table='trials_eligibilitydecision', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='deviationproposalevent',
            constraint=audit.guards.AppendOnly(name='trials_deviationproposalevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='deviationproposalevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_deviationproposalevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='deviationproposal',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_deviationproposal_act'),
        ),
        migrations.AddConstraint(
            model_name='deviationproposal',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_deviationproposal_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='deviationproposal',
            constraint=audit.guards.SameSite(column='participant_id', name='trials_deviationproposal_same_site'),
        ),
        migrations.AddConstraint(
            model_name='deviationproposal',
            constraint=models.UniqueConstraint(fields=('participant', 'rule', 'key'), name='trials_deviation_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='deviationproposal',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_deviationproposalevent" ("act_id", "detail", "found_on", "id", "key", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "site_id", "state", "values") VALUES (NEW."act_id", NEW."detail", NEW."found_on", NEW."id", NEW."key", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."rule", NEW."site_id", NEW."state", NEW."values"); RETURN NULL;', hash='933cc6aee2ade251e2e271d5d2d567085ccdf492', operation='INSERT', pgid='pgtrigger_insert_insert_0be60', table='trials_deviationproposal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='deviationproposal',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_deviationproposalevent" ("act_id", "detail", "found_on", "id", "key", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "site_id", "state", "values") VALUES (NEW."act_id", NEW."detail", NEW."found_on", NEW."id", NEW."key", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."rule", NEW."site_id", NEW."state", NEW."values"); RETURN NULL;', hash='10022557c6992b45c22cafc607fd62305d10be53', operation='UPDATE', pgid='pgtrigger_update_update_76598', table='trials_deviationproposal', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='delegationevent',
            constraint=audit.guards.AppendOnly(name='trials_delegationevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='delegationevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_delegationevent_scope', own='user_id'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_delegation_act'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_delegation_scope', own='user_id'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['coordinator', 'investigator']), _negated=True), ('site__isnull', False), _connector='OR'), name='trials_delegation_site_role'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='trials_delegation_order'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_delegationevent" ("act_id", "ends_on", "granted_by_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "starts_on", "user_id") VALUES (NEW."act_id", NEW."ends_on", NEW."granted_by_id", NEW."id", NOW(), \'insert\', NEW."id", NEW."role", NEW."site_id", NEW."starts_on", NEW."user_id"); RETURN NULL;', hash='ad83a198cd3fcc62237148a379dad1a6e40a7639', operation='INSERT', pgid='pgtrigger_insert_insert_01ae7', table='trials_delegation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delegation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_delegationevent" ("act_id", "ends_on", "granted_by_id", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "site_id", "starts_on", "user_id") VALUES (NEW."act_id", NEW."ends_on", NEW."granted_by_id", NEW."id", NOW(), \'update\', NEW."id", NEW."role", NEW."site_id", NEW."starts_on", NEW."user_id"); RETURN NULL;', hash='d10c01d2de76f310ee708c42a17cee8bb1eaa591', operation='UPDATE', pgid='pgtrigger_update_update_029a1', table='trials_delegation', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='contactrequestevent',
            constraint=audit.guards.AppendOnly(name='trials_contactrequestevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='contactrequestevent',
            constraint=audit.guards.ConfidentialToSite(column='site_id', kept_by_system=True, name='trials_contactrequestevent_scope', own=''),
        ),
        migrations.AddIndex(
            model_name='contactrequest',
            index=models.Index(fields=['site', 'state', 'received_at'], name='trials_cont_site_id_0e00a1_idx'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_contactrequest_act'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=audit.guards.ConfidentialToSite(column='site_id', kept_by_system=True, name='trials_contactrequest_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=trials.guards.ActiveSite(name='trials_contactrequest_active'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=audit.guards.SetOnce(column='site_id', name='trials_contactrequest_site_once'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=audit.guards.SetOnce(column='participant_id', name='trials_contactrequest_participant_once'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=audit.guards.SetOnce(column='erased_at', name='trials_contactrequest_erased_once'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['new', 'called', 'invited', 'screened', 'not_suitable', 'declined', 'unreached', 'erased'])), name='trials_contactrequest_state'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('state__in', ('new', 'called', 'invited'))), models.Q(models.Q(('state__in', ('new', 'called', 'invited')), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='trials_contactrequest_closed_has_time'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('participant__isnull', False), ('state', 'screened')), models.Q(models.Q(('state', 'screened'), _negated=True), ('participant', None)), _connector='OR'), name='trials_contactrequest_screened_has_number'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'not_suitable'), ('reason', ''), _connector='XOR'), name='trials_contactrequest_reason'),
        ),
        migrations.AddConstraint(
            model_name='contactrequest',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('state__in', ('new', 'called', 'invited')), _negated=True), _connector='OR'), name='trials_contactrequest_erased_is_closed'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contactrequest',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_contactrequestevent" ("act_id", "closed_at", "erased_at", "id", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "received_at", "reference", "site_id", "state") VALUES (NEW."act_id", NEW."closed_at", NEW."erased_at", NEW."id", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."reason", NEW."received_at", NEW."reference", NEW."site_id", NEW."state"); RETURN NULL;', hash='9ba3ea2f7d88bde729a6bea793a3ec7a2e7cd0b2', operation='INSERT', pgid='pgtrigger_insert_insert_ad41a', table='trials_contactrequest', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contactrequest',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_contactrequestevent" ("act_id", "closed_at", "erased_at", "id", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "received_at", "reference", "site_id", "state") VALUES (NEW."act_id", NEW."closed_at", NEW."erased_at", NEW."id", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."reason", NEW."received_at", NEW."reference", NEW."site_id", NEW."state"); RETURN NULL;', hash='cbe1dbbb90eb9e41faf18694ee2a0a61b66fd847', operation='UPDATE', pgid='pgtrigger_update_update_2f5d0', table='trials_contactrequest', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='contactidentity',
            constraint=audit.guards.ConfidentialToSite(column='site_id', kept_by_system=False, name='trials_contactidentity_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='contactidentity',
            constraint=audit.guards.MayDelete(name='trials_contactidentity_deletable'),
        ),
        migrations.AddConstraint(
            model_name='contactattemptevent',
            constraint=audit.guards.AppendOnly(name='trials_contactattemptevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='contactattemptevent',
            constraint=audit.guards.ConfidentialToSite(column='site_id', kept_by_system=True, name='trials_contactattemptevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='contactattempt',
            constraint=audit.guards.ActGuard(frozen=True, name='trials_contactattempt_act'),
        ),
        migrations.AddConstraint(
            model_name='contactattempt',
            constraint=audit.guards.ConfidentialToSite(column='site_id', kept_by_system=True, name='trials_contactattempt_scope', own=''),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contactattempt',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_contactattemptevent" ("act_id", "again_on", "called_at", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "request_id", "result", "site_id") VALUES (NEW."act_id", NEW."again_on", NEW."called_at", NEW."id", NOW(), \'insert\', NEW."id", NEW."request_id", NEW."result", NEW."site_id"); RETURN NULL;', hash='9d7311567efbc9e1447e80f14de72b813f27a85e', operation='INSERT', pgid='pgtrigger_insert_insert_c83f2', table='trials_contactattempt', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contactattempt',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_contactattemptevent" ("act_id", "again_on", "called_at", "id", "pgh_created_at", "pgh_label", "pgh_obj_id", "request_id", "result", "site_id") VALUES (NEW."act_id", NEW."again_on", NEW."called_at", NEW."id", NOW(), \'update\', NEW."id", NEW."request_id", NEW."result", NEW."site_id"); RETURN NULL;', hash='eea3f1f902b629dc14364fea541ee151e808c188', operation='UPDATE', pgid='pgtrigger_update_update_3152f', table='trials_contactattempt', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='consentversionevent',
            constraint=audit.guards.AppendOnly(name='trials_consentversionevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='consentversionevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_consentversionevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='consentversion',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_consentversion_act'),
        ),
        migrations.AddConstraint(
            model_name='consentversion',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_consentversion_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='consentversion',
            constraint=models.UniqueConstraint(fields=('site', 'label'), name='trials_consentversion_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consentversion',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_consentversionevent" ("act_id", "approved_on", "ended_on", "id", "label", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id") VALUES (NEW."act_id", NEW."approved_on", NEW."ended_on", NEW."id", NEW."label", NOW(), \'insert\', NEW."id", NEW."site_id"); RETURN NULL;', hash='19fec2ba5225b2019dd139ad10ecc30eaf9160d2', operation='INSERT', pgid='pgtrigger_insert_insert_cf04e', table='trials_consentversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consentversion',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_consentversionevent" ("act_id", "approved_on", "ended_on", "id", "label", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id") VALUES (NEW."act_id", NEW."approved_on", NEW."ended_on", NEW."id", NEW."label", NOW(), \'update\', NEW."id", NEW."site_id"); RETURN NULL;', hash='8824b72c381feb4f86396e5700ee461cf2f1e2aa', operation='UPDATE', pgid='pgtrigger_update_update_612aa', table='trials_consentversion', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=audit.guards.AppendOnly(name='trials_consentevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='consentevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_consentevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_consent_act'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_consent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=audit.guards.SameSite(column='participant_id', name='trials_consent_same_site'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(fields=('participant', 'version'), name='trials_consent_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consent',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_consentevent" ("act_id", "biobank", "id", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "register_lookup", "sensitive_data", "signed_on", "site_id", "version_id") VALUES (NEW."act_id", NEW."biobank", NEW."id", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."register_lookup", NEW."sensitive_data", NEW."signed_on", NEW."site_id", NEW."version_id"); RETURN NULL;', hash='17d88e3f8ce29dafa2d979d382feb845dd57961f', operation='INSERT', pgid='pgtrigger_insert_insert_39de4', table='trials_consent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consent',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_consentevent" ("act_id", "biobank", "id", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "register_lookup", "sensitive_data", "signed_on", "site_id", "version_id") VALUES (NEW."act_id", NEW."biobank", NEW."id", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."register_lookup", NEW."sensitive_data", NEW."signed_on", NEW."site_id", NEW."version_id"); RETURN NULL;', hash='df07854a03d2210227aac28510de0288c9c33f6b', operation='UPDATE', pgid='pgtrigger_update_update_456a0', table='trials_consent', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='checklistitemevent',
            constraint=audit.guards.AppendOnly(name='trials_checklistitemevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='checklistitemevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_checklistitemevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='checklistitem',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_checklist_act'),
        ),
        migrations.AddConstraint(
            model_name='checklistitem',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_checklist_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='checklistitem',
            constraint=models.UniqueConstraint(fields=('site', 'kind'), name='trials_checklist_once'),
        ),
        migrations.AddConstraint(
            model_name='checklistitem',
            constraint=models.CheckConstraint(condition=models.Q(('expires_on', None), ('expires_on__gt', models.F('done_on')), _connector='OR'), name='trials_checklist_expiry'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checklistitem',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_checklistitemevent" ("act_id", "done_on", "expires_on", "id", "kind", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "site_id") VALUES (NEW."act_id", NEW."done_on", NEW."expires_on", NEW."id", NEW."kind", NOW(), \'insert\', NEW."id", NEW."reference", NEW."site_id"); RETURN NULL;', hash='cb69ab644921d979d1f5ab90f315f52f7ec3ae87', operation='INSERT', pgid='pgtrigger_insert_insert_0e921', table='trials_checklistitem', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='checklistitem',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_checklistitemevent" ("act_id", "done_on", "expires_on", "id", "kind", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "site_id") VALUES (NEW."act_id", NEW."done_on", NEW."expires_on", NEW."id", NEW."kind", NOW(), \'update\', NEW."id", NEW."reference", NEW."site_id"); RETURN NULL;', hash='30b8da82cba43ae225339bfd883018b04584457c', operation='UPDATE', pgid='pgtrigger_update_update_77d74', table='trials_checklistitem', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='siteevent',
            constraint=audit.guards.AppendOnly(name='trials_siteevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='siteevent',
            constraint=audit.guards.SiteScoped(column='id', name='trials_siteevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='siteversion',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_siteversion_act'),
        ),
        migrations.AddConstraint(
            model_name='siteversion',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_siteversion_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='siteversion',
            constraint=trials.version_guards.OpenedStays(name='trials_siteversion_opened_stays'),
        ),
        migrations.AddConstraint(
            model_name='siteversion',
            constraint=models.UniqueConstraint(fields=('site', 'version'), name='trials_siteversion_once'),
        ),
        migrations.AddConstraint(
            model_name='siteversion',
            constraint=models.CheckConstraint(condition=models.Q(('opened_on', None), ('opened_on__gte', models.F('approved_on')), _connector='OR'), name='trials_siteversion_approved_first'),
        ),
        migrations.AddConstraint(
            model_name='siteversion',
            constraint=models.CheckConstraint(condition=models.Q(('carried_at', None), ('opened_on__isnull', False), _connector='OR'), name='trials_siteversion_opened_first'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='siteversion',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_siteversionevent" ("act_id", "approved_on", "carried_at", "consent_id", "id", "opened_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "site_id", "version") VALUES (NEW."act_id", NEW."approved_on", NEW."carried_at", NEW."consent_id", NEW."id", NEW."opened_on", NOW(), \'insert\', NEW."id", NEW."reference", NEW."site_id", NEW."version"); RETURN NULL;', hash='a0b8c8dedb2bbd8a4709ad99a4e0ebd277cbd506', operation='INSERT', pgid='pgtrigger_insert_insert_1add8', table='trials_siteversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='siteversion',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_siteversionevent" ("act_id", "approved_on", "carried_at", "consent_id", "id", "opened_on", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "site_id", "version") VALUES (NEW."act_id", NEW."approved_on", NEW."carried_at", NEW."consent_id", NEW."id", NEW."opened_on", NOW(), \'update\', NEW."id", NEW."reference", NEW."site_id", NEW."version"); RETURN NULL;', hash='f76692864dd8fe9210e54cfa651d1a38b1f7c0c7', operation='UPDATE', pgid='pgtrigger_update_update_0e8f1', table='trials_siteversion', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='siteversionevent',
            constraint=audit.guards.AppendOnly(name='trials_siteversionevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='siteversionevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_siteversionevent_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=audit.guards.ActGuard(frozen=False, name='trials_withdrawal_act'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_withdrawal_scope', own=''),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=audit.guards.SameSite(column='participant_id', name='trials_withdrawal_same_site'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='withdrawal',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "trials_withdrawalevent" ("act_id", "all_contact", "id", "on", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "procedures", "quality_of_life", "reason", "site_id", "study_drug") VALUES (NEW."act_id", NEW."all_contact", NEW."id", NEW."on", NEW."participant_id", NOW(), \'insert\', NEW."id", NEW."procedures", NEW."quality_of_life", NEW."reason", NEW."site_id", NEW."study_drug"); RETURN NULL;', hash='907314628383db61e27d6e112a66df278263d28e', operation='INSERT', pgid='pgtrigger_insert_insert_773d8', table='trials_withdrawal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='withdrawal',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "trials_withdrawalevent" ("act_id", "all_contact", "id", "on", "participant_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "procedures", "quality_of_life", "reason", "site_id", "study_drug") VALUES (NEW."act_id", NEW."all_contact", NEW."id", NEW."on", NEW."participant_id", NOW(), \'update\', NEW."id", NEW."procedures", NEW."quality_of_life", NEW."reason", NEW."site_id", NEW."study_drug"); RETURN NULL;', hash='47c64d0fc40223e9ed773360ec17fcac99263520', operation='UPDATE', pgid='pgtrigger_update_update_f98fe', table='trials_withdrawal', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='withdrawalevent',
            constraint=audit.guards.AppendOnly(name='trials_withdrawalevent_trail'),
        ),
        migrations.AddConstraint(
            model_name='withdrawalevent',
            constraint=audit.guards.SiteScoped(column='site_id', name='trials_withdrawalevent_scope', own=''),
        ),
        migrations.RunSQL(PUBLIC_SITES, "DROP FUNCTION trials_public_sites();"),
        migrations.RunSQL(ERASED_SOON, ERASED_AS_USUAL),
    ]
