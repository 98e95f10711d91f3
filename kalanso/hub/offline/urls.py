"""At which addresses does a telephone speak to the hub?"""

from django.urls import path

from kalanso.hub.offline import views

urlpatterns = [
    path("", views.desk, name="offline_desk"),
    path("envoi/", views.receive, name="offline_receive"),
    path("etat/", views.state, name="offline_state"),
    path("sans-reseau/", views.nothing, name="offline_nothing"),
    path("kalanso.webmanifest", views.manifest, name="offline_manifest"),
]
