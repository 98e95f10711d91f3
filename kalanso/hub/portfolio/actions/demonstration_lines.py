"""Which interventions does the demonstration make up? Invented: the programme's own list is not public."""

from __future__ import annotations

# Approach, unit, cost of a unit in FCFA, steps, gender, and six titles in French and English.
LINES: tuple[tuple[str, str, int, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("extended_hours", "séances tenues", 25_000, "reach", "sensitive", (
        ("Séances du soir dans les CSCom urbains", "Evening sessions in urban health centres"),
        ("Séances du samedi autour des marchés", "Saturday sessions around markets"),
        ("Séances de l'aube avant les travaux des champs", "Dawn sessions before work in the fields"),
        ("Séances du dimanche en zone périurbaine", "Sunday sessions in peri-urban areas"),
        ("Horaires élargis pendant les récoltes", "Extended hours during the harvest"),
        ("Garde de vaccination à la maternité", "Vaccination on call at the maternity ward"),
    )),
    ("microplanning", "CSCom couverts", 180_000, "identify reach", "", (
        ("Microplans avec les communautés oubliées", "Microplans with missed communities"),
        ("Recensement des hameaux et campements", "Listing of hamlets and camps"),
        ("Cartes tracées avec les relais", "Maps drawn with community workers"),
        ("Liste nominale des naissances au village", "Birth lists in the village"),
        ("Microplans des quartiers informels", "Microplans of informal settlements"),
        ("Révision trimestrielle des microplans", "Quarterly review of microplans"),
    )),
    ("rolling_logistics", "tournées faites", 320_000, "reach", "", (
        ("Tournées en pirogue dans les îles du delta", "Boat rounds to the islands of the delta"),
        ("Logistique tournante avant la crue", "Rolling logistics before the flood"),
        ("Glacières tournantes entre CSCom isolés", "Cold boxes in rotation between remote centres"),
        ("Moto-ambulance pour les doses", "Motorcycle delivery of doses"),
        ("Tournées après la décrue", "Rounds after the flood has gone"),
        ("Relais de glace par les pêcheurs", "Ice relay by fishermen"),
    )),
    ("womens_groups", "groupements actifs", 60_000, "reach advocate", "transformative", (
        ("Groupements de femmes qui cherchent les enfants", "Women's groups that look for children"),
        ("Causeries menées par des mères pairs", "Talks led by peer mothers"),
        ("Épargne de groupe pour le transport", "Group savings for transport"),
        ("Grands-mères ambassadrices", "Grandmothers as ambassadors"),
        ("Séances décidées avec les associations de femmes", "Sessions set with women's associations"),
        ("Radio des femmes sur le calendrier vaccinal", "Women's radio on the schedule"),
    )),
    ("gender", "rencontres tenues", 45_000, "advocate", "responsive", (
        ("École des maris pour la vaccination", "Husbands' schools for vaccination"),
        ("Vaccinatrices dans les zones où elles manquent", "Female vaccinators where there are none"),
        ("Garde d'enfants pendant les séances", "Child care during sessions"),
        ("Analyse des barrières de genre", "Analysis of gender barriers"),
        ("Dialogue avec les chefs de ménage", "Dialogue with heads of household"),
        ("Espaces d'attente pour les jeunes mères", "Waiting rooms for young mothers"),
    )),
    ("paid_relais", "relais payés", 50_000, "identify reach", "", (
        ("Relais payés dans les villages coupés", "Paid community workers in villages cut off"),
        ("Binômes de relais négociés avec les anciens", "Pairs of workers agreed with elders"),
        ("Relais déplacés avec leur communauté", "Workers displaced with their community"),
        ("Prime d'éloignement des relais", "Remoteness allowance for workers"),
        ("Rattrapage discret par les relais", "Discreet catch-up by workers"),
        ("Trousse de relais pour zone de conflit", "Worker's kit for conflict areas"),
    )),
    ("community_care", "sites équipés", 400_000, "reach", "", (
        ("Vaccination sur les sites d'ASC", "Vaccination at community care sites"),
        ("Vaccin et dépistage de la malnutrition ensemble", "Vaccine and malnutrition screening together"),
        ("Séances avec la chimioprévention du paludisme", "Sessions with malaria chemoprevention"),
        ("Suivi des carnets par les ASC", "Card follow-up by community workers"),
        ("Point de vaccination au site de déplacés", "Vaccination point at the displaced site"),
        ("Consultation postnatale et BCG à domicile", "Postnatal visit and BCG at home"),
    )),
    ("ngo_partnership", "aires couvertes", 900_000, "reach monitor", "sensitive", (
        ("Convention avec une ONG de santé de proximité", "Agreement with a local health NGO"),
        ("Équipes d'ONG dans les zones sans CSCom", "NGO teams where there is no health centre"),
        ("Négociation d'accès avec une ONG humanitaire", "Access negotiated with a humanitarian NGO"),
        ("ONG et mines artisanales", "NGO at artisanal mines"),
        ("ONG et nomades en transhumance", "NGO with nomads on the move"),
        ("Suivi tiers par une association", "Third-party monitoring by an association"),
    )),
    ("mobile_clinic", "cliniques tenues", 650_000, "reach", "", (
        ("Clinique mobile trimestrielle des nomades", "Quarterly mobile clinic for nomads"),
        ("Clinique mobile des sites d'orpaillage", "Mobile clinic at gold-panning sites"),
        ("Clinique mobile des camps de pêche", "Mobile clinic at fishing camps"),
        ("Clinique mobile des quartiers précaires", "Mobile clinic in poor neighbourhoods"),
        ("Clinique mobile des foires hebdomadaires", "Mobile clinic at weekly fairs"),
        ("Clinique mobile avec escorte sanitaire", "Mobile clinic with a health escort"),
    )),
    ("supply", "équipements en marche", 2_100_000, "reach", "", (
        ("Réfrigérateurs solaires des CSCom isolés", "Solar refrigerators for remote centres"),
        ("Suivi des ruptures par l'e-SIGL", "Stock-outs followed by the e-LMIS"),
        ("Redéploiement des doses entre CSRéf", "Doses redeployed between district centres"),
        ("Maintenance de la chaîne du froid", "Cold chain maintenance"),
        ("Transport mensuel des vaccins", "Monthly vaccine transport"),
        ("Tri des flacons proches de la péremption", "Sorting of vials near expiry"),
    )),
    ("data", "revues tenues", 150_000, "monitor measure", "", (
        ("Revue mensuelle des données au district", "Monthly data review in the district"),
        ("Recomptage des registres", "Recounts of registers"),
        ("Enquête LQAS trimestrielle", "Quarterly LQAS round"),
        ("Triangulation des sources au CNI", "Triangulation of sources at the centre"),
        ("Registre électronique pilote", "Pilot electronic register"),
        ("Tableau affiché au CSCom", "Wall chart at the health centre"),
    )),
    ("coaching", "visites faites", 35_000, "monitor", "", (
        ("Coaching des vaccinateurs (Coach2PEV)", "Coaching of vaccinators (Coach2PEV)"),
        ("Championnat d'équipes", "Team championship"),
        ("Accompagnement des chefs de poste", "Support to heads of centre"),
        ("Coaching à distance par téléphone", "Remote coaching by telephone"),
        ("Plans d'amélioration suivis", "Improvement plans followed up"),
        ("Pairs entre districts", "Peers between districts"),
    )),
    ("other", "dialogues tenus", 80_000, "advocate", "", (
        ("Plaidoyer auprès des maires", "Advocacy with mayors"),
        ("Budget communal pour la vaccination", "Municipal budget for vaccination"),
        ("Dialogue avec les chefs religieux", "Dialogue with religious leaders"),
        ("Théâtre et griots", "Theatre and griots"),
        ("Engagement des écoles coraniques", "Koranic schools engaged"),
        ("Rencontre annuelle des donateurs", "Annual meeting of donors"),
        ("Journée portes ouvertes des CSCom", "Open day at health centres"),
    )),
)  # fmt: skip
# Which organisation leads and carries out which approach: code, name, kind.
HOUSES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("oms", "OMS (démo)", "un", ("data", "microplanning")),
    ("unicef", "UNICEF (démo)", "un", ("supply", "community_care")),
    ("world-vision", "World Vision (démo)", "cso", ("womens_groups", "gender")),
    ("dalberg", "Dalberg (démo)", "firm", ("rolling_logistics",)),
    ("osc", "Réseau d'associations (démo)", "cso", ("extended_hours", "other")),
    ("ong", "Une organisation partenaire", "cso", ("ngo_partnership", "mobile_clinic", "paid_relais")),
    ("capev", "Learning Hub", "academia", ("coaching",)),
    ("cni", "Centre national d'immunisation", "government", ()),
)
REASONS = (
    "Les fonds du trimestre ne sont pas arrivés.", "La route est coupée par la crue.", "L'accès n'est pas négocié.",
    "Les relais ne sont pas encore formés.", "Rupture de Penta au district.", "L'équipe a changé, la relève se met en place.",
)  # fmt: skip
