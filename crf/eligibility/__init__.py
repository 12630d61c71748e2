"""The evidence on which a participant is judged eligible, and how screening ends."""
