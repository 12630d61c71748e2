"""Pages about exports."""

from exports.views.exports import download, export_detail, export_list, export_new

__all__ = ["download", "export_detail", "export_list", "export_new"]
