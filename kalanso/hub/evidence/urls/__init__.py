"""At which addresses do the pages of the evidence desk stand?"""

from kalanso.hub.evidence.urls.runs import urlpatterns as of_runs

urlpatterns = [*of_runs]
