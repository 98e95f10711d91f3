"""Which records does the evidence desk keep?

One file per kind of record; everything is imported here, since Django looks only here.
"""

from kalanso.hub.evidence.models.runs import AgreedSentence, Run, RunCheck, RunStep

__all__ = ["AgreedSentence", "Run", "RunCheck", "RunStep"]
