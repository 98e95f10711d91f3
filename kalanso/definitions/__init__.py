"""What does a country define: indicators, thresholds, levels, products, schedule, names?

YAML packs, one per country over a generic one, checked when they are loaded. Computing with them
belongs to `kalanso.indicators` and to the packages above.
"""

from kalanso.definitions.approaches import ApproachRule, approach_rules
from kalanso.definitions.faults import PackFault, UnknownCode
from kalanso.definitions.immunization_package import immunization_package
from kalanso.definitions.indicators import Conversion, IndicatorDefinition
from kalanso.definitions.packs import Pack, load, read_pack
from kalanso.definitions.places import Country, LevelDefinition
from kalanso.definitions.populations import PopulationSource, population_source
from kalanso.definitions.reference import indicator_reference
from kalanso.definitions.sources import Declarations, DeclaredSource, Need
from kalanso.definitions.thresholds import Threshold
from kalanso.definitions.vaccines import Product, ScheduledDose

__all__ = [
    "ApproachRule",
    "Conversion",
    "Country",
    "Declarations",
    "DeclaredSource",
    "IndicatorDefinition",
    "LevelDefinition",
    "Need",
    "Pack",
    "PackFault",
    "PopulationSource",
    "Product",
    "ScheduledDose",
    "Threshold",
    "UnknownCode",
    "approach_rules",
    "immunization_package",
    "indicator_reference",
    "load",
    "population_source",
    "read_pack",
]
