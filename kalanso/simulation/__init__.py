"""What would a country's routine data look like if the truth were known?

The example country: Mali-like places, children, vaccinations, reports with every usual fault, and
the truth behind them, for demonstrations, tests and benchmarks. Nothing here knows how estimates are
made, and nothing of the truth stands in the tables that are meant to be published.
"""

from kalanso.simulation.country import ExampleCountry, NoSuchSize, example_country, learning_hub_report
from kalanso.simulation.extracts import write_extracts

__all__ = ["ExampleCountry", "NoSuchSize", "example_country", "learning_hub_report", "write_extracts"]
