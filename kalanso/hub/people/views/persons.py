"""Who works here, in which role and where, and how does a supervisor change that?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from kalanso.hub.people.actions import accounts, persons
from kalanso.hub.people.actions.organisations import add_organisation as add
from kalanso.hub.people.forms.persons import AddOrganisation, FindPeople, GiveRole, Reason, heard
from kalanso.hub.people.models import Membership, Organisation, Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, reach, refuse_unless
from kalanso.hub.people.queries import persons as known
from kalanso.hub.people.queries.places import names_of, places_meant
from kalanso.hub.people.views.asked import now, number, person_or_404, today


@login_required
def people(request: HttpRequest) -> HttpResponse:
    """List the people with a role in the reader's places."""
    refuse_unless(request.user, "people.list")
    within = reach(request.user, "people.list")
    form = FindPeople(request.GET or None)
    told = form.cleaned_data if form.is_valid() else {}
    text = str(told.get("lieu", ""))
    near = places_meant(text, within=within)
    wanted = known.Wanted(
        places=tuple(place.code for place in near) if text.strip() else None,
        role=str(told.get("role", "")),
        organisation=str(told.get("organisation", "")),
        word=str(told.get("q", "")).strip(),
    )
    page = number(request, "page") or 1
    rows, more = known.people(within, wanted, page=page)
    roles = known.roles_of(request.user, within, rows, today=today())
    return render(
        request,
        "people/people.html",
        {
            "form": form,
            "rows": [(one, roles.get(one.pk, [])) for one in rows],
            "page_number": page,
            "next_page": page + 1 if more else None,
            "near": near if len(near) > 1 else [],
            "may_invite": may(request.user, "people.invite"),
        },
    )


@login_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person: roles, who gave them, when they were last here; to themselves also their devices."""
    who, by = person_or_404(request, pk), request.user
    roles = known.roles_of(by, reach(by, "people.list"), [who], today=today()).get(who.pk, [])
    return render(
        request,
        "people/person.html",
        {
            "who": who,
            "self": who.pk == by.pk,
            "roles": [(held, not held.over and may(by, "people.end_membership", held.membership)) for held in roles],
            "last_seen": known.last_seen(who),
            "may_give": who.pk != by.pk and may(by, "people.invite"),
            "may_reset": persons.may_reset(by, who),
            "may_close": accounts.may_close(by, who),
        },
    )  # fmt: skip


@login_required
def give_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person another role."""
    who, by = person_or_404(request, pk), request.user
    refuse_unless(by, "people.invite")
    within = reach(by, "people.invite")
    form = GiveRole(request.POST or None, within=within, roles=persons.grantable(by))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            persons.give_role(
                by=by, person=who, organisation=told["organisation"], role=told["role"], place_code=told["place"],
                reason=told["reason"], now=now(),
            )  # fmt: skip
        except ValidationError as error:
            heard(form, error)
        else:
            messages.success(request, _("Le rôle est donné."))
            return redirect("person", pk=who.pk)
    title = _("Quel rôle donner à %(name)s ?") % {"name": who}
    return render(
        request, "people/ask.html", {"form": form, "title": title, "button": _("Donner ce rôle"), "who": who}
    )


Change = Callable[..., Any]


def _ask_why(request: HttpRequest, who: Person, do: Change, **words: str) -> HttpResponse:
    """Ask why, then do it and go back to the person."""
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do(reason=form.cleaned_data["reason"])
        except ValidationError as error:
            heard(form, error)
        else:
            messages.success(request, words["done"])
            return redirect("person", pk=who.pk)
    return render(request, "people/ask.html", {"form": form, "who": who, **words})


@login_required
def end_role(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role from today on."""
    within = reach(request.user, "people.end_membership")
    held = Membership.objects.filter(within.covers(), pk=pk).select_related("person", "organisation").first()
    if held is None:
        raise Http404
    refuse_unless(request.user, "people.end_membership", held)
    place = names_of({held.place_code}).get(held.place_code, held.place_code) or _("tout le pays")
    return _ask_why(
        request, held.person,
        lambda reason: persons.end_membership(by=request.user, membership=held, reason=reason, now=now()),
        title=_("Mettre fin à ce rôle de %(name)s ?") % {"name": held.person},
        told=_("%(role)s, %(place)s. La personne n'aura plus ce rôle dès maintenant et devra se reconnecter.")
        % {"role": held.get_role_display(), "place": place},
        button=_("Mettre fin à ce rôle"), done=_("Le rôle a pris fin."),
    )  # fmt: skip


@login_required
@never_cache
@sensitive_variables("spoken")
def reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person a password to say aloud, shown once."""
    who = person_or_404(request, pk)
    if not persons.may_reset(request.user, who):
        raise Http404
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        spoken = persons.reset_password(
            by=request.user, person=who, reason=form.cleaned_data["reason"], now=now()
        )
        return render(request, "people/spoken.html", {"who": who, "spoken": spoken})
    words = {
        "title": _("Donner un nouveau mot de passe à %(name)s ?") % {"name": who},
        "told": _("Assurez-vous de parler à la bonne personne. Ses appareils seront déconnectés."),
        "button": _("Créer le mot de passe"),
    }
    return render(request, "people/ask.html", {"form": form, "who": who, **words})


@login_required
def close_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a person's account, or open it again."""
    who = person_or_404(request, pk)
    if not accounts.may_close(request.user, who):
        raise Http404
    if who.is_active:
        return _ask_why(
            request, who,
            lambda reason: accounts.close_account(by=request.user, person=who, reason=reason, now=now()),
            title=_("Fermer le compte de %(name)s ?") % {"name": who},
            told=_("La personne est déconnectée partout et ne peut plus entrer. Ce qu'elle a écrit reste. Vous pourrez rouvrir le compte."),
            button=_("Fermer le compte"), done=_("Le compte est fermé."),
        )  # fmt: skip
    return _ask_why(
        request, who,
        lambda reason: accounts.open_account(by=request.user, person=who, reason=reason, now=now()),
        title=_("Rouvrir le compte de %(name)s ?") % {"name": who},
        told=_("La personne retrouve ses rôles et son mot de passe."),
        button=_("Rouvrir le compte"), done=_("Le compte est rouvert."),
    )  # fmt: skip


@login_required
def reset_second_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away the second proof of somebody who lost their telephone."""
    who = person_or_404(request, pk)
    if not accounts.may_close(request.user, who):
        raise Http404
    return _ask_why(
        request, who,
        lambda reason: accounts.second_proof_reset(by=request.user, person=who, reason=reason, now=now()),
        title=_("Retirer la double vérification de %(name)s ?") % {"name": who},
        told=_("Si son téléphone est perdu. Assurez-vous de parler à la bonne personne ; elle en règlera une nouvelle en se connectant."),
        button=_("Retirer la double vérification"), done=_("La double vérification est retirée."),
    )  # fmt: skip


@login_required
def organisations(request: HttpRequest) -> HttpResponse:
    """List the organisations whose people work here."""
    return render(
        request,
        "people/organisations.html",
        {
            "rows": Organisation.objects.all(),
            "may_list": may(request.user, "people.list"),
            "may_add": may(request.user, "people.add_organisation", WHOLE_COUNTRY),
        },
    )


@login_required
def add_organisation(request: HttpRequest) -> HttpResponse:
    """Add an organisation."""
    refuse_unless(request.user, "people.add_organisation", WHOLE_COUNTRY)
    form = AddOrganisation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add(by=request.user, **form.cleaned_data, now=now())
        except ValidationError as error:
            heard(form, error)
        else:
            messages.success(request, _("L'organisation est ajoutée."))
            return redirect("organisations")
    title = _("Quelle organisation ajouter ?")
    return render(request, "people/ask.html", {"form": form, "title": title, "button": _("Ajouter")})


def organisation_or_404(code: str) -> Organisation:
    """Return an organisation by its code."""
    return get_object_or_404(Organisation, code=code)
