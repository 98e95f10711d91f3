"""How does what was done at the evidence desk read in the trail?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.evidence.models import RunCheck

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
    "evidence.finding_explained": _("%(who)s a expliqué une alerte."),
    "evidence.finding_corrected": _("%(who)s a dit qu'une alerte est corrigée à la source."),
    "evidence.finding_dismissed": _("%(who)s a dit qu'une alerte n'est pas une erreur."),
    "evidence.quality_report_asked": _("%(who)s a demandé le rapport sur la qualité « %(what)s »."),
    "evidence.check_asked": _("%(who)s a relancé les contrôles."),
    "evidence.recompute_asked": _("%(who)s a relancé le calcul des contrôles et des indicateurs."),
    "evidence.source_described": _("%(who)s a décrit la source %(what)s."),
    "evidence.connected": _("%(who)s a relié un serveur pour la source %(what)s."),
    "evidence.connection_changed": _("%(who)s a changé la connexion de %(what)s."),
    "evidence.connection_access": _("%(who)s a donné un accès au serveur de %(what)s."),
    "evidence.connection_refused": _("%(who)s n'a pas pu travailler avec le serveur de %(what)s."),
    "evidence.disconnected": _("%(who)s a fermé la connexion de %(what)s et effacé son accès."),
    "evidence.reading_decided": _("%(who)s a décidé ce que compte un nombre de %(what)s."),
    "evidence.reading_confirmed": _("%(who)s a confirmé ensemble des nombres de %(what)s."),
    "evidence.reading_framed": _("%(who)s a dit quels niveaux et formulaires de %(what)s sont lus."),
    "evidence.reading_brought": _("%(who)s a apporté un plan de lecture pour %(what)s."),
    "evidence.pull_asked": _("%(who)s a demandé la collecte %(what)s."),
    "evidence.pulled": _("%(who)s a terminé la collecte %(what)s."),
    "evidence.pull_failed": _("%(who)s n'a pas pu mener la collecte %(what)s à son terme."),
    "evidence.run_asked": _("%(who)s a demandé le calcul %(what)s."),
    "evidence.run_computed": _("%(who)s a terminé le calcul %(what)s."),
    "evidence.run_refused": _("%(who)s a refusé le calcul %(what)s : ses contrôles ne passent pas."),
    "evidence.run_cancelled": _("%(who)s a arrêté le calcul %(what)s."),
    "evidence.run_adopted": _("%(who)s a ajouté le calcul %(what)s, fait hors des pages."),
    "evidence.run_checked": _("%(who)s a vérifié un point du calcul %(what)s."),
    "evidence.run_moved": _("%(who)s a changé l'état du calcul %(what)s."),
    "evidence.sentence_agreed": _("%(who)s a convenu d'une phrase sur les chiffres officiels et estimés."),
}
# What the changed fields are called.
FIELDS = {
    "decision": _("Décision"),
    "source": _("Source"),
    "status": _("Statut"),
    "comment": _("Commentaire"),
    "work": _("Avancement"),
    "quarters": _("Trimestres"),
    "title": _("Titre"),
    "what": _("Ce que c'est"),
    "importer": _("Lecteur"),
    "licence": _("Licence"),
    "contact": _("Contact"),
    "cadence": _("Rythme"),
    "patience_days": _("Jours de délai"),
    "notes": _("Notes"),
    "fr": _("En français"),
    "en": _("En anglais"),
    "agreed_with": _("Convenue avec"),
    "snapshots": _("États des tables"),
    "import": _("Import"),
    "saved_map": _("Plan des colonnes"),
    "question": _("Réglages du calcul"),
    "address": _("Adresse"),
    "project": _("Projet"),
    "form": _("Formulaire"),
    "first_month": _("Depuis"),
    "new_places": _("Créer les lieux inconnus"),
    "access": _("Accès"),
    "meaning": _("Ce qu'il compte"),
    "methods": _("Reconnus par"),
    "age_band": _("Âge des enfants"),
    "entries": _("Nombre de lignes"),
    "levels": _("Niveaux"),
    "data_sets": _("Formulaires lus"),
    **{point.value: point.label for point in RunCheck.Point},
}
TECHNICAL = frozenset({"snapshots", "import", "saved_map", "question", "methods", "data_sets"})
# How the points of a check read: fine, or what was noted.
VALUES = {
    point.value: lambda told: str(_("vu, rien à redire")) if told == "fine" else str(told)
    for point in RunCheck.Point
}
# What the desk's jobs are called.
KINDS = {
    "evidence.read": _("Lire une feuille"),
    "evidence.try": _("Essayer une feuille sans rien publier"),
    "evidence.publish": _("Publier une feuille"),
    "evidence.withdraw": _("Retirer ce qu'une feuille a publié"),
    "evidence.quality_report": _("Écrire le rapport national sur la qualité des données"),
    "evidence.check": _("Contrôler les données"),
    "evidence.connection_check": _("Vérifier un serveur relié"),
    "evidence.connection_read": _("Proposer ce que comptent les nombres d'un serveur"),
    "evidence.pull": _("Collecter ce qui est nouveau sur un serveur"),
    "evidence.pull_due": _("Commencer les collectes de la nuit"),
    "evidence.recompute": _("Mettre contrôles, chiffres, cartes et croisements à jour de ce qui est publié"),
    "evidence.set_beside": _("Mettre toutes les sources côte à côte"),
    "evidence.look": _("Faire l'inventaire des données qu'un calcul lirait"),
    "evidence.estimate": _("Estimer la couverture et les enfants manqués"),
    "evidence.adopt": _("Ajouter un calcul fait hors des pages"),
    "evidence.release": _("Montrer un calcul à ceux à qui il revient"),
}
