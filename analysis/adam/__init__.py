"""ADaM data sets: the endpoints of one cut beside the SDTM records that they rest on (ADaM IG 1.3)."""
