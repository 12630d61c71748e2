"""TREAT: chemotherapy, immunotherapy and radiotherapy (protocol 3.5)."""
