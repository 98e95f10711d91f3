"""At which addresses do runs, their comparison and the official figures stand?"""

from django.urls import path

from kalanso.hub.evidence.views import compared_runs, runs

urlpatterns = [
    path("preuves/calculs/", runs.listing, name="runs"),
    path("preuves/calculs/preuves/", runs.look, name="runs_look"),
    path("preuves/calculs/demander/", runs.ask, name="runs_ask"),
    path("preuves/calculs/inscrire/", runs.adopt, name="runs_adopt"),
    path("preuves/calculs/comparer/", compared_runs.compare, name="runs_compare"),
    path("preuves/calculs/comparer.csv", compared_runs.compare_csv, name="runs_compare_csv"),
    path("preuves/calculs/<int:pk>/", runs.one, name="runs_one"),
    path("preuves/calculs/<int:pk>/arreter/", runs.cancel, name="runs_cancel"),
    path("preuves/calculs/<int:pk>/coupe/", runs.cut, name="runs_cut"),
    path("preuves/calculs/<int:pk>/relire/", runs.check, name="runs_check"),
    path("preuves/calculs/<int:pk>/etape/<slug:after>/", runs.step, name="runs_step"),
    path("preuves/officiel/", compared_runs.official, name="official"),
    path("preuves/officiel/phrase/", compared_runs.sentence, name="official_sentence"),
]
