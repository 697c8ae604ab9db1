# METADATA
# title: The decision
# description: |
#   One answer to one request, found in ten stages. The first stage that says no gives the reason, and a stage is
#   asked only when every stage before it said ok. Nothing stands in for a stage that gave no answer: then there is
#   no decision, and the sidecar answers 503. That is why `decision` has no default.
package authz

# METADATA
# title: Decision
# description: What the sidecar evaluates.
# entrypoint: true
decision := {
	"decision": true,
	"reason": right,
	"role": member_role,
	"obligations": due(todo.obligations),
} if {
	capacity == "ok"
} else := {
	"decision": false,
	"reason": refusal.reason,
	"role": member_role,
	"stage": refusal.stage,
	"check": refused_by,
	"limit": limit,
	"obligations": due(due_on_deny),
}

# The stages. 1 to 4 are core rules beside this file; what a system adds to 2 and 3, and all of 5 to 9, are the checks
# that the permission's row names. Stage 10 is the allow above.

# Stage 1: the system lists the permission.
default request := "unknown_action"

request := "ok" if row.who

# Stage 2: the subject's record, then the gates that the system adds.
standing := membership if {
	request == "ok"
	membership != "ok"
} else := gates("membership") if {
	request == "ok"
	membership == "ok"
}

# Stage 3: the tenant's gate.
tenant_gate := gates("gate") if standing == "ok"

# Stage 4: the right.
granted := "ok" if {
	tenant_gate == "ok"
	model.allow_reasons[right]
} else := right if {
	tenant_gate == "ok"
}

# Stage 5 to 9
relation := first_failure("relation") if granted == "ok"

shape := first_failure("shape") if relation == "ok"

target := first_failure("target") if shape == "ok"

precondition := first_failure("precondition") if target == "ok"

capacity := first_failure("capacity") if precondition == "ok"

refusal := {"stage": "request", "reason": request} if {
	request != "ok"
} else := {"stage": "membership", "reason": standing} if {
	standing != "ok"
} else := {"stage": "gate", "reason": tenant_gate} if {
	tenant_gate != "ok"
} else := {"stage": "right", "reason": granted} if {
	granted != "ok"
} else := {"stage": "relation", "reason": relation} if {
	relation != "ok"
} else := {"stage": "shape", "reason": shape} if {
	shape != "ok"
} else := {"stage": "target", "reason": target} if {
	target != "ok"
} else := {"stage": "precondition", "reason": precondition} if {
	precondition != "ok"
} else := {"stage": "capacity", "reason": capacity} if {
	capacity != "ok"
}

default due_on_deny := []

due_on_deny := row.on_deny[refusal.reason]

# The check that refused, for the file and line of the answer; null where a core stage did.
refused_by := [name |
	some name in todo[refusal.stage]
	verdict(name) == refusal.reason
][0] if {
	some name in todo[refusal.stage]
	verdict(name) == refusal.reason
} else := null

limit := limit_figures(model.limits[refusal.reason]) if {
	model.limits[refusal.reason]
} else := null if {
	not model.limits[refusal.reason]
}

# What is to be checked and done: that of the cell where the role's cell granted, else that of the row.
todo := row.cells[member_role].todo if {
	row.cells[member_role].reason == right
} else := row.todo

# Gates judge members alone.
gates(name) := "ok" if {
	asker != "member"
} else := first_failure(name)

# METADATA
# description: |
#   Runs the checks that the row names for a stage. Fewer verdicts than names (a rule that does not exist, or that
#   yields nothing) make it undefined, and so the decision.
first_failure(name) := "ok" if {
	count(todo[name]) == 0
} else := failed[0] if {
	names := todo[name]
	verdicts := [verdict(pair) | some pair in names]
	count(verdicts) == count(names)
	failed := array.concat([verdict | some verdict in verdicts; verdict != "ok"], ["ok"])
}

# METADATA
# description: What a list of obligation rules asks for, in order; undefined if one of them yields nothing.
due(names) := [] if {
	count(names) == 0
} else := [obligation | some list in lists; some obligation in list] if {
	lists := [obligation(name) | some name in names]
	count(lists) == count(names)
}

# The rules that the YAML names: those of the system, else the shared ones. A name in both is a build error. Each kind is
# written out, because OPA compiles a look-up by kind to broken WASM where a package also holds functions.

verdict(pair) := check(pair[1]) if {
	pair[0] == "checks"
} else := data.systems[input.tenant.system].conditions[pair[1]]

check(name) := value if {
	value := data.systems[input.tenant.system].checks[name]
} else := data.authz.shared.checks[name]

obligation(name) := value if {
	value := data.systems[input.tenant.system].obligations[name]
} else := data.authz.shared.obligations[name]

limit_figures(name) := value if {
	value := data.systems[input.tenant.system].limits[name]
} else := data.authz.shared.limits[name]
