package systems.imagekit_test

import data.systems.imagekit

administrators(active) := {"counts": {"roles": {"account_administrator": {"active": active, "pending": 1, "inactive": 0}}}}

target(role, status) := {"target": {"user": "t", "role": role, "status": status}}

test_last_active_administrator_stays if {
	verdicts := [[role, status, active, verdict] |
		some [role, status, active] in [
			["account_administrator", "active", 1],
			["account_administrator", "active", 2],
			["account_administrator", "pending", 1],
			["account_administrator", "suspended", 1],
			["finance", "active", 1],
		]
		facts := object.union(target(role, status), administrators(active))
		verdict := imagekit.checks.an_administrator_remains with input as facts
	]
	verdicts == [
		["account_administrator", "active", 1, "last_administrator"],
		["account_administrator", "active", 2, "ok"],
		["account_administrator", "pending", 1, "ok"],
		["account_administrator", "suspended", 1, "ok"],
		["finance", "active", 1, "ok"],
	]
}

test_missing_status_is_active_and_a_missing_count_refuses if {
	facts := {"target": {"user": "t", "role": "account_administrator"}}
	imagekit.checks.an_administrator_remains == "last_administrator" with input as facts
	imagekit.checks.an_administrator_remains_after_change == "last_administrator" with input as facts
}

test_last_administrator_keeps_the_role if {
	verdicts := [[role, active, verdict] |
		some [role, active] in [["finance", 1], ["finance", 2], ["account_administrator", 1]]
		request := {"request": {"resource": {"properties": {"role": role}}}}
		facts := object.union(target("account_administrator", "active"), administrators(active))
		verdict := imagekit.checks.an_administrator_remains_after_change with input as object.union(request, facts)
	]
	verdicts == [["finance", 1, "last_administrator"], ["finance", 2, "ok"], ["account_administrator", 1, "ok"]]
}

plans_model := {"imagekit": {"roles": {
	"developer": {},
	"media_library_restricted_access": {"plans": {"enterprise": true}},
}}}

changing_to(plan, roles) := {
	"request": {"resource": {"properties": {"plan": plan}}},
	"tenant": {"system": "imagekit"},
	"counts": {"roles": roles},
}

nobody := {"pending": 0, "active": 0, "inactive": 0}

test_no_role_is_left_behind_by_a_plan if {
	crew := {"developer": {"pending": 0, "active": 3, "inactive": 0}}
	verdicts := [[plan, verdict] |
		some [plan, restricted] in [
			["paid", nobody],
			["paid", object.union(nobody, {"active": 1})],
			["paid", object.union(nobody, {"pending": 1})],
			["paid", object.union(nobody, {"inactive": 1})],
			["enterprise", object.union(nobody, {"active": 1})],
		]
		facts := changing_to(plan, object.union(crew, {"media_library_restricted_access": restricted}))
		verdict := imagekit.checks.every_role_is_on_next_plan with input as facts with data.model as plans_model
	]
	verdicts == [
		["paid", "ok"],
		["paid", "role_not_on_plan"],
		["paid", "role_not_on_plan"],
		["paid", "role_not_on_plan"],
		["enterprise", "ok"],
	]
	imagekit.checks.every_role_is_on_next_plan == "ok" with input as changing_to("free", crew)
		with data.model as plans_model
}

test_change_of_plan_without_counts_is_refused if {
	facts := object.remove(changing_to("paid", {}), ["counts"])
	imagekit.checks.every_role_is_on_next_plan == "role_not_on_plan" with input as facts
		with data.model as plans_model
}

test_leaving_the_restricted_role_leaves_the_groups if {
	left := [{"type": "remove_from_user_groups", "user": "t"}]
	restricted := target("media_library_restricted_access", "active")
	imagekit.obligations.remove_from_user_groups == left with input as restricted
	imagekit.obligations.remove_from_user_groups == [] with input as target("finance", "active")
	imagekit.obligations.remove_from_user_groups == [] with input as {"target": {"user": "t"}}
}

test_support_is_named if imagekit.obligations.contact_support == [{"type": "contact_support"}]
