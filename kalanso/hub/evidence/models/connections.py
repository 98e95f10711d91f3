"""To which servers is Kalanso connected, with what is each opened, how is it read, and what did each pull bring?

What opens a server stands sealed in a record of its own, which no page, export or trail reads. A
connection is of the whole country: only those who answer for it work with one.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

HERE = ("http://localhost", "http://127.", "http://[::1]")


class Connection(models.Model):
    """A server from which a source comes, and how often.

    `told` is what the server said of itself when it was last looked at, `fault` the sentence of a refusal in both
    languages. `plan` is the reading plan of a DHIS2 server as plain values, `form` the form of a server of forms.
    `first_month` is the first day from which numbers are asked for, `due` when the next pull begins by itself.
    """

    class Kind(models.TextChoices):
        """Which server it is."""

        DHIS2 = "dhis2", "DHIS2"
        CENTRAL = "central", "ODK Central"
        KOBO = "kobo", "KoboToolbox"

    class Cadence(models.TextChoices):
        """How often it is pulled from by itself."""

        NEVER = "never", _("Seulement quand quelqu'un le demande")
        DAILY = "daily", _("Chaque nuit")
        WEEKLY = "weekly", _("Chaque semaine")
        MONTHLY = "monthly", _("Chaque mois")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    source = models.SlugField(max_length=60)
    address = models.CharField(max_length=300)
    project = models.PositiveIntegerField(null=True, blank=True)
    form = models.CharField(max_length=200, blank=True, default="")
    first_month = models.DateField(null=True, blank=True)
    new_places = models.BooleanField(default=False)
    cadence = models.CharField(max_length=8, choices=Cadence.choices, default=Cadence.NEVER)
    due = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    made = models.DateTimeField()
    changed_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    changed = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    checked = models.DateTimeField(null=True, blank=True)
    told = models.JSONField(default=dict, blank=True)
    fault = models.JSONField(default=dict, blank=True)
    plan = models.JSONField(default=dict, blank=True)
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_times = models.PositiveIntegerField(default=0)
    closed = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("source", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("source",), condition=Q(closed__isnull=True), name="evidence_connection_one_per_source"
            ),
            models.CheckConstraint(
                condition=Q(kind="central", project__isnull=False, project__gte=1) | (~Q(kind="central") & Q(project__isnull=True)),
                name="evidence_connection_project",
            ),
            models.CheckConstraint(
                condition=~Q(kind="dhis2") | Q(first_month__isnull=False), name="evidence_connection_since"
            ),
            models.CheckConstraint(
                condition=Q(address__startswith="https://")
                | Q(address__startswith=HERE[0]) | Q(address__startswith=HERE[1]) | Q(address__startswith=HERE[2]),
                name="evidence_connection_sealed_line",
            ),
            models.CheckConstraint(
                condition=Q(cadence="never", due__isnull=True)
                | (~Q(cadence="never") & Q(due__isnull=False, closed__isnull=True)),
                name="evidence_connection_due",
            ),
            models.CheckConstraint(
                condition=Q(closed__isnull=True, closed_by__isnull=True)
                | (Q(closed__isnull=False, closed_by__isnull=False) & ~Q(reason="")),
                name="evidence_connection_closed_why",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.source

    @property
    def place_code(self) -> str:
        """A connection is of the whole country."""
        return ""

    @property
    def folder(self) -> Path:
        """Where raw tables of a server of forms stand, outside everything that is served."""
        return Path(settings.KALANSO_DATA) / ".pulled" / str(self.pk)

    @property
    def counts(self) -> bool:
        """Whether it brings numbers into the published tables; a server of forms brings raw tables."""
        return self.kind == self.Kind.DHIS2

    @property
    def waits(self) -> bool:
        """Whether the worker still looks at the server, or for what its numbers mean."""
        return self.job is not None and not self.job.over

    @property
    def works(self) -> bool:
        """Whether the server answered when it was last looked at."""
        return self.checked is not None and not self.fault


class ConnectionSecret(models.Model):
    """What opens a server, sealed; `what` says of which kind it is, never what it is."""

    class What(models.TextChoices):
        """With what one proves who one is."""

        TOKEN = "token", _("un jeton")
        PASSWORD = "password", _("un nom et un mot de passe")

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="secret")
    what = models.CharField(max_length=8, choices=What.choices)
    sealed = models.TextField()
    set_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(sealed=""), name="evidence_connectionsecret_sealed"),
        )

    def __str__(self) -> str:
        return str(self.connection)


class Pull(models.Model):
    """One time that everything new was asked of a server.

    `asked_by` nobody is the schedule. `receipt` says what became of each value, `told` how it went (mode, files),
    `fault` why it failed, in both languages.
    """

    class State(models.TextChoices):
        """How far it is."""

        ASKED = "asked", _("en cours")
        DONE = "done", _("terminée")
        FAILED = "failed", _("échouée")
        CANCELLED = "cancelled", _("arrêtée")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pulls")
    number = models.PositiveIntegerField()
    asked_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked = models.DateTimeField()
    whole = models.BooleanField(default=False)
    job = models.OneToOneField(
        "jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="pull"
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    ended = models.DateTimeField(null=True, blank=True)
    receipt = models.JSONField(default=dict, blank=True)
    told = models.JSONField(default=dict, blank=True)
    fault = models.JSONField(default=dict, blank=True)
    snapshots = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-number", "-id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "number"), name="evidence_pull_one_after_another"),
            models.UniqueConstraint(
                fields=("connection",), condition=Q(state="asked"), name="evidence_pull_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", ended__isnull=True) | (~Q(state="asked") & Q(ended__isnull=False)),
                name="evidence_pull_ended_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(fault={}), name="evidence_pull_failed_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection} {self.number}"

    @property
    def place_code(self) -> str:
        """A pull is of the whole country."""
        return ""

    @property
    def standing(self) -> str:
        """How far it is, also where its job ended without a word (a worker that died, somebody who stopped it)."""
        if self.state == self.State.ASKED and self.job is not None and self.job.over:
            stopped = self.job.state == self.job.State.CANCELLED
            return str(self.State.CANCELLED if stopped else self.State.FAILED)
        return str(self.state)

    @property
    def standing_name(self) -> str:
        """The same for people."""
        return str(self.State(self.standing).label)

    @property
    def waits(self) -> bool:
        """Whether the worker still has something to do for it."""
        return self.standing == self.State.ASKED
