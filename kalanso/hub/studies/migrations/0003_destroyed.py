"""Raw data of a round are destroyed on their day, and its evidence stands in a snapshot."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0002_layout_and_fieldwork")]

    operations = [
        migrations.AddField(
            model_name="round", name="snapshot", field=models.CharField(blank=True, default="", max_length=120)
        ),
        migrations.AddField(
            model_name="round", name="warned_for", field=models.DateField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="round", name="destroyed", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(destroyed__isnull=True) | models.Q(taken__isnull=False, destroyed_on__isnull=False),
                name="studies_round_destroyed_what_was_taken",
            ),
        ),
    ]
