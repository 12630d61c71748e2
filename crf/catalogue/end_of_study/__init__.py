"""EOS: the end of a phase, or of the study."""
