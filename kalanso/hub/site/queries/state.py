"""How does this Kalanso stand: its software, its worker, its backups, its room, its data, its protection?

Nothing here changes anything. What needs a person's attention says so and what to do.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.template.defaultfilters import filesizeformat
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from kalanso import __version__
from kalanso.hub.evidence.queries import connections, credentials
from kalanso.hub.explore.panels import moment
from kalanso.hub.explore.queries import shelf
from kalanso.hub.jobs.queries import behind, last_sign, standing, unapplied_migrations
from kalanso.hub.people.models import Membership
from kalanso.hub.people.queries import sealing
from kalanso.hub.people.queries.access import PLACED
from kalanso.hub.site.configuration import at_risk
from kalanso.hub.studies.queries import salts

BACKUP_MANIFEST = "backup.json"
LATE_BACKUP = timedelta(days=2)  # they are made each night
# Something is due every hour, so a worker that lives says something at least that often.
SILENT, LONG_WAIT = timedelta(hours=2), timedelta(minutes=5)
LITTLE_ROOM = 0.1  # share of a disk

# What a setting at risk means to whoever keeps the hub; by its name in `configuration.at_risk`.
RISKS: dict[str, Any] = {
    "https": gettext_lazy(
        "KALANSO_HTTPS n'est pas mis : les mots de passe voyageraient en clair. Mettez un relais TLS devant, puis true."
    ),
    "hosts": gettext_lazy(
        "KALANSO_HOSTS contient * : n'importe qui pourrait envoyer des liens en votre nom. Écrivez les noms du site."
    ),
    "secret_key": gettext_lazy(
        "KALANSO_SECRET_KEY n'est pas mis : la clé se perdrait avec le disque. Gardez-en une ailleurs."
    ),
    "short_key": gettext_lazy("KALANSO_SECRET_KEY est trop court : 50 signes ou plus."),
    "database": gettext_lazy(
        "KALANSO_DATABASE n'est pas PostgreSQL : c'est ce qu'il faut quand beaucoup de personnes travaillent."
    ),
    "second_proof": gettext_lazy(
        "KALANSO_SECOND_PROOF est éteint : les rôles qui vont loin ont besoin d'une double vérification."
    ),
    "backups": gettext_lazy(
        "KALANSO_BACKUPS n'est pas mis : donnez un dossier, de préférence sur un autre disque."
    ),
}


@dataclass(frozen=True)
class Fact:
    """One thing that is known; `attention` says what to do where it is not as it should be.

    `mild`: it may wait, since this is one's own computer, where somebody tries the hub.
    """

    name: str
    value: str
    attention: str = ""
    mild: bool = False


@dataclass(frozen=True)
class Part:
    """Facts about one thing."""

    title: str
    facts: tuple[Fact, ...]


def state(*, now: datetime) -> tuple[Part, ...]:
    """Return how everything stands."""
    return (
        Part(_("Programme"), (*_software(),)),
        Part(_("Travail derrière les pages"), (*_work(now),)),
        Part(_("Sauvegarde et place"), (_backup(now), *_room())),
        Part(_("Données publiées"), (*_data(now), *_servers())),
        Part(_("Protection"), (*_protection(now),)),
    )


def backups_in(folder: Path) -> list[Path]:
    """Return the whole backups of a folder, the oldest first."""
    return sorted(path.parent for path in folder.glob(f"[0-9]*/{BACKUP_MANIFEST}"))


def _software() -> Iterator[Fact]:
    yield Fact(_("Version"), __version__)
    yield Fact(_("Édition"), settings.KALANSO_EDITION)
    yield Fact(_("Base de données"), {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(connection.vendor, connection.vendor))  # fmt: skip
    missing = unapplied_migrations()
    yield Fact(
        _("Mises à jour de la base"),
        _("toutes faites") if not missing else ngettext("%(n)s manque", "%(n)s manquent", missing) % {"n": missing},
        _("Aucun travail n'est pris, tout attend : lancez python -m kalanso.hub upgrade, qui sauvegarde d'abord.") if missing else "",
    )  # fmt: skip


def _work(now: datetime) -> Iterator[Fact]:
    stands, sign = standing(now=now), last_sign()
    waits = stands["waited"] > LONG_WAIT.total_seconds()
    silent = sign is None or now - sign > SILENT
    yield Fact(
        _("Dernier signe du travailleur"),
        _since(sign, now) if sign else _("aucun encore"),
        _("Démarrez le travailleur : python -m kalanso.hub work, ou son service.") if waits or silent else "",
    )
    yield Fact(
        _("Travaux en attente"),
        str(stands["waiting"]),
        _("Le plus ancien attend depuis plus de cinq minutes.") if waits else "",
    )
    yield Fact(_("Travaux en cours"), str(stands["running"]))
    if (estimate := behind()) is not None:
        told = estimate[str(get_language())[:2] if str(get_language())[:2] in estimate else "fr"]
        yield Fact(_("Estimation derrière les pages"), f"{round(100 * estimate['share'])} % · {told}")
    yield Fact(
        _("Travaux en échec"),
        str(stands["failed"]),
        _("Lisez pourquoi sur la page des travaux, et relancez-les.") if stands["failed"] else "",
    )


def _backup(now: datetime) -> Fact:
    name, folder = _("Dernière sauvegarde"), settings.CONFIGURATION.backups
    if folder is None:
        missing = _("Aucune sauvegarde ne se fait : donnez un dossier (KALANSO_BACKUPS), de préférence sur un autre disque.")  # fmt: skip
        # Where a hub answers others, this is a setting at risk and told below.
        told = "" if settings.CONFIGURATION.hosts else missing
        return Fact(name, _("aucun dossier n'est réglé (KALANSO_BACKUPS)"), told, mild=_only_tried())
    try:
        found = backups_in(folder)
    except OSError:
        found = []
    if not found:
        return Fact(name, _("aucune"), _("Faites-en une : python -m kalanso.hub backup."))
    made = datetime.strptime(f"{found[-1].name}+0000", "%Y%m%dT%H%M%SZ%z")
    late = _("Elle date : vérifiez que la sauvegarde de chaque nuit se fait.")
    return Fact(name, f"{found[-1].name} · {_since(made, now)}", late if now - made > LATE_BACKUP else "")


def _room() -> Iterator[Fact]:
    folders = [
        (_("Place libre, tables publiées"), settings.KALANSO_STORE),
        (_("Place libre, saisies et photos"), settings.KALANSO_DATA),
    ]
    for name, folder in folders:
        if folder is None or not folder.is_dir():
            continue
        disk = shutil.disk_usage(folder)
        told = _("%(free)s sur %(total)s") % {
            "free": filesizeformat(disk.free),
            "total": filesizeformat(disk.total),
        }
        little = _("Faites de la place, ou agrandissez le disque.")
        yield Fact(name, told, little if disk.free < LITTLE_ROOM * disk.total else "")
    if settings.KALANSO_STORE is not None:
        yield Fact(_("Taille des tables publiées"), filesizeformat(_size(settings.KALANSO_STORE)))


def _size(folder: Path) -> int:
    """Return how many bytes stand in a folder, without what can be made again and what belongs to the hub."""
    found = 0
    for path in folder.iterdir():
        if path in {settings.KALANSO_CACHE, settings.KALANSO_DATA}:
            continue
        with contextlib.suppress(OSError):  # a draft that is gone already
            found += _size(path) if path.is_dir() else path.stat().st_size
    return found


def _data(now: datetime) -> Iterator[Fact]:
    if settings.KALANSO_STORE is None:
        yield Fact(_("Tables"), _("aucun dossier de tables n'est réglé"), _("Donnez KALANSO_STORE."))
        return
    store = shelf.current().store
    newest = [found.created for name in store.tables() if (found := store.latest(name)) is not None]
    yield Fact(_("Tables"), str(len(newest)))
    yield Fact(_("Dernière publication"), _since(max(newest), now) if newest else _("aucune"))
    yield Fact(_("Pays simulé"), _("oui") if store.demo else _("non"))


def _protection(now: datetime) -> Iterator[Fact]:
    known = settings.CONFIGURATION
    yield Fact(_("Ouvert à"), ", ".join(known.hosts) or _("cet ordinateur seulement"))
    yield Fact(_("Double vérification"), _("allumée") if settings.KALANSO_SECOND_PROOF else _("éteinte"))
    yield _mail()
    yield _keys()
    over = Q(ends__isnull=False, ends__lt=now.date())
    wide = Membership.objects.filter(role__in=PLACED, place_code="").exclude(over).count()
    yield Fact(
        _("Rôles d'un lieu tenus pour tout le pays"),
        str(wide),
        _("Donnez-les de nouveau avec leur lieu, puis mettez fin à ceux-ci.") if wide else "",
    )
    for code in at_risk(known):
        yield Fact(_("Réglage à risque"), _("à changer"), str(RISKS[code]))


def _keys() -> Fact:
    """Say whether what opens connected servers can be sealed and opened."""
    name, held = (
        _("Clés des accès aux serveurs reliés"),
        sealing.standing([*credentials.sealed(), *salts.sealed()]),
    )
    if not held.keys:
        told = _("Aucun serveur ne peut être relié ni interrogé : donnez une clé (KALANSO_CREDENTIAL_KEYS).")
        return Fact(
            name, _("aucune clé n'est réglée"), told, mild=not held.all and not settings.CONFIGURATION.hosts
        )
    value = ngettext("%(n)s clé", "%(n)s clés", held.keys) % {"n": held.keys}
    if held.lost:
        told = _(
            "Aucune clé n'ouvre %(n)s accès : remettez l'ancienne clé dans la liste, ou faites redonner ces accès."
        )
        return Fact(name, value, told % {"n": held.lost})
    older = _("%(n)s accès sont encore sous une ancienne clé : python -m kalanso.hub rotate-credentials")
    return Fact(name, value, older % {"n": held.older} if held.older else "")


def _servers() -> Iterator[Fact]:
    """Name the connected servers whose newest pull failed though it is due by itself."""
    for one in connections.failing():
        when = one.newest.ended or one.newest.asked if one.newest is not None else None
        yield Fact(
            _("Collecte de %(source)s") % {"source": one.title},
            _("échouée le %(when)s") % {"when": moment(when)},
            one.fault or _("Sa page dit pourquoi et quoi faire."),
        )


def _mail() -> Fact:
    if settings.KALANSO_MAIL:
        return Fact(_("Courrier"), _("réglé"))
    told = _("Ni mot de passe oublié ni lettre de la semaine ne partent : donnez un serveur (KALANSO_EMAIL).")
    return Fact(_("Courrier"), _("aucun serveur : aucune lettre ne part"), told, mild=not settings.CONFIGURATION.hosts)  # fmt: skip


def _only_tried() -> bool:
    """Whether this is the example country on somebody's own computer: there is nothing to lose."""
    if settings.CONFIGURATION.hosts or settings.KALANSO_STORE is None:
        return False
    return shelf.current().store.demo


def _since(when: datetime, now: datetime) -> str:
    if now - when < timedelta(minutes=1):
        return _("%(when)s, à l'instant") % {"when": moment(when)}
    return _("%(when)s, il y a %(age)s") % {"when": moment(when), "age": timesince(when, now)}
