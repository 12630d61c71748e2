"""The casebook: everything that the trial holds about one participant, on paper."""
