"""Tables that leave beside the forms: one declaration for each, in one list (``exports/listed/catalogue.py``)."""
