"""At which addresses do the questions of a month and the report on data quality stand?"""

from django.urls import path

from kalanso.hub.evidence.views import contacts, reports, worklist

urlpatterns = [
    path("preuves/a-demander/", worklist.listing, name="worklist"),
    path("preuves/a-demander/liste.csv", worklist.download, {"form": "csv"}, name="worklist_csv"),
    path("preuves/a-demander/liste.xlsx", worklist.download, {"form": "xlsx"}, name="worklist_xlsx"),
    path("preuves/a-demander/contact/<str:code>/", contacts.contact, name="worklist_contact"),
    path("preuves/qualite/rapport/", reports.listing, name="quality_reports"),
    path(
        "preuves/qualite/rapport/<int:number>/<slug:locale>.<slug:form>",
        reports.download,
        name="quality_report_file",
    ),
]
