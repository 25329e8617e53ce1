"""Questions too vague to get a useful answer (P2): "any feedback?", "how am I doing?", "thoughts?".

Such a question leaves the work to the mentor: which piece, which side of it, by what measure. The test is small on
purpose, and only ever leads to an offer, never to a refusal: a question is vague when, beyond greetings and fillers, it
is nothing but one of the stock phrases. "Any feedback on the second aim?" names its object and passes. English only.
"""

from __future__ import annotations

import re

SHAPE = "what you have been working on, which part of it, how it went, and what is next"
"""What makes a question about one's work answerable, to be offered in place of a vague one."""

_FILLERS = re.compile(
    r"\b(?:at all|so far|these days|right now|in general|as usual|for me|for us|from you|so|well|and|hi|hey|hello"
    r"|please|just|also|maybe|perhaps|actually|generally|general|overall|quick|quickly|really|lately)\b"
)

_ASKED = (
    r"(?:do you have |have you |is there |are there |got |(?:could|can|would) you give me |give me "
    r"|i(?:'d| would) (?:like|love|appreciate) |i want |i need )?"
)
_WHICH = r"(?:any |some |your |more |other )?(?:other |further |additional |honest )?"
_OPINION = (
    r"(?:feedback|thoughts?|comments?|advice|suggestions?|tips|input|ideas?|opinions?|remarks|critique|criticism)"
)
_GOING = (
    r"(?:is it|are things|is everything|is my work|is my progress|does it look|do i look|did i do|was (?:i|it|that))"
)

_STOCK = (
    # a bare word for opinion: "any feedback?", "could you give me some advice?"
    _ASKED + _WHICH + _OPINION,
    r"feedback (?:welcome|wanted|appreciated|on my work|on me|on how i am doing)",
    # how it goes, without saying what: "how am I doing?"
    r"how (?:am i|are we|i am|i'm) (?:doing|coming along|progressing|getting on|getting along)",
    rf"how {_GOING}(?: going)?",
    # a verdict on nothing in particular: "what do you think?", "is it ok?"
    r"what (?:do|did|would) you (?:think|say|suggest|recommend|advise)(?: (?:of|about) (?:it|this|that|me|my work))?",
    r"what(?:'s| is) your (?:opinion|view|take|feedback|impression)",
    r"(?:is|was|does) (?:it|this|that|everything) (?:ok|okay|good|fine|alright|all right|look good|look ok)",
    r"am i (?:ok|okay|on track|doing well|doing ok|doing okay|good)",
    # open at every end: "how can I improve?", "anything else?"
    r"(?:what|how) (?:can|could|should) i (?:improve|do better|get better|be better)(?: on| at)?",
    r"what should i do(?: next)?",
    r"any(?:thing)? (?:else|to add|to say|i should know)",
)

_VAGUE = re.compile("|".join(f"(?:{phrase})" for phrase in _STOCK))
_WORDS = re.compile(r"[^\w' ]+")
_MOST = 200  # characters; who writes more than that says what about


def is_vague(text: str) -> bool:
    """True when the question is nothing but a stock phrase. Takes linear time, and any text."""
    if len(text) > _MOST:
        return False
    bare = _WORDS.sub(" ", text.casefold().replace("\u2019", "'"))
    bare = " ".join(_FILLERS.sub(" ", bare).split())
    return bool(_VAGUE.fullmatch(bare))
