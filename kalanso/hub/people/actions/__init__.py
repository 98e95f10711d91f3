"""How do records of people change? Atomic, keyword-only, signed `by`, each with its line in the trail."""

from kalanso.hub.people.actions.citations import cite, cite_number
from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.actions.places import mirror_places
from kalanso.hub.people.actions.trail import record, state_of

__all__ = ["cite", "cite_number", "mirror_places", "notify", "record", "state_of"]
