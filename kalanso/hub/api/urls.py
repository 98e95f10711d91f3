"""At which addresses do people make tokens and read about the API? The API itself stands in `api`."""

from django.urls import path

from kalanso.hub.api import views

urlpatterns = [
    path("donnees/api/", views.docs, name="api_docs"),
    path("moi/jetons/", views.tokens, name="tokens"),
    path("moi/jetons/<int:token_id>/retirer/", views.revoke, name="revoke_token"),
]
