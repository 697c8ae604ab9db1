package authz_test

import data.authz

# Rules in every stage, one of them of the shared kind and one that does not exist.
verdicts_row := object.union(
	row_with(
		{
			"gate": [own("bad_gate")],
			"shape": [own("good"), ["shared", "bad_target"]],
			"capacity": [own("no_such_rule")],
		},
		[],
	),
	{"grant": "by_share"},
)

verdicts_of(row, role) := value if {
	value := authz.verdicts with input as {
		"request": {"subject": ann, "action": {"name": "thing:view"}},
		"tenant": {"system": "demo"},
		"member": {"exists": true, "role": role},
	}
		with data.model as decisions_model(row)
		with data.systems.demo as demo_rules
		with data.authz.shared as shared_rules
}

test_every_rule_of_the_row_says_its_word_whatever_decided if {
	verdicts_of(verdicts_row, "owner") == {
		"asker": "member",
		"membership": "ok",
		"right": ["share_grant"],
		"grants": [{"name": "by_share", "verdict": ["share_grant"]}],
		"rules": [
			{"stage": "gate", "rule": ["checks", "bad_gate"], "verdict": ["two_factor_required"]},
			{"stage": "shape", "rule": ["checks", "good"], "verdict": ["ok"]},
			{"stage": "shape", "rule": ["shared", "bad_target"], "verdict": ["self_target"]},
			{"stage": "capacity", "rule": ["checks", "no_such_rule"], "verdict": []},
		],
	}
}

test_verdicts_are_there_where_a_grant_says_nothing if {
	verdicts_of(object.union(plain_row, {"grant": "no_such_rule"}), "owner") == {
		"asker": "member",
		"membership": "ok",
		"right": [],
		"grants": [{"name": "no_such_rule", "verdict": []}],
		"rules": [],
	}
}

test_verdicts_are_there_for_an_action_that_is_not_listed if {
	verdicts := authz.verdicts with input as {
		"request": {"subject": ann, "action": {"name": "thing:none"}},
		"tenant": {"system": "demo"},
	}
		with data.model as decisions_model(plain_row)
	verdicts == {
		"asker": "member",
		"membership": "not_a_member",
		"right": ["no_permission"],
		"grants": [],
		"rules": [],
	}
}
