"""Taking off what servers and lists add to a mail: legal notices, list footers, banners about outside senders.

Only whole paragraphs at the end go (banners: at the beginning), and only when they speak the language of such notices
in at least two ways. One word such as "confidential" in a sentence of the writer's is not enough.

What is searched for is written in small letters, and searched for in the text in small letters; each choice begins with
a letter of its own. So the search leaps to the letters that a choice may begin with: ten times as fast as one that
minds no case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mentorup_daemon.replies.choices import by_first_letter

_LONGEST = 4000  # characters of a notice that are read

_LEGAL = {
    "secret": (
        r"confidential|privileged|vertraulich|confidentiel|confidencial|riservat|confidenzial|"
        r"vertrouwelijk|konfidenti|fortrolig|luottamuksel|poufn|důvěrn|конфиденциальн|"
        r"конфіденційн|gizli|εμπιστευτικ|機密|保密|机密|기밀|חסוי|סודי|سري"
    ),
    "addressee": (
        r"intended (?:only |solely )?(?:recipient|for|addressee)|addressee|named recipient|"
        r"bestimmt|empfänger|adressat|destinataire|destinatario|destinatári|destinatari|ontvanger|"
        r"geadresseerde|bestemd|mottagare|modtager|mottaker|vastaanottaja|adresat|příjemc|адресат|"
        r"получател|одержувач|al[ıi]c[ıi]|παραλήπτη|宛先|收件人|수신인|נמען|المرسل إليه"
    ),
    "mistake": (
        r"error|irrtümlich|irrtum|par erreur|por error|por engano|por erro|per errore|"
        r"ten onrechte|abusievelijk|misstag|fejl|feil|erehdyksess|omyłk|omyl|по ошибке|помилк|"
        r"yanl[ıi]şl[ıi]kla|κατά λάθος|誤って|错误|有误|잘못|בטעות|بالخطأ"
    ),
    "demand": (
        r"notify|delete|destroy|prohibited|unauthori[sz]ed|disclos|disseminat|copying|löschen|"
        r"vernicht|unbefugt|détruire|supprimer|interdit|elimin|prohibid|apagar|proibid|cancell|"
        r"distrugg|vietat|verwijder|verboden|radera|ta bort|slet|poista|usun|smaž|zakázán|удалит|"
        r"запрещ|видал|заборон|silin|yasak|διαγρά|απαγορ|削除|破棄|删除|刪除|삭제|למחוק|حذف"
    ),
    "message": (
        r"e-?mail|message|nachricht|mensaje|mensagem|messaggio|bericht|meddelande|meddelelse|"
        r"melding|viesti|wiadomoś|zpráv|сообщени|повідомлен|ileti|mesaj|μήνυμα|メール|邮件|郵件|메일|הודעה|"
        r"دواء|الرسالة"
    ),
}
_LEGAL_PATTERNS = [re.compile(words) for words in _LEGAL.values()]
_OPENINGS = (
    r"confidentiality(?: notice| note| statement)?|legal (?:notice|disclaimer)|disclaimer|email disclaimer|"
    r"privileged and confidential|notice of confidentiality|haftungsausschluss|"
    r"vertraulichkeitshinweis|avis de confidentialité|"
    r"aviso (?:legal|de confidencialidad|de confidencialidade)|nota di riservatezza|"
    r"avviso di riservatezza|ai sensi del|"
    r"this (?:e-?mail|message|communication|transmission|electronic)|the information (?:contained )?in this|"
    r"the contents? of this|diese (?:e-?mail|nachricht)|ce (?:message|courriel|mail)|este (?:mensaje|correo|e-?mail)|"
    r"esta (?:mensagem|mensaje)|questo (?:messaggio|e-?mail)|questa (?:e-?mail|comunicazione)|le informazioni|"
    r"dit (?:e-?mail|bericht)|de informatie|denna? |det(?:te|ta) |denne |tämä |ta wiadomość|"
    r"niniejsza |tato zpráva|tento e-?mail|"
    r"это (?:сообщение|письмо)|данное (?:сообщение|письмо)|настоящее |це повідомлення|цей лист|"
    r"bu (?:e-?posta|ileti|mesaj)|"
    r"αυτό το|το παρόν|このメール|本メール|本邮件|本郵件|此邮件|此郵件|이 메일|본 메일|דוא|הודעה זו|"
    r"هذه الرسالة|if you (?:are not|have received)|any (?:views|opinions)"
)
_LEGAL_OPENING = re.compile(rf"\W{{0,6}}(?:{by_first_letter(_OPENINGS)})", re.IGNORECASE)
_ENVIRONMENT = re.compile(
    r"consider the environment|think before (?:you )?print|think of the environment|umwelt.{0,60}(?:druck|ausdruck)|"
    r"impr(?:imer|ession).{0,80}(?:environnement|imprim)|l'environnement.{0,80}(?:environnement|imprim)|"
    r"medio ambiente.{0,80}(?:imprim)|"
    r"imprim.{0,80}(?:medio|meio) ambiente|stampa.{0,60}ambiente|ambiente.{0,60}stampa|milieu.{0,60}(?:print|afdruk)|"
    r"virus.{0,20}(?:free|checked|scanned)|scanned (?:for viruses|by)|virenfrei|"
    r"avast\.com|avast.{0,60}\bvir|vir(?<!\wvir).{0,60}avast|avg\.com|"
    r"sans virus|libre de virus|"
    r"senza virus|privo di virus|livre de vírus"
)
_SPOKEN = re.compile(r"\b(?:I|my|me)\b|\b(?:we|We) use\b|\?\s*$", re.MULTILINE)  # a writer asks, and says "I"
_LIST = re.compile(
    r"mailing list|listinfo|list-?serv|unsubscribe|you (?:received|are receiving) this|"
    r"google groups|groups\.google|yahoo! groups|view (?:it|this).{0,20} on github|reply to this email directly|"
    r"visit topic|manage your (?:subscription|email)|email preferences|abmelden|abbestellen|désinscri|désabonn|"
    r"darse de baja|cancelar (?:la|a) (?:suscripción|inscrição)|annulla(?:re)? (?:l')?iscrizione|"
    r"disiscri|uitschrijven|"
    r"avregistrera|mailman|lists\.\w{2,}|groups\.io|post to this group|to post to|non-text portions of this message|"
    r"отписаться|一覧から退会|取消订阅"
)
_FOOTER_WORDS = re.compile(
    by_first_letter("|".join(pattern.pattern for pattern in (_LIST, _ENVIRONMENT, _LEGAL_PATTERNS[0])))
)
_LIST_SURE = re.compile(
    r"you (?:received|are receiving|have received) this (?:message|e-?mail|mail) because|"
    r"reply to this e-?mail directly|non-text portions of this message|to unsubscribe from this (?:group|list|thread)"
)
_LIST_HINTS = [
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"unsubscribe",
        r"mailman/listinfo|groups\.io|groups\.google|groups\.yahoo",
        r"^\W{0,4}[\w.-]+ mailing list\s*$",
        r"list archives?:|archives?:? https?://",
        r"^\s*[\w.+-]+@[\w.-]+\s*$",
    )
]
_LIST_RULE = re.compile(r"\s{0,3}(?:_{10,}|-{10,}|={10,}|--~--~-{3,}.{0,40}|-~-{3,}.{0,60}|-=-=.{0,40}|\*{10,})\s*$")
_LIST_LINE = re.compile(r"https?://|@|to unsubscribe|mailing list|archive|faq|subscri|list|group|\.org|\.net")
_LIST_REACH = re.compile(r"https?://|@|github")
_BANNER_OPENING = re.compile(
    r"\W{0,4}(?:caution|warning|external|\[?external\]?|\[ext\]|achtung|vorsicht|extern|attention|externe|atención|"
    r"you don't often get e-?mail|some people who received this message don't often|"
    r"precaución|attenzione|let op|varning|advarsel|uwaga|this (?:e-?mail|message) (?:originated|"
    r"comes?|came|is|was sent) from)",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"outside (?:of )?(?:the|your|our)|external (?:sender|source|e-?mail)|originated (?:from )?outside|do not click|"
    r"don't click|(?:extern|außerhalb).{0,60}(?:organisation|absender|e-?mail|nachricht|link)|"
    r"(?:provient|externe).{0,60}(?:extérieur|organisation|expéditeur)|fuera de|externo|esterno|"
    r"externe afzender|utanför|don't often get e-?mail from .{0,100}learn why",
    re.IGNORECASE,
)
_REPLY_ABOVE = re.compile(
    r"\W{0,8}(?:please )?(?:reply|write|type|enter).{0,30}above (?:this|the) (?:line|dashed)|"
    r"\W{0,8}(?:bitte )?.{0,40}oberhalb dieser (?:zeile|linie)",
    re.IGNORECASE,
)

_REPLY_ABOVE_MARKS = ("--", "##", "==", "__")


def may_say_reply_above(text: str) -> bool:
    """False when none of the lines can be one that `is_reply_above_line` knows: two words tell, at a glance."""
    small = text.encode("utf-8", errors="replace").lower()  # bytes: ASCII's letters, several times as fast as all
    return b"above th" in small or b"oberhalb d" in small


def is_reply_above_line(line: str) -> bool:
    """`-- Please reply above this line --`: what follows was written by a ticket system."""
    return len(line) <= 200 and bool(_REPLY_ABOVE.match(line)) and any(mark in line for mark in _REPLY_ABOVE_MARKS)


def may_hold_footer(lines: Sequence[str]) -> bool:
    """False when no paragraph of the lines is one that `is_notice` or `is_list_footer` knows: a look at all at once.

    A notice has all the ways to speak as one, so of what is secret too, or else it has an opening.
    """
    return bool(_FOOTER_WORDS.search(_small("\n".join(lines)))) or any(map(_LEGAL_OPENING.match, lines))


def is_notice(paragraph: str) -> bool:
    """A legal notice, a plea about printing, or a virus scanner's stamp."""
    text = paragraph[:_LONGEST]
    small = _small(text)
    if len(text) < 400 and _ENVIRONMENT.search(small) and not _SPOKEN.search(text):
        return True
    if _LEGAL_OPENING.match(text):
        return sum(bool(pattern.search(small)) for pattern in _LEGAL_PATTERNS) >= 3
    return all(pattern.search(small) for pattern in _LEGAL_PATTERNS)


def _small(text: str) -> str:
    """In small letters; Turkish has an İ that Python makes two characters of."""
    return text.replace("İ", "i").lower()


def is_list_footer(paragraph: str) -> bool:
    """What a mailing list or group service puts at the end of each mail."""
    text = paragraph[:_LONGEST]
    small = _small(text)
    if not _LIST.search(small):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or len(lines) > 14:
        return False
    rule = bool(_LIST_RULE.match(lines[0])) or lines[0].strip() in ("--", "-- ", "---", "—")
    listed = sum(bool(_LIST_LINE.search(_small(line))) for line in lines)
    if rule:
        return listed >= 1
    if _LIST_SURE.search(small):
        return bool(_LIST_REACH.search(small))
    if _SPOKEN.search(text):
        return False
    return listed >= (len(lines) + 1) // 2 and sum(bool(hint.search(small)) for hint in _LIST_HINTS) >= 3


def is_banner(paragraph: str) -> bool:
    """A gateway's warning that the mail came from outside."""
    text = paragraph[:1000]
    return len(paragraph) < 1000 and bool(_BANNER_OPENING.match(text)) and bool(_BANNER.search(text))


def may_be_banner(text: str) -> bool:
    """False when the text's first paragraph isn't one that `is_banner` knows: a glance at its first words."""
    return _BANNER_OPENING.match(text.lstrip()) is not None
