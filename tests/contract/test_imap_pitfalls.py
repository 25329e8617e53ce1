"""What IMAP servers do to programs like this one: each by its number, scripted where no real server can be made to."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mentorup_daemon.errors import ConfigError, CredentialsError, Malformed, MentorUpError, Unavailable, Uncertain
from mentorup_daemon.mailbox import FolderCursor, Mailbox
from mentorup_daemon.mailbox.failures import Crowded
from mentorup_daemon.mailbox.session import tls_context
from mentorup_daemon.records import Tags
from tests.contract.test_mailbox import mail
from tests.servers.fake_imap import CAPABILITIES, Answer, FakeImap, Line
from tests.servers.imap import UMLAUT_PASSWORD, UMLAUT_USER, Dovecot, Mailserver

TAGS = Tags()
NO_TAGS = Tags(keywords=(), folders=(), subjects=(), plus_addresses=(), gmail_labels=())
CURSOR = FolderCursor(1, 10)
OPENED = "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n* OK [UIDNEXT 10] next"
WRITABLE = "* OK [PERMANENTFLAGS (\\Deleted \\*)] kept\r\n" + OPENED
KEYWORDS_GONE = "* OK [PERMANENTFLAGS (\\Deleted \\Seen)] kept\r\n" + OPENED


def serving(capabilities: str = CAPABILITIES, **answers: Answer) -> Callable[[Line], None]:
    """A server that answers these commands (`UID_FETCH` for `UID FETCH`) and lets the others pass."""
    named = {name.replace("_", " "): answer for name, answer in answers.items()}

    def play(line: Line) -> None:
        line.log_in(capabilities)
        line.serve({"EXAMINE": OPENED, "SELECT": WRITABLE, **named})

    return play


def fetched(uid: int, header: bytes = b"Subject: hello\r\n\r\n", flags: str = "", more: str = "") -> bytes:
    """One line of a FETCH answer with a message's headers."""
    name = "BODY[HEADER.FIELDS (SUBJECT)]"
    return (
        f"* 1 FETCH (UID {uid} FLAGS ({flags}) RFC822.SIZE 99 {more}{name} {{{len(header)}}}\r\n".encode()
        + header
        + b")"
    )


def commands(server: FakeImap, connection: int = 0) -> list[str]:
    return server.lines[connection].said


def test_i05_after_a_timeout_the_connection_is_replaced() -> None:
    def freezes(line: Line) -> None:
        line.log_in()
        line.expect("EXAMINE")
        line.wait_for_hang_up()

    with FakeImap(freezes, serving()) as server, Mailbox(server.account(timeout=0.3)) as mailbox:
        with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s while opening the folder INBOX"):
            mailbox.changes("INBOX", CURSOR, NO_TAGS)
        assert mailbox.changes("INBOX", CURSOR, NO_TAGS).cursor == CURSOR
        assert len(server.lines) == 2


@pytest.mark.debian
def test_i05_a_frozen_session_is_given_up_on_a_real_server(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with Mailbox(dovecot.account(timeout=1.0)) as mailbox:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        with dovecot.dovecot.frozen(dovecot.username), pytest.raises(Unavailable, match="did not answer"):
            mailbox.changes("INBOX", start, TAGS)
        assert mailbox.changes("INBOX", start, TAGS).cursor == start


@pytest.mark.parametrize(
    "last",
    [
        b"* BYE going down\r\n",
        b"* 3 EXI",
        b"* 3 FETCH (UID 3\r\n",
        b"",
        b"\xff\xfe\x00garbage\r\n",
        b"* SEARCH a b\r\n",
    ],
)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_i06_a_connection_that_ends_badly_is_replaced(tls: bool, last: bytes, request: pytest.FixtureRequest) -> None:
    def breaks(line: Line) -> None:
        line.log_in()
        tag = line.expect("EXAMINE")
        line.send("* 3 EXISTS", "* OK [UIDVALIDITY 1] valid", f"{tag} OK")
        line.expect("UID SEARCH")
        line.raw(last)
        line.close()

    context, changes = request.getfixturevalue("server_tls") if tls else (None, {})
    with FakeImap(breaks, serving(), tls=context) as server, Mailbox(server.account(**changes)) as mailbox:
        with pytest.raises(Unavailable):
            mailbox.changes("INBOX", CURSOR, NO_TAGS)
        assert mailbox.changes("INBOX", CURSOR, NO_TAGS).cursor == CURSOR
        assert len(server.lines) == 2


@pytest.mark.debian
def test_i06_a_kicked_session_is_made_again(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with Mailbox(dovecot.account()) as mailbox:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        dovecot.dovecot.kick(dovecot.username)
        with pytest.raises(Unavailable, match=r"connection was lost|can't be understood"):
            mailbox.changes("INBOX", start, TAGS)
        assert mailbox.changes("INBOX", start, TAGS).cursor == start


def test_i07_the_last_message_below_the_asked_uid_is_not_new() -> None:
    without_uidnext = "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] valid"
    play = serving(EXAMINE=without_uidnext, UID_SEARCH="* SEARCH 9", UID_FETCH=fetched(9))
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", CURSOR, NO_TAGS)
    assert seen.arrived == ()
    assert seen.cursor == CURSOR
    assert "UID SEARCH UID 10:*" in commands(server)


def test_i11_a_search_by_modification_sequence_that_finds_nothing_is_understood() -> None:
    opened = "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n* OK [UIDNEXT 10] next\r\n* OK [HIGHESTMODSEQ 9] mod"
    play = serving(EXAMINE=opened, UID_SEARCH="* SEARCH (MODSEQ 8)")  # as Cyrus says it when a message was removed
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", FolderCursor(1, 10, 7), TAGS)
    assert (seen.arrived, seen.tagged, seen.cursor) == ((), (), FolderCursor(1, 10, 9))
    assert "UID SEARCH MODSEQ 8" in " ".join(commands(server))


def test_i07_a_look_when_nothing_is_new_finds_nothing_on_a_real_server(imap_server: Mailserver) -> None:
    imap_server.deliver(mail())
    with Mailbox(imap_server.account()) as mailbox:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        assert mailbox.changes("INBOX", start, TAGS).arrived == ()
        assert mailbox.changes("INBOX", FolderCursor(start.uidvalidity, start.uidnext + 5), TAGS).arrived == ()


def test_i07_without_uidnext_the_first_sight_asks_for_the_last_uid() -> None:
    play = serving(EXAMINE="* 3 EXISTS\r\n* OK [UIDVALIDITY 1] valid", UID_SEARCH="* SEARCH 9")
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        assert mailbox.changes("INBOX", None, NO_TAGS).cursor == FolderCursor(1, 10)


def test_i03_mail_that_comes_during_the_first_sight_is_new_at_the_next_look() -> None:
    play = serving(UID_SEARCH="* SEARCH 12", UID_FETCH=fetched(12, b"Subject: #feedback\r\n\r\n"))
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", None, TAGS)
    assert [each.uid for each in seen.tagged] == [12]
    assert seen.cursor.uidnext == 10  # 10 and 11 may be there by now


BREAKS = ["x\r\nA1 DELETE INBOX", "x\nA1 LOGOUT", "x\rA1 LOGOUT", "x\0y"]


@pytest.mark.parametrize("bad", BREAKS)
def test_i09_no_line_break_gets_into_a_command(imap_server: Mailserver, bad: str) -> None:
    uid = imap_server.deliver(mail(Message_ID="<a@example.org>"))
    with Mailbox(imap_server.account()) as mailbox:
        attempts: list[Callable[[], object]] = [
            lambda: mailbox.changes(bad, None, TAGS),
            lambda: mailbox.changes("INBOX", None, Tags(keywords=(bad,))),
            lambda: mailbox.changes("INBOX", None, Tags(subjects=(bad,))),
            lambda: mailbox.changes("INBOX", None, Tags(subjects=(f"ü{bad}",))),
            lambda: mailbox.changes("INBOX", None, Tags(plus_addresses=(bad,))),
            lambda: mailbox.ensure_folder(bad),
            lambda: mailbox.append("INBOX", mail(), flags=[bad]),
            lambda: mailbox.append(bad, mail()),
            lambda: mailbox.find("INBOX", f"<{bad}>"),
            lambda: mailbox.mark_filed(bad, [uid]),
            lambda: mailbox.fetch(bad, uid),
            lambda: mailbox.remove(bad, uid, message_id="<a@example.org>"),
        ]
        for attempt in attempts:
            with pytest.raises(ConfigError):
                attempt()
        assert not mailbox.remove("INBOX", uid, message_id=bad)
        assert mailbox.changes("INBOX", None, TAGS).tagged == ()
    for changes in ({"username": bad}, {"password": lambda: bad}):
        with Mailbox(imap_server.account(**changes)) as mailbox, pytest.raises(ConfigError) as told:
            mailbox.connect()
        assert bad not in str(told.value)
    assert [number for number, _, _ in imap_server.messages()] == [uid]
    assert imap_server.folders() == {"INBOX"}


@pytest.mark.parametrize("bad", ["two words", "a(b", "a)b", "{5}", "a%b", "a*", 'a"b', "\\Seen", "a]b", "ü", ""])
def test_i09_specials_are_refused_in_keywords(bad: str) -> None:
    with FakeImap(serving()) as server, Mailbox(server.account()) as mailbox:
        with pytest.raises(ConfigError, match="keyword"):
            mailbox.changes("INBOX", None, Tags(keywords=(bad,)))
        if bad != "\\Seen":
            with pytest.raises(ConfigError, match="keyword"):
                mailbox.append("INBOX", mail(), flags=[bad])
    assert not any(command.startswith(("UID SEARCH", "APPEND")) for command in commands(server))


@pytest.mark.parametrize("odd", ["a) OR (ALL", 'quo"te', "back\\slash", "{3}", "50% *", "(paren", "NOT"])
def test_i09_a_value_stays_a_value(imap_server: Mailserver, odd: str) -> None:
    imap_server.deliver(mail("other"))
    uid = imap_server.deliver(mail(f"about {odd} things"))
    with Mailbox(imap_server.account()) as mailbox:
        seen = mailbox.changes("INBOX", None, Tags(subjects=(odd,)))
    assert [each.uid for each in seen.tagged] == [uid]


def test_i10_without_appenduid_the_message_is_looked_for_by_its_message_id() -> None:
    header = b"Message-ID: <ours@example.org>\r\n\r\n"
    other = fetched(11, b"Message-ID: <yours@example.org>\r\n\r\n")
    play = serving(
        APPEND=_take_literal, UID_SEARCH="* SEARCH 11 12", UID_FETCH=other + b"\r\n" + fetched(12, header)
    )  # fmt: skip
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        placed = mailbox.append("INBOX", mail(Message_ID="<ours@example.org>"))
    assert (placed.uidvalidity, placed.uid) == (1, 12)


def test_i10_a_message_that_cant_be_found_again_is_appended_all_the_same() -> None:
    play = serving(APPEND=_take_literal, UID_SEARCH="{tag} NO not today")
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        assert mailbox.append("INBOX", mail(Message_ID="<ours@example.org>")).uid is None


def _take_literal(line: Line, tag: str, rest: str) -> None:
    line.send("+ go on")
    while line.read_line():
        pass
    line.raw(f"{tag} OK appended\r\n".encode())
    while line.read_line():
        pass


@pytest.mark.debian
def test_i11_condstore_tells_whether_anything_changed_at_all(dovecot: Mailserver) -> None:
    dovecot.deliver(mail())
    with Mailbox(dovecot.account()) as mailbox:
        seen = mailbox.changes("INBOX", None, TAGS)
    assert seen.cursor.modseq > 0


def test_i11_condstore_is_enabled_before_a_folder_is_opened_and_saves_searching() -> None:
    capabilities = CAPABILITIES + " ENABLE CONDSTORE"
    play = serving(capabilities, ENABLE="* ENABLED CONDSTORE", EXAMINE=OPENED + "\r\n* OK [HIGHESTMODSEQ 77] mod")
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", FolderCursor(1, 10, 77), TAGS)
    assert seen.cursor.modseq == 77
    said = commands(server)
    assert said.index("ENABLE CONDSTORE") < next(at for at, each in enumerate(said) if each.startswith("EXAMINE"))
    assert not any("SEARCH" in each for each in said)


def test_i11_without_condstore_keywords_are_searched_for() -> None:
    play = serving(UID_SEARCH="* SEARCH 4", UID_FETCH=fetched(4, flags="feedback \\Seen"))
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", CURSOR, TAGS)
    assert [(each.uid, each.tagged) for each in seen.tagged] == [(4, ("keyword",))]


def test_i12_a_folder_made_anew_loses_nothing(imap_server: Mailserver) -> None:
    with Mailbox(imap_server.account()) as mailbox:
        imap_server.deliver(mail("before"), "Watched")
        start = mailbox.changes("Watched", None, TAGS).cursor
        with imap_server.client() as client:
            client.delete_folder("Watched")
            client.create_folder("Watched")
            client.append("Watched", mail("long ago"), msg_time=datetime.now(UTC) - timedelta(days=60))
            client.append("Watched", mail("old #feedback"), msg_time=datetime.now(UTC) - timedelta(days=60))
            client.append("Watched", mail("came meanwhile"))
        if imap_server.name == "pymap":  # it may choose the same UIDVALIDITY again
            start = FolderCursor(start.uidvalidity + 1, start.uidnext)
        seen = mailbox.changes("Watched", start, TAGS)
        later = mailbox.changes("Watched", seen.cursor, TAGS)
    assert seen.renewed
    assert not seen.first_sight
    assert [each.headers.subject for each in seen.arrived] == ["came meanwhile"]
    assert [each.headers.subject for each in seen.tagged] == ["old #feedback"]
    assert seen.cursor.uidvalidity != start.uidvalidity
    assert (later.renewed, later.arrived) == (False, ())


@pytest.mark.parametrize(("before", "now"), [(0, 1), (1, 0), (0, 0)])
def test_i12_an_unknown_uidvalidity_tells_nothing_anew(before: int, now: int) -> None:
    told = f"\r\n* OK [UIDVALIDITY {now}] valid" if now else ""
    play = serving(EXAMINE=f"* 3 EXISTS\r\n* OK [UIDNEXT 10] next{told}")
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", FolderCursor(before, 10), NO_TAGS)
    assert not seen.renewed
    assert seen.arrived == ()
    assert seen.cursor.uidvalidity == (before or now)


def test_i13_a_server_that_cant_search_keywords_is_asked_once_and_the_rest_is_found() -> None:
    def search(line: Line, tag: str, rest: str) -> None:
        if "KEYWORD" in rest:
            line.send(f"{tag} BAD unknown search key")
        else:
            line.send("* SEARCH 5", f"{tag} OK")

    play = serving(SELECT=KEYWORDS_GONE, UID_SEARCH=search, UID_FETCH=fetched(5, b"Subject: my #feedback\r\n\r\n"))
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", None, TAGS)
        again = mailbox.changes("INBOX", seen.cursor, TAGS)
        assert not mailbox.keeps_keywords("INBOX")
        assert not mailbox.mark_filed("INBOX", [5])
    assert [each.uid for each in seen.tagged] == [5]
    assert again.tagged == ()
    assert sum("KEYWORD" in each for each in commands(server)) == 1
    assert len(server.lines) == 1
    assert not any("STORE" in each for each in commands(server))


def test_i13_a_folder_that_is_read_only_is_marked_nowhere() -> None:
    play = serving(SELECT="* OK [PERMANENTFLAGS (\\*)] kept\r\n" + OPENED + "\r\n{tag} OK [READ-ONLY] look only")
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        assert not mailbox.mark_filed("INBOX", [5])
        with pytest.raises(ConfigError, match="read-only"):
            mailbox.remove("INBOX", 5, message_id="<ours@example.org>")
    assert not any("STORE" in each for each in commands(server))


def test_i14_no_password_is_sent_where_logindisabled_says_so() -> None:
    def disabled(line: Line) -> None:
        line.greet("IMAP4rev1 LOGINDISABLED")
        line.serve({})

    with FakeImap(disabled) as server, pytest.raises(ConfigError, match="LOGINDISABLED"):
        Mailbox(server.account()).connect()
    assert commands(server) == ["CAPABILITY", "LOGOUT"]


def test_i14_login_is_used_where_there_is_no_plain_and_the_name_is_quoted() -> None:
    def old(line: Line) -> None:
        line.greet("IMAP4rev1")
        line.serve({"CAPABILITY": "* CAPABILITY IMAP4rev1", "EXAMINE": OPENED})

    account = {"username": 'sam "the" \\ man', "password": lambda: 'pass "word"'}
    with FakeImap(old) as server:
        with Mailbox(server.account(**account)) as mailbox:
            mailbox.changes("INBOX", CURSOR, NO_TAGS)
        with Mailbox(server.account(password=lambda: "pässword")) as mailbox, pytest.raises(ConfigError, match="ASCII"):
            mailbox.connect()
    assert commands(server)[1] == 'LOGIN "sam \\"the\\" \\\\ man" "pass \\"word\\""'
    assert commands(server, 1) == ["CAPABILITY", "LOGOUT"]


@pytest.mark.debian
def test_i14_a_password_beyond_ascii_logs_in(dovecot: Mailserver) -> None:
    with Mailbox(dovecot.account(username=UMLAUT_USER, password=lambda: UMLAUT_PASSWORD)) as mailbox:
        assert mailbox.changes("INBOX", None, TAGS).first_sight


@pytest.mark.parametrize("host", ["imap.example.org", "192.0.2.1", "2001:db8::1", "127.0.0.1.example.org"])
def test_i14_plain_text_is_for_loopback_only(host: str) -> None:
    asked = []
    with FakeImap(serving()) as server:
        account = server.account(host=host, password=lambda: asked.append("asked") or "secret")
        with Mailbox(account) as mailbox, pytest.raises(ConfigError, match="loopback"):
            mailbox.connect()
    assert asked == []
    assert server.lines == []


@pytest.mark.debian
def test_i14_starttls_logs_in_encrypted_only(dovecot_tls: Mailserver) -> None:
    with Mailbox(dovecot_tls.account(security="starttls", port=dovecot_tls.plain_port)) as mailbox:
        mailbox.connect()
        sock = mailbox._session.socket
        assert isinstance(sock, ssl.SSLSocket)
        assert sock.version() in {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("greeting", ["OK ready", "PREAUTH you are in"])
def test_i14_a_stripped_starttls_sends_no_password(
    greeting: str, server_tls: tuple[ssl.SSLContext, dict[str, str]]
) -> None:
    def stripped(line: Line) -> None:
        line.greet(CAPABILITIES + (" STARTTLS" if greeting.startswith("PREAUTH") else ""), greeting)
        line.serve({})

    asked = []
    with FakeImap(stripped) as server:
        account = server.account(
            security="starttls", ca_file=server_tls[1]["ca_file"], password=lambda: asked.append("asked") or "secret"
        )
        with Mailbox(account) as mailbox, pytest.raises(MentorUpError):
            mailbox.connect()
    assert asked == []
    assert not any(each.startswith(("LOGIN", "AUTHENTICATE")) for each in commands(server))


def test_i14_what_was_said_before_tls_counts_for_nothing(server_tls: tuple[ssl.SSLContext, dict[str, str]]) -> None:
    context, changes = server_tls

    def injected(line: Line) -> None:
        line.greet(CAPABILITIES + " STARTTLS")
        tag = line.expect("STARTTLS")
        line.send(f"{tag} OK begin", "* CAPABILITY IMAP4rev1 LOGINDISABLED", "* 99 EXISTS")
        line.start_tls(context)
        line.capability(CAPABILITIES)
        line.capability(CAPABILITIES)
        tag = line.expect("AUTHENTICATE PLAIN")
        line.send("+ ")
        line.read_line()
        line.send(f"{tag} OK [CAPABILITY {CAPABILITIES}] in")
        line.serve({"EXAMINE": OPENED})

    account = {**changes, "security": "starttls"}
    with FakeImap(injected) as server, Mailbox(server.account(**account)) as mailbox:
        assert "LOGINDISABLED" not in mailbox.capabilities
        assert mailbox.changes("INBOX", CURSOR, NO_TAGS).arrived == ()


def test_i14_an_untrusted_certificate_gets_no_password(server_tls: tuple[ssl.SSLContext, dict[str, str]]) -> None:
    asked = []
    with FakeImap(serving(), tls=server_tls[0]) as server:
        account = server.account(security="tls", password=lambda: asked.append("asked") or "secret")
        with Mailbox(account) as mailbox, pytest.raises(Unavailable, match=r"certificate can't be trusted.*ca_file"):
            mailbox.connect()
    assert asked == []


def test_i14_tls_older_than_1_2_is_refused(
    certificates: Path, server_tls: tuple[ssl.SSLContext, dict[str, str]]
) -> None:
    assert tls_context(str(certificates / "ca.pem")).minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(ConfigError, match="ca_file"):
        tls_context(str(certificates / "missing.pem"))
    with pytest.raises(ConfigError, match="ca_file"):
        tls_context(str(certificates / "extensions"))


def test_i14_tls_on_a_port_without_it_says_what_to_look_at() -> None:
    def plain(line: Line) -> None:
        line.send("* OK ready")
        line.wait_for_hang_up()

    with FakeImap(plain) as server, pytest.raises(Unavailable, match="security"):
        Mailbox(server.account(security="tls")).connect()


BROKEN_LIST = [
    '* LIST (\\HasNoChildren) "/" INBOX',
    '* LIST (\\HasNoChildren) "/" "&broken"',
    b'* LIST (\\HasNoChildren) "/" "raw \xff\xfe"',
    '* LIST (\\HasNoChildren) "/" 2024',
    '* LIST (\\HasNoChildren \\Drafts) "/" "Entw&APw-rfe"',
    '* LIST (\\HasNoChildren) "/" Drafts',
    '* LIST (\\Noselect \\HasChildren) "/" Sent',
    '* LIST (\\HasNoChildren) "/" "Archiv/Gesendete Elemente"',
]


def test_i15_badly_encoded_folder_names_cost_only_themselves() -> None:
    def listing(line: Line, tag: str, rest: str) -> None:
        line.send(*BROKEN_LIST, f"{tag} OK")

    with FakeImap(serving(LIST=listing)) as server, Mailbox(server.account()) as mailbox:
        special = mailbox.special_folders()
    assert (special.drafts, special.sent) == ("Entwürfe", "Archiv/Gesendete Elemente")


@pytest.mark.debian
def test_i15_a_badly_encoded_name_on_a_real_server_costs_only_itself(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with Mailbox(dovecot.account()) as mailbox:
        dovecot.deliver(mail())
        maildir = dovecot.dovecot.directory / "mail" / dovecot.username / "Maildir"
        (maildir / ".Bad&Name").mkdir()
        os.chown(maildir / ".Bad&Name", maildir.stat().st_uid, maildir.stat().st_gid)
        assert mailbox.special_folders().drafts == "Drafts"
        mailbox.ensure_folder("MentorUp/Feedback")
        assert mailbox.find_anywhere("<nowhere@example.org>") == ""
    assert "MentorUp/Feedback" in dovecot.folders()


def test_i15_a_list_that_cant_be_read_still_leads_to_the_usual_folders() -> None:
    def listing(line: Line, tag: str, rest: str) -> None:
        if rest.endswith('"*"'):
            line.send('* LIST (\\HasNoChildren) "/" "no end', f"{tag} OK")
        elif "Drafts" in rest:
            line.send('* LIST (\\HasNoChildren) "/" Drafts', f"{tag} OK")
        else:
            line.send(f"{tag} OK")

    with FakeImap(serving(LIST=listing)) as server, Mailbox(server.account()) as mailbox:
        assert mailbox.special_folders().drafts == "Drafts"
    assert not any(each.startswith("CREATE") for line in server.lines for each in line.said)


@pytest.mark.debian
def test_i15_special_use_comes_before_the_usual_names(dovecot: Mailserver) -> None:
    with dovecot.client() as client:
        for name in ("Drafts", "Sent", "Vorlagen", "Ausgang"):
            client.create_folder(name)
    with Mailbox(dovecot.account()) as mailbox:
        special = mailbox.special_folders()
    assert (special.drafts, special.sent) == ("Vorlagen", "Ausgang")


def test_i15_special_uses_are_asked_for_where_the_server_only_tells_when_asked() -> None:
    def listing(line: Line, tag: str, rest: str) -> None:
        use = "\\Drafts" if "RETURN (SPECIAL-USE)" in rest else ""
        line.send(f'* LIST ({use}) "/" Vorlagen', '* LIST () "/" Drafts', f"{tag} OK")

    play = serving(CAPABILITIES + " SPECIAL-USE LIST-EXTENDED", LIST=listing)
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        assert mailbox.special_folders().drafts == "Vorlagen"


def test_i15_configured_names_follow_the_servers_hierarchy() -> None:
    def listing(line: Line, tag: str, rest: str) -> None:
        line.send('* LIST (\\HasChildren) "." INBOX', f"{tag} OK")

    play = serving(
        CAPABILITIES + " NAMESPACE", NAMESPACE='* NAMESPACE (("INBOX." ".")) NIL NIL', LIST=listing, EXAMINE=OPENED
    )
    with FakeImap(play) as server, Mailbox(server.account(drafts="INBOX.Drafts")) as mailbox:
        mailbox.ensure_folder("MentorUp/Feedback")
        mailbox.changes("MentorUp/Feedback", CURSOR, NO_TAGS, whole=True)
        assert mailbox.special_folders().drafts == "INBOX.Drafts"
        mailbox.changes("inbox", CURSOR, NO_TAGS)
    said = commands(server)
    assert 'CREATE "INBOX.MentorUp.Feedback"' in said
    assert 'SUBSCRIBE "INBOX.MentorUp.Feedback"' in said
    assert 'EXAMINE "INBOX.MentorUp.Feedback"' in said
    assert 'EXAMINE "INBOX"' in said
    assert 'CREATE "INBOX.Drafts"' in said


def test_i16_a_mailbox_uses_one_connection(imap_server: Mailserver) -> None:
    with FakeImap(serving(UID_SEARCH="* SEARCH")) as server, Mailbox(server.account()) as mailbox:
        mailbox.connect()
        mailbox.changes("INBOX", None, TAGS)
        mailbox.find("INBOX", "<a@example.org>")
        mailbox.mark_filed("INBOX", [3])
        assert len(server.lines) == 1


def test_i17_reading_opens_folders_for_reading_only() -> None:
    play = serving(UID_SEARCH="* SEARCH 4", UID_FETCH=fetched(4, b"Subject: #feedback\r\n\r\n"))
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        mailbox.changes("INBOX", None, TAGS)
        mailbox.changes("INBOX", FolderCursor(1, 4), TAGS)
        mailbox.find("INBOX", "<a@example.org>")
    said = commands(server)
    assert not any(each.startswith(("SELECT", "CLOSE")) or "STORE" in each for each in said)
    assert all("BODY.PEEK[" in each for each in said if each.startswith("UID FETCH"))


def test_i17_without_uidplus_nobody_elses_deleted_mail_is_expunged() -> None:
    ours = fetched(5, b"Message-ID: <ours@example.org>\r\n\r\n")
    for others, expunged in (("* SEARCH 5 8", False), ("* SEARCH 5", True), ("* SEARCH", True)):
        play = serving("IMAP4rev1 AUTH=PLAIN", UID_FETCH=ours, UID_SEARCH=others)
        with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
            assert mailbox.remove("INBOX", 5, message_id="<ours@example.org>")
        assert ("EXPUNGE" in commands(server)) is expunged
        assert any("STORE 5 +FLAGS.SILENT (\\Deleted)" in each for each in commands(server))


def test_i18_one_message_whose_headers_cant_be_had_costs_only_itself() -> None:
    def fetch(line: Line, tag: str, rest: str) -> None:
        uids = [int(uid) for uid in rest.split()[2].split(",")]
        if 12 in uids:
            line.send("* 1 FETCH (UID 12 FLAGS (", f"{tag} OK")
            return
        line.send(*(fetched(uid, f"Subject: {uid}\r\n\r\n".encode()) for uid in uids), f"{tag} OK")

    play = serving(EXAMINE=OPENED.replace("10", "14"), UID_SEARCH="* SEARCH 10 11 12 13", UID_FETCH=fetch)
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        seen = mailbox.changes("INBOX", CURSOR, NO_TAGS)
    assert [(each.uid, each.headers.subject, bool(each.problem)) for each in seen.arrived] == [
        (10, "10", False),
        (11, "11", False),
        (12, "", True),
        (13, "13", False),
    ]
    assert seen.cursor.uidnext == 14


def test_i18_a_message_of_60_megabytes_is_not_read() -> None:
    play = serving(UID_FETCH="* 1 FETCH (UID 4 RFC822.SIZE 60000000)")
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox, pytest.raises(Malformed, match="60,000,000"):
        mailbox.fetch("INBOX", 4)
    assert not any("BODY.PEEK[]" in each for each in commands(server))


def test_i18_poison_on_a_real_server_is_read_like_any_other(imap_server: Mailserver) -> None:
    poison = [
        b"Subject: =?x-unknown?B?gICA?=\r\nFrom: \xff\xfe\r\nMessage-ID: <\r\n\r\nbody",
        b"no header at all",
        b"Subject: " + b"long " * 20_000 + b"\r\n\r\n",
        b"To: " + b"(((((" * 500 + b"\r\n\r\n",
    ]
    if imap_server.name == "cyrus":
        del poison[1]  # which it doesn't take in
    with Mailbox(imap_server.account()) as mailbox:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        uids = [imap_server.deliver(raw) for raw in (*poison, mail("fine"))]
        seen = mailbox.changes("INBOX", start, TAGS)
        assert [each.uid for each in seen.arrived] == uids
        assert seen.arrived[-1].headers.subject == "fine"
        assert mailbox.fetch("INBOX", uids[0]).endswith(b"body")


@pytest.mark.parametrize("when", ["before the literal", "after the literal"])
def test_i21_a_connection_lost_during_append_leaves_it_uncertain(when: str) -> None:
    def cut(line: Line) -> None:
        line.log_in()
        line.expect("APPEND")
        if when == "after the literal":
            line.send("+ go on")
            while line.read_line():
                pass
        line.reset()

    found = serving(UID_SEARCH="* SEARCH 4", UID_FETCH=fetched(4, b"Message-ID: <ours@example.org>\r\n\r\n"))
    with FakeImap(cut, found) as server, Mailbox(server.account()) as mailbox:
        with pytest.raises(Uncertain, match="may be in INBOX or not"):
            mailbox.append("INBOX", mail(Message_ID="<ours@example.org>"))
        assert mailbox.find("INBOX", "<ours@example.org>") == (4,)


def test_i21_a_refused_append_is_certain() -> None:
    refusals: list[tuple[str, type[MentorUpError], str]] = [
        ("[OVERQUOTA] no room", Unavailable, "full"),
        ("[TRYCREATE] make it first", ConfigError, "no folder"),
        ("[TOOBIG] too big", Malformed, "size"),
        ("just so", Unavailable, "just so"),
    ]
    for words, family, said in refusals:
        with FakeImap(serving(APPEND=f"{{tag}} NO {words}")) as server, Mailbox(server.account()) as mailbox:
            with pytest.raises(family, match=said):
                mailbox.append("INBOX", mail())
            assert mailbox.changes("INBOX", CURSOR, NO_TAGS).cursor == CURSOR
            assert len(server.lines) == 1


def test_i24_the_socket_is_quick_and_kept_alive_and_contexts_are_shared(certificates: Path) -> None:
    with FakeImap(serving()) as server, Mailbox(server.account()) as mailbox:
        mailbox.connect()
        sock = mailbox._session.socket
        assert sock is not None
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_QUICKACK"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)
        assert sock.gettimeout() == 5.0
    assert tls_context("") is tls_context("")
    assert tls_context(str(certificates / "ca.pem")) is tls_context(str(certificates / "ca.pem"))


def test_gmail_labels_are_searched_for_and_told() -> None:
    def search(line: Line, tag: str, rest: str) -> None:
        line.send("* SEARCH 4" if "X-GM-LABELS" in rest else "* SEARCH", f"{tag} OK")

    answer = fetched(4, more='X-GM-LABELS ("\\\\Inbox" Feedback "two words") ')
    play = serving(CAPABILITIES + " X-GM-EXT-1", UID_SEARCH=search, UID_FETCH=answer)
    with FakeImap(play) as server, Mailbox(server.account()) as mailbox:
        first = mailbox.changes("INBOX", None, TAGS)
        later = mailbox.changes("INBOX", CURSOR, TAGS)
    assert [each.tagged for each in first.tagged] == [("gmail_label",)]
    assert [each.tagged for each in later.tagged] == [("gmail_label",)]
    assert 'UID SEARCH X-GM-LABELS "feedback"' in commands(server)


def test_first_sight_takes_few_commands() -> None:
    with FakeImap(serving(UID_SEARCH="* SEARCH")) as server, Mailbox(server.account()) as mailbox:
        mailbox.changes("INBOX", None, TAGS)
    assert len(commands(server)) <= 6 + 2  # CAPABILITY, AUTHENTICATE and LOGOUT among them


@pytest.mark.parametrize(
    ("answer", "family"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", CredentialsError),
        ("NO [AUTHORIZATIONFAILED] not you", CredentialsError),
        ("NO [EXPIRED] password expired", CredentialsError),
        ("NO wrong password", CredentialsError),
        ("NO [ALERT] Application-specific password required", CredentialsError),
        ("NO [UNAVAILABLE] directory is away", Unavailable),
        ("NO [INUSE] one moment", Unavailable),
        ("NO [SERVERBUG] oops", Unavailable),
        (
            "NO [LIMIT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
            Crowded,
        ),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", Crowded),
        ("BAD User is authenticated but not connected.", Crowded),
        ("NO [PRIVACYREQUIRED] encrypt first", ConfigError),
    ],
)
@pytest.mark.parametrize("mechanism", ["AUTH=PLAIN", ""])
def test_p03_a_refused_login_is_told_from_a_busy_server(
    answer: str, family: type[MentorUpError], mechanism: str
) -> None:
    def refuses(line: Line) -> None:
        line.greet(f"IMAP4rev1 {mechanism}")
        tag, command = line.command()
        if command.startswith("AUTHENTICATE"):
            line.send("+ ")
            line.read_line()
        line.send(f"{tag} {answer}")
        line.serve({})

    with FakeImap(refuses) as server, pytest.raises(family) as told:
        Mailbox(server.account(password=lambda: "swordfish")).connect()
    assert type(told.value) is family
    assert "swordfish" not in str(told.value)
    assert "sam" in str(told.value)


@pytest.mark.parametrize(
    "greeting", [b"* BYE overloaded\r\n", b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01"]
)
def test_p02_a_server_that_greets_badly_is_unavailable(greeting: bytes) -> None:
    def rude(line: Line) -> None:
        line.raw(greeting)
        line.close()

    with FakeImap(rude) as server, Mailbox(server.account()) as mailbox, pytest.raises(Unavailable, match="reached"):
        mailbox.connect()


def test_p02_a_name_that_cant_be_found_is_unavailable() -> None:
    with FakeImap(serving()) as server:
        account = server.account(host="no-such-host.invalid", security="tls")
        with Mailbox(account) as mailbox, pytest.raises(Unavailable, match=r"no-such-host\.invalid"):
            mailbox.connect()


@pytest.mark.debian
def test_p02_a_restarted_server_is_found_again(dovecot: Mailserver, dovecot_process: Dovecot) -> None:
    with Mailbox(dovecot.account()) as mailbox:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        dovecot_process.stop()
        mailbox.close()
        for _ in range(2):
            with pytest.raises(Unavailable, match="could not be reached"):
                mailbox.changes("INBOX", start, TAGS)
        dovecot_process.start()
        uid = dovecot.deliver(mail("after the restart"))
        assert [each.uid for each in mailbox.changes("INBOX", start, TAGS).arrived] == [uid]


def test_p05_every_way_out_logs_out() -> None:
    with FakeImap(serving()) as server:
        with Mailbox(server.account()) as mailbox:
            mailbox.connect()
        with pytest.raises(Malformed), Mailbox(server.account()) as mailbox:
            mailbox.fetch("INBOX", 4)
        mailbox = Mailbox(server.account())
        mailbox.connect()
        mailbox.close()
        mailbox.close()
        with Mailbox(
            server.account(),
        ):
            pass
    assert [line.said[-1] for line in server.lines] == ["LOGOUT"] * 3


def test_p05_nothing_stays_open_over_many_connections(imap_server: Mailserver) -> None:
    def once() -> None:
        with Mailbox(imap_server.account()) as mailbox:
            mailbox.changes("INBOX", None, TAGS)

    def open_now() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    once()
    before = open_now()
    for _ in range(4):
        once()
        with pytest.raises(CredentialsError):
            Mailbox(imap_server.account(password=lambda: "wrong")).connect()
        with pytest.raises(Unavailable):
            Mailbox(imap_server.account(port=1)).connect()
    assert open_now() == before


def test_p05_leaving_a_silent_server_doesnt_take_its_timeout() -> None:
    def silent(line: Line) -> None:
        line.log_in()
        line.wait_for_hang_up()

    with FakeImap(silent) as server:
        with Mailbox(server.account(timeout=60.0)) as mailbox:
            mailbox.connect()
            begun = time.monotonic()
        assert time.monotonic() - begun < 30
