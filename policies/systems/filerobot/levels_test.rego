package systems.filerobot_test

import data.systems.filerobot

# The parts of the compiled YAML that the rules of this package read.
model := {"filerobot": {
	"roles": {
		"owner": {"rank": 70, "company_only": true},
		"administrator": {"rank": 60, "company_only": true},
		"accountant": {"rank": 50, "company_only": true},
		"manager": {"rank": 40},
		"developer": {"rank": 30},
		"viewer": {"rank": 10},
	},
	"custom_roles": {"company": {"rank": 55, "company_only": true}, "project": {"rank": 55}},
	"permissions": {
		"hub_home:access": {"grant": "level_page"},
		"settings_users:access": {"grant": "level_page"},
		"settings_company:access": {"grant": "level_page"},
		"settings_billing:access": {"grant": "level_page"},
		"project:access": {"grant": "level_project"},
		"asset:view": {"grant": "gallery_role"},
		"user:invite": {},
	},
}}

# Levels that the company made. The last three are never used: the id of a standard one, an unknown kind, no kind.
custom_levels := [
	{"id": "lead", "kind": "company", "pages": ["hub_home:access", "settings_company:access", "user:invite"]},
	{"id": "reviewer", "kind": "project", "pages": ["hub_home:access", "settings_company:access", "settings_billing:access"]},
	{"id": "viewer", "kind": "company", "pages": ["settings_users:access"]},
	{"id": "odd", "kind": "galaxy", "pages": ["hub_home:access"]},
	{"id": "bare", "pages": ["hub_home:access"]},
]

tenant := {"system": "filerobot", "projects": ["p1", "p2", "p3"], "custom_levels": custom_levels}

# What a user of this level and scope asks for, with these attributes of the resource.
asked(role, scope, properties) := {
	"request": {"subject": {"type": "user", "id": "ann"}, "resource": {"properties": properties}},
	"tenant": tenant,
	"member": {"user": "ann", "role": role, "scope": scope},
}

# The same about somebody.
asked_about(role, scope, properties, target) := object.union(
	asked(role, scope, properties),
	{"target": object.union({"user": "tom"}, target)},
)

page(role, name) := value if {
	value := filerobot.grants.level_page with input as asked(role, "company", {})
		with input.request.action.name as name
		with data.model as model
}

test_standard_levels_hold_pages_by_their_cells if {
	page("owner", "hub_home:access") == "role"
	page("viewer", "settings_users:access") == "role"
}

test_custom_levels_hold_the_pages_of_their_list if {
	page("lead", "hub_home:access") == "custom_level_grant"
	page("lead", "settings_company:access") == "custom_level_grant"
	page("reviewer", "hub_home:access") == "custom_level_grant"
	page("lead", "settings_users:access") == "no_permission"
}

test_levels_of_projects_never_hold_company_pages if {
	page("reviewer", "settings_company:access") == "no_permission"
	page("reviewer", "settings_billing:access") == "no_permission"
}

test_levels_of_no_kind_hold_nothing if {
	page("odd", "hub_home:access") == "no_permission"
	page("bare", "hub_home:access") == "no_permission"
	page("gone", "hub_home:access") == "no_permission"
}

opens_projects(role) := value if {
	value := filerobot.grants.level_project with input as asked(role, ["p1"], {}) with data.model as model
}

test_who_opens_projects if {
	opens_projects("accountant") == "role"
	opens_projects("viewer") == "role"
	opens_projects("reviewer") == "custom_level_grant"
	opens_projects("odd") == "no_permission"
	opens_projects("gone") == "no_permission"
}

level_is_known(level) := value if {
	value := filerobot.checks.level_is_known with input as asked("owner", "company", {"level": level})
		with data.model as model
}

test_levels_that_can_be_given if {
	every level in ["viewer", "owner", "lead", "reviewer"] {
		level_is_known(level) == "ok"
	}
	every level in ["gone", "odd", "bare", "Viewer", 5, ["viewer"], {"a": 1}] {
		level_is_known(level) == "unknown_level"
	}
	filerobot.checks.level_is_known == "unknown_level" with input as asked("owner", "company", {})
		with data.model as model
}

kind_is_listed(kind) := value if {
	value := filerobot.checks.kind_is_listed with input as asked("owner", "company", {"kind": kind})
		with data.model as model
}

test_kinds_of_levels if {
	kind_is_listed("company") == "ok"
	kind_is_listed("project") == "ok"
	kind_is_listed("galaxy") == "missing_field"
	kind_is_listed(5) == "missing_field"
}

pages_are_known(pages) := value if {
	value := filerobot.checks.pages_are_known with input as asked("owner", "company", {"pages": pages})
		with data.model as model
}

test_pages_that_a_level_can_hold if {
	pages_are_known(["hub_home:access", "settings_company:access"]) == "ok"
	every other in ["project:access", "user:invite", "asset:view", "nowhere:access", 5, null] {
		pages_are_known(["hub_home:access", other]) == "unknown_page"
	}
	filerobot.checks.pages_are_known == "unknown_page" with input as asked("owner", "company", {})
		with data.model as model
}

custom_level_is_known(id) := value if {
	value := filerobot.checks.custom_level_is_known with input as asked("owner", "company", {"id": id})
		with data.model as model
}

test_levels_that_can_be_changed if {
	every id in ["lead", "viewer", "odd", "bare"] {
		custom_level_is_known(id) == "ok"
	}
	every id in ["owner", "gone", 5] {
		custom_level_is_known(id) == "unknown_level"
	}
}

level_id_is_free(id) := value if {
	value := filerobot.checks.level_id_is_free with input as asked("owner", "company", {"id": id})
		with data.model as model
}

test_ids_of_levels if {
	level_id_is_free("gone") == "ok"
	every id in ["owner", "lead", "viewer", "odd"] {
		level_id_is_free(id) == "level_id_taken"
	}
	filerobot.checks.level_id_is_free == "level_id_taken" with input as asked("owner", "company", {})
		with data.model as model
	filerobot.checks.level_id_is_free == "ok" with input as {
		"request": {"resource": {"properties": {"id": "lead"}}},
		"tenant": {"system": "filerobot"},
	}
		with data.model as model
}

requested_kind_may_hold(kind, pages) := value if {
	value := filerobot.checks.requested_kind_may_hold_pages with input as asked(
		"owner", "company",
		{"kind": kind, "pages": pages},
	)
}

test_pages_of_a_new_level if {
	requested_kind_may_hold("company", ["settings_billing:access"]) == "ok"
	requested_kind_may_hold("project", ["hub_home:access"]) == "ok"
	requested_kind_may_hold("project", ["hub_home:access", "settings_billing:access"]) == "company_page_not_allowed"
	requested_kind_may_hold("project", ["settings_company:access"]) == "company_page_not_allowed"
}

stored_kind_may_hold(id, pages) := value if {
	value := filerobot.checks.stored_kind_may_hold_pages with input as asked(
		"owner", "company",
		{"id": id, "pages": pages},
	)
}

test_pages_of_a_changed_level if {
	stored_kind_may_hold("lead", ["settings_billing:access"]) == "ok"
	every id in ["reviewer", "odd", "bare"] {
		stored_kind_may_hold(id, ["hub_home:access"]) == "ok"
		stored_kind_may_hold(id, ["settings_company:access"]) == "company_page_not_allowed"
	}
}

custom_level_is_unused(id, roles) := value if {
	value := filerobot.checks.custom_level_is_unused with input as asked(
		"owner", "company",
		{"id": id},
	)
		with input.counts.roles as roles
		with data.model as model
}

test_levels_that_members_have if {
	custom_level_is_unused("lead", {"owner": {"pending": 0, "active": 1, "inactive": 0}}) == "ok"
	every status in ["pending", "active", "inactive"] {
		custom_level_is_unused("lead", {"lead": {status: 1}}) == "level_in_use"
	}

	# They have the standard level of that id.
	custom_level_is_unused("viewer", {"viewer": {"pending": 0, "active": 3, "inactive": 0}}) == "ok"
	filerobot.checks.custom_level_is_unused == "level_in_use" with input as asked("owner", "company", {"id": "lead"})
		with data.model as model
}

test_five_levels_at_most if {
	filerobot.checks.custom_level_may_be_added == "custom_level_limit_reached" with input.tenant as tenant
	filerobot.limits.custom_levels == {"name": "custom_levels", "limit": 5, "used": 5} with input.tenant as tenant
	filerobot.checks.custom_level_may_be_added == "ok" with input.tenant.custom_levels as array.slice(custom_levels, 0, 4)
	filerobot.checks.custom_level_may_be_added == "ok" with input.tenant.projects as []
	filerobot.limits.custom_levels.used == 0 with input.tenant.projects as []
}
