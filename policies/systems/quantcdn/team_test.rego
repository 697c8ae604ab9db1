package systems.quantcdn_test

import data.systems.quantcdn

acting(role, target) := {"member": {"user": "ann", "role": role}, "target": object.union({"user": "tom"}, target)}

target_is_within_reach(role, target) := value if {
	value := quantcdn.checks.target_is_within_reach with input as acting(role, target)
}

test_only_owners_touch_owners if {
	every status in ["active", "pending", "inactive"] {
		target := {"role": "organization_owner", "status": status}
		target_is_within_reach("organization_owner", target) == "ok"
		target_is_within_reach("administrator", target) == "owner_protected"
	}
	target_is_within_reach("administrator", {"role": "administrator"}) == "ok"
	target_is_within_reach("administrator", {}) == "ok"
}

role_is_assignable(role, requested) := value if {
	value := quantcdn.checks.role_is_assignable with input as {
		"request": {"resource": {"properties": {"role": requested}}},
		"member": {"role": role},
	}
}

test_only_owners_make_owners if {
	role_is_assignable("organization_owner", "organization_owner") == "ok"
	role_is_assignable("administrator", "administrator") == "ok"
	role_is_assignable("administrator", "organization_owner") == "role_not_assignable"
	quantcdn.checks.role_is_assignable == "role_not_assignable" with input.member.role as "administrator"
}

owners(active) := {"organization_owner": {"pending": 1, "active": active, "inactive": 1}}

owner_remains_without(target, active) := value if {
	value := quantcdn.checks.owner_remains_without_target with input as acting("organization_owner", target)
		with input.counts.roles as owners(active)
}

test_an_active_owner_remains_after_a_removal if {
	owner_remains_without({"role": "organization_owner"}, 2) == "ok"
	owner_remains_without({"role": "organization_owner"}, 1) == "last_owner"
	owner_remains_without({"role": "organization_owner", "status": "active"}, 1) == "last_owner"
	owner_remains_without({"role": "organization_owner", "status": "inactive"}, 1) == "ok"
	owner_remains_without({"role": "organization_owner", "status": "pending"}, 1) == "ok"
	owner_remains_without({"role": "developer"}, 1) == "ok"
	owner_remains_without({}, 1) == "ok"
	quantcdn.checks.owner_remains_without_target == "last_owner" with input as acting(
		"organization_owner",
		{"role": "organization_owner"},
	)
}

owner_remains_after_leaving(role, active) := value if {
	value := quantcdn.checks.owner_remains_without_subject with input.member.role as role
		with input.counts.roles as owners(active)
}

test_an_active_owner_remains_when_one_leaves if {
	owner_remains_after_leaving("organization_owner", 2) == "ok"
	owner_remains_after_leaving("organization_owner", 1) == "last_owner"
	owner_remains_after_leaving("developer", 1) == "ok"
	quantcdn.checks.owner_remains_without_subject == "last_owner" with input.member.role as "organization_owner"
}

test_a_role_never_changes_in_place if {
	quantcdn.checks.role_never_changes_in_place == "role_change_requires_readd"
}

test_what_to_do_instead_of_a_change_of_role if {
	quantcdn.obligations.readd_with_new_role == [{
		"type": "readd_with_new_role",
		"user": "tom",
		"role": "read_only",
	}] with input.request.resource.properties as {"user": "tom", "role": "read_only"}
}

test_an_invitee_is_registered if {
	quantcdn.checks.invitee_is_registered == "ok" with input.request.context.registered as true
	every registered in [false, null, "true", 1] {
		quantcdn.checks.invitee_is_registered == "registration_required" with input.request.context.registered as registered
	}
	quantcdn.checks.invitee_is_registered == "registration_required" with input.request.context as {}
}
