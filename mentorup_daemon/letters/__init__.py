"""A due note and the records in, an email message out. Pure, but for reading template files.

Templates are sandboxed and bounded Jinja2; every word that is sent is in `templates/`, none in here.
What is for a mentor is a draft of the owner's and carries no trace of us.
Imports records only; what is due comes from rules, where the bytes go is the business of mailbox.
"""
