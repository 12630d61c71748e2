"""Icons, badges and template tags that every page shares."""
