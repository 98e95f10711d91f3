"""What is this page, who asks for it, and what is it used for? Said at the foot of every page.

Pages are known by the name of their address; one text may serve several pages that do one thing in steps.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kalanso.hub.site.help.acting import (
    ACTIONS,
    DECISIONS,
    DESIGN,
    DISTRICT_SHEET,
    FACTORS,
    FRAMEWORK,
    GRANTS,
    INDICATORS,
    MEETINGS,
    PORTFOLIO,
    PORTFOLIO_SHEET,
    REPORTS_OF_CELLS,
    REVIEW,
)
from kalanso.hub.site.help.kinds import ANALYSTS, EVERYBODY, SUPERVISORS, TEAMS, YOURSELF, Help

SECOND_PROOF = Help(
    _("La double vérification : un code de votre téléphone en plus du mot de passe."),
    _("Kalanso, pour les rôles dont un mot de passe volé irait loin."),
    _("À ce que personne n'entre à votre place, même avec votre mot de passe."),
)
CHANGE_OF_PERSON = Help(
    _("Un changement au compte ou aux rôles d'une personne, avec sa raison."),
    SUPERVISORS,
    _(
        "À ce que chacun ait l'accès de son travail, ni plus ni moins. La personne est prévenue et la trace reste."
    ),
)
PASSWORD = Help(
    _("Votre mot de passe."),
    YOURSELF,
    _(
        "À entrer. Personne d'autre ne le connaît ; un superviseur peut seulement vous en donner un provisoire."
    ),
)
TRAIL = Help(
    _("La liste des changements : qui, quand, quoi, pourquoi, et ce qu'il y avait avant."),
    _("Ceux qui répondent d'un lieu, et les auditeurs."),
    _(
        "À comprendre un changement et à le corriger. Rien ne s'efface ; les zones protégées ne montrent que des nombres."
    ),
)
INVITATION = Help(
    _("Le lien par lequel une personne ouvre son compte, dans un rôle et pour un lieu."),
    SUPERVISORS,
    _("À faire entrer quelqu'un : il n'y a pas de compte sans invitation."),
)
ORGANISATIONS = Help(
    _("Les organisations pour lesquelles les personnes travaillent."),
    SUPERVISORS,
    _("À savoir qui agit pour qui ; un partenaire ne change que ce qui est à son organisation."),
)
NOTICES = Help(
    _("Ce qu'on vous a dit, et comment vous voulez le savoir."),
    YOURSELF,
    _(
        "À ne rien manquer sans être dérangé : vous choisissez les genres, la lettre de la semaine et le flux."
    ),
)
TABLES = Help(
    _("Une table publiée, avec ses sources, ses dates et ses téléchargements."),
    ANALYSTS,
    _("À refaire un calcul, à citer un chiffre et à savoir d'où il vient."),
)
DEVICES = Help(
    _("Les appareils où votre compte est ouvert."),
    YOURSELF,
    _("À fermer votre compte sur un téléphone perdu ou prêté."),
)
OTHER_HOUSE = Help(
    _("L'entrée par le compte d'une autre maison."),
    YOURSELF,
    _("À entrer sans mot de passe de plus, si votre adresse vérifiée a déjà un compte ici."),
)

BESIDE = Help(
    _("Ce que toutes les sources disent ensemble d'un lieu, et jusqu'où se fier à chacune."),
    TEAMS,
    _("À préparer la revue du mois : ce qui a changé, ne s'accorde pas, est à vérifier, manque."),
)

STUDIES = Help(
    _(
        "Les enquêtes auprès des ménages : ce qui est déclaré, ce qui a été nettoyé, ce qu'elles disent de chaque cohorte."
    ),
    _("Les chercheurs, le CNI, et les partenaires une fois l'étude publiée."),
    _(
        "À savoir combien d'enfants sont atteints là où les rapports ne suffisent pas, et pourquoi les autres ne le sont pas."
    ),
)

WITHOUT_HOUSEHOLDS = Help(
    _("Les chemins pour demander des enfants là où aucune enquête auprès des ménages ne peut aller, et la règle d'un lot."),
    _("Les chercheurs et le CNI ; la règle d'un lot, toutes les équipes."),
    _("À avoir un nombre honnête là où il n'y en aurait aucun, avec son doute et ce qui doit être vrai pour y croire."),
)  # fmt: skip

PAGES: dict[str, Help] = {
    **dict.fromkeys(
        ("factors", "factor", "factor_new", "factor_edit", "factor_move", "factor_matrix", "factors_lifted"),
        FACTORS,
    ),
    **dict.fromkeys(
        ("actions", "action", "action_new", "action_edit", "action_close", "action_verify", "action_cancel"),
        ACTIONS,
    ),
    "review": REVIEW,
    "district_sheet": DISTRICT_SHEET,
    **dict.fromkeys(("meetings", "meeting", "meeting_new", "meeting_edit"), MEETINGS),
    **dict.fromkeys(("decisions", "decision", "decision_new", "decision_edit"), DECISIONS),
    "home": Help(
        _("Le chiffre le plus récent du pays, et les chemins vers le reste."),
        EVERYBODY,
        _("À voir d'un coup d'œil où l'on en est, et à choisir une question."),
    ),
    "missed": Help(
        _("Où vivent les enfants sans première dose, et combien ils sont, avec ce qu'on ignore."),
        TEAMS,
        _("À choisir où aller d'abord."),
    ),
    "pockets": Help(
        _("Les poches : des aires voisines où beaucoup d'enfants sont manqués."),
        TEAMS,
        _("À regrouper les sorties et à demander des moyens pour un secteur, pas pour une aire seule."),
    ),
    "where": Help(
        _("La recherche d'un lieu, du pays à l'aire de santé."),
        EVERYBODY,
        _("À trouver votre lieu par son nom."),
    ),
    "place": Help(
        _("Un lieu : couverture notifiée, tendance, alertes, lieux voisins."),
        TEAMS,
        _("À préparer une revue, une supervision ou une visite."),
    ),
    "place_estimate": Help(
        _("L'estimation d'un lieu à partir de toutes les sources, avec son incertitude."),
        TEAMS,
        _("À savoir combien d'enfants sont manqués quand les rapports se contredisent."),
    ),
    "ledger": Help(
        _("Le registre : d'où viennent les chiffres et comment chaque calcul s'est passé."),
        ANALYSTS,
        _("À vérifier un chiffre jusqu'à sa source."),
    ),
    "methods": Help(
        _("La même question, à laquelle plusieurs méthodes répondent."),
        ANALYSTS,
        _("À voir si une conclusion tient, quelle que soit la méthode."),
    ),
    "assumptions": Help(
        _("Ce que le calcul suppose, et ce qui changerait s'il supposait autre chose."),
        ANALYSTS,
        _("À juger la solidité d'une estimation."),
    ),
    "beside": BESIDE,
    "beside_analysis": BESIDE,
    "targets": Help(
        _("Les cibles en usage à côté de celles que les sources permettent de proposer."),
        ANALYSTS,
        _("À préparer la décision du CNI. Rien n'est envoyé à un système ni changé nulle part."),
    ),
    "bulletin": Help(
        _(
            "Ce qu'on répond à une aire de santé sur son mois : reçu, à vérifier, un encouragement, une question."
        ),
        TEAMS,
        _("À rendre au centre ce que ses chiffres disent, sur papier ou par téléphone."),
    ),
    "evidence": Help(
        _("Les sources de données, leur qualité et leurs dates."),
        ANALYSTS,
        _("À savoir sur quoi tout le reste repose, et ce qui manque."),
    ),
    "quality": Help(
        _(
            "La porte de la qualité : que demander, les fiches, les alertes, le rapport, et où l'on doute le plus."
        ),
        TEAMS,
        _("À corriger un rapport à sa source avant qu'il ne trompe une décision."),
    ),
    "scorecard": Help(
        _(
            "La fiche d'un lieu : ses données domaine par domaine, selon l'OMS ou selon les contrôles robustes."
        ),
        TEAMS,
        _("À savoir à quels nombres se fier, et par où commencer une supervision ou un recomptage."),
    ),
    "quality_reports": Help(
        _("Le rapport national sur la qualité, dans l'ordre de la revue de l'OMS, en PDF et en Word."),
        ANALYSTS,
        _("À préparer la revue annuelle, et à joindre aux demandes de l'OMS, de l'UNICEF et de Gavi."),
    ),
    "trends": Help(
        _("Les tendances des huit aires de santé du Centre d'apprentissage."),
        _("Les chercheurs et les équipes de ces aires."),
        _("À suivre ce qui change là où l'on essaie des interventions."),
    ),
    "act": Help(
        _("Ce que l'on prévoit et ce que l'on fait, lieu par lieu."),
        TEAMS,
        _("À se partager le travail et à voir ce qui bloque."),
    ),
    "learn": Help(
        _("Ce qui s'apprend des preuves et de l'action."), EVERYBODY, _("À ne pas refaire les mêmes erreurs.")
    ),
    "method": Help(
        _("Ce que les chiffres disent et ne disent pas."), EVERYBODY, _("À lire un chiffre sans le trahir.")
    ),
    "glossary": Help(_("Les mots du domaine, en deux langues."), EVERYBODY, _("À se comprendre.")),
    "me": Help(
        _("Ce qui vous attend, vos lieux avec leurs derniers chiffres, votre compte."),
        YOURSELF,
        _("À commencer la journée."),
    ),
    "system_state": Help(
        _("Comment se portent le programme, le travailleur, les sauvegardes, la place et les réglages."),
        _("La personne qui tient Kalanso."),
        _("À voir ce qui demande un geste avant que quelqu'un s'en plaigne. Rien ne se change ici."),
    ),
    "people": Help(
        _("Les personnes qui ont un rôle dans vos lieux."),
        SUPERVISORS,
        _(
            "À savoir à qui parler, à aider qui a oublié son mot de passe, à fermer le compte de qui est parti."
        ),
    ),
    "person": Help(
        _("Une personne : ses rôles, qui les a donnés, sa dernière visite."),
        SUPERVISORS,
        _("À vérifier que son accès est celui de son travail."),
    ),
    "account_login": Help(
        _("L'entrée, avec votre identifiant, votre téléphone ou votre e-mail."),
        _("Ceux qui ont reçu une invitation."),
        _("À voir ce que votre rôle et vos lieux permettent. Ce qui est public se lit sans entrer."),
    ),
    "account_logout": DEVICES,
    "tables": TABLES,
    "table": TABLES,
    "table_chart": TABLES,
    "table_map": TABLES,
    "table_provenance": TABLES,
    "organisations": ORGANISATIONS,
    "add_organisation": ORGANISATIONS,
    "notices": NOTICES,
    "preferences": NOTICES,
    "unsubscribe": NOTICES,
    "invitation": INVITATION,
    "invite": INVITATION,
    "invitations": INVITATION,
    "withdraw_invitation": INVITATION,
    "give_role": CHANGE_OF_PERSON,
    "end_role": CHANGE_OF_PERSON,
    "reset_password": CHANGE_OF_PERSON,
    "close_account": CHANGE_OF_PERSON,
    "reset_second_proof": CHANGE_OF_PERSON,
}
UPLOADS = Help(
    _(
        "Une feuille que quelqu'un a déposée : ses colonnes, ses noms de lieux, ce qu'on en a lu, sa publication."
    ),
    TEAMS,
    _(
        "À faire entrer des données sans qu'une ligne se perde : chacune est prise, refusée avec sa raison, ou comptée."
    ),
)
FINDINGS = Help(
    _("Ce que les contrôles ont trouvé d'étrange, et ce qu'on en sait."),
    TEAMS,
    _("À corriger à la source, ou à dire que ce n'est pas une erreur. Rien n'est corrigé ici en silence."),
)
QUESTIONS = Help(
    _("Ce qui paraît douteux ce mois dans vos lieux, rangé par personne à qui le demander."),
    TEAMS,
    _("À poser la bonne question au bon endroit, papier en main, et à dire ce qu'il en est."),
)
SOURCES = Help(
    _("Chaque source : ce qu'elle est, qui en répond, sa dernière donnée, et si elle est en retard."),
    ANALYSTS,
    _("À savoir sur quoi un chiffre repose, et à qui demander."),
)
CONNECTIONS = Help(
    _(
        "Un serveur d'où viennent des chiffres ou des réponses : son accès, ce que comptent ses nombres, ses collectes."
    ),
    _("Le CNI et les administrateurs ; les équipes voient seulement quand une source est venue."),
    _("À ce que les données arrivent d'elles-mêmes, et que chaque nombre lu ait été confirmé par quelqu'un."),
)
RUNS = Help(
    _(
        "Les calculs de l'estimation : ce qu'on a demandé, ce qu'ils ont entendu, ce qu'ils disent, et qui les a validés."
    ),
    ANALYSTS,
    _("À ne montrer au dehors qu'un calcul revu par d'autres que celui qui l'a demandé."),
)
OFFICIAL = Help(
    _("Les chiffres officiels à côté des chiffres estimés, avec la phrase convenue."),
    EVERYBODY,
    _("À comprendre pourquoi ils diffèrent, sans choisir l'un en cachant l'autre."),
)
JOBS = Help(
    _("Ce que Kalanso fait derrière les pages, et où il en est."),
    YOURSELF,
    _("À fermer la page sans rien perdre, à arrêter un travail ou à le relancer."),
)
TOKENS = Help(
    _("Les jetons avec lesquels vos programmes lisent ce que vous pouvez lire."),
    YOURSELF,
    _("À lier un tableur ou un autre système. Un jeton perdu se retire ici."),
)
OUTBOX = Help(
    _("Les messages gardés sur ce téléphone, en attendant le réseau."),
    YOURSELF,
    _("À travailler sans réseau : rien n'est effacé ici avant que Kalanso l'ait reçu."),
)
DISCUSSION = Help(
    _("Ce que les équipes se disent d'un lieu ou d'un dossier."),
    TEAMS,
    _("À expliquer un chiffre, à demander, à répondre, là où la chose se trouve."),
)
ALIKE = Help(
    _("Un lieu parmi ceux qui lui ressemblent : ville, zone rurale, île, conflit."),
    TEAMS,
    _("À se comparer à ce qui est comparable, et à chercher qui a trouvé une solution."),
)
SHEET = Help(
    _("L'essentiel d'un lieu sur une page A4."),
    TEAMS,
    _("À imprimer pour une réunion."),
)
CHOOSER = Help(
    _("Le choix d'un lieu et d'une période."),
    EVERYBODY,
    _("À aller d'un lieu à l'autre ; l'adresse de la page garde ce choix."),
)
PROGRAMS = Help(
    _("Comment un programme lit ce que montrent les pages."),
    ANALYSTS,
    _("À refaire une analyse, ou à nourrir un autre système."),
)
# Pages that begin alike are one thing in steps.
FAMILIES: tuple[tuple[str, Help], ...] = (
    ("upload", UPLOADS),
    ("round", STUDIES),
    ("access_", WITHOUT_HOUSEHOLDS),
    ("lot_plan", WITHOUT_HOUSEHOLDS),
    ("portfolio", PORTFOLIO),
    ("intervention", PORTFOLIO),
    ("cell", PORTFOLIO),
    ("load", PORTFOLIO_SHEET),
    ("report", REPORTS_OF_CELLS),
    ("grant_framework", FRAMEWORK),
    ("grant_agree", FRAMEWORK),
    ("agreed_", FRAMEWORK),
    ("indicator", INDICATORS),
    ("grant", GRANTS),
    ("design", DESIGN),
    ("finding", FINDINGS),
    ("worklist", QUESTIONS),
    ("source", SOURCES),
    ("connection", CONNECTIONS),
    ("pull", CONNECTIONS),
    ("runs", RUNS),
    ("official", OFFICIAL),
    ("job", JOBS),
    ("token", TOKENS),
    ("revoke_token", TOKENS),
    ("offline_", OUTBOX),
    ("discussion", DISCUSSION),
    ("change_comment", DISCUSSION),
    ("withdraw_comment", DISCUSSION),
    ("write_comment", DISCUSSION),
    ("alike", ALIKE),
    ("sheet", SHEET),
    ("choose_place", CHOOSER),
    ("api_docs", PROGRAMS),
    ("trail", TRAIL),
    ("mfa_", SECOND_PROOF),
    ("usersessions_", DEVICES),
    ("socialaccount_", OTHER_HOUSE),
    ("openid_connect_", OTHER_HOUSE),
    ("account_", PASSWORD),
)
# Addresses at which no page stands: files, forms without a page of their own, answers for machines.
NO_PAGES = frozenset(
    {
        "healthz", "enter", "enter_as", "table_csv", "table_xlsx", "bulletin_pdf", "bulletin_png", "targets_xlsx", "drawing", "figure_file", "feed_public", "feed_mine",
        "read_all", "open_notice", "renew_feed", "comment_photo", "follow", "job_cancel", "job_progress", "job_retry",
        "findings_check", "offline_manifest", "offline_nothing", "offline_receive", "offline_state", "offline_worker",
        "blank_sheet", "worklist_csv", "worklist_xlsx", "quality_report_file", "round_analyse", "round_heard_csv", "round_report", "round_figure",
        "portfolio_file", "load_template", "load_apply", "load_discard", "cell_milestone_done", "report_approve", "report_photo",
        "factors_csv", "actions_csv", "action_photo", "grant_load_discard", "grant_reconcile", "grant_lines_file", "grant_entries_file", "grant_iati_file", "indicators_file", "district_sheet_pdf", "review_pack_ask", "review_pack_file",
        "connection_choose", "connection_look", "connection_plan", "connection_propose", "connection_pull",
        "connection_standing", "pull_file", "pull_stop", "runs_adopt", "runs_cancel", "runs_compare_csv", "upload_map", "upload_name", "upload_names_csv",
        "upload_read_again", "upload_recompute", "upload_rejected", "upload_standing", "upload_try",
        # Answers to programs.
        "api-root", "openapi-json", "history", "in_a_period", "list_findings", "list_jobs", "list_tables", "of_a_place",
        "one_job", "one_place", "one_snapshot", "one_table", "reported", "rows", "search", "tree", "list_indicators", "list_interventions",
        "list_cells", "list_reports", "list_factors", "list_actions", "list_decisions", "list_grants", "lines_of_a_grant",
        "quarters_of_a_grant", "framework_of_a_grant",
    }
)  # fmt: skip


def of_page(name: str) -> Help | None:
    """Return what is said at the foot of a page; None where nothing is."""
    if not name or name in NO_PAGES:
        return None
    return PAGES.get(name) or next((told for begin, told in FAMILIES if name.startswith(begin)), None)
