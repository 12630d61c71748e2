"""The only writer of public texts, contact requests and newsletters."""
