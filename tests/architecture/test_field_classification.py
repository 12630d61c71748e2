"""Every field is identifying, clinical or operational; a field that nobody classified fails (architecture 6).

*Identifying*: says who somebody is. *Clinical*: says something about a participant. *Operational*: keeps
the trial running. Fields of the forms are classified in their declarations.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps

from crf import catalogue
from crf.engine.questions import Classification
from exports.tables import exported
from palace3.packages import PACKAGES

OURS = set(PACKAGES)
KINDS = ("identifying", "clinical", "operational")

# fmt: off
FIELDS: dict[str, dict[str, str]] = {
    "accounts.AccessUse": {
        "operational": "digest used_at",
    },
    "accounts.BrowserSession": {
        "operational": "key user browser device opened_at",
    },
    "accounts.Mail": {
        "identifying": "address subject body",
        "operational": (
            "id act to language kind key secrets_digest about site_id created_at attempts sent_at dropped_at "
            "digest_at sent_with"
        ),
    },
    "accounts.Signature": {
        "identifying": "printed_name",
        "operational": "id act by role signed_at meaning record digest site_id",
    },
    "accounts.User": {
        "identifying": "password username display_name email totp_secret identity_document views",
        "operational": (
            "id act language is_active trained_on identity_checked_on accountability_accepted_on "
            "totp_confirmed_at totp_last_step must_change_password session_key failed_sign_ins locked_until "
            "access_reset_at secrets_digest passkeys recovery_codes hospital_accounts signed_in_at training_document "
            "trained_for training_months proofs_recorded_by reset_by verified_by verified_at theme density"
        ),
    },
    "audit.Act": {
        "operational": "id verb by role site_id participant_id at stored_at transaction reason request_id parent "
        "release",
    },
    "audit.Seal": {
        "operational": "id first_act last_act sealed_at leaves root chain catalogue cluster migrations leaf_format",
    },
    "audit.TrailReview": {
        "operational": "id act name filters every_days first_on ended_at",
    },
    "trials.RegisterEntry": {
        "operational": (
            "id act kind site subject began_on until reference account owner recorded_by approved_by approved_at "
            "outcome closed_on"
        ),
    },
    "audit.TrailReviewResult": {
        "operational": "id act review reviewer done_at up_to_act lines outcome note",
    },
    "audit.Anchor": {
        "operational": "id occasion made_at last_act acts chain findings public_key signature",
    },
    "crf.ChangeReason": {
        "clinical": "text",
        "operational": "id act participant site target",
    },
    "crf.CheckMark": {
        "operational": (
            "id act form_code check_code kind reason plan_version set_by set_at ended_by ended_at end_reason"
        ),
    },
    "crf.DerivedDifference": {
        "clinical": "stored worked_out",
        "operational": "id act participant site record kind item seen_at settled_at",
    },
    "crf.CellCount": {
        "operational": "id site visit_code form_code state number",
    },
    "crf.ListingFile": {
        "operational": "id act listing taken_by taken_at purpose kind definition rows digest",
    },
    "crf.RowReview": {
        "operational": "id act listing user row_key version reviewed_at",
    },
    "crf.SavedListing": {
        "operational": "id act name owner is_shared definition created_at archived_at",
    },
    "crf.MonthCount": {
        "operational": "id site month state days number",
    },
    "crf.ExpectedForm": {
        "clinical": "took_place_on",
        "operational": (
            "id participant site visit visit_code form_code filled_by due_on record state entered_at is_waived"
        ),
    },
    "crf.AnswerComment": {
        "clinical": "text",
        "operational": "id act participant site record target",
    },
    "crf.Attachment": {
        "clinical": "name kind hints hints_reason ending_reason",
        "operational": (
            "id act participant site record media_type size pages content digest sent_digest replaces attached_by "
            "attached_at key ending ended_by ended_at"
        ),
    },
    "crf.AttachmentContent": {
        "clinical": "data",
        "operational": "id digest size",
    },
    "crf.AttachmentUpload": {
        "clinical": "name data",
        "operational": "id owner site saved_at participant record kind said replaces reason key",
    },
    "crf.NothingNew": {
        "clinical": "form_code",
        "operational": "id act participant site visit",
    },
    "crf.GradeText": {
        "operational": "id act version language term_code grade text digest",
    },
    "crf.DictionaryRelease": {
        "operational": "id act dictionary version language licence digest loaded_at",
    },
    "crf.ReleasedTerm": {
        "operational": "id act release code name folded is_current preferred_code preferred classes",
    },
    "crf.DictionaryInUse": {
        "operational": "id act dictionary version",
    },
    "crf.CodingSynonym": {
        "clinical": "folded words",
        "operational": "id act dictionary code class_code is_retired",
    },
    "crf.Coding": {
        "clinical": (
            "verbatim code name preferred_code preferred class_code class_name classes"
        ),
        "operational": "id act participant site record question dictionary version how coded_at",
    },
    "crf.ReviewerAnswer": {
        "clinical": "answers comment seen",
        "operational": "id act participant site record review reviewer position decides digest answered_at",
    },
    "crf.DeviationDecision": {
        "clinical": "importance excludes_pp reason",
        "operational": "id act participant site record deviation_no decided_at",
    },
    "crf.DemographicsDisease": {
        "clinical": "missing mh_text mh_decod mh_start mh_ongo",
        "operational": "id act site row_id position removed record",
    },
    "crf.DemographicsMedication": {
        "clinical": (
            "missing cm_trt cm_code cm_dose cm_dosu cm_route cm_freq cm_start cm_ongo cm_end cm_indc cm_indc_txt "
            "cm_steroid cm_pred cm_immuno cm_gcsf cm_abx"
        ),
        "operational": "id act site row_id position removed record",
    },
    "crf.Draft": {
        "operational": "id owner site saved_at participant form_code visit sequence page version raw",
    },
    "crf.EntryPrompt": {
        "clinical": "entered saved",
        "operational": "id act participant site record target key level message prompted_at",
    },
    "crf.FollowUpTreatment": {
        "clinical": "missing tx_kind tx_drug tx_gy tx_site tx_start tx_end tx_line",
        "operational": "id act site row_id position removed record",
    },
    "crf.HardOverride": {
        "operational": "id act participant site form_code visit sequence key seen granted_by granted_at",
    },
    "crf.ListedFinding": {
        "clinical": "seen",
        "operational": "id act participant site record check_code key target found_at gone_at",
    },
    "crf.Query": {
        "clinical": "seen",
        "operational": (
            "id act participant site form_code record visit sequence target key check_code kind "
            "level state resolution raised_by assigned_role assigned_to opened_at closed_at"
        ),
    },
    "crf.QueryMessage": {
        "clinical": "text",
        "operational": "id act participant site query kind by at",
    },
    "crf.Record": {
        "operational": (
            "id act participant site form_code visit sequence operation_no state form_version "
            "protocol_version version"
        ),
    },
    "crf.RecordSignature": {
        "operational": "id act participant site record version signature questions signed_as fell_at",
    },
    "crf.VerificationPlan": {
        "operational": (
            "id act number participants_percent site_percents others_percent seed critical reason made_by "
            "starts_on ends_on"
        ),
    },
    "crf.FieldVerification": {
        "clinical": "value",
        "operational": "id act participant site record target verified_by verified_at fell_at",
    },
    "crf.RecordVerification": {
        "operational": (
            "record participant site form_code visit_code answered unverified required left critical critical_left"
        ),
    },
    "crf.QuestionnaireText": {
        "operational": "id act form_code language item text licence digest",
    },
    "crf.SafetyClock": {
        "clinical": "starts_at due_at first_due_at provisional met_at how ended_at",
        "operational": "id act participant site kind event_no",
    },
    "crf.SponsorAssessment": {
        "clinical": "expectedness causality susar known_at urgent authority_on follow_up_on note",
        "operational": "id act participant site event_no reference assessed_at signature",
    },
    "crf.SaveKey": {
        "operational": "id owner site saved_at key digest record version answer",
    },
    "crf.WorkingNote": {
        "clinical": "text",
        "operational": (
            "id act participant site owner form_code visit sequence target written_at settled_at query"
        ),
    },
    "exports.ApiToken": {
        "operational": "id act user name digest secrets_digest scopes created_at expires_at revoked_at basis",
    },
    "exports.ArmLetters": {
        "clinical": "arm_of_a",
        "operational": "id act drawn_at site_id",
    },
    "exports.DatabaseLock": {
        "operational": (
            "id act purpose begun_by begun_at export digest checklist data_lock locked_at cancelled_at unlock_reason "
            "unlock_asked_by unlock_asked_at asking_signature unlocked_by unlocked_at unlocking_signature"
        ),
    },
    "exports.DatabaseLockItem": {
        "operational": "id act database_lock kind note signature",
    },
    "analysis.AnalysisSetSignature": {
        "clinical": "members",
        "operational": "id act role digest as_of signature",
    },
    "exports.DatabaseLockSignature": {
        "operational": "id act database_lock role digest signature",
    },
    "exports.DataImport": {
        "clinical": "table result",
        "operational": (
            "id act requested_by requested_at site form_code file_name digest mapping_name mapping counts state "
            "finished_at"
        ),
    },
    "exports.Export": {
        "operational": (
            "id act requested_by requested_at purpose cut_at snapshot cut cut_name basis forms site_codes language "
            "data_format selection state manifest digest rows begun_at runs finished_at failure deleted_at definition "
            "due_on site_id"
        ),
    },
    "exports.ExportDefinition": {
        "operational": (
            "id act name owner purpose forms site_codes language data_format rhythm selection saved_at ended_at "
            "site_id leaves_country"
        ),
    },
    "exports.ExportDownload": {
        "operational": "id act export by at first_byte site_id",
    },
    "exports.KeptCut": {
        "operational": "id act name cut_at read_by snapshot last_act read_at unseen_acts settled_at site_id",
    },
    "followup.CalendarFeed": {
        "operational": "id act user digest made_at revoked_at",
    },
    "followup.ContactAttempt": {
        "clinical": "on route result note",
        "operational": "id act participant site cancelled_at",
    },
    "followup.DataCut": {
        "operational": "id act number on purpose cancelled_at moved_to",
    },
    "followup.DataCutAtSite": {
        "operational": "id act cut site cancelled_at",
    },
    "followup.Escalation": {
        "operational": "id act site participant kind key alert_day stage to for_day mail",
    },
    "followup.NotificationChoice": {
        "operational": "id act user from_hour without",
    },
    "followup.Todo": {
        "clinical": "trigger key state",
        "operational": "id act participant site visit opened_on due_on closed_on",
    },
    "followup.Reminder": {
        "operational": "id act participant site visit kind to for_day opens closes mail",
    },
    "committee.CommitteePack": {
        "operational": (
            "id act title cut arms arm_of_a requested_by requested_at state runs made_at released_by released_at "
            "signature site_id"
        ),
    },
    "committee.PackFile": {"operational": "id act pack part kind language digest size content site_id"},
    "committee.PackShare": {
        "operational": (
            "id act pack part recipient email language key passcode secrets_digest shared_by shared_at expires_at "
            "tries revoked_at revoked_by site_id"
        ),
    },
    "committee.PackView": {"operational": "id act file by share at site_id"},
    "monitoring.SiteIndicator": {
        "operational": "id site indicator count exposure pooled_count pooled_exposure worked_out_at",
    },
    "monitoring.AcceptableRange": {"operational": "id act factor lowest highest set_by set_at"},
    "monitoring.MonitoringFinding": {
        "operational": (
            "id act site indicator kind seen_count seen_exposure lowest highest opened_at due_on owner_role owner "
            "outcome note followed_by followed_at"
        ),
    },
    "operations.Heartbeat": {
        "operational": "name at",
    },
    "operations.Alarm": {
        "operational": "reading level since told_at",
    },
    "operations.UnsentTask": {
        "operational": "id task arguments",
    },
    "operations.OperationRecord": {
        "operational": "id act kind started_at ended_at passed findings digest size paper_en paper_zh",
    },
    "followup.TaskRun": {
        "operational": "id task started_at ended_at milliseconds outcome runs failures retries failed_at fault",
    },
    "followup.Visit": {
        "clinical": "reason state took_place_on timing not_done_reason met_on contact_mode source_keeper",
        "operational": (
            "id act participant site code occurrence anchor anchor_on target opens closes proposed_on "
            "forms procedures missed_on turns_on"
        ),
    },
    "randomization.Allocation": {
        "clinical": "stratum strat_stage arm certificate",
        "operational": (
            "id act participant site part number sequence strat_site decision signature randomized_by "
            "randomized_at revealed_at"
        ),
    },
    "randomization.AllocationError": {
        "operational": (
            "id act allocation participant site kind found_on detail action strat_stage_true "
            "recorded_by recorded_at withdrawn_at"
        ),
    },
    "randomization.Envelope": {
        "operational": (
            "id act site number stratum sequence state printed_at handed_over_on ended_on opened_at opened_by "
            "allocation"
        ),
    },
    "randomization.ListPart": {
        "operational": (
            "id act scheme number kind strata places_per_stratum asked_by asked_at asking_signature "
            "activated_by activated_at activating_signature root places rejected_by rejected_at rejected_because"
        ),
    },
    "randomization.SchemeClosing": {
        "operational": (
            "id act scheme reason asked_by asked_at asking_signature confirmed_by confirmed_at "
            "confirming_signature ended_by ended_at"
        ),
    },
    "randomization.Scheme": {
        "operational": (
            "id act version name algorithm ratio stages places_per_stratum state defined_by "
            "defined_at"
        ),
    },
    "trials.ChecklistItem": {
        "operational": "id act site kind done_on expires_on reference",
    },
    "trials.CloseOut": {
        "operational": (
            "id act site keeper open_matters reason asked_by asked_at asking_signature confirmed_by confirmed_at "
            "confirming_signature ended_by ended_at copy_confirmed_by copy_confirmed_at copy_signature "
            "copy_digest"
        ),
    },
    "trials.Confirmation": {
        "identifying": "signed_by withdrawn_by",
        "operational": (
            "id act item digest version shown_en shown_zh note signature confirmed_at withdrawn_at withdrawal_reason"
        ),
    },
    "trials.Consent": {
        "clinical": "signed_on sensitive_data biobank register_lookup",
        "operational": "id act participant site version",
    },
    "trials.ConsentVersion": {
        "operational": "id act site label approved_on ended_on",
    },
    "trials.RequestCall": {
        "operational": "id act request site called_at result again_on",
    },
    "trials.ContactIdentity": {
        "identifying": "sealed",
        "operational": "id request site",
    },
    "trials.ContactRequest": {
        "operational": "id act reference site state received_at closed_at reason participant erased_at",
    },
    "trials.DataLock": {
        "clinical": "reason end_reason",
        "operational": (
            "id act level kind site participant visit_number record_number counts begun_by begun_at signature "
            "ended_by ended_at ending_signature second_signature"
        ),
    },
    "trials.Delegation": {
        "operational": (
            "id act user site role starts_on ends_on granted_by ended_at waits_for_confirmation "
            "confirmed_by confirmed_at signature"
        ),
    },
    "trials.DeviationProposal": {
        "clinical": "rule key detail values",
        "operational": "id act participant site found_on state deviation_no",
    },
    "trials.EligibilityDecision": {
        "clinical": "eligible evidence note lapse_cause",
        "operational": "id act participant site digest signature decided_at lapsed_at",
    },
    "trials.Milestone": {
        "clinical": "code on earliest latest result",
        "operational": "id act participant site source source_form source_record",
    },
    "trials.NewsLetter": {
        "operational": (
            "id act subject_en subject_zh text_en text_zh approved_on approval written_by written_at "
            "released_by released_at mails"
        ),
    },
    "trials.NewsReader": {
        "identifying": "digest sealed",
        "operational": "id language key asked_at confirmed_at",
    },
    "trials.PageConfirmation": {
        "operational": "id act language confirmed_at signature",
    },
    "trials.Participant": {
        "clinical": "state state_since arm strat_stage",
        "operational": "id act number site protocol_version registered_on came_by_request",
    },
    "trials.PublicText": {
        "operational": (
            "id act block language number title body author drafted_at released_by released_at "
            "ethics_approved_on ethics_reference protocol_version signature withdrawn_by withdrawn_at "
            "withdrawn_because"
        ),
    },
    "trials.ScreeningOutcome": {
        "clinical": "declined reason criteria detail on",
        "operational": "id act participant site",
    },
    "trials.SendingMark": {
        "identifying": "digest",
        "operational": "id at",
    },
    "trials.Site": {
        "operational": (
            "id act code name name_zh city city_zh time_zone state planned_participants latitude "
            "longitude languages_spoken office_hours protocol_version telephone emergency_telephone enrolment_cap"
        ),
    },
    "trials.SiteCopy": {
        "operational": (
            "id act close_out site asked_by asked_at state failure finished_at data_as_of data_digest digest size "
            "file_deleted_at"
        ),
    },
    "trials.SiteCopyDownload": {
        "operational": "id act copy site by at",
    },
    "trials.SiteDocument": {
        "operational": "id act site kind name media_type pages size digest content sent_by sent_at",
    },
    "trials.ReferenceRange": {
        "operational": (
            "id act site laboratory test unit sex age_from age_to low high since until withdrawn_at"
        ),
    },
    "trials.SiteVersion": {
        "operational": "id act site version approved_on reference letter_on consent opened_on carried_at",
    },
    "trials.ConsentRefusal": {
        "clinical": "version asked_on follows",
        "operational": "id act participant site",
    },
    "trials.LossToFollowUp": {
        "clinical": "lost_on reached_on cancelled_at",
        "operational": "id act participant site",
    },
    "trials.IdentityDigest": {
        "identifying": "digests",
        "operational": "id act participant site",
    },
    "trials.SamePersonQuestion": {
        "operational": "id act participant site pair asked_on outcome reason settled_by settled_at",
    },
    "trials.Transfer": {
        "operational": "id act participant number site site_code receiving receiving_code on reason proposed_by "
        "proposed_at accepted_by accepted_at taken_back_by taken_back_at take_back_reason confirmed_by confirmed_at "
        "ended_by ended_at end end_reason",
    },
    "trials.VersionText": {
        "operational": "id act version source digest",
    },
    "trials.Withdrawal": {
        "clinical": "on study_drug procedures quality_of_life all_contact reason cancelled_at",
        "operational": "id act participant site",
    },
}
# fmt: on


# What says who somebody is and is erased stands in a table of its own, of which no version is kept: rows there
# can be deleted, and the database refuses them an event table by having none (ADR 17).
ERASED = {"trials.ContactIdentity", "trials.NewsReader", "trials.SendingMark"}


def of_forms() -> set[Any]:
    rows = {group.model for form in catalogue.forms().values() for group in form.groups.values()}
    return {*catalogue.models(), *rows}


def test_every_field_is_classified_once() -> None:
    for model in apps.get_models():
        meta = model._meta
        if meta.app_label not in OURS or hasattr(model, "pgh_tracked_model") or model in of_forms():
            continue
        classified = [name for kind in KINDS for name in FIELDS.get(meta.label, {}).get(kind, "").split()]
        assert sorted(classified) == sorted(f.name for f in meta.concrete_fields), meta.label


def test_every_answer_is_classified() -> None:
    for form in catalogue.forms().values():
        for question in form.all_questions():
            assert Classification(question.classification or form.classification), (form.code, question.name)


def test_what_says_who_somebody_is_does_not_leave_by_default() -> None:
    kept_back = {
        (form.code, question.name)
        for form in catalogue.forms().values()
        for question in form.all_questions()
        if (question.classification or form.classification) == Classification.IDENTIFYING
    }
    leaving = {(form.code, v.name) for form in catalogue.forms().values() for v in exported(form)}
    assert ("ELIG", "birth") in kept_back
    assert not kept_back & leaving


def test_what_is_to_be_erased_keeps_no_version_and_can_be_deleted() -> None:
    from audit.guards import MayDelete

    tracked = {model.pgh_tracked_model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")}
    for label in ERASED:
        model = apps.get_model(label)
        assert model not in tracked, label
        assert any(isinstance(guard, MayDelete) for guard in model._meta.constraints), label
    kept_for_good = {"accounts.User", "accounts.Signature", "accounts.Mail", "trials.Confirmation"}
    kept_for_good |= {"randomization.Envelope"}  # who opened an envelope
    kept_for_good |= {"trials.IdentityDigest"}  # under a key; its versions hold no digest
    identifying = {label for label, kinds in FIELDS.items() if "identifying" in kinds}
    assert identifying - kept_for_good == ERASED
