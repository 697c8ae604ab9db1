package authz

# METADATA
# title: Stage 4, the right
# description: |
#   The reason why the subject holds the permission, or why not. A row whose right does not come from the role alone
#   names a grant: a rule that answers with a reason of its own, or with `role` to leave it to the role's cell.
right := "system_grant" if {
	asker == "service"
	row.services[input.request.subject.service]
} else := "no_permission" if {
	asker == "service"
} else := "invitee_self" if {
	asker == "invitee"
} else := "role_not_on_plan" if {
	not role_is_on_plan
} else := "self_service" if {
	row.who == "self"
} else := "no_permission" if {
	row.who != "member"
} else := role_right if {
	not row.grant
} else := role_right if {
	granted_by == "role"
} else := granted_by

granted_by := data.systems[input.tenant.system].grants[row.grant]

default role_right := "no_permission"

role_right := row.cells[member_role].reason

role_is_on_plan if not role.plans

role_is_on_plan if role.plans[input.tenant.plan]
