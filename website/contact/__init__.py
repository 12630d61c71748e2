"""How somebody outside reaches a centre: cities, centres, tokens of the form, limits, and what is mailed."""
