"""At which addresses does the work behind the pages stand?"""

from django.urls import path

from kalanso.hub.jobs import views

urlpatterns = [
    path("travaux/", views.jobs, name="jobs"),
    path("travaux/<uuid:job_id>/", views.job, name="job"),
    path("travaux/<uuid:job_id>/avancement/", views.progress, name="job_progress"),
    path("travaux/<uuid:job_id>/arreter/", views.cancel, name="job_cancel"),
    path("travaux/<uuid:job_id>/relancer/", views.retry, name="job_retry"),
]
