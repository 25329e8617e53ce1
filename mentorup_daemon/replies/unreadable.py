"""Why the words of a proper message can't be read: they are encrypted, or in a wrapping of Outlook's.

Nothing is decrypted: a program that runs unattended is no place for the keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from mentorup_daemon.replies.mime import Part, is_message

_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SIGNED_ONLY = frozenset({"signed-data", "certs-only"})


def why_unreadable(parts: Sequence[Part], text: str) -> str:
    """What keeps the words from being read, and what to do; "" when nothing does. `text` is the visible text."""
    own = [part for part in parts if not any(is_message(kind) for kind in part.inside)]
    if any(part.kind == "multipart/encrypted" for part in own) or text.lstrip().startswith(
        "-----BEGIN PGP MESSAGE-----"
    ):
        return "its words are encrypted (PGP) and can't be read here: forward them unencrypted"
    smime = next((part for part in own if part.kind in _SMIME and not part.inside), None)
    if smime and smime.parameters.get("smime-type", "").lower() in _SIGNED_ONLY:
        return "its words are wrapped in an S/MIME signature and can't be read here: forward them as plain text"
    if smime:
        return "its words are encrypted (S/MIME) and can't be read here: forward them unencrypted"
    if not text.strip() and any(part.kind in _TNEF or part.filename.lower() == "winmail.dat" for part in own):
        return "its words are in Outlook's winmail.dat and can't be read here: forward them as plain text"
    return ""
