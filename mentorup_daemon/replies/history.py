"""Recognising where quoted history begins without quote marks: separators, header blocks, forwarded messages.

`-----Original Message-----`, `Begin forwarded message:`, and the blocks of `From:`, `Sent:`, `To:`, `Subject:` lines
in the languages mail programs speak, bold or not, wrapped or not. It promises to look at a bounded number of lines
from where it is asked. The hard thing is the writer's own `From: the lab`: a block counts only with a sender and two
more of its lines, or with two that hold an address and a date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mentorup_daemon.replies.attribution import LONGEST_LINE
from mentorup_daemon.replies.choices import by_first_letter

_MOST_LINES = 20_000  # of a body that are searched for a forwarded message
_TELLING = re.compile(r"[:：]|[-–—_=]{2}")
_LONGEST_BLOCK = 24  # lines of one header block, its wrapped lines and blank lines included

_FIELDS = {
    "from": "from|von|de|da|van|fra|från|frå|lähettäjä|od|nadawca|odesílatel|odosielateľ|от|від|от кого|kimden|"
    "gönderen|από|αποστολέας|差出人|送信者|发件人|寄件者|寄件人|發件人|보낸 사람|보낸사람|보낸이|"
    "발신자|발신인|발신|מאת|من|المرسل|"
    "expéditeur|remitente|remetente|mittente|afzender|avsändare|absender|feladó|expeditor|de la|saatja",
    "date": "date|sent|sent at|sent on|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|"
    "enviada em|enviado em|enviada|fecha|data|data di invio|inviato|inviato il|verzonden|verzonden op|verstuurd|"
    "skickat|skickat den|sendt|dato|lähetetty|päivämäärä|päiväys|wysłano|wysłane|data wysłania|odesláno|odoslané|"
    "dátum|отправлено|дата|надіслано|відправлено|gönderildi|gönderme tarihi|gönderilme tarihi|tarih|ημερομηνία|"
    "στάλθηκε|εστάλη|送信日時|日付|日時|发送时间|发送日期|傳送日期|寄件日期|發送日期|日期|时间|時間|"
    "보낸 날짜|보낸날짜|날짜|"
    "보냄|נשלח|תאריך|تاريخ|التاريخ|تاريخ الإرسال|تم الإرسال|أرسلت|elküldve|trimis|data și ora",
    "to": "to|an|à|a|para|aan|til|till|vastaanottaja|do|komu|кому|kime|alıcı|προς|宛先|收件人|收件者|"
    "받는 사람|받는사람|"
    "받는이|수신자|수신인|수신|אל|إلى|المستلم|pour|destinataire|destinatario|destinatari|empfänger|címzett|către|per|ontvanger|"
    "mottagare|modtager|mottaker|saaja|adresat|příjemce",
    "cc": "cc|kopie|kopie an|copie|copie à|copia|kopia|kopi|kopio|dw|do wiadomości|копия|копія|bilgi|"
    "κοιν|κοινοποίηση|抄送|"
    "副本|참조|העתק|نسخة|cci|bcc|cco|ccn|másolatot kap|kópia|cópia|с копией",
    "subject": "subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|otsikko|temat|předmět|"
    "predmet|тема|konu|θέμα|件名|主题|主題|主旨|제목|נושא|الموضوع|موضوع|tárgy|subiect|teema|vedr|betr",
    "other": "reply-to|reply to|antwort an|antworten an|répondre à|responder a|rispondi a|beantwoorden|svara till|"
    "svar til|attachments|attachment|anlagen|anhänge|pièces jointes|archivos adjuntos|anexos|allegati|bijlagen|"
    "bilagor|importance|wichtigkeit|importancia|importância|priorità|urgentie|prioritet|priority|organization|"
    "sensitivity|message-id|user-agent|newsgroups|categories|resent-from|x-mailer|mailing list|when|"
    "where|附件|重要性",
}
_KIND = {word: kind for kind, words in _FIELDS.items() for word in words.split("|")}
_LONGEST_NAME = max(map(len, _KIND))
_FIELD_LINE = re.compile(
    rf"[ \t>*_|]{{0,8}}([^:：*]{{1,{_LONGEST_NAME + 2}}})[*_ \t]{{0,4}}[:：]\*{{0,2}}(.{{0,{LONGEST_LINE}}})"
)

_ORIGINAL = (
    "original message|originalmessage|reply message|ursprüngliche nachricht|urspruengliche nachricht|"
    "original-nachricht|"
    "originalnachricht|original nachricht|antwort nachricht|message d'origine|message d’origine|message original|"
    "message initial|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|"
    "origineel bericht|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|original meddelelse|"
    "oprindelig besked|opprinnelig melding|original melding|alkuperäinen viesti|wiadomość oryginalna|"
    "oryginalna wiadomość|původní zpráva|původní e-mail|pôvodná správa|исходное сообщение|оригинальное сообщение|"
    "исходное письмо|оригінальне повідомлення|початкове повідомлення|вихідне повідомлення|orijinal mesaj|özgün ileti|"
    "orijinal ileti|αρχικό μήνυμα|元のメッセージ|元のメール|原始邮件|邮件原件|原始郵件|原始信件|"
    "原邮件|原始訊息|원본 메시지|"
    "원본 메일|원본메시지|הודעה מקורית|ההודעה המקורית|الرسالة الأصلية|رسالة أصلية|eredeti üzenet|mesaj original|"
    "mesajul original|original email|original appointment|originaltermin|original mail|ursprungsnachricht|original"
)
_FORWARDED = (
    "forwarded message|forwarded mail|forwarded by|forwarded email|weitergeleitete nachricht|"
    "weitergeleitete mail|message transféré|message réexpédié|message transmis|mensaje reenviado|"
    "mensagem encaminhada|"
    "mensagem reencaminhada|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande|vidarebefordrat brev|"
    "videresendt meddelelse|videresendt besked|videresendt melding|videresendt e-post|välitetty viesti|"
    "edelleenlähetetty viesti|przekazana wiadomość|wiadomość przekazana|przesłana wiadomość|přeposlaná zpráva|"
    "preposlaná správa|пересылаемое сообщение|пересланное сообщение|пересылаемое письмо|переадресованное сообщение|"
    "переслане повідомлення|пересланий лист|yönlendirilmiş ileti|yönlendirilen ileti|iletilen mesaj|iletilmiş mesaj|"
    "yönlendirilen mesaj|iletilen ileti|προωθημένο μήνυμα|転送メッセージ|転送されたメッセージ|"
    "转发的消息|转发的邮件|转发邮件信息|"
    "轉寄的郵件|轉寄郵件|转发邮件|전달된 메시지|전달된 메일|הודעה מועברת|הודעה שהועברה|"
    "رسالة معاد توجيهها|رسالة مُعاد توجيهها|"
    "الرسالة المعاد توجيهها|továbbított üzenet|mesaj redirecționat|mesaj redirectionat"
)
_FORWARD_OPENERS = frozenset(
    "begin forwarded message|forwarded message|anfang der weitergeleiteten nachricht|weitergeleitete nachricht|"
    "début du message réexpédié|début du message transféré|inicio del mensaje reenviado|início da mensagem reenviada|"
    "início da mensagem encaminhada|inizio messaggio inoltrato|inizio del messaggio inoltrato|"
    "begin doorgestuurd bericht|begin van doorgestuurd bericht|vidarebefordrat brev|vidarebefordrat meddelande|"
    "start på videresendt besked|start på videresendt melding|start på videresendt meddelelse|videresendt melding|"
    "välitetty viesti alkaa|välitetty viesti|edelleenlähetetty viesti|początek przekazywanej wiadomości|"
    "začátek přeposlané zprávy|začátek přeposílané zprávy|начало переадресованного сообщения|"
    "начало пересылаемого сообщения|початок листа, що пересилається|початок переадресованого повідомлення|"
    "iletilen ileti başlangıcı|iletilen mesajın başlangıcı|yönlendirilen ileti|ileti başlangıcı|"
    "αρχή προωθημένου μηνύματος|έναρξη προωθημένου μηνύματος|転送されたメッセージ|开始转发的邮件|下面是被转发的邮件|"
    "以下是轉寄的郵件|開始轉寄郵件|전달된 메시지 시작|전달된 메시지|תחילת ההודעה שהועברה|תחילת הודעה שהועברה|"
    "بدء الرسالة المعاد توجيهها|بداية الرسالة المعاد توجيهها|بداية الرسالة المُعاد توجيهها".split("|")
)
_SEPARATOR = re.compile(
    rf"[\s>*#]{{0,6}}[-–—_=]{{2,}}[\s*]*(?:(?P<original>{by_first_letter(_ORIGINAL)})|"
    rf"(?P<forwarded>{by_first_letter(_FORWARDED)}))",
    re.IGNORECASE,
)
_RULE = re.compile(r"[ \t]{0,4}(?:[_]{4,}|[-–—]{5,}|[=]{8,}|[*]{8,}|(?:- ){4,}-?)[ \t]*$")
_GROUPWISE = re.compile(r">>> .{1,200}\d{1,2}[:.h]\d{2}.{0,12}>>>[ \t]*$")
_LOWER_CASE = re.compile(r"\s*[a-z]")  # no program writes `from:`, but who shows a configuration does
_EVIDENCE = re.compile(r"@|\d{1,2}[:.h]\d{2}|\d{4}|mailto:")


@dataclass(frozen=True, slots=True)
class HistoryStart:
    """History begins at line `first`; its own lines (separator, headers) end before `end`.

    `headers` maps from, to, cc, date, subject, other to the raw values found. `forwarded` says it calls itself so.
    """

    first: int
    end: int
    forwarded: bool
    headers: dict[str, str] = field(default_factory=dict)


def is_rule(line: str) -> bool:
    """A line drawn with dashes, underscores or the like."""
    return len(line) <= LONGEST_LINE and bool(_RULE.match(line))


@lru_cache(maxsize=4096)
def header_field(line: str) -> tuple[str, str] | None:
    """(kind, value) of a line like `Betreff: ...`, kind one of from, date, to, cc, subject, other; else None."""
    match = _FIELD_LINE.match(line[:LONGEST_LINE])
    if match is None:
        return None
    kind = _KIND.get(match[1].strip(" \t\u00a0.*_").lower())
    return (kind, match[2].strip(" \t\u00a0*")) if kind else None


def history_at(lines: Sequence[str], index: int) -> HistoryStart | None:
    """The history that begins at `lines[index]` with a separator or a header block; None when none does."""
    line = lines[index]
    if len(line) > LONGEST_LINE:
        return None
    separator = _separator(line)
    if separator:
        end, headers = _headers_from(lines, index + 1)
        found = HistoryStart(index, end if headers else index + 1, separator != "original", headers)
        return found if headers or separator != "opener" else None
    ruled = is_rule(line)
    first = _next_text(lines, index + 1, 2) if ruled else index
    if first is None or header_field(lines[first]) is None:
        return None
    if not ruled and _LOWER_CASE.match(line):
        return None
    end, headers = _headers_from(lines, first)
    return HistoryStart(index, end, False, headers) if _believable(headers, below_rule=ruled) else None


def is_groupwise(line: str) -> bool:
    """GroupWise's line above unmarked history: `>>> Sam Rivera <sam@example.net> 02.11.2026 09:14 >>>`."""
    return line.startswith(">>> ") and len(line) <= LONGEST_LINE and bool(_GROUPWISE.match(line))


def _separator(line: str) -> str | None:
    if is_groupwise(line):
        return "original"
    match = _SEPARATOR.match(line)
    if match:
        rest = line[match.end() :].strip(" \t*#>")
        if len(rest) < 80 and (not rest or rest[0] in "-–—_=" or match["forwarded"]):
            return "original" if match["original"] else "forwarded"
        return None
    bare = line.strip(" \t>*\u00a0")
    if bare.endswith((":", "：")) and bare.rstrip(":： \u00a0").lower() in _FORWARD_OPENERS:
        return "opener"
    return None


def _next_text(lines: Sequence[str], index: int, blanks: int) -> int | None:
    for at in range(index, min(len(lines), index + blanks + 1)):
        if lines[at].strip():
            return at
    return None


def _headers_from(lines: Sequence[str], index: int) -> tuple[int, dict[str, str]]:
    """The header lines from `index` on: (where they end, values by kind). One blank line may stand between two."""
    headers: dict[str, str] = {}
    end = index
    kind = ""
    at = index
    wrapped = 0
    while at < min(len(lines), index + _LONGEST_BLOCK):
        found = header_field(lines[at])
        if found and (found[0] not in headers or found[0] == "other"):
            kind, value = found
            headers[kind] = value
            end = at + 1
            wrapped = 0
        elif found:
            break
        elif lines[at].strip(" \t>*\u00a0"):
            if not headers or not _continues(lines, at, kind, wrapped):
                break
            headers[kind] = " ".join((headers[kind], lines[at].strip(" \t>*"))).strip()
            end = at + 1
            wrapped += 1
        elif (headers and not _field_soon(lines, at + 1, 2)) or (not headers and at - index >= 2):
            break
        at += 1
    return end, headers


def _field_soon(lines: Sequence[str], index: int, within: int) -> bool:
    at = _next_text(lines, index, within)
    return at is not None and header_field(lines[at]) is not None


def _continues(lines: Sequence[str], at: int, kind: str, wrapped: int) -> bool:
    """A line without a field's name goes on with the field above: a list of recipients, or another field follows."""
    if wrapped >= 8:
        return False
    previous = lines[at - 1]
    if not previous.strip():
        return False
    if lines[at][:1] in " \t" and kind in ("to", "cc", "from"):
        return True
    if kind in ("to", "cc", "from") and (previous.rstrip().endswith((",", ";", "<", "[mailto:")) or "@" in lines[at]):
        return True
    return any(header_field(line) for line in lines[at + 1 : at + 3])


def _believable(headers: dict[str, str], *, below_rule: bool) -> bool:
    named = headers.keys() & {"from", "date", "to", "cc", "subject"}
    evidence = sum(bool(_EVIDENCE.search(headers[kind])) for kind in named)
    if "from" in named and len(named) >= 3:
        return evidence >= 1 or len(named) >= 4
    if below_rule and "from" in named:
        return len(named) >= 2 or evidence == 1
    if len(named) >= 2 and named & {"from", "to"} and "date" in named:
        return evidence >= 2
    return "from" in named and "subject" in named and evidence >= 1 and "@" in headers["from"]


@dataclass(frozen=True, slots=True)
class ForwardedBlock:
    """A forwarded message inside a body: what stands before it, its headers (from, to, date, subject), its text."""

    before: str
    headers: dict[str, str]
    body: str


def forwarded_block(text: str) -> ForwardedBlock | None:
    """The first forwarded message in a plain text (from HTML: `html_text` first); None when there is none.

    A header block or a separator with headers counts; `before` holds the lines above it as they stand, `body` those
    below without the quote marks that some programs put before each of its lines.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for index, line in enumerate(lines[:_MOST_LINES]):
        if not _TELLING.search(line[:LONGEST_LINE]):
            continue
        found = history_at(lines, index)
        if found is None or not found.headers.keys() & {"from", "date", "subject"}:
            continue
        body = lines[found.end :]
        if all(row.startswith(">") for row in body if row.strip()) or lines[found.end - 1].lstrip().startswith(">"):
            body = [row[1:].removeprefix(" ") if row.startswith(">") else row for row in body]
        headers = {kind: value for kind, value in found.headers.items() if kind in ("from", "to", "date", "subject")}
        return ForwardedBlock("\n".join(lines[: found.first]).strip(), headers, "\n".join(body).strip())
    return None
