"""What are the pages for on which people plan, follow, unblock and pay what is done?"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.site.help.kinds import TEAMS, Help

FACTORS = Help(
    _("Ce qui bloque la vaccination dans un lieu, ou l'aide, dit par ceux qui y travaillent."),
    TEAMS,
    _(
        "À y répondre par des actions, et à apprendre ce qui a marché ailleurs. Une zone protégée reste à son équipe."
    ),
)
ACTIONS = Help(
    _("Ce que quelqu'un a promis de faire, pour quand, et ce qui montre que c'est fait."),
    TEAMS,
    _("À ne rien laisser en route : une autre personne vérifie, et un retard remonte d'un niveau."),
)
MEETINGS = Help(
    _(
        "Les réunions du portefeuille : l'ordre du jour fait de ce qui a changé, le compte rendu, les décisions."
    ),
    TEAMS,
    _("À parler de ce qui a bougé, et à retrouver ce qui s'est dit."),
)
REVIEW = Help(
    _("La revue du trimestre : ce que disent l'estimation, le portefeuille, les rapports, les obstacles, les actions et l'argent."),
    _("Le CNI, les régions, les districts, leurs partenaires et les bailleurs, chacun de ce qu'il peut voir."),
    _("À préparer et à tenir la réunion du trimestre sans recopier un chiffre, et à décider sur ce qui attend."),
)  # fmt: skip
DISTRICT_SHEET = Help(
    _(
        "Un district sur une page : les enfants manqués, ce qui est prévu, ce qui bloque, qui fait quoi, l'argent."
    ),
    TEAMS,
    _("À l'emporter à une réunion ou sur le terrain. Elle nomme des organisations, jamais des personnes."),
)
DECISIONS = Help(
    _("Ce qui est décidé, par qui, et le chiffre, l'alerte ou l'obstacle sur lequel cela s'appuie."),
    TEAMS,
    _("À savoir pourquoi on a décidé et ce qui en est venu, dans les deux sens."),
)
GRANTS = Help(
    _(
        "Les subventions : ce qui est prévu, engagé, décaissé et dépensé, pour quelle intervention, par qui et où."
    ),
    _(
        "Le CNI, les administrateurs, les régions chez elles, les bailleurs et les partenaires pour ce qui est à eux."
    ),
    _("À voir l'argent qui attend, celui qui manque, et à répondre de chaque franc par une pièce."),
)
DESIGN = Help(
    _(
        "Des approches à discuter pour un district ou une poche : pourquoi, ce qu'elles ont donné ailleurs, à quel coût supposé."
    ),
    _("Ceux qui prévoient : CNI, régions, districts, partenaires."),
    _("À prévoir une intervention en sachant qui manque, ce qui bloque et ce que d'autres ont appris."),
)
INDICATORS = Help(
    _(
        "Les indicateurs du cadre de résultats : leur valeur du trimestre, d'où elle vient, et si elle va vers la cible convenue."
    ),
    _("Gavi et les autres bailleurs, le CNI, les régions et les organisations qui mènent les interventions."),
    _(
        "À voir ce que le travail change et à rendre compte une seule fois : les valeurs se calculent, personne ne les saisit."
    ),
)
FRAMEWORK = Help(
    _(
        "Ce qu'une subvention a promis : chaque indicateur avec son point de départ, sa cible, sa source et son rythme."
    ),
    _("Le CNI, et les bailleurs pour les subventions qu'ils paient."),
    _("À juger chaque trimestre si l'on est en route, sur les mêmes nombres pour tous."),
)
PORTFOLIO = Help(
    _(
        "Le portefeuille : chaque intervention dans chaque district où elle est prévue, son plan, son état et sa raison."
    ),
    _("Le CNI, les régions, les districts, les organisations qui mènent les interventions et les bailleurs."),
    _(
        "À voir ce qui avance, ce qui est arrêté et pourquoi, et à se coordonner. Aucun chiffre déjà au SNIS n'y est redemandé."
    ),
)
REPORTS_OF_CELLS = Help(
    _(
        "Ce qu'une équipe a fait d'une intervention dans un trimestre : combien, quels enfants, ce qui a bloqué."
    ),
    _("L'organisation qui la mène, la région et le CNI qui relisent."),
    _("À savoir ce qui est fait, à débloquer, et à rendre compte aux bailleurs une seule fois."),
)
PORTFOLIO_SHEET = Help(
    _("Une feuille du portefeuille, et ce qu'elle changerait."),
    _("Le CNI."),
    _(
        "À mettre le portefeuille à jour d'un coup, sans rien perdre : la feuille est essayée avant d'être chargée."
    ),
)
