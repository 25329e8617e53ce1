"""One pass over one account (`tend.py`), and the daemon that calls it until told to stop.

The only room that knows all the doors. What is due is decided in rules, what is said in letters.
"""
