package systems.filerobot

import data.authz.shared

# METADATA
# title: A batch of invitations
# description: |
#   Sent as a whole or not at all. Each invitation is judged as a single one would be, and the first that fails refuses
#   the batch. A verdict is missing from no invitation: fewer verdicts than invitations refuse.
default checks["every_invitation_is_possible"] := "missing_field"

checks["every_invitation_is_possible"] := array.concat(failed, ["ok"])[0] if {
	count(verdicts) == count(input.request.resource.properties.invites)
	failed := [verdict | some verdict in verdicts; verdict != "ok"]
}

verdicts := [verdict |
	some place, invite in input.request.resource.properties.invites
	verdict := verdict_on(place, invite)
]

# Each refusal is worded as `not` about what the first one has found to be there, so that nothing passes by default.
verdict_on(place, invite) := "missing_field" if {
	not is_complete(invite)
} else := "unknown_level" if {
	not level(invite.level)
} else := "unknown_project" if {
	not projects_exist(invite.scope)
} else := "level_not_lower" if {
	not is_level_within_rank(invite.level)
} else := "scope_not_covered" if {
	not is_covered(invite.scope)
} else := "already_member" if {
	not address_is_new(place)
} else := "company_only_level" if {
	not level_fits(invite.level, invite.scope)
} else := "ok"

is_complete(invite) if {
	is_string(invite.email)
	shared.is_given(invite.email)
	shared.is_given(invite.level)
	is_scope(invite.scope)
}

address_is_new(place) if {
	input.items.invites[place].taken == false
	not place in repeated
}

# Places of invitations whose address an earlier one has. Sorted, equal addresses stand side by side.
repeated := {addresses[rank][1] |
	some rank, _ in addresses
	addresses[rank][0] == addresses[rank - 1][0]
}

addresses := sort([[invitee.address, place] | some place, invitee in input.items.invites])

# METADATA
# description: One e-mail to each invited address, trimmed, its letters as written.
obligations["send_invitation_emails"] := [email |
	some invite in input.request.resource.properties.invites
	email := {"type": "send_invitation_email", "to": shared.trimmed(invite.email)}
]
