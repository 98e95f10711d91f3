"""Which rounds of surveys were declared, which files came for each, and what did each analysis give?"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# The files that an analysis reads; the others follow the fieldwork.
ANALYSED = ("answers", "sample")
# Those of a round without a household survey: an export of its form and the repeat of it, or a table, and what districts make up.
HEARD = ("answers", "listed", "table", "larger")
HOUSEHOLDS = "households"
ETHICS = ("approval", "data_protection", "consent_version", "kept_until", "destroyed_on")
# Without an approval, a filing, a consent text and both days no answer is taken.
_ETHICS_SAID = (
    ~Q(approval="")
    & ~Q(data_protection="")
    & ~Q(consent_version="")
    & Q(kept_until__isnull=False)
    & Q(destroyed_on__isnull=False)
)


class Round(models.Model):
    """One round of a household survey, or of a way that asks without one, as it was declared.

    `terms` are those of a way: ages_months (from, below), indicator, settings; {} for a household survey. `cohorts` is a list of name and days of age, `doses` and `groups` are codes, `scopes` places where a dose is offered, by the schedule's words. `taken` says when its first file came,
    `shown` which analysis is read. `snapshot` names the country's evidence that holds it, `warned_for` the day of destruction
    that people were told, `destroyed` when its raw data went. `place_code` "" is the whole country. `version` grows with each change by a person.
    """

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", _("Déclarée")
        ANALYSED = "analysed", _("Analysée")
        PUBLISHED = "published", _("Publiée")
        WITHDRAWN = "withdrawn", _("Retirée")

    class Policy(models.TextChoices):
        """Whether registers of facilities were sought."""

        NOT_SOUGHT = "RECORDS_NOT_SOUGHT", _("Non : la carte et la mémoire seulement")
        IF_NO_CARD = "SOUGHT_IF_NO_CARD", _("Oui, pour les enfants sans carte")
        FOR_ALL = "SOUGHT_FOR_ALL", _("Oui, pour tous les enfants")

    class Mode(models.TextChoices):
        """By which rules a dose is valid."""

        VCQI = "vcqi", _("Celles de VCQI (OMS), pour comparer avec d'autres enquêtes")
        STRICT = "strict", _("Strictes : âge, intervalle et ordre des doses")

    class Way(models.TextChoices):
        """How children were asked for; the names are those of `kalanso.surveys.ways`."""

        HOUSEHOLDS = HOUSEHOLDS, _("Enquête auprès des ménages")
        LOTS = "lots", _("Lots (LQAS) : classer des districts")
        PHONE = "phone", _("Par téléphone")
        RESPONDENT_DRIVEN = "respondent_driven", _("Par chaînes de connaissances")
        TIME_LOCATION = "time_location", _("Sur des lieux de passage")
        CAPTURE_RECAPTURE = "capture_recapture", _("Listes croisées d'enfants manqués")
        KEY_INFORMANTS = "key_informants", _("Par relais et informateurs")
        SETTLEMENTS = "settlements", _("Compter par les bâtiments")

    survey = models.SlugField(max_length=60, unique=True)
    title_fr = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="rounds")
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    first_day = models.DateField()
    last_day = models.DateField()
    way = models.CharField(max_length=20, choices=Way.choices, default=HOUSEHOLDS)
    terms = models.JSONField(default=dict, blank=True)
    cohorts = models.JSONField(default=list, blank=True)
    doses = models.JSONField(default=list, blank=True)
    policy = models.CharField(max_length=20, choices=Policy.choices, default=Policy.NOT_SOUGHT)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.VCQI)
    grace_days = models.PositiveSmallIntegerField(default=0)
    groups = models.JSONField(default=list, blank=True)
    scopes = models.JSONField(default=dict, blank=True)
    swap_day_month = models.BooleanField(default=False)
    chosen_places = models.BooleanField(default=False)
    second_look = models.BooleanField(default=False)
    approval = models.CharField(max_length=120, blank=True, default="")
    data_protection = models.CharField(max_length=120, blank=True, default="")
    consent_version = models.CharField(max_length=120, blank=True, default="")
    kept_until = models.DateField(null=True, blank=True)
    destroyed_on = models.DateField(null=True, blank=True)
    declared_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="rounds")
    declared = models.DateTimeField()
    taken = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    shown = models.ForeignKey(
        "studies.Analysis", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    snapshot = models.CharField(max_length=120, blank=True, default="")
    warned_for = models.DateField(null=True, blank=True)
    destroyed = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-first_day", "-id")
        constraints = (
            models.CheckConstraint(condition=~Q(survey="") & ~Q(title_fr="") & ~Q(title_en=""), name="studies_round_named"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="studies_round_days"),
            models.CheckConstraint(
                condition=Q(way=HOUSEHOLDS, terms={}) & ~Q(cohorts=[]) & ~Q(doses=[])
                | Q(way__in=("lots", "settlements")) & ~Q(terms={})
                | Q(way__in=("phone", "respondent_driven", "time_location", "capture_recapture", "key_informants")) & ~Q(terms={}) & ~Q(place_code=""),
                name="studies_round_asks_something",
            ),
            models.CheckConstraint(
                condition=Q(policy__in=("RECORDS_NOT_SOUGHT", "SOUGHT_IF_NO_CARD", "SOUGHT_FOR_ALL"))
                & Q(mode__in=("vcqi", "strict")),
                name="studies_round_known_rules",
            ),
            models.CheckConstraint(
                condition=Q(kept_until__isnull=True) | Q(destroyed_on__isnull=True) | Q(destroyed_on__gte=F("kept_until")),
                name="studies_round_kept_then_destroyed",
            ),
            models.CheckConstraint(condition=Q(taken__isnull=True) | _ETHICS_SAID, name="studies_round_ethics_before_files"),
            models.CheckConstraint(condition=Q(state="draft") | Q(taken__isnull=False, shown__isnull=False), name="studies_round_analysed_with_files"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "analysed"))
                | Q(state__in=("published", "withdrawn"), published__isnull=False, published_by__isnull=False),
                name="studies_round_published_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(state="withdrawn") | ~Q(reason=""), name="studies_round_withdrawn_why"),
            models.CheckConstraint(
                condition=Q(destroyed__isnull=True) | Q(taken__isnull=False, destroyed_on__isnull=False),
                name="studies_round_destroyed_what_was_taken",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.title_fr or self.survey

    @property
    def ethics_said(self) -> bool:
        """Whether everything is said without which no answer is taken."""
        return all(getattr(self, name) for name in ETHICS)

    @property
    def of_households(self) -> bool:
        """Whether households were drawn and visited."""
        return self.way == HOUSEHOLDS

    @property
    def analysed_kinds(self) -> tuple[str, ...]:
        """Which kinds of files an analysis reads."""
        return ANALYSED if self.of_households else HEARD

    @property
    def folder(self) -> Path:
        """The folder of its files, outside everything that is served."""
        return Path(settings.KALANSO_DATA) / "studies" / str(self.pk)


class RoundFile(models.Model):
    """A file of a round as it came; another of its kind replaces it, and neither is ever changed.

    The approvals are those on which it rests: as they stood when it was taken. `joined` lists the files of which it was put
    together, where a part was added to what had come.
    """

    class Kind(models.TextChoices):
        """What it holds."""

        ANSWERS = "answers", _("Les réponses")
        SAMPLE = "sample", _("L'échantillon")
        HOUSEHOLDS = "homes", _("La liste des ménages")
        MEMBERS = "members", _("Les enfants des ménages")
        SECOND = "second", _("Les contre-visites")
        LISTED = "listed", _("Les enfants listés par les informateurs")
        TABLE = "table", _("Le tableau")
        LARGER = "larger", _("Les enfants de chaque lot, pour réunir les lots")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    file_name = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    received = models.DateTimeField()
    replaced = models.DateTimeField(null=True, blank=True)
    joined = models.JSONField(default=list, blank=True)
    approval = models.CharField(max_length=120)
    data_protection = models.CharField(max_length=120)
    consent_version = models.CharField(max_length=120)
    kept_until = models.DateField()
    destroyed_on = models.DateField()

    class Meta:
        ordering = ("kind", "-received")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=("answers", "sample", "homes", "members", "second", "listed", "table", "larger")), name="studies_roundfile_kind"),
            models.CheckConstraint(
                condition=~Q(approval="") & ~Q(data_protection="") & ~Q(consent_version=""), name="studies_roundfile_ethics"
            ),
            models.UniqueConstraint(
                fields=("round", "kind"), condition=Q(replaced__isnull=True), name="studies_roundfile_one_stands"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.file_name

    @property
    def path(self) -> Path:
        """The bytes as they came."""
        return Path(settings.KALANSO_DATA) / "studies" / str(self.round_id) / "files" / f"{self.pk}.csv"


class RoundSalt(models.Model):
    """The secret of a study with which identifiers of children stay the same, sealed."""

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="salt")
    sealed = models.TextField()
    made = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(sealed=""), name="studies_roundsalt_sealed"),)

    def __str__(self) -> str:
        return f"{self.round_id}"


class PlaceVoices(models.Model):
    """How many interviews and focus groups a study held in a place."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="voices")
    place_code = models.CharField(max_length=40)
    interviews = models.PositiveIntegerField(default=0)
    focus_groups = models.PositiveIntegerField(default=0)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    said = models.DateTimeField()

    class Meta:
        ordering = ("place_code",)
        constraints = (
            models.UniqueConstraint(fields=("round", "place_code"), name="studies_placevoices_once"),
            models.CheckConstraint(condition=~Q(place_code=""), name="studies_placevoices_somewhere"),
            models.CheckConstraint(
                condition=Q(interviews__gt=0) | Q(focus_groups__gt=0), name="studies_placevoices_somebody"
            ),
        )

    def __str__(self) -> str:
        return f"{self.round} ({self.place_code})"


class Analysis(models.Model):
    """One time that the files of a round were cleaned and analysed.

    `reads` are the files of a round without a household survey; that of households has `answers` and `sample`. `receipt` lists what was received and what each rule of cleaning found, `results` the rows that pages show, `strata` their
    names and places, `fault` why it was refused, in both languages, `decided` the corrections of persons that it rests on.
    """

    class State(models.TextChoices):
        """How far it is."""

        ASKED = "asked", _("en cours")
        DONE = "done", _("terminée")
        FAILED = "failed", _("échouée")
        CANCELLED = "cancelled", _("arrêtée")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="analyses")
    number = models.PositiveIntegerField()
    answers = models.ForeignKey(RoundFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sample = models.ForeignKey(RoundFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reads = models.JSONField(default=list, blank=True)
    asked_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    job = models.OneToOneField("jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    ended = models.DateTimeField(null=True, blank=True)
    children = models.PositiveIntegerField(default=0)
    receipt = models.JSONField(default=list, blank=True)
    results = models.JSONField(default=list, blank=True)
    strata = models.JSONField(default=dict, blank=True)
    outputs = models.JSONField(default=list, blank=True)
    fault = models.JSONField(default=dict, blank=True)
    decided = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-number", "-id")
        constraints = (
            models.UniqueConstraint(fields=("round", "number"), name="studies_analysis_one_after_another"),
            models.UniqueConstraint(fields=("round",), condition=Q(state="asked"), name="studies_analysis_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(state="asked", ended__isnull=True) | (Q(state__in=("done", "failed", "cancelled")) & Q(ended__isnull=False)),
                name="studies_analysis_ended_when",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(fault={}), name="studies_analysis_failed_why"),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(results=[]) & ~Q(outputs=[]) & (~Q(receipt=[]) | Q(sample__isnull=True))),
                name="studies_analysis_done_with_results",
            ),
            models.CheckConstraint(
                condition=Q(sample__isnull=True, answers__isnull=True) | Q(sample__isnull=False, answers__isnull=False, reads=[]),
                name="studies_analysis_reads_one_kind",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} ({self.number})"

    @property
    def place_code(self) -> str:
        """An analysis belongs to the place of its round."""
        return str(self.round.place_code)

    @property
    def folder(self) -> Path:
        """The folder of its outputs; rows of single children stand in a folder of their own that no page opens."""
        return Path(settings.KALANSO_DATA) / "studies" / str(self.round_id) / "analyses" / str(self.number)

    @property
    def files(self) -> set[int]:
        """The numbers of the files that it read."""
        return {pk for pk in (self.answers_id, self.sample_id) if pk is not None} | set(self.reads)

    @property
    def standing(self) -> str:
        """How far it is, also where its job ended without a word (a worker that died, somebody who stopped it)."""
        if self.state == self.State.ASKED and self.job is not None and self.job.over:
            stopped = self.job.state == self.job.State.CANCELLED
            return str(self.State.CANCELLED if stopped else self.State.FAILED)
        return str(self.state)

    @property
    def waits(self) -> bool:
        """Whether the worker still has something to do for it."""
        return self.standing == self.State.ASKED


__all__ = [
    "ANALYSED",
    "ETHICS",
    "HEARD",
    "HOUSEHOLDS",
    "Analysis",
    "PlaceVoices",
    "Round",
    "RoundFile",
    "RoundSalt",
]
