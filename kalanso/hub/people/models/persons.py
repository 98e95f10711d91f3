"""Who is somebody, for which organisation, in which role and where?

A person has memberships; a membership is a role in an organisation for a subtree of places, for a time.
What a role may do stands in `permissions`, not here.
"""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """The eleven roles."""

    READER = "reader", _("Lecteur public")
    DISTRICT = "district", _("Équipe de district")
    FACILITY = "facility", _("CSCom, vaccinateur")
    COACH = "coach", _("Coach")
    REGION = "region", _("Direction régionale de la santé")
    NATIONAL = "national", _("Centre national d'immunisation")
    PARTNER = "partner", _("Partenaire")
    RESEARCHER = "researcher", _("Chercheur du Learning Hub")
    EDITOR = "editor", _("Éditeur des produits d'apprentissage")
    DONOR = "donor", _("Bailleur")
    ADMINISTRATOR = "administrator", _("Administrateur")


class Organisation(models.Model):
    """A body for which people work."""

    class Kind(models.TextChoices):
        """What kind of body it is."""

        GOVERNMENT = "government", _("Administration publique")
        UN = "un", _("Nations unies")
        CSO = "cso", _("Société civile")
        DONOR = "donor", _("Bailleur")
        ACADEMIA = "academia", _("Recherche")
        FIRM = "firm", _("Entreprise")

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind.choices)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Person(AbstractUser):
    """Somebody who may log in, by user name, telephone number or e-mail address.

    Field staff need no e-mail address: their supervisor resets what they forgot. `unwanted` names the kinds
    of notification that they do not want; `feed_edition` grows when they ask for a new secret feed link.
    """

    phone = models.CharField(max_length=20, null=True, blank=True, unique=True)
    email = models.EmailField(null=True, blank=True, unique=True)
    language = models.CharField(max_length=8, default="fr")
    must_change_password = models.BooleanField(default=False)
    wants_digest = models.BooleanField(default=True)
    unwanted = models.JSONField(default=list, blank=True)
    feed_edition = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("last_name", "first_name", "username")
        constraints = (
            models.UniqueConstraint(Lower("username"), name="people_person_username_once"),
            models.UniqueConstraint(Lower("email"), name="people_person_email_once"),
        )

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def save(self, *args: object, **kwargs: object) -> None:
        """Save; an empty address or number is none, so that several people may have none."""
        self.email, self.phone = self.email or None, self.phone or None
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Membership(models.Model):
    """A role of a person in an organisation, for a place and all below it; no place is the whole country."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    place_code = models.CharField(max_length=40, blank=True, default="")
    begins = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("person", "organisation", "role", "place_code"), name="people_membership_once"
            ),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(begins__isnull=True) | Q(ends__gte=models.F("begins")),
                name="people_membership_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="people_membership_known_role"),
        )

    def __str__(self) -> str:
        return str(self.person)

    def holds_on(self, day: date) -> bool:
        """Whether the role is held on a day, both ends included."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)


class Invitation(models.Model):
    """An offer of a role, open to who holds its secret link until it is used, withdrawn or too old.

    Only the fingerprint of the link's secret is kept.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=150)
    email = models.EmailField(blank=True, default="")
    phone = models.CharField(max_length=20, blank=True, default="")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=20, choices=Role.choices)
    place_code = models.CharField(max_length=40, blank=True, default="")
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="invitations_sent")
    created = models.DateTimeField()
    expires = models.DateTimeField()
    accepted_by = models.OneToOneField(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="invitation"
    )
    withdrawn = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | Q(withdrawn__isnull=True),
                name="people_invitation_accepted_or_withdrawn",
            ),
        )

    def __str__(self) -> str:
        return self.name
