"""At which addresses do connections, their reading plans and their pulls stand?"""

from django.urls import path

from kalanso.hub.evidence.views import connections, pulls, readings, server_names

HERE = "preuves/connexions/<int:pk>/"
urlpatterns = [
    path("preuves/connexions/", connections.listing, name="connections"),
    path("preuves/connexions/nouvelle/", connections.new, name="connection_new"),
    path(HERE, connections.one, name="connection"),
    path(f"{HERE}avancement/", connections.standing, name="connection_standing"),
    path(f"{HERE}modifier/", connections.edit, name="connection_edit"),
    path(f"{HERE}verifier/", connections.look, name="connection_look"),
    path(f"{HERE}formulaire/", connections.choose, name="connection_choose"),
    path(f"{HERE}fermer/", connections.close, name="connection_close"),
    path(f"{HERE}proposer/", readings.propose, name="connection_propose"),
    path(f"{HERE}lecture/", readings.reading, name="connection_reading"),
    path(f"{HERE}lecture.yaml", readings.document, name="connection_plan"),
    path(f"{HERE}lecture/cadre/", readings.frame, name="connection_frame"),
    path(f"{HERE}lecture/<slug:element>/<slug:option>/", readings.meaning, name="connection_meaning"),
    path(f"{HERE}noms/", server_names.names, name="connection_names"),
    path(f"{HERE}collecter/", pulls.ask, name="connection_pull"),
    path(f"{HERE}collectes/<int:number>/", pulls.one, name="pull"),
    path(f"{HERE}collectes/<int:number>/arreter/", pulls.stop, name="pull_stop"),
    path(f"{HERE}collectes/<int:number>/<str:name>", pulls.file, name="pull_file"),
]
