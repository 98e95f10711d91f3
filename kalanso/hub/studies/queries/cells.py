"""From which units does a round draw where its frame is a grid, not a list of places?

Cells of a gridded population or of footprints of buildings are joined with their neighbours until a unit holds enough children, cells
thought empty too; units stand in bands from north to south, so that clusters spread over the land.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from django.utils.translation import gettext as _

from kalanso.hub.studies.queries.draws import WHOLE
from kalanso.hub.studies.queries.rounds import language
from kalanso.surveys.design import merged_cells, serpentine
from kalanso.vocabulary import format_value


def units(cells: Sequence[Mapping[str, Any]], *, least: float) -> list[dict[str, Any]]:
    """Return the frame of a draw: units of at least `least` children, each with its cells and the place of its fullest one.

    `cells`: cell_code, stratum ("" for none), place_code, children, longitude, latitude. Raises SurveyRefused where a stratum is too small.
    """
    table = pd.DataFrame(list(cells))
    table["stratum"] = table["stratum"].where(table["stratum"].ne(""), WHOLE)
    found = merged_cells(table, least=least)
    inside = found.members.groupby("unit_code", sort=False)["cell_code"].agg(list)
    place = table.set_index("cell_code")["place_code"]
    bands = max(1, round((len(found.units) / found.units["stratum"].nunique()) ** 0.5))
    return [
        {
            "unit_code": row["unit_code"], "name": _called(row), "place_code": place[row["unit_code"]], "stratum": row["stratum"],
            "stratum_name": row["stratum"], "children": row["children"], "cells": " ".join(inside[row["unit_code"]]),
        }
        for row in serpentine(found.units, bands=bands).to_dict("records")
    ]  # fmt: skip


def _called(row: Mapping[Any, Any]) -> str:
    """Name a unit by where its middle lies: nobody gave it a name."""
    at = {name: f"{row[name]:.4f}" for name in ("latitude", "longitude")}
    return _("Autour de %(latitude)s, %(longitude)s (cases : %(cells)s)") % {
        **at, "cells": format_value(int(row["cells"]), "count", language())
    }  # fmt: skip
