"""How is somebody invited, and how do they come in?"""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from kalanso.hub.people.actions import persons
from kalanso.hub.people.forms.persons import Accept, Invite, heard
from kalanso.hub.people.models import Invitation, Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, reach, refuse_unless
from kalanso.hub.people.queries.access import access_of
from kalanso.hub.people.queries.persons import known_as
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.people.views.asked import now

LISTED = 200


@login_required
@never_cache
@sensitive_variables("secret")
def invite(request: HttpRequest) -> HttpResponse:
    """Offer somebody a role; the link is shown once, on the page that answers."""
    by = request.user
    refuse_unless(by, "people.invite")
    within = reach(by, "people.invite")
    form = Invite(
        request.POST or None, within=within, roles=persons.grantable(by),
        initial={"place": request.GET.get("lieu", "")[:40], "organisation": own_house(by)},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            invitation, secret = persons.invite(
                by=by, name=told["name"].strip(), organisation=told["organisation"], role=told["role"],
                place_code=told["place"], email=told["email"], phone=told["phone"], now=now(),
            )  # fmt: skip
        except ValidationError as error:
            heard(form, error)
        else:
            link = request.build_absolute_uri(reverse("invitation", args=[secret]))
            place = names_of({invitation.place_code}).get(invitation.place_code, invitation.place_code)
            return render(
                request, "people/invited.html", {"invitation": invitation, "link": link, "place": place}
            )
    may_add = may(by, "people.add_organisation", WHOLE_COUNTRY)
    return render(request, "people/invite.html", {"form": form, "may_add": may_add})


def own_house(by: Person) -> str:
    """Return the code of the organisation for which somebody works first of all."""
    return next((m.organisation.code for m in access_of(by).memberships), "")


@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    """List the invitations that nobody answered yet, of the reader's places."""
    refuse_unless(request.user, "people.invite")
    rows = list(_open(request).select_related("organisation", "invited_by")[:LISTED])
    names = names_of({row.place_code for row in rows})
    return render(
        request,
        "people/invitations.html",
        {"rows": [(row, names.get(row.place_code, row.place_code)) for row in rows], "now": now()},
    )


def _open(request: HttpRequest) -> QuerySet[Invitation]:
    within = reach(request.user, "people.invite")
    return Invitation.objects.filter(within.covers(), accepted_by__isnull=True, withdrawn__isnull=True)


@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an invitation's link useless."""
    found = _open(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        persons.withdraw_invitation(by=request.user, invitation=found, now=now())
        messages.success(request, _("L'invitation est retirée : son lien ne sert plus."))
        return redirect("invitations")
    words = {
        "title": _("Retirer l'invitation de %(name)s ?") % {"name": found.name},
        "told": _("Le lien ne servira plus. Vous pourrez inviter de nouveau."),
        "button": _("Retirer l'invitation"),
    }
    return render(request, "people/ask.html", words)


@never_cache
@sensitive_post_parameters("password", "again")
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Let who holds the link choose a user name and a password, and come in."""
    found = persons.open_invitation(secret, now=now())
    if found is None:
        return render(request, "people/no_invitation.html", status=404)
    form = Accept(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            person = persons.accept(
                secret=secret, username=told["username"], password=told["password"],
                language=str(get_language())[:2], now=now(),
            )  # fmt: skip
        except ValidationError as error:
            _heard(form, error)
        except PermissionDenied:
            return render(request, "people/no_invitation.html", status=404)
        else:
            login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
            record_authentication(request, person, method="password", username=person.username)
            messages.success(request, _("Votre compte est ouvert."))
            return redirect("me")
    place = names_of({found.place_code}).get(found.place_code, found.place_code)
    told = {"form": form, "invitation": found, "place": place, "inviter": known_as(found.invited_by)}
    return render(request, "people/accept.html", told)


def _heard(form: Accept, error: ValidationError) -> None:
    """Show what was refused; where address or number is another account's, whoever invited must help."""
    if hasattr(error, "error_dict") and error.error_dict.keys() & {"email", "phone", "__all__"}:
        username = error.error_dict.get("username")
        if username:
            form.add_error("username", username)
        elif any("username" in str(e.message) + str(e.params) for e in error.error_dict.get("__all__", [])):
            form.add_error("username", _("Cet identifiant est déjà pris : choisissez-en un autre."))
        else:
            form.add_error(
                None,
                _("Votre adresse ou votre numéro sert déjà ici : demandez à la personne qui vous a invité."),
            )
        return
    if not hasattr(error, "error_dict"):
        form.add_error("password", error)
        return
    heard(form, error)
