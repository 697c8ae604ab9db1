package authz.shared_test

import data.authz.shared

test_a_named_project_exists if {
	shared.checks.named_project_exists == "ok" with input as asking_for_project("p1")
}

test_a_named_project_does_not_exist if {
	every project in ["p3", 5, true, ["p1"]] {
		shared.checks.named_project_exists == "unknown_project" with input as asking_for_project(project)
	}
}

test_no_project_is_named if {
	every project in [null, "", " \t", [], {}] {
		shared.checks.named_project_exists == "ok" with input as asking_for_project(project)
	}
	shared.checks.named_project_exists == "ok" with input as {"request": {"resource": {"properties": {}}}}
}

test_a_missing_fact_refuses if {
	shared.checks.named_project_exists == "unknown_project" with input.request.resource.properties.project as "p1"
}

asking_for_project(project) := {
	"request": {"resource": {"properties": {"project": project}}},
	"items": {"project_exists": project == "p1"},
}
