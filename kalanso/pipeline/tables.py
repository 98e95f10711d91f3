"""Which tables can stand in a store?

Every table of the library, each declared by the package that produces it.
"""

from __future__ import annotations

from kalanso.coverage.tables import TABLES as COVERAGE_TABLES
from kalanso.indicators.tables import TABLES as INDICATOR_TABLES
from kalanso.pipeline.demo_truth import DEMO_TRUTH
from kalanso.places.tables import TABLES as PLACE_TABLES
from kalanso.planning.portfolio_tables import PORTFOLIO_TABLES
from kalanso.quality.tables import TABLES as QUALITY_TABLES
from kalanso.simulation.tables import TABLES as SIMULATION_TABLES
from kalanso.sources.catalogue.tables import TABLES as CATALOGUE_TABLES
from kalanso.sources.tables import TABLES as IMPORT_TABLES
from kalanso.store import TableSpec
from kalanso.surveys.tables import PUBLISHED_TABLES as SURVEY_TABLES
from kalanso.triangulation.tables import TABLES as TRIANGULATION_TABLES

TABLES: tuple[TableSpec, ...] = (
    *PLACE_TABLES,
    *INDICATOR_TABLES,
    *QUALITY_TABLES,
    *IMPORT_TABLES,
    *CATALOGUE_TABLES,
    *SURVEY_TABLES,
    *COVERAGE_TABLES,
    *TRIANGULATION_TABLES,
    *PORTFOLIO_TABLES,  # what people keep in the hub
    *SIMULATION_TABLES,  # the truth of the example country, private
    DEMO_TRUTH,  # what is shown of it, on request, in a demonstration
)
