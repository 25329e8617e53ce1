"""A due note and the records in, an email message out. Pure, but for reading template files.

Templates are sandboxed and bounded Jinja2; every word that is sent is in `templates/`, none in here. The few words of a
reminder in the calendar, which is no letter, are in `reminder`.
What is for a mentor is a draft of the owner's and carries no trace of us.
Imports records, and from rules what makes a good question and what else has come by now; where the bytes go is the
business of mailbox. `compose` writes a letter, and is loaded by who has one to write.
"""
