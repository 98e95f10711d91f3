"""At which addresses does the evidence desk stand? One file per half of it."""

from kalanso.hub.evidence.urls import desk, runs

urlpatterns = [*desk.urlpatterns, *runs.urlpatterns]
