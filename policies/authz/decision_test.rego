package authz_test

import data.authz

# The rules of a system, by the names that the rows below use. `good` holds, `bad_…` refuse in their stage.
demo_rules := {
	"checks": {
		"good": "ok",
		"also_good": "ok",
		"bad_membership": "token_out_of_scope",
		"bad_gate": "two_factor_required",
		"bad_relation": "out_of_scope",
		"bad_shape": "missing_field",
		"bad_target": "target_not_found",
		"bad_precondition": "invalid_transition",
		"bad_capacity": "seat_limit_reached",
	},
	"conditions": {"near": "ok", "far": "not_shared"},
	"grants": {"by_share": "share_grant", "by_role": "role", "by_nobody": "override_denied"},
	"obligations": {
		"tell": [{"type": "tell", "who": "tom"}],
		"log_twice": [{"type": "log", "n": 1}, {"type": "log", "n": 2}],
		"nothing": [],
	},
	"limits": {"seats": {"name": "seats", "limit": 3, "used": 3}},
}

shared_rules := {
	"checks": {"good": "ok", "bad_target": "self_target"},
	"obligations": {"tell": [{"type": "tell_all"}]},
	"limits": {"seats": {"name": "shared_seats", "limit": 9, "used": 9}},
}

check_stages := ["relation", "shape", "target", "precondition", "capacity"]

# What is to be checked and done, as the build compiles it: by stage, and in the lists `gates` and `checks`.
todo_of(stages, obligations) := object.union(
	{"obligations": obligations},
	{name: pairs | some name, pairs in object.union(stages, lists); count(pairs) > 0},
) if {
	lists := {
		"gates": [pair | some stage in ["membership", "gate"]; some pair in object.get(stages, stage, [])],
		"checks": [pair | some stage in check_stages; some pair in object.get(stages, stage, [])],
	}
}

own(name) := ["checks", name]

own_obligations(names) := [["obligations", name] | some name in names]

# A row whose owner holds the right, and whose editor does not.
row_with(stages, obligations) := {
	"who": "member",
	"cells": {"owner": {"reason": "role_grant"}},
	"todo": todo_of(stages, obligations),
}

plain_row := row_with({}, [])

decisions_model(row) := {"demo": {
	"roles": {"owner": {}, "editor": {}, "nobody": {"plans": {}}},
	"allow_reasons": {
		"role_grant": true, "share_grant": true, "self_service": true,
		"invitee_self": true, "system_grant": true,
	},
	"limits": {"seat_limit_reached": ["limits", "seats"]},
	"permissions": {"thing:view": row},
}}

owner_asks := viewing(active_owner)

editor_asks := viewing(object.union(active_owner, {"role": "editor"}))

robot_asks := asking(robot, "thing:view")

decide_by(rules, facts, row) := value if {
	value := authz.decision with input as facts with data.model as decisions_model(row) with data.systems.demo as rules
}

decide(facts, row) := decide_by(demo_rules, facts, row)

# There is no answer, neither allow nor deny.
undecided(rules, facts, row) if not decide_by(rules, facts, row)

allowed(reason, obligations) := {"decision": true, "reason": reason, "obligations": obligations}

refused(stage, reason, check) := {
	"decision": false,
	"reason": reason,
	"stage": stage,
	"check": check,
	"limit": null,
	"obligations": [],
}

# --- The allow

test_a_row_that_asks_for_nothing_allows if {
	decide(owner_asks, plain_row) == allowed("role_grant", [])
}

test_checks_that_hold_allow if {
	stages := {stage: [own("good"), own("also_good")] |
		some stage in array.concat(["membership", "gate"], check_stages)
	}
	decide(owner_asks, row_with(stages, [])) == allowed("role_grant", [])
}

test_an_allow_carries_its_obligations_in_order if {
	decide(owner_asks, row_with({}, own_obligations(["log_twice", "nothing", "tell"]))) == allowed("role_grant", [
		{"type": "log", "n": 1},
		{"type": "log", "n": 2},
		{"type": "tell", "who": "tom"},
	])
	decide(owner_asks, row_with({}, own_obligations(["nothing"]))) == allowed("role_grant", [])
}

test_the_reason_of_an_allow_is_the_right if {
	decide(owner_asks, object.union(plain_row, {"grant": "by_share"})) == allowed("share_grant", [])
	decide(editor_asks, object.union(plain_row, {"grant": "by_share"})) == allowed("share_grant", [])
	decide(owner_asks, object.union(plain_row, {"grant": "by_role"})) == allowed("role_grant", [])
	decide(editor_asks, object.union(plain_row, {"who": "self"})) == allowed("self_service", [])
	decide(robot_asks, object.union(plain_row, {"who": "service", "services": {"robot": true}})) == allowed("system_grant", [])
	decide(asking(ann, "thing:view"), object.union(plain_row, {"who": "invitee"})) == allowed("invitee_self", [])
}

# --- The stages

# Each refusal in the order of the stages. A system adds checks of its own to stage 2, after those of the core.
refusals := [
	{"fails": "request", "answer": refused("request", "unknown_action", null)},
	{"fails": "record", "answer": refused("membership", "member_pending", null)},
	{"fails": "membership", "answer": refused("membership", "token_out_of_scope", own("bad_membership"))},
	{"fails": "gate", "answer": refused("gate", "two_factor_required", own("bad_gate"))},
	{"fails": "right", "answer": refused("right", "no_permission", null)},
	{"fails": "relation", "answer": refused("relation", "out_of_scope", own("bad_relation"))},
	{"fails": "shape", "answer": refused("shape", "missing_field", own("bad_shape"))},
	{"fails": "target", "answer": refused("target", "target_not_found", own("bad_target"))},
	{"fails": "precondition", "answer": refused("precondition", "invalid_transition", own("bad_precondition"))},
	{"fails": "capacity", "answer": object.union(
		refused("capacity", "seat_limit_reached", own("bad_capacity")),
		{"limit": demo_rules.limits.seats},
	)},
]

# The answer to a request that fails at all these points and at no other.
failing_at(points) := decide(facts, row) if {
	stages := {stage: pairs |
		some stage in array.concat(["membership", "gate"], check_stages)
		refusing := [own(concat("_", ["bad", stage])) | stage in points]
		pairs := array.concat([own("good")], refusing)
	}
	row := row_with(stages, [])
	facts := {
		"request": {"subject": ann, "action": {"name": {true: "thing:lose", false: "thing:view"}["request" in points]}},
		"tenant": {"system": "demo"},
		"member": {
			"exists": true,
			"role": {true: "editor", false: "owner"}["right" in points],
			"status": {true: "pending", false: "active"}["record" in points],
		},
	}
}

test_nothing_fails if {
	failing_at(set()) == allowed("role_grant", [])
}

test_each_stage_refuses_with_its_own_answer if {
	every refusal in refusals {
		failing_at({refusal.fails}) == refusal.answer
	}
}

test_of_two_adjacent_stages_the_earlier_answers if {
	every place in numbers.range(0, count(refusals) - 2) {
		earlier := refusals[place]
		later := refusals[place + 1]
		failing_at({earlier.fails, later.fails}) == earlier.answer
	}
}

test_of_any_two_stages_the_earlier_answers if {
	every first, earlier in refusals {
		every later in array.slice(refusals, first + 1, count(refusals)) {
			failing_at({earlier.fails, later.fails}) == earlier.answer
		}
	}
}

test_where_all_stages_from_one_on_fail_that_one_answers if {
	every first, refusal in refusals {
		failing_at({point.fails | some point in array.slice(refusals, first, count(refusals))}) == refusal.answer
	}
}

test_within_a_stage_the_first_check_that_fails_answers if {
	rules := object.union(demo_rules, {"checks": {"first": "reason_one", "second": "reason_two"}})
	every stage in array.concat(["membership", "gate"], check_stages) {
		row := row_with({stage: [own("good"), own("first"), own("good"), own("second")]}, [])
		decide_by(rules, owner_asks, row) == refused(stage, "reason_one", own("first"))
		reversed := row_with({stage: [own("second"), own("first")]}, [])
		decide_by(rules, owner_asks, reversed) == refused(stage, "reason_two", own("second"))
	}
}

test_a_check_holds_by_ok_alone if {
	every verdict in [true, false, null, 0, 1, "", "OK", "ok ", ["ok"], {"ok": true}] {
		rules := object.union(demo_rules, {"checks": {"good": verdict}})
		every stage in array.concat(["membership", "gate"], check_stages) {
			row := row_with({stage: [own("good")]}, [])
			decide_by(rules, owner_asks, row) == refused(stage, verdict, own("good"))
		}
	}
}

# --- Stage 1

test_what_the_system_does_not_list_is_unknown_to_everybody if {
	unknown := refused("request", "unknown_action", null)
	decide(patched(owner_asks, "/request/action/name", "thing:lose"), plain_row) == unknown
	decide(asking(ann, "thing:lose"), plain_row) == unknown
	decide(asking(robot, "thing:lose"), plain_row) == unknown
	decide(without(owner_asks, "/request/action"), plain_row) == unknown
	every name in ["Thing:view", "", 5, null, ["thing:view"]] {
		decide(patched(owner_asks, "/request/action/name", name), plain_row) == unknown
	}
}

test_nothing_is_known_of_a_tenant_without_a_known_system if {
	unknown := refused("request", "unknown_action", null)
	decide(patched(owner_asks, "/tenant/system", "other"), plain_row) == unknown
	decide(without(owner_asks, "/tenant/system"), plain_row) == unknown
	decide(without(owner_asks, "/tenant"), plain_row) == unknown
	decide({}, plain_row) == unknown
}

test_a_row_that_does_not_say_who_asks_is_none if {
	decide(editor_asks, without(plain_row, "/who")) == refused("request", "unknown_action", null)
}

# --- Stages 2 and 3

test_every_refusal_of_membership_is_the_answer if {
	decide(asking(ann, "thing:view"), plain_row) == refused("membership", "not_a_member", null)
	decide(asking({"type": "device", "id": "ann"}, "thing:view"), plain_row) == refused("membership", "not_a_member", null)
	decide(patched(owner_asks, "/member/role", "gone"), plain_row) == refused("membership", "unknown_role", null)
	decide(patched(owner_asks, "/member/status", "inactive"), plain_row) == refused("membership", "member_inactive", null)
	decide(patched(owner_asks, "/member/sessions_valid_after", "never"), plain_row) == refused(
		"membership", "session_terminated",
		null,
	)
}

test_gates_judge_those_who_lack_the_right if {
	stages := {"gate": [own("bad_gate")]}
	decide(editor_asks, row_with(stages, [])) == refused("gate", "two_factor_required", own("bad_gate"))
}

test_gates_judge_members_who_act_for_themselves if {
	every stage in ["membership", "gate"] {
		check := own(concat("_", ["bad", stage]))
		row := object.union(row_with({stage: [check]}, []), {"who": "self"})
		decide(owner_asks, row) == refused(stage, demo_rules.checks[check[1]], check)
	}
}

test_gates_do_not_judge_services_and_invitees if {
	every stage in ["membership", "gate"] {
		row := row_with({stage: [own(concat("_", ["bad", stage]))]}, [])
		decide(robot_asks, object.union(row, {"who": "service", "services": {"robot": true}})) == allowed("system_grant", [])
		decide(asking(ann, "thing:view"), object.union(row, {"who": "invitee"})) == allowed("invitee_self", [])
	}
}

test_services_and_invitees_are_checked_from_stage_5_on if {
	every stage in ["relation", "shape", "target", "precondition"] {
		check := own(concat("_", ["bad", stage]))
		row := row_with({stage: [check]}, [])
		answer := refused(stage, demo_rules.checks[check[1]], check)
		decide(robot_asks, object.union(row, {"who": "service", "services": {"robot": true}})) == answer
		decide(asking(ann, "thing:view"), object.union(row, {"who": "invitee"})) == answer
	}
}

# --- Stage 4

test_services_that_the_row_does_not_name_have_no_right if {
	denied := refused("right", "no_permission", null)
	decide(robot_asks, plain_row) == denied
	decide(robot_asks, object.union(plain_row, {"who": "invitee"})) == denied
	decide(robot_asks, object.union(plain_row, {"who": "self"})) == denied
	decide(robot_asks, object.union(plain_row, {"who": "service", "services": {"support": true}})) == denied
}

test_people_have_no_right_to_what_services_do if {
	row := object.union(plain_row, {"who": "service", "services": {"ann": true}})
	decide(owner_asks, row) == refused("right", "no_permission", null)
}

test_a_role_that_is_not_on_the_plan_has_no_right if {
	facts := patched(owner_asks, "/member/role", "nobody")
	every who in ["member", "self", "service"] {
		decide(facts, object.union(plain_row, {"who": who})) == refused("right", "role_not_on_plan", null)
	}
}

test_a_grant_refuses if {
	decide(owner_asks, object.union(plain_row, {"grant": "by_nobody"})) == refused("right", "override_denied", null)
	decide(editor_asks, object.union(plain_row, {"grant": "by_role"})) == refused("right", "no_permission", null)
}

test_a_right_that_the_system_does_not_list_allows_nothing if {
	rules := object.union(demo_rules, {"grants": {"by_share": "ok"}})
	decide_by(rules, owner_asks, object.union(plain_row, {"grant": "by_share"})) == refused("right", "ok", null)
}

test_a_role_that_the_tenant_made_has_the_rights_of_grants if {
	model := patched(
		decisions_model(object.union(plain_row, {"grant": "by_share"})),
		"/demo/custom_roles", {"narrow": {}, "bound": {"plans": {"large": true}}},
	)
	facts := patched(owner_asks, "/tenant/custom_levels", [
		{"id": "reader", "kind": "narrow"},
		{"id": "auditor", "kind": "bound"},
		{"id": "odd", "kind": "galaxy"},
	])
	answers := {role: answer |
		some role in ["reader", "auditor", "odd"]
		answer := authz.decision with input as patched(facts, "/member/role", role)
			with data.model as model
			with data.systems.demo as demo_rules
	}
	answers == {
		"reader": allowed("share_grant", []),
		"auditor": refused("right", "role_not_on_plan", null),
		"odd": refused("membership", "unknown_role", null),
	}
}

# --- The todo of a cell

# The owner is bound by this condition in this stage, beside a check and an obligation of the row.
row_bound_by(condition, stage) := {
	"who": "member",
	"cells": {
		"owner": {
			"reason": "role_grant",
			"todo": todo_of({stage: [own("good"), ["conditions", condition]]}, own_obligations(["tell", "log_twice"])),
		},
		"editor": {"reason": "role_grant"},
	},
	"todo": todo_of({stage: [own("good")]}, own_obligations(["tell"])),
}

tell := {"type": "tell", "who": "tom"}

test_a_condition_binds_its_own_role if {
	every stage in check_stages {
		decide(owner_asks, row_bound_by("far", stage)) == refused(stage, "not_shared", ["conditions", "far"])
		decide(editor_asks, row_bound_by("far", stage)) == allowed("role_grant", [tell])
	}
}

test_a_condition_that_holds_brings_its_obligations if {
	every stage in check_stages {
		decide(owner_asks, row_bound_by("near", stage)) == allowed("role_grant", [
			tell,
			{"type": "log", "n": 1},
			{"type": "log", "n": 2},
		])
	}
}

test_a_condition_does_not_bind_who_is_granted_otherwise if {
	row := object.union(row_bound_by("far", "relation"), {"grant": "by_share"})
	decide(owner_asks, row) == allowed("share_grant", [tell])
	left_to_the_cell := object.union(row_bound_by("far", "relation"), {"grant": "by_role"})
	decide(owner_asks, left_to_the_cell) == refused("relation", "not_shared", ["conditions", "far"])
}

test_a_cell_may_grant_with_another_reason if {
	row := patched(row_bound_by("near", "relation"), "/cells/owner/reason", "share_grant")
	decide(owner_asks, row).reason == "share_grant"
	bound_row := patched(row_bound_by("far", "relation"), "/cells/owner/reason", "share_grant")
	decide(owner_asks, bound_row) == refused("relation", "not_shared", ["conditions", "far"])
}

# --- What a refusal carries

denying_row := object.union(
	row_with({"target": [own("bad_target")]}, own_obligations(["log_twice"])),
	{"on_deny": {
		"target_not_found": own_obligations(["nothing", "tell"]),
		"no_permission": own_obligations(["log_twice"]),
		"unknown_action": own_obligations(["tell"]),
	}},
)

test_a_refusal_carries_what_its_reason_asks_for if {
	decide(owner_asks, denying_row) == object.union(
		refused("target", "target_not_found", own("bad_target")),
		{"obligations": [tell]},
	)
	decide(editor_asks, denying_row) == object.union(
		refused("right", "no_permission", null),
		{"obligations": [{"type": "log", "n": 1}, {"type": "log", "n": 2}]},
	)
}

test_a_refusal_for_another_reason_carries_nothing if {
	decide(asking(ann, "thing:view"), denying_row) == refused("membership", "not_a_member", null)
	decide(patched(owner_asks, "/request/action/name", "thing:lose"), denying_row) == refused("request", "unknown_action", null)
}

test_a_refusal_for_a_limit_shows_the_figures if {
	decide(owner_asks, row_with({"capacity": [own("bad_capacity")]}, [])).limit == demo_rules.limits.seats
	decide(owner_asks, row_with({"target": [own("bad_target")]}, [])).limit == null
}

# --- Shared rules

by_shared_rules(row) := value if {
	value := authz.decision with input as owner_asks
		with data.model as patched(decisions_model(row), "/demo/limits", {"self_target": ["shared", "seats"]})
		with data.systems.demo as demo_rules
		with data.authz.shared as shared_rules
}

test_shared_checks_are_asked if {
	by_shared_rules(row_with({"target": [["shared", "good"]]}, [])) == allowed("role_grant", [])
	by_shared_rules(row_with({"target": [["shared", "bad_target"]]}, [])).reason == "self_target"
	by_shared_rules(row_with({"target": [["shared", "bad_target"]]}, [])).check == ["shared", "bad_target"]
}

test_shared_obligations_are_due if {
	by_shared_rules(row_with({}, [["shared", "tell"], ["obligations", "tell"]])) == allowed("role_grant", [{"type": "tell_all"}, tell])
}

test_shared_limits_are_shown if {
	by_shared_rules(row_with({"target": [["shared", "bad_target"]]}, [])).limit == shared_rules.limits.seats
}

test_a_rule_of_the_system_is_no_shared_rule if {
	not by_shared_rules(row_with({"target": [["shared", "also_good"]]}, []))
	not by_shared_rules(row_with({"target": [["shared", "near"]]}, []))
}

# --- A rule that is named and does not exist leaves no decision

# A row for every position in which a rule is named, and the rule it names.
named_rules := {
	"a check of stage 2": {"kind": "checks", "name": "good", "row": row_with({"membership": [own("good")]}, [])},
	"a check of stage 3": {"kind": "checks", "name": "good", "row": row_with({"gate": [own("good")]}, [])},
	"a check of stage 5": {"kind": "checks", "name": "good", "row": row_with({"relation": [own("good")]}, [])},
	"a check of stage 6": {"kind": "checks", "name": "good", "row": row_with({"shape": [own("good")]}, [])},
	"a check of stage 7": {"kind": "checks", "name": "good", "row": row_with({"target": [own("good")]}, [])},
	"a check of stage 8": {"kind": "checks", "name": "good", "row": row_with({"precondition": [own("good")]}, [])},
	"a check of stage 9": {"kind": "checks", "name": "good", "row": row_with({"capacity": [own("good")]}, [])},
	"a condition": {"kind": "conditions", "name": "near", "row": row_bound_by("near", "relation")},
	"a grant": {"kind": "grants", "name": "by_share", "row": object.union(plain_row, {"grant": "by_share"})},
	"an obligation of an allow": {"kind": "obligations", "name": "tell", "row": row_with({}, own_obligations(["log_twice", "tell"]))},
	"an obligation of a cell": {"kind": "obligations", "name": "log_twice", "row": row_bound_by("near", "shape")},
	"an obligation of a deny": {"kind": "obligations", "name": "tell", "row": denying_row},
	"an empty obligation": {"kind": "obligations", "name": "nothing", "row": denying_row},
	"a limit": {"kind": "limits", "name": "seats", "row": row_with({"capacity": [own("bad_capacity")]}, [])},
}

removed(rules, kind, name) := json.remove(rules, [[kind, name]])

renamed(rules, kind, name) := object.union(removed(rules, kind, name), {kind: {concat("", [name, "_"]): rules[kind][name]}})

test_with_the_named_rule_there_is_a_decision if {
	every named in named_rules {
		is_boolean(decide(owner_asks, named.row).decision)
	}
}

test_without_the_named_rule_there_is_no_decision if {
	every named in named_rules {
		undecided(removed(demo_rules, named.kind, named.name), owner_asks, named.row)
		undecided(json.remove(demo_rules, [named.kind]), owner_asks, named.row)
		undecided({}, owner_asks, named.row)
	}
}

test_with_the_named_rule_renamed_there_is_no_decision if {
	every named in named_rules {
		undecided(renamed(demo_rules, named.kind, named.name), owner_asks, named.row)
	}
}

test_a_named_rule_is_not_looked_for_among_those_of_another_kind if {
	every named in named_rules {
		others := {"checks", "conditions", "grants", "obligations", "limits"} - {named.kind}
		value := demo_rules[named.kind][named.name]
		moved := object.union(removed(demo_rules, named.kind, named.name), {kind: {named.name: value} | some kind in others})
		undecided(moved, owner_asks, named.row)
	}
}

test_a_named_rule_is_not_looked_for_in_another_system if {
	every named in named_rules {
		[decision |
			decision := authz.decision with input as owner_asks
				with data.model as decisions_model(named.row)
				with data.systems.demo as removed(demo_rules, named.kind, named.name)
				with data.systems.other as demo_rules
				with data.authz.shared as demo_rules
		] == []
	}
}

test_a_missing_check_among_others_is_missed if {
	rules := removed(demo_rules, "checks", "also_good")
	every stage in array.concat(["membership", "gate"], check_stages) {
		bad := own(concat("_", ["bad", stage]))
		undecided(rules, owner_asks, row_with({stage: [own("good"), own("also_good")]}, []))
		undecided(rules, owner_asks, row_with({stage: [own("also_good"), own("good")]}, []))
		undecided(rules, owner_asks, row_with({stage: [own("also_good"), bad]}, []))
	}
}

test_a_missing_check_does_not_pass_the_word_to_a_later_stage if {
	rules := removed(demo_rules, "checks", "also_good")
	stages := array.concat(["membership", "gate"], check_stages)
	every place in numbers.range(0, count(stages) - 2) {
		bad := own(concat("_", ["bad", stages[place + 1]]))
		undecided(rules, owner_asks, row_with({stages[place]: [own("also_good")], stages[place + 1]: [bad]}, []))
	}
	every stage in ["membership", "gate"] {
		undecided(rules, editor_asks, row_with({stage: [own("also_good")]}, []))
	}
	granted := object.union(row_with({"relation": [own("bad_relation")]}, []), {"grant": "by_share"})
	undecided(removed(demo_rules, "grants", "by_share"), owner_asks, granted)
}

test_a_missing_check_never_allows_after_one_that_refuses if {
	rules := removed(demo_rules, "checks", "also_good")
	every stage in array.concat(["membership", "gate"], check_stages) {
		bad := own(concat("_", ["bad", stage]))
		decide_by(rules, owner_asks, row_with({stage: [bad, own("also_good")]}, [])).decision == false
	}
}

test_an_earlier_refusal_needs_no_later_rule if {
	rules := removed(demo_rules, "checks", "good")
	every stage in check_stages {
		decide_by(rules, editor_asks, row_with({stage: [own("good")]}, [])) == refused("right", "no_permission", null)
	}
	decide_by({}, asking(ann, "thing:view"), object.union(plain_row, {"grant": "by_share"})) == refused(
		"membership", "not_a_member",
		null,
	)
}

test_a_missing_shared_rule_leaves_no_decision if {
	not by_shared_rules(row_with({"target": [["shared", "gone"]]}, []))
	not by_shared_rules(row_with({}, [["shared", "gone"]]))
	not by_shared_rules(object.union(
		row_with({"target": [["shared", "bad_target"]]}, []),
		{"on_deny": {"self_target": [["shared", "gone"]]}},
	))
	row := row_with({"target": [["shared", "bad_target"]]}, [])
	[decision |
		decision := authz.decision with input as owner_asks
			with data.model as patched(decisions_model(row), "/demo/limits", {"self_target": ["shared", "gone"]})
			with data.authz.shared as shared_rules
	] == []
}

test_a_rule_of_an_unknown_kind_leaves_no_decision if {
	every kind in ["check", "Checks", "", null, "obligations", "limits", "grants"] {
		every stage in array.concat(["membership", "gate"], check_stages) {
			undecided(demo_rules, owner_asks, row_with({stage: [[kind, "good"]]}, []))
		}
	}
}
