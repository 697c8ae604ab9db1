package systems.filestack_test

import data.systems.filestack

# The keys of the account. `k0` was one of them once.
account_keys := ["k1", "k2", "k3"]

# What is no name of a key, and what counts as no key at all.
other_values := [5, 0, true, false, ["k1"], {"k1": true}, "K1", " k1"]

blanks := [null, "", " \t", [], {}]

# The rules for a developer with these keys, asked with these properties.
for_developer(keys, properties) := value if {
	value := filestack with input as {
		"request": {"resource": {"properties": properties}},
		"tenant": {"api_keys": account_keys},
		"member": {"user": "dev", "role": "developer", "api_keys": keys},
	}
}

# The rules for an owner who asks with these properties.
asked(properties) := value if {
	value := filestack with input as {
		"request": {"resource": {"properties": properties}},
		"tenant": {"api_keys": account_keys},
	}
}

# The same about this target.
asked_about(target, properties) := value if {
	value := filestack with input as {
		"request": {"resource": {"properties": properties}},
		"tenant": {"api_keys": account_keys},
		"target": target,
	}
}

# --- Keys assigned

test_assigned_keys_keep_their_stored_order if {
	for_developer(["k3", "k1"], {}).assigned_keys == ["k3", "k1"]
	asked_about({"api_keys": ["k3", "k1"]}, {}).target_keys == ["k3", "k1"]
}

test_a_key_that_no_longer_exists_counts_nowhere if {
	for_developer(["k0", "k2", "k9"], {}).assigned_keys == ["k2"]
	asked_about({"api_keys": ["k0", "k2", "k9"]}, {}).target_keys == ["k2"]
}

test_without_the_lists_no_key_is_assigned if {
	filestack.assigned_keys == [] with input as {"tenant": {"api_keys": account_keys}, "member": {"user": "dev"}}
	filestack.assigned_keys == [] with input as {"tenant": {}, "member": {"api_keys": ["k1"]}}
	filestack.target_keys == [] with input as {"tenant": {"api_keys": account_keys}, "target": {"user": "dev"}}
	filestack.target_keys == [] with input as {"tenant": {}, "target": {"api_keys": ["k1"]}}
}

# --- Conditions

test_a_developer_uses_an_assigned_key if {
	for_developer(["k1", "k2"], {"api_key": "k2"}).conditions.assigned_key == "ok"
}

test_a_developer_uses_no_other_key if {
	for_developer(["k1"], {"api_key": "k2"}).conditions.assigned_key == "api_key_not_assigned"
	for_developer(["k0"], {"api_key": "k0"}).conditions.assigned_key == "api_key_not_assigned"
	for_developer([], {"api_key": "k1"}).conditions.assigned_key == "api_key_not_assigned"
	every value in other_values {
		for_developer(["k1"], {"api_key": value}).conditions.assigned_key == "api_key_not_assigned"
	}
	filestack.conditions.assigned_key == "api_key_not_assigned" with input.request.resource.properties.api_key as "k1"
}

test_a_developer_names_the_key_to_use if {
	for_developer(["k1"], {}).conditions.assigned_key == "missing_field"
	every value in blanks {
		for_developer(["k1"], {"api_key": value}).conditions.assigned_key == "missing_field"
	}
}

test_a_developer_sees_an_assigned_key if {
	for_developer(["k1", "k2"], {"api_key": "k2"}).conditions.assigned_key_or_list == "ok"
}

test_a_developer_sees_no_other_key if {
	for_developer(["k1"], {"api_key": "k2"}).conditions.assigned_key_or_list == "api_key_not_assigned"
	for_developer(["k0"], {"api_key": "k0"}).conditions.assigned_key_or_list == "api_key_not_assigned"
	every value in other_values {
		for_developer(["k1"], {"api_key": value}).conditions.assigned_key_or_list == "api_key_not_assigned"
	}
	filestack.conditions.assigned_key_or_list == "api_key_not_assigned" with input.request.resource.properties.api_key as "k1"
}

test_a_developer_need_not_name_the_key_to_see if {
	for_developer(["k1"], {}).conditions.assigned_key_or_list == "ok"
	every value in blanks {
		for_developer(["k1"], {"api_key": value}).conditions.assigned_key_or_list == "ok"
	}
}

test_without_a_key_the_list_is_filtered if {
	for_developer(["k3", "k0", "k1"], {}).obligations.filter_api_keys == [{"type": "filter_api_keys", "keys": ["k3", "k1"]}]
	for_developer([], {}).obligations.filter_api_keys == [{"type": "filter_api_keys", "keys": []}]
	every value in blanks {
		for_developer(["k1"], {"api_key": value}).obligations.filter_api_keys == [{"type": "filter_api_keys", "keys": ["k1"]}]
	}
}

test_with_a_key_there_is_nothing_to_filter if {
	for_developer(["k1"], {"api_key": "k1"}).obligations.filter_api_keys == []
}

# --- Keys that the request names

test_a_key_of_the_account_exists if {
	asked({"api_key": "k3"}).checks.key_exists == "ok"
}

test_a_key_that_is_not_of_the_account_is_unknown if {
	every value in array.concat(["k0"], array.concat(other_values, blanks)) {
		asked({"api_key": value}).checks.key_exists == "unknown_api_key"
	}
	asked({}).checks.key_exists == "unknown_api_key"
	filestack.checks.key_exists == "unknown_api_key" with input.request.resource.properties.api_key as "k1"
}

test_a_key_that_is_named_exists if {
	asked({"api_key": "k3"}).checks.named_key_exists == "ok"
	every value in array.concat(["k0"], other_values) {
		asked({"api_key": value}).checks.named_key_exists == "unknown_api_key"
	}
	filestack.checks.named_key_exists == "unknown_api_key" with input.request.resource.properties.api_key as "k1"
}

test_no_key_need_be_named if {
	asked({}).checks.named_key_exists == "ok"
	every value in blanks {
		asked({"api_key": value}).checks.named_key_exists == "ok"
	}
}

test_keys_come_as_a_list if {
	every keys in [["k1"], ["k9", 5], [], [null]] {
		asked({"role": "developer", "api_keys": keys}).checks.named_keys_are_a_list == "ok"
	}
	every keys in ["k1", 5, 0, true, false, {"k1": true}] {
		asked({"role": "developer", "api_keys": keys}).checks.named_keys_are_a_list == "missing_field"
		asked({"api_keys": keys}).checks.named_keys_are_a_list == "missing_field"
	}
}

test_no_keys_need_be_named if {
	asked({"role": "developer"}).checks.named_keys_are_a_list == "ok"
	asked({"role": "developer"}).checks.named_keys_exist == "ok"
	every keys in blanks {
		asked({"role": "developer", "api_keys": keys}).checks.named_keys_are_a_list == "ok"
		asked({"role": "developer", "api_keys": keys}).checks.named_keys_exist == "ok"
	}
}

test_every_key_of_the_list_exists if {
	asked({"role": "developer", "api_keys": ["k1", "k3"]}).checks.named_keys_exist == "ok"
	asked({"api_keys": ["k1"]}).checks.named_keys_exist == "ok"
	asked({"role": "developer", "api_keys": ["k1", "k0"]}).checks.named_keys_exist == "unknown_api_key"
	every value in array.concat(other_values, blanks) {
		asked({"role": "developer", "api_keys": ["k1", value]}).checks.named_keys_exist == "unknown_api_key"
		asked({"api_keys": [value]}).checks.named_keys_exist == "unknown_api_key"
	}
	filestack.checks.named_keys_exist == "unknown_api_key" with input.request.resource.properties.api_keys as ["k1"]
}

test_keys_beside_the_role_billing_are_ignored if {
	every keys in ["k1", 5, {"k1": true}, ["k0"], [5]] {
		asked({"role": "billing", "api_keys": keys}).checks.named_keys_are_a_list == "ok"
		asked({"role": "billing", "api_keys": keys}).checks.named_keys_exist == "ok"
	}
}

# --- Developers have a key

test_an_invited_developer_is_given_a_key if {
	asked({"role": "developer", "api_keys": ["k1"]}).checks.invited_developer_has_key == "ok"
	asked({"role": "developer"}).checks.invited_developer_has_key == "api_key_required"
	every keys in array.concat(blanks, ["k1", 5, {"k1": true}]) {
		asked({"role": "developer", "api_keys": keys}).checks.invited_developer_has_key == "api_key_required"
	}
}

test_no_other_invitee_needs_a_key if {
	asked({"role": "billing"}).checks.invited_developer_has_key == "ok"
	asked({}).checks.invited_developer_has_key == "api_key_required"
}

test_who_becomes_a_developer_is_given_a_key if {
	asked_about({"api_keys": []}, {"role": "developer", "api_keys": ["k1"]}).checks.future_developer_has_key == "ok"
	asked_about({"api_keys": ["k1"]}, {"role": "developer"}).checks.future_developer_has_key == "api_key_required"
	asked_about({"api_keys": []}, {"role": "billing"}).checks.future_developer_has_key == "ok"
	asked_about({"api_keys": []}, {}).checks.future_developer_has_key == "api_key_required"
}

invitee_has_key(member) := value if {
	value := filestack.checks.invitee_has_key with input as {"tenant": {"api_keys": account_keys}, "member": member}
}

test_a_developer_who_joins_has_a_key if {
	invitee_has_key({"role": "developer", "api_keys": ["k0", "k1"]}) == "ok"
	invitee_has_key({"role": "developer", "api_keys": ["k0"]}) == "api_key_required"
	invitee_has_key({"role": "developer", "api_keys": []}) == "api_key_required"
	invitee_has_key({"role": "developer"}) == "api_key_required"
	filestack.checks.invitee_has_key == "api_key_required" with input.member as {"role": "developer", "api_keys": ["k1"]}
}

test_nobody_else_needs_a_key_to_join if {
	invitee_has_key({"role": "billing"}) == "ok"
	invitee_has_key({"user": "dev"}) == "ok"
}

reinstated_has_key(target, properties) := asked_about(target, properties).checks.reinstated_developer_has_key

test_a_developer_who_comes_back_has_a_key if {
	reinstated_has_key({"role": "developer", "api_keys": ["k0", "k1"]}, {}) == "ok"
	reinstated_has_key({"role": "developer", "api_keys": ["k0"]}, {}) == "api_key_required"
	reinstated_has_key({"role": "developer"}, {}) == "api_key_required"
}

test_a_developer_who_comes_back_is_given_a_key if {
	reinstated_has_key({"role": "developer"}, {"api_keys": ["k1"]}) == "ok"
	every keys in array.concat(blanks, ["k1", 5]) {
		reinstated_has_key({"role": "developer"}, {"api_keys": keys}) == "api_key_required"
	}
}

test_nobody_else_needs_a_key_to_come_back if {
	reinstated_has_key({"role": "billing"}, {}) == "ok"
	reinstated_has_key({"user": "tom"}, {}) == "ok"
}

# --- Assignment

test_keys_are_assigned_to_developers if {
	asked_about({"role": "developer"}, {}).checks.target_is_developer == "ok"
}

test_keys_are_assigned_to_nobody_else if {
	every target in [{"role": "billing"}, {"role": "account_owner"}, {"role": "Developer"}, {"role": ["developer"]}, {}] {
		asked_about(target, {}).checks.target_is_developer == "target_role_mismatch"
	}
	asked({}).checks.target_is_developer == "target_role_mismatch"
}

test_a_key_is_assigned_once if {
	asked_about({"api_keys": ["k1"]}, {"api_key": "k2"}).checks.key_is_not_assigned_yet == "ok"
	asked_about({"api_keys": ["k2", "k1"]}, {"api_key": "k1"}).checks.key_is_not_assigned_yet == "invalid_transition"
	asked_about({"user": "dev"}, {"api_key": "k1"}).checks.key_is_not_assigned_yet == "ok"
	asked_about({"api_keys": ["k1"]}, {}).checks.key_is_not_assigned_yet == "invalid_transition"
}

test_an_assigned_key_is_taken_away if {
	asked_about({"api_keys": ["k2", "k1"]}, {"api_key": "k1"}).checks.key_is_assigned == "ok"
	asked_about({"api_keys": ["k1"]}, {"api_key": "k2"}).checks.key_is_assigned == "invalid_transition"
	asked_about({"api_keys": ["k0"]}, {"api_key": "k0"}).checks.key_is_assigned == "invalid_transition"
	asked_about({"user": "dev"}, {"api_key": "k1"}).checks.key_is_assigned == "invalid_transition"
	asked_about({"api_keys": ["k1"]}, {}).checks.key_is_assigned == "invalid_transition"
	asked({"api_key": "k1"}).checks.key_is_assigned == "invalid_transition"
}

another_key_remains(target) := asked_about(target, {"api_key": "k1"}).checks.another_key_remains

test_a_developer_keeps_another_key if {
	every status in ["active", "pending"] {
		another_key_remains({"status": status, "api_keys": ["k1", "k2"]}) == "ok"
		another_key_remains({"status": status, "api_keys": ["k1"]}) == "api_key_required"
		another_key_remains({"status": status, "api_keys": ["k1", "k0"]}) == "api_key_required"
		another_key_remains({"status": status}) == "api_key_required"
	}
	another_key_remains({"api_keys": ["k1"]}) == "api_key_required"
	asked({"api_key": "k1"}).checks.another_key_remains == "api_key_required"
	asked_about({"api_keys": ["k1", "k2"]}, {}).checks.another_key_remains == "api_key_required"
}

test_an_inactive_developer_need_not_keep_a_key if {
	another_key_remains({"status": "inactive", "api_keys": ["k1"]}) == "ok"
	another_key_remains({"status": "blocked", "api_keys": ["k1"]}) == "ok"
}

# --- Deletion of a key

# What the check says of deleting `k1`, which these records hold.
deletion(holders) := value if {
	value := filestack.checks.nobody_loses_last_key with input as {
		"request": {"resource": {"properties": {"api_key": "k1"}}},
		"tenant": {"api_keys": account_keys},
		"items": {"key_holders": holders},
	}
}

holder(changes) := object.union({"user": "dev", "role": "developer", "status": "active", "api_keys": ["k1"]}, changes)

test_a_key_that_nobody_holds_is_deleted if {
	deletion([]) == "ok"
}

test_a_key_is_deleted_where_its_holders_have_others if {
	deletion([holder({"api_keys": ["k1", "k2"]}), holder({"api_keys": ["k3", "k1"]})]) == "ok"
}

test_the_only_key_of_a_developer_stays if {
	deletion([holder({})]) == "api_key_required"
	deletion([holder({"status": "pending"})]) == "api_key_required"
	deletion([without_status]) == "api_key_required"
	deletion([holder({"api_keys": ["k1", "k0"]})]) == "api_key_required"
	deletion([holder({"api_keys": ["k1", "k1"]})]) == "api_key_required"
	deletion([holder({"api_keys": ["k1", "k2"]}), holder({"user": "eve"})]) == "api_key_required"
}

without_status := {"user": "dev", "role": "developer", "api_keys": ["k1"]}

test_who_needs_no_key_does_not_keep_it_from_deletion if {
	every status in ["inactive", "blocked", "", " "] {
		deletion([holder({"status": status})]) == "ok"
	}
	every role in ["billing", "account_owner", "Developer"] {
		deletion([holder({"role": role})]) == "ok"
	}
	deletion([{"user": "tom", "status": "active", "api_keys": ["k1"]}]) == "ok"
}

test_without_the_keys_of_the_account_no_other_key_counts if {
	filestack.checks.nobody_loses_last_key == "api_key_required" with input as {
		"request": {"resource": {"properties": {"api_key": "k1"}}},
		"items": {"key_holders": [holder({"api_keys": ["k1", "k2"]})]},
	}
}
