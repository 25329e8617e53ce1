"""Who may ask the OAuth server of the tests: MentorUp in a browser, MentorUp on a device, and who looks tokens up."""

CLIENT, CLIENT_SECRET = "mentorup", "client-secret"
DEVICE_CLIENT = "mentorup-device"
INTROSPECTOR, INTROSPECTOR_SECRET = "resource-server", "resource-secret"
SCOPES = {"mail": "Mail", "calendar": "Calendars"}
