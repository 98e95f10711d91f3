"""Where are failed logins and used codes counted, for all web processes together? In a table of the cache."""

from typing import Any

from django.core.management import call_command
from django.db import migrations

TABLE = "people_counters"


def make(apps: Any, schema_editor: Any) -> None:
    """Make the table unless it is there."""
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("people", "0003_photo_size")]

    operations = [
        migrations.RunPython(
            make, lambda _apps, schema_editor: schema_editor.execute(f"DROP TABLE {TABLE}")
        )
    ]
