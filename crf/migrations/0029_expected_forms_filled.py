"""Forms that visits expect are worked out for everybody who is in the trial already (protocol 2.2, 2.6)."""

import json
from typing import Any

from django.db import migrations

from audit.upgrade import has_rows, see_every_site

# The rules as they are when the table is made; from then on the program keeps it by its own.
AT_VISITS = ("VS", "CRE", "FU", "QOL", "AS")
LOGS = ("MH", "CM", "COMP", "ST", "AE", "SAE", "PREG")
OF_PARTICIPANTS = ("ELIG", "DM", "STAGE", "TREAT")
RULES = (
    *((code, "visit", 5, "", False) for code in AT_VISITS),
    ("SURV", "visit", 2, "", True),
    *((code, "log", 5, "", False) for code in LOGS),
    *((code, "participant", 5, "", False) for code in OF_PARTICIPANTS),
    ("SURG", "operation", 28, "", False),
    ("PATH", "operation", 28, "SURG", False),
)
NAMES = ("code", "filled_by", "days", "after", "from_register")


def fill(_apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        if not has_rows(cursor, "trials_participant", "true"):
            return
        see_every_site(cursor)
        cursor.execute("SELECT DISTINCT protocol_version FROM trials_participant")
        rules = [
            {"version": version, **dict(zip(NAMES, rule, strict=True))}
            for (version,) in cursor.fetchall()
            for rule in RULES
        ]
        cursor.execute(
            "SELECT crf_keep_expected(ARRAY(SELECT id FROM trials_participant), %s::jsonb)", [json.dumps(rules)]
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("crf", "0028_expected_forms")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
