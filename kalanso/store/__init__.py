"""Where do published tables stand, and who may see what of them?

Immutable snapshots with provenance, read through Ibis. Every table is declared by the package that
produces it (`tables.py`); this package keeps any of them.
"""

from kalanso.store.engines import Engine, EngineMissing
from kalanso.store.flags import NotVisible
from kalanso.store.manifests import Input, Manifest, Part, Provenance
from kalanso.store.parts import Mode
from kalanso.store.store import (
    CannotWithdraw,
    NoSuchSnapshot,
    NoSuchStore,
    Problem,
    Store,
)
from kalanso.store.tables import (
    Audience,
    Column,
    Security,
    Suppression,
    TableRefused,
    TableSpec,
)
from kalanso.store.visibility import Scope, visible, withheld_places

__all__ = [
    "Audience",
    "CannotWithdraw",
    "Column",
    "Engine",
    "EngineMissing",
    "Input",
    "Manifest",
    "Mode",
    "NoSuchSnapshot",
    "NoSuchStore",
    "NotVisible",
    "Part",
    "Problem",
    "Provenance",
    "Scope",
    "Security",
    "Store",
    "Suppression",
    "TableRefused",
    "TableSpec",
    "visible",
    "withheld_places",
]
