"""How does somebody have the national report on data quality written, and take it along?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.evidence.actions import reports as actions
from kalanso.hub.evidence.forms.reports import ReportForm
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries import reports as queries
from kalanso.hub.jobs.queries import visible_jobs
from kalanso.hub.people.permissions import may

KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """Show the reports that were made, those under way, and ask for one."""
    queries.refuse_closed()
    years = queries.years()
    allowed = may(request.user, "evidence.ask_quality_report")
    form = ReportForm(years, request.POST or None, initial={"year": queries.usual_year(years)})
    if request.method == "POST":
        if not allowed:
            raise PermissionDenied(
                _("Un rapport peut être demandé par la direction régionale, le CNI et les chercheurs.")
            )
        if form.is_valid():
            try:
                actions.ask_report(
                    by=request.user, known_years=years, now=datetime.now(UTC), **form.cleaned_data
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return redirect("quality_reports")
    own = set(visible_jobs(request.user).filter(kind=actions.KIND).values_list("pk", flat=True))
    context = {
        "form": form, "allowed": allowed, "years": years, "made": queries.made(),
        "under_way": [(one, one.job_id in own) for one in queries.under_way()],
    }  # fmt: skip
    return render(request, "evidence/quality_reports.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def download(request: HttpRequest, number: int, locale: str, form: str) -> FileResponse:
    """Send one file of a report to whoever may see what it rests on."""
    queries.refuse_closed()
    report = queries.one(number)
    name = f"{locale}.{form}"
    path = report.folder / name
    if name not in report.files or not path.is_file():
        raise Http404(_("Ce rapport n'existe pas dans cette langue ou ce format."))
    told = (
        f"kalanso-{published.pack().country.code.lower()}-{_('qualite')}-{report.year}-{report.mode}-{name}"
    )
    return FileResponse(path.open("rb"), as_attachment=True, filename=told, content_type=KINDS[form])
