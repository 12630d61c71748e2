"""Made-up documents of the demonstration: PDFs without any name, as a site would attach them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from crf.attachments.services import SentFile, attach_file
from crf.engine.base import RecordState
from crf.models import AttachmentKind, Record
from crf.store.records import form_named, key_of_record
from demo.simulation.sites import Stage
from demo.simulation.typed_pdf import typed_pdf
from kernel.scope import EVERYTHING, scope
from trials.models.participants import TERMINAL

DOCUMENTS: Final = (
    (
        "SURG",
        AttachmentKind.OPERATION,
        "operation-note.pdf",
        (
            "OPERATION NOTE (made up for the demonstration)",
            "Thoracoscopic oesophagectomy with two-field lymphadenectomy.",
            "Gastric tube, cervical anastomosis. Blood loss 150 ml. No incident.",
        ),
    ),
    (
        "PATH",
        AttachmentKind.PATHOLOGY,
        "pathology-report.pdf",
        (
            "PATHOLOGY REPORT (made up for the demonstration)",
            "Squamous cell carcinoma after neoadjuvant treatment, residue below 10 %.",
            "Margins free. 0 of 31 nodes with tumour.",
        ),
    ),
    (
        "STAGE",
        AttachmentKind.IMAGING,
        "ct-report.pdf",
        (
            "CT REPORT (made up for the demonstration)",
            "Thickened wall of the middle oesophagus over 45 mm. No distant disease.",
        ),
    ),
)


def attach_some(stage: Stage, until: datetime) -> None:
    """The coordinator of the first site has attached a document to the first record of three forms."""
    place = stage.places[0]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        for code, kind, name, lines in DOCUMENTS:
            rows = Record.objects.filter(form_code=code, site=place.site).exclude(state=RecordState.LOCKED)
            living = rows.exclude(participant__state__in=TERMINAL).select_related(
                "participant__site", "visit"
            )
            record = living.order_by("participant__number", "pk").first()
            if record is None:
                continue
            attach_file(
                record_key=key_of_record(form_named(code), record),
                sent=SentFile(typed_pdf(lines), f"{record.participant.number} {name}", kind),
                key=hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
                by=place.coordinator,
                at=until - timedelta(days=2),
            )
