"""Which column of a portfolio sheet holds what, whatever it is called?"""

from __future__ import annotations

import re

from kalanso.sources.months import plain

# Field, and how French and English sheets call it (without accents, in lower case).
_CALLED: tuple[tuple[str, str], ...] = (
    ("unit_cost", r"cout unitaire.*|unit cost.*|prix unitaire.*"),
    ("unit", r"unite(?: de (?:mesure|compte))?|unit(?: of measure)?|ce qui est compte"),
    ("code", r"code(?: (?:de l )?intervention)?|n|no|num(?:ero)?|ref(?:erence)?|id"),
    ("title_en", r"(?:intervention|titre|title|activity).*(?:anglais|english|\ben)"),
    ("title_fr", r"interventions?|titre.*|libelle.*|activites?|title|activity|intitule.*"),
    ("district", r"districts?(?: sanitaires?)?|ds|health district|lieu"),
    ("region", r"regions?(?: sanitaires?)?|drs"),
    ("organisation", r"(?:structure|organisation|partenaire|agence) (?:de mise en (?:oe|œ)uvre|sur place|d execution)|operateur|implement.*"),
    ("partners", r"partenaires?(?: d appui)?|appui(?: de)?|(?:supporting )?partners?"),
    ("lead", r"(?:organisation |structure )?(?:responsable|chef de file)|lead(?: (?:agency|organisation|organization))?|organisation|organization|agence"),
    ("approach", r"approches?|approach|type d(?: )?approche"),
    ("objective", r"objectifs?(?: .*)?|axe(?: strategique)?|objective.*"),
    ("steps", r"irmma|etapes? irmma"),
    ("gender", r"(?:marqueur )?(?:de )?genre|gender(?: marker)?"),
    ("theory", r"theorie.*|theory.*|pourquoi.*"),
    ("begins", r"(?:date (?:de )?)?debut(?: prevu)?|date de debut.*|start(?: date)?|begins?"),
    ("ends", r"(?:date (?:de )?)?fin(?: prevue)?|date de fin.*|end(?: date)?|ends?|echeance"),
    ("target", r"cibles?|quantite(?: prevue)?|prevu|targets?|planned(?: quantity)?"),
    ("state", r"etat(?: d avancement)?|statut|avancement|state|status"),
    ("reason", r"raisons?|motifs?|reasons?|justification"),
)  # fmt: skip
OF_INTERVENTION = frozenset(
    {"title_fr", "title_en", "lead", "partners", "approach", "objective", "steps", "gender", "theory", "unit", "unit_cost"}
)  # fmt: skip
OF_CELL = frozenset({"organisation", "begins", "ends", "target", "state", "reason"})


def field_of(label: str) -> str:
    """Return the field that a heading names; "" for one that is not known."""
    bare = " ".join(re.sub(r"[^a-z0-9œ]+", " ", plain(label)).split())
    return next((field for field, form in _CALLED if re.fullmatch(form, bare)), "")
