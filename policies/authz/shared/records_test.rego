package authz.shared_test

import data.authz.shared

# The shared rules, asked about this target with these properties.
about(target, properties) := value if {
	value := shared with input as {"request": {"resource": {"properties": properties}}, "target": target}
}

test_the_target_exists_in_whatever_status if {
	about({"user": "tom"}, {"user": "tom"}).checks.target_exists == "ok"
	every status in ["pending", "active", "inactive", "gone", ""] {
		about({"user": "tom", "status": status}, {"user": "tom"}).checks.target_exists == "ok"
	}
}

test_the_target_does_not_exist if {
	shared.checks.target_exists == "target_not_found" with input as {"request": {"resource": {"properties": {"user": "tom"}}}}
	about({"user": "tom"}, {"user": "Tom"}).checks.target_exists == "target_not_found"
	about({"user": "tom"}, {"user": ["tom"]}).checks.target_exists == "target_not_found"
	about({"user": "tom"}, {}).checks.target_exists == "target_not_found"
	about({}, {}).checks.target_exists == "target_not_found"
}

address_is_free(invited) := value if {
	value := shared.checks.address_is_free with input.items.invited as invited
}

test_an_address_that_nobody_has_is_free if {
	address_is_free([{"address": "a@example.com", "taken": false}]) == "ok"
}

test_an_address_is_not_free if {
	address_is_free([{"address": "a@example.com", "taken": true}]) == "already_member"
	address_is_free([{"address": "a@example.com", "taken": "no"}]) == "already_member"
	address_is_free([{"address": "a@example.com"}]) == "already_member"
	address_is_free([null]) == "already_member"
	address_is_free([]) == "already_member"
	shared.checks.address_is_free == "already_member" with input as {}
}

test_an_invitation_is_pending if {
	shared.checks.invitation_is_pending == "ok" with input.member.status as "pending"
}

test_no_invitation_is_pending if {
	every status in ["active", "inactive", "Pending", "", true] {
		shared.checks.invitation_is_pending == "no_pending_invitation" with input.member.status as status
	}
	shared.checks.invitation_is_pending == "no_pending_invitation" with input as {"member": {"user": "ann"}}
	shared.checks.invitation_is_pending == "no_pending_invitation" with input as {}
}

# What the check says of a target of this record, where the row names these states.
state_allows(target, from) := value if {
	value := shared.checks.state_allows with input as {
		"request": {"action": {"name": "member:move"}},
		"tenant": {"system": "demo"},
		"target": object.union(target, {"exists": true}),
	}
		with data.model as {"demo": {"permissions": {"member:move": {"from": from}}}}
}

test_a_target_that_is_not_there_is_in_no_state if {
	shared.checks.state_allows == "invalid_transition" with input as {
		"request": {"action": {"name": "member:move"}},
		"tenant": {"system": "demo"},
	}
		with data.model as {"demo": {"permissions": {"member:move": {"from": {"active": true}}}}}
}

test_the_target_is_in_a_state_that_the_row_names if {
	state_allows({"status": "pending"}, {"pending": true}) == "ok"
	state_allows({"status": "active"}, {"active": true, "pending": true}) == "ok"
	state_allows({"status": "inactive"}, {"inactive": true}) == "ok"
	state_allows({"user": "tom"}, {"active": true}) == "ok"
	state_allows({"status": "blocked"}, {"inactive": true}) == "ok"
}

test_the_target_is_in_another_state if {
	state_allows({"status": "pending"}, {"active": true, "inactive": true}) == "invalid_transition"
	state_allows({"status": "active"}, {"inactive": true, "pending": true}) == "invalid_transition"
	state_allows({"status": "inactive"}, {"active": true, "pending": true}) == "invalid_transition"
	state_allows({"user": "tom"}, {"inactive": true, "pending": true}) == "invalid_transition"
	state_allows({"status": "blocked"}, {"active": true, "pending": true}) == "invalid_transition"
	state_allows({"status": "active"}, {}) == "invalid_transition"
}

test_a_row_that_names_no_states_allows_none if {
	shared.checks.state_allows == "invalid_transition" with input as {
		"request": {"action": {"name": "member:move"}},
		"tenant": {"system": "demo"},
		"target": {"user": "tom", "status": "active"},
	}
		with data.model as {"demo": {"permissions": {"member:move": {}}}}
}

test_states_of_a_target if {
	about({"status": "pending"}, {}).target_state == "pending"
	about({"status": "active"}, {}).target_state == "active"
	about({"user": "tom"}, {}).target_state == "active"
	every status in ["inactive", "blocked", "Active", "PENDING", " ", ""] {
		about({"status": status}, {}).target_state == "inactive"
	}
}

test_another_role_is_a_change if {
	about({"role": "editor"}, {"role": "viewer"}).checks.role_changes == "ok"
	about({"user": "tom"}, {"role": "viewer"}).checks.role_changes == "ok"
}

test_the_same_role_is_no_change if {
	about({"role": "editor"}, {"role": "editor"}).checks.role_changes == "invalid_transition"
	about({"role": "editor"}, {}).checks.role_changes == "invalid_transition"
	about({"user": "tom"}, {"role": ""}).checks.role_changes == "invalid_transition"
}

test_the_invitation_goes_to_the_trimmed_address if {
	about({}, {"email": "\t Ann.Lee@Example.com \u00a0"}).obligations.send_invitation_email == [{
		"type": "send_invitation_email",
		"to": "Ann.Lee@Example.com",
	}]
}

test_no_invitation_goes_to_what_is_no_address if {
	not about({}, {}).obligations.send_invitation_email
	not about({}, {"email": 5}).obligations.send_invitation_email
}

test_an_invitation_is_sent_again_to_the_address_of_the_record if {
	about({"user": "tom", "email": "tom@example.com"}, {}).obligations.resend_invitation_email == [{
		"type": "send_invitation_email",
		"to": "tom@example.com",
	}]
}

test_an_invitation_is_sent_again_to_the_id_where_there_is_no_address if {
	expected := [{"type": "send_invitation_email", "to": "tom"}]
	about({"user": "tom"}, {}).obligations.resend_invitation_email == expected
	about({"user": "tom", "email": 5}, {}).obligations.resend_invitation_email == expected
}

test_an_invitation_is_sent_again_to_somebody if {
	not about({}, {}).obligations.resend_invitation_email
}

test_the_invitation_of_a_pending_target_is_void if {
	about({"user": "tom", "status": "pending"}, {}).obligations.invalidate_invitation == [{
		"type": "invalidate_invitation",
		"user": "tom",
	}]
}

test_who_is_not_pending_has_no_invitation if {
	every target in [{"user": "tom"}, {"user": "tom", "status": "active"}, {"user": "tom", "status": "inactive"}] {
		about(target, {}).obligations.invalidate_invitation == []
	}
}

test_the_sessions_of_an_active_target_end if {
	every target in [{"user": "tom"}, {"user": "tom", "status": "active"}] {
		about(target, {}).obligations.terminate_sessions == [{"type": "terminate_sessions", "user": "tom"}]
	}
}

test_who_is_not_active_has_no_sessions if {
	every status in ["pending", "inactive", "blocked"] {
		about({"user": "tom", "status": status}, {}).obligations.terminate_sessions == []
	}
}
