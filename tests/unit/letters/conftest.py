"""Property tests here have no deadline: how long an example takes says something about the machine only."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
