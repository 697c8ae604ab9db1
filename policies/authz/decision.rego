# METADATA
# title: The decision
# description: |
#   One answer to one request, found in ten stages; the first that says no gives the reason. Stages 1, 2 and 4 are the
#   core's own (membership.rego, right.rego). What a system adds to 2 and 3, and all of 5 to 9, are the checks that the
#   permission's row names, in order. Stage 10 is the allow.
#
#   Nothing stands in for an answer that is missing: where a rule that was named yields nothing, there is no decision,
#   and the sidecar answers 503. That is why `decision` has no default.
package authz

# METADATA
# title: Decision
# description: What the sidecar evaluates.
# entrypoint: true
decision := {
	"decision": true,
	"reason": right,
	"obligations": due(todo.obligations),
} if {
	row.who
	membership == "ok"
	gates_hold
	model.allow_reasons[right]
	checks_hold
} else := {
	"decision": false,
	"reason": refusal.reason,
	"stage": refusal.stage,
	"check": refusal.check,
	"limit": limit,
	"obligations": due(due_on_deny),
}

# Stage 2, what the system adds, and stage 3. Gates judge members alone.
gates_hold if not todo.gates

gates_hold if asker != "member"

gates_hold if {
	every pair in todo.gates {
		verdict(pair) == "ok"
	}
}

# Stages 5 to 9
checks_hold if not todo.checks

checks_hold if {
	every pair in todo.checks {
		verdict(pair) == "ok"
	}
}

# METADATA
# description: |
#   The first stage that says no. Each clause asks for all that comes before it, so that a stage without an answer
#   leaves the refusal undefined rather than pass the word to a later one.
refusal := {"stage": "request", "reason": "unknown_action", "check": null} if {
	not row.who
} else := {"stage": "membership", "reason": membership, "check": null} if {
	membership != "ok"
} else := refusal_of(failing_gate) if {
	not gates_hold
} else := {"stage": "right", "reason": right, "check": null} if {
	gates_hold
	not model.allow_reasons[right]
} else := refusal_of(failing_check) if {
	gates_hold
	model.allow_reasons[right]
}

refusal_of(failing) := {"stage": failing[0], "reason": verdict(failing[1]), "check": failing[1]}

failing_gate := first_failing("membership") if {
	first_failing("membership")
} else := first_failing("gate")

failing_check := first_failing("relation") if {
	first_failing("relation")
} else := first_failing("shape") if {
	first_failing("shape")
} else := first_failing("target") if {
	first_failing("target")
} else := first_failing("precondition") if {
	first_failing("precondition")
} else := first_failing("capacity")

# A check that yields nothing fails like one that refuses; its missing verdict then leaves the refusal undefined.
first_failing(stage) := [[stage, pair] | some pair in todo[stage]; not holds(pair)][0]

holds(pair) if verdict(pair) == "ok"

default due_on_deny := []

due_on_deny := row.on_deny[refusal.reason]

limit := limit_figures(model.limits[refusal.reason]) if {
	model.limits[refusal.reason]
} else := null if {
	not model.limits[refusal.reason]
}

# What is to be checked and done: that of the cell where the role's cell granted, else that of the row.
todo := row.cells[member_role].todo if {
	row.cells[member_role].reason == right
} else := row.todo

# METADATA
# description: What obligation rules ask for, in order; undefined if one of them yields no list.
due(pairs) := [] if {
	count(pairs) == 0
} else := [obligation | some list in lists; some obligation in list] if {
	lists := [list | some pair in pairs; list := obligations_of(pair); is_array(list)]
	count(lists) == count(pairs)
}

# The rules that the YAML names, each as a pair of its kind and name. The build says whether a rule is the system's own
# or a shared one. Every kind is written out: OPA compiles a look-up by kind to broken WASM beside functions.

verdict(pair) := data.authz.shared.checks[pair[1]] if {
	pair[0] == "shared"
} else := data.systems[input.tenant.system].checks[pair[1]] if {
	pair[0] == "checks"
} else := data.systems[input.tenant.system].conditions[pair[1]] if {
	pair[0] == "conditions"
}

obligations_of(pair) := data.authz.shared.obligations[pair[1]] if {
	pair[0] == "shared"
} else := data.systems[input.tenant.system].obligations[pair[1]] if {
	pair[0] == "obligations"
}

limit_figures(pair) := data.authz.shared.limits[pair[1]] if {
	pair[0] == "shared"
} else := data.systems[input.tenant.system].limits[pair[1]] if {
	pair[0] == "limits"
}
