"""At which addresses do rounds of surveys stand?"""

from django.urls import path

from kalanso.hub.studies.views import (
    access,
    corrections,
    draws,
    field,
    layouts,
    results,
    rounds,
    transfers,
    voices,
    weights,
)

HERE = "preuves/etudes/<int:pk>/"
urlpatterns = [
    path("preuves/etudes/", rounds.listing, name="rounds"),
    path("preuves/etudes/nouvelle/", rounds.new, name="round_new"),
    path("preuves/etudes/sans-menages/", access.ways, name="access_ways"),
    path("preuves/etudes/sans-menages/<slug:way>/", access.new, name="access_new"),
    path("preuves/etudes/regle-de-lots/", access.lot_plan, name="lot_plan"),
    path(HERE, rounds.one, name="round"),
    path(f"{HERE}modifier/", rounds.edit, name="round_edit"),
    path(f"{HERE}taille/", layouts.size, name="round_size"),
    path(f"{HERE}formulaires/", layouts.choose, name="round_forms"),
    path(f"{HERE}formulaires/<slug:form>.xlsx", layouts.xlsform, name="round_form"),
    path(f"{HERE}formulaires/<slug:form>-codes.csv", layouts.codes, name="round_codes"),
    path(f"{HERE}tirage/", draws.one, name="round_draw"),
    path(f"{HERE}tirage/nouveau/", draws.new, name="round_draw_new"),
    path(f"{HERE}tirage/remplacer/", draws.replace, name="round_replace"),
    path(f"{HERE}tirage-<int:number>.csv", draws.as_csv, name="round_draw_csv"),
    path(f"{HERE}tirage/poids/", weights.weights, name="round_weights"),
    path(f"{HERE}tirage/poids.csv", weights.as_csv, name="round_weights_csv"),
    path(f"{HERE}terrain/", field.progress, name="round_field"),
    path(f"{HERE}terrain.csv", field.as_csv, name="round_field_csv"),
    path(f"{HERE}fichiers/", rounds.files, name="round_files"),
    path(f"{HERE}analyser/", rounds.analyse, name="round_analyse"),
    path(f"{HERE}corrections/", corrections.listing, name="round_corrections"),
    path(f"{HERE}corrections/regle-<slug:rule>/", corrections.findings, name="round_findings"),
    path(f"{HERE}corrections/<slug:table>/<int:row>/", corrections.correct, name="round_correct"),
    path(f"{HERE}corrections/<int:number>/relire/", corrections.look, name="round_look"),
    path(f"{HERE}publier/", rounds.publish, name="round_publish"),
    path(f"{HERE}retirer/", rounds.withdraw, name="round_withdraw"),
    path(f"{HERE}entretiens/", voices.voices, name="round_voices"),
    path(f"{HERE}transferts/", transfers.transfers, name="round_transfers"),
    path(f"{HERE}accuse/", results.receipt, name="round_receipt"),
    path(f"{HERE}resultats/", results.results, name="round_results"),
    path(f"{HERE}resultats-<slug:table>.csv", access.as_csv, name="round_heard_csv"),
    path(f"{HERE}figure-<int:number>-<slug:locale>-<int:width>.svg", results.figure, name="round_figure"),
    path(f"{HERE}rapport-<slug:locale>.<slug:form>", results.report, name="round_report"),
]
