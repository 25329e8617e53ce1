"""The config: TOML in, checked settings out, or every fault at once.

The models mirror the file: one class a section, one attribute a key, the defaults those of `config.example.toml`.
What a value must look like is said in `config_values`; how faults read, and the checks across sections that must run
even when single values are wrong, in `config_faults`. Passwords aren't read here: a `Secret` says where they are.
The methods of `Settings` hand out the records that the other rooms work with, so that none of them knows this file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from mentorup_daemon import config_values as values
from mentorup_daemon.config_faults import Across, across, faults, syntax_fault, told
from mentorup_daemon.config_oauth import OAuthSettings
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.records import Mentor, Owner, Practice, Recognition, Tags, WorkingHours
from mentorup_daemon.records.hosts import is_loopback
from mentorup_daemon.secrets import Secret

S = TypeVar("S", bound=BaseModel)
LARGEST = 1024 * 1024  # bytes of a config file; hundreds of people fit into a tenth of it


def _list(*, least: int = 0) -> Any:
    """A list in TOML, a tuple here: strictness is for the items."""
    return Field(strict=False, min_length=least)


class Section(BaseModel):
    """A table of a config: every key is known, every value is of its kind from the start, no fault shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _hours(days: tuple[values.Day, ...], hours: str) -> WorkingHours:
    """working_days and working_hours as the rules take them."""
    opens, closes = values.clock_minutes(hours)
    return WorkingHours(opens=opens, closes=closes, days=frozenset(values.DAYS.index(day) for day in days))


class OwnerSettings(Section):
    """[owner]: whom MentorUp works for and writes to."""

    name: Annotated[values.Filled, Field(description="your name, as you sign")]
    email: Annotated[values.Email, Field(description="your email address")]
    aliases: Annotated[tuple[values.Email, ...], _list()] = ()
    timezone: Annotated[values.Zone, Field(description='your IANA time zone, like "Europe/Berlin"')]
    working_days: Annotated[tuple[values.Day, ...], _list(least=1)] = values.DAYS[:5]
    working_hours: values.Hours = "08:00-18:00"
    action_item_cap: Annotated[int, Field(ge=1, le=1000)] = 12


class ImapSettings(Section):
    """[imap]: the owner's mailbox. Exactly one of `password` and `oauth` is there."""

    host: Annotated[values.Host, Field(description='the name of your IMAP server, like "imap.example.org"')]
    security: values.Security = "tls"
    port: values.Port = Field(default_factory=lambda given: 993 if given.get("security", "tls") == "tls" else 143)
    username: Annotated[values.Filled, Field(description="the name you log in with, often your email address")]
    password: Secret | None = None
    oauth: OAuthSettings | None = None
    ca_file: values.File = ""
    drafts: values.FolderOrNone = ""
    sent: values.FolderOrNone = ""
    watch: Annotated[tuple[values.Folder, ...], _list(least=1)] = ("INBOX",)
    trusted_authserv_id: values.Line = ""
    timeout: values.Timeout = timedelta(seconds=30)
    idle_renewal: values.IdleRenewal = timedelta(minutes=9)
    poll_interval: values.Interval = timedelta(minutes=5)

    @field_validator("security")
    @classmethod
    def _no_plain_text_abroad(cls, given: str, info: ValidationInfo) -> str:
        if given == "none" and not is_loopback(info.data.get("host", "localhost")):
            raise values.expected('expected "tls" or "starttls": without, anyone on the way can read your password')
        return given


class CalDavSettings(Section):
    """[caldav]: the owner's calendars. Without `username` no login is made (a server on this machine).

    With it, exactly one of `password` and `oauth` is there.
    """

    url: Annotated[
        values.CalDavUrl, Field(description='the address of your CalDAV server, like "https://dav.example.org/"')
    ]
    username: values.Line = ""
    password: Secret | None = None
    oauth: OAuthSettings | None = None
    ca_file: values.File = ""
    calendars: Annotated[tuple[values.Filled, ...], _list()] = ()
    reminders_calendar: values.Line = ""
    poll_interval: values.Interval = timedelta(minutes=5)
    timeout: values.Timeout = timedelta(seconds=30)


class FeedSettings(Section):
    """[[feeds]]: one read-only iCalendar subscription. Its address often is its password, so no `repr` shows it."""

    url: Annotated[values.FeedUrl, Field(description="the address of an iCalendar file", repr=False)]


class RecognitionSettings(Section):
    """[recognition]: what makes an event a mentoring meeting."""

    attendees: bool = True
    categories: Annotated[tuple[values.Filled, ...], _list()] = ("mentoring",)
    titles: Annotated[tuple[values.Pattern, ...], _list()] = (r"(?i)\bmentor",)


class TagsSettings(Section):
    """[tags]: what files a message as feedback."""

    keywords: Annotated[tuple[values.Keyword, ...], _list()] = ("feedback", "$MentorFeedback")
    folders: Annotated[tuple[values.Folder, ...], _list()] = ("MentorUp/Feedback",)
    subjects: Annotated[tuple[values.Filled, ...], _list()] = ("#feedback",)
    plus_addresses: Annotated[tuple[values.PlusAddress, ...], _list()] = ("feedback",)
    gmail_labels: Annotated[tuple[values.Filled, ...], _list()] = ("feedback",)


class AgendaSettings(Section):
    """[agenda]: when and where agendas come."""

    lead_time: values.LeadTime = timedelta(hours=48)
    questions_lead_time: values.LeadTime = timedelta(days=5)
    delivery: Annotated[tuple[Literal["inbox", "drafts"], ...], _list(least=1)] = ("inbox", "drafts")


class SchedulesSettings(Section):
    """[schedules]: five-field cron, in the owner's time zone."""

    thank_you: values.Schedule = "0 17 * * *"
    check_in: values.Schedule = "0 9 1 1,4,7,10 *"
    digest: values.Schedule = "0 8 * * mon"


class MentorSettings(Section):
    """[[mentors]]: one person; empty texts mean "not said"."""

    id: Annotated[values.Identifier, Field(description="a short name of small letters, like ana")]
    name: Annotated[values.Filled, Field(description="the person's name")]
    emails: Annotated[tuple[values.Email, ...], _list()] = ()
    role: Literal["mentor", "candidate", "mentee"] = "mentor"
    support: Annotated[tuple[values.Filled, ...], _list()] = ()
    distance: Literal["peer", "step-ahead", "senior", ""] = ""
    cadence: values.CadenceOrNone = None
    channel: Literal["email", "phone", "text", "video", "in person"] = "email"
    timezone: values.ZoneOrNone = ""
    working_days: Annotated[tuple[values.Day, ...], _list(least=1)] = values.DAYS[:5]
    working_hours: values.Hours = "09:00-17:00"
    away: Annotated[tuple[values.Absence, ...], _list()] = ()
    topics: Annotated[tuple[values.Filled, ...], _list()] = ()
    agenda_lead_time: values.LeadTimeOrNone = None

    def record(self) -> Mentor:
        """The person as the other rooms know them."""
        return Mentor(
            id=self.id,
            name=self.name,
            emails=self.emails,
            role=self.role,
            support=self.support,
            distance=self.distance or None,
            cadence=self.cadence,
            channel=self.channel,
            timezone=self.timezone,
            hours=_hours(self.working_days, self.working_hours),
            away=tuple(values.absence(days) for days in self.away),
            topics=self.topics,
            agenda_lead_time=self.agenda_lead_time,
        )


class StoreSettings(Section):
    """[store]: a database of the owner's choice, SQLite in the state directory by default."""

    url: values.StoreUrl = Field(default="", repr=False)  # may hold a password


class TemplatesSettings(Section):
    """[templates]: the owner's own templates, looked at before the shipped ones."""

    directory: values.Directory = ""


class LogSettings(Section):
    """[log]: how much is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Settings(Section):
    """The whole config. At least one of `caldav` and `feeds` is there."""

    owner: Annotated[OwnerSettings, Field(description="you: name, email and timezone")]
    imap: Annotated[ImapSettings, Field(description="your mailbox: host, username and password")]
    caldav: CalDavSettings | None = None
    feeds: Annotated[tuple[FeedSettings, ...], _list()] = ()
    recognition: RecognitionSettings = RecognitionSettings()
    tags: TagsSettings = TagsSettings()
    agenda: AgendaSettings = AgendaSettings()
    schedules: SchedulesSettings = SchedulesSettings()
    mentors: Annotated[tuple[MentorSettings, ...], _list()] = ()
    store: StoreSettings = StoreSettings()
    templates: TemplatesSettings = TemplatesSettings()
    log: LogSettings = LogSettings()

    def owner_record(self) -> Owner:
        """The owner as the other rooms know them."""
        return Owner(
            name=self.owner.name,
            email=self.owner.email,
            aliases=self.owner.aliases,
            timezone=self.owner.timezone,
            hours=_hours(self.owner.working_days, self.owner.working_hours),
            action_item_cap=self.owner.action_item_cap,
        )

    def people(self) -> tuple[Mentor, ...]:
        """Everyone in [[mentors]], in the file's order."""
        return tuple(mentor.record() for mentor in self.mentors)

    def recognition_record(self) -> Recognition:
        """[recognition] as the events room takes it."""
        return Recognition(**self.recognition.model_dump())

    def tags_record(self) -> Tags:
        """[tags] as the reader of mail takes it."""
        return Tags(**self.tags.model_dump())

    def practice(self) -> Practice:
        """[agenda] and [schedules] as the rules take them, and whether reminders are written."""
        return Practice(**self.agenda.model_dump(), **self.schedules.model_dump(), reminders=bool(self.reminders()))

    def reminders(self) -> str:
        """The calendar that reminders are written into, by name or URL; "" for none."""
        return self.caldav.reminders_calendar if self.caldav else ""


def find_config(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Where the config is: `--config`, `$MENTORUP_CONFIG`, the user's, the machine's; None when there is none.

    A path that was named is returned whether it exists or not: `load` says so.
    """
    if explicit is not None:
        return explicit
    if named := environ.get("MENTORUP_CONFIG"):
        return Path(named)
    candidates = (user_config(environ), Path("/etc/mentorup/config.toml"))
    return next((path for path in candidates if path.is_file()), None)


def user_config(environ: Mapping[str, str]) -> Path:
    """Where the user's own config belongs: `$XDG_CONFIG_HOME/mentorup/config.toml`, by default under ~/.config."""
    return _base_directory(environ, "XDG_CONFIG_HOME", ".config") / "mentorup" / "config.toml"


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where the state is kept: `$STATE_DIRECTORY` (systemd), else `$XDG_STATE_HOME/mentorup`. Not created here."""
    if given := environ.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])  # systemd joins several with colons
    return _base_directory(environ, "XDG_STATE_HOME", ".local/state") / "mentorup"


def _base_directory(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """A directory of the XDG Base Directory Specification, which says to ignore relative paths."""
    given = environ.get(variable, "")
    if Path(given).is_absolute():
        return Path(given)
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / fallback


def store_url(settings: Settings, environ: Mapping[str, str]) -> str:
    """The SQLAlchemy URL of the store: `[store] url`, else `mentorup.db` (SQLite) in the state directory."""
    return settings.store.url or f"sqlite:///{state_directory(environ) / 'mentorup.db'}"


def load(path: Path) -> Settings:
    """The settings in the file at `path`; raises ConfigError that lists all faults, one a line."""
    return parse(read(path, "write one with mentorup init, or name another"), str(path), base=path.parent)


def read(path: Path, otherwise: str) -> str:
    """The text of a config file. Raises ConfigError; `otherwise` is what to do when there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"There is no config at {path}: {otherwise}.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name is possible"
        raise ConfigError(f"The config at {path} can't be read: {reason}.") from None
    return text_of(content, path)


def text_of(content: bytes, path: Path) -> str:
    """What was read from the config at `path`, up to LARGEST and one byte, as text. Raises ConfigError."""
    if len(content) > LARGEST:
        raise ConfigError(f"The config at {path} is larger than 1 MB: is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"The config at {path} isn't UTF-8 text: save it as UTF-8 (line {line}).") from None


def parse(text: str, source: str, *, base: Path | None = None) -> Settings:
    """The settings in `text`; `source` names it in errors, `base` is where relative paths start from.

    Raises ConfigError that lists all faults, one a line, and shows no secret.
    """
    return checked(Settings, text, source, base=base or Path(), across=across)


def checked(model: type[S], text: str, source: str, *, base: Path, across: Across) -> S:
    """What `text` says, as a `model`; `across` finds what only shows across sections. Raises ConfigError as `parse`."""
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError; so is a number of 5,000 digits
        raise ConfigError(syntax_fault(error, source)) from None
    try:
        settings = model.model_validate(given, context={"base": base.absolute()})
    except ValidationError as error:
        raise ConfigError(told(faults(model, given, error, across), source)) from None
    if found := faults(model, given, None, across):
        raise ConfigError(told(found, source))
    return settings
