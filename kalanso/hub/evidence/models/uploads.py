"""Which sheets did people bring, how far is each, and what do its columns mean?"""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedMap(models.Model):
    """The meaning of the columns of sheets of one shape, saved under a name by an organisation.

    `headings` is the fingerprint of the headings by which a sheet of the same shape is known. A `shared` map
    is proposed to every organisation.
    """

    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    headings = models.CharField(max_length=64, db_index=True)
    document = models.JSONField()
    shared = models.BooleanField(default=False)
    saved_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    saved = models.DateTimeField()

    class Meta:
        ordering = ("-saved", "-id")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "name"), name="evidence_saved_map_once"),
        )

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """A sheet that a person brought for a place, in the name of an organisation.

    `reading` is what the machine saw in it (headings, examples, a proposed map), `column_map` what a person
    said, `receipt` what a dry run made of it under the mark `tried`. `import_id` and `snapshots` say what was
    published. `flagged`: rows are about places under a security flag; None before anybody knows. `fault` holds
    a sentence in each language. `version` grows with each change by a person.
    """

    class State(models.TextChoices):
        """How far it is."""

        READING = "reading", _("Lecture en cours")
        REFUSED = "refused", _("Illisible")
        MAPPING = "mapping", _("Colonnes à vérifier")
        TRYING = "trying", _("Essai en cours")
        TRIED = "tried", _("À relire avant publication")
        PUBLISHING = "publishing", _("Publication en cours")
        PUBLISHED = "published", _("Publié")
        DISCARDED = "discarded", _("Écarté")
        WITHDRAWING = "withdrawing", _("Retrait en cours")
        WITHDRAWN = "withdrawn", _("Retiré")

    class Reader(models.TextChoices):
        """What it holds, and so who reads it."""

        TABLES = "tables", _("Des chiffres : doses, populations, stocks")
        RECOUNTS = "recounts", _("Des recomptages de visites (DQS, RDQA)")
        STOCK = "stock", _("Un stock de vaccins par lot, compté en doses")
        VIALS = "vials", _("Un stock de vaccins par lot, compté en flacons")

    WAITING = frozenset({State.READING, State.TRYING, State.PUBLISHING, State.WITHDRAWING})
    OPEN = frozenset({State.READING, State.MAPPING, State.TRYING, State.TRIED})
    IN_STORE = frozenset({State.PUBLISHING, State.PUBLISHED, State.WITHDRAWING})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="uploads")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="uploads")
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    source = models.SlugField(max_length=60)
    file_name = models.CharField(max_length=120)
    kind = models.CharField(max_length=4)
    reader = models.CharField(max_length=8, choices=Reader.choices, default=Reader.TABLES)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    received = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.READING)
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_times = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    reading = models.JSONField(default=dict, blank=True)
    column_map = models.JSONField(default=dict, blank=True)
    saved_map = models.ForeignKey(
        SavedMap, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    fault = models.JSONField(default=dict, blank=True)
    receipt = models.JSONField(default=dict, blank=True)
    tried = models.CharField(max_length=64, blank=True, default="")
    flagged = models.BooleanField(null=True, blank=True)
    import_id = models.CharField(max_length=16, blank=True, default="")
    snapshots = models.JSONField(default=list, blank=True)
    publish_asked = models.DateTimeField(null=True, blank=True)
    published = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("-received", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(reader__in=("tables", "recounts", "stock", "vials")),
                name="evidence_upload_reader",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "withdrawing", "withdrawn"))
                | Q(published__isnull=False),
                name="evidence_upload_published_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("withdrawing", "withdrawn")) | ~Q(reason=""),
                name="evidence_upload_withdrawn_why",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("publishing", "published")) | ~Q(tried=""),
                name="evidence_upload_tried_first",
            ),
            models.UniqueConstraint(
                fields=("import_id",),
                condition=Q(state__in=("publishing", "published", "withdrawing")) & ~Q(import_id=""),
                name="evidence_upload_in_store_once",
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def has_columns_to_say(self) -> bool:
        """Whether a person says what its columns mean; those of recounts and of lots are fixed."""
        return self.reader == self.Reader.TABLES

    @property
    def alike(self) -> tuple[str, ...]:
        """The readers whose numbers may replace those of this sheet: a stock is one, in doses or vials."""
        stock = (str(self.Reader.STOCK), str(self.Reader.VIALS))
        return stock if self.reader in stock else (self.reader,)

    @property
    def folder(self) -> Path:
        """The folder of its file, outside everything that is served."""
        return Path(settings.KALANSO_DATA) / "uploads" / str(self.pk)

    @property
    def path(self) -> Path:
        """The file as it came, under its cleaned name."""
        return self.folder / self.file_name

    @property
    def rejected_path(self) -> Path:
        """The list of refused rows of the newest dry run, one JSON object in each line."""
        return self.folder / "refused" / "rows.jsonl"

    @property
    def first_rows_path(self) -> Path:
        """The first rows that the newest dry run would keep, and of how many, as one JSON document."""
        return self.folder / "kept" / "rows.json"

    @property
    def waits(self) -> bool:
        """Whether the worker still has something to do for it."""
        return self.state in self.WAITING and not self.stuck

    @property
    def stuck(self) -> bool:
        """Whether the work that it waits for ended without an answer."""
        return self.state in self.WAITING and self.job is not None and self.job.over
