"""Which records does the hub keep of money?

One file per kind of record; everything is imported here, since Django looks only here.
"""

from kalanso.hub.grants.models.framework import AgreedIndicator, Chain, CountedIntervention
from kalanso.hub.grants.models.grants import Grant, GrantParent, Lever
from kalanso.hub.grants.models.identifiers import IatiIdentifier
from kalanso.hub.grants.models.ledger import BudgetLine, Entry
from kalanso.hub.grants.models.loads import MoneyLoad
from kalanso.hub.grants.models.rates import ExchangeRate

__all__ = [
    "AgreedIndicator",
    "BudgetLine",
    "Chain",
    "CountedIntervention",
    "Entry",
    "ExchangeRate",
    "Grant",
    "GrantParent",
    "IatiIdentifier",
    "Lever",
    "MoneyLoad",
]
