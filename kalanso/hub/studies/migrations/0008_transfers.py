"""Decisions under which data of studies go abroad."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0007_ways"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data", models.CharField(choices=[("pseudonymous", "Lignes d'enfants ou d'entretiens sous pseudonyme"), ("identified", "Données qui nomment ou situent des personnes"), ("recordings", "Enregistrements ou transcriptions")], max_length=12)),
                ("recipient", models.CharField(max_length=200)),
                ("country", models.CharField(max_length=60)),
                ("ground", models.CharField(choices=[("authorised", "Autorisation de l'autorité de protection des données"), ("adequate", "Pays reconnu pour sa protection des données"), ("clauses", "Clauses signées avec le destinataire"), ("consent", "Consentement exprès des personnes"), ("law", "Loi ou convention internationale")], max_length=10)),
                ("decision", models.CharField(max_length=120)),
                ("decided_on", models.DateField()),
                ("noted", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("ended_why", models.CharField(blank=True, default="", max_length=300)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("ended_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("round", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="studies.round")),
            ],
            options={
                "ordering": ("-decided_on", "-id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(recipient="") & ~models.Q(country="") & ~models.Q(decision=""), name="studies_transfer_decided"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(ground__in=("authorised", "adequate", "clauses", "consent", "law"))
                        & models.Q(data__in=("pseudonymous", "identified", "recordings")),
                        name="studies_transfer_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(ended__isnull=True, ended_by__isnull=True, ended_why="")
                        | (models.Q(ended__isnull=False, ended_by__isnull=False) & ~models.Q(ended_why="")),
                        name="studies_transfer_ended_why",
                    ),
                ],
            },
        ),
    ]
