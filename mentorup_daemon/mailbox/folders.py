"""Folders: which there are, what they are called here, and where drafts and sent mail live.

Promises that a name in the config (`MentorUp/Feedback`) means the same folder on a server that separates with dots or
keeps everything under INBOX, and that one badly encoded or broken name in the list costs nothing but itself (I15).
Drafts and Sent are found by configured name, else by SPECIAL-USE (RFC 6154), else by the names that mail programs give
them in many languages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from imapclient import imap_utf7
from imapclient.response_parser import parse_response

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.mailbox import arguments
from mentorup_daemon.mailbox.failures import Garbled, Refused
from mentorup_daemon.mailbox.session import Selected, Session, encoded

_DRAFTS = frozenset(
    "drafts|draft|draft messages|entwürfe|brouillons|borradores|bozze|concepten|rascunhos|utkast|kladder|luonnokset|"
    "kopie robocze|szkice|robocze|koncepty|rozepsané|черновики|чернетки|чернови|taslaklar|piszkozatok|ciorne|schițe|"
    "πρόχειρα|nacrti|skice|osnutki|mustandid|melnraksti|juodraščiai|下書き|草稿|草稿箱|임시보관함|임시 보관함|"
    "טיוטות|مسودات|المسودات|thư nháp|ร่างจดหมาย|draf".split("|")
)
_SENT = frozenset(
    "sent|sent items|sent messages|sent mail|sent-mail|gesendet|gesendete objekte|gesendete elemente|"
    "gesendete nachrichten|envoyés|éléments envoyés|messages envoyés|objets envoyés|enviados|elementos enviados|"
    "correo enviado|mensajes enviados|inviata|posta inviata|inviati|verzonden|verzonden items|verzonden berichten|"
    "itens enviados|mensagens enviadas|skickat|skickade|skickade objekt|sendt|sendte elementer|sendt post|"
    "sendte meldinger|lähetetyt|wysłane|elementy wysłane|odeslané|odeslaná pošta|odoslané|отправленные|надіслані|"
    "изпратени|gönderilmiş|gönderilmiş öğeler|gönderilenler|elküldött|elküldött elemek|trimise|απεσταλμένα|poslano|"
    "poslane poruke|saadetud|nosūtītie|išsiųsti|送信済み|送信済みメール|已发送|已傳送|寄件備份|"
    "寄件備份匣|보낸편지함|보낸 편지함|דואר שנשלח|נשלחו|المرسلة|البريد المرسل|thư đã gửi|terkirim".split("|")
)
_NOT_A_MAILBOX = frozenset({"\\noselect", "\\nonexistent"})


class NoSuchFolder(ConfigError):
    """The config names a folder that isn't there; the text names those that are."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as the server lists it; `attributes` in lower case (`\\drafts`, `\\noselect`)."""

    name: str
    attributes: frozenset[str]
    separator: str

    @property
    def last_part(self) -> str:
        """The name without its parents, for comparing."""
        return (self.name.rpartition(self.separator)[2] if self.separator else self.name).casefold()


@dataclass(frozen=True, slots=True)
class SpecialFolders:
    """Where drafts and sent mail live, as the server names them. `sent` is "" when there is none to be found."""

    drafts: str
    sent: str


class Folders:
    """The folders of one account, over its session. What can't change during a connection is asked once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._separator: str | None = None
        self._prefix = ""
        self._special: SpecialFolders | None = None
        self._special_of = 0  # the connection it was found over

    def native(self, name: str) -> str:
        """A configured name as this server writes it: its separator, and the prefix of the personal namespace.

        A name that begins with the prefix, or that holds no `/`, and INBOX itself are the server's already.
        """
        if name.upper() == "INBOX":
            return "INBOX"
        self._learn_hierarchy()
        separator = self._separator or "/"
        translated = name.strip("/").replace("/", separator)
        if not self._prefix or translated.casefold().startswith(self._prefix.casefold()):
            return translated
        return self._prefix + translated

    def open(self, name: str, *, writable: bool = False) -> Selected:
        """Open the configured folder anew.

        Raises:
            NoSuchFolder: there is none of this name.
        """
        native = self.native(name)
        try:
            return self._session.open(native, writable=writable)
        except Refused as refusal:
            self._raise_if_missing(name, native, refusal)
            raise

    def special(self, drafts: str, sent: str) -> SpecialFolders:
        """Drafts and Sent: configured names first. Drafts is made, and subscribed to, when there is none.

        Looked for once a connection, unless `forget_special` is called; while there is no Sent, each time.
        """
        if self._special is None or not self._special.sent or self._special_of != self._session.connections:
            self._special = self._find_special(drafts, sent)
            self._special_of = self._session.connections
        return self._special

    def forget_special(self) -> None:
        """Look for Drafts and Sent anew when they are asked for next: one of them is gone."""
        self._special = None

    def known_special(self) -> SpecialFolders | None:
        """Drafts and Sent as they were found over this connection; None when they have to be looked for."""
        return self._special if self._special_of == self._session.connections else None

    def statuses(self, natives: Iterable[str]) -> dict[str, dict[bytes, int]]:
        """STATUS of those of these folders that are there, by one command; {} where the server has none (RFC 5819)."""
        if not {"LIST-EXTENDED", "LIST-STATUS"} <= self._session.capabilities:
            return {}
        names = [arguments.quoted(encoded(each).decode("ascii"), "a folder's name").encode() for each in natives]
        if not names:
            return {}
        items = b"UIDVALIDITY UIDNEXT" + (b" HIGHESTMODSEQ" if "CONDSTORE" in self._session.capabilities else b"")
        with self._session.speaking("asking how folders stand") as client:
            asked = [b'""', b"(" + b" ".join(names) + b")", b"RETURN", b"(STATUS (" + items + b"))"]
            client._raw_command_untagged(b"LIST", asked, uid=False)  # noqa: SLF001 - the library has no call for it
            _, lines = client._imap._untagged_response("OK", [None], "STATUS")  # noqa: SLF001 - what came beside the list
            told = parse_response(lines) if lines and lines != [None] else ()
        found = {}
        for name, values in zip(told[::2], told[1::2], strict=True):
            text = _decoded(name)
            if text is not None:
                found[text] = dict(zip(values[::2], values[1::2], strict=True))
        return found

    def _find_special(self, drafts: str, sent: str) -> SpecialFolders:
        listed = self.listing() if not (drafts and sent) else []
        found = self.native(drafts) if drafts else _find(listed, "\\drafts", _DRAFTS)
        if drafts or not found:
            found = self.ensure(drafts or "Drafts")
        return SpecialFolders(found, self.native(sent) if sent else _find(listed, "\\sent", _SENT))

    def ensure(self, name: str) -> str:
        """Make the folder and subscribe to it, unless it is there. Returns its name on this server."""
        native = self.native(name)
        if native == "INBOX" or self._exists(native):
            return native
        try:
            with self._session.speaking(f"making the folder {native}") as client:
                client.create_folder(encoded(native))
        except Refused as refusal:
            if refusal.code != "ALREADYEXISTS":  # another program was quicker
                raise
        with contextlib.suppress(Refused), self._session.speaking(f"subscribing to the folder {native}") as client:
            client.subscribe_folder(encoded(native))
        return native

    def listing(self) -> list[Folder]:
        """All folders that hold mail and whose names can be read; [] when the server's list can't be read at all."""
        try:
            return [folder for folder in self._list("*") if not folder.attributes & _NOT_A_MAILBOX]
        except Garbled:
            return self._listing_by_guess()

    def _listing_by_guess(self) -> list[Folder]:
        """The usual folders, each asked for by itself: one broken line spoils only its own answer."""
        found = []
        for name in ("INBOX", *(self.native(name) for name in ("Drafts", "Sent", "Sent Items", "Sent Messages"))):
            try:
                found += self._list(encoded(name).decode("ascii"))
            except Garbled:
                continue
        return found

    def _list(self, pattern: str) -> list[Folder]:
        # Cyrus tells the special uses only when asked to (RFC 6154 2), and the library has no call that asks.
        asks = pattern == "*" and {"SPECIAL-USE", "LIST-EXTENDED"} <= self._session.capabilities
        with self._session.speaking("listing the folders") as client:
            if asks:
                asked = [b'""', b'"*"', b"RETURN", b"(SPECIAL-USE)"]
                answer = client._raw_command_untagged(b"LIST", asked, uid=False)  # noqa: SLF001 - see above
                lines = client._proc_folder_list(answer)  # noqa: SLF001
            else:
                lines = client.list_folders("", pattern)
        folders = (_read(*line) for line in lines)
        return [folder for folder in folders if folder is not None]

    def _exists(self, native: str) -> bool:
        # Asked for by its exact name; wildcards in a name would match more, so it is compared as well.
        try:
            listed = self._list(encoded(native).decode("ascii"))
        except Garbled:
            return False
        return any(each.name == native and not each.attributes & _NOT_A_MAILBOX for each in listed)

    def _raise_if_missing(self, name: str, native: str, refusal: Refused) -> None:
        listed = self.listing()
        if listed and not any(each.name == native for each in listed):
            there = ", ".join(sorted(each.name for each in listed)[:40])
            message = f"there is no folder {name!r} on {self._session.account.where}; there are: {there}"
            raise NoSuchFolder(message) from refusal

    def _learn_hierarchy(self) -> None:
        if self._separator is not None:
            return
        if "NAMESPACE" in self._session.capabilities:
            with self._session.speaking("asking how it names folders") as client:
                personal = client.namespace().personal or ((b"", None),)
            prefix, separator = personal[0]
            self._prefix, self._separator = _decoded(prefix) or "", separator or ""
        else:
            listed = self._list("")
            self._separator = listed[0].separator if listed else "/"
        if self._prefix.casefold() == "inbox" + self._separator:
            self._prefix = "INBOX" + self._separator


def _find(listed: list[Folder], attribute: str, names: frozenset[str]) -> str:
    """The folder with this special use, else the one nearest the top with one of these names, else ""."""
    marked = [each.name for each in listed if attribute in each.attributes]
    named = [each.name for each in listed if each.last_part in names]
    return next(iter(marked), "") or min(named, key=lambda name: (len(name), name), default="")


def _read(attributes: Any, separator: Any, name: Any) -> Folder | None:
    text = _decoded(name)
    if text is None:
        return None
    marks = frozenset(bytes(each).decode("ascii", "replace").lower() for each in attributes)
    return Folder(text, marks, bytes(separator or b"").decode("ascii", "replace"))


def _decoded(name: Any) -> str | None:
    """A name off the wire as text, None unless it is in modified UTF-7 and comes out the same when sent back."""
    raw = str(name).encode() if isinstance(name, int | str) else bytes(name)
    try:
        text = str(imap_utf7.decode(raw))
        usable = raw.isascii() and encoded(text) == raw
    except (ValueError, ConfigError):
        return None
    if not usable:
        return None
    return "INBOX" if text.upper() == "INBOX" else text
