"""Pages about exports."""

from exports.views.access import access_end, access_list
from exports.views.api import api_page
from exports.views.casebook import casebook, filled_form
from exports.views.codebook import codebook, codebook_file
from exports.views.copies import download_copy
from exports.views.cuts import comparison_file, cut_list, cut_take
from exports.views.data import data_export, data_list, data_save, data_table
from exports.views.database_lock import (
    database_lock,
    database_lock_certificate,
    site_lock_certificate,
)
from exports.views.exports import (
    download,
    export_cancel,
    export_delete,
    export_detail,
    export_list,
    export_name,
    export_new,
)
from exports.views.imports import import_detail, import_discard, import_list, import_new, import_take
from exports.views.saved import saved_end, saved_list, saved_new, saved_take
from exports.views.tokens import token_list, token_revoke

__all__ = [
    "access_end",
    "access_list",
    "api_page",
    "casebook",
    "codebook",
    "codebook_file",
    "comparison_file",
    "cut_list",
    "cut_take",
    "data_export",
    "data_list",
    "data_save",
    "data_table",
    "database_lock",
    "database_lock_certificate",
    "download",
    "download_copy",
    "export_cancel",
    "export_delete",
    "export_detail",
    "export_list",
    "export_name",
    "export_new",
    "filled_form",
    "import_detail",
    "import_discard",
    "import_list",
    "import_new",
    "import_take",
    "saved_end",
    "saved_list",
    "saved_new",
    "saved_take",
    "site_lock_certificate",
    "token_list",
    "token_revoke",
]
