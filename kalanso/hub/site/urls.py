"""At which addresses do the pages stand? French without prefix, English under `/en/`."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from kalanso.hub.site import views

urlpatterns = [
    path("favicon.ico", views.favicon),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("agir/", views.act, name="act"),
        path("apprendre/", views.learn, name="learn"),
        path("methode/", views.method, name="method"),
        path("glossaire/", views.glossary, name="glossary"),
        path("", include("kalanso.hub.explore.urls")),
        prefix_default_language=False,
    ),
]
handler400 = "kalanso.hub.site.views.wrong_request"
handler404 = "kalanso.hub.site.views.not_found"
handler500 = "kalanso.hub.site.views.broken"
