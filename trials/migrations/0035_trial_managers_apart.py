import trials.guards
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("trials", "0034_public_telephone"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="delegation",
            name="trials_delegation_roles_apart",
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=trials.guards.RolesApart(name="trials_delegation_roles_apart", pairs=(('trial_manager', 'coordinator'), ('trial_manager', 'investigator'), ('trial_manager', 'statistician'), ('trial_manager', 'monitor'), ('trial_manager', 'data_manager'), ('trial_manager', 'coder'), ('trial_manager', 'reviewer'), ('trial_manager', 'arm_reader'), ('statistician', 'coordinator'), ('statistician', 'investigator'), ('statistician', 'monitor'), ('statistician', 'data_manager'), ('data_manager', 'coordinator'), ('data_manager', 'investigator'), ('monitor', 'coordinator'), ('monitor', 'investigator'), ('inspector', 'coordinator'), ('inspector', 'investigator'), ('inspector', 'monitor'), ('inspector', 'data_manager'), ('inspector', 'trial_manager'), ('inspector', 'statistician'), ('coder', 'coordinator'), ('coder', 'investigator'), ('committee', 'coordinator'), ('committee', 'investigator'), ('committee', 'monitor'), ('committee', 'data_manager'), ('committee', 'trial_manager'), ('committee', 'statistician'), ('committee', 'inspector'), ('committee', 'coder'), ('committee', 'reviewer'), ('arm_reader', 'coder'), ('arm_reader', 'reviewer'), ('arm_reader', 'committee'))),
        ),
    ]
