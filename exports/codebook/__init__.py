"""The codebook of every file that leaves: in each export, and as page, CSV, XLSX and PDF."""
