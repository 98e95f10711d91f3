"""At which addresses does the evidence desk stand? One file per part of it."""

from kalanso.hub.evidence.urls import connections, desk, quality, runs

urlpatterns = [*desk.urlpatterns, *connections.urlpatterns, *quality.urlpatterns, *runs.urlpatterns]
