"""At which addresses do the pages stand? French without prefix, English under `/en/`."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from kalanso.hub.api import api
from kalanso.hub.offline import views as offline
from kalanso.hub.site import views
from kalanso.hub.site.views import design, indicators, reviews

urlpatterns = [
    path("favicon.ico", views.favicon),
    path("healthz", views.healthz, name="healthz"),
    path("sw.js", offline.worker, name="offline_worker"),
    path(api.ROOT.lstrip("/"), include(api.patterns())),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("moi/", views.me, name="me"),
        path("systeme/", views.system_state, name="system_state"),
        path("entrer/<str:secret>/", views.enter, name="enter"),
        path("entrer-comme/<slug:username>/", views.enter_as, name="enter_as"),
        path("flux/publications.atom", views.feed_public, name="feed_public"),
        path("flux/<str:secret>.atom", views.feed_mine, name="feed_mine"),
        # Addresses come with the invitation: who could write any would be taken for somebody else elsewhere.
        path("compte/email/", views.nowhere),
        path("compte/confirm-email/", views.nowhere),
        path("compte/", include("allauth.urls")),
        path("", include("kalanso.hub.people.urls")),
        path("agir/", views.act, name="act"),
        path("agir/revue/", reviews.page, name="review"),
        path("agir/revue/dossier/", reviews.ask, name="review_pack_ask"),
        path(
            "agir/revue/dossier/<uuid:key>/<slug:locale>.<slug:form>",
            reviews.download,
            name="review_pack_file",
        ),
        path("agir/fiche/<str:code>/", reviews.sheet, name="district_sheet"),
        path("agir/fiche/<str:code>.pdf", reviews.sheet_pdf, name="district_sheet_pdf"),
        path("agir/concevoir/", design.design, name="design"),
        path("apprendre/", views.learn, name="learn"),
        path("methode/", views.method, name="method"),
        path("glossaire/", views.glossary, name="glossary"),
        path("hors-ligne/", include("kalanso.hub.offline.urls")),
        path("", include("kalanso.hub.evidence.urls")),
        path("", include("kalanso.hub.studies.urls")),
        path("", include("kalanso.hub.portfolio.urls")),
        path("agir/indicateurs/", indicators.listing, name="indicators"),
        path("agir/indicateurs.<slug:form>", indicators.download, name="indicators_file"),
        path("agir/indicateurs/<slug:key>/", indicators.indicator, name="indicator"),
        path("agir/subventions/enfants/", views.money_and_children, name="grant_children"),
        path("", include("kalanso.hub.grants.urls")),
        path("", include("kalanso.hub.api.urls")),
        path("", include("kalanso.hub.jobs.urls")),
        path("", include("kalanso.hub.explore.urls")),
        prefix_default_language=False,
    ),
]
handler400 = "kalanso.hub.site.views.wrong_request"
handler403 = "kalanso.hub.site.views.refused"
handler404 = "kalanso.hub.site.views.not_found"
handler500 = "kalanso.hub.site.views.broken"
