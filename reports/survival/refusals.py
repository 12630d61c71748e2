"""Why a table is not analysed: what is so, in which line, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import Refusal


class TableNotRead(Refusal):
    """The file is not there, is a folder, or may not be read."""

    code = "reports.table_not_read"
    message = _("{file} cannot be read: {reason}. Name a CSV file that this account may read.")


class TableNotUtf8(Refusal):
    """Another encoding would turn names of groups into other names."""

    code = "reports.table_not_utf8"
    message = _("{file} is not UTF-8. Save it as “CSV UTF-8 (comma delimited)”.")


class TableNotCsv(Refusal):
    """Quotation marks that do not close, or signs that no CSV file holds."""

    code = "reports.table_not_csv"
    message = _("Line {line} is not CSV ({reason}). Save the table as CSV again.")


class TableWithoutRows(Refusal):
    """An empty file, or a head without a row."""

    code = "reports.table_without_rows"
    message = _(
        "{file} has no row of data. The first line names the columns, each further line is one participant."
    )


class ColumnMissing(Refusal):
    """A column that was asked for is not in the head."""

    code = "reports.column_missing"
    message = _("There is no column “{column}”. The columns are: {columns}.")


class ColumnTwice(Refusal):
    """Two columns of one name: nobody can say which is meant."""

    code = "reports.column_twice"
    message = _("The column “{column}” stands in the head twice. Rename one of the two.")


class RowOfOtherLength(Refusal):
    """A row with more or fewer cells than the head has names."""

    code = "reports.row_of_other_length"
    message = _("Line {line} has {cells} cells, and the head has {columns}. Correct the line.")


class CellBlank(Refusal):
    """Nothing where the analysis needs something."""

    code = "reports.cell_blank"
    message = _(
        "Line {line} has nothing in the column “{column}”. Fill it in, or leave such rows out with --omit-missing."
    )


class CellNotTime(Refusal):
    """A text, a date, or no finite number, where a time should be."""

    code = "reports.cell_not_time"
    message = _(
        "Line {line}, column “{column}”: “{cell}” is no time. Write a number from 0 to {largest}, such as 412.5."
    )


class CellBeforeOrigin(Refusal):
    """A negative time: the dates that it is made from are out of order."""

    code = "reports.cell_before_origin"
    message = _(
        "Line {line}, column “{column}”: the time {cell} lies before the origin. "
        "Check the two dates that it is made from."
    )


class CellNotEvent(Refusal):
    """Another value than 0 for censored and a whole number for the cause."""

    code = "reports.cell_not_event"
    message = _(
        "Line {line}, column “{column}”: “{cell}” is no event. Write 0 for censored, 1 for the event, "
        "2 to {largest} for competing events."
    )


class CellNotText(Refusal):
    """A control character in a name."""

    code = "reports.cell_not_text"
    message = _(
        "Line {line}, column “{column}”: the text holds a sign that cannot be printed. Write it anew."
    )


class GroupNamedTau(Refusal):
    """``summary.json`` keeps the end of the restricted mean beside the groups under this name."""

    code = "reports.group_named_tau"
    message = _("No group can be called “tau”: the file of results uses the name itself. Rename the group.")


class GroupsTooMany(Refusal):
    """A column of numbers or dates was taken for that of the groups."""

    code = "reports.groups_too_many"
    message = _(
        "The column “{column}” has {groups} different values, more than {most} groups. Name another column."
    )


class ParticipantTwice(Refusal):
    """Two rows of one participant would count them twice."""

    code = "reports.participant_twice"
    message = _(
        "Lines {first} and {line} have the same {column} “{cell}”: one participant would be counted twice. "
        "Keep one row, or say --repeated-ids if the rows are of different people."
    )


class FolderNotUsable(Refusal):
    """The files of the answer cannot be put where they should be."""

    code = "reports.folder_not_usable"
    message = _("The files cannot be written to {folder}: {reason}. Name a folder of your own.")
