package systems.quantcdn_test

import data.systems.quantcdn

token_covers_tenant(context) := value if {
	value := quantcdn.checks.token_covers_tenant with input as {"request": {"context": context}, "tenant": {"id": "acme"}}
}

test_tokens_count_for_the_api_alone if {
	every channel in ["dashboard", "support_desk", "API", null] {
		token_covers_tenant({"channel": channel, "token_scopes": ["beta"]}) == "ok"
	}
	token_covers_tenant({"token_scopes": ["beta"]}) == "ok"
	token_covers_tenant({"channel": "api", "token_scopes": ["beta"]}) == "token_out_of_scope"
}

test_a_token_lists_the_organization if {
	token_covers_tenant({"channel": "api", "token_scopes": ["beta", "acme"]}) == "ok"
	every scopes in [[], ["Acme"], "acme", {"acme": true}, 5, true, [["acme"]]] {
		token_covers_tenant({"channel": "api", "token_scopes": scopes}) == "token_out_of_scope"
	}
}

test_a_token_without_a_list_covers_all_that_its_user_reaches if {
	token_covers_tenant({"channel": "api"}) == "ok"
	every scopes in [null, "", " ", {}] {
		token_covers_tenant({"channel": "api", "token_scopes": scopes}) == "ok"
	}
}

tenant_is_the_active_one(context) := value if {
	value := quantcdn.checks.tenant_is_the_active_one with input as {
		"request": {"context": context},
		"tenant": {"id": "acme"},
	}
}

test_the_active_organization_is_the_one_asked_about if {
	tenant_is_the_active_one({"active_tenant": "acme"}) == "ok"
	tenant_is_the_active_one({}) == "ok"
	tenant_is_the_active_one({"active_tenant": null}) == "ok"
	tenant_is_the_active_one({"active_tenant": " "}) == "ok"
	every other in ["beta", "Acme", 5, ["acme"], false] {
		tenant_is_the_active_one({"active_tenant": other}) == "organization_not_active"
	}
}

enforced := {"two_factor_enforced": true}

asked_of_the_gate(settings, member, context) := {
	"request": {
		"subject": {"type": "user", "id": "ann"},
		"action": {"name": "project:edit"},
		"resource": {"properties": {}},
		"context": context,
	},
	"tenant": {"id": "acme", "settings": settings},
	"member": member,
}

two_factor(settings, member, context) := value if {
	value := quantcdn.checks.two_factor_is_set_up with input as asked_of_the_gate(settings, member, context)
}

test_the_gate_stands_where_two_factors_are_enforced if {
	two_factor(enforced, {}, {}) == "two_factor_required"
	two_factor(enforced, {"two_factor_enabled": false}, {}) == "two_factor_required"
	two_factor(enforced, {"two_factor_enabled": true}, {}) == "ok"
	two_factor({"two_factor_enforced": false}, {}, {}) == "ok"
	two_factor({}, {}, {}) == "ok"
}

test_the_gate_covers_every_channel_but_the_api if {
	two_factor(enforced, {}, {"channel": "api"}) == "ok"
	every channel in ["dashboard", "API", "mobile", "support_desk", null, "", 5, ["api"]] {
		two_factor(enforced, {}, {"channel": channel}) == "two_factor_required"
	}
}

at_the_support_desk(action) := value if {
	value := quantcdn.checks.two_factor_is_set_up with input as asked_of_the_gate(enforced, {}, {"channel": "support_desk"})
		with input.request.action.name as action
}

test_the_support_desk_passes_the_gate_for_one_permission if {
	at_the_support_desk("two_factor:reset_member") == "ok"
	at_the_support_desk("two_factor:enforce") == "two_factor_required"
	quantcdn.checks.two_factor_is_set_up == "two_factor_required" with input as asked_of_the_gate(enforced, {}, {})
		with input.request.action.name as "two_factor:reset_member"
}

test_who_is_held_back_is_prompted if {
	quantcdn.obligations.prompt_own_two_factor_setup == [{
		"type": "prompt_two_factor_setup",
		"users": ["ann"],
	}] with input as asked_of_the_gate(enforced, {}, {})
	quantcdn.obligations.prompt_own_two_factor_setup == [] with input as asked_of_the_gate({}, {}, {})
	quantcdn.obligations.prompt_own_two_factor_setup == [] with input as asked_of_the_gate(enforced, {}, {"channel": "api"})
}
