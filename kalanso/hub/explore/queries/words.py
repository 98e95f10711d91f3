"""What do tables, columns and codes of the store call themselves on a page?

Short French words for what the library declares in English or as codes; codes of the country pack
(indicators, levels, statuses ...) have their names there. A table or column that nobody named here
is shown by its own name.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.explore.queries.analyses import VERDICTS

# the columns whose values are codes, and the section of names that says them
SECTIONS = {
    "status": "status", "age_band": "age_band", "strategy": "strategy", "sector": "sector", "sex": "sex",
    "period_type": "period_type", "category": "category", "evidence": "evidence", "severity": "severity",
    "unit": "unit", "context": "context", "tree": "tree", "level": "level", "antigen": "antigen", "place_level": "level",
}  # fmt: skip
# Columns whose codes mean one thing in one table and another elsewhere.
OWN_SECTIONS = {
    ("events", "kind"): "event",
    ("place_boundaries", "kind"): "boundary",
    ("places", "kind"): "context",
    ("place_matches", "status"): "match",
}
# Columns that hold the id of a sentence, with the column of its parameters: pages say the sentence, files keep both.
SENTENCES = {"message": "params", "action": "action_params"}
MONTHS_IN = {"children_age", "vaccinated_by"}  # "12-23 m", "12 m"
# Codes of columns that no country pack names.
CODED = {
    "evidence": {"card or history": _("carte ou dires de la mère")},
    "validity": {"crude": _("doses brutes"), "valid": _("doses valides")},
    "vaccinated_by": {"interview": _("le jour de l'enquête")},
    "verdict": VERDICTS,
    "link": {"border": _("frontière commune"), "nearest": _("le plus proche")},
}
PLACE_COLUMNS = {"place_code", "parent_code", "neighbour_code", "from_code", "to_code"}
STATES = {
    "draft": _("brouillon"),
    "technical_review": _("en revue technique"),
    "validated": _("validé par le CNI"),
    "published": _("publié"),
}
CHECK_NAMES = {
    "blanks": _("Cases restées vides"),
    "breaks": _("Ruptures de série"),
    "completeness": _("Rapports manquants"),
    "copies": _("Mois recopiés"),
    "coverage": _("Couverture au-dessus de 100 %"),
    "denominators": _("Population attendue"),
    "dropout": _("Abandon entre doses"),
    "heaping": _("Trop de chiffres ronds"),
    "impossible": _("Valeurs impossibles"),
    "outliers": _("Valeurs extrêmes"),
    "same_visit": _("Doses d'une même visite"),
    "shared_falls": _("Chutes communes à plusieurs lieux"),
    "silence": _("Centres qui ne rapportent plus"),
    "stock": _("Stocks qui ne tombent pas juste"),
    "timeliness": _("Rapports en retard"),
    "zeros": _("Zéros douteux"),
    "geometry": _("Limites et points mal placés"),
    "points": _("Points sur la carte"),
}
UNITS = {"degrees": _("degrés"), "km": "km", "km2": "km²"}
TITLES = {
    "source_entries": _("Que déclare-t-on de chaque source ?"),
    "source_facts": _("Que sait-on de chaque source ?"),
    "source_holdings": _("Quelle source détient quel chiffre ?"),
    "source_agreement": _("À quel point les sources s'accordent-elles ?"),
    "source_differences": _("Où deux sources s'écartent-elles ?"),
    "catalogue_gaps": _("Quels chiffres, lieux ou mois manquent ?"),
    "source_revisions": _("Qu'est-ce qu'une source a changé après coup ?"),
    "reporting_delays": _("En combien de mois un chiffre est-il complet ?"),
    "provisional_periods": _("Quels chiffres peuvent encore grandir ?"),
    "places": _("Quels lieux le pays compte-t-il ?"),
    "place_parents": _("Quel lieu appartient à quel autre ?"),
    "place_codes": _("Comment les autres systèmes appellent-ils chaque lieu ?"),
    "place_boundaries": _("Où passent les limites des lieux ?"),
    "place_contexts": _("Comment vit-on dans chaque lieu ?"),
    "place_neighbours": _("Quels lieux se touchent ?"),
    "place_crosswalk": _("Que sont devenus les lieux d'avant ?"),
    "place_matches": _("Quel nom de liste désigne quel lieu ?"),
    "observations": _("Qu'ont notifié les centres, mois par mois ?"),
    "indicator_values": _("Que disent les indicateurs, lieu par lieu ?"),
    "coverage_series": _("Quelle couverture d'autres ont-ils publiée ?"),
    "events": _("Que s'est-il passé, où et quand ?"),
    "quality_findings": _("Quelles données paraissent douteuses ?"),
    "finding_statuses": _("Qu'a-t-on répondu aux données douteuses ?"),
    "quality_metrics": _("Que disent les mesures de l'OMS de la qualité des données ?"),
    "quality_scores": _("Que valent les données de chaque lieu ?"),
    "recounts": _("Que trouve-t-on quand on recompte les doses ?"),
    "survey_evidence": _("Que disent les études à l'estimation ?"),
    "portfolio_interventions": _("Quelles interventions le portefeuille a-t-il ?"),
    "portfolio_cells": _("Qu'est-ce qui est prévu, où, et où cela en est ?"),
    "portfolio_reports": _("Qu'ont fait les équipes, trimestre par trimestre ?"),
    "portfolio_factors": _("Qu'est-ce qui bloque et qu'est-ce qui aide ?"),
    "portfolio_actions": _("Quelles actions ont été promises, et tenues ?"),
    "portfolio_decisions": _("Combien de décisions, et sur quoi reposent-elles ?"),
    "survey_voices": _("Où des études ont-elles écouté des familles ?"),
    "imports": _("Quels fichiers ont été importés ?"),
    "rejected_rows": _("Quelles lignes ont été refusées, et pourquoi ?"),
    "dhis2_pulls": _("Quand chaque serveur DHIS2 a-t-il été lu ?"),
    "dhis2_changes": _("Qu'est-ce qui a changé dans l'arbre d'un serveur DHIS2 ?"),
    "coverage_estimates": _("Où sont les enfants manqués, trimestre par trimestre ?"),
    "coverage_estimates_yearly": _("Où sont les enfants manqués sur une année ?"),
    "dropout_children": _("Combien d'enfants commencent sans finir ?"),
    "coverage_thresholds": _("La couverture est-elle sous le seuil ?"),
    "burden": _("Quelles aires réunissent le plus d'enfants manqués ?"),
    "pockets": _("Où la couverture basse fait-elle une poche ?"),
    "pocket_areas": _("Quelles aires forment chaque poche ?"),
    "coverage_changes": _("La couverture a-t-elle changé ?"),
    "local_clusters": _("Quelles aires se ressemblent entre voisines ?"),
    "living_backlog": _("Combien d'enfants restent à rattraper ?"),
    "backlog_assumptions": _("Que suppose le nombre d'enfants à rattraper ?"),
    "priorities": _("Par quelles aires chaque district commence-t-il ?"),
    "evidence_ledger": _("Sur quoi repose chaque estimation ?"),
    "source_gaps": _("Quelle source s'écarte des autres ?"),
    "fit_checks": _("Le modèle rend-il les données ?"),
    "usability": _("Où l'estimation est-elle trop incertaine ?"),
    "refusals": _("À quoi l'estimation ne doit-elle pas servir ?"),
    "corrected_populations": _("Combien d'enfants, face à ce que disent les sources ?"),
    "method_comparison": _("Que disent les autres méthodes du même lieu ?"),
    "place_evidence": _("Que dit chaque source de chaque lieu ?"),
    "assumption_runs": _("Que devient la réponse sous d'autres hypothèses ?"),
    "without_sources": _("Que perdrait-on sans chaque source ?"),
    "demo_truth": _("Quelle est la vérité du pays simulé ?"),
    "triangulation": _("Que disent les sources, côte à côte ?"),
    "triangulation_findings": _("Qu'est-ce qui a changé, ne s'accorde pas, est à vérifier ?"),
    "confidence_grades": _("Jusqu'où se fier à chaque source ?"),
    "confidence_grades_partners": _("Jusqu'où se fier à chaque source ? (partenaires)"),
    "proposed_targets": _("Quelles cibles peut-on proposer ?"),
    "kept_runs": _("Que disaient les autres calculs ?"),
    "draws": _("Quels sont les tirages de l'estimation ?"),
    "coverage_estimates_partners": _("Quelles estimations sont validées ?"),
    "coverage_estimates_yearly_partners": _("Quelles estimations sont validées, sur une année ?"),
    "coverage_estimates_yearly_public": _("Quelles estimations sont publiées, sur une année ?"),
    "coverage_estimates_public": _("Quelles estimations sont publiées ?"),
}

# Under which heading a table stands in the list of all; one that is named nowhere stands under the last.
THEMES: tuple[tuple[Any, str, frozenset[str]], ...] = (
    (_("Doses et couverture notifiées"), "notifie", frozenset({
        "observations", "indicator_values", "coverage_series", "events", "provisional_periods", "reporting_delays",
    })),
    (_("Enfants manqués : l'estimation"), "estimation", frozenset({
        "coverage_estimates", "coverage_estimates_yearly", "dropout_children", "coverage_thresholds", "burden", "pockets",
        "pocket_areas", "coverage_changes", "local_clusters", "living_backlog", "priorities", "coverage_estimates_partners",
        "coverage_estimates_public", "coverage_estimates_yearly_partners", "coverage_estimates_yearly_public",
    })),
    (_("Sur quoi l'estimation repose, et à quel point elle est sûre"), "surete", frozenset({
        "backlog_assumptions", "survey_evidence", "survey_voices", "evidence_ledger", "source_gaps", "fit_checks", "usability", "refusals", "draws",
        "corrected_populations", "method_comparison", "place_evidence", "assumption_runs", "without_sources", "kept_runs",
        "demo_truth",
    })),
    (_("Qualité des données"), "qualite", frozenset({
        "quality_findings", "finding_statuses", "quality_metrics", "quality_scores", "recounts",
    })),
    (_("Sources côte à côte"), "croisement", frozenset({
        "triangulation", "triangulation_findings", "confidence_grades", "confidence_grades_partners", "proposed_targets",
        "source_agreement", "source_differences",
    })),
    (_("Portefeuille"), "portefeuille", frozenset({
        "portfolio_interventions", "portfolio_cells", "portfolio_reports", "portfolio_factors", "portfolio_actions", "portfolio_decisions",
    })),
    (_("Lieux"), "lieux", frozenset({
        "places", "place_parents", "place_codes", "place_boundaries", "place_contexts", "place_neighbours",
        "place_crosswalk", "place_matches",
    })),
    (_("Sources et fichiers reçus"), "sources", frozenset({
        "source_entries", "source_facts", "source_holdings", "catalogue_gaps", "source_revisions", "imports", "rejected_rows",
        "dhis2_pulls", "dhis2_changes",
    })),
)  # fmt: skip


HEADINGS = {
    "place_code": _("Lieu"), "name": _("Nom"), "level": _("Niveau"), "kind": _("Sorte"), "latitude": _("Latitude"),
    "longitude": _("Longitude"), "valid_from": _("Depuis"), "valid_to": _("Jusqu'à"), "source": _("Source"),
    "tree": _("Arbre"), "parent_code": _("Lieu au-dessus"), "system": _("Système"), "vintage": _("Édition"),
    "code": _("Code"), "parent_name": _("Nom au-dessus"), "area_km2": _("Surface (km²)"), "licence": _("Licence"),
    "context": _("Contexte"), "neighbour_code": _("Voisin"), "link": _("Lien"), "border_km": _("Frontière (km)"),
    "from_code": _("Ancien lieu"), "to_code": _("Nouveau lieu"), "share": _("Part"), "share_low": _("Part, au moins"),
    "share_high": _("Part, au plus"), "basis": _("Fondé sur"), "changed_on": _("Changé le"), "status": _("Statut"),
    "score": _("Ressemblance"), "candidates": _("Candidats"), "reviewed_by": _("Confirmé par"),
    "reviewed_on": _("Confirmé le"), "period": _("Période"), "period_type": _("Durée"), "period_start": _("Premier jour"),
    "indicator": _("Indicateur"), "value": _("Valeur"), "product": _("Produit"), "age_band": _("Âge"),
    "strategy": _("Stratégie"), "sector": _("Secteur"), "sex": _("Sexe"), "reports_expected": _("Rapports attendus"),
    "reports_received": _("Rapports reçus"), "reports_on_time": _("Rapports à temps"), "numerator": _("Numérateur"),
    "denominator": _("Dénominateur"), "denominator_name": _("Population"), "unit": _("Unité"), "adjusted": _("Ajusté"),
    "cumulative": _("Cumulé"), "completeness": _("Complétude"), "places_expected": _("Lieux attendus"),
    "places_reporting": _("Lieux présents"), "provisional": _("Provisoire"), "caveat": _("Réserve"),
    "category": _("Catégorie"), "coverage": _("Couverture"), "doses": _("Doses"), "target": _("Population cible"),
    "survey": _("Enquête"), "survey_title": _("Nom de l'enquête"), "evidence": _("Preuve"), "validity": _("Validité"),
    "children_age": _("Âge des enfants"), "vaccinated_by": _("Vaccinés avant"), "collected_year": _("Année de collecte"),
    "card_seen_share": _("Cartes vues"), "children": _("Enfants"), "first_day": _("Premier jour"),
    "last_day": _("Dernier jour"), "antigen": _("Antigène"), "note": _("Note"), "check": _("Contrôle"), "said_on": _("Répondu le"),
    "expected": _("Attendu"), "severity": _("Gravité"), "message": _("Phrase"), "params": _("Preuves"),
    "import_id": _("Import"), "reader": _("Lecteur"), "file_name": _("Fichier"), "sha256": _("Empreinte"),
    "imported_at": _("Importé le"), "read": _("Lus"), "stored": _("Gardés"), "skipped": _("Sautés"),
    "rejected": _("Refusés"), "suspicious": _("Douteux"), "reasons": _("Raisons"), "number": _("Numéro"),
    "sheet": _("Feuille"), "row": _("Ligne"), "column": _("Colonne"), "reason": _("Raison"), "found": _("Trouvé"),
    "coverage_mean": _("Couverture estimée"), "coverage_q025": _("Couverture, au moins"),
    "coverage_q975": _("Couverture, au plus"), "surviving_infants_mean": _("Nourrissons survivants"),
    "missed_children_mean": _("Enfants manqués"), "missed_children_q025": _("Enfants manqués, au moins"),
    "missed_children_q975": _("Enfants manqués, au plus"), "probability_below_80": _("P(sous 80 %)"),
    "rank_mean": _("Rang"), "place_level": _("Niveau du lieu"), "run": _("Calcul"), "state": _("État"),
    "threshold": _("Seuil"), "probability_below": _("P(sous le seuil)"), "pocket": _("Poche"),
    "areas": _("Aires"), "joint_probability": _("Probabilité commune"), "contexts": _("Contextes"),
    "cause": _("Cause"), "span": _("Durée couverte"), "draw": _("Tirage"),
    "dtp1_coverage": _("Couverture DTC1"), "dtp3_coverage": _("Couverture DTC3"),
    "surviving_infants": _("Nourrissons"), "group": _("Groupe"), "method": _("Méthode"), "assumption": _("Hypothèse"),
    "setting": _("Réglage"), "low": _("Au moins"), "high": _("Au plus"), "period_from": _("Depuis"),
    "analysis": _("Analyse"), "measure": _("Mesure"), "reference_source": _("Comparé à"), "reference": _("Nombre comparé"),
    "gap": _("Écart"), "gap_children": _("Écart (enfants)"), "verdict": _("Verdict"), "grade": _("Note (A à D)"), "quality": _("Qualité"),
    "agreement": _("Accord"), "missing": _("Ce qui manque"), "present": _("Cible présente"), "present_source": _("Source de la cible"),
    "proposed": _("Cible proposée"), "ratio": _("Proposée / présente"), "sources": _("Sources"),
    "missed_children": _("Enfants manqués"), "detail": _("Précision"), "action": _("Prochain pas"),
}  # fmt: skip
