"""How does what was done at the evidence desk read in the trail?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "evidence.uploaded": _("%(who)s a déposé %(what)s."),
    "evidence.read_again": _("%(who)s a fait relire %(what)s."),
    "evidence.mapped": _("%(who)s a dit ce que veulent dire les colonnes de %(what)s."),
    "evidence.matched": _("%(who)s a décidé quel lieu est %(what)s."),
    "evidence.refused": _("%(who)s n'a pas pu lire %(what)s."),
    "evidence.publish_asked": _("%(who)s a demandé la publication de %(what)s."),
    "evidence.published": _("%(who)s a publié %(what)s."),
    "evidence.discarded": _("%(who)s a écarté %(what)s."),
    "evidence.withdraw_asked": _("%(who)s a demandé le retrait de %(what)s."),
    "evidence.withdrawn": _("%(who)s a retiré %(what)s."),
    "evidence.finding_set": _("%(who)s a changé le statut d'une alerte."),
    "evidence.check_asked": _("%(who)s a relancé les contrôles."),
    "evidence.source_described": _("%(who)s a décrit la source %(what)s."),
    "evidence.run_asked": _("%(who)s a demandé le calcul %(what)s."),
    "evidence.run_computed": _("%(who)s a terminé le calcul %(what)s."),
    "evidence.run_refused": _("%(who)s a refusé le calcul %(what)s : ses contrôles ne passent pas."),
    "evidence.run_cancelled": _("%(who)s a arrêté le calcul %(what)s."),
    "evidence.run_adopted": _("%(who)s a ajouté le calcul %(what)s, fait hors des pages."),
    "evidence.run_checked": _("%(who)s a vérifié un point du calcul %(what)s."),
    "evidence.run_moved": _("%(who)s a changé l'état du calcul %(what)s."),
    "evidence.sentence_agreed": _("%(who)s a convenu d'une phrase sur les chiffres officiels et estimés."),
}
# What the desk's jobs are called.
KINDS = {
    "evidence.read": _("Lire une feuille"),
    "evidence.try": _("Essayer une feuille sans rien publier"),
    "evidence.publish": _("Publier une feuille"),
    "evidence.withdraw": _("Retirer ce qu'une feuille a publié"),
    "evidence.check": _("Contrôler les données"),
    "evidence.look": _("Faire l'inventaire de ce qu'un calcul entendrait"),
    "evidence.estimate": _("Estimer la couverture et les enfants manqués"),
    "evidence.adopt": _("Ajouter un calcul fait hors des pages"),
    "evidence.release": _("Montrer un calcul à ceux à qui il revient"),
}
