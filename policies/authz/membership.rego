package authz

model := data.model[input.tenant.system]

row := model.permissions[input.request.action.name]

# METADATA
# description: |
#   Who asks: a service, somebody answering an invitation, or a member. Services and invitees pass the stages that
#   judge a member's record; each has conditions of its own further down.
asker := "service" if {
	input.request.subject.service
} else := "invitee" if {
	row.who == "invitee"
} else := "member"

# METADATA
# title: Stage 2, membership
# description: Each refusal is worded as `not`, so that a fact which is missing refuses.
membership := "ok" if {
	asker != "member"
} else := "not_a_member" if {
	not input.member.exists
} else := "unknown_role" if {
	not role
} else := "unknown_plan" if {
	not plan_is_defined
} else := "member_pending" if {
	input.member.status == "pending"
} else := "member_inactive" if {
	not is_active
} else := "session_terminated" if {
	not session_counts
} else := "ok"

# A record without a status is active; any value that is not listed is not.
is_active if input.member.status == "active"

is_active if not input.member.status

session_counts if not input.member.sessions_valid_after

# Both instants are normalised to UTC milliseconds, so that the order of the texts is the order of the times. A stored
# bound that is no instant arrives as a text that no instant exceeds.
session_counts if input.request.context.session_issued_at > input.member.sessions_valid_after

plan_is_defined if not model.plans

plan_is_defined if model.plans[input.tenant.plan]

# METADATA
# title: The subject's role
# description: A role of roles.yaml, or one that the tenant defined for itself where the system allows it.
role := model.roles[input.member.role] if {
	model.roles[input.member.role]
} else := [model.custom_roles[level.kind] |
	some level in input.tenant.custom_levels
	level.id == input.member.role
	model.custom_roles[level.kind]
][0]

default member_role := ""

member_role := input.member.role
