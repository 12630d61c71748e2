"""Stored forms, milestones and visits of participants, as they stood at a cut; the arm is read by nothing here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db import connection, models

from analysis.facts import SCALES, participant_facts
from analysis.rules import rules_of
from analysis.stored import StoredParticipant
from crf import catalogue
from crf.models import Record, RecordState
from exports.cuts import Cut
from followup.models import Visit, VisitState
from kernel.clock import local_date
from protocol.endpoint_values import EndpointValues, endpoint_values
from protocol.facts import ParticipantFacts
from trials.models import Milestone, Participant, Withdrawal

# The questions that endpoints read, by form; of a repeating group by FORM.group.
READ: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "STAGE": ("ct", "cn"),
        "TREAT": (
            *("carbo_n", "nabp_n", "ci_n", "deliv_fx", "deliv_gy", "carbo_int", "nabp_int", "completed"),
        ),
        "PROG": ("prog_dt", "prog_where", "prog_proof", "prog_cure"),
        "CRE": (
            *("cre_type", "cre_dt", "cre_outcome", "local_call", "proof_dt", "proven_on", "ccr_late"),
            *("ogd_done", "ogd_dt", "pet_done", "pet_dt", "eus_done", "eus_dt", "ct_dt", "bob_n"),
            *("pt_dec", "mdt_dt", "proc_compl"),
        ),
        "AS": ("as_dt", "as_dilat_n", "as_hosp_d"),
        "FU": (
            *("fu_dt", "alive", "rec_yn", "rec_type", "rec_dt_first_suspect", "recur_dt", "resectable"),
            *("dz_status", "dilat_n", "adj_given", "adj_start"),
        ),
        "SURG": (
            *("surg_done", "surg_dt", "no_surg_dt", "no_surg_reason", "intent", "resid_macro", "disch_dt"),
            *("disch_to", "los", "icu_d", "io_compl", "readm"),
        ),
        "PATH": (
            *("op_no", "path_dt", "ypt", "ypn", "resid_pct", "resid_lt1", "trg_cap", "trg_mandard"),
            *("trg_becker", "trg_chir", "ln_exam", "ln_pos", "r_calc", "r_status", "r_rcp"),
        ),
        "COMP": ("op_no", "comp_any", "cd_worst", "cci"),
        "SURV": ("status_dt", "vital", "death_dt", "cod"),
        "ST": ("st_kind", "st_class", "st_intent", "st_start"),
        "AE": (
            *("ae_st", "grade", "ctcae_term", "ae_pt", "serious", "outcome", "irae", "disc_tx", "cre_rel"),
            *("ae_term", "ae_soc", "ae_kind", "irae_type", "cre_what"),
            *("rel_camre", "rel_chemo", "rel_rt", "rel_surg", "rel_proc"),
        ),
        "QOL": ("q_done_dt", *SCALES.values()),
        "DV": ("dv_cat", "dv_pp", "dv_pp_calc"),
        "FU.img": ("modality", "img_dt", "img_result"),
        "AS.as_uns": ("u_what", "u_dt"),
        "COMP.comps": ("eccg_code", "comp_reop", "comp_icu"),
    }
)
OF_VISITS = ("code", "forms", "closes", "took_place_on", "timing", "contact_mode")


@dataclass(frozen=True)
class DerivedParticipant:
    """One randomized participant at the cut: what is known, and the endpoints that follow from it."""

    site: str
    facts: ParticipantFacts
    values: EndpointValues
    protocol_version: str


def derived_at(cut: Cut, sites: Mapping[int, str]) -> Iterator[DerivedParticipant]:
    """Yield every participant of the sites who was randomized by the cut, in the order of their numbers."""
    cutoff = local_date(cut.at, settings.TRIAL_TIME_ZONE)
    for site, code in sorted(sites.items(), key=lambda each: each[1]):
        for stored in stored_at(cut, site):
            facts, version = participant_facts(stored, cutoff=cutoff), stored.protocol_version
            yield DerivedParticipant(code, facts, endpoint_values(facts, rules_of(version)), version)


def stored_at(cut: Cut, site: int, names: Iterable[str] = READ) -> list[StoredParticipant]:
    """Return what is stored of the participants of one site who were randomized by the cut; ``names`` narrows the
    forms and groups that are read.
    """
    forms: dict[str, dict[int, list[Any]]] = {
        name: _by_participant(_query_of(name, cut), cut, site) for name in names
    }
    milestones, visits = _milestones(cut, site), _by_participant(_visits(cut), cut, site)
    left = _left(cut, site)
    return [
        StoredParticipant(
            number=row["number"],
            rand=milestones[row["participant_id"]]["RAND"],
            protocol_version=row["protocol_version"],
            state=row["state"],
            forms={name: rows[row["participant_id"]] for name, rows in forms.items() if "." not in name},
            groups={name: rows[row["participant_id"]] for name, rows in forms.items() if "." in name},
            milestones=milestones[row["participant_id"]],
            visits=visits[row["participant_id"]],
            left_on=left.get(row["participant_id"]),
        )
        for row in _rows(_participants(cut), cut, site)
        if "RAND" in milestones[row["participant_id"]]
    ]


def _rows(sql: str, cut: Cut, site: int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"site": site})
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _by_participant(sql: str, cut: Cut, site: int) -> dict[int, list[Any]]:
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in _rows(sql, cut, site):
        rows[row["participant_id"]].append(row)
    return rows


def _columns(model: type[models.Model], names: tuple[str, ...], alias: str) -> str:
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    return ", ".join(f'{alias}."{columns[name]}" AS "{name}"' for name in names)


def _query_of(name: str, cut: Cut) -> str:
    code, _dot, group = name.partition(".")
    form = catalogue.form(code)
    records = cut.rows(Record, f"e.form_code = '{code}'")
    begun = f"r.form_code = '{code}' AND r.site_id = %(site)s AND r.state <> '{RecordState.EMPTY.value}'"
    if group:
        model = form.groups[group].model
        return (
            f"SELECT r.participant_id, g.record_id, {_columns(model, READ[name], 'g')} FROM {cut.rows(model)} g "
            f"JOIN {records} r ON r.id = g.record_id WHERE NOT g.removed AND {begun} "
            "ORDER BY r.participant_id, g.record_id, g.position, g.id"
        )
    return (
        f"SELECT r.participant_id, r.id, r.sequence, {_columns(form.model, READ[name], 'f')} "
        f"FROM {cut.rows(form.model)} f JOIN {records} r ON r.id = f.id WHERE {begun} "
        "ORDER BY r.participant_id, r.sequence, r.id"
    )


def _participants(cut: Cut) -> str:
    return (
        f"SELECT p.id AS participant_id, p.number, p.state, p.protocol_version FROM {cut.rows(Participant)} p "
        "WHERE p.site_id = %(site)s AND p.arm IS NOT NULL ORDER BY p.number"
    )


def _milestones(cut: Cut, site: int) -> dict[int, dict[str, date]]:
    sql = (
        f'SELECT m.participant_id, m.code, m."on" FROM {cut.rows(Milestone)} m '
        'WHERE m.site_id = %(site)s AND m."on" IS NOT NULL'
    )
    days: dict[int, dict[str, date]] = defaultdict(dict)
    for row in _rows(sql, cut, site):
        days[row["participant_id"]][row["code"]] = row["on"]
    return days


def _visits(cut: Cut) -> str:
    return (
        f"SELECT v.participant_id, {_columns(Visit, OF_VISITS, 'v')} FROM {cut.rows(Visit)} v "
        f"WHERE v.site_id = %(site)s AND v.state <> '{VisitState.CANCELLED.value}' ORDER BY v.closes, v.id"
    )


def _left(cut: Cut, site: int) -> dict[int, date]:
    """Return since when participants take part in no more evaluations."""
    sql = (
        f'SELECT w.participant_id, min(w."on") AS since FROM {cut.rows(Withdrawal)} w WHERE w.site_id = %(site)s '
        "AND w.cancelled_at IS NULL AND (w.all_contact OR w.procedures) GROUP BY w.participant_id"
    )
    return {row["participant_id"]: row["since"] for row in _rows(sql, cut, site)}
