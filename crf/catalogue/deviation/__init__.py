"""DV: protocol deviations."""
