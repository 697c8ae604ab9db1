package systems.filerobot_test

import data.systems.filerobot

scope_reaches(role, scope, properties) := value if {
	value := filerobot.checks.scope_reaches_project with input as asked(
		role, scope,
		properties,
	)
		with data.model as model
}

test_users_of_the_company_reach_every_project if {
	scope_reaches("owner", "company", {"project": "p3"}) == "ok"
	scope_reaches("lead", "company", {}) == "ok"
}

test_users_of_projects_reach_those_of_their_list if {
	scope_reaches("manager", ["p1"], {"project": "p1"}) == "ok"
	scope_reaches("reviewer", ["p1"], {"project": "p1"}) == "ok"
	scope_reaches("manager", ["p1"], {"project": "p2"}) == "out_of_scope"
	scope_reaches("reviewer", ["p1"], {"project": "p2"}) == "out_of_scope"
	scope_reaches("manager", ["p1"], {}) == "ok"
	scope_reaches("manager", ["p1"], {"project": " "}) == "ok"
}

test_an_invalid_scope_reaches_no_project if {
	every scope in ["p1", "Company", "", []] {
		scope_reaches("manager", scope, {"project": "p1"}) == "out_of_scope"
		scope_reaches("manager", scope, {}) == "ok"
	}
	filerobot.checks.scope_reaches_project == "out_of_scope" with input as {
		"request": {"resource": {"properties": {"project": "p1"}}},
		"tenant": tenant,
		"member": {"role": "manager"},
	}
		with data.model as model
}

test_a_level_of_the_company_with_projects_reaches_nothing if {
	every role in ["owner", "administrator", "accountant", "lead"] {
		scope_reaches(role, ["p1"], {"project": "p1"}) == "out_of_scope"
		scope_reaches(role, ["p1"], {}) == "out_of_scope"
	}
	filerobot.checks.scope_reaches_project == "out_of_scope" with input as {
		"request": {"resource": {"properties": {}}},
		"tenant": tenant,
		"member": {"role": "owner"},
	}
		with data.model as model
	scope_reaches("gone", ["p1"], {}) == "out_of_scope"
}

test_only_managers_of_the_company_act_for_all_projects if {
	filerobot.conditions.company_scope == "ok" with input as asked("manager", "company", {})
	filerobot.conditions.company_scope == "out_of_scope" with input as asked("manager", ["p1", "p2", "p3"], {})
	filerobot.conditions.company_scope == "out_of_scope" with input as {"member": {"role": "manager"}}
}

test_a_project_to_open_is_named if {
	filerobot.checks.project_is_named == "ok" with input as asked("viewer", "company", {"project": "p1"})
	filerobot.checks.project_is_named == "missing_field" with input as asked("viewer", "company", {})
	filerobot.checks.project_is_named == "missing_field" with input as asked("viewer", "company", {"project": " "})
}

scope_is_well_formed(scope) := value if {
	value := filerobot.checks.scope_is_well_formed with input as asked(
		"owner", "company",
		{"scope": scope},
	)
}

test_forms_of_a_scope if {
	every scope in ["company", ["p1"], [5]] {
		scope_is_well_formed(scope) == "ok"
	}
	every scope in ["p1", "", null, [], {}, {"p1": true}, 5, true] {
		scope_is_well_formed(scope) == "missing_field"
	}
	filerobot.checks.scope_is_well_formed == "missing_field" with input as asked("owner", "company", {})
}

scope_projects_exist(scope) := value if {
	value := filerobot.checks.scope_projects_exist with input as asked(
		"owner", "company",
		{"scope": scope},
	)
}

test_projects_of_a_scope if {
	scope_projects_exist("company") == "ok"
	scope_projects_exist(["p1", "p3"]) == "ok"
	every project in ["p4", "company", 5, null, ["p1"]] {
		scope_projects_exist(["p1", project]) == "unknown_project"
	}
	filerobot.checks.scope_projects_exist == "unknown_project" with input as asked("owner", "company", {})
}

target_scope_is_covered(scope, target) := value if {
	value := filerobot.checks.target_scope_is_covered with input as asked_about(
		"manager",
		scope, {}, target,
	)
}

test_scopes_of_targets if {
	target_scope_is_covered("company", {"scope": ["p1"]}) == "ok"
	target_scope_is_covered("company", {"scope": "company"}) == "ok"
	target_scope_is_covered("company", {}) == "ok"
	target_scope_is_covered(["p1", "p2"], {"scope": ["p2"]}) == "ok"
	every scope in [["p2", "p3"], ["p3"], [], "company", "p1"] {
		target_scope_is_covered(["p1", "p2"], {"scope": scope}) == "scope_not_covered"
	}
	target_scope_is_covered(["p1"], {}) == "scope_not_covered"
	target_scope_is_covered("p1", {"scope": ["p1"]}) == "scope_not_covered"
}

requested_scope_is_covered(own, scope) := value if {
	value := filerobot.checks.requested_scope_is_covered with input as asked(
		"manager", own,
		{"scope": scope},
	)
}

test_scopes_asked_for if {
	requested_scope_is_covered("company", "company") == "ok"
	requested_scope_is_covered("company", ["p1"]) == "ok"
	requested_scope_is_covered(["p1", "p2"], ["p1"]) == "ok"
	every scope in ["company", ["p1", "p3"], []] {
		requested_scope_is_covered(["p1", "p2"], scope) == "scope_not_covered"
	}
}

scope_changes(scope, target) := value if {
	value := filerobot.checks.scope_changes with input as asked_about(
		"owner", "company",
		{"scope": scope}, target,
	)
}

test_changes_of_scope if {
	scope_changes("company", {"scope": ["p1"]}) == "ok"
	scope_changes("company", {}) == "ok"
	scope_changes("company", {"scope": "company"}) == "invalid_transition"
	scope_changes(["p1"], {"scope": "company"}) == "ok"
	scope_changes(["p1"], {}) == "ok"
	scope_changes(["p1"], {"scope": ["p1", "p2"]}) == "ok"
	scope_changes(["p2", "p1", "p2"], {"scope": ["p1", "p2"]}) == "invalid_transition"
	scope_changes("p1", {"scope": "p1"}) == "invalid_transition"
}

invited_level_fits(level, scope) := value if {
	value := filerobot.checks.requested_level_fits_requested_scope with input as asked(
		"owner", "company",
		{"level": level, "scope": scope},
	)
		with data.model as model
}

test_levels_and_scopes_of_invitations if {
	every level in ["owner", "administrator", "accountant", "lead"] {
		invited_level_fits(level, "company") == "ok"
		invited_level_fits(level, ["p1"]) == "company_only_level"
	}
	every level in ["manager", "viewer", "reviewer"] {
		invited_level_fits(level, "company") == "ok"
		invited_level_fits(level, ["p1"]) == "ok"
	}
	invited_level_fits("gone", ["p1"]) == "company_only_level"
}

new_level_fits(level, target) := value if {
	value := filerobot.checks.requested_level_fits_target_scope with input as asked_about(
		"owner", "company",
		{"level": level}, target,
	)
		with data.model as model
}

test_new_levels_and_scopes_of_targets if {
	new_level_fits("accountant", {"scope": "company"}) == "ok"
	new_level_fits("viewer", {"scope": ["p1"]}) == "ok"
	new_level_fits("viewer", {}) == "ok"
	new_level_fits("accountant", {"scope": ["p1"]}) == "company_only_level"
	new_level_fits("lead", {}) == "company_only_level"
}

new_scope_fits(scope, target) := value if {
	value := filerobot.checks.target_level_fits_requested_scope with input as asked_about(
		"owner", "company",
		{"scope": scope}, target,
	)
		with data.model as model
}

test_new_scopes_and_levels_of_targets if {
	new_scope_fits("company", {"role": "accountant"}) == "ok"
	new_scope_fits(["p1"], {"role": "accountant"}) == "company_only_level"
	new_scope_fits(["p1"], {"role": "lead"}) == "company_only_level"
	every role in ["viewer", "reviewer", "gone", "odd"] {
		new_scope_fits(["p1"], {"role": role}) == "ok"
	}
	new_scope_fits(["p1"], {}) == "ok"
}
