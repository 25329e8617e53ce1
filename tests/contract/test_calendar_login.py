"""How the door to calendars logs in: by what the server asks for, and never with more than that needs."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from mentorup_daemon.calendars import CalDavAccount
from mentorup_daemon.calendars.dav import Dav
from mentorup_daemon.errors import CredentialsError
from tests.servers.fake_http import FakeHttp, Reply, Seen

ANSWER = Reply(207, '<d:multistatus xmlns:d="DAV:"/>', {"Content-Type": "application/xml"})
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
BASIC = f"Basic {base64.b64encode(b'sam:secret').decode()}"


def asked(url: str, ca_file: str = "") -> None:
    dav = Dav(CalDavAccount(url, "sam", lambda: "secret", timeout=5, ca_file=ca_file))
    try:
        assert dav.propfind(f"{url}cal/", "<x/>").answers == ()
        assert dav.propfind(f"{url}cal/", "<x/>").answers == ()
    finally:
        dav.close()


def is_proof(seen: Seen, algorithm: str) -> bool:
    """Whether the Authorization of a request is sam's Digest for it (RFC 7616 3.4.1)."""
    told = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', header(seen))}

    def hashed(*parts: str) -> str:
        return HASHES[algorithm](":".join(parts).encode()).hexdigest()

    who, what = hashed("sam", "dav", "secret"), hashed(seen.method, seen.path)
    proof = hashed(who, told["nonce"], told["nc"], told["cnonce"], "auth", what)
    return (told["nonce"], told["uri"], told["response"]) == ("once", seen.path, proof)


def header(seen: Seen) -> str:
    return seen.headers.get("Authorization", "")


@pytest.mark.parametrize("algorithm", HASHES)
def test_a_server_that_takes_a_proof_of_the_password_gets_no_more(fake_http: FakeHttp, algorithm: str) -> None:
    offer = f'Basic realm="dav", Digest realm="dav", qop="auth", nonce="once", algorithm={algorithm}'

    def script(seen: Seen) -> Reply:
        if header(seen) and is_proof(seen, algorithm):
            return ANSWER
        return Reply(401, headers={"WWW-Authenticate": offer})

    fake_http.script = script
    asked(fake_http.url)
    assert all(header(seen).startswith("Digest ") for seen in fake_http.requests if header(seen))


def test_the_kind_of_login_is_asked_for_once(fake_http: FakeHttp) -> None:
    fake_http.script = lambda seen: (
        ANSWER if header(seen) == BASIC else Reply(401, headers={"WWW-Authenticate": 'Basic realm="dav"'})
    )
    asked(fake_http.url)
    assert [header(seen) for seen in fake_http.requests] == ["", BASIC, BASIC]


def test_a_server_that_does_not_say_what_it_wants_gets_the_password_over_tls(tls_http: tuple[FakeHttp, str]) -> None:
    fake, ca_file = tls_http
    fake.script = lambda seen: ANSWER if header(seen) == BASIC else Reply(401)
    asked(fake.url, ca_file)
    assert [header(seen) for seen in fake.requests] == ["", BASIC, BASIC]


def test_and_never_without_tls(fake_http: FakeHttp) -> None:
    fake_http.script = lambda seen: Reply(401)
    with pytest.raises(CredentialsError):
        asked(fake_http.url)
    assert [header(seen) for seen in fake_http.requests] == [""]
