"""The formats in which data leave: each file of an export as CSV, for Excel, as Parquet, and for SAS, SPSS and Stata.

COPY writes each file as CSV. Every other format is made from that CSV and the declared types of its columns, so that
all formats hold the same cells. What a format cannot hold is shortened by a rule of its own and told of in the
manifest; the whole text then stands in ``LONG_TEXTS.csv``.
"""
