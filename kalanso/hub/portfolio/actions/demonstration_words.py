"""What do simulated teams write in the demonstration's portfolio? Invented, and marked DÉMO each time."""

from __future__ import annotations

# Of the one line whose chain can be walked from the number to the decision and back.
GOOD = "DÉMO · Les cliniques du trimestre se sont tenues les jours de foire ; les relais avaient prévenu les familles."
BAD = (
    "DÉMO · Une seule clinique : le véhicule est resté en panne de la deuxième semaine à la fin du trimestre."
)
AFTER = "DÉMO · Véhicule réparé et moto de secours prêtée par la région : toutes les cliniques se sont tenues, deux dans des hameaux jamais visités."
SO_FAR = "DÉMO · Trois cliniques tenues à ce jour."
BARRIER = "DÉMO · Le véhicule de la clinique mobile tombe en panne et rien n'est prévu pour le remplacer : cinq sorties sur six ont été annulées."
LIFTED = (
    "DÉMO · Le véhicule roule et une moto de secours est prête : plus aucune sortie annulée depuis deux mois."
)
ANSWER = "DÉMO · Réparer le véhicule et convenir par écrit d'une moto de secours avec la région."
ANSWERED = (
    "DÉMO · Véhicule rendu par le garage ; convention de prêt de la moto signée et affichée à la CSRéf."
)
NEXT = "DÉMO · Donner au comité le calendrier des cliniques du prochain trimestre, avec les hameaux jamais visités."
LATE = "DÉMO · Envoyer au CNI la liste des hameaux sans séance depuis un an."
MEETING = "DÉMO · Revue trimestrielle du portefeuille"
COMING = "DÉMO · Prochaine revue trimestrielle du portefeuille"
MINUTES = (
    "DÉMO · Présents : CNI, région, district, partenaires.\n\n"
    "1. Cliniques mobiles : une seule tenue sur six prévues dans le district, véhicule en panne. Le district demande une solution de secours.\n"
    "2. Estimation des enfants zéro dose : relue avec son intervalle ; les districts dont l'intervalle est large sont visités d'abord.\n"
    "3. Décisions notées ci-dessous, chacune avec ce sur quoi elle s'appuie."
)
DECISION = "DÉMO · Prêter une moto de secours à la clinique mobile jusqu'à la fin de l'année, et revoir ses sorties au prochain trimestre."
DECISION_NUMBER, DECISION_SOURCE = (
    "1 clinique tenue sur 6 prévues",
    "DÉMO · rapport d'intervention du trimestre",
)
VISIT_FIRST = "DÉMO · Visiter d'abord les districts dont l'intervalle de l'estimation est le plus large, avant de déplacer des moyens."
BODY = "DÉMO · Comité de revue du portefeuille"
SUPPLY = "DÉMO · Deux semaines sans Penta dans trois CSCom : la commande est partie après la date limite."
SUPPLY_ANSWER = "DÉMO · Fixer la commande au 20 du mois, avec un rappel par téléphone du dépôt."
SUPPLY_DONE = "DÉMO · Commande du mois envoyée le 19 ; le reçu du dépôt est classé à la CSRéf."
HELPS = (
    "DÉMO · Les groupements de femmes appellent les mères la veille : presque toutes viennent à la séance."
)
# Named in other districts: kind, domain, level, weight, words.
ELSEWHERE = (
    ("barrier", "access", "district", 3, "DÉMO · Le véhicule de la clinique mobile est en panne : les sorties sont annulées."),
    ("barrier", "access", "community", 4, "DÉMO · La crue coupe les villages de juillet à octobre ; aucune pirogue n'est prévue."),
    ("barrier", "demand", "household", 2, "DÉMO · Des pères refusent que l'enfant sorte le jour du marché."),
    ("barrier", "gender", "household", 3, "DÉMO · Les mères attendent l'accord du mari, absent pour les travaux des champs."),
    ("barrier", "staff", "facility", 3, "DÉMO · Un seul vaccinateur pour deux CSCom depuis le départ en formation."),
    ("barrier", "finance", "district", 4, "DÉMO · Les fonds des sorties arrivent après la fin du trimestre."),
    ("barrier", "data", "facility", 2, "DÉMO · Les registres de naissance et de vaccination ne portent pas les mêmes noms de hameaux."),
    ("facilitator", "demand", "community", 4, "DÉMO · Les chefs de village annoncent la séance après la prière."),
)  # fmt: skip
# Of reports of other lines: what was done, and what a region asks for when it sends one back.
DONE = (
    "DÉMO · Fait comme prévu.", "DÉMO · Un mois de retard, rattrapé depuis.", "DÉMO · La pluie a coupé la piste deux semaines.",
    "DÉMO · Les relais sont tous formés ; le reste suit.", "DÉMO · Activité tenue avec l'appui des associations de femmes.",
)  # fmt: skip
BACK = "DÉMO · Le nombre dépasse ce qui était prévu : comptez-vous des séances d'un autre trimestre ?"
TRAINED, REVIEWED, BALANCE = (
    "DÉMO · Équipe formée",
    "DÉMO · Première revue avec la communauté",
    "DÉMO · Bilan avec la région",
)
