package systems.filestack_test

import data.systems.filestack

profile(settings) := value if {
	value := filestack.checks.profile_is_complete with input.tenant.settings as settings
}

test_a_profile_with_both_names_is_complete if {
	profile({"company_name": "Acme", "owner_full_name": "Owner One"}) == "ok"
}

test_a_profile_without_a_name_is_incomplete if {
	profile({"company_name": "Acme"}) == "profile_incomplete"
	profile({"owner_full_name": "Owner One"}) == "profile_incomplete"
	profile({}) == "profile_incomplete"
	every name in ["", " ", "\t\n", "\u00a0", null] {
		profile({"company_name": name, "owner_full_name": "Owner One"}) == "profile_incomplete"
		profile({"company_name": "Acme", "owner_full_name": name}) == "profile_incomplete"
	}
	filestack.checks.profile_is_complete == "profile_incomplete" with input as {"tenant": {}}
}

test_the_owner_is_nobodys_target if {
	asked_about({"role": "account_owner"}, {}).checks.target_is_not_owner == "owner_protected"
}

test_everybody_else_may_be_a_target if {
	asked_about({"role": "developer"}, {}).checks.target_is_not_owner == "ok"
	asked_about({"role": "gone"}, {}).checks.target_is_not_owner == "ok"
	asked_about({"user": "tom"}, {}).checks.target_is_not_owner == "ok"
}

test_nobody_becomes_another_owner if {
	asked({"role": "account_owner"}).checks.role_is_assignable == "role_not_assignable"
	asked({}).checks.role_is_assignable == "role_not_assignable"
}

test_other_roles_are_assigned if {
	asked({"role": "developer"}).checks.role_is_assignable == "ok"
	asked({"role": "billing"}).checks.role_is_assignable == "ok"
}

test_the_invitees_address_was_verified if {
	filestack.checks.email_is_verified == "ok" with input.request.context.email_verified as true
}

test_nothing_but_true_verifies_an_address if {
	every value in [false, "true", 1, "", null, [true], {"true": true}] {
		filestack.checks.email_is_verified == "verification_required" with input.request.context.email_verified as value
	}
	filestack.checks.email_is_verified == "verification_required" with input as {"request": {"context": {}}}
	filestack.checks.email_is_verified == "verification_required" with input as {"request": {}}
}

test_the_member_is_told if {
	told := asked_about({"user": "tom"}, {}).obligations
	told.notify_access_revoked == [{"type": "notify_user", "user": "tom", "event": "access_revoked"}]
	told.notify_access_reinstated == [{"type": "notify_user", "user": "tom", "event": "access_reinstated"}]
	told.notify_role_changed == [{"type": "notify_user", "user": "tom", "event": "role_changed"}]
}

test_nobody_is_told_without_a_target if {
	not asked({}).obligations.notify_access_revoked
	not asked({}).obligations.notify_access_reinstated
	not asked({}).obligations.notify_role_changed
}

test_who_had_joined_is_told_of_the_removal if {
	removal := [{"type": "notify_user", "user": "tom", "event": "removed"}]
	asked_about({"user": "tom", "status": "active"}, {}).obligations.notify_removed == removal
	asked_about({"user": "tom", "status": "inactive"}, {}).obligations.notify_removed == removal
	asked_about({"user": "tom"}, {}).obligations.notify_removed == removal
}

test_who_had_not_joined_is_not_told if {
	asked_about({"user": "tom", "status": "pending"}, {}).obligations.notify_removed == []
}

cleared(target, properties) := asked_about(target, properties).obligations.clear_api_key_assignments

test_a_developer_who_turns_to_billing_keeps_no_keys if {
	cleared({"user": "tom", "role": "developer"}, {"role": "billing"}) == [{
		"type": "clear_api_key_assignments",
		"user": "tom",
	}]
}

test_nobody_else_loses_keys if {
	cleared({"user": "tom", "role": "developer"}, {"role": "developer"}) == []
	cleared({"user": "tom", "role": "billing"}, {"role": "billing"}) == []
	cleared({"user": "tom", "role": "billing"}, {"role": "developer"}) == []
	cleared({"user": "tom", "role": "developer"}, {}) == []
	cleared({"user": "tom"}, {"role": "billing"}) == []
}
