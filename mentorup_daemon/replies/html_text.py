"""HTML bodies as plain text with quote marks, so that one set of rules reads both.

One walk over the tags, without building a tree: an element that a mail program wraps around quoted history becomes
lines that begin with `> `, what it adds itself (the attribution, its signature, its advertisement) goes, and at the
marks after which only history follows (`divRplyFwdMsg` and its like) the text ends. Time is linear in the input at any
depth of nesting, which is why neither a tree nor a rendering library is used: the one tried needed two seconds for a
megabyte of `<br>`, and a tree loses the words nested below its limit of depth. The hard thing is Gmail: inside its
`gmail_quote` only a blockquote is history, and what stands between two of them is an answer.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape

_TAG = re.compile(
    r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})((?>[^<>\"']+|\"[^\"]{0,4000}\"|'[^']{0,4000}'|[\"'])*)>|"
    r"(!--)|[!?][^<>]{0,4000}>)"
)
_ATTRIBUTE = re.compile(
    r"(?:^|\s)(class|id|style|type|name|dir|cite|start|data-[a-z-]{1,40})\s{0,4}=\s{0,4}(?:\"([^\"]*)\"|"
    r"'([^']*)'|([^\s\"'>]+))",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:-|\d+\.) ")
_SPACE = re.compile(r"[ \t\r\n\f\u200b\ufeff]+")

_BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr "
    "html li main nav ol p pre section table tbody tfoot thead tr ul title".split()
)
_SPACED = frozenset("p hr h1 h2 h3 h4 h5 h6 ul ol table pre blockquote dl".split())
_LISTS = frozenset({"ul", "ol"})
_SKIPPED = frozenset("style script head title xml noscript template svg object".split())
_VOID = frozenset("br hr img meta link input area base col embed source wbr".split())

_INDENTED = re.compile(r"border(?:-width)?\s?:\s?(?:none|0)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s?:\s?none", re.IGNORECASE)
_REMOVED = re.compile(  # what programs add: attributions, signatures, advertisements
    r"(?:^|\s)(?:x_)*(?:gmail_attr|moz-cite-prefix|moz-signature|gmail_signature|"
    r"gmail_signature_prefix|applemailsignature|ydp\w{0,30}signature|"
    r"protonmail_signature_block|tutanota_signature|yahoo-signature|ms-outlook-mobile-signature|"
    r"k9mail-signature)(?:\s|$)",
    re.IGNORECASE,
)
_REMOVED_ID = re.compile(
    r"(?:x_)*(?:signature|applemailsignature|ms-outlook-mobile-signature|protonmail_signature_block|"
    r"composer_signature|"
    r"ymail_android_signature|yahoo-signature|ydp\w{0,30}signature)$",
    re.IGNORECASE,
)
_QUOTED_CLASS = re.compile(
    r"(?:^|\s)(?:x_)*(?:(?:ydp\w{0,20})?yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|gmx_quote)(?:\s|$)",
    re.IGNORECASE,
)
_QUOTED_ID = re.compile(
    r"(?:x_)*(?:(?:ydp\w{0,20})?yahoo_quoted\w{0,30}|isforwardcontent|isreplycontent|replyblockquote)$", re.IGNORECASE
)
_QUOTED_NAME = frozenset({"quote", "messagereplysection"})
_HISTORY_ID = re.compile(  # from here on there is only history
    r"(?:x_)*(?:divrplyfwdmsg|appendonsend|stopspelling|ms-outlook-mobile-reference-message|"
    r"mail-editor-reference-message-container|olk_src_body_section|zwchr)$",
    re.IGNORECASE,
)
_HISTORY_CLASS = re.compile(
    r"(?:^|\s)(?:x_)*(?:ms-outlook-mobile-reference-message|outlookmessageheader|moz-forward-container|"
    r"moz-email-headers-table|mail-editor-reference-message-container)(?:\s|$)",
    re.IGNORECASE,
)
_TIGHT = re.compile(r"mso(?:normal|plaintext|listparagraph)|margin(?:-top)?:\s?0", re.IGNORECASE)
_BORDER_TOP = re.compile(
    r"border(?:-top)?\s{0,3}:\s{0,3}(?:none\s{0,3};\s{0,3}border-top\s{0,3}:\s{0,3})?solid\s{1,3}(?:#(?:b5c4df|e1e1e1|ccc|cccccc|b5c4de)|windowtext|rgb\(\s?(?:181|225|204))",
    re.IGNORECASE,
)
_MOST_TAGS = 30_000
_ANY_TAG = re.compile(r"<[^<>]*>")
_COMMENT_END = re.compile("-->")
_DEEPEST = 3  # quote marks written; deeper quotes are history all the same
_END_OF = {tag: re.compile(rf"</{tag}\s{{0,10}}>|(?=<body[\s>])", re.IGNORECASE) for tag in _SKIPPED}


@dataclass(slots=True)
class _Scope:
    """An element that changes how its inside is read, until fewer than `level` of its tag are open."""

    tag: str
    reading: str  # remove, quote, gmail, pre
    level: int
    mark: int = 0  # lines written when it began
    quotes: bool = False  # a quote stands inside


@dataclass(slots=True)
class _Page:
    """The text as it grows. Each line is (depth of quotes, words)."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    scopes: list[_Scope] = field(default_factory=list)
    by_tag: dict[str, list[_Scope]] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)
    quoted: int = 0
    removed: int = 0
    kept: int = 0  # inside <pre>
    gmail: int = 0
    numbers: list[int | None] = field(default_factory=list)  # of the lists open here: the last item's, where counted
    endless: set[str] = field(default_factory=set)  # what has no end from here on: looked for once

    def past(self, html: str, at: int, name: str, end: re.Pattern[str]) -> int:
        """Past the end of an element or comment that is not for reading; `at` when it has none."""
        found = None if name in self.endless else end.search(html, at)
        if found is None:
            self.endless.add(name)
            return at
        return found.end()

    def write(self, text: str) -> None:
        """Add words to the line being written."""
        if self.removed or not text:
            return
        if "&" in text:
            text = unescape(text)
        if not self.kept:
            self.words.append(text)
            return
        first, *rest = text.replace("\r\n", "\n").split("\n")
        self.words.append(first)
        for line in rest:
            self.end_line(always=True)
            self.words.append(line)

    def begin_item(self) -> None:
        """Write what stands before an item of the innermost list."""
        number = self.numbers[-1] if self.numbers else None
        if number is None:
            self.write("- ")
        else:
            self.numbers[-1] = number + 1
            self.write(f"{number + 1}. ")

    def end_line(self, *, always: bool = False) -> None:
        """Close the line being written. `always` keeps an empty one, as does a no-break space."""
        if not self.words:
            if always and not self.removed:
                self.lines.append((self.quoted, ""))
            return
        raw = "".join(self.words)
        self.words.clear()
        text = raw.replace("\u00a0", " ")
        text = text.rstrip() if self.kept else _SPACE.sub(" ", text).strip()
        if text or always or "\u00a0" in raw:
            self.lines.append((self.quoted, text))

    def end_block(self, *, spaced: bool) -> None:
        """Close the line at the edge of a block; `spaced` leaves a blank line, unless one stands there."""
        if len(self.words) == 1 and _BULLET.fullmatch(self.words[0]):
            return
        self.end_line()
        if spaced and not self.removed and self.lines and self.lines[-1][1]:
            self.lines.append((self.quoted, ""))

    def enter(self, tag: str, reading: str) -> None:
        """Begin a scope at a start tag that has been counted."""
        if reading == "quote":
            self.end_block(spaced=True)
            self.quoted += 1
            for outer in reversed(self.scopes):
                if outer.quotes:
                    break
                outer.quotes = True
        elif reading == "remove":
            self.end_line()
            self.removed += 1
        elif reading == "gmail":
            self.end_line()
            self.gmail += 1
        else:
            self.kept += 1
        scope = _Scope(tag, reading, self.open[tag], len(self.lines))
        self.scopes.append(scope)
        self.by_tag.setdefault(tag, []).append(scope)

    def leave(self, tag: str) -> None:
        """End the scopes that an end tag, already counted, closes, and those left open inside them."""
        ours = self.by_tag.get(tag)
        while ours and ours[-1].level > self.open[tag]:
            closing = ours[-1]
            while self.scopes:
                scope = self.scopes.pop()
                self.by_tag[scope.tag].pop()
                self._end(scope)
                if scope is closing:
                    break

    def _end(self, scope: _Scope) -> None:
        self.end_line()
        if scope.reading == "quote":
            self.quoted -= 1
            self.end_block(spaced=True)
        elif scope.reading == "remove":
            self.words.clear()
            self.removed -= 1
        elif scope.reading == "pre":
            self.kept -= 1
        else:
            self.gmail -= 1
            if not scope.quotes:
                self.lines[scope.mark :] = [(depth + 1, text) for depth, text in self.lines[scope.mark :]]


def html_text(html: str, *, whole: bool = False) -> str:
    """The text of an HTML body, quoted history in lines that begin with `>`; a blank line stands between paragraphs.

    With `whole` nothing is left out, for whoever looks for a forwarded message; else what mail programs add and the
    history below their marks is.
    """
    page = _Page()
    at = tags = 0
    while at >= 0 and (match := _TAG.search(html, at)):
        tags += 1
        if tags > _MOST_TAGS:
            break
        page.write(html[at : match.start()])
        at = _read_tag(page, html, match, whole=whole)
    if at >= 0:
        # No mail has so many tags. Inside a quote the rest goes with it, else every word of it is kept.
        page.write(_ANY_TAG.sub("\n", html[at:]) if tags > _MOST_TAGS else html[at:])
    page.end_line()
    return "\n".join(f"{'>' * min(depth, _DEEPEST)} {text}".rstrip() if depth else text for depth, text in page.lines)


def _read_tag(page: _Page, html: str, match: re.Match[str], *, whole: bool) -> int:
    """Read one tag or comment: where the text goes on, or -1 when only history follows."""
    at = match.end()
    if match[4]:
        return page.past(html, at, "-->", _COMMENT_END)
    if not match[2]:
        return at
    tag = match[2].lower()
    if match[1]:
        _close(page, tag)
    elif tag in _SKIPPED:
        return page.past(html, at, tag, _END_OF[tag])
    elif _open(page, tag, match[3], html[at : at + 40], whole=whole):
        return -1
    return at


def _open(page: _Page, tag: str, text: str, below: str, *, whole: bool) -> bool:
    """Read a start tag with its attributes' `text`, `below` being what comes next. True when only history follows."""
    if tag == "br":
        page.end_line(always=True)
        return False
    attributes = _attributes(text) if text and not text.isspace() else {}
    if tag in _BLOCKS:
        inner = tag in _LISTS and page.numbers  # a list in a list
        page.end_block(spaced=tag in _SPACED and not inner and not (tag == "p" and _tight(attributes)))
    elif tag in ("td", "th") and page.words:
        page.write(" ")
    if tag == "li":
        page.begin_item()
    reading = _reading(tag, attributes, below)
    if reading == "history":
        if whole or page.quoted or page.removed:
            reading = ""
        else:
            page.end_line()
            return True
    if tag in _VOID:
        return False
    if tag in _LISTS:
        page.numbers.append(_first_number(attributes) - 1 if tag == "ol" else None)
    page.open[tag] += 1
    if (whole and reading != "pre" and tag != "blockquote") or (reading == "gmail" and (page.gmail or page.quoted)):
        reading = ""
    if reading:
        page.enter(tag, reading)
    return False


def _close(page: _Page, tag: str) -> None:
    if tag in _LISTS and page.numbers:
        page.numbers.pop()
    if tag in _BLOCKS:
        page.end_block(spaced=tag in _SPACED and tag != "p" and not (tag in _LISTS and page.numbers))
    if page.open[tag]:
        page.open[tag] -= 1
        page.leave(tag)


def _first_number(attributes: dict[str, str]) -> int:
    """What a list of `<ol start=4>` begins with."""
    start = attributes.get("start", "").strip()
    return int(start) if re.fullmatch(r"[0-9]{1,4}", start) else 1


def _tight(attributes: dict[str, str]) -> bool:
    """A paragraph without space around it, as Word and Outlook write each line."""
    return bool(_TIGHT.search(attributes.get("class", "")) or _TIGHT.search(attributes.get("style", "")))


def _indented(attributes: dict[str, str]) -> bool:
    """A blockquote that Gmail and Apple Mail write when the writer indents a paragraph: no mark, no border."""
    style = attributes.get("style", "")
    named = attributes.keys() & {"class", "type", "cite", "id"}
    return not named and bool(_INDENTED.search(style)) and "border-" not in style.lower()


def _attributes(text: str) -> dict[str, str]:
    return {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(text[:8000])}


def _reading(tag: str, attributes: dict[str, str], below: str) -> str:
    """How the inside of an element is to be read: remove, quote, gmail, pre, history, or as it is ("")."""
    if tag == "pre":
        return "pre"
    if tag == "blockquote":
        return "" if _indented(attributes) else "quote"
    if not attributes:
        return ""
    names = attributes.get("class", "")
    identifier = attributes.get("id", "").strip()
    called = attributes.get("name", "").lower()
    style = attributes.get("style", "")
    forwarded = "gmail_attr" in names and below.lstrip().startswith("-----")
    ruled = tag == "div" and "padding" in style and _BORDER_TOP.search(style)
    readings = {
        "history": _HISTORY_ID.match(identifier) or _HISTORY_CLASS.search(names) or forwarded or ruled,
        "remove": (tag in ("div", "span", "p") and _HIDDEN.search(style))
        or _REMOVED.search(names)
        or _REMOVED_ID.match(identifier)
        or called == "messagesignaturesection",
        "gmail": "gmail_quote" in names,
        "quote": _QUOTED_CLASS.search(names) or _QUOTED_ID.match(identifier) or called in _QUOTED_NAME,
    }
    return next((reading for reading, applies in readings.items() if applies), "")
