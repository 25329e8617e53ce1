"""OAuth 2: a door of its own, from a login that the owner made once to access tokens that a server takes now.

Here live the two flows of a login (RFC 8252 with PKCE, RFC 8628), the renewal of access tokens (RFC 6749 6) and the
keeping of the refresh token. What a token is good for isn't known here: the mailbox and the calendars take a function
that gives one. Below `service`; borrows the bounded HTTP session of `calendars`. oauthlib is imported when it is used.
"""

from mentorup_daemon.oauth.stored import TokenStore
from mentorup_daemon.oauth.tokens import Access, Login, Tokens
from mentorup_daemon.oauth.values import OAuthClient

__all__ = ["Access", "Login", "OAuthClient", "TokenStore", "Tokens"]
