package authz.shared

import data.authz

# METADATA
# title: target_not_found
# description: The person that `resource.user` names has a record in the tenant, in whatever status.
default checks["target_exists"] := "target_not_found"

checks["target_exists"] := "ok" if input.target.user == input.request.resource.properties.user

# METADATA
# title: already_member
# description: No record of the tenant has the invited address, as its e-mail or as its id.
default checks["address_is_free"] := "already_member"

checks["address_is_free"] := "ok" if input.items.invited[0].taken == false

# METADATA
# title: no_pending_invitation
# description: The subject was invited and has not answered yet.
default checks["invitation_is_pending"] := "no_pending_invitation"

checks["invitation_is_pending"] := "ok" if input.member.status == "pending"

# METADATA
# title: invalid_transition
# description: |
#   The target is in one of the states that the row names under `from`. The build names this check in stage 8 of each
#   such row.
default checks["state_allows"] := "invalid_transition"

checks["state_allows"] := "ok" if {
	input.target.exists
	authz.row.from[target_state]
}

# METADATA
# description: The target's state; a status outside the list counts as inactive, a missing one as active.
target_state := "pending" if {
	input.target.status == "pending"
} else := "active" if {
	input.target.status == "active"
} else := "inactive" if {
	input.target.status
} else := "active"

# METADATA
# title: invalid_transition
# description: The role asked for is not the one that the target has.
default checks["role_changes"] := "invalid_transition"

checks["role_changes"] := "ok" if target_role != input.request.resource.properties.role

default target_role := ""

target_role := input.target.role

# METADATA
# description: One e-mail to the invited address, trimmed, its letters as written.
obligations["send_invitation_email"] := [{
	"type": "send_invitation_email",
	"to": trimmed(input.request.resource.properties.email),
}]

# METADATA
# description: One e-mail to the address of the pending record, or to its id where it has none.
obligations["resend_invitation_email"] := [{"type": "send_invitation_email", "to": target_address}]

target_address := input.target.email if {
	is_string(input.target.email)
} else := input.target.user

# METADATA
# description: The invitation of a pending target is void.
obligations["invalidate_invitation"] := [{"type": "invalidate_invitation", "user": input.target.user} |
	target_state == "pending"
]

# METADATA
# description: Every session of an active target ends.
obligations["terminate_sessions"] := [{"type": "terminate_sessions", "user": input.target.user} |
	target_state == "active"
]
