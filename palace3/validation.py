"""The page of docs/validation/: each rule of docs/requirements.md with clause, risk, tests, or who keeps it outside.

A rule names tests that exist, or its owner outside the software stands in the requirements;
``tests/architecture/test_validation.py`` holds both. Results are those of a run: ``build_docs --results FILE`` reads
what ``pytest --junit-xml FILE`` wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

_ROW: Final = re.compile(r"^\| (\d+) \|(.+)\|\s*$", re.MULTILINE)
_NOBODY: Final = {"–", ""}
# What a failure would touch: the rights and safety of participants or the reliability of results, or the order of work.
HIGH, MEDIUM = "high", "medium"
_MEDIUM: Final = frozenset({4, 8, 9, 18, 22, 24, 25, 36, 38, 46, 48, 51, 53, 54, 61, 63, 65, 66, 68})
_I: Final = "tests/integration/"
# A rule without a test here is kept outside the software, by whom its row of the requirements names.
TESTS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (f"{_I}trials/test_pages.py::test_a_name_given_before_is_never_given_again",),
    2: (f"{_I}system/test_permission_matrix.py::test_role_by_address",),
    3: (
        f"{_I}audit/test_proven_scope.py::test_no_sql_widens_what_a_request_sees",
        f"{_I}audit/test_proven_scope.py::test_two_hundred_mixed_requests_over_a_pool_show_no_foreign_row",
        f"{_I}system/test_permission_matrix.py::test_another_sites_participant_does_not_exist",
        f"{_I}system/test_other_sites.py::test_an_object_of_another_site_is_answered_as_nobodys",
        f"{_I}system/test_other_sites.py::test_an_object_of_another_site_is_answered_as_nobodys_to_an_investigator_and_a_monitor",
        f"{_I}system/test_other_sites.py::test_a_list_asked_by_an_object_of_another_site_tells_nothing",
        (
            f"{_I}system/test_other_sites.py::"
            "test_no_address_page_or_answer_tells_a_site_a_number_that_counts_other_sites"
        ),
        f"{_I}exports/test_copy_verifier.py::test_what_is_proven_to_a_site_names_rows_by_keys_that_count_nothing",
    ),
    4: (
        f"{_I}trials/test_gates.py::test_point_22_an_end_is_not_moved_behind_what_was_done",
        f"{_I}trials/test_gates.py::test_point_22_a_role_ends_at_once_in_an_open_session",
        f"{_I}trials/test_pages.py::test_the_delegation_log_is_a_paper_of_the_site_alone",
    ),
    5: (
        f"{_I}accounts/test_sign_in.py::test_after_five_wrong_tries_the_right_password_waits_too",
        f"{_I}reports/test_trail.py::test_sign_ins_and_refusals_stand_in_it",
        f"{_I}accounts/test_factors.py::test_an_outsider_locks_the_name_and_not_the_browser_of_its_owner",
    ),
    6: (
        f"{_I}accounts/test_sign_in.py::test_the_session_ends_when_nobody_is_there",
        f"{_I}crf/test_saving.py::test_a_draft_is_its_owners_alone_in_the_database_too",
        "tests/e2e/test_mishaps.py::test_a_session_that_ends_while_typing_costs_nothing",
    ),
    7: (
        f"{_I}accounts/test_sign_in.py::test_a_privileged_role_sets_up_its_factor_before_anything_else",
        f"{_I}accounts/test_sign_in.py::test_in_production_every_role_sets_up_its_factor_before_anything_else",
    ),
    8: (
        f"{_I}trials/test_gates.py::test_point_22_tokens_and_feeds_end_with",
        f"{_I}trials/test_pages.py::test_a_reset_ends_sessions_and_drops_the_second_factor",
        f"{_I}trials/test_gates.py::test_requirement_8_who_has_not_signed_in_for_long_is_listed",
    ),
    9: (
        f"{_I}accounts/test_sign_in.py::test_a_session_does_not_work_in_another_browser",
        f"{_I}accounts/test_factors.py::test_a_person_sees_their_sessions_and_ends_the_others",
    ),
    10: (
        f"{_I}operations/test_backups.py::test_nobody_reads_a_backup_and_a_flipped_byte_is_found",
        "tests/unit/palace3/test_production.py::test_what_is_unsafe_is_refused_by_name",
    ),
    11: (
        f"{_I}trials/test_gates.py::test_the_database_refuses_incompatible_roles_and_roles_for_oneself",
        f"{_I}trials/test_gates.py::test_requirement_11_whoever_administers_accounts_holds_no_other_role",
        f"{_I}trials/test_gates.py::test_point_22_nobody_gives_a_role_to_themselves",
        f"{_I}audit/test_proven_access.py::test_no_sql_locks_out_impersonates_or_blinds",
    ),
    12: (
        f"{_I}trials/test_pages.py::test_a_role_needs_training_first",
        f"{_I}trials/test_gates.py::test_point_22_training_and_identity_check_lie_behind",
        f"{_I}crf/test_saving.py::test_the_untrained_do_not_answer",
    ),
    13: (
        f"{_I}audit/test_guards.py::test_every_version_of_a_row_is_kept_with_its_act",
        f"{_I}crf/test_saving.py::test_first_save_keeps_answers_derived_values_and_state",
        f"{_I}crf/test_saving.py::test_a_removed_row_stays_and_its_place_is_not_given_again",
    ),
    14: (f"{_I}crf/test_pages.py::test_history_tells_who_when_why_old_and_new",),
    15: (f"{_I}crf/test_saving.py::test_the_database_refuses_a_change_without_a_reason",),
    16: (
        f"{_I}system/test_database_catalogue.py::test_regulated_table_has_act_trail_and_no_delete",
        f"{_I}crf/test_saving.py::test_a_removed_row_stays_and_its_place_is_not_given_again",
    ),
    17: (f"{_I}audit/test_attacks_of_the_owner.py::test_each_attack_is_named",),
    18: (
        f"{_I}reports/test_trail.py::test_requirement_18_one_file_says_form_old_new_and_why",
        f"{_I}crf/test_pages.py::test_history_tells_who_when_why_old_and_new",
    ),
    19: (
        f"{_I}crf/test_saving.py::test_verify_sign_lock_and_what_a_change_undoes",
        f"{_I}randomization/test_allocating.py::test_both_steps_are_acts_of_the_person",
    ),
    20: (f"{_I}crf/test_saving.py::test_prompts_are_kept_with_the_first_answer_and_the_correction",),
    21: (
        f"{_I}exports/test_casebook.py::test_rare_13_each_making_is_on_record_with_its_purpose",
        f"{_I}exports/test_exports.py::test_taking_and_handing_out_are_acts",
    ),
    22: (
        f"{_I}operations/test_qualification.py::test_a_clock_that_is_ahead_and_a_backup_that_is_old_are_named",
        f"{_I}trials/test_registers.py::test_an_entry_of_each_register_is_recorded_listed_and_closed_on_its_page",
        f"{_I}exports/test_local_time.py::test_point_10_an_instant_leaves_by_the_sites_clock_with_its_offset",
    ),
    23: (
        f"{_I}randomization/test_nothing_leaks.py::test_no_export_or_api_answer_shows_a_coming_place",
        f"{_I}randomization/test_nothing_leaks.py::test_no_page_pdf_error_log_or_mail_shows_a_coming_place",
    ),
    24: (
        (
            f"{_I}reports/test_trail.py::"
            "test_requirement_24_a_planned_review_comes_due_is_recorded_and_comes_due_again"
        ),
    ),
    25: (
        f"{_I}audit/test_proven_scope.py::test_no_act_is_dated_back_once_production_has_said_so",
        f"{_I}exports/test_local_time.py::test_point_10_when_a_record_was_changed_leaves_by_the_sites_clock",
    ),
    26: (
        f"{_I}crf/test_saving.py::test_treatment_forms_wait_for_randomization",
        f"{_I}crf/test_saving.py::test_answers_wait_for_the_consent",
        f"{_I}randomization/test_allocating.py::test_without_consent_decision_or_stage_each_missing_step_is_named",
    ),
    27: (f"{_I}crf/test_consequences.py::test_the_eligibility_page_signs_the_decision",),
    28: (
        f"{_I}randomization/test_pages.py::test_a_design_is_simulated_before_there_is_a_trial",
        "tests/unit/randomization/test_blocks.py::test_ten_thousand_lists_are_balanced_and_no_two_are_alike",
    ),
    29: (f"{_I}randomization/test_races.py::test_two_hundred_by_sixteen_clients_one_of_them_killed",),
    30: (f"{_I}randomization/test_pages.py::test_an_error_is_marked_and_never_frees_a_place",),
    31: (f"{_I}exports/test_casebook.py::test_rare_13_signatures_stand_with_the_ones_that_fell",),
    32: (
        f"{_I}audit/test_proven_scope.py::test_no_signature_without_the_signers_proof",
        f"{_I}crf/test_signing_lots.py::test_a_signature_over_other_answers_is_named_by_verification",
    ),
    33: (
        f"{_I}randomization/test_allocating.py::test_a_wrong_password_takes_no_place",
        f"{_I}accounts/test_sign_in.py::test_a_second_factor_is_asked_where_it_is_set_up",
        f"{_I}accounts/test_mistyped_signatures.py::test_rule_33_the_first_signature_of_a_session_asks_for_name_and_password",
        f"{_I}accounts/test_mistyped_signatures.py::test_after_five_wrong_passwords_nothing_is_signed_for_a_while",
    ),
    34: (
        f"{_I}trials/test_gates.py::test_point_22_nobody_signs_with_a_password_that_somebody_else_chose",
        f"{_I}trials/test_gates.py::test_point_7_a_token_rests_while_its_owner_lacks",
    ),
    35: (
        f"{_I}trials/test_gates.py::test_point_22_training_and_identity_check_lie_behind",
        f"{_I}trials/test_proofs.py::test_point_5_training_and_identity_need_a_document_and_a_second_verifier",
    ),
    37: (
        f"{_I}crf/test_saving.py::test_verify_sign_lock_and_what_a_change_undoes",
        f"{_I}crf/test_signing_lots.py::test_point_18_a_signature_falls_and_both_versions_are_shown",
    ),
    38: (
        f"{_I}crf/test_data_locks.py::test_point_17_each_condition_is_named_with_its_places",
        f"{_I}exports/test_database_lock.py::test_point_20_the_checklist_has_owners_and_every_open_item_stops_it",
    ),
    39: (f"{_I}crf/test_saving.py::test_only_the_site_answers",),
    40: (
        (
            f"{_I}exports/test_copy_verifier.py::"
            "test_a_forger_who_mends_the_digests_is_found_by_the_proofs_and_then_by_the_anchor"
        ),
        f"{_I}audit/test_anchoring.py::test_requirement_40_each_night_the_digest_goes_out",
    ),
    41: (
        f"{_I}exports/test_site_copy.py::test_rare_13_only_what_was_downloaded_and_still_stands_is_confirmed",
    ),
    42: (
        f"{_I}trials/test_pages.py::test_an_inspector_reads_sites_and_changes_nothing",
        f"{_I}system/test_permission_matrix.py::test_role_by_address",
        f"{_I}system/test_permission_matrix.py::test_requirement_42_an_inspector_posts_what_is_their_own_alone",
    ),
    43: (
        f"{_I}exports/test_subject_by_subject.py::test_ten_people_are_the_same_in_every_way_out",
        f"{_I}exports/test_odm.py::test_the_snapshot_holds_each_answer_and_missing_reason_of_the_tables",
    ),
    44: (
        f"{_I}operations/test_backups.py::test_what_is_restored_is_what_was_backed_up",
        f"{_I}operations/test_archive.py::test_an_archive_is_open_and_comes_back_to_the_digest",
    ),
    45: (
        f"{_I}operations/test_backups.py::test_a_drill_is_on_record_whether_it_passes_or_not",
        f"{_I}operations/test_backups.py::test_what_is_restored_is_what_was_backed_up",
    ),
    46: (
        f"{_I}trials/test_registers.py::test_an_entry_of_each_register_is_recorded_listed_and_closed_on_its_page",
    ),
    47: (
        f"{_I}crf/test_saving.py::test_the_database_refuses_a_change_without_a_reason",
        f"{_I}crf/test_saving.py::test_verify_sign_lock_and_what_a_change_undoes",
    ),
    48: ("tests/architecture/test_validation.py::test_each_rule_names_tests_that_exist_or_an_owner_outside",),
    49: (f"{_I}followup/test_amending.py::test_the_database_refuses_an_opening_before_its_approval",),
    50: (
        f"{_I}exports/test_imports.py::test_point_08_what_differs_is_listed_and_stays_and_the_rest_comes_in",
    ),
    51: (
        "tests/unit/crf/test_validation_plan.py::test_requirement_51_every_check_names_tests_that_try_it_and_its_owner",
    ),
    52: (
        f"{_I}exports/test_database_lock.py::test_point_20_three_roles_sign_what_is_frozen_and_then_nothing_changes",
    ),
    54: (
        f"{_I}trials/test_registers.py::test_an_entry_of_each_register_is_recorded_listed_and_closed_on_its_page",
    ),
    55: (
        f"{_I}trials/test_registers.py::test_an_entry_of_each_register_is_recorded_listed_and_closed_on_its_page",
    ),
    56: (f"{_I}followup/test_withdrawal.py::test_no_more_contact_ends_visits_to_dos_and_reminders_at_once",),
    57: (f"{_I}trials/test_pages.py::test_the_end_of_a_delegation_stays_in_the_log",),
    58: ("tests/architecture/test_field_classification.py",),
    59: (
        (
            f"{_I}trials/test_registers.py::"
            "test_an_export_leaves_the_country_on_a_filing_and_a_basis_that_a_second_person_approved"
        ),
    ),
    60: (
        (
            f"{_I}trials/test_registers.py::"
            "test_an_export_leaves_the_country_on_a_filing_and_a_basis_that_a_second_person_approved"
        ),
    ),
    61: (
        f"{_I}monitoring/test_central_monitoring.py::test_a_finding_is_taken_and_ends_with_who_when_and_what_was_found",
        f"{_I}monitoring/test_central_monitoring.py::test_a_breach_of_all_sites_together_is_a_finding_of_the_factor_s_owner",
    ),
    62: (
        "tests/unit/palace3/test_production.py::test_what_is_unsafe_is_refused_by_name",
        (
            f"{_I}demo/test_practice.py::"
            "test_requirement_62_practice_is_in_no_table_of_the_trial_and_passing_it_is_the_training"
        ),
    ),
    63: (
        f"{_I}followup/test_visit_conduct.py::test_point_02_a_visit_that_took_place_is_asked_how_it_was_made",
    ),
    64: (
        f"{_I}system/test_arms_in_lists.py",
        f"{_I}randomization/test_pages.py::test_the_statistician_watches_balance_and_every_look_is_kept",
    ),
    65: (
        f"{_I}trials/test_registers.py::test_an_entry_of_each_register_is_recorded_listed_and_closed_on_its_page",
    ),
    66: (
        f"{_I}followup/test_approvals.py::test_rare_05_an_approval_is_not_before_the_text_and_has_its_letter",
        f"{_I}trials/test_site_set_up.py::test_point_8_who_reads_a_document_and_what_the_database_refuses",
    ),
    67: (f"{_I}analysis/test_flow.py",),
    68: (
        f"{_I}trials/test_public_texts.py::test_the_first_texts_fill_every_block_in_both_languages_and_hold_no_token",
        f"{_I}followup/test_amending.py::test_an_approval_says_which_version_and_when",
    ),
}
# Rules that no test holds and no row gives to anybody yet: by whom they are kept until then.
OWNERS: Final[Mapping[int, str]] = {}


@dataclass(frozen=True)
class ValidatedRule:
    """One rule of the requirements."""

    number: int
    text: str
    clause: str
    outside: str
    status: str

    @property
    def risk(self) -> str:
        """Return what a failure would touch, as a level."""
        return MEDIUM if self.number in _MEDIUM else HIGH

    @property
    def tests(self) -> tuple[str, ...]:
        """Return the tests that hold the rule."""
        return TESTS.get(self.number, ())

    @property
    def owner(self) -> str:
        """Return who keeps what no program does, "" where nobody is named."""
        outside = "" if self.outside in _NOBODY else self.outside
        return outside or OWNERS.get(self.number, "")


def rules(root: Path) -> list[ValidatedRule]:
    """Return the rules as docs/requirements.md has them."""
    text = (root / "docs" / "requirements.md").read_text(encoding="utf-8")
    return [
        ValidatedRule(int(number), *_cells(cells))
        for number, cells in _ROW.findall(text)
        if cells.count(" | ") == 4
    ]


def _cells(line: str) -> tuple[str, str, str, str]:
    text, clause, _where, outside, status = (cell.strip() for cell in line.split(" | "))
    return text, clause, outside, status


def pages(root: Path, results: Path | None = None) -> dict[str, str]:
    """Return the pages by their file."""
    return {"matrix.md": "\n".join(_matrix(root, results)) + "\n"}


def _matrix(root: Path, results: Path | None) -> Iterator[str]:
    outcome = _outcomes(results) if results else {}
    yield "# Requirement, clause, risk, test, result"
    yield ""
    yield "Made by `make docs` from [the requirements](../requirements.md) and `palace3/validation.py`; not edited"
    yield "by hand. A result is that of one run: `pytest --junit-xml results.xml`, then `manage.py build_docs --results"
    yield "results.xml` writes this page with results into `var/validation/`. Here, CI ran every test for the commit."
    yield "*Outside* says what stays with people: the sponsor above all, whose acceptance of a release is theirs."
    yield "A rule that is met in part says in *status* what is missing: its tests hold the rest."
    yield ""
    yield "| no. | requirement | clause | risk | test | outside | status | result |"
    yield "|---|---|---|---|---|---|---|---|"
    for rule in rules(root):
        tests = ", ".join(f"`{name.removeprefix('tests/')}`" for name in rule.tests) or "none: outside"
        said = _result(rule.tests, outcome) if results else ("by CI" if rule.tests else "–")
        cells = (
            str(rule.number),
            rule.text,
            rule.clause,
            rule.risk,
            tests,
            rule.owner or "–",
            rule.status,
            said,
        )
        yield f"| {' | '.join(cells)} |"


def _outcomes(results: Path) -> dict[str, bool]:
    """Return whether each test of the run passed, by file and name without parameters."""
    passed: dict[str, bool] = {}
    for case in ET.parse(results).iter("testcase"):  # noqa: S314 (written by our own run)
        path = case.get("classname", "").replace(".", "/") + ".py"
        is_well = all(child.tag not in {"failure", "error", "skipped"} for child in case)
        for name in (path, f"{path}::{case.get('name', '').partition('[')[0]}"):
            passed[name] = passed.get(name, True) and is_well
    return passed


def _result(tests: tuple[str, ...], outcome: Mapping[str, bool]) -> str:
    if not tests:
        return "–"
    if any(name not in outcome for name in tests):
        return "not run"
    return "passed" if all(outcome[name] for name in tests) else "**failed**"
