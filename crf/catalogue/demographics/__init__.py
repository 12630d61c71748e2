"""DM: who the participant is, history and baseline condition (protocol 3.3)."""
