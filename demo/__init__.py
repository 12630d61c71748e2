"""The demonstration: embedded servers and a simulated trial. Nothing of the product imports it."""
