"""At which addresses does the money stand?"""

from django.urls import path

from kalanso.hub.grants.views import files, framework, grants, lines, loads, reconciliation

HERE = "agir/subventions/"
ONE, LINE, ENTRY, LOAD = (
    f"{HERE}<int:pk>/",
    f"{HERE}lignes/<int:pk>/",
    f"{HERE}ecritures/<int:pk>/",
    f"{HERE}feuilles/<int:pk>/",
)
urlpatterns = [
    path(HERE, grants.listing, name="grants"),
    path(f"{HERE}nouvelle/", grants.new, name="grant_new"),
    path(f"{HERE}cours/", grants.rates, name="grant_rates"),
    path(f"{HERE}rapprochement/", reconciliation.queue, name="grant_reconciliation"),
    path(f"{HERE}feuilles/", loads.listing, name="grant_loads"),
    path(f"{HERE}feuilles/nouvelle/", loads.new, name="grant_load_new"),
    path(LOAD, loads.one, name="grant_load"),
    path(f"{LOAD}ecarter/", loads.discard, name="grant_load_discard"),
    path(f"{HERE}iati/", files.iati, name="grant_iati"),
    path(f"{HERE}iati.xml", files.iati_file, name="grant_iati_file"),
    path(f"{HERE}interventions/<int:pk>/", grants.intervention, name="grant_intervention"),
    path(LINE, lines.one, name="grant_line"),
    path(f"{LINE}ecriture/", lines.write, name="grant_entry_new"),
    path(f"{ENTRY}corriger/", lines.correct, name="grant_entry_correct"),
    path(f"{ENTRY}rapprocher/", reconciliation.reconcile, name="grant_reconcile"),
    path(ONE, grants.one, name="grant"),
    path(f"{ONE}modifier/", grants.edit, name="grant_edit"),
    path(f"{ONE}rattacher/", grants.group, name="grant_group"),
    path(f"{ONE}ligne/", lines.new, name="grant_line_new"),
    path(f"{ONE}cadre/", framework.listing, name="grant_framework"),
    path(f"{ONE}cadre/nouveau/", framework.agree, name="grant_agree"),
    path(f"{HERE}cadre/<int:pk>/", framework.edit, name="agreed_edit"),
    path(f"{HERE}cadre/<int:pk>/retirer/", framework.withdraw, name="agreed_withdraw"),
    path("agir/indicateurs/<slug:key>/interventions/", framework.counted, name="indicator_counted"),
    path(f"{ONE}lignes.<slug:form>", files.lines, name="grant_lines_file"),
    path(f"{ONE}ecritures.<slug:form>", files.entries, name="grant_entries_file"),
]
