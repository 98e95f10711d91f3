"""What could the villages of the example country be called?

Names put together from elements that are common in real village names. They are made up; a real
village of the same name is a coincidence. Names of districts and of the Learning Hub's health
areas are facts and stand in `facts/`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Elements of Mande names: -bougou and -dougou mean village, -koro old, -koura new, -ba great, -ni small.
_SOUTH_STEMS = (
    "Bala", "Banan", "Bara", "Dala", "Diala", "Diara", "Diéou", "Djoli", "Doni", "Fala", "Fama", "Fani",
    "Fara", "Folo", "Kala", "Kassa", "Kéla", "Kolo", "Konso", "Kouma", "Lanfia", "Madina", "Massa", "Moribi",
    "Nama", "N'Golo", "N'Tji", "Niama", "Sama", "Sanan", "Sébé", "Sienso", "Sira", "Soro", "Tala", "Tiéma",
    "Torodo", "Wolo", "Yara", "Zana", "Zéguéla", "Ziéna",
)  # fmt: skip
_SOUTH_ENDS = (
    "bougou", "dougou", "koro", "koura", "la", "so", "ni", "bala", "kourani", "wèrè", "kolon", "toumou",
)  # fmt: skip
# Elements of Songhay and Tamasheq names: koyra town, gounda island or hollow, Tin- and In- place of.
_NORTH_STARTS = ("Tin-", "In-", "Aguel-", "Ti-n-", "Koyra ", "Banda ", "Gounda ", "Hondo ")
_NORTH_ENDS = (
    "Abaka", "Adjé", "Agar", "Alher", "Amassin", "Azara", "Béri", "Daga", "Ekar", "Farabou", "Gossi", "Haoussa",
    "Kano", "Malfa", "Ouri", "Samba", "Talit", "Tefis", "Tillit", "Zarho",
)  # fmt: skip
_QUARTERS = (
    "Nord", "Sud", "Médine", "Lafiabougou", "Hamdallaye", "Bagadadji", "Dar-Salam", "Missira", "Plateau",
    "Sokoura", "Torokorobougou", "Kalanbougou", "Banconi", "Bougouba", "Quartier-Mali", "Djélibougou",
    "Sogoniko", "Faladié", "Yirimadio", "Niamana", "Sébénikoro", "Lassa", "Taliko", "Doumanzana", "Boulkassoumbougou",
    "Fadjiguila", "Nafadji", "Moussabougou", "Sabalibougou", "Daoudabougou", "Garantiguibougou", "Magnambougou",
    "Sénou", "Banankabougou", "Dianéguéla", "Sirakoro", "Samé", "Darsalam II", "Point-G", "Koulouba",
    "Badialan", "Ouolofobougou", "N'Tomikorobougou", "Zone Industrielle", "Korofina", "Sotuba", "Djicoroni",
    "Kouloubléni", "Sikoroni", "Titibougou",
)  # fmt: skip


def village_names(count: int, *, north: bool, taken: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return distinct village names that are not among `taken`."""
    if north:
        made = [a + b for a in _NORTH_STARTS for b in _NORTH_ENDS]
    else:
        made = [a + b for a in _SOUTH_STEMS for b in _SOUTH_ENDS if not a.endswith(b)]
    free = sorted(set(made) - set(taken))
    return [str(name) for name in rng.choice(free, size=count, replace=False)]


def quarter_names(town: str, count: int) -> list[str]:
    """Return names for the health areas of a town: the centre first, then its quarters."""
    names = [f"{town} Central", *(f"{town} {quarter}" for quarter in _QUARTERS)]
    return names[:count]


def commune_quarter_names(commune: str, count: int, *, offset: int) -> list[str]:
    """Return names for the health areas of a commune of the capital, which go by quarter alone."""
    pool = [quarter for quarter in _QUARTERS if quarter not in {"Nord", "Sud"}]
    turned = pool[offset % len(pool) :] + pool[: offset % len(pool)]
    short = commune.replace("Commune ", "C")
    more = [f"{quarter} {part}" for part in ("Est", "Ouest") for quarter in turned]
    return [f"{name} ({short})" for name in [*turned, *more][:count]]
