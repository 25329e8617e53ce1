"""What is due and why: records and a clock reading in, `Due` out. Pure: no input or output, no clock of its own.

One module per practice (agenda, thank_you, check_in); `schedule.py` reads cron; `hours.py` knows the owner's quiet;
`plan.py` puts all of them together and is what `tend`, `rehearse` and `why` call.
Imports records only. How a due note reads is the business of letters; whether it was written, of the store's ledger.
"""
