"""Rounds of ways that ask without a household survey."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_first"),
        ("people", "0004_counters"),
        ("studies", "0006_weights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="analysis",
            name="studies_analysis_done_with_results",
        ),
        migrations.RemoveConstraint(
            model_name="round",
            name="studies_round_asks_something",
        ),
        migrations.RemoveConstraint(
            model_name="roundfile",
            name="studies_roundfile_kind",
        ),
        migrations.AddField(
            model_name="analysis",
            name="reads",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="round",
            name="terms",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="round",
            name="way",
            field=models.CharField(
                choices=[
                    ("households", "Enquête auprès des ménages"),
                    ("lots", "Lots (LQAS) : classer des districts"),
                    ("phone", "Par téléphone"),
                    ("respondent_driven", "Par chaînes de connaissances"),
                    ("time_location", "Sur des lieux de passage"),
                    ("capture_recapture", "Listes croisées d'enfants manqués"),
                    ("key_informants", "Par relais et informateurs"),
                    ("settlements", "Compter par les bâtiments"),
                ],
                default="households",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="analysis",
            name="answers",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="studies.roundfile",
            ),
        ),
        migrations.AlterField(
            model_name="analysis",
            name="sample",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="studies.roundfile",
            ),
        ),
        migrations.AlterField(
            model_name="round",
            name="cohorts",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name="round",
            name="doses",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name="round",
            name="policy",
            field=models.CharField(
                choices=[
                    ("RECORDS_NOT_SOUGHT", "Non : la carte et la mémoire seulement"),
                    ("SOUGHT_IF_NO_CARD", "Oui, pour les enfants sans carte"),
                    ("SOUGHT_FOR_ALL", "Oui, pour tous les enfants"),
                ],
                default="RECORDS_NOT_SOUGHT",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="roundfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("answers", "Les réponses"),
                    ("sample", "L'échantillon"),
                    ("homes", "La liste des ménages"),
                    ("members", "Les enfants des ménages"),
                    ("second", "Les contre-visites"),
                    ("listed", "Les enfants listés par les informateurs"),
                    ("table", "Le tableau"),
                    ("larger", "Les enfants de chaque lot, pour réunir les lots"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(
                        models.Q(("results", []), _negated=True),
                        models.Q(("outputs", []), _negated=True),
                        models.Q(
                            models.Q(("receipt", []), _negated=True),
                            ("sample__isnull", True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="studies_analysis_done_with_results",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answers__isnull", True), ("sample__isnull", True)),
                    models.Q(("answers__isnull", False), ("reads", []), ("sample__isnull", False)),
                    _connector="OR",
                ),
                name="studies_analysis_reads_one_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("terms", {}),
                        ("way", "households"),
                        models.Q(("cohorts", []), _negated=True),
                        models.Q(("doses", []), _negated=True),
                    ),
                    models.Q(("way__in", ("lots", "settlements")), models.Q(("terms", {}), _negated=True)),
                    models.Q(
                        (
                            "way__in",
                            (
                                "phone",
                                "respondent_driven",
                                "time_location",
                                "capture_recapture",
                                "key_informants",
                            ),
                        ),
                        models.Q(("terms", {}), _negated=True),
                        models.Q(("place_code", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="studies_round_asks_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="roundfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ("answers", "sample", "homes", "members", "second", "listed", "table", "larger"),
                    )
                ),
                name="studies_roundfile_kind",
            ),
        ),
    ]
