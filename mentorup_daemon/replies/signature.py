"""Taking signatures off the end of the writer's words.

What follows a line of `-- ` goes (RFC 3676 4.3); so do lines that a device or program adds (`Sent from my iPhone`) and
the lines of a contact block below a name: telephone, address, site, title. A greeting, a closing and the name below it
are the writer's words and stay. The hard thing is a signature without `-- `: only lines at the very end are looked at,
and they go only when a name stands above them and one of them holds a telephone number, an address or a site.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from mentorup_daemon.replies.choices import by_first_letter

_LONGEST = 160  # characters of a line that can be part of a signature
_LAST_LINES = 14  # lines of a contact block, the name included
_LONGEST_LEAD = 200  # characters above the word that tells of a device, where the line doesn't begin with one

_DEVICE_STEMS = re.compile(
    r"(?:sent (?:from|via|with|by|using|on)|from my|written (?:on|with)|typed on|envoyé (?:de|depuis|"
    r"à partir|avec|via)|"
    r"envoyée? depuis|von mein|gesendet (?:von|mit|über|vom)|von unterwegs|diese nachricht wurde von|"
    r"enviado (?:desde|do|de|a partir|através|via|com|pelo|por)|enviada do|inviato (?:da|dal|con|tramite)|"
    r"verzonden (?:vanaf|met|via|vanuit)|verstuurd (?:vanaf|met|via)|verstuurd van|"
    r"skickat (?:från|med|via)|skickad från|sendt (?:fra|med|via)|sendt med|lähetetty|"
    r"wysłan[eoy] z|wysłano z|odesláno z|odoslané z|отправлено (?:с|из|от|через)|отправлено с|послано с|"
    r"надіслано (?:з|із|через|від)|відправлено з|στάλθηκε από|εστάλη από|απεστάλη από|"
    r"iphone.?umdan|ipad.?imden|telefonumdan|"
    r"נשלח מ|מאת ה|أرسلت من|أُرسلت من|مرسل من|تم الإرسال من|أرسل من|발신|从我的|從我的|发自我的|发自|來自我的|傳送自|"
    r"sent from|elküldve|trimis de pe|küldve|enviat (?:des|amb)|poslano (?:s|z|iz)|изпратено от|послато са|"
    r"saadetud|nosūtīts no|išsiųsta iš|đã gửi từ|được gửi từ|dikirim dari|dihantar dari|ส่งจาก|ارسال شده از)",
    re.IGNORECASE,
)
_DEVICE_ENDS = re.compile(
    r"(?:gesendet|から送信|より送信|送信|傳送|发送|寄出|에서 보냄|에서 보냈습니다|gönderildi|"
    r"gönderilmiştir|からのメール|küldve|से भेजा गया)\W{0,3}$",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"iphon|ipad|ipod|android|samsung|galaxy|blackberry|outlook|\bmail\b|mobil|handy|yahoo|gmail|"
    r"windows|huawei|xiaomi|"
    r"nokia|tablet|protonmail|proton|smartphone|\bphone|telefon|téléphone|teléfono|telefone|telefoon|puhelin|cell|"
    r"thunderbird|k-9|airmail|mailbox|hotmail|spark|sony|xperia|\bhtc\b|\blg\b|motorola|pixel|oneplus|alcatel|lumia|"
    r"apple watch|macbook|\bmac\b|\bti-\d|acompli|superhuman|mailspring|zimbra|web\.de|gmx|t-online|"
    r"orange|verizon|at&t|"
    r"t-mobile|device|gerät|appareil|dispositivo|toestel|enhet|laitteest|urządzeni|zařízení|устройств|пристро|"
    r"cihaz|συσκευή|телефон|смартфон|κινητό|айфон|スマートフォン|携帯|手机|手機|아이폰|휴대폰|갤럭시|"
    r"מכשיר|האייפון|הטלפון|"
    r"هاتفي|جهاز|الآيفون|palm|treo|vodafone|ipad|newton|desktop app",
    re.IGNORECASE,
)
_APOLOGY = re.compile(
    r"excuse|typo|brevity|brief|forgive|tippfehler|kürze|entschuldig|désolé|faute|errores|brevedad|errori",
    re.IGNORECASE,
)
_OUTLOOK_SYSTEM = re.compile(r"\b(?:ios|android)|\bmac\b", re.IGNORECASE)
_DEVICE_BEGINNINGS = (
    r"sent|from|get|written|typed|envoy|von|gesendet|diese|envi|invi|ver[zs]|skick|send|"
    r"lähet|wysł|ode?s|отпр|посл|"
    r"наді|відп|στάλ|εστά|απεσ|iphone|ipad|tele|נשלח|أ|مرس|تم|발|从|從|发|來|傳|elk|trim|küld|posla|изпр|saad|nosū|išsi|đã|được|dik|dih|ส่ง|ارس"
)
_MAYBE_DEVICE = re.compile(rf"\W{{0,6}}(?:{by_first_letter(_DEVICE_BEGINNINGS)})", re.IGNORECASE)
_MAYBE_DEVICE_LATER = re.compile(r"outlook|送信|傳送|发送|寄出|보냄|보냈|gönder|から|भेजा")  # in small letters
_DELIMITERS = frozenset({"-- ", "--\u00a0"})
_LOOSE_DELIMITERS = frozenset({"--", "—", "––", "---", "——", "__", "___", "____"})
_FIELDS = re.compile(r"\s[|•·]\s")
_RULE = re.compile(r"[_=*~＊－＝─━-]{5,}$")
_STROKES = frozenset("_=*~＊－＝─━-–—")  # what a rule or a delimiter ends with
_LIST_ITEM = re.compile(r"(?:[-*+•]|#{1,6}|\d{1,2}[.)]|\[[ xX]?\])\s")
_LINK = re.compile(r"[<(\[]{0,2}(?:https?://|mailto:|www\.)[^\s<>]{1,600}[>)\]]{0,2}")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]{1,100})\]\(?(?=https?://|<|\()")

# What every way to reach someone holds: a digit, an @, the dot of a site, the :// of a link. What isn't Latin script
# passes too, for it has digits of its own.
_REACH = re.compile(r"[0-9¹²³@.:\u0250-\U0010ffff](?:(?<![.:])|(?<=\.)\S|(?<=:)//)")
_PHONE = re.compile(r"(?:\+|00|\()?\d[\d \t()./–-]{5,22}\d")
_PHONE_WORD = re.compile(
    r"(?:^|\W)(?:t|p|m|f|c|o|w|tel|tél|ph|phone|mobile|mob|cell|office|direct|fax|tfn|tlf|puh|handy|"
    r"telefon|telefono|teléfono|"
    r"telefone|téléphone|mobil|móvil|portable|gsm|work|home|電話|电话|тел|моб|τηλ|טל|هاتف|skype|zoom|"
    r"whatsapp)[.:)\s]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>()\[\]@,;:\"]{1,64}@[^\s<>()\[\]@,;:\"]{1,64}\.[a-z]{2,24}", re.IGNORECASE)
_SITE = re.compile(
    r"(?:https?://|www\.)\S{3,200}|^\W{0,3}[\w-]{2,40}(?:\.[\w-]{2,40}){1,3}(?:/\S{0,60})?\W{0,3}$", re.IGNORECASE
)
_POSTAL = re.compile(
    r"\b\d{1,5}[a-z]?,?\s+\w+.{0,30}\b(?:street|st|road|rd|avenue|ave|blvd|lane|drive|way|suite|rue|floor)\b|"
    r"\w(?:straße|strasse|str\.|weg|platz|gasse|allee|laan|straat|gatan|vägen|gade|vej|gate|katu|tie)\s+\d|"
    r"\b[A-Z]{2}\s+\d{5}\b|\b\d{4,5}\s+[A-ZÄÖÜÅØ]\w+|\b(?:rue|avenue|via|calle|rua|ul\.|ulica|piazza|"
    r"plaza|av\.)\s+\w.{0,40}\d|"
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s+\d[A-Z]{2}\b|p\.?\s?o\.? box",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"\b(?:professor|prof\.|dr\.|director|manager|ceo|cto|cfo|engineer|department|dept|university|institute|faculty|"
    r"school|college|hospital|laborator|centre|center|inc|ltd|llc|gmbh|corp|ag|phd|ph\.d|chair|dean|head of|lecturer|"
    r"administrator|coordinator|specialist|partnership|company|researcher|scientist|consultant|president|founder|assistant|associate|analyst|developer|architect|officer|"
    r"universität|institut|fakultät|lehrstuhl|abteilung|geschäftsführer|université|directeur|directrice|professeur|"
    r"universidad|profesora?|universidade|professora|università|docente|universiteit|universitet|universitetet|"
    r"yliopisto|uniwersytet|univerzita|университет|институт|профессор|üniversitesi|πανεπιστήμιο|"
    r"אוניברסיט|جامعة|team|group|clinic|division|office of)|"
    r"大学|教授|株式会社|有限公司|经理|經理|주식회사|대학교|교수",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:kind|kindest|best|warm|warmest|many|with|all the|very|my)\s+){0,3}(?:regards|wishes|"
    r"thanks|thank you|thanks again|cheers|best|sincerely|"
    r"yours|yours truly|yours sincerely|cordially|respectfully|take care|talk soon|see you|love|"
    r"mit freundlichen grüßen|mit freundlichem gruß|mit besten grüßen|viele grüße|beste grüße|liebe grüße|"
    r"herzliche grüße|freundliche grüße|schöne grüße|gruß|grüße|lg|vg|mfg|danke|vielen dank|cordialement|"
    r"bien cordialement|bien à vous|bien à toi|amicalement|amitiés|merci|salutations|bises|un saludo|saludos|"
    r"saludos cordiales|un abrazo|abrazos|atentamente|gracias|atenciosamente|abraços|obrigad[oa]|cumprimentos|"
    r"cordiali saluti|saluti|un caro saluto|grazie|a presto|met vriendelijke groet|"
    r"met vriendelijke groeten|groeten|groet|mvg|"
    r"hartelijke groet|bedankt|med vänliga hälsningar|vänliga hälsningar|hälsningar|mvh|tack|med venlig hilsen|"
    r"venlig hilsen|hilsen|kh|med vennlig hilsen|vennlig hilsen|beste hilsener|terveisin|"
    r"ystävällisin terveisin|terveiset|"
    r"kiitos|pozdrawiam|z poważaniem|serdecznie pozdrawiam|dziękuję|s pozdravem|zdravím|děkuji|с уважением|"
    r"всего доброго|спасибо|з повагою|дякую|saygılarımla|saygılar|sevgiler|teşekkürler|με εκτίμηση|φιλικά|ευχαριστώ|"
    r"よろしくお願い.{0,20}|敬具|此致|敬礼|祝好|谢谢|謝謝|감사합니다|드림|בברכה|תודה|مع أطيب التحيات|"
    r"تحياتي|مع التحية|شكرا)"
    r"[\w\s/]{0,30}[,.!~–-]{0,3}$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;…。！？]\W{0,2}$")


@lru_cache(maxsize=4096)
def is_device_line(line: str) -> bool:
    """Whether a line is what a telephone or program adds by itself: `Sent from my iPhone`, `Get Outlook for iOS`."""
    if len(line) > 4 * _LONGEST:
        return False
    if not _MAYBE_DEVICE.match(line):
        later = _MAYBE_DEVICE_LATER.search(line.lower())
        if later is None or later.start() > _LONGEST_LEAD:
            return False
    bare = _LINK.sub(" ", _MARKDOWN_LINK.sub(r"\1 ", line)).strip(" \t\u00a0()<>[]*_-–—|.!")
    words = bare.split()
    if not words or len(bare) > _LONGEST:
        return False
    if _OUTLOOK_SYSTEM.search(bare) and "outlook" in bare.lower() and len(words) <= 8:
        return True
    if not _DEVICE_STEMS.match(bare) and not _DEVICE_ENDS.search(bare[-60:]):
        return False
    # `Sent from my desk, which is easier than my phone` is a sentence: too long, and it excuses nothing.
    excused = bool(_APOLOGY.search(bare) or _DEVICE_ENDS.search(bare[-60:]))
    named = len(_DEVICE.findall(bare))
    return named > 0 and (len(words) <= 7 or (len(words) <= 9 and named > 1) or (len(words) <= 16 and excused))


def delimiter_at(lines: Sequence[str]) -> int | None:
    """Where the signature begins, its line of `-- ` included; None when there is none.

    A line that lost the blank, or has dashes of another kind, counts only above little enough to be a signature.
    """
    found = next((index for index, line in enumerate(lines) if line in _DELIMITERS), None)
    below: list[str] = []
    for index in range(len(lines) - 1, -1, -1):
        bare = lines[index].strip() if len(lines[index]) <= 300 else lines[index]
        if bare[-1:] in _STROKES and (bare in _LOOSE_DELIMITERS or _RULE.match(bare)):
            if bare == "--" or (_looks_like_signature(below) and (bare in _LOOSE_DELIMITERS or _is_card(below))):
                found = index if found is None else min(found, index)
        elif bare:
            below.append(bare)
            if len(below) > 10 or len(bare) >= 300:
                break
    return found


def _looks_like_signature(below: list[str]) -> bool:
    reached = any(pattern.search(line) for line in below for pattern in (_PHONE, _ADDRESS, _SITE, _FIELDS))
    if not reached and (len(below) != 1 or not _is_name(below[0])):
        return False  # a rule between the writer's topics
    return 0 < len(below) <= 8 and all(
        len(line) <= 90 and not _SENTENCE_END.search(line) and not _LIST_ITEM.match(line) for line in below
    )


def _is_card(below: list[str]) -> bool:
    """Lines, the last one first, that begin with a name and hold two ways to reach someone, or one and a title."""
    name = below[-1].partition("|")[0]
    return _is_name(name) and _is_contact(below, [*range(len(below) - 1)] or [0])


def without_contact_block(lines: list[str], writer: frozenset[str]) -> list[str]:
    """The lines without the telephone, address, site and title lines at their very end, below a name that stays.

    Without a closing above it a block goes only when one of the words of `writer` (lower case: name, address) stands
    in its first line: else it may be the card of someone the mail is about.
    """
    if not _REACH.search("\n".join(lines)):
        return lines
    tail = _tail(lines)
    text = [index for index in tail if lines[index].strip()]
    if not text:
        return lines
    end = _end_above_card(lines, text, writer)
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _tail(lines: list[str]) -> range:
    """The last lines, as many as a contact block may have."""
    first = len(lines)
    seen = 0
    while first > 0 and seen < _LAST_LINES and len(lines[first - 1]) <= _LONGEST:
        first -= 1
        seen += bool(lines[first].strip())
    return range(first, len(lines))


def _end_above_card(lines: list[str], text: list[int], writer: frozenset[str]) -> int:
    """Where the words end above a contact block; `text` are the tail's lines that are not blank."""
    closing = next((index for index in reversed(text) if _CLOSING.match(lines[index].strip(" *_"))), None)
    if closing is not None:
        below = [index for index in text if index > closing]
        named = 1 if below and _is_name(lines[below[0]]) else 0
        card = below[named:]
        if card and _is_contact(lines, card) and not _SENTENCE_END.search(lines[card[0]].strip()):
            return (below[0] if named else closing) + 1
    block = [text[-1]]
    for index in reversed(text[:-1]):
        if block[0] - index > 1:
            break
        block.insert(0, index)
    head = lines[block[0]]
    if not writer & {word.strip("*_,.|()").lower() for word in head.split()}:
        return len(lines)
    if len(block) <= 3 and _FIELDS.search(head) and _is_one_line_card(" | ".join(lines[index] for index in block)):
        return block[0]
    if len(block) >= 3 and _is_name(head) and _is_contact(lines, block[1:]):
        return block[0] + 1
    return len(lines)


def _is_one_line_card(line: str) -> bool:
    """Of the kind `Ana Ortiz | Example University | +1 555 010 0199 | www.example.org`."""
    fields = [field for field in _FIELDS.split(line) if field.strip()]
    ways = sum(bool(_PHONE.search(field) or _ADDRESS.search(field) or _SITE.search(field)) for field in fields)
    return len(fields) >= 3 and ways >= 2


def _is_name(line: str) -> bool:
    bare = line.strip(" \t*_,-–|")
    words = bare.split()
    if not 1 <= len(words) <= 6 or len(bare) > 60 or (_SENTENCE_END.search(bare) and not bare.endswith(".")):
        return False
    if _PHONE.search(bare) or "@" in bare:
        return False
    return all(
        word[0].isupper()
        or not word[0].isascii()
        or word.lower() in ("de", "der", "van", "von", "da", "di", "la", "(he/him)", "(she/her)", "phd", "(they/them)")
        or word[0] in "(\"'"
        for word in words
    )


def _is_contact(lines: list[str], indices: list[int]) -> bool:
    """All the lines belong to a contact block: one gives a way to reach the writer, another that or a place or title.

    A telephone number alone below a name may well be what the mail is about.
    """
    reach = titles = 0
    for index in indices:
        line = lines[index].strip()
        if (
            _PHONE.search(line)
            or (_PHONE_WORD.search(line) and any(map(str.isdigit, line)))
            or _ADDRESS.search(line)
            or _SITE.search(line)
        ):
            if len(line.split()) > 14 or (_SENTENCE_END.search(line) and len(line.split()) > 7):
                return False
            reach += 1
        elif _POSTAL.search(line) or _TITLE.search(line):
            titles += 1
            if _SENTENCE_END.search(line) and len(line.split()) > 8:
                return False
        elif len(line.split()) > 8 or (_SENTENCE_END.search(line) and len(line.split()) > 3):
            return False
    return reach >= 1 and reach + titles >= 2
