"""One small and one full example country for all tests of this folder."""

from __future__ import annotations

import pytest

from kalanso.simulation import ExampleCountry, example_country


@pytest.fixture(scope="session")
def small() -> ExampleCountry:
    """Two regions, five districts, 25 health areas."""
    return example_country(size="small")


@pytest.fixture(scope="session")
def full() -> ExampleCountry:
    """The whole country."""
    return example_country(size="full")
