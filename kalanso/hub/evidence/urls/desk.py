"""At which addresses do uploads, names, findings and sources stand?"""

from django.urls import path

from kalanso.hub.evidence.views import blank_sheets, columns, figures, findings, matches, sources, uploads

urlpatterns = [
    path("preuves/depot/", uploads.listing, name="uploads"),
    path("preuves/depot/nouveau/", uploads.new, name="upload_new"),
    path("preuves/depot/modele.xlsx", blank_sheets.blank, name="blank_sheet"),
    path("preuves/depot/<uuid:key>/", uploads.one, name="upload"),
    path("preuves/depot/<uuid:key>/avancement/", figures.standing, name="upload_standing"),
    path("preuves/depot/<uuid:key>/recalculer/", figures.recompute, name="upload_recompute"),
    path("preuves/depot/<uuid:key>/relire/", uploads.read_again, name="upload_read_again"),
    path("preuves/depot/<uuid:key>/colonnes/", columns.columns, name="upload_columns"),
    path("preuves/depot/<uuid:key>/colonnes/texte/", columns.as_text, name="upload_map_text"),
    path("preuves/depot/<uuid:key>/colonnes.yaml", columns.download, name="upload_map"),
    path("preuves/depot/<uuid:key>/correspondances/", matches.names, name="upload_names"),
    path("preuves/depot/<uuid:key>/correspondances.csv", matches.download, name="upload_names_csv"),
    path("preuves/depot/<uuid:key>/correspondances/<int:name>/", matches.decide, name="upload_name"),
    path("preuves/depot/<uuid:key>/essai/", uploads.try_again, name="upload_try"),
    path("preuves/depot/<uuid:key>/accuse/", uploads.receipt, name="upload_receipt"),
    path("preuves/depot/<uuid:key>/accuse/refusees.csv", uploads.rejected, name="upload_rejected"),
    path("preuves/depot/<uuid:key>/publier/", uploads.publish, name="upload_publish"),
    path("preuves/depot/<uuid:key>/ecarter/", uploads.discard, name="upload_discard"),
    path("preuves/depot/<uuid:key>/retirer/", uploads.withdraw, name="upload_withdraw"),
    path("preuves/alertes/", findings.listing, name="findings"),
    path("preuves/alertes/relancer/", findings.check_again, name="findings_check"),
    path("preuves/alertes/<slug:key>/", findings.one, name="finding"),
    path("preuves/sources/", sources.listing, name="sources"),
    path("preuves/sources/<slug:code>/", sources.one, name="source"),
]
