package authz.shared_test

import data.authz.shared

plans_model := {"demo": {
	"plans": {
		"small": {"seats": 3, "features": {}},
		"large": {"seats": null, "features": {"audit": true}},
		"plain": {"seats": 5},
	},
	"roles": {
		"editor": {},
		"auditor": {"plans": {"large": true}},
		"nobody": {"plans": {}},
	},
	"permissions": {
		"audit:view": {"feature": "audit"},
		"thing:view": {},
	},
}}

# The checks, for a tenant on this plan, asked with these properties.
on_plan(plan, properties) := value if {
	value := shared.checks with input as {
		"request": {"action": {"name": "audit:view"}, "resource": {"properties": properties}},
		"tenant": {"system": "demo", "plan": plan},
	}
		with data.model as plans_model
}

without_plan(properties) := value if {
	value := shared.checks with input as {
		"request": {"action": {"name": "audit:view"}, "resource": {"properties": properties}},
		"tenant": {"system": "demo"},
	}
		with data.model as plans_model
}

no_plans := ["Small", "small ", "", 5, true, null, ["small"], {"small": true}]

test_the_stored_plan_is_known if {
	on_plan("small", {}).stored_plan_is_known == "ok"
	on_plan("plain", {}).stored_plan_is_known == "ok"
}

test_the_stored_plan_is_unknown if {
	every plan in no_plans {
		on_plan(plan, {}).stored_plan_is_known == "unknown_plan"
	}
	without_plan({}).stored_plan_is_known == "unknown_plan"
}

test_any_stored_plan_will_do_in_a_system_without_plans if {
	every tenant in [{"system": "demo"}, {"system": "demo", "plan": "small"}] {
		shared.checks.stored_plan_is_known == "ok" with input.tenant as tenant
			with data.model as {"demo": {}}
	}
}

test_the_plan_asked_for_is_known if {
	on_plan("small", {"plan": "large"}).plan_is_known == "ok"
	on_plan("small", {"plan": "small"}).plan_is_known == "ok"
	without_plan({"plan": "plain"}).plan_is_known == "ok"
}

test_the_plan_asked_for_is_unknown if {
	every plan in no_plans {
		on_plan("small", {"plan": plan}).plan_is_known == "unknown_plan"
	}
	on_plan("small", {}).plan_is_known == "unknown_plan"
}

test_no_plan_can_be_asked_for_in_a_system_without_plans if {
	shared.checks.plan_is_known == "unknown_plan" with input as {
		"request": {"resource": {"properties": {"plan": "small"}}},
		"tenant": {"system": "demo"},
	}
		with data.model as {"demo": {}}
}

test_another_plan_is_a_change if {
	on_plan("small", {"plan": "large"}).plan_changes == "ok"
}

test_the_present_plan_is_no_change if {
	on_plan("small", {"plan": "small"}).plan_changes == "invalid_transition"
}

test_without_both_plans_there_is_no_change if {
	on_plan("small", {}).plan_changes == "invalid_transition"
	without_plan({"plan": "small"}).plan_changes == "invalid_transition"
}

test_the_plan_has_the_feature if {
	on_plan("large", {}).plan_has_feature == "ok"
}

test_the_plan_lacks_the_feature if {
	on_plan("small", {}).plan_has_feature == "plan_not_eligible"
	on_plan("plain", {}).plan_has_feature == "plan_not_eligible"
	on_plan("gone", {}).plan_has_feature == "plan_not_eligible"
	without_plan({}).plan_has_feature == "plan_not_eligible"
}

test_a_row_without_a_feature_has_none if {
	shared.checks.plan_has_feature == "plan_not_eligible" with input as {
		"request": {"action": {"name": "thing:view"}},
		"tenant": {"system": "demo", "plan": "large"},
	}
		with data.model as plans_model
}

test_a_role_for_every_plan_is_on_the_plan if {
	on_plan("small", {"role": "editor"}).requested_role_is_on_plan == "ok"
	on_plan("large", {"role": "editor"}).requested_role_is_on_plan == "ok"
}

test_a_role_for_some_plans_is_on_those_alone if {
	on_plan("large", {"role": "auditor"}).requested_role_is_on_plan == "ok"
	on_plan("small", {"role": "auditor"}).requested_role_is_on_plan == "role_not_on_plan"
	on_plan("large", {"role": "nobody"}).requested_role_is_on_plan == "role_not_on_plan"
	without_plan({"role": "auditor"}).requested_role_is_on_plan == "role_not_on_plan"
}
