package systems.imagekit_test

import data.systems.imagekit

sharing_model := {"imagekit": {"roles": {"media_library_restricted_access": {"plans": {"enterprise": true}}}}}

# The verdict of a check on a request with these attributes, beside these facts.
verdict_of(check, properties, facts) := verdict if {
	request := {"request": {"resource": {"properties": properties}}, "tenant": {"system": "imagekit"}}
	verdict := imagekit.checks[check] with input as object.union(request, facts) with data.model as sharing_model
}

test_shared_path_is_well_formed if {
	every path in ["/", "/brand", "/brand/a.png"] {
		verdict_of("path_is_well_formed", {"path": path}, {}) == "ok"
	}
	every path in ["brand", "/brand/", "/a//b", "/a/../b", 7] {
		verdict_of("path_is_well_formed", {"path": path}, {}) == "missing_field"
	}
	verdict_of("path_is_well_formed", {}, {}) == "missing_field"
}

test_exactly_one_grantee_is_named if {
	every properties in [{"user": "ria"}, {"group": "mkt"}, {"user": "ria", "group": " "}, {"user": null, "group": "mkt"}] {
		verdict_of("one_grantee_is_named", properties, {}) == "ok"
	}
	every properties in [{}, {"user": "ria", "group": "mkt"}, {"user": "", "group": null}, {"user": "ria", "group": 7}] {
		verdict_of("one_grantee_is_named", properties, {}) == "missing_field"
	}
}

test_level_is_one_of_three_or_none if {
	every level in ["can_view", "can_contribute", "can_manage", "none"] {
		verdict_of("level_is_known", {"level": level}, {}) == "ok"
	}
	every level in ["owner", "None", 1, ["can_view"], true] {
		verdict_of("level_is_known", {"level": level}, {}) == "unknown_level"
	}
	verdict_of("level_is_known", {}, {}) == "unknown_level"
}

test_grantee_exists if {
	ria := {"target": {"user": "ria"}}
	verdict_of("grantee_exists", {"user": "ria"}, ria) == "ok"
	verdict_of("grantee_exists", {"user": "nobody"}, {}) == "target_not_found"
	verdict_of("grantee_exists", {"group": "mkt"}, {"items": {"group_exists": true}}) == "ok"
	verdict_of("grantee_exists", {"group": "mkt"}, {"items": {"group_exists": false}}) == "target_not_found"
	verdict_of("grantee_exists", {"group": "mkt"}, {}) == "target_not_found"
}

test_blank_grantee_is_nobody if {
	blank_record := {"target": {"user": ""}, "items": {"group_exists": false}}
	blank_group := {"items": {"group_exists": true}}
	verdict_of("grantee_exists", {"user": "", "group": "mkt"}, blank_record) == "target_not_found"
	verdict_of("grantee_exists", {"user": "nobody", "group": " "}, blank_group) == "target_not_found"
}

test_user_grantee_has_the_restricted_role if {
	restricted := {"target": {"user": "ria", "role": "media_library_restricted_access"}}
	other := {"target": {"user": "ria", "role": "finance"}}
	verdict_of("grantee_is_restricted", {"user": "ria", "level": "can_view"}, restricted) == "ok"
	verdict_of("grantee_is_restricted", {"user": "ria", "level": "none"}, other) == "ok"
	verdict_of("grantee_is_restricted", {"group": "mkt", "level": "can_view"}, {}) == "ok"
	verdict_of("grantee_is_restricted", {"user": "ria", "level": "can_view"}, other) == "target_role_mismatch"
	verdict_of("grantee_is_restricted", {"user": "ria", "level": "can_view"}, {}) == "target_role_mismatch"
}

test_sharing_takes_a_plan_with_the_restricted_role if {
	on := {plan: {"tenant": {"system": "imagekit", "plan": plan}} | some plan in ["paid", "enterprise"]}
	verdict_of("plan_allows_sharing", {"level": "can_view"}, on.enterprise) == "ok"
	verdict_of("plan_allows_sharing", {"level": "none"}, on.paid) == "ok"
	verdict_of("plan_allows_sharing", {"level": "can_view"}, on.paid) == "plan_not_eligible"
	verdict_of("plan_allows_sharing", {"level": "can_view"}, {}) == "plan_not_eligible"
}

test_root_is_not_shared if {
	verdict_of("root_is_not_shared", {"path": "/brand", "level": "can_view"}, {}) == "ok"
	verdict_of("root_is_not_shared", {"path": "/", "level": "none"}, {}) == "ok"
	verdict_of("root_is_not_shared", {"path": "/", "level": "can_view"}, {}) == "root_not_shareable"
	verdict_of("root_is_not_shared", {"level": "can_view"}, {}) == "root_not_shareable"
}
