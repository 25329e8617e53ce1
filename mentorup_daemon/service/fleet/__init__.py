"""The fleet: many accounts on several machines, with PostgreSQL between them.

What is here decides whose turn it is and who takes it; the pass itself is `service/tend.py`, as for a single owner.
Nothing outside this room, `store/fleet*` and the commands `accounts` and `fleet` knows of it, and nothing of what it
needs (the extra `fleet`) is imported anywhere else.
"""
