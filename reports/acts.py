"""Acts in words that a nurse reads."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLE_LABELS, Role
from audit.models import Act
from trials.models import Participant

WORDS: Final[dict[str, str | Promise]] = {
    "accounts:person:create": _("Account created"),
    "accounts:person:set_password": _("Password set"),
    "accounts:session:open": _("Signed in"),
    "accounts:session:close": _("Signed out"),
    "accounts:session:expire": _("Session ended: nobody was there"),
    "accounts:session:refuse": _("Sign-in refused"),
    "accounts:signature:refuse": _("Password mistyped in an open session"),
    "trials:site:create": _("Site created"),
    "trials:site:change": _("Site changed"),
    "trials:site:fulfil": _("Checklist item fulfilled"),
    "trials:site:set_up": _("Site taken into set-up"),
    "trials:site:active": _("Site activated"),
    "trials:site:suspended": _("Site suspended"),
    "trials:site:closed": _("Site closed to recruitment"),
    "notices:second_person:write": _("Second person told what waits"),
    "trials:close_out:ask": _("Close-out of the site asked for"),
    "trials:close_out:confirm": _("Site closed out"),
    "trials:close_out:end": _("Close-out taken back"),
    "trials:close_out:confirm_copy": _("Copy for the site confirmed"),
    "trials:site:planned": _("Site put back to planned"),
    "trials:text:draft": _("Text for patients drafted"),
    "trials:text:release": _("Text for patients released"),
    "trials:text:withdraw": _("Text for patients withdrawn"),
    "trials:text:confirm": _("Public page confirmed"),
    "trials:consent_version:add": _("Consent version added"),
    "trials:version:approve": _("Approval of a protocol version recorded"),
    "trials:version:open": _("Protocol version opened at the site"),
    "trials:version:follow": _("Taken over to a later protocol version"),
    "trials:version:carried": _("Everybody taken over to the protocol version"),
    "trials:confirmation:sign": _("Protocol value confirmed and signed"),
    "trials:confirmation:withdraw": _("Confirmation of a protocol value withdrawn"),
    "trials:manager:create": _("First trial manager created"),
    "trials:delegation:grant": _("Delegation granted"),
    "trials:delegation:end": _("Delegation ended"),
    "trials:request:receive": _("Contact request received"),
    "trials:request:look": _("Looked at who sent a contact request"),
    "trials:request:call": _("Call about a contact request recorded"),
    "trials:request:invite": _("Invitation to the centre recorded"),
    "trials:request:screen": _("Screening begun from a contact request"),
    "trials:request:not_suitable": _("Contact request closed: not suitable"),
    "trials:request:declined": _("Contact request closed: declined"),
    "trials:request:unreached": _("Contact request closed: not reached"),
    "trials:request:escalate": _("Told that nobody has called"),
    "trials:request:erase": _("Identity erased on request"),
    "trials:request:expire": _("Identity erased when its time had come"),
    "trials:identity_key:change": _("Identity key changed"),
    "trials:news:ask": _("News of the trial asked for"),
    "trials:news:confirm": _("News of the trial confirmed"),
    "trials:news:leave": _("News of the trial left"),
    "trials:news:forget": _("Addresses for news deleted when their time had come"),
    "trials:letter:write": _("News letter written"),
    "trials:letter:release": _("News letter released"),
    "trials:letter:send": _("News letter sent"),
    "crf:note:write": _("Working note kept"),
    "crf:note:settle": _("Working note settled"),
    "crf:note:ask": _("Query raised from a working note"),
    "trials:participant:register": _("Participant registered"),
    "trials:consent:record": _("Consent recorded"),
    "trials:consent:refuse": _("Refusal of a new consent text recorded"),
    "trials:screening:fail": _("Screen failure recorded"),
    "trials:screening:decline": _("Decline recorded"),
    "trials:eligibility:decide": _("Eligibility decided and signed"),
    "trials:eligibility:lapse": _("Eligibility decision lapsed"),
    "trials:milestone:set": _("Milestone set"),
    "trials:participant:move": _("Moved to another state"),
    "trials:participant:correct_track": _("State corrected"),
    "trials:participant:reveal_arm": _("Arm revealed"),
    "trials:participant:upgrade": _("Participant carried over to a later version of the program"),
    "trials:participant:withdraw": _("Withdrawal recorded"),
    "trials:withdrawal:correct": _("Withdrawal corrected"),
    "trials:withdrawal:cancel": _("Withdrawal cancelled"),
    "trials:participant:reach_again": _("Reached again after a loss"),
    "trials:deviation:propose": _("Deviation proposed"),
    "trials:deviation:settle": _("Deviation proposal settled"),
    "followup:version:carry": _("Participants taken over to a later protocol version"),
    "followup:visits:plan": _("Visits planned"),
    "followup:visit:record": _("Visit recorded"),
    "followup:visit:not_done": _("Visit recorded as not done"),
    "followup:visit:meet": _("Visit counted as met"),
    "followup:visit:unscheduled": _("Unscheduled visit recorded"),
    "followup:visit:propose": _("Appointment proposed"),
    "followup:visit:roll": _("Visit state rolled forward"),
    "followup:visits:roll": _("Visit state rolled forward"),
    "followup:participant:withdraw": _("Withdrawal recorded"),
    "followup:withdrawal:correct": _("Withdrawal corrected"),
    "followup:withdrawal:cancel": _("Withdrawal cancelled"),
    "followup:participant:lost": _("Recorded as lost to follow-up"),
    "followup:datacut:announce": _("Data cut announced"),
    "followup:datacut:move": _("Data cut moved"),
    "followup:datacut:cancel": _("Data cut cancelled"),
    "followup:datacut:plan": _("Visits planned for the data cuts that stand"),
    "followup:datacut:take_up": _("Data cut taken up by the plans of the site"),
    "followup:todos:settle": _("To-dos opened or closed"),
    "followup:contact:record": _("Contact attempt recorded"),
    "crf:answers:save": _("Answers saved"),
    "crf:override:grant": _("A value was let pass"),
    "crf:derived:report": _("Derived answers that differ were reported"),
    "crf:derived:compare": _("Derived answers compared with a fresh evaluation"),
    "crf:derived:judge": _("All derived answers of the participant worked out again"),
    "crf:record:derive": _("Derived answers worked out again"),
    "crf:record:upgrade": _("Answers carried over to a later version of the form"),
    "crf:record:verify": _("Form verified"),
    "crf:record:sign": _("Form signed"),
    "crf:record:lock": _("Form locked"),
    "crf:record:unlock": _("Form unlocked"),
    "crf:query:raise": _("Query raised"),
    "crf:query:answer": _("Query answered"),
    "crf:query:ask_again": _("Query asked again"),
    "crf:query:close": _("Query closed"),
    "crf:query:confirm": _("Answer confirmed"),
    "crf:query:judge": _("Queries checked again"),
    "crf:clock:settle": _("Safety clocks set"),
    "crf:wording:load": _("Licensed wording loaded"),
    "crf:safety:assess": _("Serious event assessed for the sponsor"),
    "exports:casebook:make": _("Casebook made"),
    "randomization:slot:take": _("Place of the list taken"),
    "randomization:arm:reveal": _("Arm revealed"),
    "randomization:envelope:print": _("Emergency envelopes printed"),
    "randomization:envelope:move": _("Where an emergency envelope is, recorded"),
    "randomization:envelope:open": _("Opening of an emergency envelope recorded"),
    "randomization:envelope:not_opened": _("Opening of an emergency envelope taken back"),
    "randomization:error:record": _("Error of randomization recorded"),
    "randomization:error:correct": _("Mark of an error of randomization corrected"),
    "randomization:error:withdraw": _("Mark of an error of randomization withdrawn"),
    "randomization:scheme:ask_to_close": _("Closing of the randomization scheme asked for"),
    "randomization:scheme:close": _("Randomization scheme closed"),
    "randomization:scheme:keep": _("Closing of the randomization scheme taken back"),
    "randomization:list:reject": _("Randomization list rejected"),
}


def in_words(verb: str) -> str:
    """Return what the act is called; the verb itself while it has no words."""
    return str(WORDS.get(verb, verb))


def role_of(act: Act) -> str | Promise:
    """Return the role under which somebody acted."""
    return ROLE_LABELS[Role(act.role)] if act.role in set(Role) else act.role


def acts_about(participant: Participant) -> QuerySet[Act]:
    """Return every act about the participant that the person may see, newest first."""
    return Act.objects.filter(participant_id=participant.pk).select_related("by").order_by("-pk")
