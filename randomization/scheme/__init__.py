"""How a list is made: blocks, minimization, sealing, simulation. Pure but for the scheme file."""
