package systems.filerobot_test

import data.systems.filerobot

entries := [
	{"project": "p1", "folder": "/brand", "role": "editor"},
	{"project": "p2", "folder": "/", "role": "reader"},
	{"project": "p3", "folder": "/bad/", "role": "editor"},
	{"project": "p3", "folder": "/", "role": "gone"},
]

gallery(action, properties) := value if {
	value := filerobot.grants.gallery_role with input as asked("owner", "company", properties)
		with input.request.action.name as action
		with input.items.gallery_access as entries
		with input.tenant.gallery_roles as {"editor": ["asset:view", "asset:edit"], "reader": ["asset:view"]}
}

test_an_entry_serves_its_project_and_folder if {
	gallery("asset:edit", {"project": "p1", "path": "/brand"}) == "gallery_role_grant"
	gallery("asset:edit", {"project": "p1", "path": "/brand/logo.svg"}) == "gallery_role_grant"
	gallery("asset:view", {"project": "p2", "path": "/"}) == "gallery_role_grant"
	gallery("asset:view", {"project": "p2", "path": "/anything/below"}) == "gallery_role_grant"
}

test_an_entry_serves_nothing_else if {
	gallery("asset:edit", {"project": "p1", "path": "/brandnew"}) == "no_permission"
	gallery("asset:edit", {"project": "p1", "path": "/"}) == "no_permission"
	gallery("asset:edit", {"project": "p2", "path": "/brand"}) == "no_permission"
	gallery("asset:delete", {"project": "p1", "path": "/brand"}) == "no_permission"
	gallery("asset:view", {"project": "p9", "path": "/brand"}) == "no_permission"
}

test_a_malformed_path_reaches_nothing if {
	every path in ["brand", "/brand/", "/brand/../x", "//"] {
		gallery("asset:view", {"project": "p1", "path": path}) == "no_permission"
		gallery("asset:view", {"path": path}) == "no_permission"
	}
}

test_entries_with_a_malformed_folder_or_an_unknown_role_count_for_nothing if {
	gallery("asset:view", {"project": "p3", "path": "/bad/x"}) == "no_permission"
	gallery("asset:view", {"project": "p3"}) == "no_permission"
}

test_what_is_not_named_is_no_obstacle_yet if {
	every nothing in [null, " ", 5, ["p1"]] {
		gallery("asset:edit", {"project": nothing, "path": "/brand"}) == "gallery_role_grant"
		gallery("asset:edit", {"project": "p1", "path": nothing}) == "gallery_role_grant"
	}
	gallery("asset:edit", {}) == "gallery_role_grant"
	gallery("asset:delete", {}) == "no_permission"
	gallery("asset:edit", {"project": "p2"}) == "no_permission"
	gallery("asset:view", {"path": "/elsewhere"}) == "gallery_role_grant"
}

test_without_entries_there_is_no_right if {
	filerobot.grants.gallery_role == "no_permission" with input as asked("owner", "company", {})
		with input.request.action.name as "asset:view"
}

named_both(properties) := value if {
	value := filerobot.checks.project_and_path_are_named with input as asked("owner", "company", properties)
}

test_project_and_path_are_named if {
	named_both({"project": "p1", "path": "/"}) == "ok"
	named_both({"project": "p1", "path": "anything"}) == "ok"
	every properties in [{}, {"project": "p1"}, {"path": "/"}, {"project": 5, "path": "/"}, {"project": "p1", "path": " "}] {
		named_both(properties) == "missing_field"
	}
}
