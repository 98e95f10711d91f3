"""At which addresses do places, tables, figures and findings stand?"""

from django.urls import path

from kalanso.hub.explore.views import (
    alike,
    chosen,
    comparing,
    downloads,
    figures,
    ledger,
    missed,
    place_estimate,
    places,
    pockets,
    quality,
    sheet,
    tables,
    trends,
)

urlpatterns = [
    path("ou/", missed.missed, name="missed"),
    path("ou/poches/", pockets.pockets, name="pockets"),
    path("lieux/", places.where, name="where"),
    path("lieux/choisir/", chosen.choose_place, name="choose_place"),
    path("lieux/<str:code>/", places.place, name="place"),
    path("lieux/<str:code>/estimation/", place_estimate.place_estimate, name="place_estimate"),
    path("lieux/<str:code>/semblables/", alike.alike, name="alike"),
    path("lieux/<str:code>/fiche/", sheet.sheet, name="sheet"),
    path("preuves/registre/", ledger.ledger, name="ledger"),
    path("preuves/comparaison/", comparing.methods, name="methods"),
    path("preuves/hypotheses/", comparing.assumptions, name="assumptions"),
    path("preuves/", tables.evidence, name="evidence"),
    path("preuves/tables/", tables.listing, name="tables"),
    path("preuves/tables/<slug:name>/", tables.rows, name="table"),
    path("preuves/tables/<slug:name>/graphique/", tables.chart, name="table_chart"),
    path("preuves/tables/<slug:name>/carte/", tables.map_, name="table_map"),
    path("preuves/tables/<slug:name>/provenance/", tables.provenance, name="table_provenance"),
    path("preuves/tables/<slug:name>.csv", downloads.csv_file, name="table_csv"),
    path("preuves/tables/<slug:name>.xlsx", downloads.xlsx_file, name="table_xlsx"),
    path("preuves/qualite/", quality.findings, name="quality"),
    path("centre-apprentissage/tendances/", trends.trends, name="trends"),
    path("figures/<slug:key>/<int:width>.<slug:form>", figures.figure, name="drawing"),
    path("figures/<slug:key>/figure.<slug:form>", figures.figure, name="figure_file"),
]
