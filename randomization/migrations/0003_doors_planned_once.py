"""The doors to the list look up by index and plan once, however small the tables were when they were planned."""

from django.db import migrations

ROLE = "SET ROLE palace3_allocator; {} RESET ROLE;"
DOORS = ("own_act", "take_next_slot", "reveal")
SETTINGS = {"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan"}


def _each(change: str) -> str:
    return ROLE.format(
        "".join(
            f"ALTER FUNCTION allocation.{door} {change.format(name=name, value=value)};"
            for door in DOORS
            for name, value in SETTINGS.items()
        )
    )


class Migration(migrations.Migration):
    dependencies = [("randomization", "0002_allocation_schema")]

    operations = [migrations.RunSQL(_each("SET {name} = {value}"), _each("RESET {name}"))]
