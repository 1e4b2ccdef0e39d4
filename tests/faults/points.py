"""The named points, in the order they are passed, and what is on record once a process died there.

Some names of other lists coincide here. A decision is one statement, so that ledger, rows, timers and messages (T6, T7
and T8 elsewhere) come to be at one point: T6. What a state is set to (T5) is only memory until then. What happens
between two machines is not a point of ours: the relay's end of a letter is broken at the relay (see mailroom.STAGES),
and a COMMIT cut off by the line at the line (T9b).
"""

# The point, what it is, and whether a process that dies there leaves the decision behind.
DECISION = {
    "T0": ("received", False),
    "T2": ("transaction begun", False),
    "T3": ("row locked", False),
    "T1": ("authorised", False),
    "T4": ("judged: state set in memory", False),
    "T5": ("about to write", False),
    "T6": ("written: rows, ledger, timers, messages", False),
    "T9": ("before COMMIT", False),
    "T10": ("committed", True),
    "T11": ("rung, not yet answered", True),
}
TIMER = {
    "F0": ("before the lock", False),
    "F1": ("locked", False),
    "F3": ("decided", False),
    "T5": ("about to write", False),
    "T6": ("written", False),
    "F4": ("before COMMIT", False),
    "F5": ("committed", True),
}
ENROLMENT = {"T5": ("about to write", False), "T6": ("written", False)}
# The point, what it is, how many copies the relay has when the sender is dead, and how many in the end.
DELIVERY = {
    "D0": ("before the claim", 0, 1),
    "D1": ("claimed", 0, 1),
    "D2": ("dialling", 0, 1),
    "ehlo": ("D3: greeting", 0, 1),
    "rcpt": ("D4: naming the recipient", 0, 1),
    "data": ("D5: wanting to send the letter; it leaves in one write, so that it has no middle", 0, 1),
    "kept": ("D6: final dot sent, its answer not read", 1, 2),
    "D7": ("answer read, not marked", 1, 2),
    "D8": ("inside the mark", 1, 2),
    "D9": ("marked", 1, 1),
}
# The point, what it is, and whether the note is in the file once the notary is dead; the next one follows either way.
CHECKPOINT = {"C2": ("signed, not written", False), "C3": ("on disk, not remembered", True)}
OURS = {
    name
    for table in (DECISION, TIMER, ENROLMENT, DELIVERY, CHECKPOINT)
    for name in table
    if name[0] in "TFDC" and name[1].isdigit()
}
