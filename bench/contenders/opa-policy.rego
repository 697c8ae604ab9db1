# METADATA
# description: The common workload as data look-ups.
# entrypoint: true
package bench

default decision := {"decision": false, "reason": "not_a_member"}

decision := {"decision": false, "reason": "member_pending"} if {
	member.status == "pending"
} else := {"decision": false, "reason": "member_inactive"} if {
	member.status == "inactive"
} else := {"decision": true, "reason": "role_grant"} if {
	data.tables.matrix[member.role][input.action.name]
} else := {"decision": false, "reason": "no_permission"} if {
	member
}

member := data.tables.members[input.subject.id]
