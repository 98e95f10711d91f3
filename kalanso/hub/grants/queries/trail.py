"""How does what was done with money read in the trail?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "grants.added": _("%(who)s a ajouté la subvention « %(what)s »."),
    "grants.corrected": _("%(who)s a corrigé la subvention « %(what)s »."),
    "grants.grouped": _("%(who)s a rattaché une subvention à une autre : %(what)s."),
    "grants.line_planned": _("%(who)s a prévu une ligne de budget : %(what)s."),
    "grants.line_corrected": _("%(who)s a corrigé une ligne de budget : %(what)s."),
    "grants.entry_written": _("%(who)s a écrit « %(what)s »."),
    "grants.entry_corrected": _("%(who)s a corrigé une écriture : %(what)s."),
    "grants.reconciled": _("%(who)s a rapproché « %(what)s »."),
    "grants.questioned": _("%(who)s a posé une question sur « %(what)s »."),
    "grants.rate_written": _("%(who)s a écrit le cours %(what)s."),
    "grants.identifier_written": _("%(who)s a écrit l'identifiant IATI %(what)s."),
    "grants.tried": _("%(who)s a essayé la feuille d'argent « %(what)s »."),
    "grants.loaded": _("%(who)s a chargé la feuille d'argent « %(what)s »."),
    "grants.discarded": _("%(who)s a écarté la feuille d'argent « %(what)s »."),
    "grants.agreed": _("%(who)s a convenu l'indicateur « %(what)s »."),
    "grants.agreement_corrected": _("%(who)s a corrigé l'indicateur convenu « %(what)s »."),
    "grants.agreement_withdrawn": _("%(who)s a retiré l'indicateur convenu « %(what)s »."),
    "grants.counted": _("%(who)s a dit quelles interventions comptent pour un indicateur : %(what)s."),
    "grants.demonstrated": _("%(who)s a rempli la subvention de démonstration « %(what)s »."),
}
# What the changed fields are called.
FIELDS = {
    "lever": _("Levier"),
    "paid_by": _("Bailleur"),
    "holder": _("Qui en répond"),
    "amount": _("Montant"),
    "source_note": _("Sur la foi de quoi"),
    "parent": _("Rattachée à"),
    "intervention": _("Intervention"),
    "year": _("Année"),
    "planned": _("Prévu"),
    "day": _("Jour"),
    "reference": _("Pièce"),
    "corrects": _("Corrige l'écriture"),
    "reconciled": _("Rapprochée le"),
    "base": _("De la monnaie"),
    "quote": _("Vers la monnaie"),
    "rate": _("Cours"),
    "rate_source": _("Qui le dit"),
    "identifier": _("Identifiant IATI"),
    "grant": _("Subvention"),
    "indicator": _("Indicateur"),
    "name_fr": _("Nom en français"),
    "name_en": _("Nom en anglais"),
    "chain": _("Place dans la chaîne des résultats"),
    "better": _("Sens voulu"),
    "cumulative": _("Cumulé"),
    "baseline": _("Point de départ"),
    "baseline_day": _("Jour du point de départ"),
    "baseline_source": _("Source du point de départ"),
    "target_day": _("Jour de la cible"),
    "data_source": _("D'où viennent les valeurs"),
    "frequency": _("Rythme"),
    "withdrawn": _("Ne vaut plus depuis le"),
    "counted": _("Interventions comptées"),
}
TECHNICAL = frozenset({"sha256", "mark"})
