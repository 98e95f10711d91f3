"""Where a study listened to people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0003_destroyed"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="PlaceVoices",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place_code", models.CharField(max_length=40)),
                ("interviews", models.PositiveIntegerField(default=0)),
                ("focus_groups", models.PositiveIntegerField(default=0)),
                ("said", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("round", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="voices", to="studies.round")),
            ],
            options={
                "ordering": ("place_code",),
                "constraints": [
                    models.UniqueConstraint(fields=("round", "place_code"), name="studies_placevoices_once"),
                    models.CheckConstraint(condition=~models.Q(place_code=""), name="studies_placevoices_somewhere"),
                    models.CheckConstraint(condition=models.Q(interviews__gt=0) | models.Q(focus_groups__gt=0), name="studies_placevoices_somebody"),
                ],
            },
        ),
    ]
