"""Sentences that ask for something to be done, or promise it. Offered to the owner, never acted upon.

Conservative on purpose: an item that is missed is still in the text, ten wrong ones make the right one invisible. Only
signs that hardly ever mean anything else count: a mark (`TODO`, `Action:`, `- [ ]`), a request (`please send`, `could
you send`), a promise (`I'll send you`), a day (`by Friday`) in a sentence that asks or promises. English only: the
signs of other languages are too often something else.
"""

from __future__ import annotations

import re

MOST_ITEMS = 50
MOST_TEXT = 200_000  # characters; nobody asks for anything behind that

_MARK = re.compile(
    r"(?:[-*•]\s+)?(?:\[ ?\]|(?:TODO|TO DO|To-do|ToDo|todo)\b\s?[:–-]?|(?i:action(?: item)?s?|next steps?)\s?:)"
    r"\s*(?P<text>.*)"
)
_LIST_MARK = re.compile(r"^\s*(?:[-*•–>]\s*){0,5}(?:\d{1,2}[.)]\s+)?")
_DONE = re.compile(r"(?:[-*•]\s+)?\[[xX✓]\]")
_VERB = (
    r"(?:send|email|mail|forward|share|write|draft|revise|update|upload|submit|finish|complete|read|review|check|"
    r"look (?:at|into|over)|ask|call|contact|book|schedule|set up|arrange|prepare|bring|add|cut|fix|sign|register|"
    r"apply|let me know|get back|follow up|talk to|speak to|introduce|put (?:me|you) in touch|make sure|remember|"
    r"confirm|circulate|organi[sz]e|try)"
)
_ASKS = re.compile(
    rf"(?i:\bplease (?:also |do |just |then |kindly )?{_VERB}\b|"
    rf"\b(?:could|can|would|will) you (?:please |also |perhaps |maybe |kindly |possibly )?{_VERB}\b|"
    rf"\b(?:you (?:need|have|ought) to|you (?:should|must)) {_VERB}\b|"
    rf"\bdon['’]t forget to\b|\bmake sure (?:to|you|that you)\b)"
)
_PROMISES = re.compile(
    rf"(?i:\bI(?:['’]ll| will| shall| can| promise to|['’]m going to| am going to) "
    rf"(?:also |then |just |happily |gladly |certainly )?{_VERB}\b)"
)
_BY_WHEN = re.compile(
    r"\bby (?:the )?(?:end of |next |this |coming )?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|tonight|"
    r"(?:the )?(?:week|month|year)(?:end)?\b|"
    r"(?:\d{1,2}(?:st|nd|rd|th)? )?(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]{0,6}\b|"
    r"\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.)",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(rf"(?i:{_VERB}\b)|.*\b(?:need|needs|should|must|due|want|deadline|get|have)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"(?<=[^\W\d]{2}[.!?])(?<!Dr\.)(?<!Mr\.)(?<!Ms\.)(?<!vs\.)(?<!Prof\.)[\"'”’)]?\s+(?=[\"'“‘(]?[A-Z0-9À-ÞА-Я])"
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*•–]|\d{1,2}[.)])[ \t])")


def action_items(text: str) -> tuple[str, ...]:
    """The sentences of `text` (visible text) that ask or promise, in order, each once, on one line."""
    found: dict[str, None] = {}
    for block in _PARAGRAPH.split(text[:MOST_TEXT]):
        for sentence in _sentences(block):
            if sentence:
                found.setdefault(sentence)
            if len(found) >= MOST_ITEMS:
                return tuple(found)
    return tuple(found)


def is_promise(item: str) -> bool:
    """True when the writer of `item` promises something, and doesn't ask for something first."""
    promised, asked = _PROMISES.search(item), _ASKS.search(item)
    return promised is not None and (asked is None or promised.start() < asked.start())


def _sentences(block: str) -> list[str]:
    """The items of one paragraph or list entry: marked lines whole, then the sentences around them."""
    items: list[str] = []
    prose: list[str] = []
    for line in (*block.splitlines(), ""):
        stripped = line.strip()
        marked = _MARK.fullmatch(stripped) if stripped else None
        if not stripped or marked or _begins_anew(stripped, prose):
            items.extend(_asking(" ".join(prose)))
            prose = []
        if stripped and not marked and not _DONE.match(stripped):
            prose.append(stripped)
        if marked and any(char.isalpha() for char in marked["text"]):
            items.append(_short(marked["text"]))
    return items


def _begins_anew(line: str, before: list[str]) -> bool:
    """True when `line` isn't the rest of a broken line: the one before was short, and it begins like a sentence."""
    return bool(before) and len(before[-1]) < 50 and line[:1].isupper()


def _asking(prose: str) -> list[str]:
    return [_short(sentence) for sentence in _SENTENCE_END.split(prose) if _is_item(sentence)]


def _is_item(sentence: str) -> bool:
    if len(sentence) > 600:
        return False
    if _ASKS.search(sentence) or _PROMISES.search(sentence):
        return True
    return bool(_BY_WHEN.search(sentence)) and bool(_IMPERATIVE.match(sentence.lstrip("-*•–0123456789.) ")))


def _short(sentence: str) -> str:
    return " ".join(_LIST_MARK.sub("", sentence).split())[:500]
