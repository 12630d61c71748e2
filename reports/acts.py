"""Acts in words that a nurse reads."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import Act
from trials.models import Participant

WORDS: Final[dict[str, str | Promise]] = {
    "accounts:person:create": _("Account created"),
    "accounts:person:set_password": _("Password set"),
    "accounts:session:open": _("Signed in"),
    "accounts:session:refuse": _("Sign-in refused"),
    "trials:site:create": _("Site created"),
    "trials:site:change": _("Site changed"),
    "trials:site:fulfil": _("Checklist item fulfilled"),
    "trials:site:set_up": _("Site taken into set-up"),
    "trials:site:active": _("Site activated"),
    "trials:site:suspended": _("Site suspended"),
    "trials:site:closed": _("Site closed"),
    "trials:site:planned": _("Site put back to planned"),
    "trials:consent_version:add": _("Consent version added"),
    "trials:version:approve": _("Approval of a protocol version recorded"),
    "trials:version:open": _("Protocol version opened at the site"),
    "trials:version:follow": _("Taken over to a later protocol version"),
    "trials:version:carried": _("Everybody taken over to the protocol version"),
    "trials:confirmation:sign": _("Protocol value confirmed and signed"),
    "trials:confirmation:withdraw": _("Confirmation of a protocol value withdrawn"),
    "trials:delegation:grant": _("Delegation granted"),
    "trials:delegation:end": _("Delegation ended"),
    "trials:participant:register": _("Participant registered"),
    "trials:consent:record": _("Consent recorded"),
    "trials:screening:fail": _("Screen failure recorded"),
    "trials:screening:decline": _("Decline recorded"),
    "trials:eligibility:decide": _("Eligibility decided and signed"),
    "trials:eligibility:lapse": _("Eligibility decision lapsed"),
    "trials:milestone:set": _("Milestone set"),
    "trials:participant:move": _("Moved to another state"),
    "trials:participant:correct_track": _("State corrected"),
    "trials:participant:reveal_arm": _("Arm revealed"),
    "trials:participant:withdraw": _("Withdrawal recorded"),
    "trials:deviation:propose": _("Deviation proposed"),
    "trials:deviation:settle": _("Deviation proposal settled"),
    "followup:version:carry": _("Participants taken over to a later protocol version"),
    "followup:visits:plan": _("Visits planned"),
    "followup:visit:record": _("Visit recorded"),
    "followup:visit:not_done": _("Visit recorded as not done"),
    "followup:visit:unscheduled": _("Unscheduled visit recorded"),
    "followup:visit:propose": _("Appointment proposed"),
    "followup:visit:roll": _("Visit state rolled forward"),
    "followup:visits:roll": _("Visit state rolled forward"),
    "followup:participant:lost": _("Recorded as lost to follow-up"),
    "followup:contact:record": _("Contact attempt recorded"),
    "crf:answers:save": _("Answers saved"),
    "crf:override:grant": _("A value was let pass"),
    "crf:record:derive": _("Derived answers worked out again"),
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
    "randomization:slot:take": _("Place of the list taken"),
    "randomization:arm:reveal": _("Arm revealed"),
    "randomization:error:record": _("Error of randomization recorded"),
}


def in_words(verb: str) -> str:
    """Return what the act is called; the verb itself while it has no words."""
    return str(WORDS.get(verb, verb))


def acts_about(participant: Participant) -> QuerySet[Act]:
    """Return every act about the participant that the person may see, newest first."""
    return Act.objects.filter(participant_id=participant.pk).select_related("by").order_by("-pk")
