"""A message's bytes in, what it says out: visible text, thread, tags, commands, action items. Pure.

When in doubt the writer's words are kept. Nothing here ever acts: the service does, once the store has the words.
Imports records only. Bytes come from mailbox; malformed ones raise `Malformed` with the reason.
"""
