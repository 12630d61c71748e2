"""Central monitoring (ICH E6(R3) 3.11.4.3): factors critical to quality, indicators of sites, findings."""
