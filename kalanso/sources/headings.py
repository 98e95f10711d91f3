"""Which indicator, age, strategy, sector or sex do the words of a form mean?

Recognises what vaccination forms in French and English usually print. A saved column map always
overrides what is recognised here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kalanso.sources.column_maps import Meaning
from kalanso.sources.months import plain
from kalanso.vocabulary import Antigen, Dose

# (words that name the antigen, antigen, whether doses are numbered, product where the words say one)
_VACCINES: tuple[tuple[str, Antigen, str], ...] = (
    (r"penta(?:valent)?|dtc\W*hep\W*b?\W*hib|dpt\W*hep\W*b?\W*hib", Antigen.DTP, "penta"),
    (r"hexa(?:valent)?", Antigen.DTP, "hexa"),
    (r"dtc|dtp|dpt|dtcoq|tetra", Antigen.DTP, ""),
    (r"bcg", Antigen.BCG, ""),
    (r"hep\W*b|hepatite\W*b|hepatitis\W*b|vhb|hbv|hepb(?:birth|b)", Antigen.HEPB0, ""),
    (r"vpo|opv|polio|pol|bopv|topv", Antigen.OPV, ""),
    (r"vpi|ipv", Antigen.IPV, ""),
    (r"pneumo(?:coque)?|pcv\W*(?:10|13)?(?=\W*\d?\b)|vpc|pneumococcal", Antigen.PCV, ""),
    (r"rota(?:virus|rix|teq|siil|vac)?|vrota", Antigen.ROTA, ""),
    (r"var|rr|mr|mcv|rougeole|measles|mmr|ror", Antigen.MCV, ""),
    (r"vaa|faj|amaril|fievre\W*jaune|yellow\W*fever|yfv?|fj", Antigen.YF, ""),
    (r"men\W*a|menafrivac|meningite(?:\W*a)?|meningitis(?:\W*a)?|mac", Antigen.MENA, ""),
    (r"hpv|vph", Antigen.HPV, ""),
    (r"malaria|paludisme|r21|rts\W*s", Antigen.MALARIA, ""),
    (r"vat|td|tt", Antigen.TT, ""),
)
_OTHER: tuple[tuple[str, str], ...] = (
    (r"(?:cpn|anc)\W*1", "anc1_visits"),
    (r"(?:cpn|anc)\W*4", "anc4_visits"),
    (r"accouchements? assistes?|skilled (?:births?|deliver(?:y|ies))", "skilled_births"),
    (r"naissances? attendues?|births? expected|expected births?", "births"),
    (r"naissances? vivantes?|live births?", "live_births"),
    (r"nourrissons survivants|enfants survivants|surviving infants?", "surviving_infants"),
    (r"(?:population|pop)\W*(?:totale?)?", "population_total"),
    (
        r"(?:population|pop|enfants)\W*(?:0\W*11\W*mois|(?:de )?moins d\W*(?:un|1) an|under\W*1)",
        "population_under_1",
    ),
    (
        r"(?:population|pop|enfants)\W*(?:0\W*59\W*mois|(?:de )?moins de 5 ans|under\W*5)",
        "population_under_5",
    ),
    (r"cas (?:suspects? )?de rougeole|measles cases", "measles_cases"),
)
_AGES: tuple[tuple[str, str], ...] = (
    (r"(?:0|zero)\W*(?:a|to)?\W*11\W*(?:mois|m|months?)?|(?:<|moins d[e']?|under|below)\W*(?:1|un|one|12)\W*(?:an|ans|mois|year|yr|months?)?", "0-11m"),
    (r"12\W*(?:a|to)?\W*23\W*(?:mois|m|months?)?|(?:1|un|one)\W*(?:an|year)", "12-23m"),
    (r"24\W*(?:a|to)?\W*59\W*(?:mois|m|months?)?|2\W*(?:a|to)?\W*(?:4|5)\W*(?:ans|years)", "24-59m"),
    (r"60\W*(?:mois|m|months?)?\W*(?:\+|et plus|and (?:over|older|more))|60m|5\W*(?:ans?|years)?\W*(?:\+|et plus|and (?:over|older|more))|5\W*(?:a|to)?\W*14\W*(?:ans?|years)", "60m+"),
    (r"inconnue?|unknown|age inconnu|unknown age|non precise", "unknown"),
    (r"tous(?: ages)?|total|all(?: ages)?|ensemble", "all"),
)  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "strategy": {
        "fixe": "fixed", "fixed": "fixed", "fixed post": "fixed", "avancee": "outreach", "avance": "outreach",
        "outreach": "outreach", "mobile": "mobile", "campagne": "campaign", "campaign": "campaign",
        "avs": "campaign", "sia": "campaign", "rattrapage": "catch_up", "catch-up": "catch_up",
        "catch up": "catch_up", "periodique": "catch_up",
    },
    "sector": {
        "public": "public", "publique": "public", "prive": "private", "privee": "private", "private": "private",
        "ong": "ngo", "ngo": "ngo", "confessionnel": "ngo", "communautaire": "public",
    },
    "sex": {
        "f": "female", "feminin": "female", "femme": "female", "fille": "female", "filles": "female",
        "female": "female", "girls": "female", "girl": "female", "m": "male", "masculin": "male", "homme": "male",
        "h": "male", "garcon": "male", "garcons": "male", "male": "male", "boys": "male", "boy": "male",
    },
}  # fmt: skip
_EVERYWHERE = {
    "inconnu": "unknown", "inconnue": "unknown", "unknown": "unknown", "nd": "unknown", "tous": "all",
    "toutes": "all", "total": "all", "all": "all", "ensemble": "all", "both": "all",
}  # fmt: skip
_NUMBERED_ONCE = {Antigen.BCG, Antigen.HEPB0, Antigen.YF, Antigen.MENA}
_FILLERS = re.compile(
    r"\b(?:nombre|nbre|nb|number|no|of|de|d|des|du|doses?|enfants?|children|vaccin(?:es?|ations?|e|s)?|vaccinated|"
    r"administrees?|administered|given|ayant|recu|received|en|par|by|total|les|le|la|the|antigene|dose|enf)\b"
)
_ORDINALS: Mapping[str, str] = {
    word: number
    for number, words in (
        ("1", "1ere 1re 1er 1e premiere premier first 1st"), ("2", "2eme 2e deuxieme seconde second 2nd"),
        ("3", "3eme 3e troisieme third 3rd"),
    )
    for word in words.split()
}  # fmt: skip


def recognised(label: str) -> Meaning | None:
    """Return what a heading such as `Penta 1 (0-11 mois)` or `DTC-HepB-Hib1` counts, or None.

    Only doses, visits and populations are recognised; a heading that also speaks of coverage, stock
    or targets is left to a person.
    """
    text = plain(label).replace("_", " ")
    if re.search(
        r"couv|cover|taux|rate|%|stock|cible|target|perte|wast|abandon|dropout|recu[es]*\b.*flac|flacon|vial",
        text,
    ):
        return None
    for form, code in _OTHER:
        if re.fullmatch(form, text):
            return Meaning(indicator=code)
    age, rest = _age_inside(text)
    bare = " ".join(_FILLERS.sub(" ", re.sub(r"[()\[\]:'.]", " ", rest)).split()).strip("-/.,; ")
    bare = _numbered_last(bare)
    for words, antigen, product in _VACCINES:
        if found := re.fullmatch(rf"(?:{words})[\W_]*(?P<n>\d)?(?:\W*(?:ere?|re|eme|e|st|nd|rd|th))?", bare):
            return _dose(antigen, found["n"], product, age)
    return None


def _numbered_last(text: str) -> str:
    """Return a name with the number of its dose behind it once, wherever it stood: 1ère penta, penta1 (1ère dose)."""
    words = text.split()
    for at in (0, -1):
        number = _ORDINALS.get(words[at]) if len(words) > 1 else None
        if number is None and at == 0 and len(words) > 1 and words[0] in {"1", "2", "3"}:
            number = words[0]
        if number is not None:
            rest = words[1:] if at == 0 else words[:-1]
            told = re.search(r"(\d)$", rest[-1])
            return " ".join(rest) if told and told[1] == number else " ".join([*rest, number])
    return text


def _dose(antigen: Antigen, number: str | None, product: str, age: str) -> Meaning | None:
    if antigen is Antigen.OPV and number == "0":
        antigen = Antigen.OPV0
    elif antigen is Antigen.HEPB0 and number not in {None, "0", "1"}:
        return None
    elif antigen not in _NUMBERED_ONCE and (number is None or number == "0"):
        if antigen not in {Antigen.MCV, Antigen.IPV} or number == "0":
            return None
        number = "1"
    # Six months of age or more, one dose: a second number would be another vaccine.
    once = antigen in _NUMBERED_ONCE or antigen is Antigen.OPV0
    return Meaning(
        indicator=Dose(antigen, 1 if once else int(number or 1)).doses_indicator,
        product=product,
        age_band=age,
    )


def _age_inside(text: str) -> tuple[str, str]:
    for form, code in _AGES[:3]:
        if found := re.search(rf"(?<!\d)(?:{form})(?!\d)", text):
            if re.search(r"\d\W+\d|an|mois|month|year|<", found[0]):
                return code, text[: found.start()] + " " + text[found.end() :]
    return "", text


def quality_code(role: str, label: str, labels: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the code of a word for an age band, strategy, sector or sex, or None.

    `labels` are the words of the column map, which go first; products keep their own name.
    """
    text = plain(label)
    for word, code in labels.get(role, {}).items():
        if plain(word) == text:
            return code
    if role == "product":
        return slug(label)
    if role == "age_band":
        bare = re.sub(r"\bans?\b$", "an", text)
        return next(
            (code for form, code in _AGES if re.fullmatch(form, bare) or re.fullmatch(form, text)), None
        )
    text = re.sub(r"^(?:strategie|strategy|secteur|sector|sexe|sex)\s+|\s+(?:strategy|sector)$", "", text)
    return _WORDS[role].get(text) or _EVERYWHERE.get(text)


def slug(label: str) -> str:
    """Return a heading as a code: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", plain(label)).strip("_")
