package systems.filerobot_test

import data.systems.filerobot

invite := {"email": "a@example.com", "level": "viewer", "scope": ["p1"]}

free := {"address": "a@example.com", "taken": false}

batch_by(role, scope, invites, facts) := value if {
	value := filerobot.checks.every_invitation_is_possible with input as asked(
		role, scope,
		{"invites": invites},
	)
		with input.items.invites as facts
		with data.model as model
}

batch(invites, facts) := batch_by("manager", ["p1", "p2"], invites, facts)

# One invitation that differs in some attributes from one that is possible.
changed(attributes) := batch([object.union(invite, attributes)], [free])

test_a_batch_is_possible if {
	batch([invite], [free]) == "ok"
	batch(
		[invite, object.union(invite, {"email": "b@example.com", "scope": ["p2", "p1"]})],
		[free, {"address": "b@example.com", "taken": false}],
	) == "ok"
	batch_by("owner", "company", [object.union(invite, {"level": "lead", "scope": "company"})], [free]) == "ok"
}

test_each_refusal_of_an_invitation if {
	changed({"email": " "}) == "missing_field"
	changed({"email": 5}) == "missing_field"
	changed({"level": null}) == "missing_field"
	changed({"scope": []}) == "missing_field"
	changed({"scope": "p1"}) == "missing_field"
	changed({"level": "gone"}) == "unknown_level"
	changed({"level": 5}) == "unknown_level"
	changed({"scope": ["p1", "p9"]}) == "unknown_project"
	changed({"level": "accountant"}) == "level_not_lower"
	changed({"scope": ["p3"]}) == "scope_not_covered"
	changed({"scope": "company"}) == "scope_not_covered"
	batch([invite], [object.union(free, {"taken": true})]) == "already_member"
	batch_by("owner", "company", [object.union(invite, {"level": "accountant"})], [free]) == "company_only_level"
}

test_an_invitation_that_is_no_object if {
	every thing in ["a@example.com", 5, null, ["a"], {}] {
		batch([thing], [null]) == "missing_field"
	}
}

test_the_first_failure_of_an_invitation_is_its_reason if {
	changed({"level": "gone", "scope": ["p9"]}) == "unknown_level"
	batch(
		[object.union(invite, {"level": "accountant", "scope": ["p3"]})],
		[object.union(free, {"taken": true})],
	) == "level_not_lower"
}

test_the_first_invitation_that_fails_refuses_the_batch if {
	batch(
		[invite, object.union(invite, {"scope": ["p3"]}), {}],
		[free, {"address": "b@example.com", "taken": false}, null],
	) == "scope_not_covered"
	batch([invite, {}, object.union(invite, {"scope": ["p3"]})], [free, null, free]) == "missing_field"
}

test_an_address_is_invited_once if {
	batch([invite, invite], [free, free]) == "already_member"
	batch(
		[invite, object.union(invite, {"email": "b@example.com"}), object.union(invite, {"email": "A@example.com "})],
		[free, {"address": "b@example.com", "taken": false}, free],
	) == "already_member"

	# The earlier one of two is refused for what is wrong with it, not for the address.
	batch([object.union(invite, {"scope": ["p3"]}), invite], [free, free]) == "scope_not_covered"
}

test_an_invitation_without_its_fact_is_refused if {
	batch([invite], []) == "already_member"
	batch([invite], [null]) == "already_member"
	filerobot.checks.every_invitation_is_possible == "already_member" with input as asked(
		"owner", "company",
		{"invites": [invite]},
	)
		with data.model as model
}

test_a_level_without_a_rank_is_refused if {
	unranked := json.remove(model, ["filerobot/roles/viewer/rank"])
	filerobot.checks.every_invitation_is_possible == "level_not_lower" with data.model as unranked
		with input as asked("owner", "company", {"invites": [invite]})
		with input.items.invites as [free]
	filerobot.checks.level_ranks_lower == "level_not_lower" with data.model as unranked
		with input as asked("owner", "company", invite)
}

test_no_batch_is_refused if {
	every invites in ["a", 5, null] {
		batch(invites, []) == "missing_field"
	}
	filerobot.checks.every_invitation_is_possible == "missing_field" with input as asked("owner", "company", {})
		with data.model as model
}

test_each_invited_address_gets_an_email if {
	filerobot.obligations.send_invitation_emails == [
		{"type": "send_invitation_email", "to": "Ann@example.com"},
		{"type": "send_invitation_email", "to": "b@example.com"},
	] with input as asked("owner", "company", {"invites": [{"email": " Ann@example.com\t"}, {"email": "b@example.com"}]})
}
