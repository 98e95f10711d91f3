"""Which pages does the hub have, as whom is each opened, and which addresses are no pages?

An address of the hub stands in one of the two lists, by its name: a test holds that. Names in braces are keys of
what `ground` laid.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """One page as one person opens it. `of` is the name of its address; `status` is 404 where it should be missing."""

    of: str
    path: str
    who: str = "ibrahim"
    status: int = 200


def _pages(of: str, *paths: str, who: str = "ibrahim", status: int = 200) -> tuple[Page, ...]:
    return tuple(Page(of, path, who, status) for path in paths)


_EXPLORE = (
    *_pages("home", "/"), *_pages("home", "/", who="nobody"), *_pages("act", "/agir/"), *_pages("learn", "/apprendre/"),
    *_pages("method", "/methode/"), *_pages("glossary", "/glossaire/"),
    *_pages("missed", "/ou/", "/ou/?mesure=seuil&verite=1", "/ou/?lieu=ML-D0001&mesure=incertitude"),
    *_pages("missed", "/ou/", who="nobody"), *_pages("pockets", "/ou/poches/"),
    *_pages("where", "/lieux/", "/lieux/?q=segou", "/lieux/?q=zzzz"), *_pages("choose_place", "/lieux/choisir/?lieu=bou"),
    *_pages("place", "/lieux/ML/", "/lieux/ML-D0001/", "/lieux/ML-F0001/"), *_pages("place", "/lieux/ML-D0001/", who="nobody"),
    *_pages("place_estimate", "/lieux/ML/estimation/", "/lieux/ML-D0001/estimation/", "/lieux/ML-H0017/estimation/?verite=1"),
    *_pages("alike", "/lieux/ML-H0017/semblables/"), *_pages("sheet", "/lieux/ML-D0001/fiche/"),
    *_pages("ledger", "/preuves/registre/", "/preuves/registre/?lieu=ML-H0017"),
    *_pages("methods", "/preuves/comparaison/?verite=1"),
    *_pages("assumptions", "/preuves/hypotheses/", "/preuves/hypotheses/?reglage=0.1"),
    *_pages("beside", "/preuves/croisement/", "/preuves/croisement/?lieu=ML-D0001&periode=2024Q4"),
    *_pages("beside", "/preuves/croisement/", who="nobody"),
    *_pages("beside_analysis", "/preuves/croisement/coverage_sources/?lieu=ML-D0001", "/preuves/croisement/confidence/", "/preuves/croisement/cases/"),
    *_pages("targets", "/preuves/croisement/cibles/", "/preuves/croisement/cibles/?lieu=ML-D0001"),
    *_pages("bulletin", "/lieux/ML/bulletin/", "/lieux/ML-D0001/bulletin/", "/lieux/ML-H0017/bulletin/"),
    *_pages("evidence", "/preuves/"), *_pages("tables", "/preuves/tables/", "/preuves/tables/?q=couverture"),
    *_pages("table", "/preuves/tables/indicator_values/"),
    *_pages("table_chart", "/preuves/tables/observations/graphique/"),
    *_pages("table_map", "/preuves/tables/indicator_values/carte/"),
    *_pages("table_provenance", "/preuves/tables/places/provenance/"), *_pages("quality", "/preuves/qualite/"),
    *_pages("trends", "/centre-apprentissage/tendances/"),
    *_pages("api_docs", "/donnees/api/"), *_pages("tokens", "/moi/jetons/"),
)  # fmt: skip
_DESK = (
    *_pages("uploads", "/preuves/depot/"), *_pages("uploads", "/preuves/depot/", who="awa"),
    *_pages("upload_new", "/preuves/depot/nouveau/"), *_pages("upload_new", "/preuves/depot/nouveau/", who="oumar"),
    *_pages(
        "upload",
        *(f"/preuves/depot/{{sheet_{state}}}/" for state in (
            "reading", "refused", "mapping", "trying", "tried", "publishing", "published", "discarded", "withdrawing",
            "withdrawn",
        )),
    ),
    *_pages("upload_columns", "/preuves/depot/{sheet_mapping}/colonnes/", "/preuves/depot/{sheet_tried}/colonnes/"),
    *_pages("upload_map_text", "/preuves/depot/{sheet_mapping}/colonnes/texte/"),
    *_pages("upload_names", "/preuves/depot/{sheet_tried}/correspondances/", "/preuves/depot/{sheet_published}/correspondances/"),
    *_pages("upload_receipt", "/preuves/depot/{sheet_tried}/accuse/", "/preuves/depot/{sheet_published}/accuse/"),
    *_pages("upload_publish", "/preuves/depot/{sheet_tried}/publier/"),
    *_pages("upload_discard", "/preuves/depot/{sheet_tried}/ecarter/"),
    *_pages("upload_withdraw", "/preuves/depot/{sheet_published}/retirer/"),
    *_pages("findings", "/preuves/alertes/", "/preuves/alertes/?statut=correcting"),
    *_pages("findings", "/preuves/alertes/", who="awa"),
    *_pages("finding", "/preuves/alertes/{finding_new}/", "/preuves/alertes/{finding_correcting}/"),
    *_pages("scorecard", "/preuves/qualite/fiche/ML/", "/preuves/qualite/fiche/ML-D0001/?regles=who", "/preuves/qualite/fiche/ML-F0001/"),
    *_pages("scorecard", "/preuves/qualite/fiche/ML-D0001/", who="nobody"), *_pages("quality_reports", "/preuves/qualite/rapport/"),
    *_pages("worklist", "/preuves/a-demander/", "/preuves/a-demander/?tout=1"), *_pages("worklist", "/preuves/a-demander/", who="awa"),
    *_pages("worklist_contact", "/preuves/a-demander/contact/ML-F0001/", who="awa"),
    *_pages("sources", "/preuves/sources/"), *_pages("source_flows", "/preuves/flux/"), *_pages("source", "/preuves/sources/demo-snis/"),
    *_pages("source", "/preuves/sources/demo-snis/", who="oumar"),
    *_pages("connections", "/preuves/connexions/"), *_pages("connections", "/preuves/connexions/", who="awa"),
    *_pages("connection_new", "/preuves/connexions/nouvelle/"),
    *_pages("connection", *(f"/preuves/connexions/{{server_{state}}}/" for state in ("new", "refused", "forms", "pulled", "closed"))),
    *_pages("connection_edit", "/preuves/connexions/{server_pulled}/modifier/", "/preuves/connexions/{server_forms}/modifier/"),
    *_pages("connection_close", "/preuves/connexions/{server_pulled}/fermer/"),
    *_pages("connection_reading", "/preuves/connexions/{server_pulled}/lecture/", "/preuves/connexions/{server_pulled}/lecture/?voir=confirmes"),
    *_pages("connection_names", "/preuves/connexions/{server_pulled}/noms/"),
    *_pages("connection_frame", "/preuves/connexions/{server_pulled}/lecture/cadre/"),
    *_pages("connection_meaning", "/preuves/connexions/{server_pulled}/lecture/WSy7zOZx1Wl/tout/"),
    *_pages("pull", "/preuves/connexions/{server_pulled}/collectes/1/", "/preuves/connexions/{server_pulled}/collectes/2/",
            "/preuves/connexions/{server_forms}/collectes/1/"),
    *_pages("source", "/preuves/sources/snis/"),
    *_pages("runs", "/preuves/calculs/"), *_pages("runs_look", "/preuves/calculs/preuves/", "/preuves/calculs/preuves/?trimestres=8"),
    *_pages("runs_ask", "/preuves/calculs/demander/", "/preuves/calculs/demander/?comme={run_draft}"),
    *_pages("runs_compare", "/preuves/calculs/comparer/", "/preuves/calculs/comparer/?a={run_published}&b={run_draft}"),
    *_pages(
        "runs_one",
        *(f"/preuves/calculs/{{run_{state}}}/" for state in ("asked", "stopped", "refused", "draft", "review", "published")),
    ),
    *_pages("runs_check", "/preuves/calculs/{run_review}/relire/", who="mariam"),
    *_pages("runs_step", "/preuves/calculs/{run_review}/etape/validated/", "/preuves/calculs/{run_review}/etape/draft/"),
    *_pages("official", "/preuves/officiel/", "/preuves/officiel/?vaccin=dtp3"), *_pages("official", "/preuves/officiel/", who="nobody"),
    *_pages("official_sentence", "/preuves/officiel/phrase/"),
    *_pages("rounds", "/preuves/etudes/"), *_pages("rounds", "/preuves/etudes/", who="mariam"),
    *_pages("round_new", "/preuves/etudes/nouvelle/", who="mariam"),
    *_pages("round", *(f"/preuves/etudes/{{round_{state}}}/" for state in ("bare", "ready", "refused", "analysed", "published", "withdrawn"))),
    *_pages("round_edit", "/preuves/etudes/{round_bare}/modifier/"), *_pages("round_files", "/preuves/etudes/{round_ready}/fichiers/"),
    *_pages("round_publish", "/preuves/etudes/{round_analysed}/publier/"),
    *_pages("round_withdraw", "/preuves/etudes/{round_published}/retirer/"),
    *_pages("round", "/preuves/etudes/{round_laid}/"), *_pages("round_size", "/preuves/etudes/{round_bare}/taille/", "/preuves/etudes/{round_laid}/taille/"),
    *_pages("round_forms", "/preuves/etudes/{round_laid}/formulaires/"), *_pages("round_draw", "/preuves/etudes/{round_bare}/tirage/", "/preuves/etudes/{round_laid}/tirage/"),
    *_pages("round_draw_new", "/preuves/etudes/{round_bare}/tirage/nouveau/"), *_pages("round_replace", "/preuves/etudes/{round_laid}/tirage/remplacer/"),
    *_pages("round_field", "/preuves/etudes/{round_bare}/terrain/", "/preuves/etudes/{round_laid}/terrain/"),
    *_pages("round_corrections", "/preuves/etudes/{round_laid}/corrections/"), *_pages("round_findings", "/preuves/etudes/{round_laid}/corrections/regle-date_partial/"),
    *_pages("round_correct", "/preuves/etudes/{round_laid}/corrections/survey_doses/1/"),
    *_pages("round_voices", "/preuves/etudes/{round_published}/entretiens/"),
    *_pages("round_receipt", "/preuves/etudes/{round_analysed}/accuse/"),
    *_pages("round_results", "/preuves/etudes/{round_analysed}/resultats/", "/preuves/etudes/{round_published}/resultats/"),
    *_pages("jobs", "/travaux/"), *_pages("jobs", "/travaux/", who="seydou"),
    *_pages("job", *(f"/travaux/{{job_{state}}}/" for state in ("waiting", "done", "failed", "refused", "stopped"))),
    *_pages("job", "/travaux/{job_running}/", "/travaux/{job_failed}/", who="seydou"),
)  # fmt: skip
_PEOPLE = (
    *_pages("me", "/moi/"), *_pages("me", "/moi/", who="awa"), *_pages("me", "/moi/", who="seydou"),
    *_pages("system_state", "/systeme/", who="seydou"),
    *_pages("people", "/personnes/", "/personnes/?role=coach"), *_pages("invite", "/personnes/inviter/"),
    *_pages("invitations", "/personnes/invitations/"),
    *_pages("withdraw_invitation", "/personnes/invitations/{invitation_number}/retirer/"),
    *_pages("end_role", "/personnes/roles/{membership}/finir/"),
    *_pages("person", "/personnes/{ibrahim}/", "/personnes/{awa}/"), *_pages("give_role", "/personnes/{awa}/role/"),
    *_pages("reset_password", "/personnes/{awa}/mot-de-passe/"), *_pages("close_account", "/personnes/{awa}/compte/", who="seydou"),
    *_pages("reset_second_proof", "/personnes/{awa}/double-verification/", who="seydou"),
    *_pages("invitation", "/invitation/{invitation}/", who="nobody"),
    *_pages("invitation", "/invitation/rien/", who="nobody", status=404),
    *_pages("organisations", "/organisations/"), *_pages("add_organisation", "/organisations/ajouter/"),
    *_pages("trail", "/traces/", "/traces/?quoi=people.role_given"), *_pages("trail_of_place", "/traces/lieu/ML-D0001/"),
    *_pages("trail_of_person", "/traces/personne/{ibrahim}/"), *_pages("trail_of_organisation", "/traces/organisation/cni/"),
    *_pages("trail_of_object", "/traces/evidence.run/{run_published}/"),
    *_pages("notices", "/notifications/"), *_pages("preferences", "/moi/preferences/"),
    *_pages("unsubscribe", "/lettre/arreter/{letter}/", who="nobody"),
    *_pages("unsubscribe", "/lettre/arreter/rien/", who="nobody", status=404),
    *_pages("discussion", "/discussion/place/ML-D0001/", "/discussion/place/ML-D0001/?repondre={comment}"),
    *_pages("change_comment", "/commentaires/{own_comment}/modifier/"),
    *_pages("withdraw_comment", "/commentaires/{comment}/retirer/"),
    *_pages("offline_desk", "/hors-ligne/"), *_pages("offline_nothing", "/hors-ligne/sans-reseau/"),
    *_pages("account_login", "/compte/login/", who="nobody"), *_pages("account_logout", "/compte/logout/"),
    *_pages("account_inactive", "/compte/inactive/", who="nobody"), *_pages("account_signup", "/compte/signup/", who="nobody"),
    *_pages("account_change_password", "/compte/password/change/", who="plain"),
    *_pages("account_reset_password", "/compte/password/reset/", who="nobody"),
    *_pages("account_reset_password_done", "/compte/password/reset/done/", who="nobody"),
    *_pages("account_reset_password_from_key_done", "/compte/password/reset/key/done/", who="nobody"),
    *_pages("mfa_index", "/compte/2fa/"), *_pages("usersessions_list", "/compte/sessions/"),
    *_pages("socialaccount_login_cancelled", "/compte/3rdparty/login/cancelled/", who="nobody"),
    *_pages("socialaccount_login_error", "/compte/3rdparty/login/error/", who="nobody", status=401),
    *_pages("account_reauthenticate", "/compte/reauthenticate/", who="plain"), *_pages("account_set_password", "/compte/password/set/"),
    *_pages("mfa_reauthenticate", "/compte/2fa/reauthenticate/", who="sealed"), *_pages("mfa_trust", "/compte/2fa/trust/", who="last"),
    *_pages("mfa_index", "/compte/2fa/", who="sealed"), *_pages("mfa_activate_totp", "/compte/2fa/totp/activate/", who="plain"),
    *_pages("mfa_deactivate_totp", "/compte/2fa/totp/deactivate/", who="sealed"),
    *_pages("mfa_view_recovery_codes", "/compte/2fa/recovery-codes/", who="sealed"),
    *_pages("mfa_generate_recovery_codes", "/compte/2fa/recovery-codes/generate/", who="sealed"),
    *_pages("mfa_authenticate", "/compte/2fa/authenticate/", who="halfway"),
    *_pages("account_email_verification_sent", "/compte/confirm-email/", who="nobody", status=404),
    *_pages("account_email", "/compte/email/", status=404),
    *_pages("account_confirm_email", "/compte/confirm-email/rien/", who="nobody"),
    *_pages("account_reset_password_from_key", "/compte/password/reset/key/{reset}/", "/compte/password/reset/key/1-rien/", who="nobody"),
    *_pages("socialaccount_connections", "/compte/3rdparty/"),
    *_pages("nowhere", "/nulle-part/", status=404),
)  # fmt: skip
PAGES = (*_EXPLORE, *_DESK, *_PEOPLE)
# Addresses that are no page of their own, and why.
NOT_PAGES = {
    "healthz": "answers machines", "offline_worker": "script of the telephone", "offline_manifest": "data of the telephone",
    "offline_receive": "takes what a telephone kept", "offline_state": "answers the telephone's script",
    "enter": "leads to one's page", "enter_as": "leads to one's page", "feed_public": "feed", "feed_mine": "feed",
    "drawing": "figure", "figure_file": "figure", "comment_photo": "photo", "table_csv": "download", "table_xlsx": "download",
    "bulletin_pdf": "download", "bulletin_png": "download", "targets_xlsx": "download",
    "blank_sheet": "download", "upload_map": "download", "upload_names_csv": "download", "upload_rejected": "download", "worklist_csv": "download", "worklist_xlsx": "download", "quality_report_file": "download", "runs_compare_csv": "download",
    "round_analyse": "takes a form", "round_report": "download", "round_form": "download", "round_codes": "download", "round_draw_csv": "download",
    "round_field_csv": "download", "round_look": "takes a form",
    "mfa_download_recovery_codes": "download", "connection_standing": "part of `connection`", "connection_look": "takes a form", "connection_choose": "takes a form",
    "connection_propose": "takes a form", "connection_plan": "download", "connection_pull": "takes a form", "pull_stop": "takes a form",
    "pull_file": "download", "upload_read_again": "takes a form", "upload_name": "takes a form",
    "upload_try": "takes a form", "upload_recompute": "takes a form", "upload_standing": "part of `upload`", "findings_check": "takes a form", "runs_adopt": "takes a form", "runs_cancel": "takes a form",
    "runs_cut": "takes a form", "job_cancel": "takes a form", "job_retry": "takes a form", "read_all": "takes a form",
    "renew_feed": "takes a form", "write_comment": "takes a form; what it refuses stands on `discussion`", "follow": "takes a form",
    "revoke_token": "takes a form", "open_notice": "leads to what a notice is about", "job_progress": "part of `job`",
    "openid_connect_login": "leads to the other house", "openid_connect_callback": "comes from the other house",
    "socialaccount_signup": "comes from the other house", "account_confirm_login_code": "codes by letter are not used",
    "account_request_reauthentication_code": "codes by letter are not used",
    "account_confirm_reauthentication_code": "codes by letter are not used",
}  # fmt: skip
