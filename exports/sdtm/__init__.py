"""SDTM (implementation guide 3.4): typed mappings of the forms, the data sets made from them, and Define-XML 2.1."""
