"""Weights that were computed out of a draw."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_KEPT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0005_scopes"), ("jobs", "0001_first"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)
    ]  # fmt: skip

    operations = [
        migrations.RemoveConstraint("roundfile", "studies_roundfile_kind"),
        migrations.AlterField(
            "roundfile",
            "kind",
            models.CharField(
                choices=[("answers", "Les réponses"), ("sample", "L'échantillon"), ("homes", "La liste des ménages"),
                         ("members", "Les enfants des ménages"), ("second", "Les contre-visites")],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            "roundfile",
            models.CheckConstraint(
                condition=models.Q(kind__in=("answers", "sample", "homes", "members", "second")), name="studies_roundfile_kind"
            ),
        ),
        migrations.CreateModel(
            name="Weighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("members", models.ForeignKey(blank=True, null=True, on_delete=_KEPT, related_name="+", to="studies.roundfile")),
                ("number", models.PositiveIntegerField()),
                ("listed", models.JSONField()),
                ("margins", models.JSONField(blank=True, default=dict)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("asked", models.DateTimeField()),
                ("state", models.CharField(choices=[("asked", "Asked"), ("done", "Done"), ("failed", "Failed")], default="asked", max_length=6)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("factors", models.JSONField(blank=True, default=list)),
                ("rates", models.JSONField(blank=True, default=dict)),
                ("fault", models.JSONField(blank=True, default=dict)),
                ("answers", models.ForeignKey(on_delete=_KEPT, related_name="+", to="studies.roundfile")),
                ("by", models.ForeignKey(on_delete=_KEPT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("draw", models.ForeignKey(on_delete=_KEPT, related_name="+", to="studies.draw")),
                ("homes", models.ForeignKey(on_delete=_KEPT, related_name="+", to="studies.roundfile")),
                ("job", models.OneToOneField(blank=True, null=True, on_delete=_KEPT, related_name="+", to="jobs.job")),
                ("round", models.ForeignKey(on_delete=_KEPT, related_name="weightings", to="studies.round")),
                ("sample", models.OneToOneField(blank=True, null=True, on_delete=_KEPT, related_name="weighting", to="studies.roundfile")),
            ],
            options={
                "ordering": ("-number",),
                "constraints": [
                    models.UniqueConstraint(fields=("round", "number"), name="studies_weighting_one_after_another"),
                    models.CheckConstraint(condition=~models.Q(listed={}), name="studies_weighting_listed"),
                    models.CheckConstraint(
                        condition=models.Q(state="asked", ended__isnull=True)
                        | models.Q(state="done", ended__isnull=False, sample__isnull=False) & ~models.Q(factors=[])
                        | models.Q(state="failed", ended__isnull=False, sample__isnull=True) & ~models.Q(fault={}),
                        name="studies_weighting_ended_how",
                    ),
                ],
            },
        ),
    ]  # fmt: skip
