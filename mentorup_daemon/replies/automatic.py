"""Why a message is no person's mail, in words: auto-replies, bounces, receipts, lists, robots (RFC 3834, RFC 3464).

Such mail is never filed and never answered, even when someone has tagged it: two programs that answer each other
never stop. Headers alone decide, so that the answer is known before a body is read.
"""

from __future__ import annotations

import re

from mentorup_daemon.replies.fields import Fields, decode_words, first_of

_ROBOTS = re.compile(
    r"(?:mailer-daemon|postmaster|(?:do-?not|no)[-_.]?reply|bounces?|notifications?|auto-?reply|auto-?responder)"
    r"(?:[-_+.=].*)?\Z"
)
_NOREPLY_AT_END = re.compile(r"[-_+.](?:do-?not|no)[-_.]?reply\Z")
_REPORTS = {
    "message/delivery-status": "a bounce or delivery report",
    "message/disposition-notification": "a read receipt",
    "text/calendar": "an answer of a calendar program",
}
_OUT_OF_OFFICE = (
    "out of office", "out of the office", "automatic reply", "auto reply", "auto-reply", "autoreply", "away from",
    "on vacation", "abwesen", "automatische antwort", "nicht im büro", "réponse automatique", "absence du bureau",
    "respuesta automática", "fuera de la oficina", "resposta automática", "risposta automatica", "fuori ufficio",
    "automatisch antwoord", "automatische beantwoording", "afwezig", "autosvar", "automatiskt svar", "automatisk svar",
    "poissa", "automaattinen", "autoodpowiedź", "automatyczna odpowiedź", "poza biurem", "automatická odpověď",
    "автоответ", "автоматический ответ", "автоматична відповідь", "otomatik yanıt", "αυτόματη απάντηση",
    "自動応答", "自動返信", "自动回复", "自動回覆", "자동 회신", "מענה אוטומטי", "رد تلقائي",
)  # fmt: skip


def why_automatic(fields: Fields, sender: str) -> str:
    """Why the message with these header fields is no person's mail; "" when it may well be one.

    `sender` is the address in From, lower case. The standard's own sign comes first, guesses last.
    """
    return (
        _says_so(fields)
        or _report(fields)
        or _list_or_bulk(fields)
        or _robot(sender)
        or _out_of_office(fields)
    )  # fmt: skip


def _says_so(fields: Fields) -> str:
    submitted = _keyword(first_of(fields, "auto-submitted"))
    if submitted and submitted != "no":
        kind = "an automatic reply" if submitted.startswith("auto-replied") else "an automatic message"
        return f"{kind} (Auto-Submitted: {submitted})"
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply"):
        value = _keyword(first_of(fields, name))
        if any(field == name for field, _ in fields) and value not in ("no", "false", "0"):
            return f"an automatic reply ({name.title()})"
    return ""


def _report(fields: Fields) -> str:
    kind = _keyword(first_of(fields, "content-type"))
    if kind == "multipart/report":
        parameters = first_of(fields, "content-type").lower()
        return "a read receipt" if "disposition-notification" in parameters else "a bounce or delivery report"
    if kind in _REPORTS:
        return _REPORTS[kind]
    if any(name == "x-failed-recipients" for name, _ in fields):
        return "a bounce (X-Failed-Recipients)"
    if any(name == "return-path" and "".join(value.split()) == "<>" for name, value in fields):
        return "a bounce or automatic reply (null return path)"
    return ""


def _list_or_bulk(fields: Fields) -> str:
    names = {name for name, _ in fields}
    if "list-id" in names:
        return f"from a mailing list (List-Id: {decode_words(first_of(fields, 'list-id'))[:100]})"
    if names & {"list-unsubscribe", "list-post"}:
        return "from a mailing list or newsletter (List-Unsubscribe)"
    precedence = _keyword(first_of(fields, "precedence"))
    if precedence in ("bulk", "list", "junk", "auto_reply"):
        kind = "an automatic reply" if precedence == "auto_reply" else "bulk mail"
        return f"{kind} (Precedence: {precedence})"
    return ""


def _robot(sender: str) -> str:
    local = sender.rpartition("@")[0]
    if _ROBOTS.match(local) or _NOREPLY_AT_END.search(local):
        return f"from a machine's address ({sender})"
    return ""


def _out_of_office(fields: Fields) -> str:
    """Exchange marks much besides with X-Auto-Response-Suppress, so the subject has to say it too."""
    if first_of(fields, "x-auto-response-suppress"):
        subject = decode_words(first_of(fields, "subject")).lower()
        if any(subject.startswith(sign) or f": {sign}" in subject for sign in _OUT_OF_OFFICE):
            return "an out-of-office reply (X-Auto-Response-Suppress)"
    return ""


def _keyword(value: str) -> str:
    """The value before parameters and comments, lower case."""
    return re.split(r"[;(]", value, maxsplit=1)[0].strip().lower()
