"""What waits for somebody else's yes: asked for once, decided by others, carried out in the deciding transaction.

A domain declares a kind of approval with ``kinds.declare``; ``actions.ask`` and ``actions.decide`` do the rest.
"""
