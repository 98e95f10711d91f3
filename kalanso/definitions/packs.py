"""What does a country say about its immunization programme?

Loads the generic pack and lays the pack of a country over it. Everything is checked when it is
loaded, so that a mistake in a file is said at once and never becomes a wrong number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from kalanso.definitions.entries import LANGUAGES, Entry, read_yaml
from kalanso.definitions.faults import PackFault, UnknownCode
from kalanso.definitions.indicators import IndicatorDefinition, check_references, read_indicators
from kalanso.definitions.places import Country, LevelDefinition, read_country, read_levels
from kalanso.definitions.populations import PopulationSource, read_populations
from kalanso.definitions.sources import Declarations, check_links, laid_over, read_declarations
from kalanso.definitions.thresholds import REQUIRED, Threshold, check_number, nested, read_thresholds
from kalanso.definitions.vaccines import Product, ScheduledDose, read_products, read_schedule
from kalanso.vocabulary import Tree

GENERIC = "generic"
_ISO_CODE = re.compile("[A-Z]{2}")
FILES = ("country", "levels", "names", "thresholds", "products", "schedule", "indicators")
OPTIONAL = ("quality", "populations", "sources")


@dataclass(frozen=True, kw_only=True, eq=False)
class Pack:
    """The definitions of one country.

    `thresholds` maps dotted paths to values with their source, `names` sections to codes to texts.
    """

    country: Country
    levels: tuple[LevelDefinition, ...]
    names: Mapping[str, Mapping[str, Mapping[str, str]]]
    thresholds: Mapping[str, Threshold]
    products: tuple[Product, ...]
    schedule: tuple[ScheduledDose, ...]
    indicators: Mapping[str, IndicatorDefinition]
    populations: tuple[PopulationSource, ...] = ()
    sources: Declarations = field(default_factory=Declarations)

    def name(self, code: str, locale: str = "fr") -> str:
        """Return what people call a code: an indicator, level, dose, antigen, product, context ...

        A section before the code (`strategy.all`, `level.district`) settles codes that several
        sections hold. Codes that the pack does not know are returned as they are.
        """
        if locale not in LANGUAGES:
            raise UnknownCode(f"locale: expected one of {', '.join(LANGUAGES)}, got {locale!r}")
        section, dot, rest = code.partition(".")
        if dot and section == "level":
            return self._level_names().get(rest, {}).get(locale, code)
        if dot and section in self.names:
            return self.names[section].get(rest, {}).get(locale, code)
        if code in self.indicators:
            return self.indicators[code].name[locale]
        for names in (self._level_names(), *self.names.values(), self._product_names()):
            if code in names:
                return names[code][locale]
        return code

    def threshold(self, path: str) -> float:
        """Return the number at a dotted path such as `rec.access_minimum`."""
        found = self.thresholds.get(path)
        if found is None:
            raise UnknownCode(f"threshold: no entry {path!r} in the pack {self.country.code}")
        if isinstance(found.value, bool) or not isinstance(found.value, int | float):
            raise UnknownCode(f"threshold: expected a number at {path!r}, found {found.value!r}")
        return float(found.value)

    def section(self, name: str) -> dict[str, Any]:
        """Return the plain values below a path, such as `quality`, as nested mappings."""
        return nested(self.thresholds, name)

    def levels_of(self, tree: Tree) -> tuple[LevelDefinition, ...]:
        """Return the rungs of one tree, from the country downwards."""
        return tuple(level for level in self.levels if level.tree == tree)

    def products_on(self, day: date) -> tuple[Product, ...]:
        """Return the products in use on a day."""
        return tuple(product for product in self.products if product.is_valid_on(day))

    def _level_names(self) -> dict[str, Mapping[str, str]]:
        # A level that stands in both trees is called as in the health tree.
        return {rung.level.value: rung.name for rung in reversed(self.levels)}

    def _product_names(self) -> dict[str, Mapping[str, str]]:
        return {product.code: product.name for product in self.products}


@lru_cache
def load(country: str = GENERIC) -> Pack:
    """Return the pack of a country by ISO code (`ML`); the generic one for countries without a pack.

    Raises PackFault where an entry of a file cannot be used.
    """
    packs = Path(str(resources.files("kalanso.definitions") / "packs"))
    return read_pack(packs / GENERIC, packs / country if _ISO_CODE.fullmatch(country) else None)


def read_pack(generic: Path, own: Path | None = None) -> Pack:
    """Return the pack that a folder of YAML files makes, laid over the generic folder."""
    folders = [generic] + ([own] if own is not None and own.is_dir() else [])
    parts: dict[str, Any] = {"names": {}, "thresholds": {}, "products": (), "indicators": {}}
    for folder in folders:
        _lay_over(parts, folder)
    if missing := [name for name in FILES if not parts.get(name)]:
        raise PackFault(
            file=generic.name, key="(folder)", expected=", ".join(f"{name}.yaml" for name in FILES),
            found=f"no {missing[0]}.yaml",
        )  # fmt: skip
    for path in REQUIRED:
        check_number(parts["thresholds"], path, file="thresholds.yaml", key=path)
    check_references(parts["indicators"], parts["thresholds"], "indicators.yaml")
    check_links(parts.get("sources", Declarations()), "sources.yaml")
    return Pack(**parts)


def _lay_over(parts: dict[str, Any], folder: Path) -> None:
    """Lay the files of one folder over what is there: whole files, or entry by entry."""
    files = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if unknown := sorted(set(files) - {*FILES, *OPTIONAL}):
        raise PackFault(
            file=f"{folder.name}/{unknown[0]}.yaml", key="(file name)",
            expected=f"one of {', '.join((*FILES, *OPTIONAL))}", found=unknown[0],
        )  # fmt: skip
    content = {stem: (read_yaml(path), f"{folder.name}/{path.name}") for stem, path in files.items()}
    for stem, read in (("country", read_country), ("levels", read_levels), ("schedule", read_schedule)):
        if stem in content:
            parts[stem] = read(*content[stem])
    if "names" in content:
        parts["names"] = _merged_names(parts["names"], *content["names"])
    for stem, under in (("thresholds", ""), ("quality", "quality")):
        if stem in content:
            parts["thresholds"] |= read_thresholds(*content[stem], under=under)
    if "products" in content:
        parts["products"] = _merged_products(parts["products"], read_products(*content["products"]))
    if "populations" in content:
        # A country's own rows are asked first.
        parts["populations"] = (*read_populations(*content["populations"]), *parts.get("populations", ()))
    if "sources" in content:
        own = read_declarations(*content["sources"])
        parts["sources"] = laid_over(parts.get("sources", Declarations()), own)
    if "indicators" in content:
        doses = parts["names"].get("dose", {})
        parts["indicators"] |= read_indicators(*content["indicators"], doses=doses)


def _merged_names(
    names: dict[str, dict[str, Mapping[str, str]]], value: Any, file: str
) -> dict[str, dict[str, Mapping[str, str]]]:
    merged = {section: dict(codes) for section, codes in names.items()}
    sections = Entry(value, file=file, key="names")
    for section in sections.values:
        codes = Entry(sections.raw(section, "codes"), file=file, key=section)
        merged.setdefault(section, {}).update({str(code): codes.both(code) for code in codes.values})
    return merged


def _merged_products(generic: tuple[Product, ...], own: tuple[Product, ...]) -> tuple[Product, ...]:
    redefined = {product.code for product in own}
    return tuple(product for product in generic if product.code not in redefined) + own
