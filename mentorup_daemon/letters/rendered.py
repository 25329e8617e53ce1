"""A letter's words, as templates give them and messages take them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter's words. `text` has LF line ends and ends in one. `fallbacks` names the owner's templates left aside."""

    subject: str
    text: str
    html: str
    fallbacks: tuple[str, ...] = ()
