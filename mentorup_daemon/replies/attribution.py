"""Recognising the line that a mail program puts above what it quotes: `On <date>, <name> wrote:`.

It promises to find these lines in the languages that mail programs speak, wrapped over up to five lines, and to say
how sure it is: a line with a time of day or an address is the mail program's; `Ana wrote:` alone counts only where
quoted lines follow. It leaves out what the answer decides (`quotes.py`). The hard thing is the writer's own sentence
that looks alike (`On Monday I wrote:`): it has no time, no address, or speaks of "I".

Nothing here backtracks over unbounded text: lines are bounded before a pattern sees them, and the patterns are lists
of words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mentorup_daemon.replies.choices import by_first_letter

LONGEST_LINE = 400  # characters; mail programs wrap or keep attributions shorter
LONGEST_WRAP = 5  # lines of one attribution: the date, the name, `<`, the address, the verb
_LONGEST_VERB = 60  # characters at the end of a line that are searched for a verb

_VERBS = (
    # en, de, nl
    r"wrote|writes|said|schrieb|schrieben|schreibt|geschrieben|schreef|schrijft|geschreven|"
    # fr, es, ca, pt, it, ro
    r"a\s+écrit|a\s+ecrit|écrit|ecrit|écrivait|nous a dit|escribió|escribio|escribía|ha escrito|va escriure|escreveu|"
    r"ha scritto|scrisse|scrive|a scris|"
    # sv, da, no, fi, et
    r"skrev|skriver|skreiv|kirjoitti|kirjoittaa|kirjutas|"
    # pl, cs, sk, sl, hr, hu, lt, lv
    r"napisał\(a\)|napisała|napisał|napisana|napisal|napisao|pisze|napsal\(a\)|napsala|napsal|píše|napísal|"
    r"ezt írta|írta|rašė|rakstīja|"
    # ru, uk, bg
    r"написал\(а\)|написала|написал|пишет|писал\(а\)|писал|написав\(ла\)|написав|пише|писав|написа|"
    # tr, el, vi, id
    r"şunu yazdı|şunları yazdı|yazdı|yazmış|έγραψε|γράφει|đã viết|menulis|"
    # he, ar
    r"כתב/ה|כתבה|כתב|كتب/كتبت|كتبت|كتب|كتابة ما يلي"
)
_PHRASES = _VERBS.split("|")
_VERB_WORDS = by_first_letter(_VERBS)
_VERB = re.compile(rf"(?<![\w'’-])(?:{_VERB_WORDS})(?![\w'’-])", re.IGNORECASE)
_FOLLOWING = "følgende|följande|the following|o seguinte|le message suivant"
_VERB_EAST = re.compile(r"写道|寫道|写到|寫到|書きました|のメール|のメッセージ|作成|작성|썼습니다|님의 말|เขียน")
_VERB_AT_END = re.compile(
    rf"(?:(?<![\w'’-])(?:{_VERB_WORDS})(?: (?:{_FOLLOWING}))?"
    rf"|写道|寫道|写到|寫到|書きました|のメール|のメッセージ|작성|썼습니다|님의 말)\s*$",
    re.IGNORECASE,
)
# A last word that is found here is the verb itself, and no phrase that ends with it begins further left: so the search
# by pattern, twenty times as slow, is left for the rest.
_VERB_ALONE = frozenset(
    verb
    for verb in _PHRASES
    if verb.isalpha()
    and not any(other.endswith(verb) and other != verb for other in (*_PHRASES, *_FOLLOWING.split("|")))
)
_STARTERS = re.compile(
    r"(?:on|at|in message|in article|am|le|el|il|em|op|den|på|dnia|dne|dňa|w dniu|wiadomość napisana|"
    r"u|v|a|in data|data|"
    r"vào|pada|dana|в|во|у|от|στις|στη|την|בתאריך|ב|في|بتاريخ)(?:\s|-(?=\d)|(?=\d))|[在于於]",
    re.IGNORECASE,
)
_WEEKDAYS_MONTHS = re.compile(
    # the first letters of weekdays and months, as mail programs shorten them, in the languages written in letters
    r"(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié|mie|jue|vie|sáb|sab|dom|"
    r"seg|ter|qua|qui|sex|gio|ma|wo|vr|za|zo|din|don|vrij|zat|zon|maa|woe|mån|tis|ons|tors|tor|fre|lör|sön|man|tir|"
    r"lør|søn|ti|ke|to|pe|la|su|pon|wt|śr|czw|pt|sob|niedz|nd|ndz|po|út|st|čt|pá|ne|пн|вт|ср|чт|пт|сб|вс|нд|пон|вто|"
    r"сре|чет|пят|суб|вос|нед|pirmd|otrd|trešd|ceturtd|piektd|sestd|svētd|pzt|sal|çar|per|cum|cmt|paz|δευ|τρί|τρι|τετ|πέμ|πεμ|παρ|σάβ|σαβ|κυρ|"
    r"jan|feb|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[.,]{0,2}\s",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}\s?[:.h時时시]\s?\d{2}(?!\d*[./-]\d)|\d{1,2}\s?[aApP]\.?[mM]\b")
_YEAR = re.compile(r"(?<!\d)(?:19|20|٢٠|۲۰)\d\d(?!\d)|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_ISO_START = re.compile(r"\d{4}[-/.年년]\s?\d{1,2}[-/.月월]\s?\d{1,2}[日일.]?[\s,、(（T]")
_ADDRESS = re.compile(r"[^\s<>()\[\]@,;:\"]{1,128}@[^\s<>()\[\]@,;:\"]{2,128}")
_ADDRESS_AT_END = re.compile(r"[^\s<>@]{1,128}@[^\s<>@]{1,128}\W{0,6}$")
_FIRST_PERSON = re.compile(
    r"\b(?:I|ich|je|j'ai|yo|eu|io|ik|jag|jeg|minä|я|ja|já|ben)\s+(?:had\s+)?(?:\w+\s+)?$", re.IGNORECASE
)
_NEWS = re.compile(
    r"(?:in message|in news:|im newsbeitrag|dans le message|en el mensaje|nel messaggio|in bericht)\b", re.IGNORECASE
)
_QUOTING = re.compile(
    r"(?:posted by|quoting|zitat von|citando|citation de|citat från|citerar|quote from)\s+\S", re.IGNORECASE
)
_PARTICLES = frozenset(
    "you via from of de der den van von zu la le da del di dos du el al bin ibn ten ter y e tarihinde Sie vous ud "
    "usted tú heeft het volgende om o ha at a hat par user użytkownik пользователь користувач odesílatel χρήστης "
    "ο/η ο".split()
)
_DECORATION = " \t*_->–—|\"'“”«»„‹›[]()"


@dataclass(frozen=True, slots=True)
class Attribution:
    """An attribution line: lines `first` to `end` (exclusive). `prefix` is own text before it on its first line.

    `sure` says that it may be believed even where no quoted lines follow; `first_person` that its subject is "I".
    """

    first: int
    end: int
    sure: bool
    prefix: str = ""


def verb_within(line: str) -> bool:
    """Whether the line has one of the verbs of attribution."""
    return bool(_VERB.search(line) or _VERB_EAST.search(line))


def _verb_at_end(line: str) -> int | None:
    """Where the verb begins that the line ends with; None when it ends with none."""
    if line[-1:] in ".,!?;" or line[-1:].isdigit():
        return None
    above, _, last = line.rpartition(" ")
    if above and last in _VERB_ALONE:
        return len(line) - len(last)
    found = _VERB_AT_END.search(line, max(0, len(line) - _LONGEST_VERB))
    return found.start() if found else None


@lru_cache(maxsize=4096)
def closes_attribution(line: str) -> bool:
    """Whether an attribution may end with this line: a colon at its end, or a verb, or an address after a date."""
    if len(line) > LONGEST_LINE:
        return False
    bare = line.rstrip(" \t*_-–—>\"'”»")
    if bare.endswith((":", "：")):
        return True
    if _verb_at_end(bare) is not None or (_ISO_START.match(bare) and _TIME.search(bare)):
        return True
    if _NEWS.search(bare) or bare.lower().startswith("posted by "):
        return True
    if bare.endswith((".", "!", "?")):
        return False
    return "@" in bare and bool(_ADDRESS_AT_END.search(bare[-260:]) and _YEAR.search(bare))


def attribution_ending_at(lines: Sequence[str], end: int, floor: int, *, quote_follows: bool) -> Attribution | None:
    """The attribution whose last line is `lines[end]`, none of its lines before `floor`; None when there is none.

    `quote_follows` says that quoted lines come next: then less is asked of it.
    """
    if not closes_attribution(lines[end]):
        return None
    joined = ""
    best: Attribution | None = None
    for first in range(end, max(floor, end - LONGEST_WRAP + 1) - 1, -1):
        line = lines[first].strip()
        if not line or len(line) > LONGEST_LINE or (first < end and _ends_sentence(line)):
            break
        joined = f"{line} {joined}" if joined else line
        torn = ">" in joined and "<" not in joined.partition(">")[0]  # an address whose `<` stands on the line above
        found = None if torn else _judge(joined, wrapped=first < end, quote_follows=quote_follows)
        if found is None:
            continue
        sure, started = found
        if _STARTERS.match(joined.lstrip(_DECORATION)):
            return Attribution(first, end + 1, sure)
        if best is None or started:
            best = Attribution(first, end + 1, sure)
    within = _within_line(lines, end, floor)
    return within or best


def _ends_sentence(line: str) -> bool:
    """Ends as a sentence does, so that what follows is not the rest of it; `nov.` is a shortened month."""
    if not line.endswith((".", "!", "?", ":")):
        return False
    return len(line.rsplit(None, 1)[-1]) > 6 or not any(map(str.isdigit, line))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What can be seen of a line, or of several joined, that may be an attribution. `core` is without decoration."""

    core: str
    bulleted: bool  # begins with `*`
    colon: bool  # ends with one, or stands between dashes
    address: bool
    time: bool
    dated: bool
    started: bool  # begins as attributions begin
    iso: bool  # begins with an ISO date
    verb: bool
    subject: str  # what stands before a verb at the end, "" when the verb stands elsewhere
    wrapped: bool  # several lines

    @property
    def named(self) -> bool:
        """Its beginning may be a name."""
        first = self.core[:1]
        return first.isupper() or not first.isascii() or first in "\"'<[(" or bool(_ADDRESS.match(self.core))


def _candidate(text: str, *, wrapped: bool) -> _Candidate:
    bare = text.strip(_DECORATION)
    core = bare.rstrip(":： \t")
    at_end = _verb_at_end(core)
    time = bool(_TIME.search(core))
    return _Candidate(
        core=core,
        bulleted=text.startswith("*"),
        colon=bare.endswith((":", "：")) or (text.startswith("--") and text.endswith("--")),
        address="@" in core and bool(_ADDRESS.search(core)),
        time=time,
        dated=time or bool(_YEAR.search(core)),
        started=bool(_STARTERS.match(core) or _WEEKDAYS_MONTHS.match(core) or core[:1].isdigit()),
        iso=bool(_ISO_START.match(core)),
        verb=at_end is not None or verb_within(core),
        subject=core[:at_end] if at_end else "",
        wrapped=wrapped,
    )


def _judge(text: str, *, wrapped: bool, quote_follows: bool) -> tuple[bool, bool] | None:
    """(sure, begins as an attribution begins) for a candidate on one line, or None."""
    if len(text) > LONGEST_LINE + 200:
        return None
    seen = _candidate(text, wrapped=wrapped)
    sure = _sure_with_verb(seen) if seen.verb else _sure_without_verb(seen)
    if not sure:
        likely = quote_follows and (_likely_with_verb(seen) if seen.verb else _likely_without_verb(seen))
        if not likely:
            return None
    return sure, seen.started


def _sure_without_verb(seen: _Candidate) -> bool:
    """`2026-11-02 9:14 GMT+01:00 Ana Ortiz <ana@example.org>:`, or `Quoting Ana <ana@example.org>:`."""
    if not seen.address or not seen.colon or len(seen.core.split()) < 2:
        return False
    if _QUOTING.match(seen.core) or (seen.iso and seen.time):
        return True
    return seen.dated and seen.started and bool(_ADDRESS_AT_END.search(seen.core[-260:]))


def _likely_without_verb(seen: _Candidate) -> bool:
    if _QUOTING.match(seen.core) or (seen.iso and (seen.time or seen.address) and len(seen.core) < 160):
        return True
    if not seen.colon or seen.wrapped:
        return False
    return (seen.address and (seen.dated or len(seen.core) < 120)) or (seen.bulleted and seen.dated)


def _sure_with_verb(seen: _Candidate) -> bool:
    """`On Mon, Nov 2, 2026 at 9:14 AM Ana Ortiz wrote:`: a date, and before the verb a name."""
    if _FIRST_PERSON.search(seen.subject):
        return False
    if seen.started and seen.dated:
        told = seen.address or (_ends_with_name(seen.subject) if seen.subject else seen.time)
        return (told and seen.colon) or (seen.address and seen.time)
    if not seen.address or not seen.named:
        return False
    return seen.dated or (bool(seen.subject) and seen.colon and len(seen.core) < 200)


def _likely_with_verb(seen: _Candidate) -> bool:
    if not seen.dated and _FIRST_PERSON.search(seen.subject):
        return False
    if _NEWS.search(seen.core) and (seen.address or _name_word(seen.core.split(None, 1)[0])):
        return True
    if not (seen.subject or seen.colon) or (seen.wrapped and not seen.address and not (seen.started and seen.dated)):
        return False
    if seen.address or (seen.started and seen.dated):
        return seen.started or seen.named
    if seen.subject:
        return _is_name(seen.subject) or (seen.dated and seen.named and _ends_with_name(seen.subject))
    return seen.dated and seen.named and len(seen.core) < 160


def _name_word(word: str) -> bool:
    word = word.strip("\"'<>()[],.;:*_“”")
    return not word or word in _PARTICLES or not word[0].isalpha() or not word[0].islower() or "@" in word


def _ends_with_name(subject: str) -> bool:
    """The words just before the verb are a name, as far back as the last comma or number."""
    tail = re.split(r"[\d,]", subject[-120:])[-1].split()
    return bool(tail) and all(_name_word(word) for word in tail)


def _is_name(subject: str) -> bool:
    """The whole subject is a name (or "you"), at most six words."""
    words = subject.split()
    if not 1 <= len(words) <= 6:
        return False
    if len(words) > 1 and words[-1].lower() in ("you", "sie", "vous"):
        return False
    return all(_name_word(word) for word in words)


_MID_LINE = re.compile(
    r"(?:\s|-{2,}\s?)(On (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|\d|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
)


def _within_line(lines: Sequence[str], end: int, floor: int) -> Attribution | None:
    """An attribution that begins in the middle of a line: `Thanks! On Wed, Apr 4 ... wrote:` (some phones do)."""
    joined = ""
    for first in range(end, max(floor, end - 2) - 1, -1):
        line = lines[first]
        if not line.strip() or len(line) > 2 * LONGEST_LINE:
            return None
        found = next(reversed(list(_MID_LINE.finditer(line))), None)
        if found:
            candidate = f"{line[found.start(1) :].strip()} {joined}".strip()
            judged = _judge(candidate, wrapped=first < end, quote_follows=False)
            if judged and judged[0] and (_TIME.search(candidate) or _ADDRESS.search(candidate)):
                return Attribution(first, end + 1, sure=True, prefix=line[: found.start(1)].rstrip(" -"))
            return None
        joined = f"{line.strip()} {joined}".strip()
    return None
