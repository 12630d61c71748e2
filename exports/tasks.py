"""Exports, and the copies for sites that are closed out, are written by the worker."""

from __future__ import annotations

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from exports.casebooks.services import make_casebooks, start_casebooks
from exports.formats.kinds import DataFormat
from exports.jobs.services import look_after_exports, take_due
from exports.kept_cuts.services import settle_cuts
from exports.models import Export, ExportFailure
from exports.services import fail_export, write_export
from exports.site_copy.services import look_after_copies, make_site_copy, stop_copy
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.tasks import task
from trials.models import SiteCopy
from trials.models.closing import CopyFailure

WHY_AT_MOST = 200


@task(name="exports:write")
def write(pk: int) -> None:
    """The export ``pk`` is written, or on record as failed with the reason."""
    with transaction.atomic():
        export = Export.objects.select_related("requested_by").get(pk=pk)
    now = timezone.now()
    try:
        if DataFormat(export.data_format or DataFormat.CSV).is_printed:
            start_casebooks(export=export, at=now)
        else:
            write_export(export=export, at=now)
    except (OperationalError, InterfaceError, ConnectionError):
        raise  # the database or the broker is away for a while: the task is tried again, or beat sends another
    except Refusal as refusal:
        fail_export(export=export, at=now, failure=ExportFailure.REFUSED, why=str(refusal))
    except OSError as fault:
        fail_export(export=export, at=now, failure=ExportFailure.NOT_WRITTEN, why=fault.strerror or "")
    except Exception:
        fail_export(export=export, at=now, failure=ExportFailure.FAULT)
        raise


@task(name="exports:casebooks")
def casebooks(pk: int) -> None:
    """Some more casebooks of the export ``pk`` are made, or it is on record as failed with the reason."""
    with transaction.atomic():
        export = Export.objects.get(pk=pk)
    now = timezone.now()
    try:
        make_casebooks(export=export, at=now)
    except (OperationalError, InterfaceError, ConnectionError):
        raise  # the database or the broker is away for a while: the task is tried again, or beat sends another
    except (Refusal, OSError) as fault:
        fail_export(export=export, at=now, failure=ExportFailure.NOT_WRITTEN, why=str(fault)[:WHY_AT_MOST])
    except Exception:
        fail_export(export=export, at=now, failure=ExportFailure.FAULT)
        raise


@task(name="exports:look_after")
def look_after() -> None:
    """Exports that nobody writes go on or are given up, cuts are settled, and files whose time is over are deleted."""
    now = timezone.now()
    look_after_exports(at=now)
    settle_cuts(at=now)


@task(name="exports:take_due")
def take_saved() -> None:
    """Saved exports that are due today are taken."""
    now = timezone.now()
    take_due(on=local_date(now, settings.TRIAL_TIME_ZONE), at=now)


@task(name="exports:site_copy")
def site_copy(pk: int) -> None:
    """The copy ``pk`` for a site is ready or further than before, or on record as not made with the reason."""
    with transaction.atomic():
        copy = SiteCopy.objects.select_related("site", "close_out", "asked_by").get(pk=pk)
    now = timezone.now()
    try:
        make_site_copy(copy=copy, at=now)
    except (OperationalError, InterfaceError, ConnectionError):
        raise  # the database or the broker is away for a while: the task is tried again
    except Refusal:
        stop_copy(copy=copy, why=CopyFailure.NO_PRINTING, at=now)
    except OSError:
        stop_copy(copy=copy, why=CopyFailure.NOT_WRITTEN, at=now)
    except Exception:
        stop_copy(copy=copy, why=CopyFailure.FAULT, at=now)
        raise


@task(name="exports:site_copies")
def site_copies() -> None:
    """Copies that wait go on, and files whose time is over are deleted."""
    look_after_copies(at=timezone.now())
