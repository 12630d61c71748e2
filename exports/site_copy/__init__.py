"""The copy of its records that a site keeps after its close-out: one file, read without this system."""
