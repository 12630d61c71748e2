"""Pages of randomization: for a site, and for statisticians."""
