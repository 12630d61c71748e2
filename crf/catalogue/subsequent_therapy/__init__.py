"""ST: subsequent anticancer therapy, one record for each (protocol 3.12, 3.13)."""
