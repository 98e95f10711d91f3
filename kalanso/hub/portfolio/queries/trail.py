"""How does what was done in the portfolio read in the trail?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "portfolio.added": _("%(who)s a ajouté l'intervention « %(what)s »."),
    "portfolio.corrected": _("%(who)s a corrigé l'intervention « %(what)s »."),
    "portfolio.cell_planned": _("%(who)s a prévu « %(what)s »."),
    "portfolio.cell_corrected": _("%(who)s a corrigé le plan de « %(what)s »."),
    "portfolio.cell_advanced": _("%(who)s a changé l'état de « %(what)s »."),
    "portfolio.milestone_set": _("%(who)s a fixé l'étape « %(what)s »."),
    "portfolio.milestone_done": _("%(who)s a noté comme faite l'étape « %(what)s »."),
    "portfolio.report_written": _("%(who)s a écrit le rapport « %(what)s »."),
    "portfolio.report_sent": _("%(who)s a envoyé le rapport « %(what)s »."),
    "portfolio.report_approved": _("%(who)s a approuvé le rapport « %(what)s »."),
    "portfolio.report_returned": _("%(who)s a renvoyé le rapport « %(what)s »."),
    "portfolio.tried": _("%(who)s a essayé la feuille de portefeuille « %(what)s »."),
    "portfolio.loaded": _("%(who)s a chargé la feuille de portefeuille « %(what)s »."),
    "portfolio.discarded": _("%(who)s a écarté la feuille de portefeuille « %(what)s »."),
    "portfolio.factor_named": _("%(who)s a signalé « %(what)s »."),
    "portfolio.factor_corrected": _("%(who)s a corrigé « %(what)s »."),
    "portfolio.factor_moved": _("%(who)s a dit où en est « %(what)s »."),
    "portfolio.action_set": _("%(who)s a créé l'action %(what)s."),
    "portfolio.action_corrected": _("%(who)s a corrigé l'action %(what)s."),
    "portfolio.action_closed": _("%(who)s a dit que l'action %(what)s est faite."),
    "portfolio.action_verified": _("%(who)s a vérifié l'action %(what)s."),
    "portfolio.action_reopened": _("%(who)s a rouvert l'action %(what)s."),
    "portfolio.action_cancelled": _("%(who)s a annulé l'action %(what)s."),
    "portfolio.meeting_noted": _("%(who)s a noté la réunion « %(what)s »."),
    "portfolio.meeting_corrected": _("%(who)s a complété la réunion « %(what)s »."),
    "portfolio.decided": _("%(who)s a noté la décision %(what)s."),
    "portfolio.decision_corrected": _("%(who)s a corrigé la décision %(what)s."),
}
# What the changed fields are called.
FIELDS = {
    "title_fr": _("Titre en français"),
    "title_en": _("Titre en anglais"),
    "steps": _("Étapes IRMMA"),
    "approach": _("Approche"),
    "objective": _("Objectif de la stratégie"),
    "gender": _("Genre"),
    "lead": _("Organisation responsable"),
    "partners": _("Partenaires"),
    "theory": _("Pourquoi cela devrait marcher"),
    "unit": _("Ce qui est compté"),
    "unit_cost": _("Coût d'une unité"),
    "currency": _("Monnaie"),
    "closed": _("Ligne close"),
    "organisation": _("Organisation sur place"),
    "owner": _("Personne responsable"),
    "begins": _("Début prévu"),
    "ends": _("Fin prévue"),
    "target": _("Cible"),
    "targets": _("Cibles par trimestre"),
    "sensitive": _("Jours et lieux réservés à l'équipe"),
    "due": _("Échéance"),
    "done": _("Faite le"),
    "counts": _("En nombres"),
    "quantity": _("Quantité"),
    "reached": _("Enfants vaccinés"),
    "expected": _("Enfants cherchés"),
    "narrative": _("Récit"),
    "kind": _("Obstacle ou facilitateur"),
    "domain": _("Domaine"),
    "level": _("Niveau"),
    "severity": _("Poids"),
    "what": _("Ce qui bloque ou aide"),
    "priority": _("Priorité"),
    "closing": _("Ce qui a été fait"),
    "link": _("Lien"),
    "title": _("Titre"),
    "date": _("Date"),
    "minutes": _("Compte rendu"),
    "bodies": _("Organisations présentes"),
    "body": _("Qui a décidé"),
    "affects": _("Ce qui est touché"),
}
TECHNICAL = frozenset({"sha256", "mark"})
# What the fields of a sheet are called, with those that the hub names elsewhere.
CALLED = FIELDS | {"state": _("État"), "reason": _("Raison")}
# What the jobs of the portfolio are called.
KINDS = {
    "portfolio.remind": _("Rappeler les rapports d'interventions qui manquent"),
    "portfolio.late_actions": _("Dire quelles actions sont en retard"),
}
