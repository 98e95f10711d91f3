"""At which addresses does the portfolio stand?"""

from django.urls import path

from kalanso.hub.portfolio.views import cells, grid, interventions, loads, reports

ROOT = "agir/portefeuille/"
CELL = f"{ROOT}ligne/<int:pk>/"
REPORT = f"{CELL}rapport/<str:period>/"
LINE = f"{ROOT}intervention/<str:code>/"
urlpatterns = [
    path(ROOT, grid.portfolio, name="portfolio"),
    path("agir/portefeuille.<slug:form>", grid.download, name="portfolio_file"),
    path(f"{ROOT}qui/", grid.who, name="portfolio_who"),
    path(f"{ROOT}district/<str:code>/", grid.district, name="portfolio_district"),
    path(f"{ROOT}nouvelle/", interventions.new, name="intervention_new"),
    path(LINE, interventions.intervention, name="intervention"),
    path(f"{LINE}modifier/", interventions.edit, name="intervention_edit"),
    path(f"{LINE}prevoir/", interventions.plan, name="intervention_plan"),
    path(CELL, cells.cell, name="cell"),
    path(f"{CELL}plan/", cells.plan, name="cell_plan"),
    path(f"{CELL}etat/", cells.advance, name="cell_advance"),
    path(f"{CELL}etape/", cells.milestone, name="cell_milestone"),
    path(f"{CELL}etape/<int:milestone>/faite/", cells.milestone_done, name="cell_milestone_done"),
    path(f"{ROOT}rapports/", reports.status, name="reports"),
    path(f"{REPORT}", reports.report, name="report"),
    path(f"{REPORT}approuver/", reports.approve, name="report_approve"),
    path(f"{REPORT}renvoyer/", reports.send_back, name="report_back"),
    path(f"{ROOT}rapport/<int:pk>/photo/", reports.photo, name="report_photo"),
    path(f"{ROOT}charger/", loads.load, name="load_new"),
    path(f"{ROOT}charger/modele.xlsx", loads.template, name="load_template"),
    path(f"{ROOT}charger/<int:pk>/", loads.one, name="load"),
    path(f"{ROOT}charger/<int:pk>/appliquer/", loads.apply, name="load_apply"),
    path(f"{ROOT}charger/<int:pk>/ecarter/", loads.discard, name="load_discard"),
]
