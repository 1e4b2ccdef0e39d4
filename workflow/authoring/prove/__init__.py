"""An exhaustive proof of a protocol version: every state a candidate can come to, and what must be so in it.

protocol ─► gates: values, intervals, contradictions ─┐
         ─► duties as bits, facts as effects ─────────┴► search ─► obligations ─► proven, or refused with a walk
"""

from workflow.authoring.prove.proof import Proof, Refutation, prove

__all__ = ["Proof", "Refutation", "prove"]
