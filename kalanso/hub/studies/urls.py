"""At which addresses do rounds of surveys stand?"""

from django.urls import path

from kalanso.hub.studies.views import results, rounds

HERE = "preuves/etudes/<int:pk>/"
urlpatterns = [
    path("preuves/etudes/", rounds.listing, name="rounds"),
    path("preuves/etudes/nouvelle/", rounds.new, name="round_new"),
    path(HERE, rounds.one, name="round"),
    path(f"{HERE}modifier/", rounds.edit, name="round_edit"),
    path(f"{HERE}fichiers/", rounds.files, name="round_files"),
    path(f"{HERE}analyser/", rounds.analyse, name="round_analyse"),
    path(f"{HERE}publier/", rounds.publish, name="round_publish"),
    path(f"{HERE}retirer/", rounds.withdraw, name="round_withdraw"),
    path(f"{HERE}accuse/", results.receipt, name="round_receipt"),
    path(f"{HERE}resultats/", results.results, name="round_results"),
    path(f"{HERE}rapport-<slug:locale>.<slug:form>", results.report, name="round_report"),
]
