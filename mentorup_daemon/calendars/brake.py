"""The brake against mass deletion (pitfall D04): a calendar that lost most of its events is suspect.

A server that is being restored, a wrong account, a proxy's empty answer: all look like a calendar whose owner has
cancelled everything. Nothing is withdrawn on the first sight of that. The service decides; this only judges numbers.
"""

from __future__ import annotations

_ALL_OF = 3  # so many, and every one of them gone: no longer somebody tidying up
_MOST_OF = 10  # from here on, more than half gone is suspect too


def suspicious(known: int, gone: int) -> bool:
    """True when `gone` of `known` resources vanishing at once should not be believed at first sight."""
    if gone <= 0:
        return False
    return (known >= _ALL_OF and gone >= known) or (known >= _MOST_OF and gone * 2 > known)
