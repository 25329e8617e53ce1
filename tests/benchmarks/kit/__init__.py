"""What the benchmarks are made with: figures and tables, data from a seed, servers, peers, and a tap on the wire.

Nothing in here measures anything of its own; each benchmark is a module of the package above.
"""
