"""Safety as the trial shows it: adverse and serious events, deaths, complications, signals (protocol 3.6, 6.5, 6.6)."""
