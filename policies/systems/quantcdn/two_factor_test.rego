package systems.quantcdn_test

import data.systems.quantcdn

prompted(enabled, without) := value if {
	value := quantcdn.obligations.prompt_team_two_factor_setup with input.request.resource.properties.enabled as enabled
		with input.items.without_two_factor as without
}

test_the_team_is_prompted_when_two_factors_become_required if {
	prompted(true, ["tom", "ann"]) == [{"type": "prompt_two_factor_setup", "users": ["tom", "ann"]}]
	prompted(true, []) == []
	prompted(false, ["tom"]) == []
}

test_a_reset_is_verified if {
	quantcdn.checks.request_is_verified == "ok" with input.request.context.additional_verification as true
	every verification in [false, null, "yes", 1] {
		quantcdn.checks.request_is_verified == "verification_required" with input.request.context.additional_verification as verification
	}
	quantcdn.checks.request_is_verified == "verification_required" with input.request.context as {}
}

test_a_reset_comes_from_the_support_desk if {
	quantcdn.checks.support_desk_asks == "ok" with input.request.context.channel as "support_desk"
	every channel in ["api", "dashboard", "Support_desk", null] {
		quantcdn.checks.support_desk_asks == "support_desk_only" with input.request.context.channel as channel
	}
	quantcdn.checks.support_desk_asks == "support_desk_only" with input.request.context as {}
}

test_the_second_factor_is_forgotten if {
	quantcdn.obligations.reset_two_factor == [{"type": "reset_two_factor", "user": "tom"}] with input.target.user as "tom"
}
