"""The alert policy: observations in, alerts out. Pure, with explicit time.

>>> from fermon.domain import Tick
>>> policy = Policy(PolicySettings())
>>> policy.feed(Tick(t_ns=0))
[]
"""

from __future__ import annotations

from fermon.policy.policy import Policy
from fermon.policy.settings import PolicySettings

__all__ = ["Policy", "PolicySettings"]
