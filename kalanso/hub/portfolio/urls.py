"""At which addresses does the portfolio stand?"""

from django.urls import path

from kalanso.hub.portfolio.views import (
    cells,
    decisions,
    factors,
    follow_up,
    grid,
    interventions,
    loads,
    meetings,
    reports,
)

ROOT = "agir/portefeuille/"
CELL = f"{ROOT}ligne/<int:pk>/"
REPORT = f"{CELL}rapport/<str:period>/"
LINE = f"{ROOT}intervention/<str:code>/"
BARRIERS, ACTIONS = "agir/obstacles/", "agir/actions/"
DECISIONS, MEETINGS = "agir/decisions/", "agir/reunions/"
FOLLOW_UP = [
    path(BARRIERS, factors.listing, name="factors"),
    path(f"{BARRIERS}liste.csv", factors.download, name="factors_csv"),
    path(f"{BARRIERS}matrice/", factors.matrix, name="factor_matrix"),
    path(f"{BARRIERS}leves/", factors.unblocked, name="factors_lifted"),
    path(f"{BARRIERS}nouveau/", factors.new, name="factor_new"),
    path(f"{BARRIERS}<int:pk>/", factors.one, name="factor"),
    path(f"{BARRIERS}<int:pk>/modifier/", factors.edit, name="factor_edit"),
    path(f"{BARRIERS}<int:pk>/etat/", factors.move, name="factor_move"),
    path(ACTIONS, follow_up.listing, name="actions"),
    path(f"{ACTIONS}liste.csv", follow_up.download, name="actions_csv"),
    path(f"{ACTIONS}nouvelle/", follow_up.new, name="action_new"),
    path(f"{ACTIONS}<str:reference>/", follow_up.one, name="action"),
    path(f"{ACTIONS}<str:reference>/modifier/", follow_up.edit, name="action_edit"),
    path(f"{ACTIONS}<str:reference>/faite/", follow_up.close, name="action_close"),
    path(f"{ACTIONS}<str:reference>/verifier/", follow_up.verify, name="action_verify"),
    path(f"{ACTIONS}<str:reference>/annuler/", follow_up.cancel, name="action_cancel"),
    path(f"{ACTIONS}<str:reference>/photo.jpg", follow_up.photo, name="action_photo"),
    path(DECISIONS, decisions.listing, name="decisions"),
    path(f"{DECISIONS}nouvelle/", decisions.new, name="decision_new"),
    path(f"{DECISIONS}<str:reference>/", decisions.one, name="decision"),
    path(f"{DECISIONS}<str:reference>/modifier/", decisions.edit, name="decision_edit"),
    path(MEETINGS, meetings.listing, name="meetings"),
    path(f"{MEETINGS}nouvelle/", meetings.new, name="meeting_new"),
    path(f"{MEETINGS}<int:pk>/", meetings.one, name="meeting"),
    path(f"{MEETINGS}<int:pk>/modifier/", meetings.edit, name="meeting_edit"),
]
urlpatterns = [
    *FOLLOW_UP,
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
