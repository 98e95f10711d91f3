"""How is a household survey laid out so that its numbers will bear what is asked of them?

Sample size and precision, a frame of places or of gridded cells, clusters drawn with probability proportional
to size, segments, replacements and what they cost, and weights whose every factor stays visible.
"""

from kalanso.surveys.design.frame import Merged, merged_cells, serpentine
from kalanso.surveys.design.precision import precision
from kalanso.surveys.design.raking import rake
from kalanso.surveys.design.replacements import REASONS, Reach, reach, whole_population
from kalanso.surveys.design.sample_size import (
    Cohort,
    SampleQuestion,
    design_effect,
    effective_children,
    sample_size,
)
from kalanso.surveys.design.scope import scope
from kalanso.surveys.design.segments import choose_households, choose_segments, segments_for
from kalanso.surveys.design.selection import select_clusters
from kalanso.surveys.design.weights import FACTORS, weights

__all__ = [
    "FACTORS",
    "REASONS",
    "Cohort",
    "Merged",
    "Reach",
    "SampleQuestion",
    "choose_households",
    "choose_segments",
    "design_effect",
    "effective_children",
    "merged_cells",
    "precision",
    "rake",
    "reach",
    "sample_size",
    "scope",
    "segments_for",
    "select_clusters",
    "serpentine",
    "weights",
    "whole_population",
]
