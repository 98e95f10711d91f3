"""Which work waits, runs or is done, who asked for it, and who holds it now?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of work behind the pages.

    `kind` names what is done (a line of the site's list of kinds), `arguments` with what. `key` makes asking
    twice ask once. Whoever works on it holds a lease (`holder`, `leased_until`) and renews it; a lease that
    ran out gives the job back, up to `most_attempts` times. `done_steps` tells which steps need not be done
    again.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("En attente")
        RUNNING = "running", _("En cours")
        DONE = "done", _("Terminé")
        FAILED = "failed", _("Échoué")
        CANCELLED = "cancelled", _("Annulé")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=200, unique=True)
    asked_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place_code = models.CharField(max_length=40, blank=True, default="")
    asked = models.DateTimeField()
    not_before = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    holder = models.CharField(max_length=80, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    most_attempts = models.PositiveIntegerField(default=3)
    done_steps = models.JSONField(default=list, blank=True)
    share = models.FloatField(default=0.0)
    step = models.CharField(max_length=120, blank=True, default="")
    told = models.DateTimeField(null=True, blank=True)
    cancel_asked = models.DateTimeField(null=True, blank=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-asked", "id")
        indexes = (models.Index(fields=("state", "not_before"), name="jobs_job_waiting"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="running") | (Q(leased_until__isnull=False) & ~Q(holder="")),
                name="jobs_job_running_has_a_holder",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "running")) | Q(ended__isnull=False),
                name="jobs_job_ended_when",
            ),
            models.CheckConstraint(condition=Q(share__gte=0) & Q(share__lte=1), name="jobs_job_share"),
        )

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in {self.State.WAITING, self.State.RUNNING}
