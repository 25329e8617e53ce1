"""A question that wants a decision and brings no proposal of the owner's own (T5).

"This cycle or next?" leaves all of the thinking to the mentor; "I lean towards next, for the data" needs only a word.
The test is small on purpose and only ever leads to an offer, never to a refusal: a topic that wants a decision lacks a
proposal when it ends with a question and never says what the owner would do. English only, as the other one (`vague`).
"""

from __future__ import annotations

import re

from mentorup_daemon.records import Topic

PROPOSE = "is easier to decide with your own proposal beside it: what would you do, and why?"

_OWN = re.compile(
    r"\b(?:i(?:'d| would| lean| think| suggest| propose| plan| prefer| favou?r| tend|(?:'m| am) (?:for|inclined))"
    r"|my (?:proposal|plan|suggestion|preference|idea|recommendation|choice|way out))\b"
)


def wants_proposal(topic: Topic) -> bool:
    """True when it wants a decision and holds nothing but a question. Takes linear time, and any text."""
    if topic.wants != "decision":
        return False
    _, asked, behind = topic.text.rpartition("?")
    text = topic.text.replace("\u2019", "'").casefold()
    return bool(asked) and not any(char.isalnum() for char in behind) and not _OWN.search(text)
