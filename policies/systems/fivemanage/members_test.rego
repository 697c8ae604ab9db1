package systems.fivemanage_test

import data.systems.fivemanage

ranks_model := {"fivemanage": {"roles": {
	"owner": {"rank": 4},
	"admin": {"rank": 3},
	"developer": {"rank": 2},
	"member": {"rank": 1},
}}}

all_roles := ["owner", "admin", "developer", "member"]

# A request by somebody of a role, about somebody of a role, with these attributes.
acting(role, target, properties) := {
	"request": {"resource": {"properties": properties}},
	"tenant": {"system": "fivemanage"},
	"member": {"role": role},
	"target": target,
}

test_owner_is_nobodys_target if {
	fivemanage.checks.target_is_not_owner == "owner_protected" with input as acting("owner", {"role": "owner"}, {})
	fivemanage.checks.target_is_not_owner == "ok" with input as acting("owner", {"role": "admin"}, {})
	fivemanage.checks.target_is_not_owner == "ok" with input as acting("owner", {"user": "t"}, {})
}

test_admin_reaches_lower_roles_alone if {
	verdicts := {role: verdict |
		some role in array.concat(all_roles, ["undefined"])
		verdict := fivemanage.conditions.target_is_lower with input as acting("admin", {"role": role}, {})
			with data.model as ranks_model
	}
	verdicts == {
		"owner": "target_not_lower",
		"admin": "target_not_lower",
		"developer": "ok",
		"member": "ok",
		"undefined": "target_not_lower",
	}
	fivemanage.conditions.target_is_lower == "target_not_lower" with input as acting("admin", {"user": "t"}, {})
		with data.model as ranks_model
}

test_roles_below_ones_own_are_given if {
	given := {actor: {role |
		some role in all_roles
		facts := acting(actor, {}, {"role": role})
		verdict := fivemanage.checks.role_is_below_own with input as facts with data.model as ranks_model
		verdict == "ok"
	} |
		some actor in ["owner", "admin"]
	}
	given == {"owner": {"admin", "developer", "member"}, "admin": {"developer", "member"}}
	fivemanage.checks.role_is_below_own == "role_not_assignable" with input as acting("admin", {}, {"role": "admin"})
		with data.model as ranks_model
}

test_invitation_without_a_role_is_for_a_member if {
	every properties in [{}, {"role": null}, {"role": " "}] {
		fivemanage.requested_role == "member" with input as acting("admin", {}, properties)
		fivemanage.checks.role_is_below_own == "ok" with input as acting("admin", {}, properties)
			with data.model as ranks_model
	}
	fivemanage.requested_role == "developer" with input as acting("admin", {}, {"role": "developer"})
}

test_member_gives_no_role if {
	fivemanage.checks.role_is_below_own == "role_not_assignable" with input as acting("member", {}, {})
		with data.model as ranks_model
}

test_new_role_starts_without_overrides if {
	reset := [{"type": "reset_permission_overrides", "user": "dan"}]
	fivemanage.obligations.reset_permission_overrides == reset with input as acting("owner", {"user": "dan"}, {})
}

test_removal_ends_every_session_in_any_status if {
	ended := [{"type": "terminate_sessions", "user": "dan"}]
	every status in ["active", "inactive", "unlisted"] {
		facts := acting("owner", {"user": "dan", "status": status}, {})
		fivemanage.obligations.terminate_every_session == ended with input as facts
	}
}
