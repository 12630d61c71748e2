"""Year, month, day: 10/11/2026 is refused, since two readers take it for two different days."""

DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d"]
