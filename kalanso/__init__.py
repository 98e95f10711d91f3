"""Kalanso: where are the children whom vaccines have not reached, and what would reach them?

The library packages below this one work in a notebook without any server; `kalanso.hub` is the
website that stands on them.
"""

__version__ = "0.1.0"
