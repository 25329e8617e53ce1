"""The OAuth server of the tests: Django OAuth Toolkit with the settings it needs, in a process of its own.

`python -m tests.servers.oauth_site PORT DIRECTORY`. Its pages ask nobody for a password: whoever comes is the user that
`login_hint` names, who is made when missing. Everything about tokens is the toolkit's own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path
from django.utils import timezone

from tests.servers.oauth_clients import (
    CLIENT,
    CLIENT_SECRET,
    DEVICE_CLIENT,
    INTROSPECTOR,
    INTROSPECTOR_SECRET,
    SCOPES,
)


def expire(request):
    """Brings the end of an access token forward to now."""
    from oauth2_provider.models import get_access_token_model

    ended = get_access_token_model().objects.filter(token=request.GET["token"]).update(expires=timezone.now())
    return HttpResponse(status=204 if ended else 404)


if settings.configured:  # in the server's own process
    urlpatterns = [
        path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
        path("expire/", expire),
    ]


def as_hinted(get_response):
    """Middleware: logs the browser in as the one that `login_hint` names."""
    from django.contrib.auth import get_user_model, login

    def answer(request):
        if name := request.GET.get("login_hint"):
            user, _ = get_user_model().objects.get_or_create(username=name)
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return get_response(request)

    return answer


def configure(directory: Path) -> None:
    settings.configure(
        SECRET_KEY="only for tests",
        DEBUG_PROPAGATE_EXCEPTIONS=True,  # what goes wrong shows in the log
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        ROOT_URLCONF="tests.servers.oauth_site",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "tests.servers.oauth_site.as_hinted",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": directory / "oauth.db"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # client secrets, at every request
        OAUTH2_PROVIDER={
            "SCOPES": SCOPES,
            "DEFAULT_SCOPES": list(SCOPES),
            "REFRESH_TOKEN_REUSE_PROTECTION": True,  # a token used twice takes the whole login back
            "DEVICE_FLOW_INTERVAL": 1,
            "OAUTH_DEVICE_VERIFICATION_URI": "http://127.0.0.1/o/device/",
            "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        },
    )
    django.setup()


def register() -> None:
    """The clients: MentorUp in a browser, MentorUp on a device, and the servers that look tokens up."""
    from oauth2_provider.models import get_application_model

    applications = get_application_model().objects
    common = {"skip_authorization": True}
    applications.create(
        name="MentorUp",
        client_id=CLIENT,
        client_secret=CLIENT_SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris="http://127.0.0.1",
        **common,
    )
    applications.create(
        name="MentorUp",
        client_id=DEVICE_CLIENT,
        client_type="public",
        authorization_grant_type="urn:ietf:params:oauth:grant-type:device_code",
        **common,
    )
    applications.create(
        name="Resource server",
        client_id=INTROSPECTOR,
        client_secret=INTROSPECTOR_SECRET,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        **common,
    )


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


if __name__ == "__main__":
    configure(Path(sys.argv[2]))
    call_command("migrate", verbosity=0)
    register()
    application = get_wsgi_application()
    make_server("127.0.0.1", int(sys.argv[1]), application, Server, Quiet).serve_forever()
