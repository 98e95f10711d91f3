"""What does each analysis of all sources ask, by which formula, and what do its verdicts mean?

Words for people. The names of analyses, sources and evidence are those of the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One analysis in words: its question, its formula, whose formula it is; what would give it a reference."""

    question: Any
    formula: Any
    source: Any
    reference: Any = ""


OURS = _("choix de Kalanso ; les seuils sont dans les définitions du pays")
WHO_REVIEW = _("revue de la qualité des données de l'OMS, cd2030.core (bandes)")
EXPLAINED: dict[str, Explained] = {
    "coverage_sources": Explained(
        question=_("Quelle couverture chaque source donne-t-elle, et de combien diffèrent-elles ?"),
        formula=_("Écart = source − référence : l'estimation de l'année, sinon l'enquête à deux cohortes au plus, sinon OMS/UNICEF. Enfants = écart × cible."),
        source=OURS,
        reference=_("Ce qui en donnerait une : une estimation validée par son contrôle, une enquête du lieu à deux cohortes au plus, ou un chiffre OMS/UNICEF."),
    ),
    "zero_dose": Explained(
        question=_("Combien d'enfants zéro dose selon chaque façon de compter ?"),
        formula=_("Cible − doses ; naissances survivantes × (1 − enquête) ; population déduite du DTC1, de la CPN 1 ou du BCG, moins les doses. Ordre des districts : tau de Kendall."),
        source=_("Countdown to 2030 (cd2030.core) ; Kendall 1945"),
    ),
    "dropout": Explained(
        question=_("Qui commence et ne finit pas, et où l'abandon est-il négatif ?"),
        formula=_("(première dose − dernière dose) / première dose, sur l'année."),
        source=_("OMS, indicateurs du PEV"),
    ),
    "first_contacts": Explained(
        question=_("Le BCG, la CPN et les naissances parlent-ils des mêmes enfants que le DTC1 ?"),
        formula=_("Rapport de deux nombres, hors de sa bande de plus de 3 √(a + b) / a."),
        source=WHO_REVIEW,
    ),
    "same_visit": Explained(
        question=_("Les vaccins d'une même visite sont-ils donnés à autant d'enfants ?"),
        formula=_("VPO1, PCV1 ou rotavirus 1 sur DTC1, hors de sa bande de plus de 3 √(a + b) / a."),
        source=WHO_REVIEW,
    ),
    "above_full": Explained(
        question=_("Au-dessus de 100 % : trop de doses, cible trop petite, ou enfants d'ailleurs ?"),
        formula=_("Un arbre : chaque branche lit une preuve (recomptage, flacons, population indépendante, enquête, voisins). Une cause établie l'emporte sur un indice."),
        source=OURS,
    ),
    "denominators": Explained(
        question=_("Combien d'enfants selon chaque population ?"),
        formula=_("Autre population / cible ; au-delà de 10 %, elles diffèrent. Population d'enquête = doses / couverture."),
        source=OURS,
        reference=_("Ce qui en donnerait une : la cible du programme et une population qui ne vient pas de lui (recensement, ONU, comptage)."),
    ),
    "silence": Explained(
        question=_("Une baisse est-elle réelle, ou des centres se taisent-ils ?"),
        formula=_("ln(doses) = ln(complétude) + ln(doses par rapport reçu), même trimestre de l'année d'avant."),
        source=_("identité ; aucun modèle"),
    ),
    "vials": Explained(
        question=_("Les doses vont-elles avec les flacons, et une rupture se voit-elle ?"),
        formula=_("Doses données / doses des flacons ouverts ; baisse moyenne 0 à 3 mois après une rupture, dans le même lieu."),
        source=OURS,
    ),
    "cases": Explained(
        question=_("Les malades vaccinés ou non vont-ils avec la couverture ?"),
        formula=_("Part des cas vaccinés = p (1 − e) / (1 − p e), où p est la couverture et e l'efficacité du vaccin. Coqueluche : trois doses ou aucune. Paralysies flasques : part sans aucune dose, à côté de ce que la couverture laisse ; presque aucune n'est une poliomyélite."),
        source=_("Orenstein et al. 1985 ; Farrington 1993 ; Guris et al. 1997 ; IMEP (PFA non polio)"),
    ),
    "susceptibles": Explained(
        question=_("Combien d'enfants sans protection contre la rougeole depuis la dernière campagne ?"),
        formula=_("1 − (VAR1 × 0,85 + VAR2 × 0,15 × 0,95), cohorte par cohorte ; une cohorte entière demande une campagne."),
        source=_("OMS, note sur les vaccins contre la rougeole, 2017"),
    ),
    "campaigns": Explained(
        question=_("Les campagnes trouvent-elles plus d'enfants zéro dose que la routine n'en laisse ?"),
        formula=_("Part jamais vaccinée parmi les enfants vus, à côté de 1 − couverture DTC1."),
        source=OURS,
    ),
    "access": Explained(
        question=_("Les enfants manqués vivent-ils là où les services sont loin ou rares ?"),
        formula=_("Corrélation des rangs des districts. Elle ne nomme aucune cause."),
        source=OURS,
    ),
    "sectors": Explained(
        question=_("Que donnent le secteur privé et les ONG, et le notifient-ils ?"),
        formula=_("Part des doses et complétude des rapports, par secteur."),
        source=OURS,
    ),
    "breaks": Explained(
        question=_("Quelles ruptures de série ont un événement daté à côté d'elles ?"),
        formula=_("Rupture trouvée par les contrôles ; événement du même lieu, ou d'un lieu au-dessus, à la même date."),
        source=OURS,
    ),
    "inequality": Explained(
        question=_("À quel point les districts sont-ils inégaux ?"),
        formula=_("Différence, rapport et pente entre districts, pondérés par les enfants ; part du cinquième le moins couvert. Filles et garçons, plus pauvres et plus riches : écart de couverture là où une enquête le dit ; doses aux filles / doses aux garçons, à côté de 0,96."),
        source=_("OMS, Health Equity Monitor"),
    ),
    "confidence": Explained(
        question=_("Jusqu'où se fier à chaque source, dans chaque lieu ?"),
        formula=_("Qualité (la pire de ses parties) × accord avec les sources qui n'en dépendent pas. Ce qu'on ignore ne remonte jamais une note."),
        source=OURS,
    ),
}  # fmt: skip

VERDICTS: dict[str, Any] = {
    "agrees": _("s'accorde : l'écart tient dans ce que les deux sources permettent"),
    "above": _("au-dessus de sa référence"),
    "below": _("au-dessous de sa référence"),
    "apart": _(
        "loin d'une autre source du même lieu et de la même année, sans référence pour dire laquelle croire"
    ),
    "classifies": _("lot LQAS : il classe le lieu et n'estime pas ; aucun écart n'est calculé"),
    "negative": _("négatif : plus de dernières doses que de premières, ce qui ne se peut pas"),
    "high": _("élevé : au-dessus de sa bande"),
    "low": _("bas : au-dessous de sa bande"),
    "steady": _("stable"),
    "rise": _("hausse"),
    "fall_of_reports": _("baisse des rapports : des centres se taisent"),
    "fall_of_doses": _("baisse des doses : les rapports viennent, moins d'enfants sont vaccinés"),
    "more_given_than_used": _("plus de doses données que sorties des flacons"),
    "explained": _("un événement daté l'accompagne"),
    "unexplained": _("aucun événement connu à cette date"),
    "many": _("une cohorte entière ou plus : campagne à prévoir"),
    "few": _("moins d'une cohorte"),
    "numerator": _("trop de doses"),
    "denominator": _("cible trop petite"),
    "catchment": _("enfants venus d'ailleurs"),
    "several": _("plusieurs causes ont des signes pour elles"),
    "not_established": _("cause non établie : ne corrigez rien avant d'avoir une preuve"),
}
# Verdicts that ask nothing of anybody.
CALM = {"", "agrees", "classifies", "steady", "explained", "few"}
MEASURES: dict[str, Any] = {
    "coverage": _("couverture"), "zero_dose": _("enfants zéro dose"), "rank_agreement": _("même ordre des districts (tau)"),
    "top_overlap": _("premiers districts communs"), "surviving_infants": _("nourrissons survivants"),
    "given_to_used": _("doses données / doses des flacons"), "fall_after_stockout": _("baisse après une rupture"),
    "share_of_doses": _("part des doses"), "change": _("changement"), "susceptible_children": _("enfants sans protection"),
    "vaccinated_share_of_cases": _("part de vaccinés parmi les cas"), "expected_share_of_cases": _("part attendue avec la couverture notifiée"),
    "implied_coverage": _("couverture que les cas supposent"), "zero_dose_share_of_cases": _("part sans aucune dose parmi les cas"),
    "three_dose_share_of_cases": _("part à trois doses ou plus parmi les cas"),
    "fifth_difference": _("écart entre le meilleur et le moins bon cinquième"), "fifth_ratio": _("rapport entre le meilleur et le moins bon cinquième"),
    "worst_fifth_of_missed": _("enfants sans dose qui vivent dans le moins bon cinquième"), "fifth_coverage": _("couverture d'un cinquième des districts"), "slope": _("pente du moins pauvre au plus pauvre"),
    "sex_difference": _("garçons − filles"), "wealth_difference": _("plus riches − plus pauvres"), "girls_per_boy": _("doses aux filles / doses aux garçons"),
    "coverage_sex_female": _("filles"), "coverage_sex_male": _("garçons"), "coverage_wealth_1": _("cinquième le plus pauvre"), "coverage_wealth_2": _("deuxième cinquième"),
    "coverage_wealth_3": _("cinquième du milieu"), "coverage_wealth_4": _("quatrième cinquième"), "coverage_wealth_5": _("cinquième le plus riche"),
    "rank_correlation": _("corrélation des rangs"),
    "shared_falls": _("chute commune à plusieurs lieux"),
}  # fmt: skip
# How the tables of evidence are called in a link.
ORIGINS: dict[str, Any] = {
    "indicator_values": _("doses notifiées"), "coverage_series": _("chiffres publiés par d'autres"), "observations": _("rapports et populations"),
    "quality_findings": _("alertes"), "coverage_estimates_yearly": _("estimation"), "events": _("événements"),
    "recounts": _("recomptages"), "place_contexts": _("contextes"), "triangulation": _("croisement"),
    "triangulation_findings": _("constats"),
}  # fmt: skip
# With what a number is compared, where that is no source.
REFERENCES: dict[str, Any] = {
    "full": _("100 %"), "vials": _("flacons"), "birth_cohort": _("une cohorte de naissance"), "completeness": _("complétude"),
    "reports": _("rapports"), "left_by_routine": _("part que la couverture notifiée laisse"), "expected": _("part attendue"),
    "infants": _("parmi les nourrissons"), "other_end": _("l'autre bout"),
}  # fmt: skip
