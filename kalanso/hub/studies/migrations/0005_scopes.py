"""In which places doses are offered that the schedule does not offer everywhere."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0004_voices")]

    operations = [
        migrations.AddField(model_name="round", name="scopes", field=models.JSONField(blank=True, default=dict)),
    ]
