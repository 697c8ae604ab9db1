package systems.filerobot_test

import data.systems.filerobot

test_nobody_manages_themselves if {
	filerobot.checks.target_is_another == "ok" with input as asked_about("owner", "company", {}, {})
	filerobot.checks.target_is_another == "self_target" with input as asked_about("owner", "company", {}, {"user": "ann"})
	filerobot.checks.target_is_another == "self_target" with input as asked("owner", "company", {})
}

target_ranks_lower(role, scope, target) := value if {
	value := filerobot.checks.target_ranks_lower with input as asked_about(
		role, scope, {},
		target,
	)
		with data.model as model
}

test_ranks_of_targets if {
	target_ranks_lower("owner", "company", {"role": "administrator"}) == "ok"
	target_ranks_lower("owner", "company", {"role": "owner"}) == "target_not_lower"
	target_ranks_lower("administrator", "company", {"role": "lead"}) == "ok"
	target_ranks_lower("manager", "company", {"role": "developer"}) == "ok"
	every role in ["manager", "accountant", "lead", "reviewer", "owner"] {
		target_ranks_lower("manager", "company", {"role": role}) == "target_not_lower"
	}
}

test_managers_of_projects_manage_managers if {
	target_ranks_lower("manager", ["p1"], {"role": "manager"}) == "ok"
	target_ranks_lower("manager", [], {"role": "manager"}) == "ok"
	target_ranks_lower("manager", ["p1"], {"role": "viewer"}) == "ok"
	target_ranks_lower("manager", ["p1"], {"role": "accountant"}) == "target_not_lower"
	target_ranks_lower("developer", ["p1"], {"role": "developer"}) == "target_not_lower"
	filerobot.checks.target_ranks_lower == "ok" with input as {
		"tenant": tenant,
		"member": {"user": "ann", "role": "manager"},
		"target": {"user": "tom", "role": "manager"},
	}
		with data.model as model
}

test_undefined_levels_rank_as_custom_ones if {
	every target in [{}, {"role": "gone"}, {"role": "odd"}] {
		target_ranks_lower("administrator", "company", target) == "ok"
		target_ranks_lower("manager", "company", target) == "target_not_lower"
	}
}

level_ranks_lower(role, scope, level) := value if {
	value := filerobot.checks.level_ranks_lower with input as asked(
		role, scope,
		{"level": level},
	)
		with data.model as model
}

test_ranks_of_levels_asked_for if {
	level_ranks_lower("administrator", "company", "lead") == "ok"
	level_ranks_lower("administrator", "company", "administrator") == "level_not_lower"
	level_ranks_lower("manager", "company", "manager") == "level_not_lower"
	level_ranks_lower("manager", ["p1"], "manager") == "ok"
	level_ranks_lower("manager", ["p1"], "reviewer") == "level_not_lower"
	level_ranks_lower("owner", "company", "gone") == "level_not_lower"
}

level_changes(level, target) := value if {
	value := filerobot.checks.level_changes with input as asked_about(
		"owner", "company",
		{"level": level}, target,
	)
}

test_changes_of_level if {
	level_changes("viewer", {"role": "developer"}) == "ok"
	level_changes("viewer", {}) == "ok"
	level_changes("viewer", {"role": "viewer"}) == "invalid_transition"
	filerobot.checks.level_changes == "invalid_transition" with input as asked_about("owner", "company", {}, {})
}

status_is_listed(status) := value if {
	value := filerobot.checks.status_is_listed with input as asked("owner", "company", {"status": status})
}

test_statuses_that_can_be_set if {
	status_is_listed("active") == "ok"
	status_is_listed("inactive") == "ok"
	every status in ["pending", "removed", " active", true] {
		status_is_listed(status) == "missing_field"
	}
	filerobot.checks.status_is_listed == "missing_field" with input as asked("owner", "company", {})
}

status_changes(status, target) := value if {
	value := filerobot.checks.status_changes with input as asked_about(
		"owner", "company",
		{"status": status}, target,
	)
}

test_changes_of_status if {
	status_changes("inactive", {"status": "active"}) == "ok"
	status_changes("inactive", {}) == "ok"
	status_changes("active", {"status": "inactive"}) == "ok"
	status_changes("active", {"status": "suspended"}) == "ok"
	status_changes("active", {"status": "active"}) == "invalid_transition"
	status_changes("inactive", {"status": "suspended"}) == "invalid_transition"
}
