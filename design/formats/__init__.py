"""How days are read in forms, in each language (settings.FORMAT_MODULE_PATH)."""
