"""Which vaccine dose is meant, whatever the product was called?

Antigens with the number of doses of a primary series. Which product of which year carries which
antigen is a dated table in `kalanso.definitions`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Antigen(StrEnum):
    """An antigen of the childhood schedule, by the short code used in indicator names."""

    BCG = "bcg"
    HEPB0 = "hepb0"
    OPV0 = "opv0"
    DTP = "dtp"
    OPV = "opv"
    IPV = "ipv"
    PCV = "pcv"
    ROTA = "rota"
    MCV = "mcv"
    YF = "yf"
    MENA = "mena"
    RCV = "rcv"
    HPV = "hpv"
    MALARIA = "malaria"
    TT = "tt"
    VITA = "vita"


@dataclass(frozen=True)
class Dose:
    """One dose of an antigen, such as the first of DTP.

    `number` is 1 for antigens given once. The code (`dtp1`, `bcg`) is what indicator names use.
    """

    antigen: Antigen
    number: int = 1

    @property
    def code(self) -> str:
        """The short name, with the number where a series has several doses."""
        once = {Antigen.BCG, Antigen.HEPB0, Antigen.OPV0, Antigen.YF, Antigen.MENA}
        return self.antigen.value if self.antigen in once else f"{self.antigen.value}{self.number}"

    @property
    def doses_indicator(self) -> str:
        """The name under which counts of this dose stand in `observations`."""
        return f"{self.code}_doses"

    @classmethod
    def parse(cls, code: str) -> Dose:
        """Return the dose that a code such as `dtp1` or `bcg` names."""
        text = code.strip().lower()
        if text in set(Antigen):
            return cls(Antigen(text))
        if (found := re.fullmatch(r"([a-z]+)(\d)", text)) and found[1] in set(Antigen):
            return cls(Antigen(found[1]), int(found[2]))
        raise ValueError(f"expected a dose such as dtp1, mcv2 or bcg, got {code!r}")
