"""Pages about exports."""

from exports.views.exports import download, export_detail, export_list, export_new
from exports.views.tokens import token_list, token_revoke

__all__ = ["download", "export_detail", "export_list", "export_new", "token_list", "token_revoke"]
