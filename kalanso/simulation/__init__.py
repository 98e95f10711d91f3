"""What would a country's routine data look like if the truth were known?

The example country: Mali-like places, children, vaccinations, reports with every usual fault, and
the truth behind them, for demonstrations, tests and benchmarks; and random countries as evidence
(`simulate_evidence`), to prove that estimates are calibrated. Nothing here knows how estimates are
made, and nothing of the truth stands in the tables that are meant to be published.
"""

from kalanso.simulation.country import ExampleCountry, NoSuchSize, example_country, learning_hub_report
from kalanso.simulation.evidence_country import EvidenceTruth, simulate_evidence, write_evidence
from kalanso.simulation.evidence_settings import STRESSES, EvidenceSettings
from kalanso.simulation.extracts import write_extracts
from kalanso.simulation.other_sources import OtherSources

__all__ = [
    "STRESSES",
    "EvidenceSettings",
    "EvidenceTruth",
    "ExampleCountry",
    "NoSuchSize",
    "OtherSources",
    "example_country",
    "learning_hub_report",
    "simulate_evidence",
    "write_evidence",
    "write_extracts",
]
