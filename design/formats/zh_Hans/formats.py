"""Year, month, day, as in design.formats.en, and as days are written in Chinese."""

DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
