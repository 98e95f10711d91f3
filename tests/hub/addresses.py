"""Who may read and who may send what at every address of the hub? Written out here a second time, by hand.

The table is no copy of the hub's rules: it names people by role and by where they hold it (`home` is where the
thing stands, `away` elsewhere, `wide` the whole country, `other` at home for another organisation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.hub.address_ground import AUTHOR, NOBODY, ROLES, VISITOR, WHO, Who

Some = frozenset[Who]


def at(roles: str, *where: str) -> Some:
    """Return people of some roles, held at some of the places."""
    return frozenset((role, one) for role in roles.split() for one in where) & frozenset(WHO)


def near(roles: str) -> Some:
    """Return those who hold a role where the thing stands, or for the whole country."""
    return at(roles, "home", "wide")


def anywhere(roles: str) -> Some:
    """Return those who hold a role wherever it is."""
    return at(roles, "home", "away", "wide", "other")


EVERYBODY: Some = frozenset(WHO)
PEOPLE = EVERYBODY - {VISITOR}
WITH_A_ROLE = PEOPLE - {NOBODY}
NONE: Some = frozenset()
TEAM_OF_ANOTHER_HOUSE = at("district", "other")

# Who is asked: everybody, each role once, or one of each circle at addresses that are slow to answer.
EACH_ROLE = [VISITOR, NOBODY, *((role, "home") for role in ROLES)]
FEW = [
    VISITOR, NOBODY, ("reader", "wide"), ("partner", "home"), ("donor", "wide"), ("district", "home"),
    ("region", "away"), ("researcher", "wide"), ("national", "wide"), ("administrator", "wide"),
]  # fmt: skip

# Where rows are hidden behind the page, which takes half a second: who sees nothing, some, those at home, everything.
FEWEST = [VISITOR, NOBODY, ("partner", "home"), ("district", "home"), ("national", "wide")]
READ_SHEETS = "district region partner national researcher administrator"
SHEET = near(READ_SHEETS) | TEAM_OF_ANOTHER_HOUSE
BRINGS_SHEET = near("district region partner national administrator") | TEAM_OF_ANOTHER_HOUSE
FLAGGED_ROWS = near("district region national administrator") | TEAM_OF_ANOTHER_HOUSE
PUBLISHES = near("national administrator")
CENTRE = at("national administrator", "wide")
SEES_PEOPLE = near("district region national administrator") | TEAM_OF_ANOTHER_HOUSE
GIVES_ROLES = near("region national administrator")
PARTNERS_AND_INSIDE = WITH_A_ROLE - anywhere("reader")
INSIDE = anywhere("district facility coach region national researcher administrator")
REVIEWERS = at("national researcher", "wide")
ANALYSTS = anywhere("region national researcher administrator")
TALKS = WITH_A_ROLE - anywhere("reader donor")
WRITES = TALKS - at(" ".join(ROLES), "away")
# At a flagged area of the district; the facility's team works at another one.
CLEARED = SEES_PEOPLE | at("facility", "wide")
TRAIL = near("district facility coach region national researcher administrator") | TEAM_OF_ANOTHER_HOUSE
ADMINISTRATOR = at("administrator", "wide")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is answered at one address about one thing.

    `knows`: for whom the thing is there at all; for others the answer is `hidden`, as for what does not exist.
    `reads`, `sends`: who may GET and POST, None where the method is refused; `seen`, `done`: with which answer.
    `door`: the answer to visitors, None where they are asked as everybody else.
    """

    name: str
    about: str = "plain"
    knows: Some = EVERYBODY
    reads: Some | None = None
    sends: Some | None = None
    seen: int = 200
    done: int = 302
    hidden: int = 404
    door: int | None = 302
    form: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    by: list[Who] = field(default_factory=lambda: WHO)

    @property
    def takes_a_form(self) -> bool:
        """Whether a form sent there does something else than showing the page."""
        return (self.sends, self.done) != (self.reads, self.seen) or bool(self.form)

    def asked_by(self, method: str) -> list[Who]:
        """Return who asks: few where a method is refused before anything is looked at, or asks for the same page."""
        refused = (self.reads if method == "GET" else self.sends) is None
        plain = method == "POST" and not self.takes_a_form
        return [who for who in self.by if who in FEWEST] if refused or plain else self.by

    def expected(self, who: Who, method: str) -> int:
        """Return the status with which somebody is answered."""
        allowed, answer = (self.reads, self.seen) if method == "GET" else (self.sends, self.done)
        if allowed is None and not (who == VISITOR and self.door == 302):
            return 405
        if who == VISITOR and self.door is not None:
            return self.door
        if who not in self.knows:
            return self.hidden
        return answer if who in allowed else 403


def page(name: str, who: Some = PEOPLE, **more: Any) -> Row:
    """Return the row of a page with a form, which answers to what is wrong with the page itself."""
    return Row(name=name, reads=who, sends=who, **({"done": 200} | more))


def look(name: str, who: Some = PEOPLE, **more: Any) -> Row:
    """Return the row of a page that only shows."""
    return Row(name=name, reads=who, **more)


def button(name: str, who: Some = PEOPLE, **more: Any) -> Row:
    """Return the row of an address that only takes forms."""
    return Row(name=name, sends=who, **more)


def free(name: str, **more: Any) -> Row:
    """Return the row of a page that is open to everybody."""
    return page(name, EVERYBODY, **({"door": None, "by": EACH_ROLE} | more))


def shown(name: str, **more: Any) -> Row:
    """Return the row of a page that is open to everybody and takes no form."""
    return look(name, EVERYBODY, **({"door": None, "by": EACH_ROLE} | more))


WHY = {"reason": "la revue du trimestre"}
SITE = (
    free("favicon.ico", seen=302, done=302), shown("offline_worker"), free("healthz"), free("home", by=FEWEST), page("me", by=FEW),
    look("system_state", ADMINISTRATOR),
    free("enter", about="link of the machine", seen=302, done=302), button("enter_as", NONE, about="somebody's name", knows=NONE, door=None, by=EACH_ROLE),
    free("feed_public"), free("feed_mine", about="link of a feed"), free("act"), free("learn"), free("method"),
    free("glossary"), shown("offline_desk"), shown("offline_state"), shown("offline_nothing"),
    shown("offline_manifest"),
)  # fmt: skip
OFFLINE = (button("offline_receive", door=401, done=400, by=EACH_ROLE),)

SHEETS = (
    page("uploads", anywhere(READ_SHEETS)),
    page(
        "upload_new",
        anywhere("district region partner national administrator"),
        done=422,
        by=[*FEWEST, ("researcher", "wide"), ("region", "away"), ("donor", "wide")],
    ),
    page(
        "blank_sheet",
        anywhere("district region partner national administrator"),
        by=[*FEWEST, ("researcher", "wide")],
    ),
    page("upload", SHEET, about="sheet", knows=SHEET),
    page("upload", SHEET, about="sheet of a flagged place", knows=SHEET),
    look("upload_standing", SHEET, about="sheet", knows=SHEET, door=286),
    button("upload_recompute", PUBLISHES, about="sheet", knows=SHEET),
    button("upload_read_again", SHEET, about="sheet", knows=SHEET),
    page("upload_columns", SHEET, about="sheet", knows=SHEET),
    page("upload_map_text", SHEET, about="sheet", knows=SHEET),
    page("upload_map", SHEET, about="sheet", knows=SHEET),
    page("upload_names", SHEET, about="sheet", knows=SHEET, done=422),
    page("upload_names_csv", SHEET, about="sheet", knows=SHEET),
    button("upload_name", SHEET, about="name", knows=SHEET, form={"choice": "later"}),
    button("upload_try", SHEET, about="sheet", knows=SHEET),
    page("upload_receipt", SHEET, about="sheet", knows=SHEET),
    page("upload_receipt", SHEET, about="sheet of a flagged place", knows=SHEET),
    page("upload_rejected", SHEET, about="sheet", knows=SHEET),
    page("upload_rejected", FLAGGED_ROWS, about="sheet of a flagged place", knows=SHEET),
    page("upload_publish", PUBLISHES, about="sheet", knows=SHEET, done=302),
    page("upload_discard", BRINGS_SHEET, about="sheet", knows=SHEET, done=302, form=WHY),
    page("upload_withdraw", PUBLISHES, about="published sheet", knows=SHEET, done=302, form=WHY),
)
SET_FINDING = near("district facility region national researcher administrator") | TEAM_OF_ANOTHER_HOUSE
# Asked of a district: those of its facilities keep contacts of their own place alone.
KEEP_CONTACT = near("district region national administrator") | at("facility", "wide") | TEAM_OF_ANOTHER_HOUSE
DESK = (
    page("findings", PARTNERS_AND_INSIDE, by=FEWEST),
    button("findings_check", CENTRE),
    page("worklist", PARTNERS_AND_INSIDE, done=404, form={"key": "f" * 64, "status": "corrected"}, by=FEWEST),
    *(look(name, PARTNERS_AND_INSIDE, by=FEWEST) for name in ("worklist_csv", "worklist_xlsx")),
    Row(name="worklist_contact", about="code", reads=KEEP_CONTACT, sends=KEEP_CONTACT, done=422, form={"post": "", "phone": "", "version": 0}),
    Row(name="finding", about="finding", knows=PARTNERS_AND_INSIDE, hidden=403, reads=PARTNERS_AND_INSIDE,
        sends=SET_FINDING, form={"status": "known", "comment": "", "version": 0},
        by=[*FEWEST, ("facility", "home"), ("region", "away"), ("researcher", "wide"), ("administrator", "wide")]),
    Row(name="quality_reports", reads=PARTNERS_AND_INSIDE, sends=ANALYSTS, done=422, form={"mode": "who", "year": "1999"}, by=FEW),
    look("quality_report_file", PARTNERS_AND_INSIDE, about="quality report", by=FEWEST),
    page("sources", PARTNERS_AND_INSIDE, by=FEWEST),
    page("source_flows", PARTNERS_AND_INSIDE, by=FEWEST),
    Row(name="source", about="source", reads=PARTNERS_AND_INSIDE, sends=anywhere("national researcher administrator"),
        by=[VISITOR, NOBODY, ("partner", "home"), ("researcher", "wide"), ("national", "wide"), ("administrator", "wide")],
        form={"cadence": "sometimes", "patience_days": 30, "version": 0}),
)  # fmt: skip
SERVER = {"knows": CENTRE, "hidden": 403}
SERVERS = (
    page("connections", INSIDE),
    page("connection_new", CENTRE, done=422, form={"kind": "dhis2"}),
    page("connection", CENTRE, about="server", **SERVER),
    page("connection", CENTRE, about="server of forms", **SERVER),
    look("connection_standing", CENTRE, about="server", door=286, **SERVER),
    page("connection_edit", CENTRE, about="server", done=422, form={"address": "http://x"}, **SERVER),
    button("connection_look", CENTRE, about="server", **SERVER),
    button("connection_choose", CENTRE, about="server of forms", **SERVER),
    page("connection_close", CENTRE, about="server", done=302, form=WHY, **SERVER),
    button("connection_propose", CENTRE, about="server", **SERVER),
    page("connection_reading", CENTRE, about="server", done=302, form={"key": "WSy7zOZx1Wl:*", "status": "confirmed", "seen": "proposed"}, **SERVER),
    page("connection_reading", NONE, about="server of forms", knows=NONE, hidden=404, by=[("national", "wide")]),
    page("connection_plan", CENTRE, about="server", **SERVER),
    page("connection_frame", CENTRE, about="server", done=302, form={"level-1": "country", "data_sets": "DS1", "feed": "values"}, **SERVER),
    page("connection_meaning", CENTRE, about="number of a server", done=302,
         form={"indicator": "bcg_doses", "attributes": "one", "seen": "proposed"}, **SERVER),
    page("connection_names", CENTRE, about="server", done=302, form={"choice-1": "none"}, **SERVER),
    button("connection_pull", CENTRE, about="server", **SERVER),
    page("pull", CENTRE, about="pull", **SERVER),
    button("pull_stop", CENTRE, about="pull", **SERVER),
    page("pull_file", NONE, about="file of a pull", knows=NONE, hidden=404, by=[("national", "wide")]),
    page("pull_file", NONE, about="file of a pull", knows=NONE, hidden=403, by=[("district", "home"), ("researcher", "wide"), NOBODY]),
)  # fmt: skip
RUNS = (
    shown("runs", by=WHO),
    page("runs_look", ANALYSTS, done=302),
    page("runs_ask", ANALYSTS),
    button("runs_adopt", REVIEWERS | ADMINISTRATOR),
    look("runs_compare", INSIDE),
    look("runs_compare_csv", INSIDE, seen=404),
    free("runs_one", about="draft run", knows=INSIDE, by=WHO),
    free("runs_one", about="published run"),
    button("runs_cancel", CENTRE | at("researcher", "wide"), about="run under way", knows=INSIDE),
    button("runs_cut", ANALYSTS, about="draft run", knows=INSIDE),
    page("runs_check", REVIEWERS, about="run in review", knows=INSIDE),
    page("runs_step", REVIEWERS, about="step of a draft", knows=INSIDE, done=409),
    page("runs_step", at("national", "wide"), about="step back of the published run", done=302, form=WHY),
    shown("official", by=FEW),
    page("official_sentence", at("national", "wide"), done=302,
         form={"fr": "Une phrase.", "en": "A sentence.", "agreed_with": "la DGS", "after": 0}),
)  # fmt: skip

# Rounds stand at home, for the organisation of everybody but `other`.
OF_THE_HOUSE = anywhere("district facility coach region national researcher administrator") - at(
    "district", "other"
)
LEADS = near("researcher national")
READS_STUDIES = WITH_A_ROLE - anywhere("reader")
ROUND = {"about": "analysed round", "knows": OF_THE_HOUSE}
OUT = {"about": "published round", "knows": READS_STUDIES}
STUDIES = (
    page("rounds", READS_STUDIES),
    page("round_new", anywhere("researcher national"), done=422, form={"survey": "deux mots"}),
    look("access_ways", anywhere("researcher national")),
    page("access_new", anywhere("researcher national"), about="way", done=422, form={"survey": "deux mots"}),
    look("lot_plan", READS_STUDIES),
    look("round_heard_csv", OF_THE_HOUSE, about="lots of an analysed round", knows=OF_THE_HOUSE),
    page("round", OF_THE_HOUSE, **ROUND),
    page("round", READS_STUDIES, **OUT),
    page("round_edit", LEADS, done=422, form={"survey": "deux mots"}, **ROUND),
    page("round_files", LEADS, done=422, form={"kind": "x"}, **ROUND),
    Row(name="round_size", reads=OF_THE_HOUSE, sends=LEADS, done=422, form={"icc": "x"}, **ROUND),
    Row(
        name="round_forms",
        reads=OF_THE_HOUSE,
        sends=LEADS,
        done=302,
        form={"form": "lqas", "language": "fr"},
        by=FEW,
        **ROUND,
    ),
    *(
        look(name, LEADS, about="form of an analysed round", knows=OF_THE_HOUSE)
        for name in ("round_form", "round_codes")
    ),
    look("round_draw", OF_THE_HOUSE, **ROUND),
    look("round_draw_csv", OF_THE_HOUSE, about="draw of an analysed round", knows=OF_THE_HOUSE),
    page("round_draw_new", LEADS, done=422, form={"frame": "x"}, **ROUND),
    page("round_replace", LEADS, done=422, form={"cluster": "x"}, **ROUND),
    page("round_weights", LEADS, done=422, form={"listed": "x"}, **ROUND),
    look("round_weights_csv", LEADS, about="weights of an analysed round", knows=OF_THE_HOUSE),
    *(look(name, OF_THE_HOUSE, **ROUND) for name in ("round_field", "round_field_csv")),
    page("round_corrections", LEADS, done=422, form={"file": "x"}, **ROUND),
    look("round_findings", LEADS, about="rule of an analysed round", knows=OF_THE_HOUSE),
    page(
        "round_correct",
        LEADS,
        about="line of an analysed round",
        knows=OF_THE_HOUSE,
        done=422,
        form={"field": "x"},
    ),
    button(
        "round_look",
        LEADS,
        about="correction of an analysed round",
        knows=OF_THE_HOUSE,
        form={"verdict": "back"},
    ),
    button("round_analyse", LEADS, **ROUND),
    page("round_publish", near("national"), done=302, form={"sure": "1"}, **ROUND),
    page("round_withdraw", near("national"), done=302, form=WHY, **OUT),
    look("round_figure", OF_THE_HOUSE, about="figure of an analysed round", knows=OF_THE_HOUSE),
    page("round_voices", LEADS, done=422, form={"place": ""}, **ROUND),
    Row(
        name="round_transfers",
        reads=OF_THE_HOUSE,
        sends=near("national"),
        done=422,
        form={"country": ""},
        **ROUND,
    ),
    look("round_receipt", OF_THE_HOUSE, **ROUND),
    look("round_receipt", OF_THE_HOUSE, **OUT),
    look("round_results", OF_THE_HOUSE, **ROUND),
    look("round_results", READS_STUDIES, **OUT),
    look("round_report", OF_THE_HOUSE, about="report of an analysed round", knows=OF_THE_HOUSE),
    look("round_report", READS_STUDIES, about="report of a published round", knows=READS_STUDIES),
)

LOADS = at("national", "wide")
READS_PORTFOLIO = READS_STUDIES
LEADS_LINES = at("national partner", "home", "away", "wide")
PLANS = near("region national partner")
ADVANCES = near("district region national partner") | TEAM_OF_ANOTHER_HOUSE
APPROVES = near("region national")
SENT_TO = ADVANCES | APPROVES
CELL = {"about": "cell", "knows": READS_PORTFOLIO}
SHEET_OF_LINES = {"about": "portfolio sheet", "knows": LOADS, "hidden": 403}
PORTFOLIO = (
    page("portfolio", READS_PORTFOLIO),
    page("portfolio_who", READS_PORTFOLIO),
    look("portfolio_file", READS_PORTFOLIO, about="portfolio file"),
    page("portfolio_district", READS_PORTFOLIO, about="planned district"),
    look("design", READS_PORTFOLIO),
    page("intervention_new", anywhere("national") | anywhere("partner"), done=422, form={"code": ""}),
    page("intervention", READS_PORTFOLIO, about="intervention", knows=READS_PORTFOLIO),
    page("intervention_edit", LEADS_LINES, about="intervention", knows=READS_PORTFOLIO, done=422, form={"title_fr": ""}),
    page("intervention_plan", LEADS_LINES | anywhere("region"), about="intervention", knows=READS_PORTFOLIO, done=422, form={"place": ""}),
    page("cell", READS_PORTFOLIO, **CELL),
    page("cell_plan", PLANS, done=422, form={"begins": "x"}, **CELL),
    page("cell_advance", ADVANCES, done=422, form={"state": ""}, **CELL),
    page("cell_milestone", PLANS, done=422, form={"title": ""}, **CELL),
    button("cell_milestone_done", ADVANCES, about="milestone", knows=READS_PORTFOLIO),
    page("reports", READS_PORTFOLIO),
    Row(name="report", about="approved report", knows=READS_PORTFOLIO, reads=READS_PORTFOLIO, sends=ADVANCES, done=422),
    Row(name="report", about="sent report", knows=SENT_TO, reads=SENT_TO, sends=ADVANCES, done=422),
    button("report_approve", APPROVES, about="sent report", knows=SENT_TO),
    page("report_back", APPROVES, about="sent report", knows=SENT_TO, done=422, form={"note": ""}),
    look("report_photo", READS_PORTFOLIO, about="photo of a report", knows=READS_PORTFOLIO),
    page("load_new", LOADS, done=422, form={"sheet": ""}),
    look("load_template", LOADS),
    page("load", LOADS, **SHEET_OF_LINES),
    button("load_apply", LOADS, **SHEET_OF_LINES),
    button("load_discard", LOADS, **SHEET_OF_LINES),
)  # fmt: skip
REVIEWS = (
    look("review", READS_PORTFOLIO, by=FEW),
    button("review_pack_ask", READS_PORTFOLIO, form={"lieu": "nowhere", "periode": "1999Q1"}),
    look("review_pack_file", frozenset({AUTHOR}), about="pack of somebody", knows=frozenset({AUTHOR})),
    look("district_sheet", READS_PORTFOLIO, about="planned district", by=FEW),
    look("district_sheet_pdf", READS_PORTFOLIO, about="planned district", by=FEW),
)
# Obstacles, actions and decisions stand in the district, of the organisation `house`.
TEAMS_THERE = near("district region national") | TEAM_OF_ANOTHER_HOUSE
FOLLOWS = TEAMS_THERE | near("partner")
FACTOR, ACTION = {"about": "factor", "knows": READS_STUDIES}, {"about": "action", "knows": READS_STUDIES}
DONE_ACTION = {"about": "action that is done", "knows": READS_STUDIES}
DECISION = {"about": "decision", "knows": READS_STUDIES}
MEETING = {"about": "meeting", "knows": READS_STUDIES}
FOLLOW_UP = (
    *(page(name, READS_STUDIES) for name in ("factors", "factor_matrix", "factors_lifted", "actions", "decisions", "meetings")),
    *(look(name, READS_STUDIES) for name in ("factors_csv", "actions_csv")),
    page("factor_new", anywhere("district facility coach region national partner researcher"), done=422, form={"what": ""}),
    page("factor", READS_STUDIES, **FACTOR),
    page("factor", CLEARED, about="factor of a flagged place", knows=CLEARED),
    page("factor_edit", FOLLOWS, done=422, form={"what": ""}, **FACTOR),
    page("factor_move", FOLLOWS, done=422, form={"state": "x"}, **FACTOR),
    page("action_new", anywhere("district region national partner"), done=422, form={"text": ""}),
    page("action", READS_STUDIES, **ACTION),
    page("action", CLEARED, about="action of a flagged place", knows=CLEARED),
    page("action_edit", FOLLOWS, done=422, form={"text": ""}, **ACTION),
    page("action_close", FOLLOWS, done=422, form={"closing": ""}, **ACTION),
    page("action_cancel", FOLLOWS, done=422, form={"reason": ""}, **ACTION),
    page("action_verify", TEAMS_THERE, done=422, form={"verdict": "x"}, **DONE_ACTION),
    look("action_photo", READS_STUDIES, **DONE_ACTION),
    page("decision_new", anywhere("district region national"), done=422, form={"text": ""}),
    page("decision", READS_STUDIES, **DECISION),
    page("decision_edit", TEAMS_THERE, done=422, form={"text": ""}, **DECISION),
    page("meeting_new", anywhere("district region national"), done=422, form={"title": ""}),
    page("meeting", READS_STUDIES, **MEETING),
    page("meeting_edit", TEAMS_THERE, done=422, form={"title": ""}, **MEETING),
)  # fmt: skip
# Money of the district at home: one grant paid and spent by the organisation of everybody but `other`, one by that.
MONEY = anywhere("national administrator region donor partner")
CNI = at("national", "wide")
OWN_MONEY = (
    near("national administrator region") | at("donor partner", "home", "wide") | at("partner", "away")
)
THEIR_MONEY = near("national administrator region") | at("partner", "other")
SPENDS = near("national partner")
HAS_SHEET = CNI | at("partner", "home")
GRANT = {"about": "grant", "knows": OWN_MONEY}
BUDGET = {"about": "budget line", "knows": OWN_MONEY}
MOVED = {"about": "entry of money", "knows": OWN_MONEY}
GRANTS = (
    look("grants", MONEY),
    look("grant_children", MONEY, by=FEW),
    page("grant_new", CNI, done=422, form={"code": ""}),
    Row(name="grant_rates", reads=MONEY, sends=CNI, done=422, form={"base": "XOF"}),
    look("grant_reconciliation", anywhere("national")),
    page("grant_loads", anywhere("national partner")),
    page("grant_load_new", anywhere("national partner"), done=422, form={"kind": "x"}),
    page("grant_load", HAS_SHEET, about="sheet of money", knows=HAS_SHEET, done=302, form={"sure": "1"}),
    button("grant_load_discard", HAS_SHEET, about="sheet of money", knows=HAS_SHEET),
    Row(name="grant_iati", reads=CENTRE, sends=CNI, done=422, form={"identifier": "x y"}),
    look("grant_iati_file", CENTRE),
    look("grant", OWN_MONEY, **GRANT),
    look("grant", THEIR_MONEY, about="grant of another house", knows=THEIR_MONEY),
    page("grant_edit", CNI, done=422, form={"code": ""}, **GRANT),
    page("grant_group", CNI, done=422, form={"since": ""}, **GRANT),
    page("grant_line_new", OWN_MONEY & anywhere("national partner"), done=422, form={"year": "x"}, **GRANT),
    *(look(name, OWN_MONEY, about="file of a grant", knows=OWN_MONEY) for name in ("grant_lines_file", "grant_entries_file")),
    look("grant_intervention", OWN_MONEY, about="intervention with money", knows=OWN_MONEY),
    Row(name="grant_line", reads=OWN_MONEY, sends=SPENDS, done=422, form={"planned": "x"}, **BUDGET),
    Row(name="grant_line", about="budget line of another house", knows=THEIR_MONEY, reads=THEIR_MONEY, sends=near("national") | at("partner", "other"),
        done=422, form={"planned": "x"}),
    page("grant_entry_new", SPENDS, done=422, form={"kind": "x"}, **BUDGET),
    page("grant_entry_correct", SPENDS, done=422, form={"way": "x"}, **MOVED),
    button("grant_reconcile", near("national"), form={"answer": "agrees"}, **MOVED),
    look("grant_framework", OWN_MONEY, **GRANT),
    page("grant_agree", CNI, done=422, form={"indicator": ""}, **GRANT),
    page("agreed_edit", CNI, about="agreed indicator", knows=OWN_MONEY, done=422, form={"target": "x"}),
    page("agreed_withdraw", CNI, about="agreed indicator", knows=OWN_MONEY, done=422, form={"since": ""}),
    page("indicator_counted", CNI, about="indicator counted from reports", done=422, form={"interventions": "x"}),
    look("indicators", READS_PORTFOLIO, by=FEW),
    look("indicator", READS_PORTFOLIO, about="indicator counted from reports", by=FEW),
    look("indicators_file", READS_PORTFOLIO, about="file of indicators", by=FEW),
)  # fmt: skip

PERSONS = (
    page("people", anywhere("district region national administrator")),
    page("invite", anywhere("region national administrator")),
    page("invitations", anywhere("region national administrator")),
    page("withdraw_invitation", GIVES_ROLES, about="invitation", knows=GIVES_ROLES, done=302),
    page("end_role", GIVES_ROLES, about="role", knows=GIVES_ROLES, done=302, form=WHY),
    page("person", SEES_PEOPLE, about="colleague", knows=SEES_PEOPLE),
    page("person", SEES_PEOPLE, about="colleague of another house", knows=SEES_PEOPLE),
    page("person", about="oneself"),
    page("give_role", GIVES_ROLES, about="colleague", knows=SEES_PEOPLE),
    page("reset_password", SEES_PEOPLE, about="colleague", knows=SEES_PEOPLE, form=WHY),
    page("reset_password", NONE, about="oneself", knows=NONE, form=WHY),
    page("close_account", GIVES_ROLES, about="colleague", knows=GIVES_ROLES, done=302, form=WHY),
    page("close_account", GIVES_ROLES, about="colleague of another house", knows=GIVES_ROLES, done=302, form=WHY),
    page("close_account", NONE, about="oneself", knows=NONE, form=WHY),
    page("reset_second_proof", GIVES_ROLES, about="colleague", knows=GIVES_ROLES, done=302, form=WHY),
    free("invitation", about="link of an invitation"),
    page("organisations"),
    page("add_organisation", CENTRE, done=302, form={"name": "Une maison", "code": "maison", "kind": "cso"}),
    page("trail"),
    page("trail", query="?csv=1"),
    page("trail_of_place", TRAIL, about="code of a facility", knows=TRAIL),
    page("trail_of_person", SEES_PEOPLE, about="colleague", knows=SEES_PEOPLE),
    page("trail_of_organisation", about="organisation"),
    page("trail_of_object", TRAIL - at("facility", "home"), about="trail of a sheet", knows=TRAIL - at("facility", "home")),
)  # fmt: skip
TOLD = (
    page("notices"),
    button("read_all"),
    button("open_notice", about="own notification"),
    button("open_notice", NONE, about="another's notification", knows=NONE),
    page("preferences", done=302, form={"language": "fr"}),
    button("renew_feed"),
    free("unsubscribe", about="link of a letter"),
)
COMMENT = {"key": "3d6f0a52-7c55-4f4e-9c0f-0123456789ab", "text": "une rupture de vaccin"}
AUTHORS: Some = frozenset({AUTHOR})
DISCUSSION = (
    look("discussion", TALKS, about="place", knows=TALKS),
    look("discussion", CLEARED, about="flagged place", knows=CLEARED),
    look("discussion", TALKS, about="discussed finding", knows=TALKS),
    button("write_comment", WRITES, about="place", knows=TALKS, form=COMMENT),
    button("write_comment", CLEARED, about="flagged place", knows=CLEARED, form=COMMENT),
    button("write_comment", WRITES, about="discussed finding", knows=TALKS, form=COMMENT | {"key": "3d6f0a52-7c55-4f4e-9c0f-0123456789ac"}),
    button("follow", TALKS, about="place", knows=TALKS),
    button("follow", CLEARED, about="flagged place", knows=CLEARED),
    page("change_comment", AUTHORS, about="comment", knows=TALKS, done=302, form={"text": "une crue", "version": 1}),
    page("change_comment", AUTHORS, about="comment at a flagged place", knows=CLEARED, done=302, form={"text": "une crue", "version": 1}),
    page("withdraw_comment", SEES_PEOPLE, about="comment", knows=TALKS, done=302),
    page("withdraw_comment", SEES_PEOPLE, about="comment at a flagged place", knows=CLEARED, done=302),
    look("comment_photo", TALKS, about="comment", knows=TALKS),
    look("comment_photo", CLEARED, about="comment at a flagged place", knows=CLEARED),
)  # fmt: skip
TOKEN = {"name": "tableur", "parts": ["tables"], "expires": "SOON"}
WORK = (
    free("api_docs", by=FEWEST),
    Row(name="tokens", reads=PEOPLE, sends=WITH_A_ROLE, done=200, form=TOKEN),
    button("revoke_token", about="own token"),
    button("revoke_token", NONE, about="another's token", knows=NONE, hidden=403),
    look("jobs"),
    look("job", about="own job"),
    look("job", ADMINISTRATOR, about="another's job", knows=ADMINISTRATOR),
    look("job_progress", about="own job", door=286),
    look("job_progress", ADMINISTRATOR, about="another's job", knows=ADMINISTRATOR, door=286),
    button("job_cancel", about="own job"),
    button("job_cancel", ADMINISTRATOR, about="another's job", knows=ADMINISTRATOR),
    button("job_retry", about="own job"),
    button("job_retry", ADMINISTRATOR, about="another's job", knows=ADMINISTRATOR),
)
TABLE_PAGES = ("table", "table_chart", "table_map", "table_provenance", "table_csv", "table_xlsx")
EXPLORE = (
    *(free(name, by=FEWEST) for name in ("missed", "pockets", "where", "choose_place", "ledger", "methods", "assumptions",
                                         "evidence", "tables", "quality", "trends", "beside", "targets")),
    *(free(name, about="code", by=FEWEST) for name in ("place", "place_estimate", "alike", "sheet", "scorecard", "bulletin")),
    free("beside_analysis", about="analysis", by=FEWEST), free("targets_xlsx", knows=NONE, by=FEW),
    *(free(name, about="month of a code", knows=NONE, by=FEW) for name in ("bulletin_pdf", "bulletin_png")),
    *(free(name, about="open table", by=FEWEST) for name in TABLE_PAGES),
    *(free(name, about="closed table", knows=INSIDE, by=FEWEST) for name in TABLE_PAGES),
    *(free(name, about="private table", knows=NONE, by=FEW) for name in ("table", "table_csv", "table_provenance")),
    *(free(name, about="drawing", knows=NONE, by=FEW) for name in ("drawing", "figure_file")),
)  # fmt: skip
API = (
    free("api:openapi-json", by=FEWEST),
    *(shown(f"api:{name}") for name in ("list_tables", "me", "list_jobs")),
    *(shown(f"api:{name}", by=FEWEST) for name in ("tree", "in_a_period")),
    shown("api:search", query="?q=Niono"),
    free("api:api-root", knows=NONE),
    *(shown(f"api:{name}", about="open table", by=FEW) for name in ("one_table", "rows", "history")),
    *(shown(f"api:{name}", about="closed table", knows=INSIDE, by=WHO) for name in ("one_table", "history")),
    shown("api:rows", about="closed table", knows=INSIDE, by=FEW),
    *(shown(f"api:{name}", about="private table", knows=NONE) for name in ("one_table", "rows", "history")),
    shown("api:one_snapshot", about="snapshot of an open table"),
    shown("api:one_snapshot", about="snapshot of a closed table", knows=INSIDE, by=WHO),
    *(shown(f"api:{name}", about="code", by=FEWEST) for name in ("one_place", "of_a_place")),
    shown("api:reported", about="code", by=FEWEST),
    shown("api:list_findings", knows=PARTNERS_AND_INSIDE, by=FEWEST),
    shown("api:one_job", about="own job", knows=PEOPLE, by=WHO),
    shown("api:one_job", about="another's job", knows=NONE, by=WHO),
    *(look(f"api:{name}", READS_PORTFOLIO, door=None)
      for name in ("list_interventions", "list_cells", "list_reports", "list_factors", "list_actions", "list_decisions")),
    look("api:list_indicators", READS_PORTFOLIO, door=None, by=FEW),
    look("api:list_grants", MONEY, door=None),
    *(Row(name=f"api:{name}_of_a_grant", about=about, knows=who, reads=who, door=None)
      for name in ("lines", "quarters", "framework")
      for about, who in (("grant by number", OWN_MONEY), ("grant of another house by number", THEIR_MONEY))),
)  # fmt: skip
TABLE = (
    *SITE,
    *OFFLINE,
    *SHEETS,
    *DESK,
    *SERVERS,
    *RUNS,
    *STUDIES,
    *PORTFOLIO,
    *REVIEWS,
    *FOLLOW_UP,
    *GRANTS,
    *PERSONS,
    *TOLD,
    *DISCUSSION,
    *WORK,
    *EXPLORE,
    *API,
)

# Around one's own account nothing depends on a role: what is answered to a visitor's and a person's GET and POST.
LED, OFF = 302, 405
ACCOUNTS: dict[str, tuple[int, int, int, int]] = {
    "account_login": (200, 200, LED, LED), "account_logout": (LED, LED, 200, LED),
    "account_signup": (200, 200, LED, LED),  # says that accounts come by invitation
    "account_inactive": (200, OFF, 200, OFF), "account_reauthenticate": (LED, LED, 200, 200),
    "account_request_reauthentication_code": (LED, LED, LED, LED),
    "account_confirm_reauthentication_code": (LED, LED, LED, LED),
    "account_change_password": (LED, LED, 200, 200), "account_set_password": (LED, LED, LED, LED),
    "account_reset_password": (200, 200, 200, 200), "account_reset_password_done": (200, OFF, 200, OFF),
    "account_reset_password_from_key": (200, 200, 200, 200),  # says that the link is too old
    "account_reset_password_from_key_done": (200, OFF, 200, OFF), "account_confirm_login_code": (LED, LED, LED, LED),
    "account_email": (404, 404, 404, 404), "account_email_verification_sent": (404, 404, 404, 404),
    "account_confirm_email": (200, 404, 200, 404), "compte/email/": (404, 404, 404, 404),
    "compte/confirm-email/": (404, 404, 404, 404), "usersessions_list": (LED, LED, 200, LED),
    "mfa_index": (LED, LED, 200, OFF), "mfa_authenticate": (LED, LED, LED, LED), "mfa_trust": (LED, LED, LED, LED),
    "mfa_reauthenticate": (LED, LED, LED, LED), "mfa_activate_totp": (LED, LED, LED, LED),
    "mfa_deactivate_totp": (LED, LED, 404, 404), "mfa_view_recovery_codes": (LED, LED, 404, OFF),
    "mfa_generate_recovery_codes": (LED, LED, LED, LED), "mfa_download_recovery_codes": (LED, LED, 404, 404),
    "openid_connect_login": (404, 404, 404, 404), "openid_connect_callback": (404, 404, 404, 404),
    "socialaccount_connections": (LED, LED, 200, 200), "socialaccount_login_cancelled": (200, OFF, 200, OFF),
    "socialaccount_login_error": (401, OFF, 401, OFF), "socialaccount_signup": (LED, LED, LED, LED),
    **dict.fromkeys(("compte/social/connections/", "compte/social/login/cancelled/", "compte/social/login/error/",
                     "compte/social/signup/"), (301, 301, 301, 301)),
    "api/v1/<path:rest>": (404, 404, 404, 404),
}  # fmt: skip
