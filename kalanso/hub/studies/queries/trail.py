"""How does what was done with studies read in the trail?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "studies.declared": _("%(who)s a déclaré l'étude « %(what)s »."),
    "studies.corrected": _("%(who)s a corrigé ce qui est déclaré de l'étude « %(what)s »."),
    "studies.file_taken": _("%(who)s a apporté un fichier de l'étude « %(what)s »."),
    "studies.analysis_asked": _("%(who)s a demandé l'analyse de l'étude « %(what)s »."),
    "studies.analysed": _("%(who)s a terminé l'analyse de l'étude « %(what)s »."),
    "studies.analysis_refused": _("%(who)s n'a pas pu analyser l'étude « %(what)s »."),
    "studies.sized": _("%(who)s a calculé la taille de l'échantillon de l'étude « %(what)s »."),
    "studies.form_chosen": _("%(who)s a choisi un formulaire de l'étude « %(what)s »."),
    "studies.drawn": _("%(who)s a tiré les grappes de l'étude « %(what)s »."),
    "studies.weights_asked": _("%(who)s a demandé les poids de l'étude « %(what)s »."),
    "studies.cluster_replaced": _("%(who)s a noté une grappe non visitée de l'étude « %(what)s »."),
    "studies.corrections_proposed": _("%(who)s a corrigé des valeurs de l'étude « %(what)s »."),
    "studies.correction_looked_at": _("%(who)s a relu une correction de l'étude « %(what)s »."),
    "studies.published": _("%(who)s a publié l'étude « %(what)s »."),
    "studies.withdrawn": _("%(who)s a retiré l'étude « %(what)s »."),
    "studies.handed_on": _("%(who)s a mis à jour ce que l'estimation entend de l'étude « %(what)s »."),
    "studies.destruction_told": _(
        "%(who)s a annoncé la destruction des fichiers bruts de l'étude « %(what)s »."
    ),
    "studies.voices_said": _("%(who)s a noté des entretiens de l'étude « %(what)s »."),
    "studies.transfer_noted": _(
        "%(who)s a noté une décision de transfert à l'étranger de données de l'étude « %(what)s »."
    ),
    "studies.transfer_ended": _(
        "%(who)s a mis fin à un transfert à l'étranger de données de l'étude « %(what)s »."
    ),
    "studies.destroyed": _("%(who)s a détruit les fichiers bruts de l'étude « %(what)s »."),
}
# What the changed fields are called.
FIELDS = {
    "survey": _("Nom court"),
    "title_fr": _("Titre en français"),
    "title_en": _("Titre en anglais"),
    "first_day": _("Premier jour"),
    "last_day": _("Dernier jour"),
    "way": _("Comment les enfants ont été demandés"),
    "terms": _("Âges, dose et réglages"),
    "cohorts": _("Cohortes"),
    "doses": _("Doses"),
    "policy": _("Recherche des registres"),
    "mode": _("Règles de validité"),
    "grace_days": _("Jours de grâce"),
    "groups": _("Groupes comparés"),
    "scopes": _("Lieux où une dose est offerte"),
    "swap_day_month": _("Jour et mois inversés remis dans l'ordre"),
    "chosen_places": _("Lieux choisis"),
    "approval": _("Accord du comité d'éthique"),
    "data_protection": _("Déclaration des données personnelles"),
    "consent_version": _("Version du consentement"),
    "kept_until": _("Gardées jusqu'au"),
    "destroyed_on": _("Détruites le"),
    "file": _("Fichier"),
    "sha256": _("Empreinte du fichier"),
    "number": _("Numéro de l'analyse"),
    "second_look": _("Corrections relues par une seconde personne"),
    "size": _("Calcul de taille, numéro"),
    "clusters": _("Grappes"),
    "form": _("Formulaire"),
    "form_version": _("Version du formulaire"),
    "draw": _("Tirage, numéro"),
    "weighting": _("Calcul des poids, numéro"),
    "seed": _("Graine du tirage"),
    "cluster": _("Grappe"),
    "replaced_by": _("Remplacée par"),
    "why": _("Pourquoi"),
    "corrections": _("Corrections"),
    "correction": _("Correction, numéro"),
    "correction_state": _("État de la correction"),
    "snapshot": _("État des données que l'estimation entend"),
    "destroyed_files": _("Fichiers détruits"),
    "interviews": _("Entretiens"),
    "focus_groups": _("Groupes de discussion"),
    "data": _("Ce qui part"),
    "recipient": _("À qui"),
    "country": _("Pays"),
    "ground": _("Base légale"),
    "decided_on": _("Jour de la décision"),
}
TECHNICAL = frozenset({"sha256", "snapshot"})
# What the jobs of studies are called.
KINDS = {
    "studies.analyse": _("Analyser une enquête"),
    "studies.count": _("Compter le terrain d'une enquête"),
    "studies.weigh": _("Calculer les poids d'une enquête"),
    "studies.hand_on": _("Porter une étude à l'estimation"),
    "studies.destroy_due": _("Détruire les données d'études dont le jour est venu"),
}
