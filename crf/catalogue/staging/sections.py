"""In which order the baseline work-up asks (protocol 3.4 A to F)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crf.engine.declaration import Section

SECTIONS = (
    Section(
        "endoscopy",
        _("A. Endoscopy and biopsy"),
        (
            *("ogd_dt", "upper_cm", "lower_cm", "len_calc", "len_cm", "epicentre_cm", "circ", "passable"),
            *("macro", "multi", "multi_cm", "lugol", "ues_cm", "zline_cm", "egj_cm", "diaph_cm"),
            *("bx_n", "grade", "pdl1_done", "pdl1_clone", "cps", "tps"),
        ),
    ),
    Section(
        "eus",
        _("B. Endosonography"),
        (*("eus_done", "eus_why", "eus_dt", "eus_trav", "eus_part", "eus_mm", "ut", "eus_n", "eus_node"),),
    ),
    Section(
        "ct",
        _("C. CT of neck, chest and abdomen"),
        (
            *("ct_dt", "ct_contrast", "ct_mm", "ct_len", "aorta_ang", "airway", "t4a_str", "t4b_str"),
            *("ct_node", "ct_m", "incid", "incid_what", "recist"),
        ),
    ),
    Section(
        "pet",
        _("D. FDG PET-CT"),
        (
            *("pet_done", "pet_why", "pet_dt", "gluc_pre", "pet_mbq", "pet_uptk", "suvmax", "suvmean"),
            *("mtv", "mtv_thr", "tlg", "liver_suv", "pet_node", "pet_m", "pet_m_site", "pet_m_note"),
            *("pet_sync", "pet_sync_note"),
        ),
    ),
    Section(
        "other",
        _("E. Other tests"),
        (
            *("us_dt", "us_res", "us_side", "us_mm", "us_fna", "bron_ind", "bron_done", "bron_res"),
            *("ba_len", "ba_fist", "fist_mdt", "brain", "bone", "fev1", "fev1p", "fvc", "dlcop"),
            *("ecg_res", "qtcf", "lvef"),
        ),
    ),
    Section("vital", _("Vital signs"), ("temp", "sbp", "dbp", "hr", "rr", "spo2")),
    Section(
        "stage",
        _("F. Clinical stage"),
        (
            *("site_sub", "ct", "cn", "cn_n", "node", "scv", "cm", "m_site", "m_workup", "cstage"),
            *("cstage_site", "stage_method", "stage_confirm", "soc"),
        ),
    ),
)
