"""A small sound folder of evidence, for tests to spoil."""

from __future__ import annotations

from pathlib import Path

SOUND: dict[str, str] = {
    "places": """place_code,parent_code,longitude,latitude
ML,,,
north,ML,,
a,north,-7.1,13.2
b,north,-7.3,13.4
c,ML,-6.5,12.1
d,ML,-6.2,12.4
""",
    "neighbours": "place_code,neighbour_code\na,b\nc,d\n",
    "covariates": "place_code,urban,travel_hours\na,1,0.5\nb,0,3.2\nc,0,2.1\nd,1,0.7\n",
    "doses": "place_code,period,indicator,value,reports_received,reports_expected\n"
    + "".join(
        f"{area},{year}Q{quarter},dtp{dose}_doses,{100 + 10 * quarter - 20 * (dose == 3)},3,3\n"
        for area in "abcd"
        for year in (2022, 2023)
        for quarter in (1, 2, 3, 4)
        for dose in (1, 3)
    ),
    "denominators": "source,place_code,period,surviving_infants\n"
    + "".join(f"{s},{p},2022,{500 + n}\n" for s in ("census", "worldpop") for n, p in enumerate("abcd")),
    "denominator_sources": "source,parent_source,bias_sd,base_year,anchor\ncensus,,0.04,2022,yes\nworldpop,census,0.1,,no\n",
    "surveys": "survey,cluster,place_code,start,end,indicator,vaccinated,children\n"
    "eds,1,a,2022Q1,2022Q4,dtp1,12,16\neds,2,c,2022Q1,2022Q4,dtp1,9,15\neds,1,a,2022Q1,2022Q4,dtp3,8,16\n",
    "strata": "place_code,stratum,share\na,urban,0.3\na,rural,0.7\n",
    "survey_areas": "survey,place_code,start,end,indicator,coverage,standard_error\n"
    "mics,ML,2022Q1,2022Q4,dtp1,0.78,0.02\n",
    "stock": "place_code,period,doses_used,wastage\nnorth,2022Q1,700,0.1\n",
    "recounts": "place_code,period,indicator,recounted,reported\na,2022Q2,dtp1_doses,80,100\n",
    "facility_status": "place_code,period,functional_share\nb,2022Q3,0\n",
    "attendance": "place_code,kind,from_code,share\nd,hub,ML,0.2\nnorth,neighbours,,\n",
    "displacement": "place_code,period,children_change\nb,2022Q3,0.4\n",
    "lots": "round,place_code,start,end,indicator,children,vaccinated,decision,decision_value\n"
    "r1,c,2022Q1,2022Q2,dtp1,19,14,,\nr1,d,2022Q1,2022Q2,dtp1,19,,pass,13\n",
}


def folder(path: Path, **changed: str | None) -> Path:
    """Write the sound folder with some files replaced; None leaves a file out."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in {**SOUND, **changed}.items():
        if text is not None:
            (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def doses(
    *rows: str, columns: str = "place_code,period,indicator,value,reports_received,reports_expected"
) -> str:
    """Return a file of doses."""
    return "\n".join([columns, *rows]) + "\n"
