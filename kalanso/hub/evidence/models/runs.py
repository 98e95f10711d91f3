"""Which estimates were asked for, by whom and why, what became of them, and how far were they let out?

A run is computed by a job (`work`), then reviewed by people (`state`). Every change of state is a `RunStep`;
what was looked at before a validation are `RunCheck`s. The sentence that stands wherever official and
estimated figures stand together is an `AgreedSentence`.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Run(models.Model):
    """One estimate that somebody asked for.

    `question` and `quarters` say what was asked; `name` is the run's own name (inputs, question and software
    make it), `snapshots` the evidence that it heard, `evidence` its rows by table, `gates` and `notes` what
    it says of its draws, `headline` its national numbers with 95 % intervals, `refused` the sentence of a
    refusal in both languages. `asked_by` nobody: the run was computed outside the hub.
    """

    class Work(models.TextChoices):
        """How far its computation is."""

        ASKED = "asked", _("demandé")
        COMPUTING = "computing", _("en cours de calcul")
        DONE = "done", _("calculé")
        REFUSED = "refused", _("refusé par les contrôles")
        FAILED = "failed", _("arrêté par une panne")
        CANCELLED = "cancelled", _("arrêté sur demande")

    class State(models.TextChoices):
        """How far it was let out; empty until it is computed."""

        NONE = "", _("pas encore calculé")
        DRAFT = "draft", _("brouillon")
        REVIEW = "technical_review", _("en revue technique")
        VALIDATED = "validated", _("validé par le CNI")
        PUBLISHED = "published", _("publié")
        REPLACED = "replaced", _("remplacé par un plus récent")
        REJECTED = "rejected", _("écarté en revue")

    question = models.JSONField()
    quarters = models.PositiveIntegerField(default=36)
    preview = models.BooleanField(default=False)
    why = models.TextField()
    warm = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="runs_asked")
    asked = models.DateTimeField()
    key = models.CharField(max_length=80, unique=True)
    job = models.OneToOneField(
        "jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="run"
    )
    work = models.CharField(max_length=12, choices=Work.choices, default=Work.ASKED)
    begun = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=16, blank=True, default="")
    engine = models.CharField(max_length=16, blank=True, default="")
    software = models.CharField(max_length=40, blank=True, default="")
    snapshots = models.JSONField(default=list, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    periods = models.JSONField(default=list, blank=True)
    provisional = models.JSONField(default=list, blank=True)
    gates = models.JSONField(default=list, blank=True)
    notes = models.JSONField(default=list, blank=True)
    headline = models.JSONField(default=list, blank=True)
    refused = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, blank=True, default=State.NONE)
    checked_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="runs_checked"
    )
    validated_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="runs_validated"
    )
    steps_taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-asked", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="", work__in=("asked", "computing", "refused", "failed", "cancelled"))
                | (Q(work="done") & ~Q(state="") & ~Q(name="")),
                name="evidence_run_has_a_state_once_computed",
            ),
            models.CheckConstraint(
                condition=Q(work__in=("asked", "computing")) | Q(ended__isnull=False),
                name="evidence_run_ended_when",
            ),
            models.CheckConstraint(condition=~Q(why=""), name="evidence_run_says_why"),
            models.CheckConstraint(
                condition=Q(preview=False) | Q(state__in=("", "draft", "rejected")), name="evidence_run_preview_stays_draft"
            ),
            models.UniqueConstraint(
                fields=("state",), condition=Q(state="published"), name="evidence_run_published_once"
            ),
            models.UniqueConstraint(
                fields=("state",), condition=Q(state="validated"), name="evidence_run_validated_once"
            ),
            models.UniqueConstraint(
                fields=("state",), condition=Q(state="technical_review"), name="evidence_run_reviewed_one_by_one"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("validated", "published"))
                | (Q(checked_by__isnull=False) & Q(validated_by__isnull=False)),
                name="evidence_run_checked_and_validated_by",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("validated", "published"))
                | ~Q(validated_by=F("asked_by")) | ~Q(checked_by=F("asked_by")),
                name="evidence_run_four_eyes",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def place_code(self) -> str:
        """A run is of the whole country."""
        return ""

    @property
    def standing(self) -> str:
        """How far its computation is, also where its job ended without a word (a worker that died)."""
        if self.work in {self.Work.ASKED, self.Work.COMPUTING} and self.job is not None and self.job.over:
            ended = {"failed": self.Work.FAILED, "cancelled": self.Work.CANCELLED}
            return str(ended.get(self.job.state, self.work))
        return str(self.work)

    @property
    def standing_name(self) -> str:
        """The same for people."""
        return str(self.Work(self.standing).label)

    @property
    def over(self) -> bool:
        """Whether nothing more is computed."""
        return self.standing not in {self.Work.ASKED, self.Work.COMPUTING}

    @property
    def made_outside(self) -> bool:
        """Whether it was computed outside these pages, and is only kept by them."""
        return self.key.startswith("adopt.")

    @property
    def missed(self) -> list[dict[str, Any]]:
        """The checks of its draws that it did not pass."""
        return [gate for gate in self.gates if not gate["passed"]]

    @property
    def cut(self) -> bool:
        """Whether doses may not move the levels of coverage, reporting and populations."""
        return bool(self.question.get("cut"))


class RunStep(models.Model):
    """One change of a run's state: from where to where, who, when, and why where it goes back.

    `settled` is when the published tables had followed.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    before = models.CharField(max_length=20, choices=Run.State.choices)
    after = models.CharField(max_length=20, choices=Run.State.choices)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="run_steps")
    at = models.DateTimeField()
    reason = models.TextField(blank=True, default="")
    settled = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("run", "number"), name="evidence_runstep_one_after_another"),
            models.CheckConstraint(
                condition=Q(before="draft", after__in=("technical_review", "rejected"))
                | Q(before="rejected", after="draft")
                | Q(before="technical_review", after__in=("validated", "draft"))
                | Q(before="validated", after__in=("published", "technical_review", "replaced"))
                | Q(before="published", after__in=("validated", "technical_review", "replaced"))
                | Q(before="replaced", after="technical_review"),
                name="evidence_runstep_allowed",
            ),
            models.CheckConstraint(
                condition=~(
                    Q(before__in=("technical_review", "rejected"), after="draft")
                    | Q(before="draft", after="rejected")
                    | Q(before="validated", after="technical_review")
                    | Q(before="published", after__in=("validated", "technical_review"))
                    | Q(before="replaced", after="technical_review")
                )
                | ~Q(reason=""),
                name="evidence_runstep_back_with_reason",
            ),
        )  # fmt: skip


class RunCheck(models.Model):
    """What somebody looked at before a run may be validated; one answer for each point, the last one holds."""

    class Point(models.TextChoices):
        """What is to be looked at."""

        GATES = "gates", _("Les contrôles des tirages sont passés")
        CALIBRATION = (
            "calibration",
            _("La page sur la calibration est connue : ce que valent les intervalles"),
        )
        CUT = "cut", _("La version coupée a été regardée à côté de la version entière")
        PROVISIONAL = (
            "provisional",
            _("Les trimestres provisoires sont marqués et ne servent à aucune conclusion"),
        )
        DIFFERENCE = "difference", _("L'écart avec le dernier calcul validé est expliqué")

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="checks")
    point = models.CharField(max_length=20, choices=Point.choices)
    fine = models.BooleanField()
    note = models.TextField(blank=True, default="")
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="run_checks")
    at = models.DateTimeField()
    round = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(condition=Q(fine=True) | ~Q(note=""), name="evidence_runcheck_not_fine_says_why"),
            models.CheckConstraint(
                condition=~Q(point="difference") | ~Q(note=""), name="evidence_runcheck_difference_explained"
            ),
            models.CheckConstraint(
                condition=Q(point__in=("gates", "calibration", "cut", "provisional", "difference")),
                name="evidence_runcheck_known_point",
            ),
        )  # fmt: skip


class AgreedSentence(models.Model):
    """The sentence that stands wherever official and estimated figures stand together; the newest holds."""

    version = models.PositiveIntegerField(unique=True)
    fr = models.TextField()
    en = models.TextField()
    agreed_with = models.CharField(max_length=300)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="agreed_sentences")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-version",)
        constraints = (
            models.CheckConstraint(condition=~Q(fr="") & ~Q(en=""), name="evidence_agreedsentence_says_something"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.version}"
