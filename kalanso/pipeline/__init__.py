"""What can be done with a store, one verb after the other?

Fetch, import, check, publish, catalogue, estimate: each verb takes a store or a folder, says how far it is (`progress`),
can be stopped (`cancel`) and knows no clock (`now`). The command line and the hub call the same.
"""

from kalanso.pipeline.assumptions import Assumed, assumptions, assumptions_folder
from kalanso.pipeline.bulletins import BulletinsWritten, bulletins
from kalanso.pipeline.catalogue import Catalogued, catalogue
from kalanso.pipeline.check import Checked, check
from kalanso.pipeline.computation_status import read_status
from kalanso.pipeline.demo import Demo, NotADemo, demo
from kalanso.pipeline.estimate import Estimated, estimate, estimate_folder
from kalanso.pipeline.evidence import NothingToWorkOn
from kalanso.pipeline.evidence_account import look
from kalanso.pipeline.evidence_folder import EvidenceWritten, write_evidence
from kalanso.pipeline.fetch import Attempt, fetch
from kalanso.pipeline.import_file import CannotImport, Imported, import_file
from kalanso.pipeline.kept_runs import KeptRun, Shown, adopt, keep_estimate, kept_run, show_runs
from kalanso.pipeline.monthly_review import Said, monthly_review
from kalanso.pipeline.one_at_a_time import AlreadyComputing
from kalanso.pipeline.progress import Cancel, Cancelled, Progress
from kalanso.pipeline.publish import Published, publish
from kalanso.pipeline.publish_estimates import release
from kalanso.pipeline.pull_dhis2 import Pulled, pull_dhis2
from kalanso.pipeline.recompute import Recomputed, recompute
from kalanso.pipeline.refine import left_to_refine, refine
from kalanso.pipeline.reviewing import keep_matches, matches_from_csv, matches_to_csv, read_matches
from kalanso.pipeline.tables import TABLES
from kalanso.pipeline.targets import TargetsWritten, targets
from kalanso.pipeline.triangulate import Triangulated, triangulate
from kalanso.pipeline.withdraw import withdraw

__all__ = [
    "TABLES",
    "AlreadyComputing",
    "Assumed",
    "Attempt",
    "BulletinsWritten",
    "Cancel",
    "Cancelled",
    "CannotImport",
    "Catalogued",
    "Checked",
    "Demo",
    "Estimated",
    "EvidenceWritten",
    "Imported",
    "KeptRun",
    "NotADemo",
    "NothingToWorkOn",
    "Progress",
    "Published",
    "Pulled",
    "Recomputed",
    "Said",
    "Shown",
    "TargetsWritten",
    "Triangulated",
    "adopt",
    "assumptions",
    "assumptions_folder",
    "bulletins",
    "catalogue",
    "check",
    "demo",
    "estimate",
    "estimate_folder",
    "fetch",
    "import_file",
    "keep_estimate",
    "keep_matches",
    "kept_run",
    "left_to_refine",
    "look",
    "matches_from_csv",
    "matches_to_csv",
    "monthly_review",
    "publish",
    "pull_dhis2",
    "read_matches",
    "read_status",
    "recompute",
    "refine",
    "release",
    "show_runs",
    "targets",
    "triangulate",
    "withdraw",
    "write_evidence",
]
