from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0008_upload_reader'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='upload',
            name='evidence_upload_reader',
        ),
        migrations.AlterField(
            model_name='upload',
            name='reader',
            field=models.CharField(choices=[('tables', 'Des chiffres : doses, populations, stocks'), ('recounts', 'Des recomptages de visites (DQS, RDQA)'), ('stock', 'Un stock de vaccins par lot, compté en doses'), ('vials', 'Un stock de vaccins par lot, compté en flacons')], default='tables', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('reader__in', ('tables', 'recounts', 'stock', 'vials'))), name='evidence_upload_reader'),
        ),
    ]
